package indexeddb

import (
	"slices"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/messaging"
)

// storeObject is the implementation of an IDBObjectStore: a handle of a store in a
// transaction. Of the loop.
type storeObject struct {
	transaction *transactionObject
	core        *objectStore
	object      *goja.Object
	path        goja.Value
	name        string
	created     bool // by this transaction
	deleted     bool
	indexes     map[*index]*indexObject
}

// IDBObjectStore is the interface of that name.
var IDBObjectStore = &idl.Interface{Name: "IDBObjectStore"}

func (t *transactionObject) store(core *objectStore) *storeObject {
	if o, ok := t.stores[core]; ok {
		return o
	}
	o := &storeObject{transaction: t, core: core, name: core.name, indexes: map[*index]*indexObject{}}
	o.object = idl.Wrap(t.Realm(), IDBObjectStore, o)
	t.stores[core] = o
	return o
}

func init() {
	IDBObjectStore.Members = []idl.Member{
		idl.Attr("name", func(c *idl.Call) goja.Value { return c.Value(idl.This[*storeObject](c).name) }, renameStore),
		idl.Attr("keyPath", func(c *idl.Call) goja.Value {
			s := idl.This[*storeObject](c)
			if s.path == nil {
				s.path = s.core.path.value(c.Realm)
			}
			return s.path
		}, nil),
		idl.Attr("indexNames", func(c *idl.Call) goja.Value { return stringList(c.Realm, idl.This[*storeObject](c).indexNames()) }, nil),
		idl.Attr("transaction", func(c *idl.Call) goja.Value { return idl.This[*storeObject](c).transaction.Object() }, nil),
		idl.Attr("autoIncrement", func(c *idl.Call) goja.Value { return c.Value(idl.This[*storeObject](c).core.auto) }, nil),
		idl.Method("put", 1, func(c *idl.Call) goja.Value { return idl.This[*storeObject](c).put(c, false) }),
		idl.Method("add", 1, func(c *idl.Call) goja.Value { return idl.This[*storeObject](c).put(c, true) }),
		idl.Method("delete", 1, storeDelete),
		idl.Method("clear", 0, storeClear),
	}
	IDBObjectStore.Members = append(IDBObjectStore.Members, queryMembers(func(c *idl.Call) source { return idl.This[*storeObject](c) })...)
	IDBObjectStore.Members = append(IDBObjectStore.Members,
		idl.Method("index", 1, storeIndex),
		idl.Method("createIndex", 2, createIndex),
		idl.Method("deleteIndex", 1, deleteIndex))
}

// usable throws unless requests may be made.
func (s *storeObject) usable(c *idl.Call) {
	if s.deleted {
		panic(c.Exception("InvalidStateError", "The object store has been deleted."))
	}
	if !s.transaction.active {
		panic(c.Exception("TransactionInactiveError", "The transaction is inactive or finished."))
	}
}

func (s *storeObject) writable(c *idl.Call) {
	s.usable(c)
	if s.transaction.core.mode == readOnly {
		panic(c.Exception("ReadOnlyError", "The transaction is read-only."))
	}
}

// put is "add or put".
func (s *storeObject) put(c *idl.Call, noOverwrite bool) goja.Value {
	s.writable(c)
	r := s.prepare(c, c.Arg(0), c.Arg(1), c.Has(1))
	t := s.transaction
	q := newRequest(c.Realm, s.object, t)
	t.ask(q, func() (func() goja.Value, *failure) {
		key, failed := t.core.put(s.core, r, noOverwrite)
		return func() goja.Value { return fromKey(c.Realm, key) }, failed
	})
	return q.Object()
}

// prepare clones a value and works out its keys, everything of "add or put" that
// runs script.
func (s *storeObject) prepare(c *idl.Call, value, explicit goja.Value, given bool) *record {
	path := s.core.path
	if !path.none() && given {
		panic(c.Exception("DataError", "The object store uses in-line keys and the key parameter was provided."))
	}
	if path.none() && !s.core.auto && !given {
		panic(c.Exception("DataError", "The object store uses out-of-line keys and has no key generator and the key parameter was not provided."))
	}
	r := &record{keys: map[*index][]string{}}
	if given {
		r.key = keyOf(c, explicit)
	}
	// The transaction is inactive while a value is cloned, because getters run.
	t := s.transaction
	func() {
		t.active = false
		defer func() { t.active = true }()
		r.value = messaging.SerializeForStorage(c, value)
	}()
	clone := value
	if s.needsClone() {
		clone = deserialize(c.Realm, r.value)
	}
	if !path.none() {
		key, found, valid := path.extract(c.Realm, clone)
		switch {
		case found && !valid:
			panic(c.Exception("DataError", "Evaluating the object store's key path yielded a value that is not a valid key."))
		case found:
			r.key = key
		case !s.core.auto:
			panic(c.Exception("DataError", "Evaluating the object store's key path did not yield a value."))
		case !path.injectable(clone):
			panic(c.Exception("DataError", "A generated key could not be inserted into the value."))
		default:
			path.inject(c.Realm, clone, fromKey(c.Realm, marker))
		}
	}
	for _, x := range s.allIndexes() {
		r.keys[x] = x.path.extractAll(c.Realm, clone, x.multiEntry)
	}
	return r
}

func (s *storeObject) needsClone() bool { return !s.core.path.none() || len(s.allIndexes()) > 0 }

func (s *storeObject) allIndexes() []*index {
	st := s.transaction.core.storage
	st.mu.Lock()
	defer st.mu.Unlock()
	list := make([]*index, 0, len(s.core.indexes))
	for _, x := range s.core.indexes {
		list = append(list, x)
	}
	return list
}

func (s *storeObject) indexNames() []string {
	if s.deleted {
		return nil
	}
	var names []string
	for _, x := range s.allIndexes() {
		names = append(names, x.name)
	}
	return names
}

func deserialize(r *idl.Realm, m *messaging.Serialized) goja.Value {
	v, _, err := m.Deserialize(r)
	if err != nil {
		panic(idl.Reason(r.Runtime(), err))
	}
	return v
}

// read is a record's value in a realm.
func (s *objectStore) read(r *idl.Realm, rec *record) goja.Value {
	v := deserialize(r, rec.value)
	if rec.generated {
		s.path.inject(r, v, fromKey(r, rec.key))
	}
	return v
}

func storeDelete(c *idl.Call) goja.Value {
	s := idl.This[*storeObject](c)
	s.writable(c)
	k := rangeOf(c, c.Arg(0), false)
	return s.change(c, func() { s.transaction.core.remove(s.core, k) })
}

func storeClear(c *idl.Call) goja.Value {
	s := idl.This[*storeObject](c)
	s.writable(c)
	return s.change(c, func() { s.transaction.core.clear(s.core) })
}

func (s *storeObject) change(c *idl.Call, operation func()) goja.Value {
	q := newRequest(c.Realm, s.object, s.transaction)
	s.transaction.ask(q, func() (func() goja.Value, *failure) {
		operation()
		return func() goja.Value { return goja.Undefined() }, nil
	})
	return q.Object()
}

func renameStore(c *idl.Call) goja.Value {
	s := idl.This[*storeObject](c)
	name := c.String(0)
	if s.deleted {
		panic(c.Exception("InvalidStateError", "The object store has been deleted."))
	}
	if s.transaction.core.mode != versionChange {
		panic(c.Exception("InvalidStateError", "The transaction is not a version change transaction."))
	}
	s.usable(c)
	st, stores, old := s.transaction.core.storage, s.transaction.core.database.stores, s.core.name
	st.mu.Lock()
	defer st.mu.Unlock()
	if name == old {
		return nil
	}
	if stores[name] != nil {
		panic(c.Exception("ConstraintError", "An object store with that name already exists."))
	}
	delete(stores, old)
	stores[name], s.core.name, s.name = s.core, name, name
	s.transaction.core.undo(func() {
		delete(stores, name)
		stores[old], s.core.name = s.core, old
	})
	return nil
}

func storeIndex(c *idl.Call) goja.Value {
	s := idl.This[*storeObject](c)
	name := c.String(0)
	if s.deleted || s.transaction.ended {
		panic(c.Exception("InvalidStateError", "The transaction has finished or the object store was deleted."))
	}
	st := s.transaction.core.storage
	st.mu.Lock()
	x := s.core.indexes[name]
	st.mu.Unlock()
	if x == nil {
		panic(c.Exception("NotFoundError", "The specified index was not found."))
	}
	return s.index(x).object
}

func createIndex(c *idl.Call) goja.Value {
	s := idl.This[*storeObject](c)
	name := c.String(0)
	options := c.Dict(2)
	multiEntry, unique := options.Bool("multiEntry", false), options.Bool("unique", false)
	t := s.schema(c)
	st := t.core.storage
	if slices.Contains(s.indexNames(), name) {
		panic(c.Exception("ConstraintError", "An index with the specified name already exists."))
	}
	path := toKeyPath(c, goja.Value(stringOrSequence(c, c.Arg(1))))
	if path.array && multiEntry {
		panic(c.Exception("InvalidAccessError", "The keyPath argument was an array and the multiEntry option is true."))
	}
	x := &index{name: name, path: path, unique: unique, multiEntry: multiEntry}
	st.mu.Lock()
	s.core.indexes[name] = x
	t.core.undo(func() { delete(s.core.indexes, name) })
	records := slices.Clone(s.core.records)
	st.mu.Unlock()
	if !s.fill(c, x, records) {
		t.later(func() {
			t.abort(idl.DOMError(c.Realm, "ConstraintError", "Unable to add key to index '"+name+"': at least one key does not satisfy the uniqueness requirements."))
		})
	}
	o := s.index(x)
	o.created = true
	return o.object
}

// stringOrSequence keeps null from meaning "none": a createIndex key path is a string then.
func stringOrSequence(c *idl.Call, v goja.Value) goja.Value {
	if idl.IsNullish(v) {
		return c.Value(v.String())
	}
	return v
}

// fill puts the records a store has into a new index; false when it is unique and
// they are not.
func (s *storeObject) fill(c *idl.Call, x *index, records []*record) bool {
	for _, r := range records {
		keys := x.path.extractAll(c.Realm, s.core.read(c.Realm, r), x.multiEntry)
		if len(keys) == 0 {
			continue
		}
		st := s.transaction.core.storage
		st.mu.Lock()
		clash := x.unique && x.taken(keys, r.key)
		if !clash {
			r.keys[x] = keys
			for _, key := range keys {
				x.insert(entry{key, r.key})
			}
		}
		st.mu.Unlock()
		if clash {
			return false
		}
	}
	return true
}

func (s *storeObject) schema(c *idl.Call) *transactionObject {
	if s.transaction.core.mode != versionChange {
		panic(c.Exception("InvalidStateError", "The database is not running a version change transaction."))
	}
	s.usable(c)
	return s.transaction
}

func deleteIndex(c *idl.Call) goja.Value {
	s := idl.This[*storeObject](c)
	name := c.String(0)
	t := s.schema(c)
	st := t.core.storage
	st.mu.Lock()
	defer st.mu.Unlock()
	x := s.core.indexes[name]
	if x == nil {
		panic(c.Exception("NotFoundError", "The specified index was not found."))
	}
	delete(s.core.indexes, name)
	if o := s.indexes[x]; o != nil {
		o.deleted = true
	}
	t.core.undo(func() { s.core.indexes[name] = x })
	return nil
}
