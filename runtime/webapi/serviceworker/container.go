package serviceworker

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/messaging"
)

// Container is the implementation of a ServiceWorkerContainer.
type Container struct {
	dom.Target
	o          *objects
	controller *worker
	ready      *script.Promise
	settled    bool
	// The client message queue.
	enabled  bool
	messages []clientMessage
}

type clientMessage struct {
	runtime.Message
	state runtime.State // of the worker that sent it
}

// ServiceWorkerContainer is the interface of that name.
//
// Source: https://w3c.github.io/ServiceWorker/#serviceworkercontainer-interface
var ServiceWorkerContainer = &idl.Interface{
	Name: "ServiceWorkerContainer", Parent: dom.EventTarget,
}

func init() {
	ServiceWorkerContainer.Members = []idl.Member{
		idl.Attr("controller", func(c *idl.Call) goja.Value {
			s := idl.This[*Container](c)
			// A document that is gone has no client, and so no active worker.
			return nullable(s.controller, s.controller != nil && !s.o.realm.Gone())
		}, nil),
		idl.PromiseAttr("ready", func(c *idl.Call) goja.Value { return idl.This[*Container](c).readyPromise() }),
		idl.PromiseMethod("register", 1, func(c *idl.Call) goja.Value { return idl.This[*Container](c).register(c) }),
		idl.PromiseMethod("getRegistration", 0, func(c *idl.Call) goja.Value { return idl.This[*Container](c).getRegistration(c) }),
		idl.PromiseMethod("getRegistrations", 0, func(c *idl.Call) goja.Value { return idl.This[*Container](c).getRegistrations() }),
		idl.Method("startMessages", 0, func(c *idl.Call) goja.Value { idl.This[*Container](c).StartMessages(); return nil }),
		dom.Handler("controllerchange"),
		dom.HandlerWith("message", func(c *idl.Call) { idl.This[*Container](c).StartMessages() }),
		dom.Handler("messageerror"),
	}
}

// ClientInterfaces are the interfaces of windows and workers of all kinds.
var ClientInterfaces = []*idl.Interface{ServiceWorker, ServiceWorkerRegistration, ServiceWorkerContainer, NavigationPreloadManager}

// InstallContainer exposes the interfaces in a realm and makes its container; what
// it returns is to be the client's environment. The realm's settings must be
// attached. Navigator objects answer ContainerOf's object.
func InstallContainer(r *idl.Realm) (*Container, runtime.Environment) {
	idl.Expose(r, ClientInterfaces...)
	o := objectsOf(r)
	c := &Container{o: o}
	o.container = c
	return c, environment{o}
}

// ContainerOf is the realm's container; nil before InstallContainer.
func ContainerOf(r *idl.Realm) *Container { return objectsOf(r).container }

// Container's object is made when it is first asked for.
func (c *Container) object() *goja.Object {
	if c.Target.Object() == nil {
		c.Bind(c.o.realm, idl.Wrap(c.o.realm, ServiceWorkerContainer, c))
	}
	return c.Target.Object()
}

// Object is the container's JavaScript object.
func (c *Container) Object() *goja.Object { return c.object() }

// FireSimple fires an event at the container, when a script has ever seen it.
func (c *Container) FireSimple(event string) bool {
	if c.Target.Object() == nil {
		return true
	}
	return c.Target.FireSimple(event)
}

// SetController is what the container starts with: before any script runs.
func (c *Container) SetController(w *runtime.Worker) {
	if w != nil {
		c.controller = c.o.worker(w, w.State())
	}
}

// readyPromise is the ready getter.
func (c *Container) readyPromise() goja.Value {
	if c.ready == nil {
		c.ready = c.o.realm.NewPromise()
	}
	s := c.o.settings
	if !c.settled && s.Client != nil {
		if r := s.Engine.GetRegistration(s.StorageKey, s.Client.URL()); r != nil {
			if snapshot := r.Snapshot(); snapshot.Active != nil {
				c.o.queue(domManipulation, func() { c.settleReady(r, snapshot) })
			}
		}
	}
	return c.ready.Value
}

func (c *Container) settleReady(r *runtime.Registration, s runtime.RegistrationSnapshot) {
	if c.ready != nil && !c.settled {
		c.settled = true
		c.ready.Resolve(c.o.registration(r, s).Object())
	}
}

// getRegistration is the method of that name.
func (c *Container) getRegistration(call *idl.Call) goja.Value {
	s := c.o.settings
	input := call.StringOr(0, "")
	u, err := fetch.ParseURL(input, s.BaseURL())
	if err != nil {
		panic(call.Fail("'%s' is not a valid URL.", input))
	}
	if origin := u.Origin(); !origin.Same(s.Origin) {
		panic(idl.DOMError(call.Realm, "SecurityError", "Failed to get a ServiceWorkerRegistration: The origin of the provided documentURL ('"+
			origin.String()+"') does not match the current origin ('"+s.Origin.String()+"')."))
	}
	p := c.o.realm.NewPromise()
	if r := s.Engine.GetRegistration(s.StorageKey, u); r != nil {
		s.Engine.Atomically(func() {
			snapshot := r.Snapshot()
			c.o.queue(domManipulation, func() { p.Resolve(c.o.registration(r, snapshot).Object()) })
		})
		return p.Value
	}
	c.o.queue(domManipulation, func() { p.Resolve(nil) })
	return p.Value
}

// getRegistrations is the method of that name.
func (c *Container) getRegistrations() goja.Value {
	s := c.o.settings
	p := c.o.realm.NewPromise()
	all := s.Engine.GetRegistrations(s.StorageKey)
	s.Engine.Atomically(func() {
		snapshots := make([]runtime.RegistrationSnapshot, len(all))
		for i, r := range all {
			snapshots[i] = r.Snapshot()
		}
		c.o.queue(domManipulation, func() {
			list := make([]goja.Value, len(all))
			for i, r := range all {
				list[i] = c.o.registration(r, snapshots[i]).Object()
			}
			p.Resolve(dom.Frozen(c.o.realm, list))
		})
	})
	return p.Value
}

// StartMessages enables the client message queue: startMessages(), and what a
// document does once its DOMContentLoaded is through, a worker once its script ran.
func (c *Container) StartMessages() {
	if c.enabled {
		return
	}
	c.enabled = true
	for range c.messages {
		c.o.queue("client message queue", c.deliverOldest)
	}
}

// receive takes a message that has arrived; one behind others that wait waits too.
func (c *Container) receive(m clientMessage) {
	if c.enabled && len(c.messages) == 0 {
		c.deliver(m)
		return
	}
	c.messages = append(c.messages, m)
	if c.enabled {
		c.o.queue("client message queue", c.deliverOldest)
	}
}

func (c *Container) deliverOldest() {
	m := c.messages[0]
	c.messages = c.messages[1:]
	c.deliver(m)
}

// deliver fires message, or messageerror, at the container.
func (c *Container) deliver(m clientMessage) {
	c.object()
	var source *goja.Object
	if w, ok := m.Source.(*runtime.Worker); ok {
		source = c.o.worker(w, m.state).Object()
	}
	if data, ok := m.Data.(*messaging.Serialized); ok {
		messaging.FireMessage(&c.Target, data, m.Origin, source)
	}
}
