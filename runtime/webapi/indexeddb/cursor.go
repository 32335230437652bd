package indexeddb

import (
	"math"
	"sort"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// cursor is the implementation of an IDBCursor. Of the loop, except that its place
// moves under the storage's mutex.
type cursor struct {
	source    source
	request   *request
	direction string
	within    keyRange
	keyOnly   bool
	object    *goja.Object

	at       entry // where it stands; guarded by the storage's mutex
	placed   bool  // guarded by the storage's mutex
	gotValue bool
	key      goja.Value // of the loop
	primary  goja.Value
	primKey  string
	keyKey   string
	value    goja.Value
}

// IDBCursor and IDBCursorWithValue are the interfaces of those names.
var (
	IDBCursor          = &idl.Interface{Name: "IDBCursor"}
	IDBCursorWithValue = &idl.Interface{Name: "IDBCursorWithValue", Parent: IDBCursor}
)

func init() {
	get := func(name string, f func(*cursor) goja.Value) idl.Member {
		return idl.Attr(name, func(c *idl.Call) goja.Value { return f(idl.This[*cursor](c)) }, nil)
	}
	IDBCursor.Members = []idl.Member{
		get("source", func(k *cursor) goja.Value { _, object := k.source.handle(); return object }),
		idl.Attr("direction", func(c *idl.Call) goja.Value { return c.Value(idl.This[*cursor](c).direction) }, nil),
		get("key", func(k *cursor) goja.Value { return k.key }),
		get("primaryKey", func(k *cursor) goja.Value { return k.primary }),
		get("request", func(k *cursor) goja.Value { return k.request.Object() }),
		idl.Method("advance", 1, cursorAdvance),
		idl.Method("continue", 0, cursorContinue),
		idl.Method("continuePrimaryKey", 2, cursorContinuePrimaryKey),
		idl.Method("update", 1, cursorUpdate),
		idl.Method("delete", 0, cursorDelete),
	}
	IDBCursorWithValue.Members = []idl.Member{get("value", func(k *cursor) goja.Value { return k.value })}
}

func openCursor(c *idl.Call, s source, keyOnly bool) goja.Value {
	s.usable(c)
	within, direction := rangeOf(c, c.Arg(0), true), "next"
	if c.Has(1) {
		direction = idl.Enum(c, c.Arg(1), "IDBCursorDirection", "next", "nextunique", "prev", "prevunique")
	}
	t, object := s.handle()
	k := &cursor{source: s, direction: direction, within: within, keyOnly: keyOnly, key: goja.Undefined(), primary: goja.Undefined(), value: goja.Undefined()}
	i := IDBCursorWithValue
	if keyOnly {
		i = IDBCursor
	}
	k.object = idl.Wrap(c.Realm, i, k)
	k.request = newRequest(c.Realm, object, t)
	k.move(c, 1, "", "")
	return k.request.Object()
}

// move is "iterate a cursor", as a request.
func (k *cursor) move(c *idl.Call, count int, key, primary string) {
	k.gotValue = false
	t, _ := k.source.handle()
	t.ask(k.request, func() (func() goja.Value, *failure) {
		e, ok := k.iterate(count, key, primary)
		if !ok {
			return func() goja.Value {
				k.key, k.primary, k.value = goja.Undefined(), goja.Undefined(), goja.Undefined()
				return goja.Null()
			}, nil
		}
		read := func() goja.Value { return goja.Undefined() }
		if !k.keyOnly {
			read = value(c, k.source, e)
		}
		return func() goja.Value {
			k.keyKey, k.primKey = e.key, e.primary
			k.key, k.primary, k.value = fromKey(c.Realm, e.key), fromKey(c.Realm, e.primary), read()
			k.gotValue = true
			return k.object
		}, nil
	})
}

// iterate finds the entry count steps on, at or past key and primary when given.
// The storage's mutex is held.
func (k *cursor) iterate(count int, key, primary string) (entry, bool) {
	l := k.source.list()
	for range count {
		i, ok := k.step(l, key, primary)
		if !ok {
			return entry{}, false
		}
		e := l.at(i)
		if k.within.below(e.key) || k.within.above(e.key) {
			return entry{}, false
		}
		k.at, k.placed = e, true
		key, primary = "", ""
	}
	return k.at, true
}

// step is the position of the next entry in the cursor's direction.
func (k *cursor) step(l list, key, primary string) (int, bool) {
	from, to := l.span(k.within)
	// first is the first position whose entry is past e; orAt includes e itself.
	first := func(e entry, orAt bool) int {
		return sort.Search(l.length, func(i int) bool {
			d := l.at(i).compare(e)
			return d > 0 || orAt && d == 0
		})
	}
	pastKey := func(key string) int {
		return sort.Search(l.length, func(i int) bool { return l.at(i).key > key })
	}
	atKey := func(key string) int {
		return sort.Search(l.length, func(i int) bool { return l.at(i).key >= key })
	}
	switch k.direction {
	case "next", "nextunique":
		i := from
		if k.placed {
			if k.direction == "next" {
				i = max(i, first(k.at, false))
			} else {
				i = max(i, pastKey(k.at.key))
			}
		}
		if key != "" {
			i = max(i, first(entry{key, primary}, true))
		}
		return i, i < to
	}
	i := to - 1
	if k.placed {
		if k.direction == "prev" {
			i = min(i, first(k.at, true)-1)
		} else {
			i = min(i, atKey(k.at.key)-1)
		}
	}
	switch {
	case key != "" && primary != "":
		i = min(i, first(entry{key, primary}, false)-1)
	case key != "":
		i = min(i, pastKey(key)-1)
	}
	if i < from {
		return 0, false
	}
	if k.direction == "prevunique" {
		i = atKey(l.at(i).key)
	}
	return i, true
}

// active throws unless requests may be made; for cursors that comes before their
// source's being deleted.
func (k *cursor) active(c *idl.Call) {
	if t, _ := k.source.handle(); !t.active {
		panic(c.Exception("TransactionInactiveError", "The transaction is inactive or finished."))
	}
}

// ready throws unless the cursor stands on a value and may move.
func (k *cursor) ready(c *idl.Call) {
	k.active(c)
	k.source.usable(c)
	if !k.gotValue {
		panic(c.Exception("InvalidStateError", "The cursor is being iterated or has iterated past its end."))
	}
}

func (k *cursor) again(c *idl.Call, count int, key, primary string) {
	k.request.done = false
	k.move(c, count, key, primary)
}

func cursorAdvance(c *idl.Call) goja.Value {
	k := idl.This[*cursor](c)
	n := idl.Enforce(c, c.Arg(0), 0, math.MaxUint32)
	if n == 0 {
		panic(c.Fail("A count argument with value 0 (zero) was supplied, must be greater than 0."))
	}
	k.ready(c)
	k.again(c, int(n), "", "")
	return nil
}

func (k *cursor) forward() bool { return k.direction == "next" || k.direction == "nextunique" }

func cursorContinue(c *idl.Call) goja.Value {
	k := idl.This[*cursor](c)
	k.ready(c)
	key := ""
	if c.Has(0) {
		key = keyArg(c, 0)
		if k.forward() && key <= k.keyKey || !k.forward() && key >= k.keyKey {
			panic(c.Exception("DataError", "The parameter is not past this cursor's position."))
		}
	}
	k.again(c, 1, key, "")
	return nil
}

func cursorContinuePrimaryKey(c *idl.Call) goja.Value {
	k := idl.This[*cursor](c)
	k.active(c)
	k.source.usable(c)
	if _, isIndex := k.source.(*indexObject); !isIndex || k.direction != "next" && k.direction != "prev" {
		panic(c.Exception("InvalidAccessError", "The cursor's source is not an index or its direction is a unique one."))
	}
	k.ready(c)
	target, at := entry{keyArg(c, 0), keyArg(c, 1)}, entry{k.keyKey, k.primKey}
	if d := target.compare(at); k.forward() && d <= 0 || !k.forward() && d >= 0 {
		panic(c.Exception("DataError", "The parameters are not past this cursor's position."))
	}
	k.again(c, 1, target.key, target.primary)
	return nil
}

// modifiable is the store that update and delete change.
func (k *cursor) modifiable(c *idl.Call) *storeObject {
	k.active(c)
	t, _ := k.source.handle()
	if t.core.mode == readOnly {
		panic(c.Exception("ReadOnlyError", "The record may not be changed inside a read-only transaction."))
	}
	k.source.usable(c)
	if !k.gotValue || k.keyOnly {
		panic(c.Exception("InvalidStateError", "The cursor has no value or is a key cursor."))
	}
	return t.store(k.source.store())
}

func cursorUpdate(c *idl.Call) goja.Value {
	k := idl.This[*cursor](c)
	s := k.modifiable(c)
	explicit := goja.Value(goja.Undefined())
	if s.core.path.none() {
		explicit = k.primary
	}
	r := s.prepare(c, c.Arg(0), explicit, s.core.path.none())
	if r.key != k.primKey {
		panic(c.Exception("DataError", "The effective object store of this cursor uses in-line keys and evaluating the key path of the value parameter results in a different value than the cursor's effective key."))
	}
	t := s.transaction
	q := newRequest(c.Realm, k.object, t)
	t.ask(q, func() (func() goja.Value, *failure) {
		key, failed := t.core.put(s.core, r, false)
		return func() goja.Value { return fromKey(c.Realm, key) }, failed
	})
	return q.Object()
}

func cursorDelete(c *idl.Call) goja.Value {
	k := idl.This[*cursor](c)
	s := k.modifiable(c)
	t, primary := s.transaction, k.primKey
	q := newRequest(c.Realm, k.object, t)
	t.ask(q, func() (func() goja.Value, *failure) {
		t.core.remove(s.core, only(primary))
		return func() goja.Value { return goja.Undefined() }, nil
	})
	return q.Object()
}
