package messaging

import (
	"errors"
	"strconv"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// deserializer is one run of StructuredDeserialize.
type deserializer struct {
	r      *idl.Realm
	in     *intrinsics
	memory map[any]goja.Value
	moved  []goja.Value
}

// Deserialize is StructuredDeserializeWithTransfer: the value in realm r, and the
// message ports among what was transferred. On r's loop. An error means that r
// cannot have the value (messageerror).
func (m *Serialized) Deserialize(r *idl.Realm) (v goja.Value, ports []goja.Value, err error) {
	if primitive, ok := m.root.(goja.Value); ok && len(m.transfers) == 0 {
		return primitive, nil, nil
	}
	d := &deserializer{r: r, in: capture(r), memory: map[any]goja.Value{}}
	// Agent.Try runs it, because constructors of the language throw by panicking.
	thrown := r.Agent().Try(func() { v, ports, err = d.run(m) })
	if thrown != nil {
		err = thrown
	}
	return v, ports, err
}

func (d *deserializer) run(m *Serialized) (goja.Value, []goja.Value, error) {
	var ports []goja.Value
	for _, t := range m.transfers {
		v, err := d.receive(t)
		if err != nil {
			return nil, nil, err
		}
		d.moved = append(d.moved, v)
		if _, ok := idl.Unwrap[*Port](v); ok {
			ports = append(ports, v)
		}
	}
	v, err := d.value(m.root)
	return v, ports, err
}

func (d *deserializer) receive(t transfer) (goja.Value, error) {
	if t.isData {
		return d.r.Runtime().ToValue(d.r.Runtime().NewArrayBuffer(t.bytes)), nil
	}
	return t.make(d.r)
}

// value is StructuredDeserialize of one record.
func (d *deserializer) value(record any) (goja.Value, error) {
	if primitive, ok := record.(goja.Value); ok {
		return primitive, nil
	}
	if t, ok := record.(*transferred); ok {
		return d.moved[t.index], nil
	}
	if known, ok := d.memory[record]; ok {
		return known, nil
	}
	switch record := record.(type) {
	case *mapping:
		return d.mapping(record)
	case *set:
		return d.set(record)
	case *array:
		return d.array(record)
	case *object:
		o := d.r.Runtime().NewObject()
		d.memory[record] = o
		return o, d.fill(o, record.keys, record.values)
	case *failure:
		return d.failure(record)
	}
	v, err := d.leaf(record)
	if err == nil {
		d.memory[record] = v
	}
	return v, err
}

// leaf makes what refers to no other value, but for the buffer of a view.
func (d *deserializer) leaf(record any) (goja.Value, error) {
	rt := d.r.Runtime()
	switch record := record.(type) {
	case *boxed:
		return d.r.Agent().Call(d.in.object, goja.Undefined(), record.value)
	case *date:
		return value(rt.New(d.in.date, record.value))
	case *regexp:
		return value(rt.New(d.in.regexp, record.source, record.flags))
	case *buffer:
		return rt.ToValue(rt.NewArrayBuffer(append([]byte(nil), record.data...))), nil
	case *view:
		b, err := d.value(record.buffer)
		if err != nil {
			return nil, err
		}
		constructor := d.in.views[record.kind]
		if constructor == nil {
			return nil, errors.New("no such view: " + record.kind)
		}
		return value(rt.New(constructor, b, record.offset, record.length))
	case *exception:
		return idl.Wrap(d.r, idl.DOMException, &idl.Exception{Name: record.name, Message: record.message, Stack: record.stack}), nil
	case *platform:
		return record.copy(d.r)
	}
	return nil, errors.New("unknown record")
}

func value(o *goja.Object, err error) (goja.Value, error) { return o, err }

func (d *deserializer) mapping(record *mapping) (goja.Value, error) {
	m, err := d.r.Runtime().New(d.in.mapConstructor)
	if err != nil {
		return nil, err
	}
	d.memory[record] = m
	for i := 0; i+1 < len(record.items); i += 2 {
		k, err := d.value(record.items[i])
		if err != nil {
			return nil, err
		}
		v, err := d.value(record.items[i+1])
		if err != nil {
			return nil, err
		}
		if _, err := d.r.Agent().Call(d.in.mapSet, m, k, v); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (d *deserializer) set(record *set) (goja.Value, error) {
	s, err := d.r.Runtime().New(d.in.setConstructor)
	if err != nil {
		return nil, err
	}
	d.memory[record] = s
	for _, item := range record.items {
		v, err := d.value(item)
		if err != nil {
			return nil, err
		}
		if _, err := d.r.Agent().Call(d.in.setAdd, s, v); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (d *deserializer) array(record *array) (goja.Value, error) {
	a := d.r.Runtime().NewArray()
	d.memory[record] = a
	if dense(record) {
		for i, item := range record.values {
			v, err := d.value(item)
			if err != nil {
				return nil, err
			}
			if err := a.Set(strconv.Itoa(i), v); err != nil {
				return nil, err
			}
		}
		return a, nil
	}
	if err := a.Set("length", record.length); err != nil {
		return nil, err
	}
	return a, d.fill(a, record.keys, record.values)
}

// dense reports whether the array's properties are its elements and nothing else.
func dense(record *array) bool {
	n := len(record.keys)
	return int64(n) == record.length && (n == 0 || record.keys[n-1] == strconv.Itoa(n-1))
}

func (d *deserializer) fill(o *goja.Object, keys []string, values []any) error {
	for i, key := range keys {
		v, err := d.value(values[i])
		if err != nil {
			return err
		}
		if err := o.DefineDataProperty(key, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE); err != nil {
			return err
		}
	}
	return nil
}

func (d *deserializer) failure(record *failure) (goja.Value, error) {
	o, err := d.r.Runtime().New(d.in.errorConstructors[record.name])
	if err != nil {
		return nil, err
	}
	d.memory[record] = o
	for _, p := range []struct {
		name  string
		value any
	}{{"message", record.message}, {"stack", record.stack}, {"cause", record.cause}} {
		if p.value == nil {
			continue
		}
		v, err := d.value(p.value)
		if err != nil {
			return nil, err
		}
		if err := o.DefineDataProperty(p.name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
			return nil, err
		}
	}
	return o, nil
}
