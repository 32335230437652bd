package indexeddb

import (
	"math"
	"strconv"
	"strings"
	"unicode"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

func itoa(i int) string { return strconv.Itoa(i) }

// keyPath is where in a value its key is: none, one path, or several.
type keyPath struct {
	paths []string
	array bool // a list of paths: the key is an array
}

func (k keyPath) none() bool { return k.paths == nil }

// value is the keyPath attribute's.
func (k keyPath) value(r *idl.Realm) goja.Value {
	switch {
	case k.none():
		return goja.Null()
	case !k.array:
		return r.Runtime().ToValue(k.paths[0])
	}
	items := make([]any, len(k.paths))
	for i, p := range k.paths {
		items[i] = p
	}
	return r.Runtime().NewArray(items...)
}

// toKeyPath converts (DOMString or sequence<DOMString>)?; what is no valid key
// path is a SyntaxError.
func toKeyPath(c *idl.Call, v goja.Value) keyPath {
	if idl.IsNullish(v) {
		return keyPath{}
	}
	k := keyPath{}
	if o, ok := v.(*goja.Object); ok && !idl.IsNullish(o.GetSymbol(goja.SymIterator)) {
		k.array, k.paths = true, []string{}
		for _, item := range idl.Sequence(c, v) {
			k.paths = append(k.paths, idl.ToString(c, item))
		}
	} else {
		k.paths = []string{idl.ToString(c, v)}
	}
	if len(k.paths) == 0 || !validPaths(k.paths) {
		panic(c.Exception("SyntaxError", "The keyPath argument contains an invalid key path."))
	}
	return k
}

func validPaths(paths []string) bool {
	for _, p := range paths {
		if p == "" {
			continue
		}
		for _, identifier := range strings.Split(p, ".") {
			if !validIdentifier(identifier) {
				return false
			}
		}
	}
	return true
}

func validIdentifier(s string) bool {
	for i, char := range s {
		if char == '$' || char == '_' || unicode.IsLetter(char) || unicode.Is(unicode.Nl, char) {
			continue
		}
		if i > 0 && (unicode.IsDigit(char) || unicode.In(char, unicode.Mn, unicode.Mc, unicode.Pc) || char == 0x200C || char == 0x200D) {
			continue
		}
		return false
	}
	return s != ""
}

// evaluate is "evaluate a key path on a value"; false for failure.
func (k keyPath) evaluate(r *idl.Realm, v goja.Value) (goja.Value, bool) {
	if !k.array {
		return evaluatePath(r, v, k.paths[0])
	}
	items := make([]any, len(k.paths))
	for i, p := range k.paths {
		item, ok := evaluatePath(r, v, p)
		if !ok {
			return nil, false
		}
		items[i] = item
	}
	return r.Runtime().NewArray(items...), true
}

func evaluatePath(r *idl.Realm, v goja.Value, path string) (goja.Value, bool) {
	if path == "" {
		return v, true
	}
	for _, identifier := range strings.Split(path, ".") {
		if s, ok := v.(goja.String); ok && identifier == "length" {
			v = r.Runtime().ToValue(s.Length())
			continue
		}
		o, ok := v.(*goja.Object)
		if !ok {
			return nil, false
		}
		// The value is a clone: its properties are data. Those of a Blob or File
		// (size, type, name, lastModified) are accessors of its class.
		if !owns(r, o, identifier) {
			return nil, false
		}
		if v = o.Get(identifier); v == nil || goja.IsUndefined(v) {
			return nil, false
		}
	}
	return v, true
}

var platformMembers = map[string]bool{"size": true, "type": true, "name": true, "lastModified": true}

type ownsKey struct{}

// owns is HasOwnProperty, as it was when the realm first asked.
func owns(r *idl.Realm, o *goja.Object, name string) bool {
	if idl.IsPlatformObject(o) {
		return platformMembers[name]
	}
	has, ok := r.Value(ownsKey{}).(goja.Callable)
	if !ok {
		has, _ = goja.AssertFunction(r.Runtime().GlobalObject().Get("Object").(*goja.Object).Get("hasOwn"))
		r.SetValue(ownsKey{}, has)
	}
	v, err := r.Agent().Call(has, goja.Undefined(), o, r.Runtime().ToValue(name))
	return err == nil && v.ToBoolean()
}

// extract is "extract a key from a value using a key path": found is false when the
// path leads nowhere, valid when what is there is no key.
func (k keyPath) extract(r *idl.Realm, v goja.Value) (key string, found, valid bool) {
	at, ok := k.evaluate(r, v)
	if !ok {
		return "", false, false
	}
	key, valid = toKey(r, at)
	return key, true, valid
}

// extractAll is extract with the multiEntry flag: the valid members of an array,
// without duplicates.
func (k keyPath) extractAll(r *idl.Realm, v goja.Value, multiEntry bool) []string {
	at, ok := k.evaluate(r, v)
	if !ok {
		return nil
	}
	if o, isObject := at.(*goja.Object); multiEntry && isObject && o.ClassName() == "Array" {
		var keys []string
		seen := map[string]bool{}
		for i := range int(o.Get("length").ToInteger()) {
			if key, valid := toKey(r, o.Get(itoa(i))); valid && !seen[key] {
				seen[key] = true
				keys = append(keys, key)
			}
		}
		return keys
	}
	if key, valid := toKey(r, at); valid {
		return []string{key}
	}
	return nil
}

// injectable is "check that a key could be injected into a value".
func (k keyPath) injectable(v goja.Value) bool {
	parts := strings.Split(k.paths[0], ".")
	for _, identifier := range parts[:len(parts)-1] {
		o, ok := v.(*goja.Object)
		if !ok {
			return false
		}
		next := o.Get(identifier)
		if next == nil || goja.IsUndefined(next) {
			return true
		}
		v = next
	}
	_, ok := v.(*goja.Object)
	return ok
}

// inject is "inject a key into a value".
func (k keyPath) inject(r *idl.Realm, v, key goja.Value) {
	parts := strings.Split(k.paths[0], ".")
	o, _ := v.(*goja.Object)
	for _, identifier := range parts[:len(parts)-1] {
		if o == nil {
			return
		}
		var next *goja.Object
		if owns(r, o, identifier) {
			next, _ = o.Get(identifier).(*goja.Object)
		}
		if next == nil {
			next = r.Runtime().NewObject()
			_ = o.DefineDataProperty(identifier, next, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
		}
		o = next
	}
	if o != nil {
		_ = o.DefineDataProperty(parts[len(parts)-1], key, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
	}
}

// marker stands for a key that the key generator will give, in index keys that are
// worked out before it is known; all numbers have the same length.
var marker = numberKey(math.Float64frombits(0x000D_EC0D_E0DD_BA11))

func unmark(keys []string, key string) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = strings.ReplaceAll(k, marker, key)
	}
	return out
}
