package runtime

import (
	"context"
	"errors"
	"sync"

	"github.com/swinspect/swinspect/runtime/cache"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// route is Handle Fetch 13: static routing. routed is false when the request goes
// on to the fetch event.
func (e *Engine) route(h *fetchHandling) (response *fetch.Response, routed bool) {
	w, r := h.worker, h.request
	// Handle Fetch 13.1
	h.info.RouterEvaluation = e.clock.Now()
	// Handle Fetch 13.2
	source, rule := getRouterSource(w, r)
	// Handle Fetch 13.3
	if rule == 0 {
		e.trace(traceEvent{algorithm: "Get Router Source", step: "2", request: r.ID, parent: h.parent, decision: "no route matches", verdict: "no-route"})
		return nil, false
	}
	// Handle Fetch 13.3.1
	h.info.RouterRule, h.info.MatchedSource, h.info.ActualSource = rule, source.String(), "network"
	e.trace(traceEvent{algorithm: "Get Router Source", step: "1.1", request: r.ID, parent: h.parent, decision: "a route matches", verdict: "route-matched", details: w.routes[rule-1].details})
	h.info.Outcome = "fell-through"
	switch {
	case source.Enum == "network":
		// Handle Fetch 13.3.2
		e.softUpdateAfter(h)
		return nil, true
	case source.Enum == "cache" || source.CacheName != nil:
		// Handle Fetch 13.3.3.1
		e.softUpdateAfter(h)
		return e.routeToCache(h, source), true
	case source.Enum == "race-network-and-fetch-handler" && r.Method == "GET":
		// Handle Fetch 13.3.4.1: the event's own part does it (h.softUpdate stays set).
		return e.routeRace(h), true
	}
	// Handle Fetch 13.3.5
	return nil, false
}

// routeToCache is Handle Fetch 13.3.3.
func (e *Engine) routeToCache(h *fetchHandling, source RouterSource) *fetch.Response {
	// Handle Fetch 13.3.3.2
	h.info.CacheLookup = e.clock.Now()
	// Handle Fetch 13.3.3.3 to 13.3.3.6
	caches := e.caches(h.registration.storageKey)
	// Handle Fetch 13.3.3.7: DIVERGES: a cache without a match is passed over, and
	// does not end the search.
	var response *fetch.Response
	e.await(func() { response = caches.Match(h.request, cache.QueryOptions{Story: h.parent}, source.CacheName) })
	if response == nil {
		e.trace(traceEvent{algorithm: "Handle Fetch", step: "13.3.3.8", request: h.request.ID, parent: h.parent, decision: "no cache has a match: the network answers", verdict: "cache-miss"})
		return nil
	}
	// Handle Fetch 13.3.3.7.4.3 to 13.3.3.7.4.6: SKIPPED: the cross-origin resource
	// policy check of an opaque response; the fetch algorithm makes it on what it
	// gets from here.
	// Handle Fetch 13.3.3.7.4.7 to 13.3.3.7.4.9
	h.info.Outcome, h.info.ActualSource = "routed", "cache"
	response.FromServiceWorker = true
	e.trace(traceEvent{algorithm: "Handle Fetch", step: "13.3.3.7.4", request: h.request.ID, parent: h.parent, decision: "a cache has a match", verdict: "cache-hit", details: map[string]string{"cache": response.CacheName}})
	return response
}

// race is a race response: value is there once done is closed; nil: it lost.
type race struct {
	done     chan struct{}
	mu       sync.Mutex // guards value, whose body may be teed
	value    *fetch.Response
	finished sync.Once
}

func (r *race) settle(response *fetch.Response) {
	r.finished.Do(func() {
		r.value = response
		close(r.done)
	})
}

var errLostRace = errors.New("the fetch handler was faster")

// raceResult is a race result.
type raceResult struct {
	response *fetch.Response
	route    string
}

// routeRace is Handle Fetch 13.3.4: network and fetch handler at once, and the
// first that has something wins.
func (e *Engine) routeRace(h *fetchHandling) *fetch.Response {
	// Handle Fetch 13.3.4.2 to 13.3.4.4
	results := make(chan raceResult, 2)
	r := &race{done: make(chan struct{})}
	ctx, cancel := context.WithCancelCause(e.fetchContext(h.ctx))
	// Handle Fetch 13.3.4.5
	request := h.request.Clone()
	request.ID, request.ServiceWorkers = "", "none"
	env := h.env
	e.outside(func() {
		response := e.fetcher.Fetch(ctx, request, env)
		won := response.OK() && !response.IsNetworkError()
		r.settle(response)
		if won {
			results <- raceResult{response, "network"}
		}
	})
	// Handle Fetch 13.3.4.7
	handler := *h
	e.inParallel(func() {
		response := e.createFetchEventAndDispatch(&handler, nil, r)
		if response != nil && !response.IsNetworkError() && handler.info.Outcome == "responded" {
			cancel(errLostRace)
			r.settle(nil)
		}
		results <- raceResult{response, "fetch-event"}
	})
	// Handle Fetch 13.3.4.8 and 13.3.4.9
	var result raceResult
	e.await(func() {
		select {
		case result = <-results:
		case <-h.ctx.Done():
			result.response = fetch.NetworkError(context.Cause(h.ctx))
		}
	})
	return e.concludeRace(h, result, r)
}

// concludeRace is Handle Fetch 13.3.4.10 to 13.3.4.14.
func (e *Engine) concludeRace(h *fetchHandling, result raceResult, r *race) *fetch.Response {
	h.info.Outcome, h.info.ActualSource = "routed", result.route
	e.trace(traceEvent{algorithm: "Handle Fetch", step: "13.3.4.9", request: h.request.ID, parent: h.parent, decision: "the race was won by " + result.route, verdict: "race-" + result.route})
	response := result.response
	if response == nil {
		h.info.Outcome, h.info.ActualSource = "fell-through", "network"
		return nil
	}
	if result.route == "network" {
		// The handler may still ask for it: it gets a copy (Lookup Race Response).
		r.mu.Lock()
		response = r.value.Clone()
		r.mu.Unlock()
	} else if response.FromServiceWorker {
		h.info.Outcome = "responded"
	}
	return response
}

// raceResponse is Create Fetch Event and Dispatch 21.3; nil without a race.
func (e *Engine) raceResponse(ctx context.Context, r *race) *fetch.Response {
	if r == nil {
		return nil
	}
	if err := e.wait(ctx, r.done); err != nil {
		return nil
	}
	return r.copy()
}

func (r *race) copy() *fetch.Response {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.value == nil {
		return nil
	}
	return r.value.Clone()
}

func (e *Engine) setRace(w *Worker, request string, r *race) {
	if w.races == nil {
		w.races = map[string]*race{}
	}
	w.races[request] = r
}

// LookupRaceResponse is Lookup Race Response, for fetch(event.request) in the
// worker whose fetch event races the network: the response of that race, nil when
// there is none for the request of that id. It blocks.
func (e *Engine) LookupRaceResponse(ctx context.Context, w *Worker, requestID string) *fetch.Response {
	e.mu.Lock()
	defer e.mu.Unlock()
	// Lookup Race Response 1 to 6: the worker is at hand.
	// Lookup Race Response 7 and 8
	return e.raceResponse(ctx, w.races[requestID])
}
