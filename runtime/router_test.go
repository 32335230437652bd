package runtime

import (
	"context"
	"strings"
	"testing"

	"github.com/swinspect/swinspect/runtime/fetch"
)

func TestRoutes(t *testing.T) {
	get, post, bad := "get", "POST", "TRACE"
	image := "image"
	pattern := func(s string) RouterCondition { return RouterCondition{URLPattern: &URLPatternInput{Text: &s}} }
	name := "static"
	rules := []RouterRule{
		{pattern("/net/*"), RouterSource{Enum: "network"}},
		{RouterCondition{URLPattern: &URLPatternInput{Text: ptr("/cache/*")}, RequestMethod: &get}, RouterSource{CacheName: &name}},
		{RouterCondition{Or: []RouterCondition{pattern("/event/*"), {RequestDestination: &image}}}, RouterSource{Enum: "fetch-event"}},
		{pattern("/race/*"), RouterSource{Enum: "race-network-and-fetch-handler"}},
		{RouterCondition{Not: &RouterCondition{URLPattern: &URLPatternInput{Text: ptr("/rest/*")}}, RequestMethod: nil}, RouterSource{Enum: "network"}},
	}
	p := newPlay(t, Options{})
	p.serve(origin+"/sw.js", "v1")
	p.serve(origin+"/race/fast", "network was first")
	p.plays("v1", &part{listens: []string{"install", "fetch"}, fetch: func(ctx context.Context, a *agent, ev FetchEvent) FetchResult {
		if strings.Contains(ev.Request.URL().String(), "/race/fast") {
			<-ctx.Done()
			return FetchResult{Responded: true, Err: context.Cause(ctx)}
		}
		return respond("handler")(ctx, a, ev)
	}, event: func(_ context.Context, a *agent, _ Event) EventResult {
		for _, c := range []RouterCondition{{}, {RequestMethod: &bad}, {RequestMethod: &post, Not: &RouterCondition{RequestMethod: &get}}, pattern("/(a+)"), pattern("https://["), {Or: []RouterCondition{{}}}} {
			if a.worker.AddRoutes([]RouterRule{{c, RouterSource{Enum: "network"}}}) == nil {
				t.Errorf("accepted %+v", c)
			}
		}
		return EventResult{Err: a.worker.AddRoutes(rules)}
	}})
	r := p.mustRegister(p.open("page", "/"))
	p.activated(r)
	page, _ := p.navigate("next", "/event/")
	cached, err := p.engine.CacheStorage(origin).Open("static")
	if err != nil {
		t.Fatal(err)
	}
	if err := cached.Put(fetch.NewRequest(fetch.MustParseURL(origin+"/cache/hit")), &fetch.Response{Type: "basic", Status: 200, Body: fetch.BytesBody([]byte("cached"))}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/net/x": "network", "/cache/hit": "cached", "/cache/miss": "network", "/event/x": "handler", "/race/slow": "handler",
		"/race/fast": "network was first", "/rest/x": "handler", "/else": "network",
	} {
		ctx, cancel := context.WithCancel(context.Background())
		request := fetch.NewRequest(fetch.MustParseURL(origin + path))
		request.ClientID, request.ID = page.ID(), path
		if got := text(p.engine.HandleFetch(ctx, request, fetch.Client{})); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
		cancel()
	}
}

func ptr(s string) *string { return &s }

func TestRouterLimits(t *testing.T) {
	w := &Worker{scriptURL: fetch.MustParseURL(origin + "/sw.js")}
	leaf := RouterCondition{RunningStatus: "running"}
	deep := func(n int) RouterCondition {
		c := leaf
		for range n {
			inner := c
			c = RouterCondition{Not: &inner}
		}
		return c
	}
	compile := func(c RouterCondition) []compiledRule {
		compiled, ok := verifyRouterCondition(c, w)
		if !ok {
			t.Fatalf("%+v", c)
		}
		return []compiledRule{{condition: compiled}}
	}
	if !checkRouterRegistrationLimit(compile(deep(9))) || checkRouterRegistrationLimit(compile(deep(10))) {
		t.Error("depth")
	}
	many := func(n int) RouterCondition {
		c := RouterCondition{}
		for range n {
			c.Or = append(c.Or, leaf)
		}
		return c
	}
	if !checkRouterRegistrationLimit(compile(many(1022))) || checkRouterRegistrationLimit(compile(many(1023))) {
		t.Error("number")
	}
}
