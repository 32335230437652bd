package idl

import "github.com/dop251/goja"

// Dict is an argument of a dictionary type. Members are read with Get, in
// lexicographical order as Web IDL has it: the order is the caller's care.
type Dict struct {
	c *Call
	o *goja.Object // nil: nothing was given
}

// Dict converts an argument to a dictionary; undefined and null are the empty one,
// any other value that is no object throws.
func (c *Call) Dict(i int) Dict { return ToDict(c, c.Arg(i)) }

// ToDict converts a value to a dictionary.
func ToDict(c *Call, v goja.Value) Dict {
	if IsNullish(v) {
		return Dict{c: c}
	}
	o, ok := v.(*goja.Object)
	if !ok {
		panic(c.Fail("The provided value is not of type dictionary (an object was expected)."))
	}
	return Dict{c, o}
}

// Get is a member; false when it is not present (or undefined).
func (d Dict) Get(name string) (goja.Value, bool) {
	if d.o == nil {
		return nil, false
	}
	v := d.o.Get(name)
	if v == nil || goja.IsUndefined(v) {
		return nil, false
	}
	return v, true
}

// Bool is a boolean member.
func (d Dict) Bool(name string, otherwise bool) bool {
	if v, ok := d.Get(name); ok {
		return v.ToBoolean()
	}
	return otherwise
}

// String is a string member.
func (d Dict) String(name, otherwise string) string {
	if v, ok := d.Get(name); ok {
		return ToString(d.c, v)
	}
	return otherwise
}

// Enum is a member of an enumeration type.
func (d Dict) Enum(name, otherwise, enumeration string, values ...string) string {
	if v, ok := d.Get(name); ok {
		return Enum(d.c, v, enumeration, values...)
	}
	return otherwise
}

// Object is the JavaScript object of the dictionary; nil when nothing was given.
func (d Dict) Object() *goja.Object { return d.o }
