package window

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/clock"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/notifications"
	"github.com/swinspect/swinspect/runtime/webapi/serviceworker"
)

// BrowserOptions configure a Browser. Network is required.
type BrowserOptions struct {
	Network   http.RoundTripper
	Clock     clock.Clock // the machine's when nil
	Rand      io.Reader   // ids and crypto.getRandomValues; crypto/rand when nil
	Random    func() float64
	UserAgent string
	Logger    *slog.Logger
	Limits    runtime.Limits
	Observer  Observer
	// Fetches is told of requests; Engines makes the observer of a context's engine.
	Fetches func(c *Context) fetch.Observer
	Engines func(c *Context) runtime.Observer
	Hold    Hold
	// AcceptLanguage and HTTPCacheBytes are those of fetch.FetcherOptions.
	AcceptLanguage string
	HTTPCacheBytes int64
}

// DefaultUserAgent is what the engine calls itself.
const DefaultUserAgent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) swinspect-engine/1.0 Safari/537.36"

// Browser is a browser without a screen. Safe for any number of goroutines.
type Browser struct {
	options BrowserOptions
	log     *slog.Logger
	clock   clock.Clock
	observe Observer

	mu       sync.Mutex // guards all below
	contexts []*Context // the first is the default one
	rand     io.Reader
}

// NewBrowser starts a browser with its default context. End it with Close.
func NewBrowser(o BrowserOptions) *Browser {
	if o.Clock == nil {
		o.Clock = clock.Real()
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.UserAgent == "" {
		o.UserAgent = DefaultUserAgent
	}
	if o.Observer == nil {
		o.Observer = NoObserver{}
	}
	b := &Browser{options: o, log: o.Logger, clock: o.Clock, rand: o.Rand, observe: o.Observer}
	b.contexts = []*Context{newContext(b, true)}
	return b
}

// UserAgent is navigator.userAgent.
func (b *Browser) UserAgent() string { return b.options.UserAgent }

// Clock is the browser's time.
func (b *Browser) Clock() clock.Clock { return b.clock }

// DefaultContext is the context that is always there.
func (b *Browser) DefaultContext() *Context {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.contexts[0]
}

// Contexts are all contexts, the default one first.
func (b *Browser) Contexts() []*Context {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.contexts)
}

// NewContext opens a browser context: own cookies, storage and workers.
func (b *Browser) NewContext() *Context {
	c := newContext(b, false)
	b.mu.Lock()
	b.contexts = append(b.contexts, c)
	b.mu.Unlock()
	return c
}

// Close ends all contexts and waits for everything of them.
func (b *Browser) Close() {
	for _, c := range b.Contexts() {
		c.close()
	}
}

// newID is 32 hexadecimal digits in capitals, as CDP's target ids are.
func (b *Browser) newID() string {
	var id [16]byte
	b.mu.Lock()
	_, err := io.ReadFull(b.rand, id[:])
	b.mu.Unlock()
	if err != nil {
		panic("window: the source of randomness failed: " + err.Error())
	}
	return upperHex(id[:])
}

func upperHex(b []byte) string {
	s := []byte(hex.EncodeToString(b))
	for i, c := range s {
		if c >= 'a' {
			s[i] = c - 'a' + 'A'
		}
	}
	return string(s)
}

// Context is a browser context: an engine, a fetcher, pages.
type Context struct {
	browser   *Browser
	id        string
	isDefault bool
	fetcher   *fetch.Fetcher
	engine    *runtime.Engine
	shared    sharedWorkers
	others    sync.WaitGroup // goroutines that wait for workers to end
	blobs     *fetch.BlobURLs
	// answers and relived are of a past that is lived again (see Past): what requests are
	// answered, and who is told of the worker's agent. Set before anything runs.
	answers func(context.Context, *fetch.Request) *fetch.Response
	relived func(*serviceworker.Agent)

	mu        sync.Mutex // guards all below, and the tree of frames
	pages     []*Page
	groups    map[*group]struct{}
	workers   map[*Worker]struct{}
	closed    bool
	offline   bool
	bypass    bool // Network.setBypassServiceWorker of the whole context
	granted   map[string]string
	workerSeq int
}

func newContext(b *Browser, isDefault bool) *Context {
	c := &Context{browser: b, id: b.newID(), isDefault: isDefault, groups: map[*group]struct{}{}, workers: map[*Worker]struct{}{}, blobs: fetch.NewBlobURLs(), granted: map[string]string{}}
	var requests fetch.Observer
	if b.options.Fetches != nil {
		requests = b.options.Fetches(c)
	}
	c.fetcher = fetch.NewFetcher(fetch.FetcherOptions{
		Network: b.options.Network, Clock: b.clock, UserAgent: b.options.UserAgent, Observer: requests, Blobs: c.blobs,
		AcceptLanguage: b.options.AcceptLanguage, HTTPCacheBytes: b.options.HTTPCacheBytes,
	})
	o := runtime.Options{Agents: (*agents)(c), Fetcher: c.fetcher, Clock: b.clock, Rand: lockedReader{b}, Logger: b.log, Limits: b.options.Limits}
	if b.options.Engines != nil {
		o.Observer = b.options.Engines(c)
	}
	c.engine = runtime.New(o)
	c.fetcher.HandleFetch = c.engine.HandleFetch
	c.fetcher.ClearSiteData = c.clearSiteData
	return c
}

// lockedReader lets engines share the browser's source of randomness.
type lockedReader struct{ b *Browser }

func (r lockedReader) Read(p []byte) (int, error) {
	r.b.mu.Lock()
	defer r.b.mu.Unlock()
	return r.b.rand.Read(p)
}

// ID is CDP's browserContextId.
func (c *Context) ID() string { return c.id }

// IsDefault reports whether this is the context that is always there.
func (c *Context) IsDefault() bool { return c.isDefault }

// Browser is the context's browser.
func (c *Context) Browser() *Browser { return c.browser }

// Engine is the context's service workers.
func (c *Context) Engine() *runtime.Engine { return c.engine }

// Fetcher is the context's network, HTTP cache and cookies.
func (c *Context) Fetcher() *fetch.Fetcher { return c.fetcher }

// Pages are the open pages, oldest first.
func (c *Context) Pages() []*Page {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.pages)
}

// Workers are the running workers of every kind.
func (c *Context) Workers() []*Worker {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]*Worker, 0, len(c.workers))
	for w := range c.workers {
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b *Worker) int { return a.seq - b.seq })
	return all
}

// SetOffline takes the whole context off the network, or back on: pages hear of it,
// and what waits for the network (background sync) goes on.
func (c *Context) SetOffline(on bool) {
	c.mu.Lock()
	before := c.offline
	c.offline = on
	c.mu.Unlock()
	if before == on {
		return
	}
	for _, p := range c.Pages() {
		p.ConnectionChanged(!on)
	}
	if !on {
		notifications.BackOnline(c.engine)
	}
}

// Offline reports whether the context is off the network.
func (c *Context) Offline() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offline
}

// Dispose closes the context with all its pages, workers and storage. The default
// context cannot be disposed.
func (c *Context) Dispose() {
	if c.isDefault {
		return
	}
	b := c.browser
	b.mu.Lock()
	b.contexts = slices.DeleteFunc(b.contexts, func(o *Context) bool { return o == c })
	b.mu.Unlock()
	c.close()
}

func (c *Context) close() {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	c.closed = true
	c.mu.Unlock()
	for _, p := range c.Pages() {
		p.Close(context.Background())
	}
	for _, w := range c.Workers() {
		w.Terminate(runtime.ErrClosed)
	}
	c.engine.Close()
	c.mu.Lock()
	groups := make([]*group, 0, len(c.groups))
	for g := range c.groups {
		groups = append(groups, g)
	}
	c.mu.Unlock()
	for _, g := range groups {
		g.end()
	}
	for _, w := range c.Workers() {
		<-w.agent.Done()
	}
	c.others.Wait()
}

// SetPermission sets the state of a permission for every origin: "granted",
// "denied" or "prompt".
func (c *Context) SetPermission(name, state string) {
	c.mu.Lock()
	c.granted[name] = state
	c.mu.Unlock()
}

// ResetPermissions forgets what SetPermission set.
func (c *Context) ResetPermissions() {
	c.mu.Lock()
	clear(c.granted)
	c.mu.Unlock()
}

func (c *Context) permission(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if state := c.granted[name]; state != "" {
		return state
	}
	return "prompt"
}

// SetBypassServiceWorker sends every request of the context past its workers.
func (c *Context) SetBypassServiceWorker(on bool) {
	c.mu.Lock()
	c.bypass = on
	c.mu.Unlock()
}
