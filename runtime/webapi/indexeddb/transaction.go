package indexeddb

import (
	"slices"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

const taskSource = "indexeddb"

// transactionObject is the implementation of an IDBTransaction. Of the loop.
type transactionObject struct {
	dom.Target
	core       *transaction
	database   *databaseObject
	durability string
	active     bool
	committing bool
	ended      bool // committed or aborted; the event may still be to come
	pending    []*request
	failure    goja.Value
	stores     map[*objectStore]*storeObject
	open       *request // of a version change
	upgrade    *upgrade
	names      []string // objectStoreNames, once they do not change any more
}

// IDBTransaction is the interface of that name.
var IDBTransaction = &idl.Interface{Name: "IDBTransaction", Parent: dom.EventTarget}

func init() {
	IDBTransaction.Members = []idl.Member{
		idl.Attr("objectStoreNames", func(c *idl.Call) goja.Value {
			t := idl.This[*transactionObject](c)
			if t.names != nil {
				return stringList(c.Realm, t.names)
			}
			return stringList(c.Realm, t.scopeNames())
		}, nil),
		idl.Attr("mode", func(c *idl.Call) goja.Value { return c.Value(string(idl.This[*transactionObject](c).core.mode)) }, nil),
		idl.Attr("durability", func(c *idl.Call) goja.Value { return c.Value(idl.This[*transactionObject](c).durability) }, nil),
		idl.Attr("db", func(c *idl.Call) goja.Value { return idl.This[*transactionObject](c).database.Object() }, nil),
		idl.Attr("error", func(c *idl.Call) goja.Value { return idl.This[*transactionObject](c).failure }, nil),
		idl.Method("objectStore", 1, transactionStore),
		idl.Method("commit", 0, func(c *idl.Call) goja.Value {
			t := idl.This[*transactionObject](c)
			if !t.active {
				panic(c.Exception("InvalidStateError", "The transaction is not active."))
			}
			t.active, t.committing = false, true
			t.settle()
			return nil
		}),
		idl.Method("abort", 0, func(c *idl.Call) goja.Value {
			t := idl.This[*transactionObject](c)
			if t.ended || t.committing {
				panic(c.Exception("InvalidStateError", "The transaction has finished."))
			}
			t.abort(goja.Null())
			return nil
		}),
		dom.Handler("abort"), dom.Handler("complete"), dom.Handler("error"),
	}
}

func newTransactionObject(d *databaseObject, core *transaction) *transactionObject {
	t := &transactionObject{core: core, database: d, durability: "default", failure: goja.Null(), stores: map[*objectStore]*storeObject{}}
	r := d.Realm()
	t.Bind(r, idl.Wrap(r, IDBTransaction, t))
	t.Parent = func(*dom.Event) *dom.Target { return &d.Target }
	d.transactions[t] = struct{}{}
	if core.mode != versionChange {
		t.names = t.scopeNames()
	}
	return t
}

// revert is what an abort does to the handles: those of stores and indexes that the
// transaction made are deleted, the others get their names and indexes back.
func (t *transactionObject) revert() {
	for _, s := range t.stores {
		if s.deleted = s.created; !s.created {
			s.name = s.core.name
		}
		for _, x := range s.indexes {
			if x.deleted = x.created; !x.created {
				x.name = x.core.name
			}
		}
	}
}

// later makes the transaction wait for something that is no request.
func (t *transactionObject) later(f func()) {
	q := &request{}
	t.pending = append(t.pending, q)
	t.Realm().Agent().Queue(taskSource, func() {
		t.pending = slices.DeleteFunc(t.pending, func(other *request) bool { return other == q })
		if !t.ended && !t.Realm().Gone() {
			f()
			t.settle()
		}
	})
}

func (t *transactionObject) scopeNames() []string {
	s := t.core.storage
	s.mu.Lock()
	defer s.mu.Unlock()
	names := []string{}
	if t.core.mode == versionChange {
		for name := range t.core.database.stores {
			names = append(names, name)
		}
	} else {
		for _, store := range t.core.scope {
			names = append(names, store.name)
		}
	}
	return names
}

func transactionStore(c *idl.Call) goja.Value {
	t := idl.This[*transactionObject](c)
	name := c.String(0)
	if t.ended {
		panic(c.Exception("InvalidStateError", "The transaction has finished."))
	}
	s := t.core.storage
	s.mu.Lock()
	store := t.core.database.stores[name]
	in := t.core.mode == versionChange || slices.Contains(t.core.scope, store)
	s.mu.Unlock()
	if store == nil || !in {
		panic(c.Exception("NotFoundError", "The specified object store was not found."))
	}
	return t.store(store).object
}

// ask is "asynchronously execute a request": operation runs on the data, result
// makes the value on the loop from what it found.
func (t *transactionObject) ask(q *request, operation func() (result func() goja.Value, failed *failure)) {
	t.pending = append(t.pending, q)
	agent := t.Realm().Agent()
	t.core.run(func() {
		result, failed := operation()
		agent.Queue(taskSource, func() { t.deliver(q, result, failed) })
	})
}

// deliver is the end of a request: "fire a success event", "fire an error event".
func (t *transactionObject) deliver(q *request, result func() goja.Value, failed *failure) {
	if t.ended || t.Realm().Gone() {
		return
	}
	t.pending = slices.DeleteFunc(t.pending, func(other *request) bool { return other == q })
	var reason goja.Value
	if failed == nil {
		var v goja.Value
		if err := t.Realm().Agent().Try(func() { v = result() }); err != nil {
			reason = idl.Reason(t.Realm().Runtime(), err)
		} else {
			q.succeed(v)
		}
	} else {
		reason = q.exception(failed)
	}
	if reason != nil {
		q.fail(reason)
	}
	t.active = !t.committing
	var e *dom.Event
	if reason == nil {
		e = q.fireSuccess()
	} else {
		e = q.fireError()
	}
	t.active = false
	switch {
	case len(e.Thrown) > 0 && !t.committing:
		t.abort(idl.DOMError(t.Realm(), "AbortError", "Uncaught exception in event handler."))
	case reason != nil && !e.Canceled:
		t.abort(reason)
	}
	t.settle()
}

// settle commits a transaction that is inactive with nothing left to do.
func (t *transactionObject) settle() {
	if t.ended || t.active || len(t.pending) > 0 {
		return
	}
	t.ended = true
	if t.names == nil {
		t.names = t.scopeNames()
	}
	agent := t.Realm().Agent()
	t.core.run(func() { // when it has started: those before it come first
		agent.Queue(taskSource, func() {
			if !t.core.end(false) { // the database was dropped under it
				t.fireEnd(&dom.Event{Type: "abort", Bubbles: true})
				return
			}
			t.fireEnd(&dom.Event{Type: "complete"})
		})
	})
}

// abort is "abort a transaction".
func (t *transactionObject) abort(reason goja.Value) {
	if t.ended {
		return
	}
	t.ended, t.active, t.failure = true, false, reason
	t.core.end(true)
	t.revert()
	if t.names == nil {
		t.names = t.scopeNames()
	}
	if t.upgrade != nil {
		t.upgrade.aborted()
	}
	agent := t.Realm().Agent()
	pending := t.pending
	t.pending = nil
	for _, q := range pending {
		if q.object() == nil {
			continue
		}
		agent.Queue(taskSource, func() {
			q.fail(idl.DOMError(t.Realm(), "AbortError", "The transaction was aborted, so the request cannot be fulfilled."))
			q.fireError()
		})
	}
	agent.Queue(taskSource, func() { t.fireEnd(&dom.Event{Type: "abort", Bubbles: true}) })
}

func (t *transactionObject) fireEnd(e *dom.Event) {
	if t.Realm().Gone() {
		return
	}
	if t.upgrade != nil {
		t.database.upgrade = nil
	}
	t.Fire(dom.EventInterface, e)
	delete(t.database.transactions, t)
	t.database.maybeClosed()
	if t.upgrade != nil {
		t.upgrade.over()
	}
}

// deactivateLater is "cleanup Indexed Database transactions" for one that a script
// just created.
func (t *transactionObject) deactivateLater() {
	t.Realm().Agent().AtCheckpoint(func() {
		t.active = false
		t.settle()
	})
}
