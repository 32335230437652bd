package fetches

import (
	"slices"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector"
)

// conclude fills in what CDP does not tell of a client's request: its mode,
// credentials and redirect mode, by what asked for it (HTML and Fetch: the defaults of
// each kind of element). The fields are marked as inferred; headers that were sent
// (sent) and a recorder in the worker say better.
func conclude(r *Fetch, kind string) {
	switch {
	case r.Kind == KindNavigation:
		r.Credentials, r.Redirect = "include", "manual" // Fetch: every navigation request
		return
	case r.Kind != KindFetch:
		return
	}
	r.Redirect = "follow"
	switch kind {
	case "Stylesheet", "Image", "Media", "Script", "TextTrack", "Ping", "Prefetch":
		r.Mode, r.Credentials = "no-cors", "include"
	case "Fetch", "XHR", "EventSource", "Font", "Manifest":
		r.Mode, r.Credentials = "cors", "same-origin"
	default:
		return
	}
	r.Inferred = append(r.Inferred, "mode", "credentials", "redirect")
}

// concludeOpaque: what another origin's server answered without leave to read it was
// asked for without cors.
func concludeOpaque(r *Fetch) {
	if r.Mode != "cors" || !r.IsInferred("mode") || r.Source != FromNetwork && r.Source != FromHTTPCache || r.Page == "" || origin(r.URL) == origin(r.Page) {
		return
	}
	if !slices.ContainsFunc(r.ResponseHeaders, func(h inspector.Header) bool { return strings.EqualFold(h.Name, "access-control-allow-origin") }) {
		r.Mode = "no-cors"
	}
}

// origin is scheme, host and port of an http(s) URL.
func origin(u string) string {
	scheme, rest, _ := strings.Cut(u, "://")
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	return scheme + "://" + rest
}

// sent reads what the headers that went out say of the request.
//
// Source: W3C Fetch Metadata Request Headers.
func sent(r *Fetch, headers []inspector.Header) {
	if r.Kind == KindWorker || r.Kind == KindScript {
		return
	}
	for _, h := range headers {
		switch strings.ToLower(h.Name) {
		case "sec-fetch-mode":
			if r.Mode == "" || r.IsInferred("mode") {
				r.Mode, r.Inferred = h.Value, without(r.Inferred, "mode")
			}
		case "sec-fetch-dest":
			if h.Value != "empty" && r.Destination == "" {
				r.Destination = h.Value
			}
		}
	}
}

// early is how long before its request the event of a request may be told: they come
// from two processes.
const early = 5 * time.Second

// claim gives a request the row of its event, where that came first. The row keeps its
// place and takes the request's id.
func (f *fold) claim(r *Fetch) (at int, claimed bool) {
	if len(f.events) == 0 || r.Kind == KindWorker || r.Kind == KindScript || r.Kind == KindPreload {
		return -1, false
	}
	const recent = 200
	for at := max(0, len(f.rows)-recent); at < len(f.rows); at++ {
		e := f.rows[at]
		if e.Target != "" || !strings.HasPrefix(e.ID, eventPrefix) || e.Method != r.Method || e.Instance != r.Instance || e.Context != r.Context ||
			withoutFragment(e.URL) != withoutFragment(r.URL) || f.m.Time.Sub(e.Began) > early {
			continue
		}
		merged := *r
		merged.ID, merged.Seq = e.ID, e.Seq
		told(&merged, e)
		merged.Steps, merged.Error = e.Steps, e.Error
		if e.Decision != Pending {
			merged.Decision = e.Decision
		}
		f.rows[at] = &merged
		f.rename(at, r.ID)
		f.signal()
		return at, true
	}
	return -1, false
}

// told copies what a recorder told of a request.
func told(r, e *Fetch) {
	r.Mode, r.Credentials, r.CacheMode, r.Redirect, r.Referrer = e.Mode, e.Credentials, e.CacheMode, e.Redirect, e.Referrer
	r.Client, r.ResultingClient = e.Client, e.ResultingClient
	if e.Destination != "" {
		r.Destination = e.Destination
	}
	for _, seen := range []string{"mode", "credentials", "redirect"} {
		r.Inferred = without(r.Inferred, seen)
	}
}

// rename gives a row another id, and those that name it.
func (f *fold) rename(at int, id string) {
	old := f.rows[at].ID
	delete(f.at, old)
	delete(f.again, old)
	id = f.unique(id)
	f.at[id] = at
	f.change(at, func(r *Fetch) { r.ID = id })
	for key, of := range f.events {
		if of == old {
			f.events[key] = id
		}
	}
	for i := range f.expected {
		if f.expected[i].parent == old {
			f.expected[i].parent = id
		}
	}
	for i := at + 1; i < len(f.rows); i++ {
		if f.rows[i].Parent == old {
			f.change(i, func(r *Fetch) { r.Parent = id })
		}
	}
}

// expected is a request that a recorder announced: it tells of each before it is made.
type expected struct {
	parent      string // ID of the row whose event it is of
	target      string // the worker's
	method, url string
}

// maxExpected bounds what is announced and never came: from the worker's caches, say.
const maxExpected = 1000

func (f *fold) expect(e expected) {
	if len(f.expected) >= maxExpected {
		f.expected = slices.Delete(f.expected, 0, maxExpected/10)
	}
	f.expected = append(f.expected, e)
}

// announced gives a worker's request the parent that a recorder told.
func (f *fold) announced(r *Fetch) {
	i := slices.IndexFunc(f.expected, func(e expected) bool {
		return e.target == f.m.Target && e.method == r.Method && withoutFragment(e.url) == withoutFragment(r.URL)
	})
	if i < 0 {
		return
	}
	r.Parent, r.Inferred = f.expected[i].parent, without(r.Inferred, "parent")
	f.expected = slices.Delete(f.expected, i, i+1)
}
