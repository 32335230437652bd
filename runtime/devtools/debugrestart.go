package devtools

import (
	"context"
	"errors"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"

	engine "github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/webapi/env"
)

// restartCause is why a worker is stopped and started, in traces and in Log.
const restartCause = "a debugger needs its script to run with probes"

// withoutProbes is the session's target when scripts of it that fit run without probes
// because nobody debugged the worker when it started; nil else.
func (s *session) withoutProbes(fits func(*sourced) bool) *subject {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	t := s.target
	if t == nil || t.kind != kindServiceWorker || t.worker == nil || t.worker.Kind() != env.ServiceWorker {
		return nil
	}
	for _, rs := range t.realms {
		if g := rs.debuggee.Load(); g != nil && g.early {
			continue // a restart would not change it
		}
		for _, x := range rs.sources {
			if x.debug == nil && fits(x) {
				return t
			}
		}
	}
	return nil
}

// needing is called before what every script of the target has to have probes for.
func needing(ctx context.Context, s *session) error {
	if !s.enabled("Debugger") {
		return errNotDebugging
	}
	if t := s.withoutProbes(func(*sourced) bool { return true }); t != nil {
		return s.server.restart(ctx, t)
	}
	return nil
}

// restart restarts a service worker when it has nothing to do. Its sessions stay, keep
// what they asked for, and see its context go and a new one come, with its scripts; an
// entry of Log says why. They do not hear of a crash, over which front ends close what
// they show. Whoever comes while a restart is under way waits for that. Commands of the
// session that come behind the one that needs it wait, too.
func (s *Server) restart(ctx context.Context, t *subject) error {
	s.mu.Lock()
	r := t.restarting
	if r == nil {
		w := t.worker
		if w == nil || w.Service() == nil {
			s.mu.Unlock()
			return nil
		}
		r = &restarting{over: make(chan struct{})}
		t.restarting = r
		s.tellRestart(t)
		s.mu.Unlock()
		s.parallel(func(ctx context.Context) {
			err := t.context.Engine().RestartWorker(ctx, w.Service(), restartCause, restartPatience)
			s.mu.Lock()
			defer s.mu.Unlock()
			t.restarting = nil
			r.end(err)
		})
	} else {
		s.mu.Unlock()
	}
	select {
	case <-r.over:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
	if errors.Is(r.err, engine.ErrBusy) {
		return failed("The worker has to be restarted to be paused, and %v: attach to it while it waits for the debugger, or try again later", r.err)
	}
	if r.err != nil {
		s.log.Debug("restart for a debugger", "target", t.id, "err", r.err)
	}
	return nil // the worker's script threw, or it is gone: its own sessions hear of that
}

// restarting is a restart that is under way; with Server.mu held.
type restarting struct {
	over chan struct{} // closed when the worker runs, or is paused while it starts
	done bool
	err  error // set before over is closed
}

// hides reports that the end and the start of the worker are the restart's own.
func (r *restarting) hides() bool { return r != nil && !r.done }

func (r *restarting) end(err error) {
	if !r.done {
		r.done, r.err = true, err
		close(r.over)
	}
}

// tellRestart says why the context goes. With Server.mu held.
func (s *Server) tellRestart(t *subject) {
	for _, x := range t.sessions {
		if x.on["Log"] {
			emit(x, log.EntryAdded, log.EventEntryAdded{Entry: &log.Entry{
				Source: log.EntrySourceWorker, Level: log.EntryLevelInfo, Text: "The worker is restarted: " + restartCause + ".",
				Timestamp: runtime.Timestamp(millis(s.clock.Now())), URL: t.url,
			}})
		}
	}
}

// restartPatience is how long a restart waits for the worker's events.
const restartPatience = 3 * time.Second
