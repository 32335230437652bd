package session

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// class is a kind of object that scripts are given: swinspect.d.ts has an interface of
// the same name, with the same members.
type class struct {
	name   string
	parent *class
	// word is what one of it is called in titles of steps: "page" in page.goto(…).
	word string
	// plain says that it is a value: what is expected of it holds now or never.
	plain   bool
	methods map[string]func(c *call) goja.Value
	getters map[string]func(c *call) goja.Value
}

// handle is a Go value that scripts hold.
type handle interface{ class() *class }

// call is one call of a method or getter, on the loop.
type call struct {
	f    *file
	this handle
	name string // "page.goto"
	args []goja.Value
}

// undefined is the result of a call that has none; nil is null.
type undefined struct{}

// slot is where an object keeps its Go value: a symbol that no script has.
type slot struct{ value any }

func (f *file) prototype(k *class) *goja.Object {
	if o := f.prototypes[k]; o != nil {
		return o
	}
	o := f.rt.NewObject()
	if k.parent != nil {
		must(o.SetPrototype(f.prototype(k.parent)))
	}
	f.prototypes[k] = o
	for name, m := range k.methods {
		must(o.DefineDataProperty(name, f.native(name, func(in goja.FunctionCall) goja.Value { return m(f.newCall(k, name, in)) }), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	}
	for name, g := range k.getters {
		must(o.DefineAccessorProperty(name, f.native(name, func(in goja.FunctionCall) goja.Value { return g(f.newCall(k, name, in)) }), nil, goja.FLAG_TRUE, goja.FLAG_TRUE))
	}
	must(o.DefineDataPropertySymbol(goja.SymToStringTag, f.rt.ToValue(k.name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	return o
}

// must is for operations on objects of our own, which cannot fail.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// native is a function that scripts can call.
func (f *file) native(name string, body func(goja.FunctionCall) goja.Value) goja.Value {
	v := f.rt.ToValue(body)
	o := v.(*goja.Object)
	must(o.DefineDataProperty("name", f.rt.ToValue(name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	return v
}

func (f *file) newCall(k *class, name string, in goja.FunctionCall) *call {
	this, _ := f.goValue(in.This).(handle)
	if this == nil || !isA(this.class(), k) {
		panic(f.rt.NewTypeError("%s.%s was called on something that is no %s: call it as a method", k.word, name, k.name))
	}
	return &call{f: f, this: this, name: this.class().word + "." + name, args: in.Arguments}
}

func isA(k, of *class) bool {
	for ; k != nil; k = k.parent {
		if k == of {
			return true
		}
	}
	return false
}

// goValue is what an object of ours stands for; nil for others.
func (f *file) goValue(v goja.Value) any {
	o, ok := v.(*goja.Object)
	if !ok || o.ClassName() == "Proxy" {
		return nil
	}
	kept := o.GetSymbol(f.slot)
	if kept == nil {
		return nil
	}
	s, ok := kept.Export().(*slot)
	if !ok {
		return nil
	}
	return s.value
}

func (f *file) keep(o *goja.Object, value any) {
	must(o.DefineDataPropertySymbol(f.slot, f.rt.ToValue(&slot{value}), goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE))
}

// object is the script's object of a handle, the same one each time.
func (f *file) object(h handle) goja.Value {
	if o := f.objects[h]; o != nil {
		return o
	}
	o := f.rt.CreateObject(f.prototype(h.class()))
	f.keep(o, h)
	f.objects[h] = o
	return o
}

// value is a Go value for scripts; on the loop.
func (f *file) value(v any) goja.Value {
	switch v := v.(type) {
	case undefined:
		return goja.Undefined()
	case nil:
		return goja.Null()
	case goja.Value:
		return v
	case func(*file) goja.Value:
		return v(f)
	case handle:
		return f.object(v)
	case string, bool, int, int64, float64:
		return f.rt.ToValue(v)
	case time.Time:
		if v.IsZero() {
			return f.rt.ToValue(0)
		}
		return f.rt.ToValue(float64(v.UnixMicro()) / 1000)
	case json.RawMessage:
		return f.fromJSON(v)
	case []byte:
		bytes, err := f.rt.New(f.rt.Get("Uint8Array"), f.rt.ToValue(f.rt.NewArrayBuffer(v)))
		must(err)
		return bytes
	}
	if list, ok := handles(v); ok {
		items := make([]any, len(list))
		for i, h := range list {
			items[i] = f.object(h)
		}
		return f.rt.NewArray(items...)
	}
	data, err := json.Marshal(v)
	if err != nil {
		panic(f.rt.NewGoError(err))
	}
	return f.fromJSON(data)
}

// handles are the items of a slice of handles.
func handles(v any) ([]handle, bool) {
	switch v := v.(type) {
	case []*page:
		return as(v), true
	case []*registration:
		return as(v), true
	case []*version:
		return as(v), true
	case []*browserContext:
		return as(v), true
	case []*notification:
		return as(v), true
	case []*breakpoint:
		return as(v), true
	case []*frame:
		return as(v), true
	case []*scope:
		return as(v), true
	case []*fetchRow:
		return as(v), true
	}
	return nil, false
}

func as[H handle](list []H) []handle {
	all := make([]handle, len(list))
	for i, h := range list {
		all[i] = h
	}
	return all
}

func (f *file) fromJSON(data []byte) goja.Value {
	v, err := f.parseJSON(goja.Undefined(), f.rt.ToValue(string(data)))
	if err != nil {
		panic(err)
	}
	return v
}

// json is a value as JSON; false when it has none (undefined, a function).
func (f *file) json(v goja.Value) (json.RawMessage, bool) {
	out, err := f.stringifyJSON(goja.Undefined(), v)
	if err != nil {
		panic(err)
	}
	if goja.IsUndefined(out) {
		return nil, false
	}
	return json.RawMessage(out.String()), true
}

// title is the call as it is shown in steps: page.goto('/app').
func (c *call) title() string {
	shown := make([]string, 0, len(c.args))
	for _, a := range c.args {
		text := c.f.shown(a)
		if r := []rune(text); len(r) > 60 {
			text = string(r[:59]) + "…"
		}
		shown = append(shown, strings.ReplaceAll(text, "\n", " "))
	}
	return c.name + "(" + strings.Join(shown, ", ") + ")"
}

// async does work beside the loop and gives a promise of its result. What the work
// waits for, it may say through waiting.
func (c *call) async(work func(ctx context.Context) (any, error)) goja.Value {
	return c.f.begin(c.title(), c.f.here(), work)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
