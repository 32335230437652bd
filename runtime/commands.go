package runtime

import (
	"context"
	"errors"
	"slices"
	"time"
)

// ErrStopped is the reason of a worker that was stopped on request.
var ErrStopped = errors.New("it was stopped on request")

// SetForceUpdateOnPageLoad is CDP's command: every navigation first updates, installs
// anew even a byte-identical worker, and activates it.
func (e *Engine) SetForceUpdateOnPageLoad(on bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.forceUpdate = on
}

// forceUpdateOnPageLoad updates the registration that a navigation is about to
// match, and waits until the new worker is activated.
func (e *Engine) forceUpdateOnPageLoad(h *fetchHandling) {
	r := e.matchRegistration(h.reserved.storageKey, h.request.CurrentURL())
	if r == nil {
		return
	}
	newest := r.newestWorker()
	if newest == nil {
		return
	}
	j := e.updateJob(r, newest, nil, nil)
	j.forceBypass, j.skipComparison = true, true
	e.scheduleJob(j)
	if e.wait(h.ctx, j.done) != nil {
		return
	}
	if r.waiting != nil {
		r.waiting.skipWaiting = true
		_ = e.wait(h.ctx, e.tryActivate(r, j.trace))
	}
}

// StartWorker runs a worker (CDP's startWorker). cause says why. It blocks.
func (e *Engine) StartWorker(ctx context.Context, w *Worker, cause string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	status, err := e.runServiceWorker(ctx, w, cause, 0, false)
	if err == nil {
		err = status
	}
	return err
}

// StopWorker terminates a worker and waits until it has ended. reason may be nil.
// It blocks.
func (e *Engine) StopWorker(ctx context.Context, w *Worker, reason error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.stop(ctx, w, reason)
}

func (e *Engine) stop(ctx context.Context, w *Worker, reason error) error {
	if reason == nil {
		reason = ErrStopped
	}
	r := w.run
	if r == nil {
		return nil
	}
	e.terminate(w, reason)
	return e.wait(ctx, r.ended)
}

// ErrBusy is a worker that cannot be restarted now: its installation or activation would
// fail.
var ErrBusy = errors.New("it is being installed or activated")

// RestartWorker stops a worker that runs and starts it again: a user agent may do so at
// any time. It waits until the worker handles no event, but no longer than patience: then
// one that is being installed or activated stays as it is (ErrBusy). cause says why. It
// blocks.
func (e *Engine) RestartWorker(ctx context.Context, w *Worker, cause string, patience time.Duration) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.quiet(ctx, w, patience); err != nil {
		return err
	}
	if err := e.stop(ctx, w, errors.New(cause)); err != nil {
		return err
	}
	status, err := e.runServiceWorker(ctx, w, cause, 0, false)
	if err == nil {
		err = status
	}
	return err
}

// quietCheck is how often quiet looks.
const quietCheck = 5 * time.Millisecond

// quiet waits until a worker that runs handles no event.
func (e *Engine) quiet(ctx context.Context, w *Worker, patience time.Duration) error {
	until := time.Now().Add(patience)
	for {
		r, state := w.run, w.State()
		busy := r != nil && r.reason == nil && (!isClosed(r.ready) || r.pending > 0)
		changing := state == StateParsed || state == StateInstalling || state == StateActivating
		late := time.Now().After(until)
		switch {
		case !busy && !changing, late && !changing:
			return nil
		case late:
			return ErrBusy
		}
		tick := make(chan struct{})
		timer := time.AfterFunc(quietCheck, func() { close(tick) })
		err := e.wait(ctx, tick)
		timer.Stop()
		if err != nil {
			return err
		}
	}
}

// StopAll stops every worker. It blocks.
func (e *Engine) StopAll(ctx context.Context, reason error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := e.sortedWorkers()
	for _, w := range all {
		if reason == nil {
			reason = ErrStopped
		}
		e.terminate(w, reason)
	}
	for _, w := range all {
		_ = e.stop(ctx, w, reason)
	}
}

// RegistrationByID is nil for none; so are the others.
func (e *Engine) RegistrationByID(id string) *Registration {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.sortedRegistrations() {
		if r.id == id {
			return r
		}
	}
	return nil
}

// RegistrationByScope finds a registration by its serialised scope, in any storage
// key, the first-party one before others.
func (e *Engine) RegistrationByScope(scope string) *Registration {
	e.mu.Lock()
	defer e.mu.Unlock()
	var found *Registration
	for _, r := range e.sortedRegistrations() {
		if r.scopeKey != scope {
			continue
		}
		if r.storageKey == r.scope.Origin().String() {
			return r
		}
		if found == nil {
			found = r
		}
	}
	return found
}

// WorkerByID is the worker of that id that is not gone.
func (e *Engine) WorkerByID(id string) *Worker {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.workers[id]
}

// ClearRegistrations unregisters and clears every registration of a storage key at
// once, pages that use them or not: Clear-Site-Data: "storage", or a user who clears
// the site's data. It does not block.
//
// Source: https://w3c.github.io/webappsec-clear-site-data/#clear-dom
func (e *Engine) ClearRegistrations(storageKey string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.partitions[storageKey]
	if p == nil {
		return
	}
	// Also those that are unregistered and in use.
	all := slices.Clone(p.order)
	for _, c := range p.clients {
		if w := c.Controller(); w != nil && !slices.Contains(all, w.registration) {
			all = append(all, w.registration)
		}
	}
	for _, r := range all {
		e.removeRegistration(r)
		users := r.usersInOrder()
		clear(r.users)
		e.clearRegistration(r, 0)
		e.endParsed(r)
		for _, c := range users {
			c.controller.Store(nil)
			e.notifyControllerChange(c)
		}
	}
}

// endParsed ends the worker of r that is being parsed, which no slot holds yet: the
// job it belongs to fails.
func (e *Engine) endParsed(r *Registration) {
	for _, w := range e.workers {
		if w.registration == r && w.State() == StateParsed {
			e.terminate(w, errUnregistered)
		}
	}
}
