package indexeddb

import (
	"slices"
	"sort"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// connection is an open connection as other connections and requests see it.
type connection struct {
	database *database
	closed   bool            // guarded by the storage's mutex
	object   *databaseObject // of its own loop
}

// databaseObject is the implementation of an IDBDatabase: a connection. Of the loop.
type databaseObject struct {
	dom.Target
	storage      *Storage
	connection   *connection
	version      uint64
	closePending bool
	transactions map[*transactionObject]struct{}
	upgrade      *transactionObject // while a version change runs
	forget       func()             // takes it off the realm's list
}

// IDBDatabase is the interface of that name.
var IDBDatabase = &idl.Interface{Name: "IDBDatabase", Parent: dom.EventTarget}

func init() {
	IDBDatabase.Members = []idl.Member{
		idl.Attr("name", func(c *idl.Call) goja.Value {
			return c.Value(idl.This[*databaseObject](c).connection.database.name)
		}, nil),
		idl.Attr("version", func(c *idl.Call) goja.Value { return c.Value(idl.This[*databaseObject](c).version) }, nil),
		idl.Attr("objectStoreNames", func(c *idl.Call) goja.Value {
			return stringList(c.Realm, idl.This[*databaseObject](c).storeNames())
		}, nil),
		idl.Method("transaction", 1, databaseTransaction),
		idl.Method("close", 0, func(c *idl.Call) goja.Value { idl.This[*databaseObject](c).close(); return nil }),
		idl.Method("createObjectStore", 1, createObjectStore),
		idl.Method("deleteObjectStore", 1, deleteObjectStore),
		dom.Handler("abort"), dom.Handler("close"), dom.Handler("error"), dom.Handler("versionchange"),
	}
}

// connect opens a connection of a realm; the storage's mutex is held.
func (s *Storage) connect(r *idl.Realm, d *database) *databaseObject {
	o := &databaseObject{storage: s, transactions: map[*transactionObject]struct{}{}, version: d.version}
	o.connection = &connection{database: d, object: o}
	o.Bind(r, idl.Wrap(r, IDBDatabase, o))
	d.connections = append(d.connections, o.connection)
	return o
}

func (d *databaseObject) storeNames() []string {
	d.storage.mu.Lock()
	defer d.storage.mu.Unlock()
	var names []string
	for name := range d.connection.database.stores {
		names = append(names, name)
	}
	return names
}

// close is "close a database connection": at once, or when its transactions are over.
func (d *databaseObject) close() {
	d.closePending = true
	d.maybeClosed()
}

func (d *databaseObject) maybeClosed() {
	if d.closePending && len(d.transactions) == 0 {
		d.storage.disconnect(d.connection)
		d.forget()
	}
}

func (s *Storage) disconnect(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.closed {
		return
	}
	c.closed = true
	c.database.connections = slices.DeleteFunc(c.database.connections, func(other *connection) bool { return other == c })
	s.broadcast()
}

// drop ends the connection with its realm.
func (d *databaseObject) drop() {
	for t := range d.transactions {
		t.ended = true
		t.core.end(true)
	}
	d.closePending = true
	d.storage.disconnect(d.connection)
}

func databaseTransaction(c *idl.Call) goja.Value {
	d := idl.This[*databaseObject](c)
	names := storeNamesArg(c)
	m := mode(readOnly)
	if c.Has(1) {
		m = mode(idl.Enum(c, c.Arg(1), "IDBTransactionMode", "readonly", "readwrite", "versionchange"))
	}
	durability := c.Dict(2).Enum("durability", "default", "IDBTransactionDurability", "default", "strict", "relaxed")
	if d.upgrade != nil {
		panic(c.Exception("InvalidStateError", "A version change transaction is running."))
	}
	if d.closePending {
		panic(c.Exception("InvalidStateError", "The database connection is closing."))
	}
	scope := d.scope(c, names)
	if len(scope) == 0 {
		panic(c.Exception("InvalidAccessError", "The storeNames parameter was empty."))
	}
	if m == versionChange {
		panic(c.Fail("The mode provided ('versionchange') is not one of 'readonly' or 'readwrite'."))
	}
	t := newTransactionObject(d, d.storage.begin(d.connection.database, m, scope))
	t.durability, t.active = durability, true
	t.deactivateLater()
	return t.Object()
}

func storeNamesArg(c *idl.Call) []string {
	if o, ok := c.Arg(0).(*goja.Object); ok && !idl.IsNullish(o.GetSymbol(goja.SymIterator)) {
		var names []string
		for _, v := range idl.Sequence(c, o) {
			names = append(names, idl.ToString(c, v))
		}
		return names
	}
	return []string{c.String(0)}
}

func (d *databaseObject) scope(c *idl.Call, names []string) []*objectStore {
	d.storage.mu.Lock()
	defer d.storage.mu.Unlock()
	sort.Strings(names)
	var scope []*objectStore
	for _, name := range slices.Compact(names) {
		store := d.connection.database.stores[name]
		if store == nil {
			panic(c.Exception("NotFoundError", "One of the specified object stores was not found."))
		}
		scope = append(scope, store)
	}
	return scope
}

// upgrading is the version change transaction that a schema operation needs.
func (d *databaseObject) upgrading(c *idl.Call) *transactionObject {
	t := d.upgrade
	if t == nil || t.core.mode != versionChange {
		panic(c.Exception("InvalidStateError", "The database is not running a version change transaction."))
	}
	if !t.active {
		panic(c.Exception("TransactionInactiveError", "The transaction is not active."))
	}
	return t
}

func createObjectStore(c *idl.Call) goja.Value {
	d := idl.This[*databaseObject](c)
	name, options := c.String(0), c.Dict(1)
	auto := options.Bool("autoIncrement", false)
	var path keyPath
	t := d.upgrading(c)
	if v, ok := options.Get("keyPath"); ok {
		path = toKeyPath(c, v)
	}
	d.storage.mu.Lock()
	defer d.storage.mu.Unlock()
	stores := d.connection.database.stores
	if stores[name] != nil {
		panic(c.Exception("ConstraintError", "An object store with the specified name already exists."))
	}
	if auto && (path.array || !path.none() && path.paths[0] == "") {
		panic(c.Exception("InvalidAccessError", "The autoIncrement option was set but the keyPath option was empty or an array."))
	}
	store := &objectStore{name: name, path: path, auto: auto, next: 1, indexes: map[string]*index{}}
	stores[name] = store
	t.core.undo(func() { delete(stores, name) })
	o := t.store(store)
	o.created = true
	return o.object
}

func deleteObjectStore(c *idl.Call) goja.Value {
	d := idl.This[*databaseObject](c)
	name := c.String(0)
	t := d.upgrading(c)
	d.storage.mu.Lock()
	defer d.storage.mu.Unlock()
	stores := d.connection.database.stores
	store := stores[name]
	if store == nil {
		panic(c.Exception("NotFoundError", "The specified object store was not found."))
	}
	delete(stores, name)
	if o := t.stores[store]; o != nil {
		o.deleted = true
		for _, x := range o.indexes {
			x.deleted = true
		}
	}
	t.core.undo(func() { stores[name] = store })
	return nil
}

// stringList is a DOMStringList: sorted, its items as properties.
func stringList(r *idl.Realm, names []string) goja.Value {
	sort.Slice(names, func(i, j int) bool { return lessUTF16(names[i], names[j]) })
	o := idl.Wrap(r, DOMStringList, &domStringList{names})
	for i, name := range names {
		_ = o.DefineDataProperty(itoa(i), r.Runtime().ToValue(name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_TRUE)
	}
	return o
}

func lessUTF16(a, b string) bool { return slices.Compare(utf16Of(a), utf16Of(b)) < 0 }

type domStringList struct{ items []string }

// DOMStringList is the interface of that name.
//
// DIVERGES: its items are own properties rather than those of an exotic object.
//
// Source: https://html.spec.whatwg.org/#the-domstringlist-interface
var DOMStringList = &idl.Interface{
	Name: "DOMStringList",
	Members: []idl.Member{
		idl.Attr("length", func(c *idl.Call) goja.Value { return c.Value(len(idl.This[*domStringList](c).items)) }, nil),
		idl.Method("contains", 1, func(c *idl.Call) goja.Value {
			return c.Value(slices.Contains(idl.This[*domStringList](c).items, c.String(0)))
		}),
		idl.Method("item", 1, func(c *idl.Call) goja.Value {
			l := idl.This[*domStringList](c)
			if i := int(idl.UnsignedLong(c, c.Arg(0))); i < len(l.items) {
				return c.Value(l.items[i])
			}
			return goja.Null()
		}),
	},
	Setup: func(r *idl.Realm, _, prototype *goja.Object) {
		values := r.Runtime().GlobalObject().Get("Array").(*goja.Object).Get("prototype").(*goja.Object).Get("values")
		_ = prototype.DefineDataPropertySymbol(goja.SymIterator, values, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	},
}
