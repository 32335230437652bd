package debugger

import (
	"errors"
	"strings"
	"testing"
)

// Going back in an event shows it as it was; going on leads to the present again. A
// browser that cannot do it says so, and stays where it is.
func TestStepBack(t *testing.T) {
	everyBackend(t, func(t *testing.T, name string) {
		w := newWorld(t, name, worker, "cache:miss", "line:sw.js:21")
		w.js(control)
		done := w.begin(`fetch('/api/x').then((r) => r.text())`)
		p := w.paused(0)
		if top(p) != "answer@/sw.js:21" {
			t.Fatalf("at %s", top(p))
		}
		w.resume(p)
		p = w.paused(p.Pause.ID)
		present := top(p)
		if !p.Pause.CanStepBack {
			if err := w.d.StepBack(w.ctx(), p.ID, false); !errors.Is(err, ErrNoWayBack) {
				t.Errorf("a browser that cannot: %v", err)
			}
			if name == "engine" {
				t.Error("the engine cannot step back")
			}
			w.resume(p)
			done()
			return
		}
		hits := w.d.State().Breakpoints[1].Hits
		var walk []string
		for range 3 {
			w.must(w.d.StepBack(w.ctx(), p.ID, false))
			p = w.paused(p.Pause.ID)
			walk = append(walk, top(p))
			if p.Pause.Past == nil || !strings.HasPrefix(p.Pause.Stop.Words, "in the past, statement ") {
				t.Errorf("%s does not say that it is the past: %+v, %s", top(p), p.Pause.Past, p.Pause.Stop.Words)
			}
		}
		if got, want := strings.Join(walk, " "), "answer@/sw.js:22 answer@/sw.js:21 answer@/sw.js:20"; got != want {
			t.Errorf("back over %s, want %s (present %s)", got, want, present)
		}
		if got := w.eval(p, 0, "url.pathname"); got != "'/api/x'" {
			t.Errorf("url is %s", got)
		}
		w.resume(p) // forward, to the breakpoint
		p = w.paused(p.Pause.ID)
		if top(p) != "answer@/sw.js:21" || p.Pause.Past == nil || w.d.State().Breakpoints[1].Hits != hits {
			t.Errorf("forward to %s, %+v, hits %d, were %d", top(p), p.Pause.Past, w.d.State().Breakpoints[1].Hits, hits)
		}
		w.resume(p)
		p = w.paused(p.Pause.ID)
		if top(p) != present || p.Pause.Past != nil || !strings.Contains(p.Pause.Stop.Words, "missed 'v2'") {
			t.Errorf("not the present: %s, %+v, %s", top(p), p.Pause.Past, p.Pause.Stop.Words)
		}
		w.resume(p)
		done()
	})
}
