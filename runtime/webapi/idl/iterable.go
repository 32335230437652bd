package idl

import "github.com/dop251/goja"

// Pairs are the members of an iterable with two type parameters (Headers,
// URLSearchParams, FormData): entries, keys, values, forEach and @@iterator. at
// gives the pair of an index as the list stands now, and false past its end.
func Pairs(name string, at func(c *Call, impl goja.Value, index int) (key, value goja.Value, ok bool)) Member {
	return func(b *builder) {
		iterator := b.realm.iteratorPrototype(name + " Iterator")
		make := func(kind string) Native {
			return func(c *Call) goja.Value {
				if _, _, ok := probe(c, at); !ok && slot(c.This) == nil {
					panic(TypeError(c.Realm, "Illegal invocation"))
				}
				return WrapWith(c.Realm, iterator, &pairIterator{target: c.This, kind: kind, at: at})
			}
		}
		entries := b.function("entries", 0, false, make("entries"))
		define := func(name string, v goja.Value) {
			must(b.target.DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
		}
		b.add(iteration, func() {
			define("entries", entries)
			define("forEach", b.function("forEach", 1, false, forEach(at)))
			define("keys", b.function("keys", 0, false, make("keys")))
			define("values", b.function("values", 0, false, make("values")))
			must(b.target.DefineDataPropertySymbol(goja.SymIterator, entries, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
		})
	}
}

type pairAt = func(c *Call, impl goja.Value, index int) (key, value goja.Value, ok bool)

// probe makes the brand check: at throws for a this value that is not its own.
func probe(c *Call, at pairAt) (goja.Value, goja.Value, bool) { return at(c, c.This, 0) }

func forEach(at pairAt) Native {
	return func(c *Call) goja.Value {
		f := Callback(c, c.Arg(0))
		for i := 0; ; i++ {
			key, value, ok := at(c, c.This, i)
			if !ok {
				return goja.Undefined()
			}
			if _, err := c.Realm.Agent().Call(f, c.Arg(1), value, key, c.This); err != nil {
				panic(err)
			}
		}
	}
}

type pairIterator struct {
	target goja.Value
	kind   string
	at     pairAt
	next   int
	done   bool
}

type iteratorKey string

// iteratorPrototype is the prototype of an interface's iterators.
func (r *Realm) iteratorPrototype(tag string) *goja.Object {
	if o, ok := r.Value(iteratorKey(tag)).(*goja.Object); ok {
		return o
	}
	rt := r.Runtime()
	o := rt.NewObject()
	must(o.SetPrototype(arrayIteratorParent(rt)))
	next := Function(r, "next", 0, func(call goja.FunctionCall) goja.Value {
		it, ok := Unwrap[*pairIterator](call.This)
		if !ok {
			panic(TypeError(r, "Illegal invocation"))
		}
		return it.step(&Call{Realm: r, This: it.target})
	})
	must(o.DefineDataProperty("next", next, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
	must(o.DefineDataPropertySymbol(goja.SymToStringTag, rt.ToValue(tag), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	r.SetValue(iteratorKey(tag), o)
	return o
}

func (it *pairIterator) step(c *Call) goja.Value {
	rt := c.Runtime()
	result := rt.NewObject()
	var key, value goja.Value
	ok := false
	if !it.done {
		key, value, ok = it.at(c, it.target, it.next)
	}
	item := goja.Value(goja.Undefined())
	switch {
	case !ok:
		it.done = true
	case it.kind == "keys":
		item = key
	case it.kind == "values":
		item = value
	default:
		item = rt.NewArray(key, value)
	}
	it.next++
	_ = result.Set("value", item)
	_ = result.Set("done", !ok)
	return result
}

// arrayIteratorParent is %IteratorPrototype%.
func arrayIteratorParent(rt *goja.Runtime) *goja.Object {
	v, err := rt.RunProgram(iteratorIntrinsic)
	must(err)
	return v.(*goja.Object)
}

var iteratorIntrinsic = goja.MustCompile("swinspect:iterator", `Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()))`, true)
