package devtools

import (
	"context"
	"encoding/json"
	"strconv"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/window"
)

func serviceWorkerDomain(t *table) {
	eventOf(t, serviceworker.WorkerRegistrationUpdated)
	eventOf(t, serviceworker.WorkerVersionUpdated)
	eventOf(t, serviceworker.WorkerErrorReported)
	handle(t, serviceworker.Enable, serviceWorkerEnable)
	handle(t, serviceworker.Disable, func(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
		s.disable("ServiceWorker")
		return none, nil
	})
	byScope(t, serviceworker.UpdateRegistration, func(p serviceworker.UpdateRegistrationParams) string { return p.ScopeURL },
		func(_ context.Context, e *runtime.Engine, r *runtime.Registration) { e.SoftUpdate(r, true) })
	byScope(t, serviceworker.Unregister, func(p serviceworker.UnregisterParams) string { return p.ScopeURL },
		func(ctx context.Context, e *runtime.Engine, r *runtime.Registration) {
			_, _ = e.Unregister(ctx, nil, r)
		})
	byScope(t, serviceworker.SkipWaiting, func(p serviceworker.SkipWaitingParams) string { return p.ScopeURL },
		func(ctx context.Context, e *runtime.Engine, r *runtime.Registration) {
			if w := r.Snapshot().Waiting; w != nil {
				e.SkipWaiting(ctx, w)
			}
		})
	byScope(t, serviceworker.StartWorker, func(p serviceworker.StartWorkerParams) string { return p.ScopeURL },
		func(ctx context.Context, e *runtime.Engine, r *runtime.Registration) {
			if w := r.Snapshot().Active; w != nil {
				_ = e.StartWorker(ctx, w, "a DevTools client asked for it")
			}
		})
	handle(t, serviceworker.StopWorker, stopWorker)
	handle(t, serviceworker.StopAllWorkers, func(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
		if !s.enabled("ServiceWorker") {
			return none, errNotEnabled
		}
		e := s.target.context.Engine()
		return later(s, func(ctx context.Context) (cdproto.Empty, error) { e.StopAll(ctx, nil); return none, nil })
	})
	handle(t, serviceworker.SetForceUpdateOnPageLoad, func(_ context.Context, s *session, p serviceworker.SetForceUpdateOnPageLoadParams) (cdproto.Empty, error) {
		if !s.enabled("ServiceWorker") {
			return none, errNotEnabled
		}
		s.target.context.Engine().SetForceUpdateOnPageLoad(p.ForceUpdateOnPageLoad)
		return none, nil
	})
	serviceWorkerEvents(t)
}

var errNotEnabled = failed("ServiceWorker domain not enabled")

// byScope registers a command about a registration. An unknown scope is answered {}
// as Chromium does; what it brings about is told by events.
func byScope[P any](t *table, c cdproto.Command[P, cdproto.Empty], scope func(P) string, do func(context.Context, *runtime.Engine, *runtime.Registration)) {
	handle(t, c, func(_ context.Context, s *session, p P) (cdproto.Empty, error) {
		if !s.enabled("ServiceWorker") {
			return none, errNotEnabled
		}
		e := s.target.context.Engine()
		u, err := fetch.ParseURL(scope(p), nil)
		if err != nil {
			return none, nil
		}
		if r := e.RegistrationByScope(u.String()); r != nil {
			s.server.parallel(func(ctx context.Context) { do(ctx, e, r) })
		}
		return none, nil
	})
}

func stopWorker(_ context.Context, s *session, p serviceworker.StopWorkerParams) (cdproto.Empty, error) {
	if !s.enabled("ServiceWorker") {
		return none, errNotEnabled
	}
	if _, err := strconv.ParseInt(p.VersionID, 10, 64); err != nil {
		return none, invalid("Invalid version ID")
	}
	e := s.target.context.Engine()
	if w := e.WorkerByID(p.VersionID); w != nil {
		s.server.parallel(func(ctx context.Context) { _ = e.StopWorker(ctx, w, nil) })
	}
	return none, nil
}

// serviceWorkerEvents are the commands that fire functional events. They wake a
// stopped worker, and need neither permission nor subscription.
func serviceWorkerEvents(t *table) {
	functional(t, serviceworker.DeliverPushMessage,
		func(p serviceworker.DeliverPushMessageParams) string { return string(p.RegistrationID) },
		func(ctx context.Context, e *runtime.Engine, r *runtime.Registration, p serviceworker.DeliverPushMessageParams) {
			var data []byte // a message without data has none, as in Chromium
			if p.Data != "" {
				data = []byte(p.Data)
			}
			_ = e.DispatchPush(ctx, r, data)
		})
	functional(t, serviceworker.DispatchSyncEvent,
		func(p serviceworker.DispatchSyncEventParams) string { return string(p.RegistrationID) },
		func(ctx context.Context, e *runtime.Engine, r *runtime.Registration, p serviceworker.DispatchSyncEventParams) {
			_ = e.DispatchSync(ctx, r, p.Tag, p.LastChance)
		})
	functional(t, serviceworker.DispatchPeriodicSyncEvent,
		func(p serviceworker.DispatchPeriodicSyncEventParams) string { return string(p.RegistrationID) },
		func(ctx context.Context, e *runtime.Engine, r *runtime.Registration, p serviceworker.DispatchPeriodicSyncEventParams) {
			_ = e.DispatchPeriodicSync(ctx, r, p.Tag)
		})
}

func functional[P any](t *table, c cdproto.Command[P, cdproto.Empty], id func(P) string, do func(context.Context, *runtime.Engine, *runtime.Registration, P)) {
	handle(t, c, func(_ context.Context, s *session, p P) (cdproto.Empty, error) {
		if !s.enabled("ServiceWorker") {
			return none, errNotEnabled
		}
		if _, err := strconv.ParseInt(id(p), 10, 64); err != nil {
			return none, invalid("Invalid version ID")
		}
		e := s.target.context.Engine()
		if r := e.RegistrationByID(id(p)); r != nil {
			s.server.parallel(func(ctx context.Context) { do(ctx, e, r, p) })
		}
		return none, nil
	})
}

// serviceWorkerEnable sends one event with every registration and one with every
// version, then follows them.
func serviceWorkerEnable(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
	e := s.target.context.Engine()
	e.Atomically(func() {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		if s.on["ServiceWorker"] {
			return
		}
		s.on["ServiceWorker"] = true
		state := s.server.contextOf(s.target.context)
		regs, versions := []*serviceworker.Registration{}, []*serviceworker.Version{}
		for _, id := range sortedIDs(state.registrations) {
			regs = append(regs, registrationOf(state.registrations[id]))
		}
		for _, id := range sortedIDs(state.infos) {
			versions = append(versions, s.server.versionOf(state, state.infos[id]))
		}
		emit(s, serviceworker.WorkerRegistrationUpdated, serviceworker.EventWorkerRegistrationUpdated{Registrations: regs})
		emit(s, serviceworker.WorkerVersionUpdated, serviceworker.EventWorkerVersionUpdated{Versions: versions})
	})
	return none, nil
}

// engineObserver makes the observer of a context's engine.
func (s *Server) engineObserver(c *window.Context) runtime.Observer {
	return &engineEvents{s: s, context: c}
}

// engineEvents is told by a context's engine what happens, its lock held.
type engineEvents struct {
	s       *Server
	context *window.Context
}

// following are the sessions of the context with a domain enabled; with Server.mu held.
func (o *engineEvents) following(domain string) []*session {
	var found []*session
	for c := range o.s.connections {
		for _, x := range c.sessions {
			if x.target != nil && x.target.context == o.context && x.on[domain] {
				found = append(found, x)
			}
		}
	}
	return found
}

func registrationOf(r runtime.RegistrationInfo) *serviceworker.Registration {
	return &serviceworker.Registration{RegistrationID: serviceworker.RegistrationID(r.ID), ScopeURL: r.Scope, IsDeleted: r.Deleted}
}

func (o *engineEvents) Registration(r runtime.RegistrationInfo) {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.contextOf(o.context)
	before, known := state.registrations[r.ID]
	if known && before.Deleted == r.Deleted && before.Installing == r.Installing && before.Waiting == r.Waiting && before.Active == r.Active {
		state.registrations[r.ID] = r
		return
	}
	state.registrations[r.ID] = r
	for _, x := range o.following("ServiceWorker") {
		emit(x, serviceworker.WorkerRegistrationUpdated, serviceworker.EventWorkerRegistrationUpdated{Registrations: []*serviceworker.Registration{registrationOf(r)}})
	}
	if r.Deleted {
		delete(state.registrations, r.ID)
	}
}

func (o *engineEvents) Worker(w runtime.WorkerInfo) {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.contextOf(o.context)
	last, known := state.infos[w.ID]
	before := versionKey(last)
	state.infos[w.ID] = w
	if w.State == runtime.StateRedundant {
		state.redundant[w.ID] = true
	}
	if t := state.versions[w.ID]; t != nil && w.Running == "running" {
		s.scriptLoaded(t)
	}
	if versionKey(w) == before {
		return
	}
	if known && statusOf(last) == serviceworker.VersionStatusNew && statusOf(w) == serviceworker.VersionStatusInstalling && w.Running == "running" {
		installing := w // first starting, then running
		installing.Running = "starting"
		o.tell(state, installing)
	}
	o.tell(state, w)
	if w.State == runtime.StateRedundant && w.Running == "stopped" {
		delete(state.infos, w.ID)
		delete(state.redundant, w.ID)
		if t := state.versions[w.ID]; t != nil && t.worker == nil {
			s.remove(t)
			delete(state.versions, w.ID)
		}
	}
}

// versionKey is what of a version clients see.
func versionKey(w runtime.WorkerInfo) string {
	raw, _ := json.Marshal([]any{w.ID, w.State, w.EverInstalling, runningStatus(w), w.Clients, w.ScriptFetched.UnixNano(), len(w.Routes)})
	return string(raw)
}

func (o *engineEvents) tell(state *contextState, w runtime.WorkerInfo) {
	v := o.s.versionOf(state, w)
	for _, x := range o.following("ServiceWorker") {
		emit(x, serviceworker.WorkerVersionUpdated, serviceworker.EventWorkerVersionUpdated{Versions: []*serviceworker.Version{v}})
	}
}

// versionTarget tells a version again now that its target is there; with Server.mu held.
func (s *Server) versionTarget(t *subject) {
	state := s.contextOf(t.context)
	if info, known := state.infos[t.version]; known {
		(&engineEvents{s, t.context}).tell(state, info)
	}
}

// statusOf is a version's status: before it installs it is new.
func statusOf(w runtime.WorkerInfo) serviceworker.VersionStatus {
	if w.State == runtime.StateParsed || !w.EverInstalling && w.State != runtime.StateRedundant && w.State != runtime.StateInstalled && w.State != runtime.StateActivated {
		return serviceworker.VersionStatusNew
	}
	return serviceworker.VersionStatus(w.State)
}

// runningStatus is whether a version runs: Chromium says so of a new one only when it
// installs.
func runningStatus(w runtime.WorkerInfo) serviceworker.VersionRunningStatus {
	if w.Running == "running" && statusOf(w) == serviceworker.VersionStatusNew {
		return serviceworker.VersionRunningStatusStarting
	}
	return serviceworker.VersionRunningStatus(w.Running)
}

func (s *Server) versionOf(state *contextState, w runtime.WorkerInfo) *serviceworker.Version {
	v := &serviceworker.Version{
		VersionID: w.ID, RegistrationID: serviceworker.RegistrationID(w.RegistrationID), ScriptURL: w.ScriptURL,
		RunningStatus: runningStatus(w), Status: statusOf(w), ControlledClients: []target.ID{},
	}
	if !w.ScriptModified.IsZero() {
		v.ScriptLastModified = millis(w.ScriptModified) / 1000
	}
	if !w.ScriptFetched.IsZero() {
		v.ScriptResponseTime = millis(w.ScriptFetched) / 1000
	}
	for _, id := range w.Clients {
		if f := state.frames[id]; f != nil {
			v.ControlledClients = append(v.ControlledClients, target.ID(f.Page().ID()))
		}
	}
	if t := state.versions[w.ID]; t != nil && !t.gone && w.Running != "stopped" {
		v.TargetID = target.ID(t.id)
	}
	if len(w.Routes) > 0 {
		v.RouterRules = routerRules(w.Routes)
	}
	return v
}

func (o *engineEvents) Client(c runtime.ClientInfo) {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.contextOf(o.context)
	before := state.clients[c.ID]
	if c.Gone {
		delete(state.clients, c.ID)
		delete(state.frames, c.ID)
	} else {
		state.clients[c.ID] = c
	}
	// The engine tells of a client's controller here only: keep the list of each
	// version's clients up to date.
	for _, id := range []string{before.Controller, c.Controller} {
		if info, ok := state.infos[id]; ok && (before.Controller != c.Controller || c.Gone) {
			info.Clients = clientsOf(state, id)
			state.infos[id] = info
			o.tell(state, info)
		}
	}
}

func clientsOf(state *contextState, worker string) []string {
	var ids []string
	for id, c := range state.clients {
		if c.Controller == worker {
			ids = append(ids, id)
		}
	}
	return ids
}

func (o *engineEvents) WorkerError(e runtime.WorkerErrorInfo) {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &serviceworker.ErrorMessage{
		ErrorMessage: e.Message, RegistrationID: serviceworker.RegistrationID(e.Registration), VersionID: e.Worker,
		SourceURL: e.SourceURL, LineNumber: -1, ColumnNumber: -1,
	}
	// Lines and columns count from 1, and -1 is unknown.
	if e.Line > 0 {
		m.LineNumber = int64(e.Line)
	}
	if e.Line > 0 && e.Column > 0 {
		m.ColumnNumber = int64(e.Column)
	}
	for _, x := range o.following("ServiceWorker") {
		emit(x, serviceworker.WorkerErrorReported, serviceworker.EventWorkerErrorReported{ErrorMessage: m})
	}
}

// FetchHandled is runtime.FetchObserver's.
func (o *engineEvents) FetchHandled(i runtime.FetchInfo) {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.contextOf(o.context)
	if len(state.handled) > 10_000 {
		clear(state.handled) // requests that never came to the wire
	}
	state.handled[i.RequestID] = i
}

// Trace feeds the sessions that follow the trace.
func (o *engineEvents) Trace(e runtime.TraceEvent) {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.connections {
		for _, x := range c.sessions {
			if x.traced != nil && x.target.context == o.context {
				x.traced.add(e)
			}
		}
	}
}
