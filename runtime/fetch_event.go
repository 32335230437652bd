package runtime

import (
	"context"
	"errors"
	"strconv"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// Why a worker's fetch event ended in a network error.
var (
	errPrevented = errors.New("the worker called preventDefault() without respondWith()")
	errBodyUsed  = errors.New("the worker used the request's body and did not respond")
	errBodyGone  = errors.New("the request's body is a stream, which cannot be sent after the worker had it")
	errNoAnswer  = errors.New("the worker's respondWith() gave no response")
)

// createFetchEventAndDispatch is Create Fetch Event and Dispatch: nil means that
// the network answers.
func (e *Engine) createFetchEventAndDispatch(h *fetchHandling, preload *preload, race *race) *fetch.Response {
	w := h.worker
	h.info.Outcome, h.info.ActualSource = "fell-through", "network"
	// Create Fetch Event and Dispatch 10 and 11
	if e.shouldSkipEvent("fetch", w) {
		e.trace(traceEvent{algorithm: "Create Fetch Event and Dispatch", step: "11", request: h.request.ID, parent: h.parent, decision: "the worker has no fetch handler", verdict: "no-fetch-handler"})
		e.softUpdateAfter(h)
		return nil
	}
	// Create Fetch Event and Dispatch 12
	if w.emptyFetch {
		e.trace(traceEvent{algorithm: "Create Fetch Event and Dispatch", step: "12", request: h.request.ID, parent: h.parent, decision: "the worker's fetch handlers are all empty", verdict: "empty-fetch-handler"})
		e.startForEmpty(h)
		return nil
	}
	// Create Fetch Event and Dispatch 14
	h.info.Timing.WorkerStart = e.clock.Now()
	result, err := e.dispatchFetch(h, preload, race)
	// Create Fetch Event and Dispatch 19
	e.softUpdateAfter(h)
	if err != nil {
		// Create Fetch Event and Dispatch 16: the failure counts only once respondWith
		// was entered; until then the network can do without the worker.
		e.trace(traceEvent{algorithm: "Create Fetch Event and Dispatch", step: "16", request: h.request.ID, parent: h.parent, decision: "the worker did not start: " + err.Error(), verdict: "start-failed"})
	}
	return e.concludeFetch(h, result, err == nil, race)
}

// startForEmpty is Create Fetch Event and Dispatch 12.1: the worker starts all the
// same, for what it does when it starts.
func (e *Engine) startForEmpty(h *fetchHandling) {
	w := h.worker
	e.inParallel(func() {
		if e.waitActivated(e.ctx, w) == nil {
			_, _ = e.runServiceWorker(e.ctx, w, "fetch", h.parent, false)
		}
		e.softUpdateAfter(h)
	})
}

// dispatchFetch is Create Fetch Event and Dispatch 15 to 18.
func (e *Engine) dispatchFetch(h *fetchHandling, p *preload, race *race) (FetchResult, error) {
	w := h.worker
	for {
		// Create Fetch Event and Dispatch 15
		if err := e.waitActivated(h.ctx, w); err != nil {
			return FetchResult{}, err
		}
		// Create Fetch Event and Dispatch 16
		if _, err := e.runServiceWorker(h.ctx, w, "fetch", h.parent, false); err != nil {
			return FetchResult{}, err
		}
		run := w.run
		if run == nil {
			continue
		}
		// Create Fetch Event and Dispatch 17.3
		if race != nil {
			e.setRace(w, h.request.ID, race)
		}
		result := e.dispatchFetchOnce(h, run, p)
		// Create Fetch Event and Dispatch 20
		if race != nil {
			delete(w.races, h.request.ID)
		}
		if result.Undelivered && h.ctx.Err() == nil && w.State() != StateRedundant && !e.closed {
			continue
		}
		return result, nil
	}
}

// dispatchFetchOnce is Create Fetch Event and Dispatch 17.4.
func (e *Engine) dispatchFetchOnce(h *fetchHandling, run *run, p *preload) FetchResult {
	r := h.request
	e.eventSeq++
	// A copy, for the fetch algorithm goes on changing its own; the body is one.
	forEvent := *r
	if r.IsNavigation() {
		// DIVERGES: after a redirect the standard's request still has the URL it began
		// with first; browsers show the worker the one that is asked for now.
		forEvent.URLList = r.URLList[len(r.URLList)-1:]
	}
	ev := FetchEvent{ID: "fetch-" + strconv.FormatUint(e.eventSeq, 10), Trace: h.parent, Request: &forEvent, IsReload: r.ReloadNavigation}
	// Create Fetch Event and Dispatch 17.4.7
	if p != nil {
		ev.Preload = p.offer
	}
	// Create Fetch Event and Dispatch 17.4.8: the page that a navigation starts from is
	// not its client.
	if !r.IsNavigation() {
		ev.ClientID = r.ClientID
	}
	// Create Fetch Event and Dispatch 17.4.9
	if h.reserved != nil && r.IsNonSubresource() && r.Destination != "report" {
		ev.ResultingClientID = h.reserved.id
	}
	// Create Fetch Event and Dispatch 17.4.10
	if r.IsNavigation() {
		ev.ReplacesClientID = r.ReplacesClientID
	}
	e.extend(h.worker, run)
	ctx, stop := h.worker.limited(h.ctx, run, e.limits.FetchTimeout, "the fetch event")
	// Create Fetch Event and Dispatch 17.4.12
	now := e.clock.Now()
	h.info.Timing.WorkerReady, h.info.Timing.FetchStart = now, now
	// Create Fetch Event and Dispatch 17.4.13 to 17.4.16
	var result FetchResult
	e.await(func() {
		defer stop()
		result = run.agent.DispatchFetch(ctx, ev)
	})
	h.info.Timing.RespondWithSettled = e.clock.Now()
	e.followExtended(h.worker, run, result.Extended)
	return result
}

// followExtended keeps the event among the extended events until it is over.
func (e *Engine) followExtended(w *Worker, run *run, extended <-chan struct{}) {
	if extended == nil || isClosed(extended) {
		e.settleExtended(w, run)
		return
	}
	if e.closed {
		return
	}
	e.inParallel(func() {
		ctx, stop := w.limited(e.ctx, run, e.limits.EventTimeout, "the fetch event")
		e.await(func() {
			defer stop()
			select {
			case <-extended:
			case <-run.agent.Done():
			case <-ctx.Done():
			}
		})
		e.settleExtended(w, run)
	})
}

// concludeFetch is Create Fetch Event and Dispatch 21 to 24.
func (e *Engine) concludeFetch(h *fetchHandling, result FetchResult, dispatched bool, race *race) *fetch.Response {
	r := h.request
	fail := func(err error) *fetch.Response {
		if result.Settle != nil {
			result.Settle(&Exception{Name: "NetworkError", Message: err.Error()})
		}
		return e.fetchFailed(h, err)
	}
	if dispatched && result.Response == nil && r.Body != nil {
		// Create Fetch Event and Dispatch 17.4.17
		if _, inMemory := r.Body.Bytes(); !inMemory {
			if result.Err != nil && result.Responded {
				return fail(result.Err)
			}
			if result.BodyUsed {
				return fail(errBodyUsed)
			}
			r.Body.Cancel()
			return fail(errBodyGone)
		}
	}
	switch {
	case result.Responded && result.Err != nil:
		// Create Fetch Event and Dispatch 22
		return fail(result.Err)
	case !result.Responded && result.Prevented:
		// Create Fetch Event and Dispatch 21.1
		return fail(errPrevented)
	case !result.Responded:
		// Create Fetch Event and Dispatch 21.2
		if result.Settle != nil {
			result.Settle(nil)
		}
		// Create Fetch Event and Dispatch 21.3
		if response := e.raceResponse(h.ctx, race); response != nil {
			h.info.Outcome, h.info.ActualSource = "routed", "network"
			return response
		}
		// Create Fetch Event and Dispatch 21.4
		decision := "the worker did not call respondWith()"
		switch {
		case len(result.Thrown) > 0:
			decision = "the handler threw before it called respondWith(): " + result.Thrown[0].Error()
		case result.Err != nil:
			decision += ": " + result.Err.Error()
		}
		e.trace(traceEvent{algorithm: "Create Fetch Event and Dispatch", step: "21", request: r.ID, parent: h.parent, decision: decision, verdict: "fell-through"})
		return nil
	case result.Response == nil:
		return fail(errNoAnswer)
	}
	// Create Fetch Event and Dispatch 23
	if result.Settle != nil {
		result.Settle(nil)
	}
	// Create Fetch Event and Dispatch 17.4.18 and 24
	response := result.Response
	if response.IsNetworkError() {
		if response.Err == nil {
			response.Err = errors.New("the worker responded with Response.error()")
		}
		h.info.Outcome, h.info.ActualSource = "error", "fetch-event"
		return response
	}
	h.info.Outcome, h.info.ActualSource = "responded", "fetch-event"
	response.FromServiceWorker = true
	if response.Unfiltered().Source == "" {
		response.Unfiltered().Source = "fetch-event"
	}
	if response.Source == "" {
		response.Source = response.Unfiltered().Source
	}
	return response
}

// fetchFailed is the network error of a fetch event that failed.
func (e *Engine) fetchFailed(h *fetchHandling, err error) *fetch.Response {
	h.info.Outcome, h.info.ActualSource = "error", "fetch-event"
	e.trace(traceEvent{algorithm: "Create Fetch Event and Dispatch", step: "22", request: h.request.ID, parent: h.parent, decision: err.Error(), verdict: "respond-error"})
	response := fetch.NetworkError(err)
	response.FromServiceWorker = true
	return response
}

// preload is a navigation preload under way.
type preload struct {
	done     chan struct{}
	response *fetch.Response
	offer    *Preload
}

// startPreload is Handle Fetch 15.1; nil when there is none.
func (e *Engine) startPreload(h *fetchHandling) *preload {
	r, w := h.request, h.worker
	// Handle Fetch 15
	if !r.IsNavigation() || r.Method != "GET" || !w.handles("fetch") || w.emptyFetch || !h.registration.preload.Enabled {
		return nil
	}
	// Handle Fetch 15.1.1 to 15.1.5
	request := r.Clone()
	request.ID = ""
	request.Headers.Append("Service-Worker-Navigation-Preload", h.registration.preload.HeaderValue)
	request.ServiceWorkers = "none"
	e.trace(traceEvent{algorithm: "Handle Fetch", step: "15.1", request: r.ID, parent: h.parent, decision: "navigation preload is enabled: the network is asked at once", verdict: "preload"})
	// Handle Fetch 15.1.7
	p := &preload{done: make(chan struct{})}
	p.offer = &Preload{Response: func(ctx context.Context) *fetch.Response {
		select {
		case <-p.done:
			return p.response
		case <-ctx.Done():
			return fetch.NetworkError(context.Cause(ctx))
		}
	}}
	ctx, env := e.fetchContext(h.ctx), h.env
	if !e.outside(func() {
		p.response = e.fetcher.Fetch(ctx, request, env)
		close(p.done)
	}) {
		return nil
	}
	return p
}

// fetchContext is a context for a fetch beside the one that is handled: it ends
// with that one, or with the engine (Handle Fetch 15.1.8). Its body may be read for
// as long.
func (e *Engine) fetchContext(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(e.ctx, func() { cancel(ErrClosed) })
	context.AfterFunc(ctx, func() { stop() })
	return ctx
}
