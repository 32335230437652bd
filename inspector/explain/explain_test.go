package explain

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp/jsonv2"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
)

const origin1 = "https://a.test"

// world is one with a worker for https://a.test/ that controls the page P, with two
// static routes.
func world(t *testing.T) World {
	t.Helper()
	rules := `[{"condition":{"urlPattern":"/news/*"},"source":["network"],"id":1},{"condition":{"request":{"destination":"style"}},"source":[{"cache_name":"shell"}],"id":2}]`
	s := fold(t, nil,
		`ServiceWorker.workerRegistrationUpdated {"registrations":[{"registrationId":"0","scopeURL":"https://a.test/","isDeleted":false},{"registrationId":"1","scopeURL":"https://a.test/shop/","isDeleted":false}]}`,
		`ServiceWorker.workerVersionUpdated {"versions":[{"versionId":"7","registrationId":"0","scriptURL":"https://a.test/sw.js","runningStatus":"running","status":"activated","controlledClients":["P"],"routerRules":`+quoted(rules)+`}]}`,
	)
	return World{State: s, CachesFrom: "as they were recorded", Caches: []Cache{
		{"shell", []inspector.CacheEntry{{URL: origin1 + "/app.js?v=1", Method: "GET"}}},
		{"pages", []inspector.CacheEntry{{
			URL: origin1 + "/hello", Method: "GET", RequestHeaders: []inspector.Header{{Name: "Accept-Language", Value: "de; q=1"}, {Name: "Accept", Value: "*/*"}},
			ResponseHeaders: []inspector.Header{{Name: "Vary", Value: "Accept, Accept-Language"}},
		}}},
	}}
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }

func fold(t *testing.T, s *inspector.State, lines ...string) *inspector.State {
	t.Helper()
	if s == nil {
		s = new(inspector.State)
	}
	for i, line := range lines {
		method, params, _ := strings.Cut(line, " ")
		s, _ = inspector.Apply(s, inspector.Message{
			Time: time.Unix(int64(i), 0), Kind: inspector.KindEvent, Instance: "i", Context: "c", Method: method, Params: jsonv2.Value(params),
		})
	}
	return s
}

func row(url string, d fetches.Decision) *fetches.Fetch {
	return &fetches.Fetch{
		ID: "r", Kind: fetches.KindFetch, Instance: "i", Context: "c", Target: "P", Page: origin1 + "/", URL: url, Method: "GET", Registration: "0", Version: "7", Scope: origin1 + "/",
		RequestHeaders: []inspector.Header{{Name: "Accept", Value: "*/*"}, {Name: "Accept-Language", Value: "en; q=1"}}, Decision: d, Timing: fetches.NoTiming,
	}
}

func link(t *testing.T, c Chain, algorithm string) Link {
	t.Helper()
	for _, l := range c.Links {
		if l.Algorithm == algorithm {
			return l
		}
	}
	t.Fatalf("no link of %s in %+v", algorithm, c)
	return Link{}
}

// A miss by Vary names the field and both values; that is inferred when nobody saw the
// lookup.
func TestVary(t *testing.T) {
	w := world(t)
	l := link(t, Fetch(row(origin1+"/hello", fetches.Responded), w), "Query Cache")
	want := Candidate{
		Name: origin1 + "/hello", Cache: "pages", Result: inspector.Fail, Step: "vary", Header: "accept-language", Request: "en; q=1", Stored: "de; q=1",
		Why: `its response varies on accept-language: asked with "en; q=1", stored with "de; q=1"`,
	}
	if len(l.Candidates) != 1 || l.Candidates[0] != want || l.Known != inspector.Inferred || l.Verdict != "cache-miss" || !strings.Contains(l.Answer, want.Why) {
		t.Errorf("%+v", l)
	}
	r := row(origin1+"/hello", fetches.Responded)
	r.Steps = []inspector.TraceStep{
		{Algorithm: "Create Fetch Event and Dispatch", Verdict: "dispatched"},
		{Algorithm: "Query Cache", Verdict: "cache-miss", Details: map[string]string{"cache": "pages", "url": r.URL}},
	}
	if l := link(t, Fetch(r, w), "Query Cache"); l.Known != inspector.Seen || len(l.Candidates) != 1 || l.Candidates[0] != want {
		t.Errorf("seen: %+v", l)
	}
}

// On the engine the chain is the trace, candidates and all.
func TestTraced(t *testing.T) {
	r := row(origin1+"/hello", fetches.Responded)
	r.Steps = []inspector.TraceStep{
		{Algorithm: "Handle Fetch", Subject: "request:1", Decision: "GET"},
		{Algorithm: "Request Matches Cached Item", Step: "8.1", Subject: "request:1", Verdict: "cache-miss", Decision: "it varies", Details: map[string]string{
			"cache": "pages", "candidate": "u1", "rejected by": "vary", "header": "accept", "asked": "a", "stored": "b",
			"candidate 2": "u2", "rejected by 2": "search", "asked 2": "?1", "stored 2": "?2", "why 2": "the queries differ",
		}},
	}
	l := link(t, Fetch(r, World{}), "Request Matches Cached Item")
	want := []Candidate{
		{Name: "u1", Cache: "pages", Result: inspector.Fail, Step: "vary", Why: "it varies", Header: "accept", Request: "a", Stored: "b"},
		{Name: "u2", Cache: "pages", Result: inspector.Fail, Step: "search", Why: "the queries differ", Request: "?1", Stored: "?2"},
	}
	if l.Known != inspector.Traced || len(l.Candidates) != 2 || l.Candidates[0] != want[0] || l.Candidates[1] != want[1] || l.Spec == "" {
		t.Errorf("%+v", l)
	}
}

func TestRequest(t *testing.T) {
	w := world(t)
	for _, c := range []struct {
		ask             Asked
		verdict, answer string
	}{
		{Asked{URL: "https://b.test/"}, "not-controlled", "no scope matches"},
		{Asked{URL: origin1 + "/shop/x", Mode: "navigate"}, "not-controlled", "nothing is active there"},
		{Asked{URL: origin1 + "/news/a", Mode: "navigate"}, "route-matched", "Rule 1 decides"},
		{Asked{URL: origin1 + "/app.js?v=2", Destination: "script"}, "pending", "the queries differ: asked \"?v=2\", stored \"?v=1\""},
		{Asked{URL: origin1 + "/app.js?v=1", Destination: "script"}, "pending", `finds it in "shell"`},
		{Asked{URL: origin1 + "/app.js?v=1", Destination: "script", Method: "POST"}, "pending", "only GET requests match"},
	} {
		c.ask.Instance, c.ask.Context = "i", "c"
		if got := Request(c.ask, w); got.Verdict != c.verdict || !strings.Contains(got.Answer, c.answer) {
			t.Errorf("%+v: %s: %s\n%+v", c.ask, got.Verdict, got.Answer, got.Links)
		}
	}
}

// Everything that a browser does not show is marked.
func TestInferred(t *testing.T) {
	r := row(origin1+"/x", fetches.NotControlled)
	r.Inferred = []string{"decision"}
	c := Fetch(r, world(t))
	if !c.Inferred() || link(t, c, "Handle Fetch").Known != inspector.Inferred {
		t.Errorf("%+v", c)
	}
	seen := row(origin1+"/news/1", fetches.RouteMatched)
	seen.Route, seen.Source, seen.Status = 1, fetches.FromNetwork, 200
	if l := link(t, Fetch(seen, world(t)), "Get Router Source"); l.Known != inspector.Seen || l.Candidates[0].Result != inspector.Pass {
		t.Errorf("%+v", l)
	}
}

func TestVersions(t *testing.T) {
	w := world(t)
	s := fold(t, w.State, `ServiceWorker.workerVersionUpdated {"versions":[{"versionId":"8","registrationId":"0","scriptURL":"https://a.test/sw.js","runningStatus":"running","status":"installed","controlledClients":[]}]}`)
	s, _ = inspector.Apply(s, inspector.NewNote(time.Unix(9, 0), "i", "c", inspector.NoteScripts{
		Registration: inspector.RegistrationKey{Instance: "i", Context: "c", ID: "0"}, Version: "7", Scripts: []*inspector.Script{{URL: "sw.js", Source: "one\ntwo\n", Main: true}, {URL: "gone.js"}},
	}))
	s, changes := inspector.Apply(s, inspector.NewNote(time.Unix(9, 0), "i", "c", inspector.NoteScripts{
		Registration: inspector.RegistrationKey{Instance: "i", Context: "c", ID: "0"}, Version: "8", Scripts: []*inspector.Script{{URL: "sw.js", Source: "one\ntwö\n", Main: true}},
	}))
	r := s.Registration(inspector.RegistrationKey{Instance: "i", Context: "c", ID: "0"})
	all := Registration(s, r, changes)
	if len(all) != 2 || all[0].Verdict != "waiting" || !strings.Contains(all[0].Answer, "still controls") {
		t.Fatalf("%+v", all)
	}
	update := link(t, all[0], "Update")
	want := Candidate{Name: "sw.js", Result: inspector.Fail, Step: "bytes", Why: "differs from byte 7 on, in line 2", Stored: "two", Request: "twö"}
	if len(update.Candidates) != 2 || update.Candidates[0] != want || update.Candidates[1].Why != "is no longer imported" {
		t.Errorf("%+v", update)
	}
	if l := link(t, all[0], "Try Activate"); !strings.Contains(l.Answer, "#7") {
		t.Errorf("%+v", l)
	}
}
