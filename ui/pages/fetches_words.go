package pages

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/ui/components"
)

// decisionState is a decision as glyph, word and colour. The words are those of
// package fetches.
func decisionState(f *fetches.Fetch) components.State {
	icon, class := "unanswered", "idle"
	word := strings.ReplaceAll(string(f.Decision), "-", " ")
	switch f.Decision {
	case fetches.Responded:
		icon, class = "d-respond", "ok"
	case fetches.RouteMatched:
		icon, class, word = "d-route", "work", "route "+strconv.Itoa(f.Route)
	case fetches.FellThrough:
		icon = "d-fell"
	case fetches.NotControlled:
		icon, class = "d-none", "wait"
	case fetches.Bypassed:
		icon = "d-bypass"
	case fetches.NoFetchHandler, fetches.EmptyFetchHandler:
		icon = "d-nohandler"
		word = strings.TrimSuffix(word, " fetch handler") + " handler"
	case fetches.RespondError:
		icon, class = "error", "bad"
	case fetches.Pending:
		icon, class = "spin", "work"
	}
	if f.Kind == fetches.KindWorker || f.Kind == fetches.KindScript || f.Kind == fetches.KindPreload {
		return components.State{Icon: "worker", Word: kindWord(f.Kind), Class: "idle"}
	}
	return components.State{Icon: icon, Word: word, Class: class}
}

// kindWord says what kind of request a row is.
func kindWord(k fetches.Kind) string {
	switch k {
	case fetches.KindWorker:
		return "by the worker"
	case fetches.KindScript:
		return "worker script"
	case fetches.KindPreload:
		return "preload"
	}
	return string(k)
}

// fetchSourceIcon is the glyph of a source, "" for none.
func fetchSourceIcon(s fetches.Source) string {
	switch s {
	case fetches.FromWorker:
		return "s-made"
	case fetches.FromCache:
		return "s-cache"
	case fetches.FromNetwork:
		return "s-net"
	case fetches.FromPreload:
		return "s-pre"
	case fetches.FromHTTPCache:
		return "s-http"
	}
	return ""
}

// sourceWord is the word of a source: of a cache its name.
func sourceWord(f *fetches.Fetch) string {
	switch f.Source {
	case fetches.FromCache:
		if f.CacheName != "" {
			return visible(f.CacheName)
		}
	case fetches.FromHTTPCache:
		return "HTTP cache"
	}
	return string(f.Source)
}

// statusWord is a row's status: the number, or why there is none.
func statusWord(f *fetches.Fetch) (word, class string) {
	switch {
	case f.Status >= 400:
		return strconv.Itoa(f.Status), "bad"
	case f.Status > 0:
		return strconv.Itoa(f.Status), ""
	case f.ResponseType == "opaque" || f.ResponseType == "opaqueredirect" || f.ResponseType == "opaqueRedirect":
		return "opaque", "wait"
	case f.Error == "net::ERR_ABORTED":
		return "cancelled", ""
	case f.Error != "" || f.Decision == fetches.RespondError:
		return "failed", "bad"
	case f.Done:
		return "–", ""
	}
	return "…", ""
}

func fetchSize(f *fetches.Fetch) string {
	if f.ResponseBody.Size < 0 {
		return ""
	}
	return components.Bytes(float64(f.ResponseBody.Size))
}

func fetchTook(f *fetches.Fetch) string {
	if f.Timing.End < 0 {
		return ""
	}
	return components.Span(f.Timing.End)
}

// rowID is the id of a row's element: ids of requests have characters that a
// selector would choke on.
func fetchRowID(f *fetches.Fetch) string { return "f" + strconv.FormatUint(f.Seq, 10) }

func (v FetchesView) countWords() string {
	if v.Window.Total == v.Total {
		return components.Count(v.Total, "request", "requests")
	}
	return components.Number(v.Window.Total) + " of " + components.Number(v.Total)
}

// fetchLink opens a fetch in the drawer. The tab stays.
func (v FetchesView) link(f *fetches.Fetch) string {
	return string(v.Address.With("fetch", f.ID, "edit", ""))
}

func (v FetchesView) current(f *fetches.Fetch) bool {
	return v.Drawer != nil && v.Drawer.Fetch.ID == f.ID
}

// emptyWords say why the table is empty and what to do.
func (v FetchesView) emptyWords() (title, text string) {
	switch {
	case v.Watch.Problem != "":
		return "Requests are not being watched", v.Watch.Problem
	case v.Watch.Recorded && v.Total == 0:
		return "No request up to this moment", "Move the time slider to the right, or choose another recording."
	case v.Total > 0 && v.Filter.Query.Empty():
		return "No request of this scope yet", "There are " + components.Count(v.Total, "request", "requests") + " of other scopes: choose Whole browser."
	case v.Total > 0:
		return "No request passes the filter", "Take a term out, or try is:intercepted, source:cache, decision:fell-through, status:404, took:>500, -url:*.map."
	case !v.Watch.Can:
		return "This browser's requests cannot be watched", "It is not attached over the DevTools protocol."
	case v.Watch.State == "off":
		return "Requests are not being watched", "Press Watch: what pages, frames and workers of this browser request shows up here."
	}
	return "No request yet", "Requests are watched from now on. Reload a page of this site, or use it: each request shows up here as it is made."
}

// asCurl is a request as a command line of curl.
func asCurl(f *fetches.Fetch, body []byte) string {
	var b strings.Builder
	b.WriteString("curl " + quoteShell(f.URL))
	if f.Method != "GET" {
		b.WriteString(" \\\n  -X " + quoteShell(f.Method))
	}
	for _, h := range f.RequestHeaders {
		if strings.HasPrefix(h.Name, ":") || strings.EqualFold(h.Name, "content-length") {
			continue
		}
		b.WriteString(" \\\n  -H " + quoteShell(h.Name+": "+h.Value))
	}
	if len(body) > 0 {
		b.WriteString(" \\\n  --data-raw " + quoteShell(string(body)))
	}
	return b.String()
}

// quoteShell puts text in quotes that a shell leaves alone. A NUL cannot be in an
// argument at all.
func quoteShell(s string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s, "\x00", ""), "'", `'\''`) + "'"
}

// forbidden are the headers that a script cannot set: fetch() would leave them out.
var forbidden = []string{
	"accept-charset", "accept-encoding", "access-control-request-headers", "access-control-request-method", "connection", "content-length", "cookie", "cookie2",
	"date", "dnt", "expect", "host", "keep-alive", "origin", "referer", "set-cookie", "te", "trailer", "transfer-encoding", "upgrade", "via", "user-agent",
}

// Settable reports whether a script may set a request header.
func Settable(name string) bool {
	name = strings.ToLower(name)
	return !strings.HasPrefix(name, ":") && !strings.HasPrefix(name, "sec-") && !strings.HasPrefix(name, "proxy-") && !slices.Contains(forbidden, name)
}

// asFetchCall is a request as a call of fetch().
func asFetchCall(f *fetches.Fetch, body []byte) string {
	init := map[string]any{}
	if f.Method != "GET" {
		init["method"] = f.Method
	}
	headers := map[string]string{}
	for _, h := range f.RequestHeaders {
		if Settable(h.Name) {
			headers[h.Name] = h.Value
		}
	}
	if len(headers) > 0 {
		init["headers"] = headers
	}
	if len(body) > 0 {
		init["body"] = string(body)
	}
	if f.Mode != "" && f.Mode != "navigate" && f.Mode != "cors" {
		init["mode"] = f.Mode
	}
	if f.Credentials != "" && f.Credentials != "same-origin" {
		init["credentials"] = f.Credentials
	}
	if f.CacheMode != "" && f.CacheMode != "default" {
		init["cache"] = f.CacheMode
	}
	if len(init) == 0 {
		return "fetch(" + quoteJS(f.URL) + ")"
	}
	text, err := json.MarshalIndent(init, "", "  ")
	if err != nil {
		return ""
	}
	return "fetch(" + quoteJS(f.URL) + ", " + string(text) + ")"
}

// factsOf are what is known of a request beside its headers.
func factsOf(f *fetches.Fetch) []Detail {
	var out []Detail
	add := func(name, value string) {
		if value != "" {
			out = append(out, Detail{name, visible(value)})
		}
	}
	add("Kind", kindWord(f.Kind))
	add("Mode", f.Mode)
	add("Destination", f.Destination)
	add("Credentials", f.Credentials)
	add("Cache mode", f.CacheMode)
	add("Redirect", f.Redirect)
	add("Referrer", f.Referrer)
	add("Page", f.Page)
	add("Initiator", f.Initiator)
	add("Client", f.Client)
	add("Resulting client", f.ResultingClient)
	add("Scope", f.Scope)
	if f.Version != "" {
		add("Version", "#"+f.Version)
	}
	return out
}

// HeaderValue is a header's value, several joined; "" when there is none.
func HeaderValue(hs []inspector.Header, name string) string {
	var values []string
	for _, h := range hs {
		if strings.EqualFold(h.Name, name) {
			values = append(values, h.Value)
		}
	}
	return strings.Join(values, ", ")
}

func inferredTitle(f *fetches.Fetch) string {
	if f.IsInferred("decision") {
		return "inferred: the browser does not tell it"
	}
	return ""
}

func sourceTitle(f *fetches.Fetch) string {
	if f.Source == fetches.FromCache {
		return "from the cache " + cacheTitle(f.CacheName)
	}
	return fromWords(f)
}

func tabParam(name string) string {
	if name == "explain" {
		return ""
	}
	return name
}

func followWord(v FetchesView) string {
	if v.Follow {
		return "yes"
	}
	return ""
}

func parentKnown(f *fetches.Fetch) string {
	if f.IsInferred("parent") {
		return "inferred"
	}
	return "seen"
}

func noChildren(v FetchesView) string {
	if v.Drawer.Fetch.Kind == fetches.KindWorker {
		return "It is one itself."
	}
	if v.Watch.Recorded {
		return "None was recorded. A full recording has the worker's own requests; a passive one does not look into workers."
	}
	return "None was seen. Watching leaves service workers alone, so what a worker fetches itself does not show; the engine tells it, and so does a full recording."
}

// Copies are a request as a command line of curl and as a call of fetch().
func Copies(f *fetches.Fetch, body []byte) (curl, call string) {
	return asCurl(f, body), asFetchCall(f, body)
}

// IsText reports whether data reads as text.
func IsText(data []byte) bool { return len(data) == 0 || isText(data) }

// FilterTerms are terms that the filter field completes to.
func FilterTerms() []string {
	terms := []string{
		"is:intercepted", "is:failed", "is:pending", "is:redirect", "is:sub", "is:inferred", "has:error", "has:body", "has:trace", "has:request-body",
		"kind:navigation", "kind:fetch", "kind:worker", "method:POST", "status:404", "status:>=400", "took:>500", "size:>100k", "url:", "cache:", "client:", "mime:", "page:", "header:", "version:",
	}
	for _, d := range fetches.Decisions {
		terms = append(terms, "decision:"+string(d))
	}
	for _, s := range fetches.Sources {
		terms = append(terms, "source:"+string(s))
	}
	return terms
}

// canFollowWord says whether the table can follow what is new: a live log in the order
// of time.
func canFollowWord(v FetchesView) string {
	if !v.Watch.Recorded && v.Head.Sort == v.Head.Default {
		return "yes"
	}
	return ""
}
