package serviceworker

import (
	"context"
	"testing"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// BenchmarkDispatchFetch is the agent's half of a fetch event, with a handler that
// answers at once: events per second on one core.
func BenchmarkDispatchFetch(b *testing.B) {
	for _, c := range []struct{ name, handler string }{
		{"respondWith", `e => e.respondWith(new Response("x"))`},
		{"async", `e => e.respondWith((async () => new Response("x"))())`},
		{"url", `e => { if (new String(e.request.url).includes("/api/")) e.respondWith(new Response("x", {headers: {"content-type": "text/plain"}})) }`},
		{"none", `e => {}`},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := newWorld(b, map[string]string{"/": "", "/sw.js": "addEventListener('fetch', " + c.handler + ")"})
			p := w.page("/")
			p.run(activated)
			r := w.engine.GetRegistration(site, fetch.MustParseURL(site+"/"))
			agent, err := NewAgent(b.Context(), Options{Worker: r.Snapshot().Active, Settings: w.settings()})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { agent.Terminate(nil); <-agent.Done() }()
			if err := agent.Evaluate(b.Context()); err != nil {
				b.Fatal(err)
			}
			u := fetch.MustParseURL(site + "/api/x")
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				request := fetch.NewRequest(u)
				result := agent.DispatchFetch(ctx, runtime.FetchEvent{Request: request, ClientID: "c"})
				if result.Err != nil || c.name != "none" && result.Response == nil {
					b.Fatal(result.Err)
				}
				result.Settle(nil)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
