package wasm

import (
	"math/big"
	"strconv"

	"github.com/dop251/goja"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// instance is the implementation of WebAssembly.Instance.
type instance struct{ exports *goja.Object }

// Instance is WebAssembly.Instance.
var Instance = &idl.Interface{Name: "Instance", Tag: "WebAssembly.Instance", Length: 1}

func init() {
	Instance.New = func(c *idl.Call) any {
		m := idl.As[*wasmModule](c, c.Arg(0), Module)
		return storeOf(c.Realm).newInstance(c, m, c.Arg(1))
	}
	Instance.Members = []idl.Member{
		idl.Attr("exports", func(c *idl.Call) goja.Value { return idl.This[*instance](c).exports }, nil),
	}
}

// linking is an instantiation under way.
type linking struct {
	store   *store
	call    *idl.Call
	host    wazero.HostModuleBuilder
	hosts   int
	from    map[string]api.Module
	objects map[kind][]*goja.Object // imported memories, tables, globals
}

// newInstance is "instantiate the core of a WebAssembly module" and what follows; it throws.
func (s *store) newInstance(c *idl.Call, m *wasmModule, imports goja.Value) *instance {
	object, _ := imports.(*goja.Object)
	if object == nil && (len(m.imports) > 0 || !goja.IsUndefined(imports)) {
		panic(idl.TypeError(s.realm, "WebAssembly.Instance(): Imports argument must be present and must be an object"))
	}
	l := &linking{store: s, call: c, from: map[string]api.Module{}, objects: map[kind][]*goja.Object{}, host: s.runtime.NewHostModuleBuilder("f")}
	for i, im := range m.imports {
		o, ok := object.Get(im.module).(*goja.Object)
		if !ok {
			panic(idl.TypeError(s.realm, `WebAssembly.Instance(): Import #%d "%s": module is not an object or function`, i, im.module))
		}
		v := o.Get(im.name)
		if v == nil {
			v = goja.Undefined()
		}
		if message := l.add(i, im, v); message != "" {
			panic(s.error("LinkError", "WebAssembly.Instance(): Import #"+strconv.Itoa(i)+` "`+im.module+`" "`+im.name+`": `+message))
		}
	}
	if l.hosts > 0 {
		compiled, err := l.host.Compile(s.realm.Agent().Context())
		if err == nil {
			l.from["f"], err = s.instantiate(compiled, nil)
		}
		if err != nil {
			panic(s.error("LinkError", "WebAssembly.Instance(): "+err.Error()))
		}
	}
	for _, sig := range m.types {
		s.signature[string(sig.bytes())] = sig
	}
	module, err := s.instantiate(m.compiled, l.from)
	s.refresh()
	if err != nil {
		panic(s.instantiationError(err))
	}
	return &instance{s.exportsOf(m, module, l.objects)}
}

// add prepares one import; the answer tells what is wrong with it.
func (l *linking) add(i int, im imported, v goja.Value) string {
	s := l.store
	if im.kind == functionKind {
		f, ok := goja.AssertFunction(v)
		if !ok {
			return "function import requires a callable"
		}
		l.hosts++
		l.host.NewFunctionBuilder().WithGoModuleFunction(s.host(f, im.function), im.function.params, im.function.results).Export(strconv.Itoa(i))
		return ""
	}
	p, object := l.provide(im, v)
	if p == nil {
		return im.kind.name() + " import must be a WebAssembly." + [...]string{"", "Table", "Memory", "Global"}[im.kind] + " object"
	}
	if p.kind == globalKind && (p.value != im.value || p.mutable != im.mutable) {
		return "imported global does not match the expected type"
	}
	l.objects[im.kind] = append(l.objects[im.kind], object)
	from := p.module
	if p.name != "x" {
		var err error
		if from, err = s.make(link(p.name, p.external), map[string]api.Module{"s": p.module}); err != nil {
			return err.Error()
		}
	}
	l.from["i"+strconv.Itoa(i)] = from
	return ""
}

func (k kind) name() string { return kindNames[k] }

// provide is what v provides for an import, and its object; nil when it is of
// another kind.
func (l *linking) provide(im imported, v goja.Value) (*provider, *goja.Object) {
	o, _ := v.(*goja.Object)
	switch im.kind {
	case memoryKind:
		if m, ok := idl.Unwrap[*memory](v); ok {
			return &m.provider, o
		}
	case tableKind:
		if t, ok := idl.Unwrap[*table](v); ok {
			return &t.provider, o
		}
	case globalKind:
		if g, ok := idl.Unwrap[*global](v); ok {
			return &g.provider, o
		}
		isNumber, isBig := false, false
		if o == nil {
			isNumber, isBig = numeric(v)
		}
		reference := im.value == api.ValueTypeExternref || im.value == funcref
		if im.mutable || !reference && isBig != (im.value == api.ValueTypeI64) || !reference && !isBig && !isNumber {
			return nil, nil
		}
		g := l.store.newGlobal(im.external, l.store.toWasm(v, im.value))
		return &g.provider, idl.Wrap(l.store.realm, Global, g)
	}
	return nil, nil
}

func numeric(v goja.Value) (number, bigint bool) {
	switch v.Export().(type) {
	case int64, float64:
		return true, false
	case *big.Int:
		return false, true
	}
	return false, false
}

// exportsOf makes the exports object.
func (s *store) exportsOf(m *wasmModule, module api.Module, objects map[kind][]*goja.Object) *goja.Object {
	rt := s.realm.Runtime()
	exports := rt.NewObject()
	_ = exports.SetPrototype(nil)
	made := map[kind]map[int]*goja.Object{functionKind: {}, tableKind: {}, memoryKind: {}, globalKind: {}}
	for k, list := range objects {
		for i, o := range list {
			made[k][i] = o
		}
	}
	for _, e := range m.exports {
		o := made[e.kind][e.index]
		if o == nil {
			o = s.exportOf(e, module)
			made[e.kind][e.index] = o
		}
		_ = exports.DefineDataProperty(e.name, o, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_TRUE)
	}
	freeze, _ := goja.AssertFunction(rt.GlobalObject().Get("Object").(*goja.Object).Get("preventExtensions"))
	_, _ = s.realm.Agent().Call(freeze, goja.Undefined(), exports)
	return exports
}

func (s *store) exportOf(e exported, module api.Module) *goja.Object {
	p := provider{module, e.name, e.external}
	switch e.kind {
	case functionKind:
		return s.export(&function{call: module.ExportedFunction(e.name), signature: e.function, module: module, name: e.name}, e.index)
	case tableKind:
		return idl.Wrap(s.realm, Table, s.newTable(p))
	case memoryKind:
		return idl.Wrap(s.realm, Memory, s.newMemory(p))
	}
	return idl.Wrap(s.realm, Global, &global{store: s, provider: p, global: module.ExportedGlobal(e.name)})
}
