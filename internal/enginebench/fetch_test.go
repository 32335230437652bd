package enginebench

import (
	"fmt"
	goruntime "runtime"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/internal/backend"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/window"
)

// BenchmarkFetchEvents is how many fetch events one core answers: a Response made
// on the spot, one from the cache (caches.match), one from the network (fetch).
// engine-page and chromium are a page that fetches, over CDP; engine is the fetch
// algorithm in process, without a page's JavaScript. Goals per core: 50,000
// synthetic, 30,000 from the cache.
func BenchmarkFetchEvents(b *testing.B) {
	l := start(b)
	for _, kind := range []string{"synthetic", "cache", "passthrough"} {
		b.Run(kind, func(b *testing.B) {
			r := rates{l: l, perCore: map[string]float64{}}
			b.Run("chromium", func(b *testing.B) { r.page(b, l.chromium(b), kind, "chromium") })
			for _, name := range []string{"miniflare", "mock"} {
				b.Run(name, func(b *testing.B) {
					rival := l.rival(b, name, kind)
					r.measure(b, name, func(n int) { rival.fetches(b, n) })
				})
			}
			b.Run("engine-page", func(b *testing.B) { r.page(b, l.engine(b), kind, "engine-page") })
			b.Run("engine", func(b *testing.B) { r.inProcess(b, kind) })
		})
	}
}

// rates are what the contenders reached so far.
type rates struct {
	l       *lab
	perCore map[string]float64
}

// measure times n events and compares with the contenders before.
func (r *rates) measure(b *testing.B, name string, run func(n int)) {
	run(min(b.N, 50)) // what is done once
	cpu := computed(r.l.server)
	b.ResetTimer()
	run(b.N)
	b.StopTimer()
	perCore := float64(b.N) / max(computed(r.l.server)-cpu, tick).Seconds()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(perCore, "events/core-s")
	b.ReportMetric(0, "ns/op") // the same as events/s
	if strings.HasPrefix(name, "engine") {
		for rival, rate := range r.perCore {
			if !strings.HasPrefix(rival, "engine") {
				b.ReportMetric(perCore/rate, "x-"+rival)
			}
		}
	}
	r.perCore[name] = perCore
}

// page fetches in a page that a worker controls, 8 at a time.
func (r *rates) page(b *testing.B, on *backend.Backend, kind, name string) {
	p := r.l.open(b, on)
	evaluate[any](b, p, `bench.register('/sw/`+kind+`.js').then(() => {})`)
	if !evaluate[bool](b, p, `navigator.serviceWorker.controller !== null`) {
		b.Fatal("not controlled")
	}
	r.measure(b, name, func(n int) { evaluate[any](b, p, fmt.Sprintf(`bench.fetches(%d, 8)`, n)) })
}

// inProcess is what a Go test that embeds the engine does.
func (r *rates) inProcess(b *testing.B, kind string) {
	defer goruntime.GOMAXPROCS(goruntime.GOMAXPROCS(1))
	live := fetch.Live(fetch.LiveOptions{AllowedOrigins: []string{"*"}})
	defer live.CloseIdleConnections()
	browser := window.NewBrowser(window.BrowserOptions{Network: live})
	defer browser.Close()
	c := browser.DefaultContext()
	p, err := c.NewPage(b.Context(), r.l.origin+"/", window.PageOptions{Wait: true})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := p.MainFrame().Evaluate("", `navigator.serviceWorker.register('/sw/`+kind+`.js', { scope: '/' })`); err != nil {
		b.Fatal(err)
	}
	client := p.MainFrame().Client()
	for controlled := false; !controlled && b.Context().Err() == nil; {
		time.Sleep(time.Millisecond)
		for _, known := range c.Engine().Clients() {
			controlled = controlled || known.ID == client.ID() && known.Controller != ""
		}
	}
	u := fetch.MustParseURL(r.l.origin + "/api/x")
	env := fetch.Client{ID: client.ID(), Origin: u.Origin(), BaseURL: u, CreationURL: u, Secure: true, StorageKey: p.MainFrame().StorageKey()}
	r.measure(b, "engine", func(n int) {
		for range n {
			request := fetch.NewRequest(u)
			request.ClientID, request.Origin = env.ID, env.Origin
			if response := c.Fetcher().Fetch(b.Context(), request, env); response.IsNetworkError() {
				b.Fatal(response.Err)
			}
		}
	})
}
