package wasm

import (
	"github.com/dop251/goja"
	"github.com/tetratelabs/wazero/api"
	lookup "github.com/tetratelabs/wazero/experimental/table"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// maxElements bounds a table, as browsers do.
const maxElements = 10_000_000

// table is the implementation of WebAssembly.Table.
type table struct {
	store *store
	provider
	access api.Module // the table's functions; it is its table 0
}

// Table is WebAssembly.Table.
var Table = &idl.Interface{Name: "Table", Tag: "WebAssembly.Table", Length: 1}

func init() {
	Table.New = func(c *idl.Call) any {
		l := limitsOf(c, maxElements)
		element := valueTypes[property(c, c.Arg(0).(*goja.Object), "element")]
		if element != funcref && element != api.ValueTypeExternref {
			panic(idl.TypeError(c.Realm, "WebAssembly.Table(): Descriptor property 'element' must be a WebAssembly reference type"))
		}
		s := storeOf(c.Realm)
		e := external{kind: tableKind, value: element, limits: l}
		m, err := s.make(definition(e), nil)
		if err != nil {
			panic(idl.RangeError(c.Realm, "WebAssembly.Table(): %s", err))
		}
		t := s.newTable(provider{m, "x", e})
		if c.Has(1) || element == api.ValueTypeExternref && len(c.Args) < 2 && l.min > 0 {
			value := s.toWasm(c.Arg(1), element)
			for i := range l.min {
				t.run(c, "set", i, value)
			}
		}
		return t
	}
	Table.Members = []idl.Member{
		idl.Attr("length", func(c *idl.Call) goja.Value { return c.Value(idl.This[*table](c).length(c)) }, nil),
		idl.Method("grow", 1, func(c *idl.Call) goja.Value {
			t := idl.This[*table](c)
			delta := uint64(idl.Enforce(c, c.Arg(0), 0, 1<<32-1))
			before := uint32(t.length(c))
			if uint64(before)+delta > maxElements || int32(t.run(c, "grow", delta, t.element(c, 1))[0]) < 0 {
				panic(idl.RangeError(c.Realm, "WebAssembly.Table.grow(): failed to grow table by %d", delta))
			}
			return c.Value(before)
		}),
		idl.Method("set", 1, func(c *idl.Call) goja.Value {
			t := idl.This[*table](c)
			t.run(c, "set", t.index(c), t.element(c, 1))
			return nil
		}),
		idl.Method("get", 1, func(c *idl.Call) goja.Value {
			t := idl.This[*table](c)
			return t.get(c, t.index(c))
		}),
	}
}

func (s *store) newTable(p provider) *table { return &table{store: s, provider: p} }

// run calls one of the functions over the table.
func (t *table) run(c *idl.Call, name string, args ...uint64) []uint64 {
	if t.access == nil {
		m, err := t.store.make(tableAccess(t.name, t.value), map[string]api.Module{"s": t.module})
		if err != nil {
			panic(t.store.error("RuntimeError", err.Error()))
		}
		t.access = m
	}
	results, err := t.access.ExportedFunction(name).Call(c.Realm.Agent().Context(), args...)
	if err != nil {
		panic(t.store.trap(err))
	}
	return results
}

func (t *table) length(c *idl.Call) uint64 { return t.run(c, "size")[0] }

func (t *table) index(c *idl.Call) uint64 {
	i := uint64(idl.Enforce(c, c.Arg(0), 0, 1<<32-1))
	if i >= t.length(c) {
		panic(idl.RangeError(c.Realm, "WebAssembly.Table: invalid address %d in table of size %d", i, t.length(c)))
	}
	return i
}

// element is an argument as an element; one that is missing is null for functions.
func (t *table) element(c *idl.Call, i int) uint64 {
	if t.value == funcref && (len(c.Args) <= i || goja.IsNull(c.Arg(i))) {
		return 0
	}
	return t.store.toWasm(c.Arg(i), t.value)
}

func (t *table) get(c *idl.Call, i uint64) goja.Value {
	raw := t.run(c, "get", i)[0]
	if t.value != funcref || raw == 0 {
		return t.store.toJS(raw, t.value)
	}
	if f := t.store.byRef[raw]; f != nil {
		return f
	}
	for _, s := range t.store.signature {
		if f := t.find(i, s); f != nil {
			o := t.store.export(&function{call: f, signature: s, ref: raw}, int(i))
			t.store.byRef[raw] = o
			return o
		}
	}
	panic(idl.TypeError(c.Realm, "WebAssembly.Table.get(): the function's type is not known"))
}

// find is the function at an index when it has that type: asking for another panics.
func (t *table) find(i uint64, s signature) (f api.Function) {
	defer func() { _ = recover() }()
	return lookup.LookupFunction(t.access, 0, uint32(i), s.params, s.results)
}
