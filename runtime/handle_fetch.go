package runtime

import (
	"context"
	"time"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// fetchHandling is one run of Handle Fetch: what its steps hand on.
type fetchHandling struct {
	ctx          context.Context
	request      *fetch.Request
	env          fetch.Client
	client       *Client // the request's client; nil for none
	reserved     *Client
	registration *Registration
	worker       *Worker
	softUpdate   bool
	parent       uint64
	info         FetchInfo
}

// FetchInfo is how a worker took part in a fetch: what CDP's Network domain shows.
type FetchInfo struct {
	RequestID string
	Worker    string // id
	// Outcome is "responded", "fell-through", "error" or "routed".
	Outcome string
	// RouterRule is the number of the rule that matched, from 1; 0: none did, or there
	// are none (then HasRoutes is false).
	HasRoutes                   bool
	RouterRule                  int
	MatchedSource, ActualSource string // "network", "cache", "fetch-event", "race-network-and-fetch-handler"
	RouterEvaluation            time.Time
	CacheLookup                 time.Time
	Timing                      fetch.Timing
}

// FetchObserver is what an Observer may be as well: it is told when a worker has
// had its part in a fetch, before the fetch goes on.
type FetchObserver interface{ FetchHandled(FetchInfo) }

// HandleFetch is Handle Fetch: fetch.Fetcher's hook of that name. nil means that
// the network answers. It blocks.
func (e *Engine) HandleFetch(ctx context.Context, r *fetch.Request, env fetch.Client) *fetch.Response {
	e.mu.Lock()
	defer e.mu.Unlock()
	// Handle Fetch 1 to 6
	h := &fetchHandling{ctx: ctx, request: r, env: env, client: e.clients[r.ClientID], reserved: e.clients[r.ReservedClientID]}
	if e.closed || env.BypassServiceWorker {
		return nil
	}
	if !e.selectRegistration(h) {
		return nil
	}
	response := e.handleFetch(h)
	e.reportFetch(h, response)
	return response
}

func (e *Engine) handleFetch(h *fetchHandling) *fetch.Response {
	// Handle Fetch 13
	if len(h.worker.routes) > 0 {
		if response, routed := e.route(h); routed {
			return response
		}
	}
	// Handle Fetch 14: SKIPPED with 15.2: the automatic preload a browser may do.
	// Handle Fetch 15.1
	preload := e.startPreload(h)
	// Handle Fetch 17 to 19
	return e.createFetchEventAndDispatch(h, preload, nil)
}

// selectRegistration is Handle Fetch 8 to 12: whether a worker has to do with the
// request at all, and which.
func (e *Engine) selectRegistration(h *fetchHandling) bool {
	r := h.request
	switch {
	case r.Destination == "embed" || r.Destination == "object":
		// Handle Fetch 8: plug-ins are never a worker's.
		return false
	case r.IsNonSubresource():
		if !e.selectForNavigation(h) {
			return false
		}
	case r.IsSubresource():
		// Handle Fetch 10
		if h.client == nil {
			return false // of a worker, or of the user agent
		}
		if h.client.Controller() == nil {
			e.trace(traceEvent{algorithm: "Handle Fetch", step: "10.2", request: r.ID, decision: "the page has no controller", verdict: "not-controlled", details: h.details()})
			return false
		}
		h.registration = h.client.Controller().registration
	default:
		return false
	}
	// Handle Fetch 11
	h.worker = h.registration.active
	if h.worker == nil {
		return false
	}
	// Handle Fetch 12
	h.softUpdate = r.IsNonSubresource() || e.stale(h.registration)
	h.parent = e.trace(traceEvent{algorithm: "Handle Fetch", step: "11", request: r.ID, worker: h.worker, decision: "the request belongs to a registration with an active worker", verdict: "controlled", details: h.details()})
	h.info = FetchInfo{RequestID: r.ID, Worker: h.worker.id, HasRoutes: len(h.worker.routes) > 0}
	return true
}

// details are what the first step of a fetch's story tells of it.
func (h *fetchHandling) details() map[string]string {
	r := h.request
	d := map[string]string{"url": r.CurrentURL().String(), "method": r.Method, "mode": string(r.Mode), "destination": string(r.Destination)}
	switch {
	case h.reserved != nil:
		d["client"] = h.reserved.id
	case h.client != nil:
		d["client"] = h.client.id
	}
	if h.registration != nil {
		d["registration"], d["scope"] = h.registration.id, h.registration.scopeKey
	}
	return d
}

// selectForNavigation is Handle Fetch 9. DIVERGES: it looks at the current URL, not
// at the first of the list, for a navigation is matched anew after each redirect.
func (e *Engine) selectForNavigation(h *fetchHandling) bool {
	r, c := h.request, h.reserved
	// Handle Fetch 9.1 and 9.2: only where a worker could be registered at all.
	secure := r.CurrentURL().Origin().PotentiallyTrustworthy()
	if c != nil && c.env != nil {
		secure = c.secure
	}
	refuse := func(step, decision, verdict string) bool {
		e.trace(traceEvent{algorithm: "Handle Fetch", step: step, request: r.ID, decision: decision, verdict: verdict, details: h.details()})
		if c != nil && c.Controller() != nil && r.IsNavigation() {
			e.handleClientUnload(c) // an earlier hop of a redirect was controlled
		}
		return false
	}
	if !secure {
		return refuse("9.1", "the page is not in a secure context", "not-secure")
	}
	// Handle Fetch 9.3: SKIPPED: who reloads past the worker sets the service-workers
	// mode to "none".
	// Handle Fetch 9.4
	if c == nil {
		return false
	}
	if e.forceUpdate && r.IsNavigation() {
		e.forceUpdateOnPageLoad(h)
	}
	// Handle Fetch 9.5 and 9.6
	h.registration = e.matchRegistration(c.storageKey, r.CurrentURL())
	if h.registration == nil {
		return refuse("9.7", "no registration's scope begins this URL", "not-controlled")
	}
	if h.registration.active == nil {
		return refuse("9.7", "the registration has no active worker yet", "not-controlled")
	}
	// Handle Fetch 9.8
	if r.Destination != "report" && c.Controller() != h.registration.active {
		e.use(c, h.registration.active)
		e.clientChanged(c)
	}
	return true
}

// reportFetch tells what came of it.
func (e *Engine) reportFetch(h *fetchHandling, response *fetch.Response) {
	verdict, decision := h.info.Outcome, ""
	switch verdict {
	case "responded":
		decision = "the worker responded"
	case "routed":
		decision = "a route answered without the worker"
	case "error":
		decision = "the worker failed to respond: a network error"
		if response != nil && response.Err != nil {
			decision = response.Err.Error()
		}
	default:
		decision = "the network answers"
	}
	e.trace(traceEvent{algorithm: "Handle Fetch", step: "19", request: h.request.ID, worker: h.worker, parent: h.parent, decision: decision, verdict: verdict})
	if response != nil {
		if response.Timing == nil {
			response.Timing = &fetch.Timing{}
		}
		t := &h.info.Timing
		response.Timing.WorkerStart, response.Timing.WorkerReady = t.WorkerStart, t.WorkerReady
		response.Timing.FetchStart, response.Timing.RespondWithSettled = t.FetchStart, t.RespondWithSettled
	}
	if o, ok := e.observer.(FetchObserver); ok {
		o.FetchHandled(h.info)
	}
}

// softUpdateAfter is the soft update that follows a fetch, when there is to be one.
// It comes a little later, as in browsers: one for all fetches of the meantime.
func (e *Engine) softUpdateAfter(h *fetchHandling) {
	r := h.registration
	if !h.softUpdate || r.updateTimer != nil || e.closed {
		return
	}
	r.updateTimer = e.clock.AfterFunc(max(e.limits.UpdateDelay, 0), func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		r.updateTimer = nil
		if !e.closed {
			e.softUpdate(r, false)
		}
	})
}
