package indexeddb

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// keyRange is a range of keys; the zero value is all of them. No key is empty, so
// an empty bound is no bound.
type keyRange struct {
	lower, upper         string
	lowerOpen, upperOpen bool
}

func only(key string) keyRange { return keyRange{lower: key, upper: key} }

// contains is "a key is in a key range".
func (k keyRange) contains(key string) bool {
	if k.lower != "" && (key < k.lower || k.lowerOpen && key == k.lower) {
		return false
	}
	return k.upper == "" || key < k.upper || !k.upperOpen && key == k.upper
}

// below reports whether a key is before the range's start, above whether it is past its end.
func (k keyRange) below(key string) bool {
	return k.lower != "" && (key < k.lower || k.lowerOpen && key == k.lower)
}

func (k keyRange) above(key string) bool {
	return k.upper != "" && (key > k.upper || k.upperOpen && key == k.upper)
}

// keyRangeObject is the implementation of an IDBKeyRange.
type keyRangeObject struct{ keyRange }

// IDBKeyRange is the interface of that name.
var IDBKeyRange = &idl.Interface{Name: "IDBKeyRange"}

func init() {
	bound := func(name string, get func(keyRange) string) idl.Member {
		return idl.Attr(name, func(c *idl.Call) goja.Value {
			key := get(idl.This[*keyRangeObject](c).keyRange)
			if key == "" {
				return goja.Undefined()
			}
			return fromKey(c.Realm, key)
		}, nil)
	}
	flag := func(name string, get func(keyRange) bool) idl.Member {
		return idl.Attr(name, func(c *idl.Call) goja.Value { return c.Value(get(idl.This[*keyRangeObject](c).keyRange)) }, nil)
	}
	IDBKeyRange.Members = []idl.Member{
		bound("lower", func(k keyRange) string { return k.lower }),
		bound("upper", func(k keyRange) string { return k.upper }),
		flag("lowerOpen", func(k keyRange) bool { return k.lowerOpen || k.lower == "" }),
		flag("upperOpen", func(k keyRange) bool { return k.upperOpen || k.upper == "" }),
		idl.Static("only", 1, func(c *idl.Call) goja.Value { return makeRange(c, only(keyArg(c, 0))) }),
		idl.Static("lowerBound", 1, func(c *idl.Call) goja.Value {
			return makeRange(c, keyRange{lower: keyArg(c, 0), lowerOpen: c.Bool(1)})
		}),
		idl.Static("upperBound", 1, func(c *idl.Call) goja.Value {
			return makeRange(c, keyRange{upper: keyArg(c, 0), upperOpen: c.Bool(1)})
		}),
		idl.Static("bound", 2, func(c *idl.Call) goja.Value {
			k := keyRange{keyArg(c, 0), keyArg(c, 1), c.Bool(2), c.Bool(3)}
			if k.lower > k.upper || k.lower == k.upper && (k.lowerOpen || k.upperOpen) {
				panic(c.Exception("DataError", "The lower key is greater than the upper key."))
			}
			return makeRange(c, k)
		}),
		idl.Method("includes", 1, func(c *idl.Call) goja.Value {
			k := idl.This[*keyRangeObject](c)
			return c.Value(k.contains(keyArg(c, 0)))
		}),
	}
}

func makeRange(c *idl.Call, k keyRange) goja.Value {
	return idl.Wrap(c.Realm, IDBKeyRange, &keyRangeObject{k})
}

// keyArg converts an argument to a key; what is none throws DataError.
func keyArg(c *idl.Call, i int) string { return keyOf(c, c.Arg(i)) }

func keyOf(c *idl.Call, v goja.Value) string {
	key, ok := toKey(c.Realm, v)
	if !ok {
		panic(c.Exception("DataError", "The parameter is not a valid key."))
	}
	return key
}

// rangeOf is "convert a value to a key range"; null is not allowed unless all says so.
func rangeOf(c *idl.Call, v goja.Value, all bool) keyRange {
	if k, ok := idl.Unwrap[*keyRangeObject](v); ok {
		return k.keyRange
	}
	if idl.IsNullish(v) {
		if all {
			return keyRange{}
		}
		panic(c.Exception("DataError", "No key or key range specified."))
	}
	return only(keyOf(c, v))
}
