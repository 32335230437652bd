package fetchapi

import (
	"reflect"
	"slices"
	"strings"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Guard says who may change a Headers object.
type Guard string

// The guards.
const (
	GuardNone      Guard = "none"
	GuardImmutable Guard = "immutable"
	GuardRequest   Guard = "request"
	GuardNoCORS    Guard = "request-no-cors"
	GuardResponse  Guard = "response"
)

// Headers is the implementation of a Headers object.
type Headers struct {
	list   *fetch.HeaderList
	guard  Guard
	sorted fetch.HeaderList // sort and combine; nil when it has to be made anew
}

// HeadersInterface is the interface Headers.
//
// Source: https://fetch.spec.whatwg.org/#headers-class
var HeadersInterface = &idl.Interface{
	Name: "Headers",
	Members: []idl.Member{
		idl.Method("append", 2, func(c *idl.Call) goja.Value {
			h := idl.This[*Headers](c)
			name := idl.ByteString(c, c.Arg(0))
			h.append(c, name, idl.ByteString(c, c.Arg(1)))
			return nil
		}),
		idl.Method("delete", 1, headersDelete),
		idl.Method("get", 1, func(c *idl.Call) goja.Value {
			h, name := idl.This[*Headers](c), headerName(c)
			if v, ok := h.list.Get(name); ok {
				return idl.FromByteString(c.Runtime(), v)
			}
			return goja.Null()
		}),
		idl.Method("getSetCookie", 0, func(c *idl.Call) goja.Value {
			cookies := []any{}
			for _, h := range *idl.This[*Headers](c).list {
				if strings.EqualFold(h.Name, "set-cookie") {
					cookies = append(cookies, idl.FromByteString(c.Runtime(), h.Value))
				}
			}
			return c.Runtime().NewArray(cookies...)
		}),
		idl.Method("has", 1, func(c *idl.Call) goja.Value {
			h := idl.This[*Headers](c)
			return c.Value(h.list.Has(headerName(c)))
		}),
		idl.Method("set", 2, headersSet),
		idl.Pairs("Headers", func(c *idl.Call, impl goja.Value, i int) (goja.Value, goja.Value, bool) {
			h, ok := idl.Unwrap[*Headers](impl)
			if !ok {
				panic(idl.TypeError(c.Realm, "Illegal invocation"))
			}
			sorted := h.combined()
			if i >= len(sorted) {
				return nil, nil, false
			}
			return c.Value(sorted[i].Name), idl.FromByteString(c.Runtime(), sorted[i].Value), true
		}),
	},
}

func init() {
	HeadersInterface.New = func(c *idl.Call) any {
		h := &Headers{list: &fetch.HeaderList{}, guard: GuardNone}
		if c.Has(0) {
			h.fill(c, c.Arg(0))
		}
		return h
	}
}

func headerName(c *idl.Call) string {
	name := idl.ByteString(c, c.Arg(0))
	if !fetch.ValidName(name) {
		panic(c.Fail("Invalid name"))
	}
	return name
}

// combined is sort and combine: names in lower case and order, the values of one
// name joined, except for Set-Cookie.
func (h *Headers) combined() fetch.HeaderList {
	if h.sorted != nil {
		return h.sorted
	}
	names := make([]string, 0, len(*h.list))
	for _, header := range *h.list {
		names = append(names, strings.ToLower(header.Name))
	}
	slices.Sort(names)
	sorted := fetch.HeaderList{}
	for _, name := range slices.Compact(names) {
		if name != "set-cookie" {
			value, _ := h.list.Get(name)
			sorted = append(sorted, fetch.Header{Name: name, Value: value})
			continue
		}
		for _, header := range *h.list {
			if strings.EqualFold(header.Name, name) {
				sorted = append(sorted, fetch.Header{Name: name, Value: header.Value})
			}
		}
	}
	h.sorted = sorted
	return sorted
}

// validate is "validate a header" for a Headers object: false means do nothing.
func (h *Headers) validate(c *idl.Call, name, value string) bool {
	if !fetch.ValidName(name) {
		panic(c.Fail("Invalid name"))
	}
	if !fetch.ValidValue(value) {
		panic(c.Fail("Invalid value"))
	}
	switch h.guard {
	case GuardImmutable:
		panic(c.Fail("Headers are immutable"))
	case GuardRequest:
		return !fetch.ForbiddenRequestHeader(name, value)
	case GuardResponse:
		return !fetch.ForbiddenResponseHeader(name)
	}
	return true
}

func (h *Headers) append(c *idl.Call, name, value string) {
	value = fetch.NormalizeValue(value)
	if !h.validate(c, name, value) {
		return
	}
	if h.guard == GuardNoCORS {
		whole, ok := h.list.Get(name)
		if ok {
			whole += ", " + value
		} else {
			whole = value
		}
		if !fetch.NoCORSSafelisted(name, whole) {
			return
		}
	}
	h.list.Append(name, value)
	h.changed()
}

func headersDelete(c *idl.Call) goja.Value {
	h := idl.This[*Headers](c)
	name := idl.ByteString(c, c.Arg(0))
	if !h.validate(c, name, "") || h.guard == GuardNoCORS && !fetch.NoCORSSafelistedName(name) && !strings.EqualFold(name, "range") {
		return nil
	}
	h.list.Delete(name)
	h.changed()
	return nil
}

func headersSet(c *idl.Call) goja.Value {
	h := idl.This[*Headers](c)
	name := idl.ByteString(c, c.Arg(0))
	value := fetch.NormalizeValue(idl.ByteString(c, c.Arg(1)))
	if !h.validate(c, name, value) || h.guard == GuardNoCORS && !fetch.NoCORSSafelisted(name, value) {
		return nil
	}
	h.list.Set(name, value)
	h.changed()
	return nil
}

// changed: a no-cors request loses what makes it privileged.
func (h *Headers) changed() {
	if h.guard == GuardNoCORS {
		h.list.Delete("Range")
	}
	h.sorted = nil
}

// fill is "fill a Headers object": init is a sequence of pairs or a record.
func (h *Headers) fill(c *idl.Call, init goja.Value) {
	o, ok := init.(*goja.Object)
	if !ok {
		panic(c.Fail("The provided value is not of type '(record<ByteString, ByteString> or sequence<sequence<ByteString>>)'."))
	}
	iterator := o.GetSymbol(goja.SymIterator)
	if idl.IsNullish(iterator) {
		h.fillRecord(c, o)
		return
	}
	if other, ok := idl.Unwrap[*Headers](init); ok && o.Prototype() == c.Realm.Prototype(HeadersInterface) && iterator == c.Realm.Prototype(HeadersInterface).GetSymbol(goja.SymIterator) {
		for _, header := range other.combined() {
			h.append(c, header.Name, header.Value)
		}
		return
	}
	if _, callable := goja.AssertFunction(iterator); !callable {
		panic(c.Fail("The object must have a callable @@iterator property."))
	}
	var pairs [][2]string
	for _, item := range idl.Sequence(c, init) {
		pair := idl.Sequence(c, item)
		strs := make([]string, len(pair))
		for i, v := range pair {
			strs[i] = idl.ByteString(c, v)
		}
		if len(strs) != 2 {
			panic(c.Fail("Invalid value: a pair of name and value was expected"))
		}
		pairs = append(pairs, [2]string{strs[0], strs[1]})
	}
	for _, p := range pairs {
		h.append(c, p[0], p[1])
	}
}

var proxyType = reflect.TypeFor[goja.Proxy]()

// fillRecord converts a record<ByteString, ByteString>, all of it before the first
// header is appended.
func (h *Headers) fillRecord(c *idl.Call, o *goja.Object) {
	var pairs [][2]string
	Record(c, o, func(key, value goja.Value) {
		name := idl.ByteString(c, key)
		pairs = append(pairs, [2]string{name, idl.ByteString(c, value)})
	}, func(key goja.Value) { idl.ByteString(c, key) })
	for _, p := range pairs {
		h.append(c, p[0], p[1])
	}
}

// Record visits an object as Web IDL converts a record: check is called with each
// key before its value is read.
func Record(c *idl.Call, o *goja.Object, each func(key, value goja.Value), check func(key goja.Value)) {
	rt := c.Runtime()
	if o.ExportType() != proxyType && len(o.Symbols()) == 0 {
		for _, key := range o.Keys() {
			k := rt.ToValue(key)
			check(k)
			each(k, o.Get(key))
		}
		return
	}
	s := stateOf(c.Realm)
	keys, err := c.Realm.Agent().Call(s.ownKeys, goja.Undefined(), o)
	if err != nil {
		panic(err)
	}
	for _, key := range idl.Sequence(c, keys) {
		property, err := c.Realm.Agent().Call(s.property, goja.Undefined(), o, key)
		if err != nil {
			panic(err)
		}
		descriptor, ok := property.(*goja.Object)
		if !ok || !descriptor.Get("enumerable").ToBoolean() {
			continue
		}
		check(key)
		each(key, o.Get(key.String()))
	}
}

// newHeaders makes a Headers object over a list.
func newHeaders(r *idl.Realm, list *fetch.HeaderList, guard Guard) *goja.Object {
	return idl.Wrap(r, HeadersInterface, &Headers{list: list, guard: guard})
}
