package debugger

import (
	"slices"
	"strings"
	"testing"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
)

// looping is a worker whose message event has many statements.
const looping = `addEventListener('activate', (e) => e.waitUntil(clients.claim()));
let x = 0, y = 0;
addEventListener('message', function loop(event) {
  for (let i = 0; i < event.data; i++) {
    x = i;
    y = x + 1;
  }
});
`

const loop = `navigator.serviceWorker.controller.postMessage(100000), 'sent'`

// p50 is the median in milliseconds.
func p50(all []time.Duration) float64 {
	slices.Sort(all)
	return float64(all[len(all)/2].Microseconds()) / 1000
}

// BenchmarkStep is a step over, from the command to the pause in State.
func BenchmarkStep(b *testing.B) {
	for _, name := range backends(b) {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, name, looping, "event:message")
			w.js(control)
			w.js(loop)
			p := w.paused(0)
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				w.must(w.d.Step(w.ctx(), p.ID, "over"))
				p = w.paused(p.Pause.ID)
				took = append(took, time.Since(began))
			}
			b.ReportMetric(p50(took), "p50-ms")
			w.must(w.set.Remove("1"))
		})
	}
}

// BenchmarkStepRaw is the same by a client that only speaks CDP.
func BenchmarkStepRaw(b *testing.B) {
	for _, name := range backends(b) {
		b.Run(name, func(b *testing.B) {
			w := newWorldOff(b, name, looping)
			w.goTo("/")
			w.js(control)
			s := w.attachRaw()
			defer func() { _ = s.Detach(w.ctx()) }()
			paused := s.Listen(64, debugger.Paused.Method)
			defer paused.Close()
			w.must(s.Call(w.ctx(), debugger.Enable.Method, struct{}{}, nil))
			w.must(s.Call(w.ctx(), debugger.Pause.Method, struct{}{}, nil))
			w.js(loop)
			<-paused.C()
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				w.must(s.Call(w.ctx(), debugger.StepOver.Method, struct{}{}, nil))
				<-paused.C()
				took = append(took, time.Since(began))
			}
			b.ReportMetric(p50(took), "p50-ms")
		})
	}
}

func (w *world) attachRaw() *cdp.Session {
	w.Helper()
	r, err := cdproto.Call(w.ctx(), w.backend.Conn.Root(), target.GetTargets, target.GetTargetsParams{})
	w.must(err)
	for _, i := range r.TargetInfos {
		if i.Type == "service_worker" && strings.HasPrefix(i.URL, w.site.base()) {
			s, err := w.backend.Conn.Attach(w.ctx(), i.TargetID)
			w.must(err)
			return s
		}
	}
	w.Fatal("no worker")
	return nil
}

// BenchmarkPauseShown is from the page's request to the pause in State, of an event
// that is stopped at by the prelude.
func BenchmarkPauseShown(b *testing.B) {
	for _, name := range backends(b) {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, name, worker, "fetch:/x")
			w.js(control)
			var took []time.Duration
			last := uint64(0)
			for b.Loop() {
				began := time.Now()
				done := w.begin(`fetch('/x').then(() => 1)`)
				p := w.paused(last)
				took = append(took, time.Since(began))
				last = p.Pause.ID
				w.resume(p)
				done()
			}
			b.ReportMetric(p50(took), "p50-ms")
		})
	}
}

// BenchmarkUndisturbed is a request that no breakpoint stops, with many set.
func BenchmarkUndisturbed(b *testing.B) {
	for _, on := range []string{"off", "on"} {
		for _, name := range backends(b) {
			b.Run(name+"/"+on, func(b *testing.B) {
				w := newWorldOff(b, name, worker, "fetch:/never", "cache:miss url=/never", "fetch:/never at=respondWith", "fetch:/never at=request", `line:sw.js:14 if="url.pathname === '/never'"`)
				if on == "on" {
					w.must(w.d.Start(w.ctx()))
				}
				w.goTo("/")
				w.js(control)
				var took []time.Duration
				for b.Loop() {
					began := time.Now()
					w.js(`fetch('/api/x').then((r) => r.text())`)
					took = append(took, time.Since(began))
				}
				b.ReportMetric(p50(took), "p50-ms")
			})
		}
	}
}
