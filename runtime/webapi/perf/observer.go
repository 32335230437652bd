package perf

import (
	"slices"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// observer is the implementation of a PerformanceObserver.
type observer struct {
	realm    *idl.Realm
	object   *goja.Object
	callback goja.Callable
	types    map[string]struct{}
	queue    []*Entry
	pending  bool
}

// PerformanceObserver is the interface of that name.
var PerformanceObserver = &idl.Interface{Name: "PerformanceObserver", Length: 1, New: func(c *idl.Call) any {
	return &observer{realm: c.Realm, object: c.Object, callback: idl.Callback(c, c.Arg(0)), types: map[string]struct{}{}}
}}

// PerformanceObserverEntryList is the interface of that name.
var PerformanceObserverEntryList = &idl.Interface{Name: "PerformanceObserverEntryList"}

// observed are the entries an observer is called with.
type observed struct{ entries []*Entry }

func init() {
	the := func(c *idl.Call) *observer { return idl.This[*observer](c) }
	PerformanceObserver.Members = []idl.Member{
		idl.StaticAttr("supportedEntryTypes", func(c *idl.Call) goja.Value {
			return c.Runtime().NewArray("mark", "measure", "navigation", "resource")
		}),
		idl.Method("observe", 0, func(c *idl.Call) goja.Value { the(c).observe(c); return nil }),
		idl.Method("disconnect", 0, func(c *idl.Call) goja.Value { the(c).disconnect(); return nil }),
		idl.Method("takeRecords", 0, func(c *idl.Call) goja.Value { return list(c.Realm, the(c).take()) }),
	}
	entries := func(c *idl.Call) []*Entry { return idl.This[*observed](c).entries }
	PerformanceObserverEntryList.Members = []idl.Member{
		idl.Method("getEntries", 0, func(c *idl.Call) goja.Value { return list(c.Realm, filter(entries(c), "", "")) }),
		idl.Method("getEntriesByType", 1, func(c *idl.Call) goja.Value { return list(c.Realm, filter(entries(c), "", c.String(0))) }),
		idl.Method("getEntriesByName", 1, func(c *idl.Call) goja.Value {
			return list(c.Realm, filter(entries(c), c.String(0), c.StringOr(1, "")))
		}),
	}
}

func (o *observer) observe(c *idl.Call) {
	d := c.Dict(0)
	t := Of(o.realm)
	if v, ok := d.Get("entryTypes"); ok {
		for _, kind := range idl.Sequence(c, v) {
			o.types[idl.ToString(c, kind)] = struct{}{}
		}
	}
	kind := d.String("type", "")
	if kind != "" {
		o.types[kind] = struct{}{}
	}
	if len(o.types) == 0 {
		panic(c.Fail("An observe() call must include either entryTypes or type arguments."))
	}
	if !slices.Contains(t.observers, o) {
		t.observers = append(t.observers, o)
	}
	if d.Bool("buffered", false) && kind != "" {
		for _, e := range filter(t.entries, "", kind) {
			o.add(e)
		}
	}
}

func (o *observer) disconnect() {
	t := Of(o.realm)
	t.observers = slices.DeleteFunc(t.observers, func(other *observer) bool { return other == o })
	o.queue, o.types = nil, map[string]struct{}{}
}

func (o *observer) take() []*Entry {
	entries := o.queue
	o.queue = nil
	return entries
}

// add queues an entry and the task that calls the observer.
func (o *observer) add(e *Entry) {
	if _, wanted := o.types[e.Type]; !wanted {
		return
	}
	o.queue = append(o.queue, e)
	if o.pending {
		return
	}
	o.pending = true
	agent := o.realm.Agent()
	agent.Queue("performance timeline", func() {
		o.pending = false
		if o.realm.Gone() || len(o.queue) == 0 {
			return
		}
		entries := idl.Wrap(o.realm, PerformanceObserverEntryList, &observed{o.take()})
		if _, err := agent.Call(o.callback, o.object, entries, o.object); err != nil {
			o.realm.ReportError(err)
		}
	})
}
