package serviceworker

import (
	"context"
	"syscall"
	"testing"
	"time"

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
			began := computed()
			for b.Loop() {
				request := fetch.NewRequest(u)
				result := agent.DispatchFetch(ctx, runtime.FetchEvent{Request: request, ClientID: "c"})
				if result.Err != nil || c.name != "none" && result.Response == nil {
					b.Fatal(result.Err)
				}
				result.Settle(nil)
			}
			report(b, began)
		})
	}
}

// computed is the processor time of the process, garbage collection included.
func computed() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// report says how many events there were per second, and per second of one core.
func report(b *testing.B, began time.Duration) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(b.N)/(computed()-began).Seconds(), "events/core-s")
}

// BenchmarkHandleFetch is a whole fetch of a controlled page: Handle Fetch, the
// event, the response.
func BenchmarkHandleFetch(b *testing.B) {
	for _, c := range []struct{ name, handler string }{
		{"synthetic", `e => e.respondWith(new Response("x"))`},
		{"cache", `e => e.respondWith(caches.match(e.request))`},
		{"passthrough", `e => { e.request }`},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := newWorld(b, map[string]string{"/": "", "/api/x": "", "/sw.js": `
				oninstall = e => e.waitUntil(caches.open("c").then(c => c.put("/api/x", new Response("cached"))));
				addEventListener("fetch", ` + c.handler + ")"})
			w.page("/").run(activated)
			p := w.page("/")
			u := fetch.MustParseURL(site + "/api/x")
			b.ReportAllocs()
			began := computed()
			for b.Loop() {
				request := fetch.NewRequest(u)
				request.ClientID, request.Origin = p.client.ID(), u.Origin()
				response := w.engine.HandleFetch(b.Context(), request, p.fetch)
				if (response == nil) != (c.name == "passthrough") || response != nil && response.IsNetworkError() {
					b.Fatal(response)
				}
			}
			report(b, began)
		})
	}
}
