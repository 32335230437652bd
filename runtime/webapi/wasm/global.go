package wasm

import (
	"github.com/dop251/goja"
	"github.com/tetratelabs/wazero/api"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// global is the implementation of WebAssembly.Global.
type global struct {
	store *store
	provider
	global api.Global
	// fixed is the value of an immutable externref: no constant expression makes one,
	// so that a module which imports it finds null.
	fixed goja.Value
}

var valueTypes = map[string]api.ValueType{
	"i32": api.ValueTypeI32, "i64": api.ValueTypeI64, "f32": api.ValueTypeF32, "f64": api.ValueTypeF64, "v128": vector,
	"externref": api.ValueTypeExternref, "anyfunc": funcref, "funcref": funcref,
}

// Global is WebAssembly.Global.
var Global = &idl.Interface{Name: "Global", Tag: "WebAssembly.Global", Length: 1}

func init() {
	Global.New = func(c *idl.Call) any {
		o, ok := c.Arg(0).(*goja.Object)
		if !ok {
			panic(idl.TypeError(c.Realm, "WebAssembly.Global(): Argument 0 must be a global descriptor"))
		}
		mutable := false
		if v := o.Get("mutable"); v != nil {
			mutable = v.ToBoolean()
		}
		t, ok := valueTypes[property(c, o, "value")]
		if !ok || t == vector && c.Has(1) {
			panic(idl.TypeError(c.Realm, "WebAssembly.Global(): Descriptor property 'value' must be a WebAssembly type"))
		}
		s := storeOf(c.Realm)
		g := s.newGlobal(external{kind: globalKind, value: t, mutable: mutable}, s.initial(c, t))
		if !mutable && t == api.ValueTypeExternref {
			g.fixed = c.Arg(1)
		}
		return g
	}
	set := func(c *idl.Call) goja.Value {
		g := idl.This[*global](c)
		m, ok := g.global.(api.MutableGlobal)
		if !ok || !g.mutable {
			panic(idl.TypeError(c.Realm, "set WebAssembly.Global.value: Can't set the value of an immutable global."))
		}
		m.Set(g.store.toWasm(c.Arg(0), g.value))
		return nil
	}
	get := func(c *idl.Call) goja.Value {
		g := idl.This[*global](c)
		if g.fixed != nil {
			return g.fixed
		}
		return g.store.toJS(g.global.Get(), g.value)
	}
	Global.Members = []idl.Member{idl.Attr("value", get, set), idl.Method("valueOf", 0, get)}
}

// initial is the value that a new global has.
func (s *store) initial(c *idl.Call, t api.ValueType) uint64 {
	if !c.Has(1) && t != api.ValueTypeExternref {
		return 0
	}
	return s.toWasm(c.Arg(1), t)
}

func property(c *idl.Call, o *goja.Object, name string) string {
	v := o.Get(name)
	if v == nil {
		return ""
	}
	return idl.ToString(c, v)
}

// newGlobal makes a global with a value.
func (s *store) newGlobal(e external, value uint64) *global {
	m, err := s.make(globalModule(e, value), nil)
	if err != nil {
		panic(idl.TypeError(s.realm, "WebAssembly.Global(): %s", err))
	}
	g := &global{store: s, provider: provider{m, "x", e}, global: m.ExportedGlobal("x")}
	if e.value == api.ValueTypeExternref || e.value == funcref {
		if mutable, ok := g.global.(api.MutableGlobal); ok && value != 0 {
			mutable.Set(value)
		}
	}
	return g
}
