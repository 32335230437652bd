package explain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
)

// World is what an explanation may look at, as it was when it happened.
type World struct {
	State *inspector.State
	// Caches are the caches of the request's storage key, in creation order. CachesFrom
	// says of when they are; CachesProblem why they are not (all) there.
	Caches        []Cache
	CachesFrom    string
	CachesProblem string
	// Children are the requests that the worker made for the event.
	Children []*fetches.Fetch
}

// Cache is the content of one cache.
type Cache struct {
	Name    string
	Entries []inspector.CacheEntry
}

// Fetch explains a row of the fetch log. An engine's row is its trace; a browser's is
// put together from what CDP and a recorder showed.
func Fetch(r *fetches.Fetch, w World) Chain {
	c := Chain{Subject: r.Method + " " + r.URL, Verdict: string(r.Decision), Answer: Sentence(r)}
	if len(r.Steps) > 0 && r.Steps[0].Subject != "" {
		c.trace(r.Steps)
		return c
	}
	f := fetched{Chain: &c, r: r, w: w}
	f.registration()
	f.routes()
	f.event()
	f.lookups()
	f.network()
	f.response()
	return c
}

// Sentence says in one sentence what a request came to.
func Sentence(r *fetches.Fetch) string {
	from := ""
	switch r.Source {
	case fetches.FromCache:
		from = "from a cache"
		if r.CacheName != "" {
			from = "from the cache " + strconv.Quote(r.CacheName)
		}
	case fetches.FromNetwork:
		from = "from the network"
	case fetches.FromHTTPCache:
		from = "from the HTTP cache"
	case fetches.FromPreload:
		from = "from the navigation preload"
	case fetches.FromWorker:
		from = "made by the worker"
	}
	if from != "" {
		from = ", with a response " + from
	}
	switch r.Decision {
	case fetches.NotControlled:
		return "No service worker had a say: the client has no controller" + tail(r.Source)
	case fetches.Bypassed:
		return "The request went past service workers" + tail(r.Source)
	case fetches.RouteMatched:
		return fmt.Sprintf("Static route %d decided, without the fetch handler%s.", r.Route, from)
	case fetches.NoFetchHandler:
		return "The worker has no fetch handler, so it was not asked" + tail(r.Source)
	case fetches.EmptyFetchHandler:
		return "The worker's fetch handler does nothing, so it was not asked" + tail(r.Source)
	case fetches.FellThrough:
		return "The worker was asked and did not call respondWith()" + tail(r.Source)
	case fetches.Responded:
		return "The worker answered" + from + "."
	case fetches.RespondError:
		if r.Error != "" {
			return "The worker answered with an error: " + r.Error
		}
		return "The worker answered with an error."
	case fetches.Pending:
		return "Nothing has come yet."
	}
	return "What became of it is not known."
}

func tail(s fetches.Source) string {
	switch s {
	case fetches.FromNetwork:
		return "; the network answered."
	case fetches.FromHTTPCache:
		return "; the HTTP cache answered."
	}
	return "."
}

// fetched makes the chain of one row of a browser.
type fetched struct {
	*Chain
	r *fetches.Fetch
	w World
}

// asked reports whether the fetch handler was given the request.
func (f *fetched) asked() bool {
	switch f.r.Decision {
	case fetches.Responded, fetches.RespondError, fetches.FellThrough, fetches.Pending:
		return true
	}
	return false
}

func (f *fetched) version() *inspector.Version {
	if f.w.State == nil || f.r.Registration == "" {
		return nil
	}
	g := f.w.State.Registration(inspector.RegistrationKey{Instance: f.r.Instance, Context: f.r.Context, ID: f.r.Registration})
	if g == nil {
		return nil
	}
	for _, v := range g.Versions {
		if v.ID == f.r.Version {
			return v
		}
	}
	return g.Active()
}

// registration: whose worker the request belongs to.
func (f *fetched) registration() {
	l := Link{Question: "Which registration's scope matches?", Algorithm: "Match Service Worker Registration", Known: inspector.Inferred}
	subject := f.r.URL
	l.From = "the request's URL and the registrations of that moment"
	if f.r.Kind != fetches.KindNavigation {
		subject = f.r.Page
		l.Question = "Who controls the client?"
		l.From = "its document's URL and the registrations of that moment"
	}
	l.Candidates = scopes(f.w.State, f.r.Instance, f.r.Context, subject)
	switch v := f.version(); {
	case f.r.Scope == "" && subject == "":
		l.Verdict, l.Answer = "unknown", "The document that asked is not known."
	case f.r.Scope == "":
		l.Verdict, l.Answer = "not-controlled", "No scope is the beginning of "+subject+"."
	default:
		l.Verdict, l.Answer = "matched", "The scope "+f.r.Scope+" is the longest that "+subject+" begins with."
		if v != nil {
			l.Answer += " Its active version is #" + v.ID + "."
			if slices.Contains(v.Clients, f.r.Target) && f.r.Kind != fetches.KindNavigation {
				l.Known, l.From, l.Verdict = inspector.Seen, "ServiceWorker.workerVersionUpdated: controlledClients", "controlled"
				l.Answer = "Version #" + v.ID + " of " + f.r.Scope + " controls the document."
			}
		}
	}
	f.add(l)
	if f.r.Decision == fetches.NotControlled && f.r.Scope != "" {
		f.add(Link{
			Question: "Is the client controlled?", Algorithm: "Handle Fetch", Known: f.known("decision"), From: "Network.responseReceived: fromServiceWorker false and no worker timing", Verdict: "not-controlled",
			Answer: "The scope matches, but the document was loaded before a worker was active and nobody claimed it: its requests pass no worker. A reload, or clients.claim(), would change that.",
		})
	}
	if f.r.Decision == fetches.Bypassed {
		f.add(Link{
			Question: "Is the worker bypassed?", Algorithm: "Handle Fetch", Known: f.known("decision"), From: "the settings of that moment, and the kind of the request", Verdict: "bypassed",
			Answer: "Yes: “bypass for network” was on, the page was reloaded past its worker, or the request is a worker's own.",
		})
	}
}

// known is the provenance of a field of the row.
func (f *fetched) known(field string) inspector.Provenance {
	if f.r.IsInferred(field) {
		return inspector.Inferred
	}
	return inspector.Seen
}

// scopes are the registrations of an origin, tried on a URL.
func scopes(s *inspector.State, instance, context, url string) []Candidate {
	if s == nil {
		return nil
	}
	var all []Candidate
	for _, g := range s.Registrations {
		if g.Key.Instance != instance || g.Key.Context != context || !g.Alive() || origin(g.Scope) != origin(url) {
			continue
		}
		c := Candidate{Name: g.Scope, Result: inspector.Pass, Request: url, Stored: g.Scope}
		if !strings.HasPrefix(url, g.Scope) {
			c.Result, c.Step, c.Why = inspector.Fail, "scope", "the URL does not begin with it"
		}
		all = append(all, c)
	}
	slices.SortStableFunc(all, func(a, b Candidate) int { return len(b.Name) - len(a.Name) })
	return all
}

func origin(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return ""
	}
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}

// routes: whether a static route decided, and which others were tried.
func (f *fetched) routes() {
	v := f.version()
	if v == nil || len(v.Routes) == 0 || f.r.Decision == fetches.NotControlled || f.r.Decision == fetches.Bypassed {
		return
	}
	report := inspector.MatchRoutes(v.Routes, inspector.RouteRequest{
		URL: f.r.URL, Method: f.r.Method, Mode: f.r.Mode, Destination: f.r.Destination, Base: v.ScriptURL,
	})
	l := Link{
		Question: "Does a static route decide?", Algorithm: "Get Router Source", Known: inspector.Inferred,
		From: "the rules of the version, tried on the request", Answer: report.Verdict, Verdict: "no-route", Candidates: ruleCandidates(report, f.r.Route),
	}
	if report.Winner >= 0 {
		l.Verdict, l.Details = "route-matched", map[string]string{"source": v.Routes[report.Winner].Source.Type}
	}
	if f.r.Decision == fetches.RouteMatched {
		l.Known, l.From, l.Verdict = inspector.Seen, "Network.Response.serviceWorkerRouterInfo: ruleIdMatched", "route-matched"
		l.Answer = fmt.Sprintf("Rule %d matched.", f.r.Route)
	}
	f.add(l)
}

func ruleCandidates(report inspector.RouteReport, matched int) []Candidate {
	var all []Candidate
	for i, rule := range report.Rules {
		c := Candidate{Name: "rule " + strconv.Itoa(i+1), Result: rule.Result, Why: rule.Why}
		if i+1 == matched {
			c.Result, c.Why = inspector.Pass, ""
		}
		for _, check := range rule.Checks {
			if check.Result == inspector.Fail {
				c.Step, c.Request, c.Stored = check.Field, check.Got, check.Want
				break
			}
		}
		all = append(all, c)
	}
	return all
}

// event: whether a fetch event was dispatched, and what the handler did with it.
func (f *fetched) event() {
	l := Link{Question: "Is the fetch handler asked?", Algorithm: "Create Fetch Event and Dispatch", Known: f.known("decision"), From: "Network.responseReceived: fromServiceWorker and the worker's timings", Verdict: string(f.r.Decision)}
	switch f.r.Decision {
	case fetches.NoFetchHandler:
		l.Answer = "The document is controlled and yet no event was dispatched: the worker has no fetch handler, or one that does nothing, and browsers then skip it."
	case fetches.EmptyFetchHandler:
		l.Answer = "The handler does nothing, and browsers then skip it."
	case fetches.Responded:
		l.Answer = "Yes, and it called respondWith() with a response."
	case fetches.RespondError:
		l.Answer = "Yes, and what it gave respondWith() was an error."
	case fetches.FellThrough:
		l.Answer = "Yes, and it returned without respondWith(): the request goes on to the network."
	default:
		return
	}
	for _, s := range f.r.Steps {
		if s.Verdict == string(fetches.FellThrough) && strings.HasPrefix(s.Decision, "the handler threw") {
			l.Answer = "Yes, and " + s.Decision + ": the request goes on to the network."
		}
		if s.Verdict == "dispatched" {
			l.Known, l.From = inspector.Seen, "the recorder in the worker"
		}
	}
	if f.r.Timing.WorkerStart >= 0 && f.r.Timing.WorkerReady-f.r.Timing.WorkerStart >= time.Millisecond {
		l.Answer += fmt.Sprintf(" The worker had to be started first: %d ms.", (f.r.Timing.WorkerReady - f.r.Timing.WorkerStart).Milliseconds())
	}
	f.add(l)
}

// network: the requests that the worker made for the event.
func (f *fetched) network() {
	for _, child := range f.w.Children {
		l := Link{
			Question: "What does the network answer?", Algorithm: "", Verdict: string(child.Source), Known: inspector.Seen, From: "Network events of the worker",
			Answer: "The worker fetched " + child.Method + " " + child.URL + ": " + outcome(child) + ".",
		}
		if child.IsInferred("parent") {
			l.Known, l.From = inspector.Inferred, "it was made while this request waited for its worker"
		}
		f.add(l)
	}
}

func outcome(r *fetches.Fetch) string {
	switch {
	case r.Status != 0:
		return strings.TrimSpace(strconv.Itoa(r.Status) + " " + r.StatusText)
	case r.Error != "":
		return r.Error
	}
	return "no answer yet"
}

// response: what came.
func (f *fetched) response() {
	if f.r.Status == 0 && f.r.Error == "" {
		return
	}
	l := Link{Question: "What comes of it?", Verdict: string(f.r.Source), Known: f.known("source"), From: "Network.responseReceived", Answer: outcome(f.r) + "."}
	if f.r.Status != 0 {
		l.Answer = fmt.Sprintf("%s. %s", outcome(f.r), Sentence(f.r))
		l.From = "Network.Response.serviceWorkerResponseSource, cacheStorageCacheName"
	}
	f.add(l)
}

// Story is the chain of a story of an engine's trace.
func Story(s inspector.Story) Chain {
	c := Chain{Subject: s.Title, Verdict: s.Verdict}
	c.trace(s.Steps)
	for _, step := range s.Steps { // the answer is the step that had the last word
		if step.Verdict == s.Verdict && step.Decision != "" {
			c.Answer = upper(step.Decision) + "."
		}
	}
	return c
}
