package runtime

import (
	"context"
	"errors"
	"fmt"
)

// Why the engine ends a worker.
var (
	errUnregistered = errors.New("its registration was cleared")
	errEvaluation   = errors.New("its script did not run to its end")
	errReplaced     = errors.New("a newer worker took its place")
	errInstall      = errors.New("it could not be installed")
	errIdle         = errors.New("it was idle")
)

// install is Install.
func (e *Engine) install(j *job, w *Worker, r *Registration) {
	// Install 2
	newest := r.newestWorker()
	// Install 3
	r.updateViaCache = j.updateViaCache
	// Install 4
	w.everInstalled = true
	e.updateRegistrationState(r, SlotInstalling, w)
	// Install 5
	e.updateWorkerState(w, StateInstalling, j.trace)
	// Install 7: whoever registered hears of it now, not when the worker is installed.
	e.resolveJobPromise(j, r)
	// Install 8 and 9
	for _, env := range e.environments(r.storageKey) {
		env.FireUpdateFound(r)
	}
	// Install 1, 10 and 11
	failed := e.fireInstall(j, w)
	if r.installing != w {
		// The registration was cleared meanwhile; there is nothing left to install.
		e.finishJob(j)
		return
	}
	// Install 12
	if failed != nil {
		e.installFailed(j, w, r, newest, failed)
		return
	}
	// Install 13 to 15: the map of an update holds what the old worker imported;
	// what the new one did not ask for goes.
	w.resources.keep(w.used)
	// Install 16
	if waiting := r.waiting; waiting != nil {
		e.terminate(waiting, errReplaced)
		e.updateWorkerState(waiting, StateRedundant, j.trace)
	}
	// Install 17 and 18
	e.updateRegistrationState(r, SlotWaiting, w)
	e.updateRegistrationState(r, SlotInstalling, nil)
	// Install 19
	e.updateWorkerState(w, StateInstalled, j.trace)
	// Install 20
	e.finishJob(j)
	// Install 21: SKIPPED: the wait until the statechange tasks have run. Tasks of
	// one environment keep their order, so each sees installed before activating.
	// Install 22
	e.tryActivate(r, j.trace)
}

// installFailed is Install 12.
func (e *Engine) installFailed(j *job, w *Worker, r *Registration, newest *Worker, failed error) {
	e.trace(traceEvent{algorithm: "Install", step: "12", worker: w, parent: j.trace, decision: "the install event failed: " + failed.Error(), verdict: "install-failed"})
	e.terminate(w, errInstall)
	// Install 12.1 and 12.2: DIVERGES: in the other order, as browsers do it: a
	// listener of statechange sees the registration without the worker.
	e.updateRegistrationState(r, SlotInstalling, nil)
	e.jobFailed(r, w, e.jobMessage(j, "ServiceWorker failed to install: %s", eventFailure(failed)))
	e.updateWorkerState(w, StateRedundant, j.trace)
	// Install 12.3
	if newest == nil {
		e.removeRegistration(r)
	}
	// Install 12.4
	e.finishJob(j)
}

// eventFailure says why an event failed. What a promise was rejected with is told by
// itself.
func eventFailure(err error) string {
	var rejected *RejectedError
	if errors.As(err, &rejected) {
		return "ServiceWorker failed to handle event (event.waitUntil Promise rejected)"
	}
	return err.Error()
}

// fireInstall is Install 11; the error is why the installation failed.
func (e *Engine) fireInstall(j *job, w *Worker) error {
	if e.shouldSkipEvent("install", w) {
		e.trace(traceEvent{algorithm: "Should Skip Event", step: "1", worker: w, parent: j.trace, decision: "nothing listens to install", verdict: "no-listener"})
		return nil
	}
	// Install 11.2
	if _, err := e.runServiceWorker(e.ctx, w, "install", j.trace, j.forceBypass); err != nil {
		return err
	}
	w.story = j.trace
	// Install 11.3
	result := e.dispatch(e.ctx, w, Event{Type: "install"}, j.trace)
	return result.Err
}

// shouldSkipEvent is Should Skip Event.
func (e *Engine) shouldSkipEvent(name string, w *Worker) bool {
	// Should Skip Event 1: only names the engine looked for when the script first ran.
	if !w.evaluated {
		return false
	}
	_, known := observedEvents[name]
	return known && !w.handles(name)
}

// observedEvents are the types looked for among the listeners after the first
// evaluation. Others are dispatched whether or not somebody listens.
var observedEvents = map[string]struct{}{"install": {}, "activate": {}, "fetch": {}}

// handles reports whether the set of event types to handle contains name.
func (w *Worker) handles(name string) bool {
	_, ok := w.eventTypes[name]
	return ok
}

// dispatch dispatches an event at a running worker and waits until it is over. An
// event the worker did not get before it ended comes back Undelivered.
func (e *Engine) dispatch(ctx context.Context, w *Worker, ev Event, parent uint64) EventResult {
	run := w.run
	if run == nil || run.agent == nil {
		return EventResult{Err: &TerminatedError{Reason: errStopped}, Undelivered: true}
	}
	e.eventSeq++
	ev.ID, ev.Trace = fmt.Sprintf("%s-%d", ev.Type, e.eventSeq), parent
	e.extend(w, run)
	ctx, stop := w.limited(ctx, run, e.limits.EventTimeout, "the "+ev.Type+" event")
	e.trace(traceEvent{algorithm: algorithmOf(ev.Type), worker: w, parent: parent, decision: "dispatched " + ev.Type, verdict: "dispatched",
		details: map[string]string{"event": ev.Type, "version": w.id, "registration": w.registration.id}})
	var result EventResult
	e.await(func() {
		defer stop()
		result = run.agent.Dispatch(ctx, ev)
	})
	e.settleExtended(w, run)
	verdict, decision := "fulfilled", ev.Type+" is over"
	if result.Err != nil {
		verdict, decision = "failed", ev.Type+" failed: "+result.Err.Error()
	}
	e.trace(traceEvent{algorithm: "Update Service Worker Extended Events Set", step: "2", worker: w, parent: parent, decision: decision, verdict: verdict})
	return result
}

// algorithmOf is the algorithm that dispatches an event.
func algorithmOf(event string) string {
	switch event {
	case "install":
		return "Install"
	case "activate":
		return "Activate"
	case "message":
		return "ServiceWorker.postMessage()"
	}
	return "Fire Functional Event"
}

// extend is Update Service Worker Extended Events Set when an event begins:
// Update Service Worker Extended Events Set 3.
func (e *Engine) extend(w *Worker, run *run) {
	run.pending++
	w.lastUse = e.clock.Now()
	if run.pending == 1 {
		e.workerChanged(w)
	}
}

// settleExtended is what happens when an event's lifetime promises have settled:
// Update Service Worker Extended Events Set 2, and what waited for it.
func (e *Engine) settleExtended(w *Worker, run *run) {
	if w.run != run || run.reason != nil {
		return // it ended: its set was emptied then
	}
	run.pending--
	w.lastUse = e.clock.Now()
	if run.pending > 0 {
		return
	}
	e.workerChanged(w)
	e.armIdle(w)
	e.noPendingEvents(w.registration, 0)
}

// noPendingEvents retries what waits for events to be over: clearing an
// unregistered registration, activating a waiting worker.
func (e *Engine) noPendingEvents(r *Registration, story uint64) {
	if r.cleared {
		return
	}
	if e.unregistered(r) {
		e.tryClearRegistration(r, story)
	}
	if r.waiting != nil {
		e.tryActivate(r, story)
	}
}
