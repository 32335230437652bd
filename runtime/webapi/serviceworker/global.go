package serviceworker

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/workerscope"
)

// global is the implementation of a ServiceWorkerGlobalScope.
type global struct {
	workerscope.Scope
	concept *runtime.Worker
	clients *goja.Object
	// evaluated is set once the script has run.
	evaluated bool
}

// ServiceWorkerGlobalScope is the interface of that name.
//
// Source: https://w3c.github.io/ServiceWorker/#serviceworkerglobalscope-interface
var ServiceWorkerGlobalScope = &idl.Interface{
	Name: "ServiceWorkerGlobalScope", Parent: workerscope.Interface,
	Members: append([]idl.Member{
		idl.Attr("clients", func(c *idl.Call) goja.Value { return idl.This[*global](c).clientsObject() }, nil),
		idl.Attr("registration", func(c *idl.Call) goja.Value { return idl.This[*global](c).registration().Object() }, nil),
		idl.Attr("serviceWorker", func(c *idl.Call) goja.Value {
			g := idl.This[*global](c)
			o := objectsOf(c.Realm)
			return o.worker(g.concept, o.own.state).Object()
		}, nil),
		idl.PromiseMethod("skipWaiting", 0, skipWaiting),
	}, handlers("install", "activate", "fetch", "message", "messageerror",
		"push", "pushsubscriptionchange", "notificationclick", "notificationclose", "sync", "periodicsync")...),
}

func handlers(events ...string) []idl.Member {
	members := make([]idl.Member, len(events))
	for i, event := range events {
		members[i] = dom.Handler(event)
	}
	return members
}

func (g *global) registration() *registration {
	o := objectsOf(g.Realm())
	return o.registration(g.concept.Registration(), o.own.registration)
}

func (g *global) clientsObject() goja.Value {
	if g.clients == nil {
		g.clients = idl.Wrap(g.Realm(), Clients, &clients{g})
	}
	return g.clients
}

// skipWaiting resolves once Try Activate is through.
func skipWaiting(c *idl.Call) goja.Value {
	g := idl.This[*global](c)
	o := objectsOf(c.Realm)
	p := c.Realm.NewPromise()
	g.Settings().Engine.StartSkipWaiting(g.concept, func() {
		o.queue(domManipulation, func() { p.Resolve(nil) })
	})
	return p.Value
}

// late warns of a listener that comes after the script ran: the engine has already
// noted which events the worker handles.
func (g *global) late(event string, warn func(string)) {
	if !g.evaluated {
		return
	}
	switch event {
	case "install", "activate", "fetch", "message", "push", "pushsubscriptionchange", "notificationclick", "notificationclose", "sync", "periodicsync":
		warn("Event handler of '" + event + "' event must be added on the initial evaluation of worker script.")
	}
}
