// Package env is what the objects of the web platform know of the place they live
// in: an environment settings object. Whoever makes a realm (runtime/window for
// documents and workers, runtime/webapi/serviceworker for service workers) fills
// one in and hangs it on the realm; every package of webapi asks it.
//
// Source: https://html.spec.whatwg.org/#environment-settings-object
package env

import (
	"context"
	"io"
	"net/http"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/cache"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
)

// Kind is the kind of global a realm has.
type Kind string

// The kinds of global.
const (
	Window          Kind = "Window"
	DedicatedWorker Kind = "DedicatedWorker"
	SharedWorker    Kind = "SharedWorker"
	ServiceWorker   Kind = "ServiceWorker"
)

// Settings is an environment settings object. Its fields are set before the first
// script runs; the functions may be called on the agent's loop and, where they
// take a context, only off it.
type Settings struct {
	Kind        Kind
	ID          string // the environment's id: the client id
	CreationURL func() *fetch.URL
	BaseURL     func() *fetch.URL
	Origin      fetch.Origin
	StorageKey  string
	Secure      bool // a secure context
	UserAgent   string
	Online      func() bool
	// UserAgentNow, when set, gives the user agent that a DevTools client set instead;
	// empty for none.
	UserAgentNow func() string
	Closing      func() bool // of a page that window.close() was called for; may be nil

	// Engine is the browser context's engine; Client is this environment as a
	// service worker client (nil in a service worker); Worker is the service worker
	// whose global this is (nil elsewhere).
	Engine *runtime.Engine
	Client *runtime.Client
	Worker *runtime.Worker

	// Fetch performs a fetch as this environment; it blocks.
	Fetch func(ctx context.Context, r *fetch.Request) *fetch.Response
	// Network carries what is no fetch (the handshakes of WebSockets), Cookies is the
	// jar that goes with it, Random where crypto gets its bytes; each may be nil.
	Network func() http.RoundTripper
	Cookies *fetch.CookieJar
	Random  io.Reader
	// Blobs is the blob URL store of the browser context; nil: there are none.
	Blobs *fetch.BlobURLs
	// Permission is the state of a permission for the origin by its name
	// ("notifications", "periodic-background-sync", …): "granted", "denied" or
	// "prompt". nil: nobody was asked yet.
	Permission func(name string) string
	// Caches is the cache storage of the storage key, or why there is none.
	Caches func() (*cache.Storage, error)
	// Console is told of console.*: level is "log", "warning", "error", "info",
	// "debug", "trace", "assert", "dir", "table", "startGroup", … (CDP's words).
	Console func(level string, args []goja.Value)
}

type key struct{}

// Attach hangs settings on a realm.
func Attach(r *script.Realm, s *Settings) { r.SetValue(key{}, s) }

// Of is a realm's settings; it panics for a realm without, a mistake of the program.
func Of(r *script.Realm) *Settings { return r.Value(key{}).(*Settings) }

// Has reports whether settings were attached to a realm.
func Has(r *script.Realm) bool { _, ok := r.Value(key{}).(*Settings); return ok }
