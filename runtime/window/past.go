package window

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/cache"
	"github.com/swinspect/swinspect/runtime/clock"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/serviceworker"
)

// Past is how the world of a service worker was when an event began, and what its
// requests were answered since: enough to let the event happen again, elsewhere. What
// the worker kept in memory from earlier events is not part of it.
type Past struct {
	worker       *Worker
	event        any // runtime.Event or runtime.FetchEvent
	trace        uint64
	registration runtime.SavedRegistration
	caches       cache.Saved
	began        time.Time

	mu      sync.Mutex // guards all below, and the requests and responses kept
	answers []*pastAnswer
}

// pastAnswer is a request of the worker with its answer, kept to be cloned.
type pastAnswer struct {
	method, url string
	response    *fetch.Response
}

// maxPasts is how many events of a worker are remembered, the newest.
const maxPasts = 16

// Remember has the worker's events from now on remembered, for a debugger that may
// want to go back in them.
func (w *Worker) Remember() { w.remembers.Store(true) }

// Past is what is remembered of the event that a trace is of; nil for nothing.
func (w *Worker) Past(trace uint64) *Past {
	w.pastsLock.Lock()
	defer w.pastsLock.Unlock()
	for _, p := range w.pasts {
		if p.trace == trace && trace != 0 {
			return p
		}
	}
	return nil
}

// begins is told of an event that is about to be dispatched, before its agent has it.
func (w *Worker) begins(event any) {
	if !w.remembers.Load() {
		return
	}
	p := &Past{worker: w, began: w.context.browser.clock.Now()}
	switch e := event.(type) {
	case runtime.FetchEvent:
		p.trace = e.Trace
		e.Request, e.Preload = e.Request.Clone(), nil
		p.event = e
	case runtime.Event:
		p.trace = e.Trace
		e.Queued = nil
		p.event = e
	}
	engine := w.context.engine
	p.registration = engine.SaveWorker(w.service)
	p.caches = engine.CacheStorage(w.StorageKey()).Save()
	w.pastsLock.Lock()
	defer w.pastsLock.Unlock()
	w.pasts = append(w.pasts, p)
	if len(w.pasts) > maxPasts {
		w.pasts = w.pasts[1:]
	}
}

// remembering makes fetch keep what the worker's requests are answered, for every event
// that is remembered.
func (w *Worker) remembering(perform func(context.Context, *fetch.Request) *fetch.Response) func(context.Context, *fetch.Request) *fetch.Response {
	return func(ctx context.Context, r *fetch.Request) *fetch.Response {
		method, url := r.Method, r.URL().String()
		response := perform(ctx, r)
		if !w.remembers.Load() {
			return response
		}
		w.pastsLock.Lock()
		defer w.pastsLock.Unlock()
		for _, p := range w.pasts {
			p.mu.Lock()
			p.answers = append(p.answers, &pastAnswer{method, url, response.Clone()})
			p.mu.Unlock()
		}
		return response
	}
}

// replayed answers the requests of a worker that lives through the past again: those of
// one method and URL in their order.
func (p *Past) replayed() func(context.Context, *fetch.Request) *fetch.Response {
	var mu sync.Mutex
	used := map[*pastAnswer]bool{}
	return func(_ context.Context, r *fetch.Request) *fetch.Response {
		mu.Lock()
		defer mu.Unlock()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, a := range p.answers {
			if !used[a] && a.method == r.Method && a.url == r.URL().String() {
				used[a] = true
				return a.response.Clone()
			}
		}
		return fetch.NetworkError(errNotAsked)
	}
}

var errNotAsked = errors.New("it was not asked for when the event happened")

// Relived is a worker that lives through a past again, in a browser of its own: nothing
// that it does is seen outside. End it with Close.
type Relived struct {
	past    *Past
	browser *Browser
	clock   *clock.Running
	agent   *serviceworker.Agent
}

// noNetwork is the network of a past: what was answered is known.
type noNetwork struct{}

func (noNetwork) RoundTrip(*http.Request) (*http.Response, error) { return nil, errNotAsked }

// relivedFor bounds what a relived worker may wait for, pauses included.
const relivedFor = 24 * time.Hour

// Relive starts the worker as it was. observer is told of its realm before any script
// runs.
func (p *Past) Relive(ctx context.Context, observer Observer) (*Relived, error) {
	from := p.worker.context.browser
	limits := p.worker.context.engine.Limits()
	limits.IdleTimeout, limits.EventTimeout, limits.FetchTimeout, limits.StartTimeout = relivedFor, relivedFor, relivedFor, relivedFor
	r := &Relived{past: p, clock: clock.NewRunning(p.began)}
	r.browser = NewBrowser(BrowserOptions{
		Network: noNetwork{}, Clock: r.clock, UserAgent: from.options.UserAgent, Logger: from.log, Limits: limits, Observer: observer,
		Random: from.options.Random,
	})
	c := r.browser.DefaultContext()
	c.answers = p.replayed()
	c.relived = func(a *serviceworker.Agent) { r.agent = a }
	fail := func(err error) (*Relived, error) {
		r.Close()
		return nil, err
	}
	if err := c.engine.Restore([]runtime.SavedRegistration{p.registration}); err != nil {
		return fail(err)
	}
	if err := c.engine.CacheStorage(p.registration.StorageKey).Restore(p.caches); err != nil {
		return fail(err)
	}
	if w := c.engine.WorkerByID(p.registration.Active.ID); w != nil {
		if err := c.engine.StartWorker(ctx, w, "a debugger goes back in an event"); err != nil {
			return fail(err)
		}
	}
	if r.agent == nil {
		return fail(errors.New("the worker could not be started again"))
	}
	return r, nil
}

// Dispatch lets the event happen again and returns when it is over.
func (r *Relived) Dispatch(ctx context.Context) {
	switch e := r.past.event.(type) {
	case runtime.FetchEvent:
		r.past.mu.Lock()
		e.Request = e.Request.Clone()
		r.past.mu.Unlock()
		result := r.agent.DispatchFetch(ctx, e)
		if result.Response != nil && result.Response.Body != nil {
			result.Response.Body.Discard()
		}
		result.Settle(nil)
		select {
		case <-result.Extended:
		case <-ctx.Done():
		}
	case runtime.Event:
		r.agent.Dispatch(ctx, e)
	}
}

// Close ends the worker and what it lived in.
func (r *Relived) Close() {
	r.browser.Close()
	r.clock.Close()
}
