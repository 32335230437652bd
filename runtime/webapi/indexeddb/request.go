package indexeddb

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// request is the implementation of an IDBRequest and, with open set, of an
// IDBOpenDBRequest. Of the loop.
type request struct {
	dom.Target
	open        bool
	done        bool
	result      goja.Value
	failure     goja.Value // the error attribute; null for none
	source      goja.Value
	transaction *transactionObject
}

// IDBRequest and IDBOpenDBRequest are the interfaces of those names.
var (
	IDBRequest     = &idl.Interface{Name: "IDBRequest", Parent: dom.EventTarget}
	IDBOpenRequest = &idl.Interface{Name: "IDBOpenDBRequest", Parent: IDBRequest, Members: []idl.Member{dom.Handler("blocked"), dom.Handler("upgradeneeded")}}
)

func init() {
	IDBRequest.Members = []idl.Member{
		idl.Attr("result", func(c *idl.Call) goja.Value {
			r := idl.This[*request](c)
			if !r.done {
				panic(c.Exception("InvalidStateError", "The request has not finished."))
			}
			return r.result
		}, nil),
		idl.Attr("error", func(c *idl.Call) goja.Value {
			r := idl.This[*request](c)
			if !r.done {
				panic(c.Exception("InvalidStateError", "The request has not finished."))
			}
			return r.failure
		}, nil),
		idl.Attr("source", func(c *idl.Call) goja.Value { return idl.This[*request](c).source }, nil),
		idl.Attr("transaction", func(c *idl.Call) goja.Value {
			if t := idl.This[*request](c).transaction; t != nil {
				return t.Object()
			}
			return goja.Null()
		}, nil),
		idl.Attr("readyState", func(c *idl.Call) goja.Value {
			if idl.This[*request](c).done {
				return c.Value("done")
			}
			return c.Value("pending")
		}, nil),
		dom.Handler("success"), dom.Handler("error"),
	}
}

// object is nil for what is no request: see transactionObject.later.
func (q *request) object() *goja.Object { return q.Object() }

func newRequest(r *idl.Realm, source goja.Value, t *transactionObject) *request {
	q := &request{result: goja.Undefined(), failure: goja.Null(), source: source, transaction: t}
	q.Bind(r, idl.Wrap(r, IDBRequest, q))
	if t != nil {
		q.Parent = func(*dom.Event) *dom.Target { return &t.Target }
	}
	return q
}

// succeed sets the result; fail the error. Neither fires anything.
func (q *request) succeed(v goja.Value) { q.done, q.result, q.failure = true, v, goja.Null() }

func (q *request) fail(reason goja.Value) {
	q.done, q.result, q.failure = true, goja.Undefined(), reason
}

func (q *request) exception(f *failure) goja.Value { return idl.DOMError(q.Realm(), f.name, f.message) }

// fireSuccess and fireError fire the events of a finished request that belongs to no
// transaction; the event is returned for what listeners did to it.
func (q *request) fireError() *dom.Event {
	e := &dom.Event{Type: "error", Bubbles: true, Cancelable: true}
	q.Fire(dom.EventInterface, e)
	return e
}

func (q *request) fireSuccess() *dom.Event {
	e := &dom.Event{Type: "success"}
	q.Fire(dom.EventInterface, e)
	return e
}

// versionEvent is the implementation of an IDBVersionChangeEvent.
type versionEvent struct {
	dom.Event
	oldVersion uint64
	newVersion goja.Value // null when the database is deleted
}

// IDBVersionChangeEvent is the interface of that name.
var IDBVersionChangeEvent = &idl.Interface{
	Name: "IDBVersionChangeEvent", Parent: dom.EventInterface, Length: 1,
	New: func(c *idl.Call) any {
		e := &versionEvent{newVersion: goja.Null()}
		d := dom.InitEvent(c, e)
		if v, ok := d.Get("newVersion"); ok && !goja.IsNull(v) {
			e.newVersion = v.ToNumber()
		}
		if v, ok := d.Get("oldVersion"); ok {
			e.oldVersion = uint64(v.ToInteger())
		}
		return e
	},
	Members: []idl.Member{
		idl.Attr("oldVersion", func(c *idl.Call) goja.Value { return c.Value(idl.This[*versionEvent](c).oldVersion) }, nil),
		idl.Attr("newVersion", func(c *idl.Call) goja.Value { return idl.This[*versionEvent](c).newVersion }, nil),
	},
}

// fireVersion fires a version change event; newVersion 0 stands for null.
func fireVersion(at *dom.Target, name string, oldVersion, newVersion uint64) *dom.Event {
	e := &versionEvent{Event: dom.Event{Type: name}, oldVersion: oldVersion, newVersion: goja.Null()}
	if newVersion > 0 {
		e.newVersion = at.Realm().Runtime().ToValue(newVersion)
	}
	at.Fire(IDBVersionChangeEvent, e)
	return &e.Event
}
