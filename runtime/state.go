package runtime

import "slices"

// environments are the environment settings objects of a storage key: its clients
// that have one, and its running workers.
func (e *Engine) environments(storageKey string) []Environment {
	p := e.partitions[storageKey]
	if p == nil {
		return nil
	}
	all := make([]Environment, 0, len(p.clients)+len(p.running))
	for _, c := range p.clients {
		if c.env != nil {
			all = append(all, c.env)
		}
	}
	for _, w := range p.running {
		all = append(all, w.run.agent)
	}
	return all
}

// updateRegistrationState is Update Registration State.
func (e *Engine) updateRegistrationState(r *Registration, target Slot, w *Worker) {
	// Update Registration State 2 to 4: the slot first, then the attributes, in tasks.
	switch target {
	case SlotInstalling:
		r.installing = w
	case SlotWaiting:
		r.waiting = w
	case SlotActive:
		r.active = w
	}
	e.publish(r)
	for _, env := range e.environments(r.storageKey) {
		env.UpdateRegistration(r, target, w)
	}
	e.registrationChanged(r)
}

// updateWorkerState is Update Worker State.
func (e *Engine) updateWorkerState(w *Worker, state State, parent uint64) {
	// Update Worker State 2
	old := w.State()
	w.state.Store(&state)
	e.publish(w.registration)
	if old == StateActivating && w.activated != nil {
		close(w.activated)
		w.activated = nil
	}
	if state == StateActivating {
		w.activated = make(chan struct{})
	}
	// Update Worker State 3 and 4: DIVERGES: by storage key, not by origin; objects
	// of another storage key cannot exist.
	for _, env := range e.environments(w.registration.storageKey) {
		env.UpdateWorkerState(w, state)
	}
	e.trace(traceEvent{algorithm: "Update Worker State", step: "2", worker: w, parent: parent, decision: stateDecisions[state], verdict: string(state)})
	e.workerChanged(w)
	if state == StateRedundant {
		e.forgetRedundant(w)
	}
}

var stateDecisions = map[State]string{
	StateInstalling: "the worker is installing", StateInstalled: "the worker is installed and waits",
	StateActivating: "the worker is activating", StateActivated: "the worker is activated",
	StateRedundant: "the worker is redundant",
}

// forgetRedundant drops a redundant worker that does not run any more; who still
// holds the pointer sees a redundant worker.
func (e *Engine) forgetRedundant(w *Worker) {
	if w.State() == StateRedundant && w.run == nil {
		delete(e.workers, w.id)
		w.messages = nil
		w.resources = resourceMap{}
	}
}

// publish makes the registration's snapshot anew. It comes after each change and
// before the tasks that tell of it.
func (e *Engine) publish(r *Registration) {
	s := &RegistrationSnapshot{
		Installing: r.installing, Waiting: r.waiting, Active: r.active,
		UpdateViaCache: r.updateViaCache, NavigationPreload: r.preload, Unregistered: e.unregistered(r),
	}
	if r.installing != nil {
		s.InstallingState = r.installing.State()
	}
	if r.waiting != nil {
		s.WaitingState = r.waiting.State()
	}
	if r.active != nil {
		s.ActiveState = r.active.State()
	}
	r.snapshot.Store(s)
}

// unregistered reports whether the map holds r no longer.
func (e *Engine) unregistered(r *Registration) bool {
	p := e.partitions[r.storageKey]
	return p == nil || p.registrations[r.scopeKey] != r
}

// stale is a last update check more than a day ago.
func (e *Engine) stale(r *Registration) bool {
	return !r.lastUpdateCheck.IsZero() && e.clock.Now().Sub(r.lastUpdateCheck).Seconds() > 86400
}

// clearRegistration is Clear Registration.
func (e *Engine) clearRegistration(r *Registration, parent uint64) {
	// Clear Registration 2 to 4: every worker ends, the installing one first.
	// DIVERGES: the slots first, as browsers do it: a listener of statechange sees the
	// registration without its workers, which is what the standard means to say.
	var workers []*Worker
	for _, slot := range []Slot{SlotInstalling, SlotWaiting, SlotActive} {
		if w := r.in(slot); w != nil {
			workers = append(workers, w)
			e.terminate(w, errUnregistered)
			e.updateRegistrationState(r, slot, nil)
		}
	}
	for _, w := range workers {
		e.updateWorkerState(w, StateRedundant, parent)
	}
	r.cleared = true
	e.trace(traceEvent{algorithm: "Clear Registration", registration: r, parent: parent, decision: "the registration has no workers any more", verdict: "cleared"})
}

// tryClearRegistration is Try Clear Registration.
func (e *Engine) tryClearRegistration(r *Registration, parent uint64) {
	// Try Clear Registration 1: as long as a client uses it, or an event is under
	// way, its workers go on.
	if len(r.users) > 0 {
		e.trace(traceEvent{algorithm: "Try Clear Registration", step: "1", registration: r, parent: parent, decision: "a client still uses the registration", verdict: "in-use"})
		return
	}
	for _, w := range []*Worker{r.installing, r.waiting, r.active} {
		if w != nil && !hasNoPendingEvents(w) {
			e.trace(traceEvent{algorithm: "Try Clear Registration", step: "1", registration: r, parent: parent, decision: "a worker still has events to finish", verdict: "pending-events"})
			return
		}
	}
	e.clearRegistration(r, parent)
}

// hasNoPendingEvents is Service Worker Has No Pending Events.
func hasNoPendingEvents(w *Worker) bool {
	// Service Worker Has No Pending Events 1 and 2: events that are over are not counted.
	// DIVERGES: a message that was posted and is on its way counts, as in browsers: the
	// worker gets it before the registration goes.
	return len(w.messages) == 0 && !w.handing && (w.run == nil || w.run.pending == 0)
}

func (r *Registration) in(slot Slot) *Worker {
	switch slot {
	case SlotInstalling:
		return r.installing
	case SlotWaiting:
		return r.waiting
	default:
		return r.active
	}
}

// newestWorker is Get Newest Worker.
func (r *Registration) newestWorker() *Worker {
	// Get Newest Worker 3 to 6
	switch {
	case r.installing != nil:
		return r.installing
	case r.waiting != nil:
		return r.waiting
	default:
		return r.active
	}
}

// usersInOrder are the clients that use the registration, by age.
func (r *Registration) usersInOrder() []*Client {
	users := make([]*Client, 0, len(r.users))
	for c := range r.users {
		users = append(users, c)
	}
	slices.SortFunc(users, func(a, b *Client) int { return int(a.seq) - int(b.seq) })
	return users
}
