package locks

import (
	"strings"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// container is the implementation of a LockManager object. Of the loop.
type container struct {
	realm   *idl.Realm
	manager func() *Manager
	client  string
	used    bool
}

// LockManager and Lock are the interfaces of those names.
var (
	LockManager = &idl.Interface{Name: "LockManager", Members: []idl.Member{
		idl.PromiseMethod("request", 2, requestLock),
		idl.PromiseMethod("query", 0, query),
	}}
	Lock = &idl.Interface{Name: "Lock", Members: []idl.Member{
		idl.Attr("name", func(c *idl.Call) goja.Value { return c.Value(idl.This[*lock](c).name) }, nil),
		idl.Attr("mode", func(c *idl.Call) goja.Value { return c.Value(idl.This[*lock](c).mode) }, nil),
	}}
)

// New makes the object of navigator.locks. client is the
// environment's id; manager is asked for when a script first uses it (see [Of]).
func New(r *idl.Realm, client string, manager func() *Manager) *goja.Object {
	m := &container{realm: r, manager: manager, client: client}
	r.OnDestroy(func() {
		if m.used {
			m.manager().drop(m)
		}
	})
	return idl.Wrap(r, LockManager, m)
}

func query(c *idl.Call) goja.Value {
	held, pending := idl.This[*container](c).manager().Query()
	rt := c.Runtime()
	list := func(infos []Info) goja.Value {
		var items []any
		for _, i := range infos {
			o := rt.NewObject()
			_ = o.Set("name", i.Name)
			_ = o.Set("mode", i.Mode)
			_ = o.Set("clientId", i.ClientID)
			items = append(items, o)
		}
		return rt.NewArray(items...)
	}
	o := rt.NewObject()
	_ = o.Set("held", list(held))
	_ = o.Set("pending", list(pending))
	return idl.Resolved(c.Realm, o)
}

// requestLock is LockManager.request(name, options?, callback).
func requestLock(c *idl.Call) goja.Value {
	m := idl.This[*container](c)
	name, callback, options := c.String(0), c.Arg(1), idl.Dict{}
	if len(c.Args) > 2 {
		options, callback = c.Dict(1), c.Arg(2)
	}
	f := idl.Callback(c, callback)
	var ifAvailable, steal bool
	mode := "exclusive"
	var signal *dom.Signal
	if options.Object() != nil {
		ifAvailable = options.Bool("ifAvailable", false)
		mode = options.Enum("mode", "exclusive", "LockMode", "shared", "exclusive")
		if v, ok := options.Get("signal"); ok {
			signal = idl.As[*dom.Signal](c, v, dom.AbortSignal)
		}
		steal = options.Bool("steal", false)
	}
	switch {
	case strings.HasPrefix(name, "-"):
		panic(c.Exception("NotSupportedError", "Names cannot start with '-'."))
	case steal && ifAvailable:
		panic(c.Exception("NotSupportedError", "The 'steal' and 'ifAvailable' options cannot be used together."))
	case steal && mode != "exclusive":
		panic(c.Exception("NotSupportedError", "The 'steal' option may only be used with 'exclusive' locks."))
	case signal != nil && (steal || ifAvailable):
		panic(c.Exception("NotSupportedError", "The 'signal' option cannot be used with 'steal' or 'ifAvailable'."))
	case signal != nil && signal.Aborted:
		panic(signal.Reason)
	}
	return m.request(f, name, mode, ifAvailable, steal, signal)
}

func (m *container) request(f goja.Callable, name, mode string, ifAvailable, steal bool, signal *dom.Signal) goja.Value {
	p, agent := m.realm.NewPromise(), m.realm.Agent()
	q := &request{name: name, mode: mode, client: m.client, owner: m}
	unlisten := func() {}
	q.granted = func(l *lock) bool {
		return agent.Queue("web locks", func() {
			unlisten()
			if m.realm.Gone() { // drop has released it
				return
			}
			m.hold(p, f, l)
		})
	}
	q.stolen = func() {
		agent.Queue("web locks", func() {
			p.Reject(idl.DOMError(m.realm, "AbortError", "Lock broken by another request with the 'steal' option."))
		})
	}
	if signal != nil {
		unlisten = signal.Add(func() {
			if m.manager().abort(q) {
				p.Reject(signal.Reason)
			}
		})
	}
	m.used = true
	m.manager().add(q, ifAvailable, steal)
	return p.Value
}

// hold runs the callback and keeps the lock until what it returns has settled.
func (m *container) hold(p *script.Promise, f goja.Callable, l *lock) {
	agent := m.realm.Agent()
	argument, release := goja.Value(goja.Null()), func() {}
	if l != nil {
		argument = idl.Wrap(m.realm, Lock, l)
		release = func() { m.manager().release(l) }
	}
	v, err := agent.Call(f, goja.Undefined(), argument)
	if err != nil {
		release()
		p.Reject(idl.Reason(m.realm.Runtime(), err))
		return
	}
	agent.Then(v, func(v goja.Value) { release(); p.Resolve(v) }, func(reason goja.Value) { release(); p.Reject(reason) })
}
