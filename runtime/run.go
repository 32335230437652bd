package runtime

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// terminationGrace is how long a terminated worker may take to end before the
// engine goes on without it.
const terminationGrace = 5 * time.Second

var (
	errStopped   = errors.New("it is not running")
	errRedundant = errors.New("it is redundant")
)

// eventTypes are the types of event looked for among a worker's listeners when its
// script has run for the first time.
var eventTypes = []string{
	"install", "activate", "fetch", "message", "messageerror", "push", "pushsubscriptionchange", "notificationclick", "notificationclose",
	"sync", "periodicsync", "backgroundfetchsuccess", "backgroundfetchfail", "backgroundfetchabort", "backgroundfetchclick",
	"canmakepayment", "paymentrequest", "cookiechange", "contentdelete",
}

// newWorker is a new service worker, parsed.
func (e *Engine) newWorker(r *Registration, scriptURL *fetch.URL, workerType string, s *Script) *Worker {
	w := &Worker{
		engine: e, id: e.newID(), registration: r, scriptURL: scriptURL, typ: workerType, script: s,
		used: map[string]struct{}{}, eventTypes: map[string]struct{}{},
	}
	parsed, idle := StateParsed, stopped
	w.state.Store(&parsed)
	w.running.Store(&idle)
	e.workers[w.id] = w
	e.workerChanged(w)
	return w
}

// runServiceWorker is Run Service Worker: it blocks until the worker runs or cannot.
// status is the script's abrupt completion; err is failure. cause says why and story
// on whose behalf, for traces.
func (e *Engine) runServiceWorker(ctx context.Context, w *Worker, cause string, story uint64, forceBypassCache bool) (status, err error) {
	for w.run != nil {
		run := w.run
		if run.reason == nil && isClosed(run.ready) {
			// Run Service Worker 1
			return run.status, run.err
		}
		// It starts for somebody else, or is about to end: wait for that.
		until := run.ready
		if run.reason != nil {
			until = run.ended
		}
		if err := e.wait(ctx, until); err != nil {
			return nil, err
		}
		if until == run.ready && run.err != nil {
			return nil, run.err
		}
	}
	// Run Service Worker 2
	if w.State() == StateRedundant {
		return nil, errRedundant
	}
	if e.closed {
		return nil, ErrClosed
	}
	return e.start(w, cause, story, forceBypassCache)
}

// start is Run Service Worker 4 to 12.
func (e *Engine) start(w *Worker, cause string, story uint64, forceBypassCache bool) (status, err error) {
	r := &run{forced: forceBypassCache, ready: make(chan struct{}), ended: make(chan struct{})}
	r.ctx, r.cancel = context.WithCancelCause(e.ctx)
	w.run = r
	w.startCause, w.stopCause = cause, ""
	e.setRunning(w, starting)
	parent := e.trace(traceEvent{algorithm: "Run Service Worker", step: "8", worker: w, parent: story, decision: "the worker starts", verdict: "starting", details: map[string]string{"cause": cause}})
	w.story = parent
	ctx, stop := w.limited(e.ctx, r, e.limits.StartTimeout, "starting the worker")
	defer stop()
	// Run Service Worker 8.1 to 8.3
	if err := e.setupServiceWorkerGlobalScope(ctx, w, cause); err != nil {
		return nil, e.startFailed(w, r, parent, err)
	}
	// Run Service Worker 9.4 and 9.5: the agent tells a thrown exception from its own end.
	e.await(func() { status = r.agent.Evaluate(ctx) })
	// Run Service Worker 9.6
	if failed := startFailure(ctx, r, status); failed != nil {
		return nil, e.startFailed(w, r, parent, failed)
	}
	// Run Service Worker 9.7
	r.status = status
	if status != nil {
		e.trace(traceEvent{algorithm: "Run Service Worker", step: "9.7", worker: w, parent: parent, decision: "the script threw " + status.Error(), verdict: "threw"})
	}
	// Run Service Worker 9.8
	if !w.evaluated {
		e.observeListeners(w, r)
	}
	// Run Service Worker 10 to 12
	if r.reason != nil {
		return nil, e.startFailed(w, r, parent, &TerminatedError{Reason: r.reason})
	}
	w.lastUse = e.clock.Now()
	e.setRunning(w, running)
	close(r.ready)
	e.armIdle(w)
	e.trace(traceEvent{algorithm: "Run Service Worker", step: "12", worker: w, parent: parent, decision: "the worker runs", verdict: running})
	return status, nil
}

// startFailure tells why a worker did not start at all: it ended, or took too long.
// A script that throws has started.
func startFailure(ctx context.Context, r *run, status error) error {
	if r.reason != nil {
		return &TerminatedError{Reason: r.reason}
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if err := r.agent.Err(); err != nil {
		return &TerminatedError{Reason: err}
	}
	var ended *TerminatedError
	var late *TimeoutError
	if errors.As(status, &ended) || errors.As(status, &late) {
		return status
	}
	return nil
}

// setupServiceWorkerGlobalScope is Setup ServiceWorkerGlobalScope.
func (e *Engine) setupServiceWorkerGlobalScope(ctx context.Context, w *Worker, cause string) error {
	r := w.run
	// Setup ServiceWorkerGlobalScope 8: agent, realm and settings object are the agents' part.
	var agent WorkerAgent
	var err error
	e.await(func() { agent, err = e.agents.StartWorker(ctx, w, cause) })
	// Setup ServiceWorkerGlobalScope 10
	if err != nil {
		return err
	}
	// Setup ServiceWorkerGlobalScope 11
	r.agent = agent
	p := e.partition(w.registration.storageKey)
	p.running = append(p.running, w)
	if e.closed && r.reason == nil {
		r.reason = ErrClosed
	}
	if r.reason != nil {
		agent.Terminate(r.reason)
	}
	if !e.outside(func() { e.watch(w, r) }) {
		e.await(func() { <-agent.Done() })
		e.ended(w, r, r.reason)
	}
	if r.reason != nil {
		return &TerminatedError{Reason: r.reason}
	}
	return nil
}

// startFailed ends a start that did not succeed.
func (e *Engine) startFailed(w *Worker, r *run, parent uint64, err error) error {
	r.err = err
	e.trace(traceEvent{algorithm: "Run Service Worker", step: "11", worker: w, parent: parent, decision: "the worker did not start: " + err.Error(), verdict: "start-failed"})
	close(r.ready)
	if r.agent == nil {
		e.ended(w, r, err)
		return err
	}
	if w.run == r {
		e.terminate(w, err)
	}
	return err
}

// observeListeners is Run Service Worker 9.8.
func (e *Engine) observeListeners(w *Worker, r *run) {
	types, empty := map[string]struct{}{}, false
	e.await(func() {
		// Run Service Worker 9.8.1
		for _, t := range eventTypes {
			if r.agent.Listens(t) {
				types[t] = struct{}{}
			}
		}
		empty = allFetchListenersAreEmpty(types, r.agent)
	})
	w.eventTypes = types
	// Run Service Worker 9.8.2
	w.evaluated = true
	// Run Service Worker 9.8.3 and 9.8.4
	w.emptyFetch = empty
}

// allFetchListenersAreEmpty is All Fetch Listeners Are Empty.
func allFetchListenersAreEmpty(types map[string]struct{}, agent WorkerAgent) bool {
	// All Fetch Listeners Are Empty 1
	if _, listens := types["fetch"]; !listens {
		return true
	}
	// All Fetch Listeners Are Empty 2 to 5: the functions are the agent's.
	return agent.EmptyFetchListeners()
}

// watch waits for a worker's agent to end.
func (e *Engine) watch(w *Worker, r *run) {
	select {
	case <-r.agent.Done():
	case <-r.ended:
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if isClosed(r.ended) {
		return
	}
	reason := r.reason
	if reason == nil {
		reason = r.agent.Err()
		if reason == nil {
			reason = errors.New("its agent ended")
		}
	}
	e.ended(w, r, reason)
}

// ended is called once for each run, when nothing of it is left.
func (e *Engine) ended(w *Worker, r *run, reason error) {
	crashed := r.reason == nil && r.err == nil
	r.reason = reason
	r.pending = 0
	w.run = nil
	w.stopCause = reason.Error()
	if w.idle != nil {
		w.idle.Stop()
		w.idle = nil
	}
	if r.grace != nil {
		r.grace.Stop()
	}
	p := e.partition(w.registration.storageKey)
	p.running = slices.DeleteFunc(p.running, func(o *Worker) bool { return o == w })
	e.setRunning(w, stopped)
	e.trace(traceEvent{algorithm: "Terminate Service Worker", worker: w, parent: r.story, decision: "the worker has stopped: " + reason.Error(), verdict: stopped})
	close(r.ended)
	r.cancel(&TerminatedError{Reason: reason})
	e.forgetRedundant(w)
	if crashed {
		e.workerError(w, &TerminatedError{Reason: reason})
	}
	e.noPendingEvents(w.registration, r.story)
	e.deliver(w)
}

// terminate is Terminate Service Worker: it returns at once; the run's ended tells
// when it is done.
func (e *Engine) terminate(w *Worker, reason error) {
	r := w.run
	if r == nil || r.reason != nil {
		return
	}
	r.story = e.trace(traceEvent{algorithm: "Terminate Service Worker", step: "1", worker: w, decision: "the worker is stopped: " + reason.Error(), verdict: stopping})
	r.reason = reason
	// Terminate Service Worker 1.3
	r.pending = 0
	e.setRunning(w, stopping)
	// Terminate Service Worker 1.2 and 1.4 to 1.6: fetch and functional events that
	// were not begun come back Undelivered, and are dispatched to the next run.
	if r.agent != nil {
		r.agent.Terminate(reason)
	}
	// A native call that cannot be interrupted must not hold up the next run.
	r.grace = e.clock.AfterFunc(terminationGrace, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if w.run == r && r.agent != nil {
			e.log.Warn("a worker does not end", "worker", w.id, "script", w.scriptURL.String())
			e.ended(w, r, reason)
		}
	})
}

func (e *Engine) setRunning(w *Worker, status string) {
	w.running.Store(&status)
	e.workerChanged(w)
}

// armIdle sees to it that an idle worker is stopped. The timer is not moved at each
// event: when it fires, it looks how long the worker has been idle.
func (e *Engine) armIdle(w *Worker) {
	if w.idle != nil || e.limits.IdleTimeout <= 0 || e.closed {
		return
	}
	e.armIdleFor(w, e.limits.IdleTimeout)
}

func (e *Engine) armIdleFor(w *Worker, d time.Duration) {
	r := w.run
	w.idle = e.clock.AfterFunc(d, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if w.run != r || r.reason != nil || e.closed {
			return
		}
		w.idle = nil
		if r.pending > 0 || w.holds > 0 {
			return // armed again when the last event is over
		}
		if left := e.limits.IdleTimeout - e.clock.Now().Sub(w.lastUse); left > 0 {
			e.armIdleFor(w, left)
			return
		}
		e.terminate(w, errIdle)
	})
}

// Hold keeps the worker from being stopped when idle, until release is called: a
// debugger is attached. It does not block.
func (w *Worker) Hold() (release func()) {
	e := w.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	w.holds++
	released := false
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if released {
			return
		}
		released = true
		w.holds--
		if w.run != nil && w.run.reason == nil && isClosed(w.run.ready) {
			w.lastUse = e.clock.Now()
			e.armIdle(w)
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
