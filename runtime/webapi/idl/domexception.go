package idl

import "github.com/dop251/goja"

// Exception is the implementation of a DOMException object.
type Exception struct{ Name, Message, Stack string }

// domCodes are the legacy codes of the names that have one.
var domCodes = []struct {
	name, constant string
	code           int
}{
	{"IndexSizeError", "INDEX_SIZE_ERR", 1}, {"", "DOMSTRING_SIZE_ERR", 2},
	{"HierarchyRequestError", "HIERARCHY_REQUEST_ERR", 3}, {"WrongDocumentError", "WRONG_DOCUMENT_ERR", 4},
	{"InvalidCharacterError", "INVALID_CHARACTER_ERR", 5}, {"", "NO_DATA_ALLOWED_ERR", 6},
	{"NoModificationAllowedError", "NO_MODIFICATION_ALLOWED_ERR", 7}, {"NotFoundError", "NOT_FOUND_ERR", 8},
	{"NotSupportedError", "NOT_SUPPORTED_ERR", 9}, {"InUseAttributeError", "INUSE_ATTRIBUTE_ERR", 10},
	{"InvalidStateError", "INVALID_STATE_ERR", 11}, {"SyntaxError", "SYNTAX_ERR", 12},
	{"InvalidModificationError", "INVALID_MODIFICATION_ERR", 13}, {"NamespaceError", "NAMESPACE_ERR", 14},
	{"InvalidAccessError", "INVALID_ACCESS_ERR", 15}, {"", "VALIDATION_ERR", 16},
	{"TypeMismatchError", "TYPE_MISMATCH_ERR", 17}, {"SecurityError", "SECURITY_ERR", 18},
	{"NetworkError", "NETWORK_ERR", 19}, {"AbortError", "ABORT_ERR", 20},
	{"URLMismatchError", "URL_MISMATCH_ERR", 21}, {"QuotaExceededError", "QUOTA_EXCEEDED_ERR", 22},
	{"TimeoutError", "TIMEOUT_ERR", 23}, {"InvalidNodeTypeError", "INVALID_NODE_TYPE_ERR", 24},
	{"DataCloneError", "DATA_CLONE_ERR", 25},
}

// DOMException is the interface of that name.
//
// Source: https://webidl.spec.whatwg.org/#idl-DOMException
var DOMException = &Interface{
	Name: "DOMException", ErrorLike: true,
	New: func(c *Call) any {
		message, name := "", "Error"
		if c.Has(0) {
			message = c.String(0)
		}
		if c.Has(1) {
			name = c.String(1)
		}
		return newDOMException(c.Realm, message, name)
	},
	Members: domExceptionMembers(),
}

func domExceptionMembers() []Member {
	members := []Member{
		Attr("name", func(c *Call) goja.Value { return c.Value(This[*Exception](c).Name) }, nil),
		Attr("message", func(c *Call) goja.Value { return c.Value(This[*Exception](c).Message) }, nil),
		Attr("code", func(c *Call) goja.Value { return c.Value(domCode(This[*Exception](c).Name)) }, nil),
		Attr("stack", func(c *Call) goja.Value { return c.Value(This[*Exception](c).Stack) }, nil),
	}
	for _, d := range domCodes {
		members = append(members, Const(d.constant, d.code))
	}
	return members
}

func domCode(name string) int {
	for _, d := range domCodes {
		if d.name == name && name != "" {
			return d.code
		}
	}
	return 0
}

// describe is what is told of a DOMException that nobody caught.
func describe(o *goja.Object) (name, message, stack string) {
	if e, ok := Unwrap[*Exception](o); ok {
		return e.Name, e.Message, e.Stack
	}
	return "", "", ""
}

func newDOMException(r *Realm, message, name string) *Exception {
	stack, _ := NativeError(r, "Error", message).(*goja.Object)
	e := &Exception{Name: name, Message: message}
	if stack != nil {
		e.Stack = name + trimError(stack.Get("stack").String())
	}
	return e
}

// trimError takes "Error" off a stack's first line.
func trimError(stack string) string {
	if len(stack) >= 5 && stack[:5] == "Error" {
		return stack[5:]
	}
	return stack
}
