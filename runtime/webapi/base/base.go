// Package base puts into a realm what windows and workers of every kind have in
// common.
package base

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/cacheapi"
	"github.com/swinspect/swinspect/runtime/webapi/compression"
	"github.com/swinspect/swinspect/runtime/webapi/console"
	"github.com/swinspect/swinspect/runtime/webapi/crypto"
	"github.com/swinspect/swinspect/runtime/webapi/encoding"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/eventsource"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/indexeddb"
	"github.com/swinspect/swinspect/runtime/webapi/locks"
	"github.com/swinspect/swinspect/runtime/webapi/messaging"
	"github.com/swinspect/swinspect/runtime/webapi/perf"
	"github.com/swinspect/swinspect/runtime/webapi/storageapi"
	"github.com/swinspect/swinspect/runtime/webapi/streams"
	"github.com/swinspect/swinspect/runtime/webapi/timers"
	"github.com/swinspect/swinspect/runtime/webapi/urlapi"
	"github.com/swinspect/swinspect/runtime/webapi/wasm"
	"github.com/swinspect/swinspect/runtime/webapi/websocket"
)

// Install is to be called after env.Attach and before any script; global is the
// implementation of the realm's global object.
func Install(r *idl.Realm, global any) {
	if settings := env.Of(r.Realm); settings.Kind != env.Window {
		scope := &idl.Interface{Name: "WindowOrWorkerGlobalScope"}
		idl.Mixin(r, scope, global,
			idl.Attr("isSecureContext", func(c *idl.Call) goja.Value { return c.Value(settings.Secure) }, nil),
			idl.Attr("crossOriginIsolated", func(c *idl.Call) goja.Value { return c.Value(false) }, nil),
			idl.Replaceable("origin", func(c *idl.Call) goja.Value { return c.Value(settings.Origin.String()) }),
		)
	}
	timers.Install(r, global)
	console.Install(r)
	perf.Install(r, global)
	messaging.Install(r, global)
	buffer.Install(r)
	encoding.Install(r, global)
	streams.Install(r)
	compression.Install(r)
	urlapi.Install(r)
	fetchapi.Install(r)
	cacheapi.Install(r)
	eventsource.Install(r)
	settings := env.Of(r.Realm)
	websocket.Install(r, websocket.For(settings))
	if settings.Secure {
		idl.Expose(r, locks.LockManager, locks.Lock, storageapi.StorageManager)
	}
	crypto.Install(r, settings.Random, settings.Secure)
	wasm.Install(r)
	indexeddb.Install(r, func() *indexeddb.Storage { return indexeddb.Of(settings) })
}
