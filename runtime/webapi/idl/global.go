package idl

import "github.com/dop251/goja"

// Expose puts interface objects on the realm's global, not enumerable, each made
// when a script first touches it.
func Expose(r *Realm, interfaces ...*Interface) {
	for _, i := range interfaces {
		Lazy(r, i.Name, func() goja.Value { return r.Constructor(i) })
	}
}

// Lazy defines a property of the global that is worked out on first touch and a
// plain writable, configurable, not enumerable data property from then on.
func Lazy(r *Realm, name string, value func() goja.Value) { LazyOn(r, r.Global(), name, value) }

// LazyOn is Lazy for any object.
func LazyOn(r *Realm, o *goja.Object, name string, value func() goja.Value) {
	settle := func(v goja.Value) {
		must(o.DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	}
	getter := r.Runtime().ToValue(func(goja.FunctionCall) goja.Value {
		v := value()
		settle(v)
		return v
	})
	setter := r.Runtime().ToValue(func(call goja.FunctionCall) goja.Value {
		settle(call.Argument(0))
		return goja.Undefined()
	})
	must(o.DefineAccessorProperty(name, getter, setter, goja.FLAG_TRUE, goja.FLAG_FALSE))
}

// Global makes the realm's global object an object of interface i with that
// implementation: the members of i and its parents are defined on the global
// itself (as [Global] interfaces have them), natives called without a this get
// impl, and the global's prototype chain runs through the interface prototypes.
func Global(r *Realm, i *Interface, impl any) {
	must(r.Global().SetPrototype(r.Prototype(i)))
	Mixin(r, i, impl, i.Members...)
	for parent := i.Parent; parent != nil; parent = parent.Parent {
		Mixin(r, parent, impl, parent.Members...)
	}
}

// Mixin defines members on the global object: those of WindowOrWorkerGlobalScope
// and the like. impl is what This gives when a script calls without a this.
func Mixin(r *Realm, i *Interface, impl any, members ...Member) {
	b := &builder{realm: r, iface: i, target: r.Global(), global: impl}
	for _, member := range members {
		member(b)
	}
}
