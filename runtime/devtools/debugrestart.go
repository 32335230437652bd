package devtools

import (
	"context"
	"errors"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"

	engine "github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/webapi/env"
)

// restartCause is why a worker is stopped and started, in traces and in Log.
const restartCause = "a debugger needs its script to run with probes"

// withoutProbes is the session's target when scripts of it that fit run without probes,
// and a restart would put them in; nil else.
func (s *session) withoutProbes(fits func(*sourced) bool) *subject {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	t := s.target
	if t == nil || t.kind != kindServiceWorker || t.worker == nil || t.worker.Kind() != env.ServiceWorker {
		return nil
	}
	for _, rs := range t.realms {
		for _, x := range rs.sources {
			if x.debug == nil && fits(x) {
				return t
			}
		}
	}
	return nil
}

// needing answers a command that every script of the target has to have probes for.
func needing(s *session, f func() error) (cdproto.Empty, error) {
	if !s.enabled("Debugger") {
		return none, errNotDebugging
	}
	t := s.withoutProbes(func(*sourced) bool { return true })
	if t == nil {
		return none, f()
	}
	return later(s, func(ctx context.Context) (cdproto.Empty, error) {
		if err := s.server.restart(ctx, t); err != nil {
			return none, err
		}
		return none, f()
	})
}

// restart restarts a service worker when it has nothing to do. Its sessions are told as
// of any restart (crash, WorkerCreated) and keep what they asked for. Whoever comes
// while one is under way waits for that.
func (s *Server) restart(ctx context.Context, t *subject) error {
	s.mu.Lock()
	if under := t.restarting; under != nil {
		s.mu.Unlock()
		select {
		case <-under:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	w := t.worker
	if w == nil || w.Service() == nil {
		s.mu.Unlock()
		return nil
	}
	done := make(chan struct{})
	t.restarting = done
	for _, x := range t.sessions {
		for _, a := range x.debugging.breakpoints {
			a.carried = true
		}
		if x.on["Log"] {
			emit(x, log.EntryAdded, log.EventEntryAdded{Entry: &log.Entry{
				Source: log.EntrySourceWorker, Level: log.EntryLevelInfo, Text: "The worker is restarted: " + restartCause + ".",
				Timestamp: runtime.Timestamp(millis(s.clock.Now())), URL: t.url,
			}})
		}
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		t.restarting = nil
		close(done)
	}()
	err := t.context.Engine().RestartWorker(ctx, w.Service(), restartCause, restartPatience)
	switch {
	case errors.Is(err, engine.ErrBusy):
		return failed("The worker has to be restarted to be paused, and %v: attach to it while it waits for the debugger, or try again later", err)
	case err != nil && ctx.Err() == nil:
		s.log.Debug("restart for a debugger", "target", t.id, "err", err)
		return nil // the worker's script threw, or it is gone: its own sessions hear of that
	}
	return err
}

// restartPatience is how long a restart waits for the worker's events.
const restartPatience = 3 * time.Second
