package wasm

import (
	"github.com/dop251/goja"
	"github.com/tetratelabs/wazero/api"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// provider is where something can be imported from.
type provider struct {
	module api.Module
	name   string
	external
}

// memory is the implementation of WebAssembly.Memory.
type memory struct {
	store *store
	provider
	memory api.Memory
	buffer *goja.Object
	size   uint32
}

// Memory is WebAssembly.Memory.
var Memory = &idl.Interface{Name: "Memory", Tag: "WebAssembly.Memory", Length: 1}

func init() {
	Memory.New = func(c *idl.Call) any {
		l := limitsOf(c, maxPages)
		s := storeOf(c.Realm)
		e := external{kind: memoryKind, limits: l}
		m, err := s.make(definition(e), nil)
		if err != nil {
			panic(idl.RangeError(c.Realm, "WebAssembly.Memory(): could not allocate memory"))
		}
		return s.newMemory(provider{m, "x", e})
	}
	Memory.Members = []idl.Member{
		idl.Attr("buffer", func(c *idl.Call) goja.Value { return idl.This[*memory](c).object() }, nil),
		idl.Method("grow", 1, func(c *idl.Call) goja.Value {
			m := idl.This[*memory](c)
			delta := idl.Enforce(c, c.Arg(0), 0, 1<<32-1)
			before, ok := m.memory.Grow(uint32(delta))
			if !ok {
				panic(idl.RangeError(c.Realm, "WebAssembly.Memory.grow(): Maximum memory size exceeded"))
			}
			m.detach()
			return c.Value(before)
		}),
	}
}

// limitsOf reads a MemoryDescriptor or TableDescriptor.
func limitsOf(c *idl.Call, most uint64) limits {
	o, ok := c.Arg(0).(*goja.Object)
	if !ok {
		panic(idl.TypeError(c.Realm, "Argument 0 must be a descriptor"))
	}
	get := func(name string) (uint64, bool) {
		v := o.Get(name)
		if v == nil || goja.IsUndefined(v) {
			return 0, false
		}
		return uint64(idl.Enforce(c, v, 0, 1<<32-1)), true
	}
	l := limits{}
	var given bool
	if l.min, given = get("initial"); !given {
		if l.min, given = get("minimum"); !given {
			panic(idl.TypeError(c.Realm, "Property 'initial' is required"))
		}
	}
	l.max, l.hasMax = get("maximum")
	switch {
	case l.hasMax && l.max < l.min:
		panic(idl.RangeError(c.Realm, "Property 'maximum': value %d is below the lower bound %d", l.max, l.min))
	case l.min > most:
		panic(idl.RangeError(c.Realm, "Property 'initial': value %d is above the upper bound %d", l.min, most))
	}
	l.max = min(l.max, most)
	return l
}

func (s *store) newMemory(p provider) *memory {
	return &memory{store: s, provider: p, memory: p.module.ExportedMemory(p.name)}
}

// object is the ArrayBuffer over the memory as it is now.
func (m *memory) object() goja.Value {
	m.refresh()
	if m.buffer == nil {
		m.size = m.memory.Size()
		bytes, _ := m.memory.Read(0, m.size)
		if bytes == nil {
			bytes = []byte{}
		}
		m.buffer = m.store.realm.Runtime().ToValue(m.store.realm.Runtime().NewArrayBuffer(bytes)).(*goja.Object)
		m.store.memories[m] = struct{}{}
	}
	return m.buffer
}

// refresh lets go of the buffer when the memory has grown.
func (m *memory) refresh() {
	if m.buffer != nil && m.memory.Size() != m.size {
		m.detach()
	}
}

func (m *memory) detach() {
	if m.buffer == nil {
		return
	}
	if b, ok := m.buffer.Export().(goja.ArrayBuffer); ok {
		b.Detach()
	}
	m.buffer = nil
	delete(m.store.memories, m)
}
