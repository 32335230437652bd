package runtime

import (
	"context"
	"strings"
)

// activate is Activate. Steps 1 to 9 happen at once; the event is dispatched in
// parallel. done is closed when the worker is activated.
func (e *Engine) activate(r *Registration, parent uint64) (done <-chan struct{}) {
	over := make(chan struct{})
	// Activate 1
	w := r.waiting
	if w == nil {
		close(over)
		return over
	}
	// Activate 2
	if old := r.active; old != nil {
		e.terminate(old, errReplaced)
		e.updateWorkerState(old, StateRedundant, parent)
	}
	// Activate 3 and 4
	e.updateRegistrationState(r, SlotActive, w)
	e.updateRegistrationState(r, SlotWaiting, nil)
	// Activate 5
	e.updateWorkerState(w, StateActivating, parent)
	// Activate 6 and 7: pages in scope that wait for navigator.serviceWorker.ready.
	if p := e.partitions[r.storageKey]; p != nil {
		for _, c := range p.clients {
			if c.env != nil && e.matchRegistration(r.storageKey, c.URL()) == r {
				c.env.Ready(r)
			}
		}
	}
	// Activate 8: pages that use it change over to the new worker.
	for _, c := range r.usersInOrder() {
		c.controller.Store(w)
		e.notifyControllerChange(c)
	}
	e.workerChanged(w)
	if e.closed {
		close(over)
		return over
	}
	// Activate 9 to 11
	e.inParallel(func() {
		defer close(over)
		e.fireActivate(r, w, parent)
	})
	return over
}

// fireActivate is Activate 10 and 11: whatever becomes of the event, the worker is
// activated.
func (e *Engine) fireActivate(r *Registration, w *Worker, parent uint64) {
	if e.shouldSkipEvent("activate", w) {
		e.trace(traceEvent{algorithm: "Should Skip Event", step: "1", worker: w, parent: parent, decision: "nothing listens to activate", verdict: "no-listener"})
	} else if _, err := e.runServiceWorker(e.ctx, w, "activate", parent, false); err == nil {
		result := e.dispatch(e.ctx, w, Event{Type: "activate"}, parent)
		if result.Err != nil {
			e.workerError(w, result.Err)
		}
	} else {
		e.workerError(w, err)
	}
	settleSkipWaiting(w)
	// Activate 11
	if r.active != w || w.State() != StateActivating {
		return // cleared meanwhile
	}
	e.updateWorkerState(w, StateActivated, parent)
	// A worker that became installed while this one was activating had to wait.
	if r.waiting != nil {
		e.tryActivate(r, parent)
	}
}

// tryActivate is Try Activate. done is closed when nothing of it is under way.
func (e *Engine) tryActivate(r *Registration, parent uint64) (done <-chan struct{}) {
	nothing := make(chan struct{})
	close(nothing)
	// Try Activate 1
	if r.waiting == nil {
		return nothing
	}
	refuse := func(step, decision, verdict string) <-chan struct{} {
		e.trace(traceEvent{algorithm: "Try Activate", step: step, registration: r, parent: parent, decision: decision, verdict: verdict})
		return nothing
	}
	// Try Activate 2
	if r.active != nil && r.active.State() == StateActivating {
		return refuse("2", "the active worker is still activating", "active-is-activating")
	}
	// Try Activate 3
	switch {
	case r.active == nil:
		refuse("3", "there is no active worker: the waiting one becomes active", "activate")
	case !hasNoPendingEvents(r.active):
		return refuse("3", "it waits: the active worker still has events to finish", "waiting-for-events")
	case len(r.users) == 0:
		refuse("3", "no client uses the registration: the waiting worker becomes active", "activate")
	case r.waiting.skipWaiting:
		refuse("3", "skipWaiting() was called: the waiting worker becomes active", "activate")
	default:
		clients := make([]string, 0, len(r.users))
		for _, c := range r.usersInOrder() {
			clients = append(clients, c.URL().String())
		}
		e.trace(traceEvent{algorithm: "Try Activate", step: "3", registration: r, parent: parent, decision: "it waits: clients use the active worker and skipWaiting() was not called", verdict: "waiting-for-clients",
			details: map[string]string{"clients": strings.Join(clients, " ")}})
		return nothing
	}
	return e.activate(r, parent)
}

// StartSkipWaiting is ServiceWorkerGlobalScope.skipWaiting(). settle is called once,
// with the engine's lock held, when its promise is to be resolved: it must only
// queue a task. DIVERGES: that is after the activate event and before the worker is
// activated, not after it, which is where browsers do it.
func (e *Engine) StartSkipWaiting(w *Worker, settle func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	// ServiceWorkerGlobalScope.skipWaiting() 2.1
	w.skipWaiting = true
	parent := e.trace(traceEvent{algorithm: "ServiceWorkerGlobalScope.skipWaiting()", step: "2.1", worker: w, decision: "the worker does not want to wait", verdict: "skip-waiting"})
	// ServiceWorkerGlobalScope.skipWaiting() 2.2
	w.skipped = append(w.skipped, settle)
	e.tryActivate(w.registration, parent)
	// ServiceWorkerGlobalScope.skipWaiting() 2.3
	if w.registration.active != w || w.State() != StateActivating || e.closed {
		settleSkipWaiting(w)
	}
}

// settleSkipWaiting resolves the promises of skipWaiting().
func settleSkipWaiting(w *Worker) {
	for _, settle := range w.skipped {
		settle()
	}
	w.skipped = nil
}

// SkipWaiting is StartSkipWaiting for a caller that waits. It blocks.
func (e *Engine) SkipWaiting(ctx context.Context, w *Worker) {
	settled := make(chan struct{})
	e.StartSkipWaiting(w, func() { close(settled) })
	select {
	case <-settled:
	case <-ctx.Done():
	case <-e.ctx.Done():
	}
}

// notifyControllerChange is Notify Controller Change.
func (e *Engine) notifyControllerChange(c *Client) {
	// Notify Controller Change 2: a client without environment has no container yet.
	if c.env != nil {
		c.env.SetController(c.Controller(), true)
	}
	e.trace(traceEvent{algorithm: "Notify Controller Change", step: "2", client: c, decision: "the client has a new controller", verdict: "controllerchange"})
	e.clientChanged(c)
}
