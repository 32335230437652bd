// Package wasm is the WebAssembly JavaScript interface over wazero.
//
// What scripts see of a module's imports and exports comes from its binary
// (describe); imports are renamed, so that each can come from a module of its own.
// Memories, tables and globals that scripts make are modules of one export.
//
// DIVERGES: a function that a module imports is always called through JavaScript,
// an exported one too; externref values live as long as their realm; a module
// cannot be posted to another agent. Not there: shared memories, exceptions (Tag),
// streaming while the response arrives.
//
// Source: https://webassembly.github.io/spec/js-api/
package wasm

import (
	"context"
	"slices"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Install puts WebAssembly on the realm's global: made when first touched.
func Install(r *idl.Realm) {
	idl.Lazy(r, "WebAssembly", func() goja.Value { return namespace(r) })
}

// errorClasses makes CompileError, LinkError and RuntimeError.
var errorClasses = goja.MustCompile("swinspect:wasm", `((Error, names) => names.map(name => {
	const C = {[name]: class extends Error { }}[name];
	const F = function (message, options) {
		const e = Reflect.construct(Error, message === undefined ? [] : options === undefined ? [message] : [message, options], new.target || F);
		return e;
	};
	Object.defineProperty(F, "name", {value: name, configurable: true});
	Object.defineProperty(F, "length", {value: 1, configurable: true});
	Object.defineProperty(F, "prototype", {value: C.prototype, writable: false, enumerable: false, configurable: false});
	Object.setPrototypeOf(F, Error);
	Object.defineProperties(F.prototype, {
		constructor: {value: F, writable: true, configurable: true},
		name: {value: name, writable: true, configurable: true},
		message: {value: "", writable: true, configurable: true},
	});
	return F;
}))`, true)

// streaming makes bytes of what compileStreaming and instantiateStreaming are given.
var streaming = goja.MustCompile("swinspect:wasm", `((Response, Promise, TypeError) => {
	const call = Function.prototype.call, bind = f => call.bind(f);
	const get = name => bind(Object.getOwnPropertyDescriptor(Response.prototype, name).get);
	const headers = get("headers"), ok = get("ok"), arrayBuffer = bind(Response.prototype.arrayBuffer);
	const header = bind(Headers.prototype.get), resolve = Promise.resolve.bind(Promise), then = bind(Promise.prototype.then);
	return (source, what) => then(resolve(source), response => {
		let list;
		try { list = headers(response) } catch { throw new TypeError(what + ": Argument 0 must be a Response or a Promise resolving to one") }
		if (!ok(response)) throw new TypeError(what + ": HTTP status code is not ok");
		if ((header(list, "content-type") || "").trim().toLowerCase() !== "application/wasm") throw new TypeError(what + ": Incorrect response MIME type. Expected 'application/wasm'.");
		return arrayBuffer(response);
	});
})`, true)

type errorsKey struct{}

// errors are the three classes.
func classes(r *idl.Realm) map[string]*goja.Object {
	if made, ok := r.Value(errorsKey{}).(map[string]*goja.Object); ok {
		return made
	}
	rt := r.Runtime()
	names := []string{"CompileError", "LinkError", "RuntimeError"}
	list := run(r, errorClasses, rt.GlobalObject().Get("Error"), rt.ToValue(names)).(*goja.Object)
	made := map[string]*goja.Object{}
	for i, name := range names {
		made[name] = list.Get(string(rune('0' + i))).(*goja.Object)
	}
	r.SetValue(errorsKey{}, made)
	return made
}

// run calls the function that a program gives.
func run(r *idl.Realm, p *goja.Program, args ...goja.Value) goja.Value {
	v, err := r.Runtime().RunProgram(p)
	if err == nil {
		f, _ := goja.AssertFunction(v)
		v, err = r.Agent().Call(f, goja.Undefined(), args...)
	}
	if err != nil {
		panic(script.Thrown(r.Runtime(), err))
	}
	return v
}

func (s *store) error(class, message string) goja.Value {
	rt := s.realm.Runtime()
	e, err := rt.New(classes(s.realm)[class], rt.ToValue(message))
	if err != nil {
		return rt.NewGoError(err)
	}
	return e
}

func namespace(r *idl.Realm) goja.Value {
	rt := r.Runtime()
	o := rt.NewObject()
	define := func(name string, v goja.Value) {
		_ = o.DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	}
	function := func(name string, length int, f func(c *idl.Call) goja.Value) {
		native := func(call goja.FunctionCall) goja.Value {
			c := idl.NewCall(r, "WebAssembly."+name+"()")
			c.Args = slices.Clone(call.Arguments) // they are the interpreter's stack
			return f(c)
		}
		_ = o.DefineDataProperty(name, idl.Function(r, name, length, native), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
	}
	for _, i := range []*idl.Interface{Module, Instance, Memory, Table, Global} {
		define(i.Name, r.Constructor(i))
	}
	for _, name := range []string{"CompileError", "LinkError", "RuntimeError"} {
		define(name, classes(r)[name])
	}
	_ = o.DefineDataPropertySymbol(goja.SymToStringTag, rt.ToValue("WebAssembly"), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	function("validate", 1, func(c *idl.Call) goja.Value {
		_, err := storeOf(r).newModule(r.Agent().Context(), source(c, "WebAssembly.validate()"))
		return c.Value(err == nil)
	})
	function("compile", 1, func(c *idl.Call) goja.Value {
		return rejecting(r, func() goja.Value { return compile(c, "WebAssembly.compile()", source(c, "WebAssembly.compile()")) })
	})
	function("instantiate", 1, func(c *idl.Call) goja.Value { return rejecting(r, func() goja.Value { return instantiate(c) }) })
	stream := func(name string, then func(c *idl.Call, b []byte) goja.Value) {
		function(name, 1, func(c *idl.Call) goja.Value {
			what := "WebAssembly." + name + "()"
			bytes := run(r, streaming, rt.GlobalObject().Get("Response"), rt.GlobalObject().Get("Promise"), rt.GlobalObject().Get("TypeError"))
			of, _ := goja.AssertFunction(bytes)
			p, err := r.Agent().Call(of, goja.Undefined(), c.Arg(0), rt.ToValue(what))
			if err != nil {
				return idl.Rejected(r, script.Thrown(rt, err))
			}
			result := r.NewPromise()
			r.Agent().Then(p, func(v goja.Value) {
				c.Args = append([]goja.Value{v}, c.Args[1:]...)
				result.Resolve(rejecting(r, func() goja.Value { return then(c, source(c, what)) }))
			}, result.Reject)
			return result.Value
		})
	}
	stream("compileStreaming", func(c *idl.Call, b []byte) goja.Value { return compile(c, "WebAssembly.compileStreaming()", b) })
	stream("instantiateStreaming", func(c *idl.Call, b []byte) goja.Value {
		return instantiateBytes(c, "WebAssembly.instantiateStreaming()", b)
	})
	return o
}

// rejecting is f with what it throws as a rejection.
func rejecting(r *idl.Realm, f func() goja.Value) (v goja.Value) {
	if err := r.Agent().Try(func() { v = f() }); err != nil {
		return idl.Rejected(r, script.Thrown(r.Runtime(), err))
	}
	return v
}

// compile is "asynchronously compile a WebAssembly module".
func compile(c *idl.Call, what string, b []byte) goja.Value {
	return compiling(c, what, b, func(m *wasmModule) goja.Value { return idl.Wrap(c.Realm, Module, m) })
}

// compiling compiles beside the loop; then's value, or what it throws, settles the promise.
func compiling(c *idl.Call, what string, b []byte, then func(*wasmModule) goja.Value) goja.Value {
	s := storeOf(c.Realm)
	var m *wasmModule
	return c.Realm.Async("WebAssembly", func(ctx context.Context) (err error) {
		m, err = s.newModule(ctx, b)
		return err
	}, func(p *script.Promise, err error) {
		if err != nil {
			p.Reject(s.compileError(what, err))
			return
		}
		var v goja.Value
		if err := c.Realm.Agent().Try(func() { v = then(m) }); err != nil {
			p.Reject(script.Thrown(c.Runtime(), err))
			return
		}
		p.Resolve(v)
	})
}

func instantiate(c *idl.Call) goja.Value {
	if m, ok := idl.Unwrap[*wasmModule](c.Arg(0)); ok {
		i := storeOf(c.Realm).newInstance(c, m, c.Arg(1))
		return idl.Resolved(c.Realm, idl.Wrap(c.Realm, Instance, i))
	}
	return instantiateBytes(c, "WebAssembly.instantiate()", source(c, "WebAssembly.instantiate()"))
}

func instantiateBytes(c *idl.Call, what string, b []byte) goja.Value {
	return compiling(c, what, b, func(m *wasmModule) goja.Value {
		i := storeOf(c.Realm).newInstance(c, m, c.Arg(1))
		o := c.Runtime().NewObject()
		_ = o.Set("module", idl.Wrap(c.Realm, Module, m))
		_ = o.Set("instance", idl.Wrap(c.Realm, Instance, i))
		return o
	})
}
