package runtime

import (
	"cmp"
	"errors"
	"slices"
)

// Registrations are the registrations in the map, by age.
func (e *Engine) Registrations() []RegistrationInfo {
	e.mu.Lock()
	defer e.mu.Unlock()
	var infos []RegistrationInfo
	for _, r := range e.sortedRegistrations() {
		infos = append(infos, e.registrationInfo(r))
	}
	return infos
}

// Workers are the workers that are not gone, by age.
func (e *Engine) Workers() []WorkerInfo {
	e.mu.Lock()
	defer e.mu.Unlock()
	var infos []WorkerInfo
	for _, w := range e.sortedWorkers() {
		infos = append(infos, e.workerInfo(w))
	}
	return infos
}

// Clients are the clients that are not gone, by age.
func (e *Engine) Clients() []ClientInfo {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := make([]*Client, 0, len(e.clients))
	for _, c := range e.clients {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *Client) int { return cmp.Compare(a.seq, b.seq) })
	var infos []ClientInfo
	for _, c := range all {
		infos = append(infos, clientInfo(c))
	}
	return infos
}

// byID orders decimal ids.
func byID(a, b string) int {
	if c := cmp.Compare(len(a), len(b)); c != 0 {
		return c
	}
	return cmp.Compare(a, b)
}

func (e *Engine) sortedRegistrations() []*Registration {
	var all []*Registration
	for _, p := range e.partitions {
		all = append(all, p.order...)
	}
	slices.SortFunc(all, func(a, b *Registration) int { return byID(a.id, b.id) })
	return all
}

func (e *Engine) sortedWorkers() []*Worker {
	all := make([]*Worker, 0, len(e.workers))
	for _, w := range e.workers {
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b *Worker) int { return byID(a.id, b.id) })
	return all
}

func (e *Engine) registrationInfo(r *Registration) RegistrationInfo {
	id := func(w *Worker) string {
		if w == nil {
			return ""
		}
		return w.id
	}
	return RegistrationInfo{
		ID: r.id, Scope: r.scopeKey, StorageKey: r.storageKey, Deleted: e.unregistered(r), UpdateViaCache: r.updateViaCache,
		Installing: id(r.installing), Waiting: id(r.waiting), Active: id(r.active),
		LastUpdateCheck: r.lastUpdateCheck, NavigationPreload: r.preload,
	}
}

func (e *Engine) workerInfo(w *Worker) WorkerInfo {
	info := WorkerInfo{
		ID: w.id, RegistrationID: w.registration.id, ScriptURL: w.scriptURL.String(), Type: w.typ, State: w.State(), Running: w.Running(),
		EverInstalling: w.everInstalled, ScriptModified: w.script.Modified, ScriptFetched: w.script.Fetched,
		StartCause: w.startCause, StopCause: w.stopCause,
	}
	if w.run != nil {
		info.PendingEvents = w.run.pending
	}
	for _, r := range w.routes {
		info.Routes = append(info.Routes, r.understood())
	}
	for _, c := range w.registration.usersInOrder() {
		if c.Controller() == w {
			info.Clients = append(info.Clients, c.id)
		}
	}
	return info
}

func clientInfo(c *Client) ClientInfo {
	info := ClientInfo{ID: c.id, StorageKey: c.storageKey, Type: c.typ, FrameType: c.frameType, Gone: c.discarded}
	if u := c.URL(); u != nil {
		info.URL = u.String()
	}
	if w := c.Controller(); w != nil {
		info.Controller = w.id
	}
	return info
}

func (e *Engine) registrationChanged(r *Registration) {
	if e.observer != nil {
		e.observer.Registration(e.registrationInfo(r))
	}
}

func (e *Engine) workerChanged(w *Worker) {
	if e.observer != nil {
		e.observer.Worker(e.workerInfo(w))
	}
}

func (e *Engine) clientChanged(c *Client) {
	if e.observer != nil {
		e.observer.Client(clientInfo(c))
	}
}

// workerError tells of an exception or a failed event of a worker, unless its agent
// did.
func (e *Engine) workerError(w *Worker, err error) {
	if e.observer == nil {
		return
	}
	info := WorkerErrorInfo{Worker: w.id, Registration: w.registration.id, Message: err.Error(), SourceURL: w.scriptURL.String(), Time: e.clock.Now()}
	var script *ScriptError
	if errors.As(err, &script) {
		if script.Reported {
			return
		}
		info.Message, info.Line, info.Column = Uncaught(script, script.InPromise), script.Line, script.Column
		if script.URL != "" {
			info.SourceURL = script.URL
		}
	}
	e.observer.WorkerError(info)
}

// jobFailed tells of a job that failed, beside the registration it was for, and the
// worker if it came to that.
func (e *Engine) jobFailed(r *Registration, w *Worker, message string) {
	if e.observer == nil {
		return
	}
	info := WorkerErrorInfo{Registration: r.id, Message: message, Time: e.clock.Now()}
	if w != nil {
		info.Worker = w.id
	}
	e.observer.WorkerError(info)
}

// ReportError tells the Observer of an exception that a worker did not handle; its
// agent calls it. It does not block.
func (w *Worker) ReportError(err error) {
	e := w.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	e.workerError(w, err)
}
