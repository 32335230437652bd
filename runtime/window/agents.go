package window

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/cache"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/serviceworker"
	"github.com/swinspect/swinspect/runtime/webapi/workerscope"
)

// Worker is a running worker of any kind: its agent, realm and what it is for. Safe
// for any number of goroutines.
type Worker struct {
	context *Context
	id      string // CDP's target id
	seq     int
	kind    env.Kind
	url     string
	name    string
	agent   *script.Agent
	realm   *script.Realm
	service *runtime.Worker // of a service worker
	client  *runtime.Client // of the others
	owner   *Frame          // of a dedicated worker
	end     func(reason error)

	// overrides is guarded by the context's lock.
	overrides Overrides

	remembers atomic.Bool
	pastsLock sync.Mutex
	pasts     []*Past // oldest first; guarded by pastsLock
}

// ID is CDP's target id; another one each time a service worker starts.
func (w *Worker) ID() string { return w.id }

// Kind is what kind of worker it is.
func (w *Worker) Kind() env.Kind { return w.kind }

// URL is the script's.
func (w *Worker) URL() string { return w.url }

// Name is the name of a dedicated or shared worker.
func (w *Worker) Name() string { return w.name }

// Context is the worker's browser context.
func (w *Worker) Context() *Context { return w.context }

// Agent is the worker's agent.
func (w *Worker) Agent() *script.Agent { return w.agent }

// Realm is the worker's realm.
func (w *Worker) Realm() *script.Realm { return w.realm }

// Service is the service worker it runs; nil for other kinds.
func (w *Worker) Service() *runtime.Worker { return w.service }

// Client is the client that a dedicated or shared worker is; nil for a service worker.
func (w *Worker) Client() *runtime.Client { return w.client }

// Owner is the frame that started a dedicated worker; nil for other kinds.
func (w *Worker) Owner() *Frame { return w.owner }

// StorageKey is the worker's, serialised.
func (w *Worker) StorageKey() string {
	if w.service != nil {
		return w.service.Registration().StorageKey()
	}
	return w.client.StorageKey()
}

// Terminate ends the worker.
func (w *Worker) Terminate(reason error) { w.end(reason) }

// SetOverrides sets what CDP changes about the worker's requests.
func (w *Worker) SetOverrides(o Overrides) {
	w.context.mu.Lock()
	w.overrides = o
	w.context.mu.Unlock()
}

func (w *Worker) override(c *fetch.Client) {
	w.context.mu.Lock()
	o := w.overrides
	w.context.mu.Unlock()
	if o != nil {
		o(c)
	}
}

// started lists a worker; it is taken off the list when its agent has ended.
func (c *Context) started(w *Worker) {
	c.mu.Lock()
	c.workerSeq++
	w.seq = c.workerSeq
	c.workers[w] = struct{}{}
	c.mu.Unlock()
	c.browser.observe.WorkerCreated(w)
}

func (c *Context) ended(w *Worker) {
	c.mu.Lock()
	_, listed := c.workers[w]
	delete(c.workers, w)
	c.mu.Unlock()
	if listed {
		c.browser.observe.WorkerDestroyed(w)
	}
}

// agents is the context as its engine's runtime.Agents.
type agents Context

// StartWorker is of runtime.Agents.
func (a *agents) StartWorker(ctx context.Context, sw *runtime.Worker, _ string) (runtime.WorkerAgent, error) {
	c := (*Context)(a)
	b := c.browser
	w := &Worker{context: c, id: b.newID(), kind: env.ServiceWorker, url: sw.ScriptURL().String(), service: sw}
	s := c.settings(func() fetch.Client { return w.fetchClient() })
	if c.answers != nil {
		s.Fetch = c.answers
	}
	s.Fetch = w.remembering(s.Fetch)
	s.Caches = func() (*cache.Storage, error) { return c.engine.CacheStorage(sw.Registration().StorageKey()), nil }
	s.Console = func(level string, args []goja.Value) { b.observe.Console(w.realm, level, args) }
	agent, err := serviceworker.NewAgent(ctx, serviceworker.Options{
		Worker:      sw,
		Script:      script.Options{Clock: b.clock, Rand: b.options.Random, Logger: b.log, TaskCPU: c.engine.Limits().EventCPU},
		Settings:    *s,
		FetchClient: w.fetchClient,
		Uncaught: func(e *workerscope.Uncaught) {
			b.observe.Exception(w.realm, e.Exception, e.InPromise)
			sw.ReportError(scriptError(e))
		},
		Prepare: func(r *idl.Realm) { w.realm = r.Realm },
		Began:   w.begins,
	})
	if err != nil {
		return nil, err
	}
	if c.relived != nil {
		c.relived(agent)
	}
	w.agent = agent.Script()
	w.end = func(reason error) { agent.Terminate(reason) }
	c.started(w)
	_ = w.agent.Do(ctx, "realm", func() { b.observe.RealmCreated(w.realm, nil, w) })
	if b.options.Hold != nil {
		b.options.Hold(ctx, nil, w)
	}
	c.watchEnd(w)
	return agent, nil
}

// watchEnd takes a worker off the list when its agent ends.
func (c *Context) watchEnd(w *Worker) {
	c.others.Go(func() {
		<-w.agent.Done()
		c.browser.observe.RealmDestroyed(w.realm, nil, w)
		c.ended(w)
	})
}

func scriptError(e *workerscope.Uncaught) *runtime.ScriptError {
	return &runtime.ScriptError{
		Name: e.Name, Message: e.Message, Stack: e.Stack, URL: e.URL, Line: e.Line, Column: e.Column, InPromise: e.InPromise,
	}
}

// fetchClient is the worker as the fetch algorithm sees it.
func (w *Worker) fetchClient() fetch.Client {
	var c fetch.Client
	if w.service != nil {
		u := w.service.ScriptURL()
		c = fetch.Client{
			ID: w.id, Origin: u.Origin(), BaseURL: u, CreationURL: u, Secure: true,
			StorageKey: w.service.Registration().StorageKey(), Offline: w.context.Offline,
			ReferrerPolicy: scriptPolicy(w.service.Script()),
		}
	} else {
		u := w.client.URL()
		c = fetch.Client{
			ID: w.client.ID(), Origin: w.client.Origin(), BaseURL: u, CreationURL: u, Secure: true,
			StorageKey: w.client.StorageKey(), Offline: w.context.Offline,
		}
	}
	w.override(&c)
	return c
}

// OpenWindow is of runtime.Agents.
func (a *agents) OpenWindow(ctx context.Context, opener *runtime.Worker, u *fetch.URL) (*runtime.Client, error) {
	c := (*Context)(a)
	p, err := c.NewPage(ctx, u.String(), PageOptions{Wait: true})
	if err != nil {
		return nil, err
	}
	return p.main.clientOf(ctx, opener), nil
}

// scriptPolicy is the referrer policy a worker's script came with.
func scriptPolicy(s *runtime.Script) string {
	policy := ""
	if s == nil {
		return policy
	}
	v, _ := s.Headers.Get("Referrer-Policy")
	for _, p := range strings.Split(v, ",") {
		if p = strings.TrimSpace(p); p != "" {
			policy = p
		}
	}
	return policy
}
