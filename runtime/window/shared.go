package window

import (
	"context"
	"slices"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/cache"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/env"
)

// shared is what the windows of a group have in common. Of the loop.
type shared struct {
	current *Window // whose script ran last
	wired   bool
}

// currentWindow is the window whose script runs, or ran last.
func (g *group) currentWindow() *Window { return g.shared.current }

// wireRejections hands rejections nobody handles to the window whose script ran
// last: a promise does not tell which realm it belongs to.
//
// DIVERGES: one that is rejected later, by a task of another window, is reported
// there.
func (g *group) wireRejections() {
	if g.shared.wired {
		return
	}
	g.shared.wired = true
	g.agent.OnUnhandledRejection = func(p *goja.Promise) {
		if w := g.shared.current; w != nil && !w.doc.gone {
			w.rejected(p)
		}
	}
}

// settings are what all environments of the context have in common; as is the
// environment for the fetch algorithm.
func (c *Context) settings(as func() fetch.Client) *env.Settings {
	return &env.Settings{
		UserAgent: c.browser.options.UserAgent, Online: func() bool { offline := as().Offline; return offline == nil || !offline() }, Engine: c.engine, Blobs: c.blobs,
		UserAgentNow: func() string { return as().UserAgent },
		Network:      c.fetcher.Network, Cookies: c.fetcher.Cookies(), Random: lockedReader{c.browser},
		Permission: c.permission,
		Fetch: func(ctx context.Context, r *fetch.Request) *fetch.Response {
			return c.fetcher.Fetch(ctx, r, as())
		},
	}
}

// cachesFor is the cache storage of a storage key, or why there is none.
func (c *Context) cachesFor(o fetch.Origin, storageKey string, secure bool) func() (*cache.Storage, error) {
	return func() (*cache.Storage, error) {
		if o.IsOpaque() {
			return nil, &runtime.Exception{Name: "SecurityError", Message: "Cache storage is disabled because the context is sandboxed and lacks the 'allow-same-origin' flag."}
		}
		return c.engine.CacheStorage(storageKey), nil
	}
}

// clearSiteData is what Clear-Site-Data: "storage" does to workers and caches.
func (c *Context) clearSiteData(ctx context.Context, env fetch.Client, u *fetch.URL, types []string) {
	if !slices.Contains(types, "storage") && !slices.Contains(types, "*") {
		return
	}
	key := u.Origin().String()
	c.engine.ClearRegistrations(key)
	caches := c.engine.CacheStorage(key)
	for _, name := range caches.Keys() {
		caches.Delete(name)
	}
}
