package indexeddb

import (
	"context"
	"slices"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// opening is an open or delete request under way: a goroutine of the agent that
// follows "open a database connection" or "delete a database" and queues what the
// loop has to do. It owns the database name's turn until it returns.
type opening struct {
	storage *Storage
	realm   *idl.Realm
	request *request
	name    string
	version uint64 // 0: none was asked for
	connect func(o *databaseObject)
	turn    func(stop <-chan struct{}) bool // waits in the connection queue
	leave   func()
}

// upgrade is a version change transaction between its start and the end of its
// last event.
type upgrade struct {
	object *databaseObject
	old    uint64
	ended  chan struct{} // closed on the loop after complete or abort was fired
	failed bool          // aborted; of the loop
	req    *request
	finish func() // fires success or error at the request
}

func (u *upgrade) aborted() { u.failed, u.object.version = true, u.old }

func (u *upgrade) over() {
	u.req.transaction, u.req.Parent = nil, nil
	u.finish()
	close(u.ended)
}

// queue queues a task; false when the agent has ended.
func (o *opening) queue(f func()) bool {
	return o.realm.Agent().Queue(taskSource, func() {
		if !o.realm.Gone() {
			f()
		}
	})
}

func (o *opening) fail(name, message string) {
	o.queue(func() {
		o.request.fail(idl.DOMError(o.realm, name, message))
		o.request.fireError()
	})
}

// open is "open a database connection" and what IDBFactory.open does with the result.
func (o *opening) open(ctx context.Context) {
	if !o.turn(ctx.Done()) {
		return
	}
	defer o.leave()
	s := o.storage
	s.mu.Lock()
	d, existed := s.databases[o.name], true
	if d == nil {
		existed = false
		d = &database{name: o.name, stores: map[string]*objectStore{}}
		s.databases[o.name] = d
	}
	current := d.version
	s.mu.Unlock()
	version := o.version
	if version == 0 {
		version = max(current, 1)
	}
	if current > version {
		o.fail("VersionError", "The requested version ("+itoa(int(version))+") is less than the existing version ("+itoa(int(current))+").")
		return
	}
	if current == version {
		o.succeed(d)
		return
	}
	if !o.waitForOthers(ctx, d, version) {
		return
	}
	o.upgrade(ctx, d, version, existed)
}

// waitForOthers fires versionchange at the other connections and waits until they
// are closed; false when the agent ended first.
func (o *opening) waitForOthers(ctx context.Context, d *database, version uint64) bool {
	s := o.storage
	s.mu.Lock()
	others := slices.Clone(d.connections)
	old := d.version
	s.mu.Unlock()
	blocking := false // some connection was still open when its listeners had run
	for _, c := range others {
		fired := make(chan struct{})
		agent := c.object.Realm().Agent()
		if !agent.Queue(taskSource, func() {
			defer close(fired)
			if !c.object.closePending && !c.object.Realm().Gone() {
				fireVersion(&c.object.Target, "versionchange", old, version)
			}
			s.mu.Lock()
			blocking = blocking || !c.closed
			s.mu.Unlock()
		}) {
			continue
		}
		select {
		case <-fired:
		case <-agent.Done():
		case <-ctx.Done():
			return false
		}
	}
	s.mu.Lock()
	if blocking {
		o.queue(func() { fireVersion(&o.request.Target, "blocked", old, version) })
	}
	s.mu.Unlock()
	for {
		s.mu.Lock()
		open, changed := len(d.connections) > 0, s.changed
		s.mu.Unlock()
		if !open {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// upgrade is "upgrade a database".
func (o *opening) upgrade(ctx context.Context, d *database, version uint64, existed bool) {
	s := o.storage
	core := s.begin(d, versionChange, nil)
	s.mu.Lock()
	old := d.version
	d.version, d.upgrading = version, true
	d.before = old
	core.undo(func() {
		d.version = old
		if !existed {
			delete(s.databases, d.name)
		}
	})
	s.mu.Unlock()
	u := &upgrade{old: old, ended: make(chan struct{}), req: o.request}
	u.finish = func() { o.finished(u) }
	o.queue(func() {
		s.mu.Lock()
		u.object = s.connect(o.realm, d)
		s.mu.Unlock()
		o.connect(u.object)
		t := newTransactionObject(u.object, core)
		t.upgrade, t.open = u, o.request
		u.object.upgrade = t
		o.request.succeed(u.object.Object())
		o.request.transaction = t
		t.active = true
		e := fireVersion(&o.request.Target, "upgradeneeded", old, version)
		t.active = false
		if len(e.Thrown) > 0 {
			t.abort(idl.DOMError(o.realm, "AbortError", "Uncaught exception in event handler."))
		}
		t.settle()
	})
	select {
	case <-u.ended:
		s.mu.Lock()
		d.upgrading = false
		s.mu.Unlock()
	case <-ctx.Done():
		core.end(true) // before another may have its turn
		s.mu.Lock()
		d.upgrading = false
		s.mu.Unlock()
	}
}

// finished fires success with the connection of an upgrade, or error when it was
// aborted or the connection closed. It runs in the task of the transaction's last
// event, so that nothing a listener of that asked for comes first.
func (o *opening) finished(u *upgrade) {
	if !u.failed && !u.object.closePending {
		o.request.fireSuccess()
		return
	}
	u.object.close()
	message := "The connection was closed."
	if u.failed {
		message = "Version change transaction was aborted in upgradeneeded event handler."
	}
	o.request.fail(idl.DOMError(o.realm, "AbortError", message))
	o.request.fireError()
}

// succeed fires success with a new connection. The turn is kept until the connection
// exists, so that the next request sees it.
func (o *opening) succeed(d *database) {
	ran := make(chan struct{})
	if !o.queue(func() {
		defer close(ran)
		o.storage.mu.Lock()
		object := o.storage.connect(o.realm, d)
		o.storage.mu.Unlock()
		o.connect(object)
		o.request.succeed(object.Object())
		o.request.fireSuccess()
	}) {
		return
	}
	select {
	case <-ran:
	case <-o.realm.Agent().Context().Done():
	}
}

// delete is "delete a database".
func (o *opening) delete(ctx context.Context) {
	if !o.turn(ctx.Done()) {
		return
	}
	defer o.leave()
	s := o.storage
	s.mu.Lock()
	d := s.databases[o.name]
	s.mu.Unlock()
	var old uint64
	if d != nil {
		if !o.waitForOthers(ctx, d, 0) {
			return
		}
		s.mu.Lock()
		old = d.version
		delete(s.databases, o.name)
		s.mu.Unlock()
	}
	o.queue(func() {
		o.request.succeed(goja.Undefined())
		fireVersion(&o.request.Target, "success", old, 0)
	})
}

// IDBFactory is the interface of that name.
var IDBFactory = &idl.Interface{Name: "IDBFactory"}

// factory is the implementation of an IDBFactory. Of the loop.
type factory struct {
	realm       *idl.Realm
	storage     func() *Storage
	refused     func() bool
	connections map[*databaseObject]struct{}
}

func init() {
	IDBFactory.Members = []idl.Member{
		idl.Method("open", 1, func(c *idl.Call) goja.Value {
			name, version := c.String(0), uint64(0)
			if c.Has(1) {
				if version = uint64(idl.Enforce(c, c.Arg(1), 0, idl.MaxSafeInteger)); version == 0 {
					panic(c.Fail("The version provided must not be 0."))
				}
			}
			return idl.This[*factory](c).begin(c, name, version, (*opening).open)
		}),
		idl.Method("deleteDatabase", 1, func(c *idl.Call) goja.Value {
			return idl.This[*factory](c).begin(c, c.String(0), 0, (*opening).delete)
		}),
		idl.PromiseMethod("databases", 0, func(c *idl.Call) goja.Value {
			var list []any
			f := idl.This[*factory](c)
			f.allowed(c)
			for _, d := range f.storage().committed() {
				o := c.Runtime().NewObject()
				_ = o.Set("name", d.Name)
				_ = o.Set("version", d.Version)
				list = append(list, o)
			}
			return idl.Resolved(c.Realm, c.Runtime().NewArray(list...))
		}),
		idl.Method("cmp", 2, func(c *idl.Call) goja.Value {
			a, b := keyArg(c, 0), keyArg(c, 1)
			switch {
			case a < b:
				return c.Value(-1)
			case a > b:
				return c.Value(1)
			}
			return c.Value(0)
		}),
	}
}

// allowed throws where an environment may not have storage: its origin is opaque.
func (f *factory) allowed(c *idl.Call) {
	if f.refused() {
		panic(c.Exception("SecurityError", "access to the Indexed Database API is denied in this context."))
	}
}

func (f *factory) begin(c *idl.Call, name string, version uint64, steps func(*opening, context.Context)) goja.Value {
	f.allowed(c)
	q := newRequest(f.realm, goja.Null(), nil)
	q.open = true
	q.Bind(f.realm, idl.Wrap(f.realm, IDBOpenRequest, q))
	o := &opening{storage: f.storage(), realm: f.realm, request: q, name: name, version: version, connect: func(d *databaseObject) {
		f.connections[d] = struct{}{}
		d.forget = func() { delete(f.connections, d) }
	}}
	o.turn, o.leave = o.storage.enter(name)
	if !f.realm.Agent().Go(func(ctx context.Context) { steps(o, ctx) }) {
		o.leave()
	}
	return q.Object()
}

// scope names the mixin in messages.
var scope = &idl.Interface{Name: "WindowOrWorkerGlobalScope"}

// Install exposes the interfaces, and indexedDB on the realm's global. storage is
// asked for when a script first uses it; see [Of].
func Install(r *idl.Realm, storage func() *Storage) {
	f := &factory{realm: r, storage: storage, refused: func() bool { return env.Has(r.Realm) && env.Of(r.Realm).Origin.IsOpaque() }, connections: map[*databaseObject]struct{}{}}
	r.OnDestroy(func() {
		for d := range f.connections {
			d.drop()
		}
	})
	idl.Expose(r, IDBFactory, IDBRequest, IDBOpenRequest, IDBDatabase, IDBTransaction, IDBObjectStore, IDBIndex,
		IDBCursor, IDBCursorWithValue, IDBKeyRange, IDBVersionChangeEvent, DOMStringList)
	var object *goja.Object
	idl.Mixin(r, scope, nil, idl.Attr("indexedDB", func(*idl.Call) goja.Value {
		if object == nil {
			object = idl.Wrap(r, IDBFactory, f)
		}
		return object
	}, nil))
}
