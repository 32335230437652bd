package debugger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/internal/backend"
)

// everyBackend runs a test on each.
func everyBackend(t *testing.T, f func(*testing.T, string)) {
	for _, name := range backends(t) {
		t.Run(name, func(t *testing.T) { f(t, name) })
	}
}

// until waits for a state of the debugger.
func (w *world) until(what string, d *Debugger, holds func(*State) bool) *State {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	s, err := d.WaitFor(ctx, holds)
	if err != nil {
		w.Fatalf("waiting until %s: %v\n%s", what, err, w.describe())
	}
	return s
}

// Stepping goes over an await, into a function and out of it; frames, scopes and values
// are there, and variables can be set.
func TestSteps(t *testing.T) {
	everyBackend(t, func(t *testing.T, name string) {
		w := newWorld(t, name, worker, "fetch:/api/*")
		w.js(control)
		done := w.begin(`fetch('/api/x').then((r) => r.text())`)
		p := w.paused(0)
		walk := []string{top(p)}
		for _, how := range []string{"over", "over", "over", "over", "into", "into", "over", "over", "over"} {
			w.must(w.d.Step(w.ctx(), p.ID, how))
			p = w.paused(p.Pause.ID)
			walk = append(walk, top(p))
		}
		want := "onfetch@/sw.js:13 onfetch@/sw.js:14 onfetch@/sw.js:15 onfetch@/sw.js:16 onfetch@/sw.js:17 onfetch@/sw.js:17 answer@/sw.js:20 answer@/sw.js:21 answer@/sw.js:22 answer@/sw.js:23"
		if got := strings.Join(walk, " "); got != want {
			t.Errorf("walked %s\nwant   %s", got, want)
		}
		if p.Pause.Stop.Words != "stepped, in fetch of /api/x" {
			t.Errorf("words %q", p.Pause.Stop.Words)
		}
		local := p.Pause.Frames[0].Scopes[0]
		props, err := w.d.Properties(w.ctx(), p.ID, local.Object)
		w.must(err)
		values := map[string]string{}
		for _, v := range props {
			values[v.Name] = v.Value.Text
		}
		if values["name"] != "'v2'" || values["found"] != "undefined" || !strings.HasPrefix(values["url"], "URL http://localhost:") {
			t.Errorf("%s: %v", local.Type, values)
		}
		// There are no watches with effects, and what throws says so.
		if _, err := w.d.Evaluate(w.ctx(), p.ID, 0, "self.changed = 1", EvaluateOptions{Silent: true}); err == nil {
			t.Error("a silent evaluation had an effect")
		}
		_, err = w.d.Evaluate(w.ctx(), p.ID, 0, "nowhere", EvaluateOptions{})
		if thrown, ok := errors.AsType[*ThrownError](err); !ok || thrown.Error() != "ReferenceError: nowhere is not defined" {
			t.Errorf("%v", err)
		}
		v, err := w.d.SetVariable(w.ctx(), p.ID, 0, 0, "found", "new Response('set')")
		if err != nil || !strings.HasPrefix(v.Text, "Response") {
			t.Fatal(v, err)
		}
		w.resume(p)
		if got := done(); got != "set" {
			t.Errorf("the page got %q", got)
		}
		if err := w.d.Resume(w.ctx(), p.ID); !errors.Is(err, ErrNotPaused) {
			t.Errorf("resumed twice: %v", err)
		}
	})
}

// A step out of the prelude's stop is one out of the function that is shown.
func TestStepsFromStops(t *testing.T) {
	everyBackend(t, func(t *testing.T, name string) {
		w := newWorld(t, name, worker, "cache:open cache=v2")
		w.js(control)
		for _, how := range []string{"over", "out"} {
			done := w.begin(`fetch('/api/` + how + `').then((r) => r.text())`)
			p := w.paused(0)
			w.must(w.d.Step(w.ctx(), p.ID, how))
			n := w.paused(p.Pause.ID)
			if how == "over" && top(n) != "answer@/sw.js:22" || how == "out" && strings.HasPrefix(top(n), "answer@/sw.js:21") {
				t.Errorf("%s: from %s to %s", how, top(p), top(n))
			}
			w.resume(n)
			done()
		}
	})
}

func TestRunTo(t *testing.T) {
	everyBackend(t, func(t *testing.T, name string) {
		w := newWorld(t, name, worker, "event:fetch")
		w.js(control)
		done := w.begin(`fetch('/api/x').then((r) => r.text())`)
		p := w.paused(0)
		w.must(w.d.RunTo(w.ctx(), p.ID, Place{URL: p.Pause.Frames[0].URL, Line: 24}))
		if p = w.paused(p.Pause.ID); top(p) != "answer@/sw.js:24" || p.Pause.Stop.Reason != "step" {
			t.Errorf("%s: %+v", top(p), p.Pause.Stop)
		}
		places, err := w.d.Places(w.ctx(), p.ID, p.Pause.Frames[0].URL, 20, 22)
		if err != nil || len(places) < 3 || places[0].Line != 20 {
			t.Errorf("%v %v", places, err)
		}
		w.resume(p)
		done()
	})
}

// Log, skip, once, a condition that throws, and all switched off.
func TestModifiers(t *testing.T) {
	everyBackend(t, func(t *testing.T, name string) {
		w := newWorld(t, name, worker, `event:fetch log="{event.request.method} {url} {{}}"`, `line:sw.js:14 log="at {url.pathname}"`,
			"fetch:/skipped skip=1", "fetch:/once once", `fetch:/throws if="nowhere.at.all"`, `fetch:/if if="event.request.headers.get('x') === '1'"`)
		w.js(control)
		w.js(`fetch('/a').then(() => fetch('/b')).then(() => fetch('/skipped')).then(() => fetch('/if')).then(() => 1)`)
		var log []string
		for _, l := range w.d.State().Log {
			if l.Breakpoint != "" {
				log = append(log, l.Text)
			}
		}
		if got := strings.Join(log, "|"); !strings.HasPrefix(got, "GET <ReferenceError: ") || !strings.Contains(got, "|at /a|") || !strings.Contains(got, " {}|at /b|") {
			t.Errorf("log %s", got)
		}
		stops := func(do, words string) {
			t.Helper()
			done := w.begin(do)
			p := w.paused(0)
			if !strings.Contains(p.Pause.Stop.Words, words) {
				t.Errorf("%s stopped: %+v", do, p.Pause.Stop)
			}
			if words == "/throws" && !strings.Contains(p.Pause.Stop.Error, "the condition threw ReferenceError") {
				t.Errorf("%+v", p.Pause.Stop)
			}
			w.resume(p)
			done()
		}
		stops(`fetch('/skipped').then(() => 1)`, "/skipped")
		stops(`fetch('/once').then(() => 1)`, "/once")
		w.js(`fetch('/once').then(() => 1)`)
		if _, there := w.set.Get("4"); there {
			t.Error("a breakpoint for once is still there")
		}
		stops(`fetch('/throws').then(() => 1)`, "/throws")
		stops(`fetch('/if', { headers: { x: '1' } }).then(() => 1)`, "/if")
		w.must(w.d.SetActive(w.ctx(), false))
		w.js(`fetch('/throws').then(() => 1)`)
	})
}

// Breakpoints stay at their line when the script changes, and say when they cannot.
func TestLinesFollowTheirText(t *testing.T) {
	everyBackend(t, func(t *testing.T, name string) {
		w := newWorld(t, name, "self.one = 1;\nself.two = 2;\nself.three = 3;\naddEventListener('message', () => {});\n", "line:sw.js:2", "line:sw.js:3")
		done := w.begin(register)
		p := w.paused(0)
		w.resume(p)
		w.resume(w.paused(p.Pause.ID))
		done()
		w.site.put("/sw.js", "// new\n// lines\nself.one = 1;\nself.two = 2;\nself.four = 4;\naddEventListener('message', () => {});\n")
		begun := w.begin(`navigator.serviceWorker.getRegistration().then((r) => r.update()).then(() => 'ok')`)
		q := w.paused(0)
		if top(q) != "@/sw.js:4" {
			t.Errorf("stopped at %s\n%s", top(q), w.describe())
		}
		s := w.d.State()
		find := func(b *Status) (found breakpoints.Setting) {
			for _, x := range b.Settings {
				if x.Target == q.ID {
					found = x
				}
			}
			return found
		}
		if x := find(s.Breakpoints[0]); x.Line != 4 || x.Moved != "moved from line 2 to 4: the script changed" {
			t.Errorf("%+v", x)
		}
		if x := find(s.Breakpoints[1]); x.Problem != `the script changed: no line of it says "self.three = 3;" any more` {
			t.Errorf("%+v", x)
		}
		w.resume(q)
		begun()
	})
}

func TestWatchdog(t *testing.T) {
	everyBackend(t, func(t *testing.T, name string) {
		w := newWorldOff(t, name, worker, "event:fetch")
		w.d.Close()
		w.d = New(w.b, w.set, Options{Name: "test", Watchdog: 700 * time.Millisecond})
		defer w.d.Close()
		w.must(w.d.Start(w.ctx()))
		w.goTo("/")
		w.js(control)
		done := w.begin(`fetch('/x').then(() => 'answered')`)
		p := w.paused(0)
		if in := time.Until(p.Pause.ResumesAt); in < 0 || in > time.Second {
			t.Errorf("resumes in %s", in)
		}
		if got := done(); got != "answered" {
			t.Error(got)
		}
		if log := w.d.State().Log; !strings.Contains(log[len(log)-1].Text, "resumed by itself") {
			t.Errorf("%+v", log)
		}
		done = w.begin(`fetch('/y').then(() => 'answered')`)
		p = w.paused(p.Pause.ID)
		w.must(w.d.Keep(w.ctx(), p.ID))
		time.Sleep(time.Second)
		if s := w.d.State().Thread(p.ID); s.Pause == nil || !s.Pause.ResumesAt.IsZero() {
			t.Error("it was not kept")
		}
		w.resume(p)
		done()
	})
}

// Many may watch, one may drive; stopping lets everything go.
func TestDrivers(t *testing.T) {
	everyBackend(t, func(t *testing.T, name string) {
		w := newWorld(t, name, worker, "event:fetch")
		w.js(control)
		done := w.begin(`fetch('/x').then(() => 'answered')`)
		p := w.paused(0)
		w.must(w.d.Step(w.ctx(), p.ID, "over"))
		p = w.paused(p.Pause.ID)
		other := w.d.As("the page")
		err := other.Resume(w.ctx(), p.ID)
		if driven, ok := errors.AsType[*DrivenError](err); !ok || driven.By != "test" {
			t.Fatalf("%v", err)
		}
		if _, err := other.Evaluate(w.ctx(), p.ID, 0, "1", EvaluateOptions{Silent: true}); err != nil {
			t.Errorf("a watcher may look: %v", err)
		}
		if _, err := other.Evaluate(w.ctx(), p.ID, 0, "1", EvaluateOptions{}); err == nil {
			t.Error("a watcher changed something")
		}
		other.Drive()
		if s := w.d.State(); s.Driver != "the page" {
			t.Errorf("driven by %q", s.Driver)
		}
		if err := w.d.Resume(w.ctx(), p.ID); err == nil {
			t.Error("who does not drive resumed")
		}
		w.must(w.d.Stop(w.ctx()))
		if got := done(); got != "answered" {
			t.Errorf("after stopping: %s", got)
		}
		if s := w.d.State(); s.On || len(s.Threads) != 0 || s.Breakpoints[0].Problem != "the debugger is off" {
			t.Errorf("%+v", s)
		}
		if err := w.d.Resume(w.ctx(), p.ID); !errors.Is(err, ErrOff) {
			t.Errorf("%v", err)
		}
		// And on again.
		w.must(w.d.Start(w.ctx()))
		w.until("a worker is there", w.d, func(s *State) bool { return len(s.Threads) > 0 })
	})
}

// A worker that ran before the debugger has lines, requests and caches at once, and the
// rest after a restart.
func TestRunningWorker(t *testing.T) {
	everyBackend(t, func(t *testing.T, name string) {
		w := newWorldOff(t, name, worker, "event:message", "cache:miss cache=v2", "line:sw.js:13 disabled")
		w.goTo("/")
		w.js(control)
		w.must(w.d.Start(w.ctx()))
		s := w.until("the worker is known", w.d, func(s *State) bool {
			return len(s.Breakpoints[0].Settings) > 0
		})
		mine := func(s *State) *Thread {
			for _, x := range s.Threads {
				if strings.HasPrefix(x.URL, w.site.base()) && x.Status != "stopped" {
					return x
				}
			}
			return nil
		}
		th := mine(s)
		if th == nil {
			t.Fatal(w.describe())
		}
		early := strings.Contains(s.Breakpoints[0].Problem, "restart it")
		if name == "chromium" && !early {
			t.Errorf("problem %q", s.Breakpoints[0].Problem)
		}
		w.must(w.d.Restart(w.ctx(), th.ID))
		w.until("it is restarted", w.d, func(s *State) bool {
			return mine(s) != nil && mine(s).Status == "running" && s.Breakpoints[0].Problem == ""
		})
		done := w.begin(post("x"))
		p := w.paused(0)
		if p.Pause.Stop.Reason != "event" {
			t.Errorf("%+v", p.Pause.Stop)
		}
		w.resume(p)
		done()
	})
}

// A worker that is stopped, unregistered or whose page goes while it is paused.
func TestGoneWhilePaused(t *testing.T) {
	everyBackend(t, func(t *testing.T, name string) {
		w := newWorld(t, name, worker, "event:message")
		w.js(control)
		w.js(post("x"))
		p := w.paused(0)
		// A navigation waits for the worker, and so does what it holds up.
		arrived := make(chan error, 1)
		ctx := w.ctx()
		go func() { arrived <- w.page.Navigate(ctx, w.site.base()+"/elsewhere") }()
		select {
		case err := <-arrived:
			t.Errorf("the navigation did not wait: %v", err)
		case <-time.After(300 * time.Millisecond):
		}
		if th := w.d.State().Thread(p.ID); th == nil || th.Pause == nil || !strings.Contains(strings.Join(th.Pause.Holding, ", "), "every fetch of the 1 client it controls") {
			t.Errorf("it is to say what it holds up\n%s", w.describe())
		}
		w.resume(p)
		w.must(<-arrived)
		w.js(`new Promise((f) => navigator.serviceWorker.controller ? f() : setTimeout(f, 500))`)
		w.js(post("x"))
		p = w.paused(p.Pause.ID)
		w.js(`navigator.serviceWorker.getRegistration().then((r) => r.unregister()).then(String)`)
		if th := w.d.State().Thread(p.ID); th == nil || th.Pause == nil {
			t.Errorf("the pause did not outlive the page\n%s", w.describe())
		}
		if _, err := w.b.Do(w.ctx(), inspector.Action{Kind: inspector.Stop, Registration: p.Registration, Version: p.Version}, 10*time.Second); err != nil {
			t.Log(err) // it may have ended by itself
		}
		w.until("it is over", w.d, func(s *State) bool { th := s.Thread(p.ID); return th == nil || th.Pause == nil })
		if _, err := w.d.Properties(w.ctx(), p.ID, "nothing"); err == nil {
			t.Error("a value of a pause that is over")
		}
	})
}

// Two debuggers of one browser, each with its own connection. The second comes when the
// worker runs: at a first statement whoever is ready first lets it go on.
func TestTwoDebuggers(t *testing.T) {
	everyBackend(t, func(t *testing.T, name string) {
		w := newWorldOff(t, name, worker, "event:fetch")
		_, b := w.attach()
		set := breakpoints.NewSet()
		c, err := breakpoints.Parse("cache:miss cache=v2")
		w.must(err)
		_, err = set.Add(c)
		w.must(err)
		second := New(b, set, Options{Name: "second"})
		defer second.Close()
		w.must(w.d.Start(w.ctx()))
		w.goTo("/")
		w.js(control)
		w.must(second.Start(w.ctx()))
		w.until("the second has the worker", second, func(s *State) bool {
			return len(s.Breakpoints[0].Settings) > 0 && s.Breakpoints[0].Settings[0].Problem == ""
		})
		done := w.begin(`fetch('/api/x').then((r) => r.text())`)
		p := w.paused(0)
		if p.Pause.Stop.Reason != "event" {
			t.Errorf("the first: %+v", p.Pause.Stop)
		}
		w.until("the second sees it, too", second, func(s *State) bool { return s.Thread(p.ID) != nil && s.Thread(p.ID).Pause != nil })
		w.resume(p)
		s := w.until("the second stops at its own", second, func(s *State) bool {
			th := s.Thread(p.ID)
			return th != nil && th.Pause != nil && th.Pause.Stop.Reason == "cache"
		})
		w.must(second.Resume(w.ctx(), s.Paused()[0].ID))
		if got := done(); strings.HasPrefix(got, "error") {
			t.Error(got)
		}
	})
}

// Ids of a thousand breakpoints, most of which stop nothing.
func TestThousandBreakpoints(t *testing.T) {
	everyBackend(t, func(t *testing.T, name string) {
		w := newWorldOff(t, name, worker)
		for i := range 1000 {
			w.add([]string{
				fmt.Sprintf("line:sw.js:%d if=false", i%30+1), fmt.Sprintf("line:other%d.js:7", i), fmt.Sprintf("fetch:/never/%d", i),
				fmt.Sprintf("cache:miss url=/never/%d", i), fmt.Sprintf("event:never%d", i),
			}[i%5])
		}
		w.must(w.d.Start(w.ctx()))
		w.goTo("/")
		began := time.Now()
		w.js(control)
		took := time.Since(began)
		w.add("fetch:/api/*")
		w.must(w.d.Settle(w.ctx()))
		done := w.begin(`fetch('/api/x').then((r) => r.text())`)
		p := w.paused(0)
		if len(p.Pause.Stop.Breakpoints) != 1 || p.Pause.Stop.Breakpoints[0] != "1001" {
			t.Errorf("%+v", p.Pause.Stop)
		}
		w.resume(p)
		done()
		t.Logf("%s: registering and controlling with 1,000 breakpoints took %s", name, took)
		if took > 15*time.Second {
			t.Errorf("registering took %s", took)
		}
	})
}

// The browser is killed while a worker is paused: the debugger says so, and can be closed.
func TestKilledWhilePaused(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	own, err := backend.Start(ctx, backend.Options{Chromium: true})
	if err != nil {
		t.Fatal(err)
	}
	old := started["chromium"].backend
	started["chromium"].once.Do(func() {})
	started["chromium"].backend = own
	w := newWorld(t, "chromium", worker, "event:install")
	if started["chromium"].backend = old; old == nil {
		started["chromium"] = &one{}
	}
	_ = w.begin(register)
	p := w.paused(0)
	if err := own.Close(); err != nil {
		t.Log(err)
	}
	s := w.until("the pause is over", w.d, func(s *State) bool { return len(s.Paused()) == 0 })
	if th := s.Thread(p.ID); th == nil || th.Status != "stopped" || th.Words != "the browser went away" {
		t.Errorf("%+v", th)
	}
	w.d.Close()
	w.page = nil
}
