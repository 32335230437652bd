package enginebench

import (
	"fmt"
	"testing"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/serviceworker"

	"github.com/swinspect/swinspect/internal/backend"
)

// BenchmarkRegistrations is the resident memory of all processes of a contender:
// with one page, and with 1,000 registrations whose workers are stopped; goal: 200 MB.
// Workers stop fifty at a time; in "at-once" when all 1,000 run, so that what stays
// is also what that peak leaves behind. Chromium has 100.
func BenchmarkRegistrations(b *testing.B) {
	l := start(b)
	if resident(l.server) == 0 && b.N > 1 {
		b.Fatal("memory can be read on Linux only")
	}
	b.Run("chromium-100", func(b *testing.B) { registrations(b, l, l.chromium(b), "/sw/small.js", 100, 50) })
	b.Run("engine-small", func(b *testing.B) { registrations(b, l, l.engine(b), "/sw/small.js", 1000, 50) })
	b.Run("engine-workbox", func(b *testing.B) { registrations(b, l, l.engine(b), "/sw.js", 1000, 50) })
	b.Run("engine-small-at-once", func(b *testing.B) { registrations(b, l, l.engine(b), "/sw/small.js", 1000, 1000) })
}

// registrations makes n, of which at most a batch has running workers.
func registrations(b *testing.B, l *lab, on *backend.Backend, script string, n, batch int) {
	for range b.N {
		p := l.open(b, on)
		if _, err := cdproto.Call(b.Context(), p, serviceworker.Enable, cdproto.Empty{}); err != nil {
			b.Fatal(err)
		}
		megabytes := func(name string) {
			b.ReportMetric(float64(resident(l.server))/1e6, "MB-"+name)
		}
		megabytes("empty")
		began := time.Now()
		for from := 0; from < n; from += batch {
			evaluate[any](b, p, fmt.Sprintf(`(async () => { for (let i = %d; i < %d; i++) await bench.register(%q, '/s/' + i + '/') })()`, from, from+batch, script))
			megabytes("running")
			if _, err := cdproto.Call(b.Context(), p, serviceworker.StopAllWorkers, cdproto.Empty{}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(time.Since(began).Seconds()*1000/float64(n), "ms/registration")
		settle(l.server)
		megabytes("stopped")
		b.ReportMetric(0, "ns/op")
	}
}

// settle waits until memory that is no longer used has been given back: until it
// has not become less for ten seconds, a minute at most.
func settle(without int) {
	began := time.Now()
	least, since := resident(without), began
	for time.Since(since) < 10*time.Second && time.Since(began) < time.Minute {
		time.Sleep(time.Second / 4)
		if now := resident(without); now < least*99/100 {
			least, since = now, time.Now()
		}
	}
}
