package debugger

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// What is evaluated while the worker runs does not pause where it throws; where it
// stops at a breakpoint the caller is told, and it goes on with the worker.
func TestEvaluateInAWorkerThatRuns(t *testing.T) {
	everyBackend(t, func(t *testing.T, name string) {
		w := newWorld(t, name, evaluated, "exception:all", "line:sw.js:3")
		w.js(register)
		s := w.until("the worker runs", w.d, func(s *State) bool { return w.here(s) != nil })
		id := w.here(s).ID
		w.must(w.d.Settle(w.ctx()))
		for expression, says := range map[string]string{
			"nosuch": "ReferenceError: nosuch is not defined",
			"await Promise.reject(new TypeError('a'))": "TypeError: a",
			"(() => { throw new Error('b') })()":       "Error: b",
			"thrower()":                                "RangeError: c",
		} {
			_, err := w.d.Evaluate(w.ctx(), id, -1, expression, EvaluateOptions{Await: true})
			if thrown, ok := errors.AsType[*ThrownError](err); !ok || thrown.Error() != says {
				t.Errorf("%s: %v", expression, err)
			}
		}
		if th := w.d.State().Thread(id); th.Pause != nil {
			t.Fatalf("it paused\n%s", w.describe())
		}
		began := time.Now()
		if _, err := w.d.Evaluate(w.ctx(), id, -1, "stops()", EvaluateOptions{}); !errors.Is(err, ErrEvaluationStopped) || time.Since(began) > 5*time.Second {
			t.Errorf("after %s: %v\n%s", time.Since(began), err, w.describe())
		}
		p := w.paused(0)
		if top(p) != "stops@/sw.js:3" || w.eval(p, 0, "local") != "1" {
			t.Errorf("stopped at %s", top(p))
		}
		// A step that leads out of what was evaluated does not end in what is evaluated next.
		w.must(w.d.Step(w.ctx(), p.ID, "out"))
		p = w.until("it runs or stepped", w.d, func(s *State) bool { th := s.Thread(id); return th.Pause == nil || th.Pause.ID != p.Pause.ID }).Thread(id)
		if p.Pause != nil {
			w.resume(p)
		}
		if v, err := w.d.Evaluate(w.ctx(), id, -1, "done", EvaluateOptions{}); err != nil || v.Text != "true" {
			t.Errorf("afterwards: %v %v\n%s", v.Text, err, w.describe())
		}
	})
}

const evaluated = `function stops() {
  const local = 1;
  globalThis.done = local === 1;
  return local;
}
function thrower() { throw new RangeError('c') }
addEventListener('fetch', () => {});
`

// here is the worker of the world's site; nil when there is none.
func (w *world) here(s *State) *Thread {
	for _, t := range s.Threads {
		if t.Status == "running" && strings.HasPrefix(t.URL, w.site.base()) {
			return t
		}
	}
	return nil
}
