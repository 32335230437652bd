package recording

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/internal/testsite/drive"
)

// busyPage fetches for some milliseconds, eight at a time, what its worker takes from
// a cache, makes, and passes on, and gives how many it got.
const busyPage = `(async (ms) => {
	const end = performance.now() + ms;
	let n = 0;
	await Promise.all(Array.from({ length: 8 }, async (_, i) => {
		for (let k = i; performance.now() < end; k++) {
			await (await fetch(['/style.css', '/made', '/part/1'][k %% 3], { cache: 'no-store' })).text();
			n++;
		}
	}));
	return String(n);
})(%d)`

// busyLoads loads a page in a frame again and again: a document, a style, an image and
// a script's fetch each.
const busyLoads = `(async (ms) => {
	const end = performance.now() + ms, frame = document.body.appendChild(document.createElement('iframe'));
	let n = 0;
	for (; performance.now() < end; n++) await new Promise((f) => { frame.onload = f; frame.src = '/page.html?' + n; });
	frame.remove();
	return String(n);
})(%d)`

// BenchmarkRecordingCost is how much slower a page is while it is recorded, as medians
// of rounds that take turns: with nothing attached, passive, full. Goal: passive takes
// no more than a tenth of the loads.
func BenchmarkRecordingCost(b *testing.B) {
	site, base := servePWA(b)
	site.HandleFunc("/page.html", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprint(w, "<!doctype html><link rel=stylesheet href=/style.css><img src=/hero.svg><script>fetch('/made').then((r) => r.text())</script>"+fmt.Sprintf("%4096s", ""))
	})
	browser := drive.Start(b)
	ctx := context.Background()
	page := browser.OpenAny(b, "", base+"/")
	for page.Eval(b, "location.protocol") != "http:" {
		time.Sleep(20 * time.Millisecond)
	}
	page.Eval(b, `navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller || new Promise((f) => navigator.serviceWorker.oncontrollerchange = f)).then(() => 'ok')`)
	rates := map[string][]float64{}
	measure := func(mode string) {
		for what, script := range map[string]string{"fetches": busyPage, "loads": busyLoads} {
			began := time.Now()
			n, err := strconv.Atoi(page.Eval(b, fmt.Sprintf(script, 1500)))
			if err != nil {
				b.Fatal(err)
			}
			rates[what+" "+mode] = append(rates[what+" "+mode], float64(n)/time.Since(began).Seconds())
		}
	}
	rounds := 0
	for b.Loop() {
		rounds++
		measure("alone")
		for _, mode := range []Mode{Passive, Full} {
			stop := recordNow(b, ctx, browser, mode, rounds)
			if mode == Full { // a recorder is placed before a worker evaluates: it starts anew
				restartWorker(b, ctx, browser)
			}
			measure(string(mode))
			stop()
		}
	}
	for name, all := range rates {
		slices.Sort(all)
		b.Logf("%s: %.0f/s, median of %.0f", name, all[len(all)/2], all)
	}
	median := func(name string) float64 { return rates[name][len(rates[name])/2] }
	for _, what := range []string{"fetches", "loads"} {
		for _, mode := range []Mode{Passive, Full} {
			b.ReportMetric(100*(1-median(what+" "+string(mode))/median(what+" alone")), string(mode)+"-%-of-"+what)
		}
	}
}

// recordNow records the browser until stop.
func recordNow(b *testing.B, ctx context.Context, browser *drive.Chromium, mode Mode, n int) (stop func()) {
	b.Helper()
	hub := inspector.NewHub(inspector.HubOptions{})
	backend, err := hub.Attach(ctx, inspector.AttachOptions{Endpoint: browser.Endpoint()})
	if err != nil {
		b.Fatal(err)
	}
	w, err := Create(filepath.Join(b.TempDir(), fmt.Sprint(mode, n, ".swrec")), Meta{Mode: mode})
	if err != nil {
		b.Fatal(err)
	}
	rec, err := Record(ctx, backend, w, RecordOptions{Full: mode == Full})
	if err != nil {
		b.Fatal(err)
	}
	return func() {
		if err := rec.Stop(ctx); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		if err := hub.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// restartWorker ends the workers: the next fetch starts them again.
func restartWorker(b *testing.B, ctx context.Context, browser *drive.Chromium) {
	b.Helper()
	for _, i := range browser.Targets(b) {
		if i.Type != "page" {
			continue
		}
		s, err := browser.Conn().Attach(ctx, target.ID(i.TargetID))
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Call(ctx, "ServiceWorker.enable", struct{}{}, nil); err != nil {
			b.Fatal(err)
		}
		_ = s.Call(ctx, "ServiceWorker.stopAllWorkers", struct{}{}, nil) // those that run
		_ = s.Detach(ctx)
		return
	}
}
