package idl

import (
	"fmt"

	"github.com/dop251/goja"
)

// Call is one call of a native by a script.
type Call struct {
	Realm     *Realm
	This      goja.Value
	Args      []goja.Value
	NewTarget *goja.Object // of a constructor
	// Object is the object being constructed; its implementation is what New returns.
	Object *goja.Object

	what   string // "Failed to execute 'match' on 'Cache'"
	global any
}

// Runtime is the realm's interpreter.
func (c *Call) Runtime() *goja.Runtime { return c.Realm.Runtime() }

// Arg is an argument, undefined when it was not given.
func (c *Call) Arg(i int) goja.Value {
	if i < len(c.Args) && c.Args[i] != nil {
		return c.Args[i]
	}
	return goja.Undefined()
}

// Has reports whether an argument was given and is not undefined.
func (c *Call) Has(i int) bool {
	return i < len(c.Args) && c.Args[i] != nil && !goja.IsUndefined(c.Args[i])
}

// Value converts a Go value of a simple type (string, number, bool, []any, nil) to JavaScript.
func (c *Call) Value(v any) goja.Value { return c.Realm.Runtime().ToValue(v) }

// This is the implementation of the this value; it throws "Illegal invocation"
// when that is no T. For a member of a global object it is the global's own
// implementation when there is no this.
func This[T any](c *Call) T {
	if impl, ok := Unwrap[T](c.This); ok {
		return impl
	}
	global := c.global
	if global == nil {
		global = c.Realm.global
	}
	if impl, ok := global.(T); ok && c.thisIsGlobal() {
		return impl
	}
	panic(TypeError(c.Realm, "Illegal invocation"))
}

func (c *Call) thisIsGlobal() bool {
	if c.This == nil || goja.IsUndefined(c.This) || goja.IsNull(c.This) {
		return true
	}
	return c.This == goja.Value(c.Realm.Global()) || c.This.SameAs(c.Realm.Global())
}

// Fail is a TypeError with the operation's name in front: "Failed to execute …: why".
func (c *Call) Fail(format string, args ...any) goja.Value {
	return TypeError(c.Realm, "%s: %s", c.what, fmt.Sprintf(format, args...))
}

// Exception is a DOMException with the operation's name in front of the message.
func (c *Call) Exception(name, format string, args ...any) goja.Value {
	return DOMError(c.Realm, name, c.what+": "+fmt.Sprintf(format, args...))
}

func (c *Call) need(length int) {
	if len(c.Args) >= length {
		return
	}
	plural := "s"
	if length == 1 {
		plural = ""
	}
	panic(c.Fail("%d argument%s required, but only %d present.", length, plural, len(c.Args)))
}

// NewCall is a call that no script made: for conversions and messages of the
// engine's own steps. what is the beginning of its messages.
func NewCall(r *Realm, what string) *Call { return &Call{Realm: r, This: goja.Undefined(), what: what} }
