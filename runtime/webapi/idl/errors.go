package idl

import (
	"errors"
	"fmt"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script"
)

// TypeError makes a TypeError of the realm, to panic with or to reject with.
func TypeError(r *Realm, format string, args ...any) goja.Value {
	return NativeError(r, "TypeError", fmt.Sprintf(format, args...))
}

// RangeError makes a RangeError of the realm.
func RangeError(r *Realm, format string, args ...any) goja.Value {
	return NativeError(r, "RangeError", fmt.Sprintf(format, args...))
}

// NativeError makes an error of one of the language's own classes.
func NativeError(r *Realm, class, message string) goja.Value {
	rt := r.Runtime()
	o, err := rt.New(errorClass(rt, class), rt.ToValue(message))
	if err != nil {
		return rt.NewTypeError("%s", message)
	}
	return o
}

// errorClass is the intrinsic constructor: by way of an intrinsic, so that a
// global that a script replaced does not matter.
func errorClass(rt *goja.Runtime, class string) goja.Value {
	if class == "TypeError" {
		return rt.NewTypeError("").Get("constructor")
	}
	return rt.GlobalObject().Get(class)
}

// DOMError makes a DOMException of the realm.
func DOMError(r *Realm, name, message string) goja.Value {
	return Wrap(r, DOMException, newDOMException(r, message, name))
}

// Reason is the JavaScript value of an error: what was thrown for one that came
// out of a script, otherwise a TypeError with its text.
func Reason(rt *goja.Runtime, err error) goja.Value {
	var ex *goja.Exception
	if errors.As(err, &ex) {
		return script.Thrown(rt, err)
	}
	var overflow *goja.StackOverflowError
	if errors.As(err, &overflow) {
		return script.Thrown(rt, err)
	}
	return rt.NewTypeError("%s", err.Error())
}

// Rejected is a promise rejected with reason.
func Rejected(r *Realm, reason goja.Value) goja.Value {
	p := r.NewPromise()
	p.Reject(reason)
	return p.Value
}

// Resolved is a promise resolved with v (nil: undefined).
func Resolved(r *Realm, v goja.Value) goja.Value {
	p := r.NewPromise()
	p.Resolve(v)
	return p.Value
}
