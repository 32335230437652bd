package window

import (
	"slices"

	"github.com/dop251/goja"
	"golang.org/x/net/html"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// mutationObserver is a MutationObserver with what it observes.
type mutationObserver struct {
	realm    *idl.Realm
	object   *goja.Object
	callback goja.Callable
	targets  []observedNode
	records  []goja.Value
	queued   bool
}

type observedNode struct {
	n                              *html.Node
	childList, attributes, subtree bool
}

var mutationObserverInterface = &idl.Interface{
	Name: "MutationObserver", Length: 1,
	New: func(c *idl.Call) any {
		return &mutationObserver{realm: c.Realm, object: c.Object, callback: idl.Callback(c, c.Arg(0))}
	},
	Members: []idl.Member{
		idl.Method("observe", 2, func(c *idl.Call) goja.Value {
			m, target := idl.This[*mutationObserver](c), nodeArg(c, 0)
			o := c.Dict(1)
			m.targets = append(m.targets, observedNode{target.n, o.Bool("childList", false), o.Bool("attributes", false), o.Bool("subtree", false)})
			if d := target.doc; !slices.Contains(d.observed, m) {
				d.observed = append(d.observed, m)
			}
			return nil
		}),
		idl.Method("disconnect", 0, func(c *idl.Call) goja.Value {
			m := idl.This[*mutationObserver](c)
			m.targets, m.records = nil, nil
			return nil
		}),
		idl.Method("takeRecords", 0, func(c *idl.Call) goja.Value {
			m := idl.This[*mutationObserver](c)
			records := m.records
			m.records = nil
			return arrayOf(c.Realm, records)
		}),
	},
}

func arrayOf(r *idl.Realm, values []goja.Value) goja.Value {
	items := make([]any, len(values))
	for i, v := range values {
		items[i] = v
	}
	return r.Runtime().NewArray(items...)
}

// observe tells observers of a child that came or went.
func (d *Document) observe(parent, added, removed *html.Node) {
	if len(d.observed) == 0 {
		return
	}
	d.record(parent, "childList", func(o observedNode) bool { return o.childList }, func(record *goja.Object) {
		_ = record.Set("addedNodes", d.maybe(added))
		_ = record.Set("removedNodes", d.maybe(removed))
	})
}

func (d *Document) maybe(n *html.Node) goja.Value {
	if n == nil {
		return d.list(nil)
	}
	return d.list([]*html.Node{n})
}

// observeAttribute tells observers of an attribute that changed.
func (d *Document) observeAttribute(n *html.Node, name string) {
	if len(d.observed) == 0 {
		return
	}
	d.record(n, "attributes", func(o observedNode) bool { return o.attributes }, func(record *goja.Object) {
		_ = record.Set("attributeName", name)
	})
}

func (d *Document) record(n *html.Node, kind string, wants func(observedNode) bool, fill func(*goja.Object)) {
	for _, m := range d.observed {
		if !slices.ContainsFunc(m.targets, func(o observedNode) bool {
			return wants(o) && (o.n == n || o.subtree && inclusiveAncestor(o.n, n))
		}) {
			continue
		}
		record := d.realm.Runtime().NewObject()
		_ = record.Set("type", kind)
		_ = record.Set("target", d.object(n))
		fill(record)
		m.records = append(m.records, record)
		m.notify()
	}
}

// notify is "queue a mutation observer microtask".
func (m *mutationObserver) notify() {
	if m.queued {
		return
	}
	m.queued = true
	m.realm.Agent().Microtask(func() {
		m.queued = false
		records := m.records
		m.records = nil
		if len(records) == 0 {
			return
		}
		if _, err := m.realm.Agent().Call(m.callback, m.object, arrayOf(m.realm, records), m.object); err != nil {
			m.realm.ReportError(err)
		}
	})
}
