package indexeddb

import (
	"math"
	"unicode/utf16"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

func utf16Of(s string) []uint16 { return utf16.Encode([]rune(s)) }

// source is what can be queried: an object store or an index.
type source interface {
	// usable throws unless requests may be made.
	usable(c *idl.Call)
	handle() (*transactionObject, goja.Value)
	store() *objectStore
	// list gives the entries as they stand; the storage's mutex is held.
	list() list
}

// list is the entries of a store or index in order.
type list struct {
	length int
	at     func(i int) entry
	span   func(k keyRange) (from, to int)
}

func (s *storeObject) handle() (*transactionObject, goja.Value) { return s.transaction, s.object }
func (s *storeObject) store() *objectStore                      { return s.core }

func (s *storeObject) list() list {
	records := s.core.records
	return list{len(records), func(i int) entry { return entry{records[i].key, records[i].key} }, s.core.span}
}

// indexObject is the implementation of an IDBIndex. Of the loop.
type indexObject struct {
	owner   *storeObject
	core    *index
	object  *goja.Object
	path    goja.Value
	name    string
	created bool // by this transaction
	deleted bool
}

func (s *storeObject) index(core *index) *indexObject {
	if o, ok := s.indexes[core]; ok {
		return o
	}
	o := &indexObject{owner: s, core: core, name: core.name}
	o.object = idl.Wrap(s.transaction.Realm(), IDBIndex, o)
	s.indexes[core] = o
	return o
}

func (x *indexObject) usable(c *idl.Call) {
	if x.deleted || x.owner.deleted {
		panic(c.Exception("InvalidStateError", "The index or its object store has been deleted."))
	}
	x.owner.usable(c)
}

func (x *indexObject) handle() (*transactionObject, goja.Value) {
	return x.owner.transaction, x.object
}
func (x *indexObject) store() *objectStore { return x.owner.core }

func (x *indexObject) list() list {
	entries := x.core.entries
	return list{len(entries), func(i int) entry { return entries[i] }, x.core.span}
}

// IDBIndex is the interface of that name.
var IDBIndex = &idl.Interface{Name: "IDBIndex"}

func init() {
	IDBIndex.Members = []idl.Member{
		idl.Attr("name", func(c *idl.Call) goja.Value { return c.Value(idl.This[*indexObject](c).name) }, renameIndex),
		idl.Attr("objectStore", func(c *idl.Call) goja.Value { return idl.This[*indexObject](c).owner.object }, nil),
		idl.Attr("keyPath", func(c *idl.Call) goja.Value {
			x := idl.This[*indexObject](c)
			if x.path == nil {
				x.path = x.core.path.value(c.Realm)
			}
			return x.path
		}, nil),
		idl.Attr("multiEntry", func(c *idl.Call) goja.Value { return c.Value(idl.This[*indexObject](c).core.multiEntry) }, nil),
		idl.Attr("unique", func(c *idl.Call) goja.Value { return c.Value(idl.This[*indexObject](c).core.unique) }, nil),
	}
	IDBIndex.Members = append(IDBIndex.Members, queryMembers(func(c *idl.Call) source { return idl.This[*indexObject](c) })...)
}

func renameIndex(c *idl.Call) goja.Value {
	x := idl.This[*indexObject](c)
	name := c.String(0)
	if x.owner.transaction.core.mode != versionChange {
		panic(c.Exception("InvalidStateError", "The transaction is not a version change transaction."))
	}
	x.usable(c)
	st, indexes, old := x.owner.transaction.core.storage, x.owner.core.indexes, x.core.name
	st.mu.Lock()
	defer st.mu.Unlock()
	if name == old {
		return nil
	}
	if indexes[name] != nil {
		panic(c.Exception("ConstraintError", "An index with that name already exists."))
	}
	delete(indexes, old)
	indexes[name], x.core.name, x.name = x.core, name, name
	x.owner.transaction.core.undo(func() {
		delete(indexes, name)
		indexes[old], x.core.name = x.core, old
	})
	return nil
}

// queryMembers are the operations that stores and indexes have in common.
func queryMembers(this func(c *idl.Call) source) []idl.Member {
	query := func(name string, required int, all bool, f func(c *idl.Call, s source, k keyRange) goja.Value) idl.Member {
		return idl.Method(name, required, func(c *idl.Call) goja.Value {
			s := this(c)
			s.usable(c)
			return f(c, s, rangeOf(c, c.Arg(0), all))
		})
	}
	return []idl.Member{
		query("get", 1, false, func(c *idl.Call, s source, k keyRange) goja.Value { return first(c, s, k, false) }),
		query("getKey", 1, false, func(c *idl.Call, s source, k keyRange) goja.Value { return first(c, s, k, true) }),
		idl.Method("getAll", 0, func(c *idl.Call) goja.Value { return every(c, this(c), false) }),
		idl.Method("getAllKeys", 0, func(c *idl.Call) goja.Value { return every(c, this(c), true) }),
		query("count", 0, true, count),
		idl.Method("openCursor", 0, func(c *idl.Call) goja.Value { return openCursor(c, this(c), false) }),
		idl.Method("openKeyCursor", 0, func(c *idl.Call) goja.Value { return openCursor(c, this(c), true) }),
	}
}

// value is the record of an entry, read in the realm; the record is found under the
// mutex, because it may change before the loop reads it.
func value(c *idl.Call, s source, e entry) func() goja.Value {
	store := s.store()
	at, found := store.find(e.primary)
	if !found {
		return func() goja.Value { return goja.Undefined() }
	}
	r := store.records[at]
	return func() goja.Value { return store.read(c.Realm, r) }
}

// first is "retrieve a value from an object store" and its kin.
func first(c *idl.Call, s source, k keyRange, key bool) goja.Value {
	return askFor(c, s, func() func() goja.Value {
		l := s.list()
		from, to := l.span(k)
		if from >= to {
			return func() goja.Value { return goja.Undefined() }
		}
		e := l.at(from)
		if key {
			return func() goja.Value { return fromKey(c.Realm, e.primary) }
		}
		return value(c, s, e)
	})
}

func askFor(c *idl.Call, s source, operation func() func() goja.Value) goja.Value {
	t, object := s.handle()
	q := newRequest(c.Realm, object, t)
	t.ask(q, func() (func() goja.Value, *failure) { return operation(), nil })
	return q.Object()
}

// every is getAll and getAllKeys.
func every(c *idl.Call, s source, keys bool) goja.Value {
	s.usable(c)
	k, limit := rangeOf(c, c.Arg(0), true), math.MaxInt
	if c.Has(1) {
		if n := int(idl.Enforce(c, c.Arg(1), 0, math.MaxUint32)); n > 0 {
			limit = n
		}
	}
	return askFor(c, s, func() func() goja.Value {
		l := s.list()
		from, to := l.span(k)
		if to-from > limit {
			to = from + limit
		}
		items := make([]func() goja.Value, 0, max(0, to-from))
		for i := from; i < to; i++ {
			e := l.at(i)
			if keys {
				items = append(items, func() goja.Value { return fromKey(c.Realm, e.primary) })
			} else {
				items = append(items, value(c, s, e))
			}
		}
		return func() goja.Value {
			values := make([]any, len(items))
			for i, item := range items {
				values[i] = item()
			}
			return c.Runtime().NewArray(values...)
		}
	})
}

func count(c *idl.Call, s source, k keyRange) goja.Value {
	return askFor(c, s, func() func() goja.Value {
		from, to := s.list().span(k)
		return func() goja.Value { return c.Value(to - from) }
	})
}
