package devtools

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/chromedp/cdproto/runtime"
	"github.com/dop251/goja"
)

// How much a preview shows, as V8's inspector has it.
const (
	previewProperties = 5
	previewIndices    = 100
	previewText       = 100
)

// preview is an object at a glance; on the loop. entries is whether maps and sets
// show theirs.
func (rs *realmState) preview(v goja.Value, r *runtime.RemoteObject, entries bool) *runtime.ObjectPreview {
	p := &runtime.ObjectPreview{
		Type: runtime.ObjectPreviewType(r.Type), Subtype: runtime.ObjectPreviewSubtype(r.Subtype), Description: r.Description,
		Properties: []*runtime.PropertyPreview{},
	}
	limit := previewProperties
	if r.Subtype == runtime.RemoteObjectSubtypeArray || r.Subtype == runtime.RemoteObjectSubtypeTypedarray {
		limit = previewIndices
	}
	for _, d := range rs.glance(v) {
		if d.symbol != nil || d.key == "length" && limit == previewIndices {
			continue
		}
		if !d.enumerable && r.Subtype != runtime.RemoteObjectSubtypeError {
			continue
		}
		if len(p.Properties) >= limit {
			p.Overflow = true
			break
		}
		p.Properties = append(p.Properties, rs.propertyPreview(d))
	}
	rs.internalPreview(p, v, r)
	if entries && (r.Subtype == runtime.RemoteObjectSubtypeMap || r.Subtype == runtime.RemoteObjectSubtypeSet) {
		rs.entriesPreview(p, v, string(r.Subtype))
	}
	return p
}

// internalPreview adds what is no property: a promise's state, a map's size.
func (rs *realmState) internalPreview(p *runtime.ObjectPreview, v goja.Value, r *runtime.RemoteObject) {
	rt := rs.realm.Runtime()
	add := func(name string, v goja.Value) {
		p.Properties = append(p.Properties, rs.propertyPreview(property{key: name, value: v}))
	}
	switch r.Subtype {
	case runtime.RemoteObjectSubtypePromise:
		if promise, ok := promiseOf(v.(*goja.Object)); ok {
			add("[[PromiseState]]", rt.ToValue(promiseStates[promise.State()]))
			add("[[PromiseResult]]", orUndefined(promise.Result()))
		}
	case runtime.RemoteObjectSubtypeMap, runtime.RemoteObjectSubtypeSet:
		var n int64
		if _, err := fmt.Sscanf(r.Description[strings.LastIndexByte(r.Description, '(')+1:], "%d", &n); err == nil {
			add("size", rt.ToValue(n))
		}
	}
}

var promiseStates = map[goja.PromiseState]string{
	goja.PromiseStatePending: "pending", goja.PromiseStateFulfilled: "fulfilled", goja.PromiseStateRejected: "rejected",
}

func (rs *realmState) propertyPreview(d property) *runtime.PropertyPreview {
	if d.accessor {
		return &runtime.PropertyPreview{Name: d.key, Type: runtime.PropertyPreviewTypeAccessor}
	}
	r := rs.describe(d.value)
	text := r.Description
	switch r.Type {
	case runtime.RemoteObjectTypeFunction:
		text = ""
	case runtime.RemoteObjectTypeUndefined:
		text = "undefined"
	}
	if r.Subtype == runtime.RemoteObjectSubtypeNull {
		text = "null"
	}
	return &runtime.PropertyPreview{
		Name: d.key, Type: runtime.PropertyPreviewType(r.Type), Subtype: runtime.PropertyPreviewSubtype(r.Subtype), Value: abbreviate(text, r.Type == runtime.RemoteObjectTypeString),
	}
}

// abbreviate shortens a text; a string loses its middle, as in V8.
func abbreviate(s string, middle bool) string {
	runes := []rune(s)
	if len(runes) <= previewText {
		return s
	}
	if middle {
		return string(runes[:previewText/2]) + "…" + string(runes[len(runes)-previewText/2+1:])
	}
	return string(runes[:previewText-1]) + "…"
}

func (rs *realmState) entriesPreview(p *runtime.ObjectPreview, v goja.Value, kind string) {
	rt := rs.realm.Runtime()
	out, err := rs.realm.Agent().Call(rs.helper.entries, goja.Undefined(), v, rt.ToValue(kind), rt.ToValue(previewProperties+1))
	if err != nil {
		return
	}
	list := out.(*goja.Object)
	n := int(list.Get("length").ToInteger())
	if n > previewProperties {
		n, p.Overflow = previewProperties, true
	}
	p.Entries = []*runtime.EntryPreview{}
	for i := range n {
		pair := list.Get(rt.ToValue(i).String()).(*goja.Object)
		one := func(v goja.Value) *runtime.ObjectPreview {
			r := rs.describe(v)
			return rs.preview(v, &r.RemoteObject, false)
		}
		e := &runtime.EntryPreview{Value: one(pair.Get("0"))}
		if kind == "map" {
			e.Key, e.Value = e.Value, one(pair.Get("1"))
		}
		p.Entries = append(p.Entries, e)
	}
}

// property is a property of an object, read without running script.
type property struct {
	key                                string
	symbol                             *goja.Symbol
	value, get, set                    goja.Value
	accessor, own                      bool
	writable, enumerable, configurable bool
}

// properties are an object's; on the loop. Attributes of platform objects have values.
func (rs *realmState) properties(v goja.Value, own, accessorsOnly, nonIndexed bool) []property {
	return rs.listed(v, own, accessorsOnly, nonIndexed, 0)
}

// glance is the properties that a preview shows: an object's own, and a platform
// object's attributes, as many as needed to see that there are more.
func (rs *realmState) glance(v goja.Value) []property {
	return rs.listed(v, true, false, false, previewProperties)
}

func (rs *realmState) listed(v goja.Value, own, accessorsOnly, nonIndexed bool, glance int) []property {
	rt := rs.realm.Runtime()
	if o, ok := v.(*goja.Object); !ok || hint(o) == "Proxy" {
		return nil // a trap is script
	}
	class := hint(v)
	if v.SameAs(rs.realm.Global()) {
		class = "Platform"
	}
	out, err := rs.realm.Agent().Call(rs.helper.properties, goja.Undefined(), v, rt.ToValue(own), rt.ToValue(accessorsOnly), rt.ToValue(nonIndexed), rt.ToValue(class), rt.ToValue(glance))
	if err != nil {
		return nil
	}
	list := out.(*goja.Object)
	n := int(list.Get("length").ToInteger())
	found := make([]property, 0, n)
	for i := range n {
		row := list.Get(rt.ToValue(i).String()).(*goja.Object)
		d := row.Get("1").(*goja.Object)
		p := property{own: row.Get("2").ToBoolean(), enumerable: d.Get("enumerable").ToBoolean(), configurable: d.Get("configurable").ToBoolean()}
		switch key := row.Get("0").(type) {
		case *goja.Symbol:
			p.symbol, p.key = key, "Symbol("+key.String()+")"
		default:
			p.key = key.String()
		}
		p.get, p.set = d.Get("get"), d.Get("set")
		if p.accessor = p.get != nil || p.set != nil; !p.accessor {
			p.value, p.writable = d.Get("value"), d.Get("writable").ToBoolean()
		}
		found = append(found, p)
	}
	return found
}

func parseBigInt(digits string) (*big.Int, bool) {
	return new(big.Int).SetString(strings.TrimSpace(digits), 10)
}
