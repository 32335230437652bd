package replay

import (
	"context"
	"fmt"
	"time"

	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/runtime"
)

// update lets the options' script arrive in a world as an update of the one that was
// recorded: it installs while the recorded one answers, and waits or takes over as it
// says itself.
func (run *run) update(w *world, at time.Time) {
	for _, m := range w.registrations {
		if m.live == nil || m.scriptURL != run.scriptURL && (run.replaces == "" || m.scope != run.replaces) {
			continue
		}
		w.network.scripts[m.scriptURL] = run.options.Script
		for u, source := range run.options.Imports {
			w.network.scripts[u] = source
		}
		w.network.at("", at)
		flight := w.observer.begin("update")
		ctx, cancel := context.WithTimeoutCause(run.ctx, run.eventTimeout(), fmt.Errorf("the update took longer than %s", run.eventTimeout()))
		var failed error
		before := m.live.Snapshot().Active
		err := w.pace.run(ctx, func(ctx context.Context) {
			if failed = w.context.Engine().Update(ctx, nil, m.live); failed == nil {
				failed = settled(ctx, m.live)
			}
		})
		cancel()
		if failed == nil {
			failed = err
		}
		_, started := w.network.busy()
		w.pace.settle(run.ctx, started-1)
		s, now := m.live.Snapshot(), w.observer.take(flight)
		step := LifecycleStep{At: at, Scope: m.scope, Version: run.scriptVersion}
		switch {
		case failed != nil:
			step.Step, step.Why = "install failed", failed.Error()+thrownWords(now.thrown)+unansweredWords(now.asked)
		case s.Waiting != nil:
			step.Step, step.Why = "waiting", "clients of the recorded version are open"
			run.newer(m, s.Waiting)
		case s.Active != nil && s.Active != before:
			step.Step = "activated"
			run.newer(m, s.Active)
		default:
			step.Step, step.Why = "no update", "the script is the recorded one, byte for byte"
		}
		run.summary.Lifecycle = append(run.summary.Lifecycle, step)
		w.observer.end(flight)
		for _, q := range now.asked {
			if q.How == asMissing {
				run.summary.Ask(q)
			}
		}
	}
}

// occupy lets the recorded worker control the clients that are open, the one of the
// first event among them: an update has to wait for them.
func (w *world) occupy(f *fetches.Fetch) {
	if m := w.memberOf(f); m != nil && m.live != nil && f.Kind != fetches.KindNavigation {
		w.clientOf(f, m.live)
	}
	for _, c := range w.clients {
		if reg := w.context.Engine().GetRegistration(c.StorageKey(), c.URL()); reg != nil && c.Controller() == nil {
			c.SetController(reg.Snapshot().Active)
		}
	}
}

// newer remembers the worker that came with the update, to tell when it takes over.
func (run *run) newer(m *member, w *runtime.Worker) { m.updated = w }

// watchUpdate notes that the update has taken over since the last event.
func (run *run) watchUpdate(w *world, at time.Time) {
	for _, m := range w.registrations {
		if m.updated == nil || m.live == nil {
			continue
		}
		s := m.live.Snapshot()
		if s.Active != m.updated || s.ActiveState != runtime.StateActivated {
			continue
		}
		m.updated = nil
		last := len(run.summary.Lifecycle) - 1
		if last >= 0 && run.summary.Lifecycle[last].Step == "activated" && run.summary.Lifecycle[last].Scope == m.scope {
			continue
		}
		run.summary.Lifecycle = append(run.summary.Lifecycle, LifecycleStep{At: at, Scope: m.scope, Version: run.scriptVersion, Step: "activated", Why: "the last client of the recorded version went away"})
	}
}

// settled waits until a registration has nothing that installs or activates.
func settled(ctx context.Context, r *runtime.Registration) error {
	for ctx.Err() == nil {
		s := r.Snapshot()
		if s.Installing == nil && (s.Active == nil || s.ActiveState == runtime.StateActivated) {
			return nil
		}
		time.Sleep(pause)
	}
	return context.Cause(ctx)
}
