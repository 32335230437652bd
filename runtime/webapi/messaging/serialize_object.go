package messaging

import (
	"slices"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// failure serialises an Error object.
//
// StructuredSerializeInternal 17: the name decides the class, and the message
// counts only as an own data property.
func (s *serializer) failure(o *goja.Object) any {
	f := &failure{name: "Error"}
	s.remember(o, f)
	if name := o.Get("name"); name != nil {
		if text := idl.ToString(s.c, name); slices.Contains(errorNames, text) {
			f.name = text
		}
	}
	f.message = s.ownData(o, "message")
	f.stack = s.ownData(o, "stack")
	if cause := s.own(o, "cause"); cause != nil {
		f.cause = s.value(cause)
	}
	return f
}

// own is an own property's value when it is plain data; nil otherwise.
func (s *serializer) own(o *goja.Object, name string) goja.Value {
	if !slices.Contains(o.GetOwnPropertyNames(), name) {
		return nil
	}
	return o.Get(name)
}

func (s *serializer) ownData(o *goja.Object, name string) any {
	v := s.own(o, name)
	if v == nil {
		return nil
	}
	return detached(s.c.Runtime().ToValue(idl.ToString(s.c, v)))
}

func (s *serializer) array(o *goja.Object) any {
	a := &array{length: o.Get("length").ToInteger()}
	s.remember(o, a)
	a.keys, a.values = s.members(o)
	return a
}

func (s *serializer) properties(o *goja.Object) any {
	r := &object{}
	s.remember(o, r)
	r.keys, r.values = s.members(o)
	return r
}

// members serialises the own enumerable properties with string keys.
//
// DIVERGES: a key with a lone surrogate is left out, because the interpreter's
// interface has no way to read such a property.
func (s *serializer) members(o *goja.Object) ([]string, []any) {
	keys := o.Keys()
	kept, values := keys[:0], make([]any, 0, len(keys))
	for _, key := range keys {
		v := o.Get(key)
		if v == nil {
			continue // a getter before it has deleted it
		}
		kept, values = append(kept, key), append(values, s.value(v))
	}
	return kept, values
}

// platform serialises an object of an interface.
func (s *serializer) platform(o *goja.Object) any {
	if e, ok := idl.Unwrap[*idl.Exception](o); ok {
		return s.remember(o, &exception{e.Name, e.Message, e.Stack})
	}
	if found, ok := serializable(s.c.Realm, o); ok {
		return s.copied(o, found)
	}
	if _, ok := transferable(s.c.Realm, o); ok {
		panic(s.c.Exception("DataCloneError", "A %s could not be cloned because it was not transferred.", tag(o)))
	}
	s.refuse("#<" + tag(o) + ">")
	return nil
}

func (s *serializer) copied(o *goja.Object, found Serializable) any {
	make, err := found.CloneSerialize(s.storage)
	if err != nil {
		panic(s.c.Exception("DataCloneError", "%s", err.Error()))
	}
	return s.remember(o, &platform{make})
}

// tag is the name of an object's interface, for messages.
func tag(o *goja.Object) string {
	if p := o.Prototype(); p != nil {
		if v := p.GetSymbol(goja.SymToStringTag); v != nil {
			return v.String()
		}
	}
	return "Object"
}

// brief is a function's source for a message.
func brief(o *goja.Object) string {
	text := o.String()
	if len(text) > 200 {
		return text[:200] + "…"
	}
	return text
}
