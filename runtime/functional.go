package runtime

import (
	"context"
	"time"
)

// FunctionalInfo is a functional event that was dispatched at a worker, or is over.
type FunctionalInfo struct {
	Registration, StorageKey string
	Scope                    string
	Type                     string // "push", "sync", "periodicsync", …
	Data                     []byte // of push
	Tag                      string // of sync and periodicsync
	LastChance               bool
	// Over is false when the event is dispatched, and true when its lifetime
	// promises have settled or it could not be dispatched; Err then says what failed.
	Over bool
	Err  error
	Time time.Time
}

// FunctionalObserver is what an Observer may be as well.
type FunctionalObserver interface{ FunctionalEvent(FunctionalInfo) }

// functional tells the Observer of an event.
func (e *Engine) functional(r *Registration, ev Event, over bool, err error) {
	if o, ok := e.observer.(FunctionalObserver); ok {
		o.FunctionalEvent(FunctionalInfo{
			Registration: r.id, StorageKey: r.storageKey, Scope: r.scopeKey, Type: ev.Type, Data: ev.Data, Tag: ev.Tag, LastChance: ev.LastChance,
			Over: over, Err: err, Time: e.clock.Now(),
		})
	}
}

// FireFunctionalEvent is Fire Functional Event: it blocks until the event's
// lifetime promises have settled. Event.ID is set by the engine. err is why the
// event was not dispatched: no active worker, or one that does not start.
func (e *Engine) FireFunctionalEvent(ctx context.Context, r *Registration, ev Event) (EventResult, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	result, err := e.fireFunctionalEvent(ctx, r, ev)
	failed := err
	if err == nil {
		failed = result.Err
	}
	e.functional(r, ev, true, failed)
	return result, err
}

func (e *Engine) fireFunctionalEvent(ctx context.Context, r *Registration, ev Event) (EventResult, error) {
	parent := e.trace(traceEvent{algorithm: "Fire Functional Event", registration: r, decision: ev.Type + " is to be fired",
		details: map[string]string{"event": ev.Type, "registration": r.id, "scope": r.scopeKey}})
	// Fire Functional Event 1 and 2
	w := r.active
	if w == nil {
		return EventResult{}, invalidState("The registration for scope ('%s') has no active worker.", r.scope)
	}
	defer func() {
		// Fire Functional Event 3.1, 5.1 and 8
		if e.stale(r) {
			e.softUpdate(r, false)
		}
	}()
	// Fire Functional Event 3
	if e.shouldSkipEvent(ev.Type, w) {
		return EventResult{}, nil
	}
	for told := false; ; told = true {
		// Fire Functional Event 4
		if err := e.waitActivated(ctx, w); err != nil {
			return EventResult{}, err
		}
		// Fire Functional Event 5
		if _, err := e.runServiceWorker(ctx, w, ev.Type, parent, false); err != nil {
			e.trace(traceEvent{algorithm: "Fire Functional Event", step: "5", worker: w, parent: parent, decision: "the worker did not start: " + err.Error(), verdict: "start-failed"})
			return EventResult{}, err
		}
		if !told {
			e.functional(r, ev, false, nil)
		}
		// Fire Functional Event 6 and 7: an event the worker did not get before it was
		// stopped stands first in the queue of its next run.
		result := e.dispatch(ctx, w, ev, parent)
		if !result.Undelivered || w.State() == StateRedundant || ctx.Err() != nil || e.closed {
			return result, nil
		}
	}
}

// waitActivated waits while the worker is activating.
func (e *Engine) waitActivated(ctx context.Context, w *Worker) error {
	for w.State() == StateActivating {
		if err := e.wait(ctx, w.activated); err != nil {
			return err
		}
	}
	return nil
}

// DispatchPush fires push with data (nil for none). It blocks until the event is
// over; so do the other functions of this kind.
func (e *Engine) DispatchPush(ctx context.Context, r *Registration, data []byte) error {
	return e.fire(ctx, r, Event{Type: "push", Data: data})
}

// DispatchSync fires sync.
func (e *Engine) DispatchSync(ctx context.Context, r *Registration, tag string, lastChance bool) error {
	return e.fire(ctx, r, Event{Type: "sync", Tag: tag, LastChance: lastChance})
}

// DispatchPeriodicSync fires periodicsync.
func (e *Engine) DispatchPeriodicSync(ctx context.Context, r *Registration, tag string) error {
	return e.fire(ctx, r, Event{Type: "periodicsync", Tag: tag})
}

// DispatchNotification fires notificationclick, or notificationclose with closed.
// While a click is handled, the worker may open and focus windows.
func (e *Engine) DispatchNotification(ctx context.Context, r *Registration, notification any, action string, closed bool) error {
	if closed {
		return e.fire(ctx, r, Event{Type: "notificationclose", Notification: notification, Action: action})
	}
	e.mu.Lock()
	w := r.active
	if w != nil {
		w.interactions++
	}
	e.mu.Unlock()
	err := e.fire(ctx, r, Event{Type: "notificationclick", Notification: notification, Action: action})
	if w != nil {
		e.mu.Lock()
		w.interactions--
		e.mu.Unlock()
	}
	return err
}

func (e *Engine) fire(ctx context.Context, r *Registration, ev Event) error {
	result, err := e.FireFunctionalEvent(ctx, r, ev)
	if err != nil {
		return err
	}
	return result.Err
}
