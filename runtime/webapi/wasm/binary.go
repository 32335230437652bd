package wasm

import (
	"encoding/binary"
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/tetratelabs/wazero/api"
)

// kind is what an import or export is.
type kind byte

const (
	functionKind kind = iota
	tableKind
	memoryKind
	globalKind
)

var kindNames = [...]string{"function", "table", "memory", "global"}

// Types of values that the api package does not name.
const (
	funcref = 0x70
	vector  = 0x7b
)

// signature is a function type.
type signature struct{ params, results []api.ValueType }

// limits are those of a memory (in pages) or a table.
type limits struct {
	min, max uint64
	hasMax   bool
}

// external is the type of an import or of what is exported.
type external struct {
	kind     kind
	function signature
	limits   limits
	value    api.ValueType // of a global, or a table's elements
	mutable  bool
}

type imported struct {
	module, name string
	external
}

type exported struct {
	name  string
	index int
	external
}

type custom struct {
	name string
	data []byte
}

// description is what of a module's binary the JavaScript side needs to know.
type description struct {
	types     []signature
	imports   []imported
	exports   []exported
	customs   []custom
	functions []signature // imported ones first
	tables    []external
	memories  []external
	globals   []external
	// renamed is the binary with import n called "i<n>" "x", functions "f" "<n>".
	renamed []byte
}

var errMalformed = errors.New("unexpected end")

// describe reads a module that a compiler has found valid or will refuse.
func describe(module []byte) (d *description, err error) {
	defer func() {
		if p := recover(); p != nil {
			d, err = nil, errMalformed
		}
	}()
	if len(module) < 8 {
		return nil, errMalformed
	}
	d = &description{renamed: append([]byte(nil), module[:8]...)}
	r := &reader{b: module[8:]}
	for len(r.b) > 0 {
		id := r.byte()
		body := r.take(r.size())
		switch id {
		case 0:
			d.custom(&reader{b: body})
			continue // they change nothing
		case 2:
			body = d.readImports(&reader{b: body})
		default:
			d.section(id, &reader{b: body})
		}
		d.renamed = append(d.renamed, section(id, body)...)
	}
	return d, nil
}

func (d *description) custom(r *reader) {
	name := r.name()
	if !utf8.ValidString(name) {
		panic(errMalformed)
	}
	d.customs = append(d.customs, custom{name, r.b})
}

func (d *description) section(id byte, r *reader) {
	switch id {
	case 1:
		for range r.size() {
			r.byte() // 0x60
			d.types = append(d.types, signature{r.types(), r.types()})
		}
	case 3:
		for range r.size() {
			d.functions = append(d.functions, d.types[r.size()])
		}
	case 4:
		for range r.size() {
			d.tables = append(d.tables, r.table())
		}
	case 5:
		for range r.size() {
			d.memories = append(d.memories, external{kind: memoryKind, limits: r.limits()})
		}
	case 6:
		for range r.size() {
			d.globals = append(d.globals, r.global())
			r.constant()
		}
	case 7:
		for range r.size() {
			e := exported{name: r.name()}
			e.kind = kind(r.byte())
			e.index = r.size()
			e.external = d.at(e.kind, e.index)
			d.exports = append(d.exports, e)
		}
	}
}

func (d *description) at(k kind, index int) external {
	switch k {
	case functionKind:
		return external{kind: k, function: d.functions[index]}
	case tableKind:
		return d.tables[index]
	case memoryKind:
		return d.memories[index]
	}
	return d.globals[index]
}

func (d *description) readImports(r *reader) []byte {
	n := r.size()
	out := leb(nil, uint64(n))
	for i := range n {
		m := imported{module: r.name(), name: r.name()}
		m.kind = kind(r.byte())
		before := r.b
		switch m.kind {
		case functionKind:
			m.function = d.types[r.size()]
			d.functions = append(d.functions, m.function)
		case tableKind:
			m.external = r.table()
			d.tables = append(d.tables, m.external)
		case memoryKind:
			m.limits = r.limits()
			d.memories = append(d.memories, m.external)
		case globalKind:
			m.external = r.global()
			d.globals = append(d.globals, m.external)
		default:
			panic(errMalformed)
		}
		d.imports = append(d.imports, m)
		from, name := "i"+strconv.Itoa(i), "x"
		if m.kind == functionKind {
			from, name = "f", strconv.Itoa(i)
		}
		out = append(text(text(out, from), name), byte(m.kind))
		out = append(out, before[:len(before)-len(r.b)]...)
	}
	return out
}

// reader reads the binary format; it panics when there is too little.
type reader struct{ b []byte }

func (r *reader) byte() byte {
	b := r.b[0]
	r.b = r.b[1:]
	return b
}

func (r *reader) take(n int) []byte {
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) number() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		panic(errMalformed)
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) size() int {
	v := r.number()
	if v > 1<<31 {
		panic(errMalformed)
	}
	return int(v)
}

func (r *reader) name() string { return string(r.take(r.size())) }

func (r *reader) types() []api.ValueType { return r.take(r.size()) }

func (r *reader) limits() limits {
	flags := r.byte()
	l := limits{min: r.number(), hasMax: flags&1 != 0}
	if l.hasMax {
		l.max = r.number()
	}
	return l
}

func (r *reader) table() external {
	return external{kind: tableKind, value: r.byte(), limits: r.limits()}
}

func (r *reader) global() external {
	return external{kind: globalKind, value: r.byte(), mutable: r.byte() == 1}
}

// constant reads a constant expression, to its end.
func (r *reader) constant() {
	for {
		switch r.byte() {
		case 0x0b:
			return
		case 0x41, 0x42:
			for r.byte()&0x80 != 0 {
			}
		case 0x43:
			r.take(4)
		case 0x44:
			r.take(8)
		case 0x23, 0xd2:
			r.number()
		case 0xd0:
			r.byte()
		case 0xfd: // v128.const
			r.number()
			r.take(16)
		}
	}
}
