package inspector

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/serviceworker"
)

func TestMatchRoutes(t *testing.T) {
	routes := []Route{
		{ID: 1, Condition: RouteCondition{URLPattern: `{"pathname":"/app/static/*","hostname":"shop.example","protocol":"https","port":""}`, RequestMethod: "GET"}, Source: RouteSource{Type: "network"}},
		{ID: 2, Condition: RouteCondition{URLPattern: "/app/*.jpg"}, Source: RouteSource{Type: "cache", CacheName: "images"}},
		{ID: 3, Condition: RouteCondition{Or: []RouteCondition{{RequestMode: "navigate", RunningStatus: "not-running"}, {RequestDestination: "font"}}}, Source: RouteSource{Type: "fetch-event"}},
		{ID: 4, Condition: RouteCondition{Not: &RouteCondition{RequestMethod: "GET"}}, Source: RouteSource{Type: "race-network-and-fetch-handler"}},
	}
	get := func(path string) RouteRequest {
		return RouteRequest{URL: shop + path, Mode: "no-cors", Destination: "script", Running: "running", Base: shop + "/app/sw.js"}
	}
	with := func(q RouteRequest, change func(*RouteRequest)) RouteRequest { change(&q); return q }
	for _, c := range []struct {
		name    string
		q       RouteRequest
		winner  int
		verdict string
		why     string // of the first rule
	}{
		{"pattern and method", get("/app/static/x.js"), 0, "Rule 1 decides: it goes to the network", ""},
		{"string pattern, relative", get("/app/a/b.jpg"), 1, "Rule 2 decides: it is looked up in the cache images", "the URL does not match"},
		{"other method", with(get("/app/static/x"), func(q *RouteRequest) { q.Method = "POST" }), 3, "Rule 4 decides: the network and the fetch handler race", "requestMethod is POST, not GET"},
		{"or, first", with(get("/app/"), func(q *RouteRequest) { q.Mode, q.Running = "navigate", "stopped" }), 2, "Rule 3 decides: the fetch handler is asked", ""},
		{"or, second", with(get("/app/f"), func(q *RouteRequest) { q.Destination = "font" }), 2, "Rule 3 decides", ""},
		{"nothing", get("/app/x"), -1, "No rule matches, so the fetch handler is asked.", ""},
		{"unknown", with(get("/app/x"), func(q *RouteRequest) { q.Destination = "" }), -1, "Cannot be told: rule 3 depends on requestDestination (not known of this request). If it does not match, no rule matches", ""},
		{"unknown, but an earlier one decides", with(get("/app/static/x"), func(q *RouteRequest) { q.Destination = "" }), 0, "Rule 1 decides", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := MatchRoutes(routes, c.q)
			if r.Winner != c.winner || !strings.HasPrefix(r.Verdict, c.verdict) {
				t.Errorf("winner %d, %q; want %d, %q", r.Winner, r.Verdict, c.winner, c.verdict)
			}
			if c.why != "" && !strings.HasPrefix(r.Rules[0].Why, c.why) {
				t.Errorf("why is %q, want %q", r.Rules[0].Why, c.why)
			}
		})
	}
	if v := MatchRoutes(nil, get("/")).Verdict; v != "There are no rules: the fetch handler is asked." {
		t.Errorf("without rules: %q", v)
	}
}

func TestRoutePatternsThatCannotBeEvaluated(t *testing.T) {
	for _, pattern := range []string{`/(?<=a)b`, `{"pathname":"/(["}`, "{", "/:", "/((", `{"pathname":3}`} {
		r := MatchRoutes([]Route{{ID: 1, Condition: RouteCondition{URLPattern: pattern}}}, RouteRequest{URL: shop + "/b", Base: shop + "/sw.js"})
		if r.Winner >= 0 {
			t.Errorf("%s wins", pattern)
		}
	}
}

// TestRouteForms reads the same rules in the forms in which browsers send them.
func TestRouteForms(t *testing.T) {
	stringForm := `[{"id":1,"condition":{"request":{"method":"GET","mode":"cors","destination":"image"},"running_status":"running","urlPattern":"/a/*"},"source":["network"]},` +
		`{"id":2,"condition":{"or":[{"urlPattern":{"pathname":"/b"}},{"not":{"request":{"method":"PUT"}}}]},"source":[{"cache_name":"c"}]}]`
	typed := []*serviceworker.RouterRule{
		{ID: 1, Condition: &serviceworker.RouterCondition{URLPattern: "/a/*", RequestMethod: "GET", RequestMode: "cors", RequestDestination: "image", RunningStatus: "running"},
			Source: &serviceworker.RouterSource{Type: serviceworker.RouterSourceTypeNetwork}},
		{ID: 2, Condition: &serviceworker.RouterCondition{Or: []*serviceworker.RouterCondition{{URLPattern: `{"pathname":"/b"}`}, {Not: &serviceworker.RouterCondition{RequestMethod: "PUT"}}}},
			Source: &serviceworker.RouterSource{Type: serviceworker.RouterSourceTypeSourceDict, SourceDict: &serviceworker.RouterSourceDict{CacheName: "c"}}},
	}
	want := []string{"GET, mode cors, destination image, worker running, URL /a/* → network", "(URL /b) or (not (PUT)) → cache c"}
	for name, w := range map[string]*serviceworker.Version{"string": {RouterRules: stringForm}, "typed": {TypedRouterRules: typed}} {
		var v Version
		v.readRoutes(w)
		var got []string
		for _, r := range v.Routes {
			got = append(got, r.Condition.String()+" → "+r.Source.String())
		}
		t.Run(name, func(t *testing.T) { equal(t, got, want...) })
	}
	var v Version
	v.readRoutes(&serviceworker.Version{RouterRules: "not json"})
	if v.RoutesRaw != "not json" || v.Routes != nil {
		t.Errorf("unreadable rules are kept as %q", v.RoutesRaw)
	}
}

func TestRouteSources(t *testing.T) {
	for raw, want := range map[string]string{
		`["fetch-event"]`:                "fetch-event",
		`"race-network-and-cache"`:       "race-network-and-cache",
		`{"type":"fetchEvent"}`:          "fetch-event",
		`{"cacheName":"x"}`:              "cache x",
		`{"type":"raceNetworkAndCache"}`: "race-network-and-cache",
		`null`:                           "",
	} {
		if got := parseSource([]byte(raw)).String(); got != want {
			t.Errorf("%s is %q, want %q", raw, got, want)
		}
	}
}
