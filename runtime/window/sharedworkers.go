package window

import (
	"sync"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/messaging"
)

// sharedWorkers are a context's, by storage key, URL and name. A shared worker ends
// when the last document that connected to it is gone.
type sharedWorkers struct {
	mu    sync.Mutex
	known map[sharedKey]*sharedEntry
}

type sharedKey struct{ storageKey, url, name string }

type sharedEntry struct {
	scope *workerScope
	users int
}

// sharedObject is the implementation of a SharedWorker.
type sharedObject struct {
	dom.Target
	port *messaging.Port
}

var sharedWorkerInterface = &idl.Interface{Name: "SharedWorker", Parent: dom.EventTarget, Length: 1}

func init() {
	sharedWorkerInterface.New = func(c *idl.Call) any {
		d := documentOf(c.Realm)
		o := &sharedObject{}
		o.Bind(c.Realm, c.Object)
		spec := workerOptions(c, d, env.SharedWorker)
		inner, outer := messaging.NewLoose()
		o.port = outer.Port(c.Realm)
		entry, leave := d.frame.page.context.shared.join(d.frame.page.context, spec, func(error) {
			d.queue("error", func() { o.FireSimple("error") })
		})
		entry.connect(inner)
		c.Realm.OnDestroy(leave)
		return o
	}
	sharedWorkerInterface.Members = []idl.Member{
		idl.Attr("port", func(c *idl.Call) goja.Value { return idl.This[*sharedObject](c).port.Object() }, nil),
		dom.Handler("error"),
	}
}

// join finds or starts the worker; leave is for the end of the document.
func (s *sharedWorkers) join(c *Context, spec workerSpec, failed func(error)) (entry *sharedEntry, leave func()) {
	key := sharedKey{spec.source.storageKey, spec.url.String(), spec.name}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[sharedKey]*sharedEntry{}
	}
	entry = s.known[key]
	if entry == nil || entry.scope.worker.agent.Err() != nil {
		entry = &sharedEntry{}
		_, entry.scope = c.startWorker(spec, failed)
		s.known[key] = entry
	}
	entry.users++
	return entry, func() {
		s.mu.Lock()
		entry.users--
		last := entry.users == 0
		if last && s.known[key] == entry {
			delete(s.known, key)
		}
		s.mu.Unlock()
		if last {
			entry.scope.worker.Terminate(runtime.ErrClosed)
		}
	}
}

// connect fires connect in the worker, with its end of the channel.
func (e *sharedEntry) connect(port messaging.Loose) {
	s := e.scope
	s.deliver(func() {
		p := port.Port(s.Realm())
		ports := dom.Frozen(s.Realm(), []goja.Value{p.Object()})
		s.Fire(dom.MessageEvent, &dom.Message{
			Event: dom.Event{Type: "connect"}, Data: s.Realm().Runtime().ToValue(""), Source: p.Object(), Ports: ports,
		})
	})
}
