package serviceworker

import (
	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/cacheapi"
	"github.com/swinspect/swinspect/runtime/webapi/compression"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/extendable"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/indexeddb"
	"github.com/swinspect/swinspect/runtime/webapi/messaging"
	"github.com/swinspect/swinspect/runtime/webapi/notifications"
	"github.com/swinspect/swinspect/runtime/webapi/streams"
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
	messaging.Install(r, g)
	buffer.Install(r)
	streams.Install(r)
	compression.Install(r)
	fetchapi.Install(r)
	cacheapi.Install(r)
	indexeddb.Install(r, func() *indexeddb.Storage { return indexeddb.Of(env.Of(r.Realm)) })
	cacheapi.Install(r)
}
