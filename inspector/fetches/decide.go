package fetches

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/swinspect/swinspect/inspector"
)

// Hash names bytes: "sha256:…".
func Hash(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func bodyOf(b []byte) Body {
	return Body{Hash: Hash(b), Size: int64(len(b))}
}

// scopeOf finds the registration a request would belong to: of a navigation its own
// URL decides, of anything else its document's (W3C Service Workers, Match Service
// Worker Registration; the document's controller may be an older choice).
func (f *fold) scopeOf(r *Fetch) {
	if f.s == nil || r.Scope != "" {
		return
	}
	url := r.URL
	if r.Kind == KindFetch {
		url = r.Page
	}
	var best *inspector.Registration
	for _, g := range f.s.Registrations {
		if g.Key.Instance != r.Instance || g.Key.Context != r.Context || !g.Alive() || !strings.HasPrefix(url, g.Scope) {
			continue
		}
		if best == nil || len(g.Scope) > len(best.Scope) {
			best = g
		}
	}
	if best == nil {
		return
	}
	r.Scope, r.Registration = best.Scope, best.Key.ID
	if v := best.Active(); v != nil && r.Version == "" {
		r.Version = v.ID
	}
}

// ofWorker names the worker that a request is of.
func (f *fold) ofWorker(r *Fetch) {
	r.Decision = Bypassed // a worker's own requests pass no worker
	if f.s == nil {
		return
	}
	for _, g := range f.s.Registrations {
		if g.Key.Instance != r.Instance || g.Key.Context != r.Context {
			continue
		}
		for _, v := range g.Versions {
			if v.TargetID == r.Target {
				r.Scope, r.Registration, r.Version = g.Scope, g.Key.ID, v.ID
				f.parentOf(r)
				return
			}
		}
	}
}

// parentOf concludes whose event a worker's request is of: the request of that URL
// that waits for its worker, else the only one that does. An engine and a full
// recording tell it.
func (f *fold) parentOf(r *Fetch) {
	const recent = 500
	var same, any *Fetch
	others := 0
	for i := len(f.rows) - 1; i >= max(0, len(f.rows)-recent); i-- {
		o := f.rows[i]
		if o.Status != 0 || o.Done || o.Registration != r.Registration || o.Instance != r.Instance || o.Context != r.Context || o.Kind == KindWorker || o.Kind == KindScript {
			continue
		}
		if o.URL == r.URL && o.Method == r.Method && same == nil {
			same = o
		}
		any = o
		others++
	}
	switch {
	case same != nil:
		r.Parent = same.ID
	case others == 1:
		r.Parent = any.ID
	default:
		return
	}
	r.Inferred = append(r.Inferred, "parent")
}

// decide reads from a response how the request and the worker met.
//
// Source: CDP Network.Response (fromServiceWorker, serviceWorkerResponseSource,
// serviceWorkerRouterInfo, timing.worker…), as Chromium 156 fills them.
func (f *fold) decide(r *Fetch, w *wireResponse) {
	if r.Kind == KindWorker || r.Kind == KindScript || r.Kind == KindPreload {
		r.Source = network(w)
		return
	}
	route := w.Router
	switch {
	case route != nil && route.RuleIDMatched > 0:
		r.Decision, r.Route = RouteMatched, route.RuleIDMatched
		r.Source = routeSource(route, w)
	case w.FromServiceWorker:
		r.Decision = Responded
		r.Source = source(w)
	case r.Timing.FetchStart >= 0, r.Timing.WorkerStart >= 0 || r.Timing.WorkerReady >= 0:
		r.Decision, r.Source = FellThrough, network(w)
	default:
		r.Source = network(w)
		f.notDispatched(r)
	}
	r.CacheName = w.CacheStorageCacheName
}

// notDispatched concludes why no worker saw a request.
func (f *fold) notDispatched(r *Fetch) {
	r.Inferred = append(r.Inferred, "decision")
	r.Decision = NotControlled
	if f.s == nil {
		r.Decision = Unknown
		return
	}
	if c := f.s.Context(r.Instance, r.Context); c != nil && c.BypassForNetwork {
		r.Decision = Bypassed
		return
	}
	if r.Registration == "" {
		return
	}
	g := f.s.Registration(inspector.RegistrationKey{Instance: r.Instance, Context: r.Context, ID: r.Registration})
	if g == nil || g.Active() == nil {
		return
	}
	for _, client := range g.Active().Clients {
		if client == r.Target {
			// Its page is controlled, and yet nothing was dispatched: Chromium skips
			// workers without a fetch handler, and handlers that do nothing.
			r.Decision = NoFetchHandler
		}
	}
}

// failed: what a request that got no response says.
func (f *fold) failed(r *Fetch) {
	if r.Status != 0 {
		return
	}
	r.Source = FromNowhere
	if r.Decision != Pending {
		return
	}
	if r.Registration == "" {
		r.Decision = NotControlled
		r.Inferred = append(r.Inferred, "decision")
		return
	}
	r.Decision = Unknown
	if strings.HasPrefix(r.Error, "net::ERR_FAILED") {
		r.Decision = RespondError
		r.Inferred = append(r.Inferred, "decision")
	}
}

func source(w *wireResponse) Source {
	switch w.ServiceWorkerResponseSource {
	case "cache-storage":
		return FromCache
	case "http-cache":
		return FromHTTPCache
	case "network":
		return FromNetwork
	case "fallback-code":
		return FromWorker
	}
	if w.CacheStorageCacheName != "" {
		return FromCache
	}
	return FromWorker
}

func network(w *wireResponse) Source {
	if w.FromDiskCache || w.FromPrefetchCache {
		return FromHTTPCache
	}
	return FromNetwork
}

func routeSource(route *wireRouter, w *wireResponse) Source {
	switch route.ActualSourceType {
	case "cache":
		return FromCache
	case "network":
		return network(w)
	case "fetch-event":
		return source(w)
	case "race-network-and-fetch-handler", "race-network-and-fetch-event":
		if w.FromServiceWorker {
			return source(w)
		}
		return network(w)
	}
	return network(w)
}
