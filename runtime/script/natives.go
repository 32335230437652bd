package script

import "github.com/dop251/goja"

// maxArguments is how many arguments one call may have: a browser's stack holds
// about as many.
const maxArguments = 1 << 20

// loops are the natives of Array.prototype that go from index to index, holes and
// all, with nothing that could interrupt them.
var loops = []string{
	"join", "toString", "toLocaleString", "fill", "reverse", "sort", "toSorted", "toReversed", "toSpliced", "with", "copyWithin", "forEach", "map", "filter", "some", "every", "find",
	"findIndex", "findLast", "findLastIndex", "reduce", "reduceRight", "indexOf", "lastIndexOf", "includes", "splice", "slice", "shift", "unshift", "flat", "flatMap",
}

// guardNatives has natives refuse what would take hours or all memory. They stay
// natives: the call stack looks the same.
func guardNatives(rt *goja.Runtime) error {
	tooLong := func(v goja.Value, limit int64) bool {
		o, ok := v.(*goja.Object)
		if !ok {
			return false
		}
		n := o.Get("length")
		return n != nil && n.ToFloat() > float64(limit)
	}
	array := rt.Get("Array").(*goja.Object).Get("prototype").(*goja.Object)
	for _, name := range loops {
		err := guardNative(rt, array, name, func(c goja.FunctionCall) string {
			if tooLong(c.This, maxArrayLength) {
				return "Invalid array length"
			}
			return ""
		})
		if err != nil {
			return err
		}
	}
	err := guardNative(rt, array, "concat", func(c goja.FunctionCall) string {
		for _, v := range append([]goja.Value{c.This}, c.Arguments...) {
			if tooLong(v, maxArrayLength) {
				return "Invalid array length"
			}
		}
		return ""
	})
	if err != nil {
		return err
	}
	arguments := func(i int) func(goja.FunctionCall) string {
		return func(c goja.FunctionCall) string {
			if tooLong(c.Argument(i), maxArguments) {
				return "Maximum call stack size exceeded"
			}
			return ""
		}
	}
	function, reflect := rt.Get("Function").(*goja.Object).Get("prototype").(*goja.Object), rt.Get("Reflect").(*goja.Object)
	for _, g := range []struct {
		holder *goja.Object
		name   string
		at     int
	}{{function, "apply", 1}, {reflect, "apply", 2}, {reflect, "construct", 1}} {
		if err := guardNative(rt, g.holder, g.name, arguments(g.at)); err != nil {
			return err
		}
	}
	return nil
}

// guardNative puts a check before a native: what it answers is the message of a
// RangeError.
func guardNative(rt *goja.Runtime, holder *goja.Object, name string, refuse func(goja.FunctionCall) string) error {
	own, ok := holder.Get(name).(*goja.Object)
	if !ok {
		return nil
	}
	call, ok := own.Export().(func(goja.FunctionCall) goja.Value)
	if !ok {
		return nil
	}
	f := rt.ToValue(func(c goja.FunctionCall) goja.Value {
		if message := refuse(c); message != "" {
			panic(newError(rt, "RangeError", message))
		}
		return call(c)
	}).(*goja.Object)
	for _, key := range []string{"name", "length"} {
		if err := f.DefineDataProperty(key, own.Get(key), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
			return err
		}
	}
	return holder.DefineDataProperty(name, f, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
}
