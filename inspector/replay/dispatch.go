package replay

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// endOf is when a row had its response.
func endOf(f *fetches.Fetch) time.Time {
	switch {
	case f.Timing.Response > 0:
		return f.Began.Add(f.Timing.Response)
	case f.Timing.End > 0:
		return f.Began.Add(f.Timing.End)
	}
	return f.Began
}

// wireRequestHeaders are added behind the worker's back: the network process sends them,
// and no worker sees them.
var wireRequestHeaders = map[string]bool{
	"accept-encoding": true, "connection": true, "host": true, "content-length": true, "cookie": true, "sec-fetch-dest": true, "sec-fetch-mode": true,
	"sec-fetch-site": true, "sec-fetch-user": true, "sec-fetch-storage-access": true, "origin": true, "referer": true, "priority": true, "te": true,
	"service-worker-navigation-preload": true, "if-none-match": true, "if-modified-since": true, "service-worker": true,
}

// asked is a request to dispatch: a recorded one, or one edited by hand.
type asked struct {
	row    *fetches.Fetch
	url    *fetch.URL
	method string
	body   []byte // nil: none
}

// reply is what came of a dispatch.
type reply struct {
	answer *Answer
	asked  []Asked
	reason string // why it could not be dispatched
}

// prepare makes a recorded request one that can be dispatched; reason is why not.
func (w *world) prepare(ctx context.Context, f *fetches.Fetch) (a asked, reason string) {
	u, err := w.run.parse(f.URL)
	if err != nil {
		return a, "its URL cannot be parsed"
	}
	a = asked{row: f, url: u, method: cmp.Or(f.Method, "GET")}
	switch b := f.RequestBody; {
	case b.Hash != "":
		if a.body, err = w.run.recording.body(ctx, b.Hash); err != nil {
			return a, "its body was not recorded"
		}
	case b.Missing != "":
		return a, "its body was not recorded: " + b.Missing
	}
	return a, ""
}

// memberOf is the registration that a request belongs to, as recorded or, when a
// script stands in, by scope; nil for none.
func (w *world) memberOf(f *fetches.Fetch) *member {
	if m := w.registrations[f.Registration]; m != nil {
		return m
	}
	if m := w.registrations[madeUpRegistration]; m != nil {
		return m
	}
	page := cmp.Or(f.Page, f.URL)
	if f.Kind == fetches.KindNavigation {
		page = f.URL
	}
	var best *member
	for _, m := range w.registrations {
		if strings.HasPrefix(page, m.scope) && (best == nil || len(m.scope) > len(best.scope)) {
			best = m
		}
	}
	return best
}

// dispatch hands a request to the worker and waits for the answer, body and all.
func (w *world) dispatch(ctx context.Context, a asked) reply {
	f := a.row
	m := w.memberOf(f)
	if m == nil {
		return reply{reason: "its registration is not part of the recording"}
	}
	if m.live == nil {
		return reply{reason: cmp.Or(m.reason, "its registration could not be rebuilt")}
	}
	r := request(a)
	client, reason := w.clientFor(a, m, r)
	if reason != "" {
		return reply{reason: reason}
	}
	navigation := r.IsNavigation()
	env := fetchClient(client)
	r.Origin = client.Origin()
	flight := w.observer.begin(r.ID)
	_, before := w.network.busy()
	out := reply{answer: &Answer{}}
	err := w.pace.run(ctx, func(ctx context.Context) {
		out.answer = w.respond(ctx, r, env, flight, (f.Mode == "" || f.IsInferred("mode")) && !navigation)
	})
	if err != nil {
		out.answer = &Answer{Decision: string(fetches.RespondError), Source: string(fetches.FromNowhere), Error: err.Error(), Body: Body{Size: -1}}
	}
	if navigation {
		w.mu.Lock()
		w.navigated(f, client, out.answer.Error == "")
		w.mu.Unlock()
	}
	w.pace.settle(ctx, before)
	w.observer.end(flight)
	now := w.observer.take(flight)
	out.asked, out.answer.Thrown, out.answer.Writes, out.answer.Steps = now.asked, now.thrown, now.writes, now.steps
	return out
}

// clientFor finds or makes the client of a request, and names the request.
func (w *world) clientFor(a asked, m *member, r *fetch.Request) (*runtime.Client, string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests++
	r.ID = "replay-" + strconv.FormatUint(w.requests, 10)
	if !r.IsNavigation() {
		client := w.clientOf(a.row, m.live)
		if client == nil {
			return nil, "the URL of its page cannot be parsed"
		}
		if client.Controller() == nil {
			client.SetController(m.live.Snapshot().Active) // a worker has seen its request
		}
		r.ClientID = client.ID()
		return client, ""
	}
	client := w.reserve(a.row, a.url, m.live)
	r.ReservedClientID = client.ID()
	if old := w.clients[placeOf(a.row)]; old != nil {
		r.ReplacesClientID = old.ID()
	}
	return client, ""
}

// request is a recorded request as the fetch algorithm takes it.
func request(a asked) *fetch.Request {
	f := a.row
	r := fetch.NewRequest(a.url)
	r.Method = fetch.NormalizeMethod(a.method)
	r.Mode, r.Destination = fetch.Mode(f.Mode), fetch.Destination(f.Destination)
	if f.IsInferred("mode") && modeOf(f) == "no-cors" {
		r.Mode = "" // the answer tells more
	}
	if f.Kind == fetches.KindNavigation {
		r.Mode = "navigate"
		if r.Destination == "" {
			r.Destination = "document"
		}
	}
	if r.Mode == "" {
		r.Mode = modeOf(f)
	}
	r.Credentials = fetch.Credentials(f.Credentials)
	if r.Credentials == "" {
		r.Credentials = "same-origin"
		if r.Mode == "navigate" || r.Mode == "no-cors" {
			r.Credentials = "include"
		}
	}
	r.Cache = fetch.CacheMode(cmp.Or(f.CacheMode, "default"))
	r.Redirect = fetch.Redirect(f.Redirect)
	if r.Redirect == "" {
		r.Redirect = "follow"
		if r.Mode == "navigate" {
			r.Redirect = "manual"
		}
	}
	r.Referrer = cmp.Or(f.Referrer, "client")
	if f.Referrer == "about:client" {
		r.Referrer = "client"
	}
	wired := header(f.RequestHeaders, "Accept-Encoding") != ""
	for _, h := range f.RequestHeaders {
		name := strings.ToLower(h.Name)
		if strings.HasPrefix(name, ":") || wireRequestHeaders[name] || !fetch.ValidName(h.Name) || strings.HasPrefix(name, "sec-ch-") {
			continue
		}
		if wired && (name == "accept-language" && strings.Contains(h.Value, ";q=") || name == "cache-control" || name == "pragma") {
			continue // the browser's own
		}
		r.Headers.Append(h.Name, h.Value)
	}
	if a.body != nil {
		r.Body = fetch.BytesBody(a.body)
	}
	r.ReloadNavigation = r.Mode == "navigate" && header(f.RequestHeaders, "Cache-Control") == "max-age=0"
	return r
}

// modeOf is the mode of a request of which the browser's network does not tell it.
func modeOf(f *fetches.Fetch) fetch.Mode {
	switch f.ResponseType {
	case "cors":
		return "cors"
	case "opaque":
		return "no-cors"
	}
	if f.Status != 0 && originOf(f.URL) != originOf(cmp.Or(f.Page, f.URL)) && header(f.ResponseHeaders, "Access-Control-Allow-Origin") == "" {
		return "no-cors"
	}
	switch f.Destination {
	case "style", "script", "image", "video", "audio", "track":
		return "no-cors"
	}
	return "cors"
}

// maxBody bounds a body that is read from a worker.
const maxBody = 256 << 20

// respond is HTTP fetch's first half: the worker's answer, and what the fetch
// algorithm makes of it for the client.
//
// Source: https://fetch.spec.whatwg.org/#concept-http-fetch
func (w *world) respond(ctx context.Context, r *fetch.Request, env fetch.Client, f *flight, guessed bool) *Answer {
	mode, redirect := r.Mode, r.Redirect
	if guessed {
		mode = "no-cors" // the browser let it pass
	}
	response := w.context.Engine().HandleFetch(ctx, r, env)
	a := &Answer{Body: Body{Size: -1}}
	w.observer.mu.Lock()
	info, empty := f.info, f.empty
	w.observer.mu.Unlock()
	switch {
	case info == nil:
		a.Decision = string(fetches.NotControlled)
	case empty != "":
		a.Decision = empty
	case info.RouterRule > 0:
		a.Decision, a.Route = string(fetches.RouteMatched), info.RouterRule
	case info.Outcome == "responded":
		a.Decision = string(fetches.Responded)
	case info.Outcome == "error":
		a.Decision = string(fetches.RespondError)
	default:
		a.Decision = string(fetches.FellThrough)
	}
	if response == nil {
		a.Source = string(fetches.FromNetwork)
		return a // the network answers: see Result
	}
	inner := response.Unfiltered()
	refused := ""
	switch {
	case response.IsNetworkError():
	case mode == "same-origin" && response.Type == "cors":
		refused = "a CORS response to a same-origin request"
	case mode != "no-cors" && response.Type == "opaque":
		refused = "an opaque response to a request of mode " + string(mode)
	case redirect != "manual" && response.Type == "opaqueredirect":
		refused = "an opaque redirect to a request that follows redirects"
	case redirect != "follow" && len(inner.URLList) > 1:
		refused = "a redirected response to a request that follows no redirects"
	}
	if response.IsNetworkError() || refused != "" {
		a.Decision, a.Source = string(fetches.RespondError), string(fetches.FromNowhere)
		if a.Error = refused; refused == "" {
			a.Error = "network error"
			if response.Err != nil {
				a.Error = response.Err.Error()
			}
		}
		if a.Route > 0 {
			a.Decision = string(fetches.RouteMatched)
		}
		return a
	}
	a.Status, a.StatusText, a.Type = inner.Status, inner.StatusText, string(response.Type)
	a.Source, a.Cache = sourceOf(inner.Source, response.Source), cmp.Or(response.CacheName, inner.CacheName)
	for _, h := range inner.Headers {
		a.Headers = append(a.Headers, Header{h.Name, h.Value})
	}
	w.read(ctx, inner, a)
	return a
}

func sourceOf(inner, outer string) string {
	switch s := cmp.Or(inner, outer); s {
	case "cache-storage":
		return string(fetches.FromCache)
	case "network":
		return string(fetches.FromNetwork)
	case "http-cache":
		return string(fetches.FromHTTPCache)
	case "preload":
		return string(fetches.FromPreload)
	}
	return string(fetches.FromWorker)
}

// read takes in the body.
func (w *world) read(ctx context.Context, inner *fetch.Response, a *Answer) {
	var b []byte
	if inner.Body != nil {
		var err error
		if b, err = inner.Body.ReadAll(ctx, maxBody); err != nil {
			a.Error = "the body broke off: " + err.Error()
			return
		}
	}
	a.Body = Body{Hash: fetches.Hash(b), Size: int64(len(b)), bytes: b}
	if u := inner.URL(); u != nil && a.Cache != "" && w.missing[a.Cache+" "+u.String()] {
		a.Body = Body{Size: -1, Missing: "the recorded cache has no body"}
	}
}
