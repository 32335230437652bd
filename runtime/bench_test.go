package runtime

import (
	"context"
	"fmt"
	goruntime "runtime"
	"testing"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// BenchmarkHandleFetch is what the engine itself costs for a fetch event: the agent
// answers at once.
func BenchmarkHandleFetch(b *testing.B) {
	p := newPlay(b, Options{})
	p.serve(origin+"/sw.js", "v1")
	p.plays("v1", &part{listens: []string{"fetch"}, fetch: respond("1")})
	p.activated(p.mustRegister(p.open("page", "/")))
	page, _ := p.navigate("next", "/")
	ctx := context.Background()
	u := fetch.MustParseURL(origin + "/x")
	b.ReportAllocs()
	for b.Loop() {
		r := fetch.NewRequest(u)
		r.ClientID, r.ID = page.ID(), "1"
		if p.engine.HandleFetch(ctx, r, fetch.Client{}) == nil {
			b.Fatal("no response")
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkIdleRegistrations is the memory of registrations with stopped workers
// whose script is 100 KB.
func BenchmarkIdleRegistrations(b *testing.B) {
	script := make([]byte, 100_000)
	for b.Loop() {
		p := newPlay(b, Options{})
		page := p.open("page", "/")
		var before, after goruntime.MemStats
		goruntime.GC()
		goruntime.ReadMemStats(&before)
		const n = 1000
		for i := range n {
			p.serve(origin+"/sw.js", fmt.Sprint(i, string(script)))
			r, err := p.engine.Register(context.Background(), page, fetch.MustParseURL(origin+"/sw.js"), fetch.MustParseURL(fmt.Sprint(origin, "/", i, "/")), "classic", "imports", nil)
			if err != nil {
				b.Fatal(err)
			}
			p.activated(r)
		}
		p.engine.StopAll(context.Background(), nil)
		p.network = nil
		goruntime.GC()
		goruntime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB/1000")
		p.engine.Close()
	}
}

func FuzzScopeMatching(f *testing.F) {
	f.Add("/a", "/a/b")
	f.Add("/a/?x", "/a/#y")
	f.Add("/%2f", "/ü/..")
	f.Fuzz(func(t *testing.T, scope, page string) {
		base := fetch.MustParseURL(origin)
		s, err := fetch.ParseURL(scope, base)
		if err != nil {
			return
		}
		u, err := fetch.ParseURL(page, base)
		if err != nil {
			return
		}
		e := New(Options{})
		defer e.Close()
		r := e.setRegistration(origin, s, "imports")
		found := e.GetRegistration(origin, u)
		if found != nil && found != r {
			t.Fatal("another registration")
		}
		if found != nil && !s.Origin().Same(u.Origin()) && s.IsHTTP() {
			t.Errorf("%s matches %s", s, u)
		}
		if e.GetRegistration(origin, s) != r && !s.HasFragment() {
			t.Errorf("%s does not match itself", s)
		}
	})
}

func FuzzRouterConditions(f *testing.F) {
	f.Add("/a/*", "/a/b", "GET")
	f.Add("https://*.test/:x", "/y", "post")
	f.Add("(.*)", "/", "")
	f.Fuzz(func(t *testing.T, pattern, page, method string) {
		u, err := fetch.ParseURL(page, fetch.MustParseURL(origin))
		if err != nil {
			return
		}
		w := &Worker{scriptURL: fetch.MustParseURL(origin + "/sw.js")}
		c, ok := verifyRouterCondition(RouterCondition{URLPattern: &URLPatternInput{Text: &pattern}, RequestMethod: &method}, w)
		if ok {
			matchRouterCondition(&c, w, fetch.NewRequest(u))
		}
	})
}
