package fetches

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
)

// Binding is the name under which a recorder in a worker tells of its events, one
// [Event] as JSON a call. The recorder takes the name off the global before the
// worker's script runs.
const Binding = "__swinspect_recorder__"

// Event is what a recorder in a worker tells.
type Event struct {
	// Type is "event" (dispatched), "respond" (respondWith settled), "error" (it was
	// rejected), "over" (the handlers returned without it), "fetch" (a request of the
	// event), "cache" (a look into a cache, or a write).
	Type string `json:"type"`
	ID   string `json:"id"` // of the event, in its worker's life

	URL             string             `json:"url,omitempty"`
	Method          string             `json:"method,omitempty"`
	Mode            string             `json:"mode,omitempty"`
	Destination     string             `json:"destination,omitempty"`
	Credentials     string             `json:"credentials,omitempty"`
	Cache           string             `json:"cache,omitempty"` // cache mode of the request; name of the cache
	Redirect        string             `json:"redirect,omitempty"`
	Referrer        string             `json:"referrer,omitempty"`
	ClientID        string             `json:"clientId,omitempty"`
	ResultingClient string             `json:"resultingClientId,omitempty"`
	Headers         []inspector.Header `json:"headers,omitempty"`

	Status       int    `json:"status,omitempty"`
	ResponseType string `json:"responseType,omitempty"`
	Error        string `json:"error,omitempty"`

	Operation string `json:"operation,omitempty"` // match, matchAll, put, add, addAll, delete
	Hit       bool   `json:"hit,omitempty"`
}

// eventKey names an event of a worker's life.
type eventKey struct{ instance, target, id string }

// eventPrefix begins the id of a row whose request was not seen (yet).
const eventPrefix = "event:"

// bindingCalled is what a recorder tells.
func (f *fold) bindingCalled() {
	var p struct {
		Name    string `json:"name"`
		Payload string `json:"payload"`
	}
	var e Event
	if cdp.Decode(f.m.Params, &p) != nil || p.Name != Binding || json.Unmarshal([]byte(p.Payload), &e) != nil || e.ID == "" {
		return
	}
	key := eventKey{f.m.Instance, f.m.Target, e.ID}
	if e.Type == "event" {
		f.dispatched(key, &e)
		return
	}
	at, ok := f.at[f.events[key]]
	if !ok {
		return
	}
	switch e.Type {
	case "respond":
		f.seen(at, Responded, "the worker responded")
	case "error":
		f.change(at, func(r *Fetch) { r.Error = e.Error })
		f.seen(at, RespondError, e.Error)
	case "over":
		what := "the worker did not call respondWith()"
		if e.Error != "" {
			what = "the handler threw before it called respondWith(): " + e.Error
		}
		f.seen(at, FellThrough, what)
	case "fetch":
		f.note(at, "Fetch", "fetched", e.Method+" "+e.URL, map[string]string{"fetched": e.Method + " " + e.URL})
		if !f.adopt(f.rows[at].ID, f.m.Target, e.Method+" "+e.URL) {
			f.expect(expected{f.rows[at].ID, f.m.Target, e.Method, e.URL})
		}
	case "cache":
		f.note(at, cacheAlgorithm(e.Operation), cacheVerdict(&e), e.Operation+" "+e.URL, map[string]string{"cache": e.Cache, "url": e.URL})
	}
}

// dispatched finds the row of an event, the oldest of its URL that has none yet: the
// event comes while its request waits.
func (f *fold) dispatched(key eventKey, e *Event) {
	const recent = 2000
	found := -1
	for i := len(f.rows) - 1; i >= max(0, len(f.rows)-recent); i-- {
		r := f.rows[i]
		if r.Instance == f.m.Instance && r.Context == f.m.Context && !r.Done && r.Status == 0 && withoutFragment(r.URL) == withoutFragment(e.URL) && r.Method == e.Method && r.Kind != KindWorker && r.Kind != KindScript && r.Target != f.m.Target && !hasEvent(r) {
			found = i
		}
	}
	if found < 0 { // the request comes later (see claim), or its client is not watched
		kind := KindFetch
		if e.Mode == "navigate" {
			kind = KindNavigation
		}
		row := &Fetch{
			ID: eventPrefix + f.m.Target + ":" + e.ID, Kind: kind, Began: f.m.Time, Instance: f.m.Instance, Context: f.m.Context, URL: e.URL, Method: e.Method,
			RequestHeaders: e.Headers, Decision: Pending, Source: FromUnknown, Timing: NoTiming, ResponseBody: Body{Size: -1, Missing: "its client is not recorded"},
		}
		f.scopeOf(row)
		found = f.add(row)
	}
	f.events[key] = f.rows[found].ID
	f.change(found, func(r *Fetch) {
		told(r, &Fetch{
			Mode: e.Mode, Credentials: e.Credentials, CacheMode: e.Cache, Redirect: e.Redirect, Referrer: e.Referrer,
			Client: e.ClientID, ResultingClient: e.ResultingClient, Destination: e.Destination,
		})
		if len(r.RequestHeaders) == 0 {
			r.RequestHeaders = e.Headers
		}
		r.Steps = append(slices.Clip(r.Steps), inspector.TraceStep{
			Seq: uint64(len(r.Steps) + 1), Time: f.m.Time, Algorithm: "Create Fetch Event and Dispatch", Decision: "a fetch event was dispatched", Verdict: "dispatched",
			Details: map[string]string{"url": e.URL, "mode": e.Mode, "client": e.ClientID},
		})
	})
}

func hasEvent(r *Fetch) bool {
	return slices.ContainsFunc(r.Steps, func(s inspector.TraceStep) bool { return s.Verdict == "dispatched" })
}

// seen is a decision that the recorder saw.
func (f *fold) seen(at int, d Decision, what string) {
	f.change(at, func(r *Fetch) {
		if r.Decision != RouteMatched {
			r.Decision = d
		}
		r.Inferred = without(r.Inferred, "decision")
	})
	f.note(at, "Create Fetch Event and Dispatch", string(d), what, nil)
}

func (f *fold) note(at int, algorithm, verdict, what string, details map[string]string) {
	f.change(at, func(r *Fetch) {
		r.Steps = append(slices.Clip(r.Steps), inspector.TraceStep{
			Seq: uint64(len(r.Steps) + 1), Parent: 1, Time: f.m.Time, Algorithm: algorithm, Decision: what, Verdict: verdict, Details: details,
		})
	})
}

func cacheAlgorithm(operation string) string {
	switch operation {
	case "match", "matchAll":
		return "Query Cache"
	}
	return "Batch Cache Operations"
}

func cacheVerdict(e *Event) string {
	switch e.Operation {
	case "match", "matchAll":
		if e.Hit {
			return "cache-hit"
		}
		return "cache-miss"
	case "delete":
		return "deleted"
	}
	return "stored"
}

func withoutFragment(u string) string { base, _, _ := strings.Cut(u, "#"); return base }
