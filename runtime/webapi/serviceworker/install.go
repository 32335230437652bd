package serviceworker

import (
	"github.com/swinspect/swinspect/runtime/webapi/base"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/extendable"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/notifications"
	"github.com/swinspect/swinspect/runtime/webapi/workerscope"
)

// Interfaces are those that only a service worker's global exposes.
var Interfaces = []*idl.Interface{
	Client, WindowClient, Clients, extendable.Interface, InstallEvent, FetchEvent, ExtendableMessageEvent,
}

// Install puts everything a service worker's global has into a realm.
func Install(r *idl.Realm, g *global) {
	workerscope.Install(r, ServiceWorkerGlobalScope, g)
	idl.Expose(r, dom.Interfaces...)
	idl.Expose(r, Interfaces...)
	InstallContainer(r)
	idl.Expose(r, notifications.Interfaces...)
	idl.Expose(r, notifications.WorkerInterfaces...)
	base.Install(r, g)
}
