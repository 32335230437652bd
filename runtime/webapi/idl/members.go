package idl

import (
	"github.com/dop251/goja"
)

// Native is the Go side of an operation, getter or setter. It throws by panicking
// with a value of TypeError, Throw and the like.
type Native func(c *Call) goja.Value

// Attr is a read-only attribute, or one with a setter when set is not nil (the new
// value is Arg(0)).
func Attr(name string, get Native, set Native) Member {
	return attribute(name, false, get, set)
}

// Replaceable is an attribute of the global with [Replaceable]: writing to it makes
// it a property of the global.
func Replaceable(name string, get Native) Member {
	return Attr(name, get, func(c *Call) goja.Value {
		must(c.Realm.Global().DefineDataProperty(name, c.Arg(0), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
		return nil
	})
}

// PromiseAttr is an attribute whose type is a promise.
func PromiseAttr(name string, get Native) Member { return attribute(name, true, get, nil) }

func attribute(name string, promise bool, get, set Native) Member {
	return func(b *builder) {
		b.add(attributes, func() {
			getter := b.function("get "+name, 0, promise, get)
			setter := goja.Value(goja.Undefined())
			if set != nil {
				setter = b.function("set "+name, 1, false, set)
			}
			must(b.target.DefineAccessorProperty(name, getter, setter, goja.FLAG_TRUE, goja.FLAG_TRUE))
		})
	}
}

// Method is an operation with that many required arguments.
func Method(name string, length int, f Native) Member { return operation(name, length, false, f) }

// PromiseMethod is an operation that returns a promise: whatever it throws, even
// over its this value, rejects the promise instead.
func PromiseMethod(name string, length int, f Native) Member {
	return operation(name, length, true, f)
}

func operation(name string, length int, promise bool, f Native) Member {
	return func(b *builder) {
		b.add(operations, func() {
			must(b.target.DefineDataProperty(name, b.function(name, length, promise, f), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
		})
	}
}

// Static is a static operation: it is on the interface object.
func Static(name string, length int, f Native) Member {
	return func(b *builder) {
		must(b.constructor.DefineDataProperty(name, b.static(name, length, f), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
	}
}

// StaticAttr is a static read-only attribute.
func StaticAttr(name string, get Native) Member {
	return func(b *builder) {
		must(b.constructor.DefineAccessorProperty(name, b.static("get "+name, 0, get), goja.Undefined(), goja.FLAG_TRUE, goja.FLAG_TRUE))
	}
}

// Const is a constant, on the interface object and on its prototype.
func Const(name string, value any) Member {
	return func(b *builder) {
		v := b.realm.Runtime().ToValue(value)
		b.add(constants, func() {
			must(b.target.DefineDataProperty(name, v, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_TRUE))
		})
		if b.constructor != nil {
			must(b.constructor.DefineDataProperty(name, v, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_TRUE))
		}
	}
}

// SymbolMethod is an operation under a symbol, not enumerable.
func SymbolMethod(symbol *goja.Symbol, name string, length int, f Native) Member {
	return func(b *builder) {
		b.add(iteration, func() {
			must(b.target.DefineDataPropertySymbol(symbol, b.function(name, length, false, f), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
		})
	}
}

// Stringifier is toString().
func Stringifier(f func(c *Call) string) Member {
	return Method("toString", 0, func(c *Call) goja.Value { return c.Realm.Runtime().ToValue(f(c)) })
}

// function makes the native function of a member in a realm.
func (b *builder) function(name string, length int, promise bool, f Native) goja.Value {
	r, what := b.realm, "Failed to execute '"+name+"' on '"+b.iface.Name+"'"
	if len(name) > 4 && name[3] == ' ' {
		what = "Failed to " + name[:3] + " the '" + name[4:] + "' property on '" + b.iface.Name + "'"
	}
	global, branded := b.global, b.branded
	native := func(call goja.FunctionCall) goja.Value {
		c := &Call{Realm: r, This: call.This, Args: call.Arguments, what: what, global: global}
		if branded && !c.thisIsGlobal() {
			illegal := TypeError(r, "Illegal invocation")
			if promise {
				return Rejected(r, illegal)
			}
			panic(illegal)
		}
		if promise {
			return c.promised(length, f)
		}
		c.need(length)
		return orUndefined(f(c))
	}
	return Function(r, name, length, native)
}

// static is function for a member of the interface object, whose this is not looked at.
func (b *builder) static(name string, length int, f Native) goja.Value {
	unbranded := *b
	unbranded.branded = false
	return unbranded.function(name, length, false, f)
}

// promised runs f and turns what it throws into a rejected promise.
func (c *Call) promised(length int, f Native) goja.Value {
	var v goja.Value
	rt := c.Realm.Runtime()
	if err := c.Realm.Agent().Try(func() { c.need(length); v = f(c) }); err != nil {
		return Rejected(c.Realm, Reason(rt, err))
	}
	return orUndefined(v)
}

func orUndefined(v goja.Value) goja.Value {
	if v == nil {
		return goja.Undefined()
	}
	return v
}

// Function makes a native function with a name and a length.
func Function(r *Realm, name string, length int, f func(goja.FunctionCall) goja.Value) goja.Value {
	o := r.Runtime().ToValue(f).(*goja.Object)
	must(o.DefineDataProperty("name", r.Runtime().ToValue(name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	must(o.DefineDataProperty("length", r.Runtime().ToValue(length), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	return o
}
