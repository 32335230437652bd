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
// implementation: the members of i are defined on the global itself (as [Global]
// interfaces have them), natives called without a this get impl, and the global's
// prototype chain runs through the interface prototypes. To be called before any of
// them is made.
func Global(r *Realm, i *Interface, impl any) {
	r.global, r.globalOf = impl, i
	must(r.Global().SetPrototype(r.Prototype(i)))
	if i.Parent != nil && i.Parent.Parent != nil {
		// A kind of worker: what all kinds have in common is WorkerGlobalScope's.
		r.mixinTarget = r.Prototype(i.Parent)
	}
	b := &builder{realm: r, iface: i, target: r.Global(), branded: true}
	b.define(i.Members)
}

// Mixin defines members of WindowOrWorkerGlobalScope and the like: on the global
// object, or in workers on the prototype of WorkerGlobalScope. impl is what This
// gives when a script calls without a this.
func Mixin(r *Realm, i *Interface, impl any, members ...Member) {
	b := &builder{realm: r, iface: i, target: r.Global(), global: impl}
	if r.mixinTarget != nil {
		b.target, b.branded = r.mixinTarget, true
	}
	b.define(members)
}
