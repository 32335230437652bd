package workerscope

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// freezeChain makes the global and its prototype chain immutable prototype exotic
// objects, as [Global] interfaces have it: nothing but their own prototype can be
// set. The interpreter has no such objects, so the natives that set prototypes are
// told of these.
func freezeChain(r *idl.Realm) {
	frozen := map[*goja.Object]struct{}{}
	for o := r.Global(); o != nil; o = o.Prototype() {
		frozen[o] = struct{}{}
	}
	rt := r.Runtime()
	refused := func(o, proto goja.Value) bool {
		object, ok := o.(*goja.Object)
		if !ok {
			return false
		}
		if _, ok = frozen[object]; !ok {
			return false
		}
		if p, ok := proto.(*goja.Object); ok {
			return p != object.Prototype()
		}
		return object.Prototype() != nil
	}
	fail := func() { panic(idl.TypeError(r, "Immutable prototype object cannot have their prototype set")) }
	guard := func(owner *goja.Object, check func(o, proto goja.Value) goja.Value) {
		original, _ := goja.AssertFunction(owner.Get("setPrototypeOf"))
		replace(r, owner, "setPrototypeOf", 2, func(c goja.FunctionCall) goja.Value {
			if refused(c.Argument(0), c.Argument(1)) {
				return check(c.Argument(0), c.Argument(1))
			}
			return passOn(original, c)
		})
	}
	guard(rt.Get("Object").(*goja.Object), func(_, _ goja.Value) goja.Value { fail(); return nil })
	guard(rt.Get("Reflect").(*goja.Object), func(_, _ goja.Value) goja.Value { return rt.ToValue(false) })
	guardSetter(r, func(o, proto goja.Value) {
		if refused(o, proto) {
			fail()
		}
	})
}

func passOn(f goja.Callable, c goja.FunctionCall) goja.Value {
	v, err := f(c.This, c.Arguments...)
	if err != nil {
		panic(err)
	}
	return v
}

func replace(r *idl.Realm, o *goja.Object, name string, length int, f func(goja.FunctionCall) goja.Value) {
	// The property is configurable: it is the language's own.
	_ = o.DefineDataProperty(name, idl.Function(r, name, length, f), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
}

// guardSetter puts check in front of the setter of __proto__.
func guardSetter(r *idl.Realm, check func(o, proto goja.Value)) {
	rt := r.Runtime()
	describe, _ := goja.AssertFunction(rt.Get("Object").(*goja.Object).Get("getOwnPropertyDescriptor"))
	objectPrototype := rt.Get("Object").(*goja.Object).Get("prototype").(*goja.Object)
	d, err := describe(goja.Undefined(), objectPrototype, rt.ToValue("__proto__"))
	descriptor, ok := d.(*goja.Object)
	if err != nil || !ok {
		return // there is no such accessor to guard
	}
	set, ok := goja.AssertFunction(descriptor.Get("set"))
	if !ok {
		return
	}
	guarded := idl.Function(r, "set __proto__", 1, func(c goja.FunctionCall) goja.Value {
		check(c.This, c.Argument(0))
		return passOn(set, c)
	})
	_ = objectPrototype.DefineAccessorProperty("__proto__", descriptor.Get("get"), guarded, goja.FLAG_TRUE, goja.FLAG_FALSE) // configurable
}
