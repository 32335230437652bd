package wasm

import (
	"encoding/binary"

	"github.com/tetratelabs/wazero/api"
)

// Modules that the interface needs, put together from sections: what scripts make
// of memories, tables and globals lives in modules of one export each, "x".

var preamble = []byte("\x00asm\x01\x00\x00\x00")

func leb(b []byte, v uint64) []byte { return binary.AppendUvarint(b, v) }

func text(b []byte, s string) []byte { return append(leb(b, uint64(len(s))), s...) }

func section(id byte, body []byte) []byte { return append(leb([]byte{id}, uint64(len(body))), body...) }

func module(sections ...[]byte) []byte {
	b := append([]byte(nil), preamble...)
	for _, s := range sections {
		b = append(b, s...)
	}
	return b
}

// list is a section with as many entries.
func list(id byte, entries ...[]byte) []byte {
	b := leb(nil, uint64(len(entries)))
	for _, e := range entries {
		b = append(b, e...)
	}
	return section(id, b)
}

func (l limits) bytes() []byte {
	if l.hasMax {
		return leb(leb([]byte{1}, l.min), l.max)
	}
	return leb([]byte{0}, l.min)
}

func (e external) bytes() []byte {
	switch e.kind {
	case tableKind:
		return append([]byte{e.value}, e.limits.bytes()...)
	case memoryKind:
		return e.limits.bytes()
	case globalKind:
		if e.mutable {
			return []byte{e.value, 1}
		}
		return []byte{e.value, 0}
	}
	return []byte{0} // function of type 0
}

func (s signature) bytes() []byte {
	b := append(leb([]byte{0x60}, uint64(len(s.params))), s.params...)
	return append(leb(b, uint64(len(s.results))), s.results...)
}

func importOf(module, name string, e external) []byte {
	return append(append(text(text(nil, module), name), byte(e.kind)), e.bytes()...)
}

func exportOf(name string, k kind, index int) []byte {
	return leb(append(text(nil, name), byte(k)), uint64(index))
}

// definition is a module that has one memory, table or global and exports it.
func definition(e external) []byte {
	body := e.bytes()
	id := map[kind]byte{tableKind: 4, memoryKind: 5, globalKind: 6}[e.kind]
	if e.kind == globalKind {
		body = append(body, zero(e.value)...)
	}
	return module(list(id, body), list(7, exportOf("x", e.kind, 0)))
}

// zero is the constant expression of a type's default value.
func zero(t api.ValueType) []byte {
	switch t {
	case api.ValueTypeI32:
		return []byte{0x41, 0, 0x0b}
	case api.ValueTypeI64:
		return []byte{0x42, 0, 0x0b}
	case api.ValueTypeF32:
		return append([]byte{0x43, 0, 0, 0, 0}, 0x0b)
	case api.ValueTypeF64:
		return append([]byte{0x44, 0, 0, 0, 0, 0, 0, 0, 0}, 0x0b)
	}
	return []byte{0xd0, t, 0x0b}
}

// link is a module that passes on what "s" exports under name, as "x".
func link(name string, e external) []byte {
	e.limits = limits{}
	return module(list(2, importOf("s", name, e)), list(7, exportOf("x", e.kind, 0)))
}

// tableAccess is a module with functions over the table "s" name.
func tableAccess(name string, element api.ValueType) []byte {
	const i32 = api.ValueTypeI32
	types := list(1,
		signature{nil, []api.ValueType{i32}}.bytes(),
		signature{[]api.ValueType{i32, element}, []api.ValueType{i32}}.bytes(),
		signature{[]api.ValueType{i32}, []api.ValueType{element}}.bytes(),
		signature{[]api.ValueType{i32, element}, nil}.bytes(),
	)
	code := func(b ...byte) []byte {
		return append(leb(nil, uint64(len(b)+2)), append(append([]byte{0}, b...), 0x0b)...)
	}
	return module(types,
		list(2, importOf("s", name, external{kind: tableKind, value: element})),
		list(3, []byte{0}, []byte{1}, []byte{2}, []byte{3}),
		list(7, exportOf("size", functionKind, 0), exportOf("grow", functionKind, 1), exportOf("get", functionKind, 2), exportOf("set", functionKind, 3), exportOf("x", tableKind, 0)),
		list(10,
			code(0xfc, 16, 0),
			code(0x20, 1, 0x20, 0, 0xfc, 15, 0),
			code(0x20, 0, 0x25, 0),
			code(0x20, 0, 0x20, 1, 0x26, 0),
		))
}

// reference is a module whose function "r" gives the reference of the function that
// "s" exports under name.
func reference(name string, s signature) []byte {
	return module(
		list(1, s.bytes(), signature{nil, []api.ValueType{funcref}}.bytes()),
		list(2, importOf("s", name, external{kind: functionKind})),
		list(3, []byte{1}),
		list(7, exportOf("r", functionKind, 1)),
		list(9, []byte{3, 0, 1, 0}),
		list(10, []byte{4, 0, 0xd2, 0, 0x0b}),
	)
}

// globalModule defines a global with a value; references are set later.
func globalModule(e external, value uint64) []byte {
	var b []byte
	switch e.value {
	case api.ValueTypeI32:
		b = append(sleb([]byte{0x41}, int64(int32(value))), 0x0b)
	case api.ValueTypeI64:
		b = append(sleb([]byte{0x42}, int64(value)), 0x0b)
	case api.ValueTypeF32:
		b = append(binary.LittleEndian.AppendUint32([]byte{0x43}, uint32(value)), 0x0b)
	case api.ValueTypeF64:
		b = append(binary.LittleEndian.AppendUint64([]byte{0x44}, value), 0x0b)
	default:
		b = zero(e.value)
	}
	return module(list(6, append(e.bytes(), b...)), list(7, exportOf("x", globalKind, 0)))
}

func sleb(b []byte, v int64) []byte {
	for {
		low := byte(v & 0x7f)
		v >>= 7
		if v == 0 && low&0x40 == 0 || v == -1 && low&0x40 != 0 {
			return append(b, low)
		}
		b = append(b, low|0x80)
	}
}
