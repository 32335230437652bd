package messaging

import (
	"strings"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// maxDepth is how deep objects may be nested. A browser runs out of stack
// somewhere there too, and says so with a RangeError.
const maxDepth = 8000

// Serialized is a serialised value with what was transferred along with it. One
// with transfers can be deserialised once.
type Serialized struct {
	root      any
	transfers []transfer
}

// A record is what one value became: a goja.Value for a primitive (those belong
// to no runtime), or one of these.
type (
	boxed  struct{ value goja.Value }
	date   struct{ value goja.Value }
	regexp struct{ source, flags goja.Value }
	buffer struct{ data []byte }
	view   struct {
		kind           string
		buffer         any
		offset, length goja.Value
	}
	mapping struct{ items []any } // key, value, key, value …
	set     struct{ items []any }
	failure struct {
		name                  string
		message, stack, cause any // nil: none
	}
	exception struct{ name, message, stack string }
	array     struct {
		length int64
		keys   []string
		values []any
	}
	object struct {
		keys   []string
		values []any
	}
	platform struct{ copy Copy }
	// transferred stands for the object that was transferred with that index.
	transferred struct{ index int }
)

// serializer is one run of StructuredSerializeInternal.
type serializer struct {
	c       *idl.Call
	in      *intrinsics
	storage bool
	memory  map[*goja.Object]any
	depth   int
}

// Serialize is StructuredSerializeWithTransfer; it throws as natives do. c is the
// call it happens in, for messages.
func Serialize(c *idl.Call, v goja.Value, transferList []goja.Value) *Serialized {
	if _, object := v.(*goja.Object); !object && len(transferList) == 0 {
		s := serializer{c: c}
		return &Serialized{root: s.primitive(v)}
	}
	s := serializer{c: c, in: capture(c.Realm), memory: map[*goja.Object]any{}}
	list := s.list(transferList)
	root := s.value(v)
	return &Serialized{root: root, transfers: s.transfer(list)}
}

// SerializeForStorage is StructuredSerializeForStorage.
func SerializeForStorage(c *idl.Call, v goja.Value) *Serialized {
	s := serializer{c: c, in: capture(c.Realm), memory: map[*goja.Object]any{}, storage: true}
	return &Serialized{root: s.value(v)}
}

func (s *serializer) refuse(what string) {
	panic(s.c.Exception("DataCloneError", "%s could not be cloned.", what))
}

func (s *serializer) primitive(v goja.Value) goja.Value {
	if v == nil {
		return goja.Undefined()
	}
	if symbol, ok := v.(*goja.Symbol); ok {
		s.refuse("Symbol(" + symbol.String() + ")")
	}
	return detached(v)
}

// value is StructuredSerializeInternal.
func (s *serializer) value(v goja.Value) any {
	o, ok := v.(*goja.Object)
	if !ok {
		return s.primitive(v)
	}
	if known, ok := s.memory[o]; ok {
		return known
	}
	if s.depth++; s.depth > maxDepth {
		panic(idl.RangeError(s.c.Realm, "Maximum call stack size exceeded"))
	}
	defer func() { s.depth-- }()
	return s.object(o)
}

func (s *serializer) remember(o *goja.Object, record any) any {
	s.memory[o] = record
	return record
}

func (s *serializer) object(o *goja.Object) any {
	kind := o.ExportType()
	if kind == proxyType {
		s.refuse("#<Object>")
	}
	if idl.IsPlatformObject(o) {
		return s.platform(o)
	}
	if kind == arrayBufferType {
		return s.buffer(o)
	}
	class := o.ClassName()
	switch class {
	case "Array":
		return s.array(o)
	case "Function", "AsyncFunction", "GeneratorFunction":
		s.refuse(brief(o))
	case "Boolean", "Number", "String":
		unbox := map[string]goja.Callable{"Boolean": s.in.booleanValue, "Number": s.in.numberValue, "String": s.in.stringValue}[class]
		return s.remember(o, &boxed{detached(s.in.must(s.c.Realm, unbox, o))})
	case "Date":
		return s.remember(o, &date{s.in.must(s.c.Realm, s.in.dateValue, o)})
	case "RegExp":
		return s.regexp(o)
	case "Error":
		return s.failure(o)
	case "Object":
		return s.ordinary(o)
	case "Arguments":
		return s.properties(o)
	}
	s.refuse("#<" + class + ">")
	return nil
}

// ordinary serialises what goja calls an Object: a plain one, or one with internal
// slots, some of which can be told by what they would export, the others by asking
// an intrinsic that only works on them.
func (s *serializer) ordinary(o *goja.Object) any {
	if found, ok := serializable(s.c.Realm, o); ok {
		return s.copied(o, found)
	}
	if _, ok := transferable(s.c.Realm, o); ok {
		panic(s.c.Exception("DataCloneError", "A %s could not be cloned because it was not transferred.", tag(o)))
	}
	switch kind := o.ExportType(); kind {
	case plainType:
	case mapType:
		return s.mapping(o)
	case setType:
		return s.set(o)
	case bigintType:
		return s.remember(o, &boxed{s.in.must(s.c.Realm, s.in.bigintValue, o)})
	case symbolType:
		s.refuse("#<Symbol>")
	case promiseType:
		s.refuse("#<Promise>")
	default:
		return s.view(o)
	}
	if proto := o.Prototype(); proto == s.in.objectPrototype || proto == nil {
		return s.properties(o)
	}
	if s.in.must(s.c.Realm, s.in.isView, goja.Undefined(), o).ToBoolean() {
		return s.view(o)
	}
	if s.hidden(o) {
		s.refuse("#<" + tag(o) + ">")
	}
	return s.properties(o)
}

// hidden reports the objects with internal slots that look plain from outside:
// weak collections, generators, iterators.
func (s *serializer) hidden(o *goja.Object) bool {
	for _, has := range s.in.weak {
		if _, err := s.c.Realm.Agent().Call(has, o, o); err == nil {
			return true
		}
	}
	for p := o.Prototype(); p != nil; p = p.Prototype() {
		if p == s.in.iteratorPrototype {
			return true
		}
	}
	return false
}

func (s *serializer) regexp(o *goja.Object) any {
	r := &regexp{source: detached(s.in.must(s.c.Realm, s.in.regexpSource, o))}
	var flags strings.Builder
	for _, f := range s.in.regexpFlags {
		if s.in.must(s.c.Realm, f.get, o).ToBoolean() {
			flags.WriteString(f.letter)
		}
	}
	r.flags = s.c.Runtime().ToValue(flags.String())
	return s.remember(o, r)
}

func (s *serializer) buffer(o *goja.Object) any {
	b := o.Export().(goja.ArrayBuffer)
	if b.Detached() {
		panic(s.c.Exception("DataCloneError", "An ArrayBuffer is detached and could not be cloned."))
	}
	return s.remember(o, &buffer{append([]byte(nil), b.Bytes()...)})
}

func (s *serializer) view(o *goja.Object) any {
	r, in := s.c.Realm, s.in
	v := &view{kind: "DataView"}
	getBuffer, offset, length := in.dataBuffer, in.dataOffset, in.dataLength
	if tag := in.must(r, in.viewTag, o); !goja.IsUndefined(tag) {
		v.kind, getBuffer, offset, length = tag.String(), in.viewBuffer, in.viewOffset, in.viewLength
	}
	viewed := in.must(r, getBuffer, o).(*goja.Object)
	if b, ok := viewed.Export().(goja.ArrayBuffer); ok && b.Detached() {
		panic(s.c.Exception("DataCloneError", "An ArrayBuffer is detached and could not be cloned."))
	}
	v.offset, v.length = in.must(r, offset, o), in.must(r, length, o)
	v.buffer = s.value(viewed)
	return s.remember(o, v)
}

func (s *serializer) mapping(o *goja.Object) any {
	m := &mapping{}
	s.remember(o, m)
	var items []goja.Value
	collect := s.c.Runtime().ToValue(func(call goja.FunctionCall) goja.Value {
		items = append(items, call.Argument(1), call.Argument(0))
		return goja.Undefined()
	})
	s.in.must(s.c.Realm, s.in.mapForEach, o, collect)
	m.items = s.all(items)
	return m
}

func (s *serializer) set(o *goja.Object) any {
	r := &set{}
	s.remember(o, r)
	var items []goja.Value
	collect := s.c.Runtime().ToValue(func(call goja.FunctionCall) goja.Value {
		items = append(items, call.Argument(0))
		return goja.Undefined()
	})
	s.in.must(s.c.Realm, s.in.setForEach, o, collect)
	r.items = s.all(items)
	return r
}

func (s *serializer) all(items []goja.Value) []any {
	records := make([]any, len(items))
	for i, item := range items {
		records[i] = s.value(item)
	}
	return records
}
