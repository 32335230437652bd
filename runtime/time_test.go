package runtime

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestIdleWorkersStopAndStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t, Options{})
		defer p.engine.Close()
		p.serve(origin+"/sw.js", "v1")
		p.plays("v1", &part{listens: []string{"fetch"}, fetch: respond("1")})
		r := p.mustRegister(p.open("page", "/"))
		synctest.Wait()
		w := r.Snapshot().Active
		time.Sleep(29 * time.Second)
		if w.Running() != running {
			t.Fatal("stopped too early")
		}
		page, _ := p.navigate("second", "/")
		time.Sleep(29 * time.Second)
		if w.Running() != running {
			t.Fatal("an event did not keep it")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if w.Running() != stopped {
			t.Fatal("it does not stop")
		}
		p.log()
		if got := text(p.get(page, "/x")); got != "1" {
			t.Error(got)
		}
		p.expect("worker1 starts: fetch")
		release := w.Hold()
		time.Sleep(time.Hour)
		synctest.Wait()
		if w.Running() != running {
			t.Error("it was stopped while held")
		}
		release()
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if w.Running() != stopped {
			t.Error("it goes on after the release")
		}
	})
}

func TestTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t, Options{})
		defer p.engine.Close()
		never := func(ctx context.Context, _ *agent, _ Event) EventResult {
			<-ctx.Done()
			return EventResult{Err: context.Cause(ctx)}
		}
		p.serve(origin+"/sw.js", "v1")
		p.plays("v1", &part{listens: []string{"install"}, event: never})
		p.serve(origin+"/slow.js", "slow")
		p.plays("slow", &part{evaluate: func(ctx context.Context, a *agent) error {
			select {
			case <-ctx.Done():
			case <-a.done:
			}
			return context.Cause(ctx)
		}})
		page := p.open("page", "/")
		p.mustRegister(page)
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		if n := len(p.engine.Registrations()); n != 0 {
			t.Error("an install event without end was installed")
		}
		start := time.Now()
		_, err := p.register(page, "/slow.js")
		var exception *Exception
		if !errors.As(err, &exception) || time.Since(start) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// A worker that stands at a breakpoint takes its time.
func TestNothingTimesOutWhileHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t, Options{})
		defer p.engine.Close()
		p.serve(origin+"/sw.js", "v1")
		resumed := make(chan struct{})
		var release func()
		p.plays("v1", &part{listens: []string{"install"}, evaluate: func(ctx context.Context, a *agent) error {
			release = a.worker.Hold()
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-resumed:
				return nil
			}
		}, event: func(ctx context.Context, _ *agent, _ Event) EventResult {
			time.Sleep(time.Hour)
			return EventResult{Err: context.Cause(ctx)}
		}})
		go func() { time.Sleep(time.Hour); close(resumed) }()
		r := p.mustRegister(p.open("page", "/"))
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if r.Snapshot().Active == nil {
			t.Fatal("it was not installed:\n" + p.log())
		}
		release()
		time.Sleep(time.Minute)
		synctest.Wait()
		if r.Snapshot().Active.Running() != stopped {
			t.Error("it goes on after the release")
		}
	})
}

// A worker in a native call that cannot be interrupted is given up.
func TestAWorkerThatDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t, Options{})
		defer p.engine.Close()
		p.serve(origin+"/sw.js", "v1")
		p.plays("v1", &part{listens: []string{"fetch"}, fetch: respond("1")})
		r := p.mustRegister(p.open("page", "/"))
		synctest.Wait()
		w := r.Snapshot().Active
		page, _ := p.navigate("next", "/")
		stuck := p.agent(w)
		stuck.once.Do(func() {}) // Terminate does nothing from now on
		start := time.Now()
		if err := p.engine.StopWorker(t.Context(), w, nil); err != nil || time.Since(start) != terminationGrace {
			t.Error(err, time.Since(start))
		}
		if got := text(p.get(page, "/x")); got != "1" {
			t.Error(got)
		}
		stuck.cancel(nil)
		close(stuck.done)
	})
}
