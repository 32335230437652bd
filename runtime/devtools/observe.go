package devtools

import (
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/chromedp/cdproto/inspector"
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/window"
)

// browserObserver is the Server as its browser's observer.
type browserObserver struct{ s *Server }

// PageCreated adds a page's tab and the page itself.
func (o *browserObserver) PageCreated(p *window.Page) {
	s := o.s
	kind := kindPage
	if p.Hidden() {
		kind = kindOther
	}
	t := &subject{id: p.ID(), kind: kind, context: p.Context(), page: p, url: "about:blank"}
	t.pageState.init()
	t.waiting, t.start = map[*session]bool{}, make(chan struct{})
	if u := p.InitialURL(); u != "" {
		t.url, t.opening = u, u
	}
	p.SetOverrides(s.overridesOf(t))
	s.mu.Lock()
	defer s.mu.Unlock()
	if opener := p.Opener(); opener != nil {
		t.opener = s.targets[opener.ID()]
	}
	if kind == kindPage {
		t.tab = &subject{id: newID(), kind: kindTab, context: p.Context(), child: t}
		s.announce(t.tab)
	}
	s.announce(t)
	s.startUnlessAwaited(t)
}

// startUnlessAwaited lets a new target go on when no session wants it to wait.
func (s *Server) startUnlessAwaited(t *subject) {
	if len(t.waiting) == 0 && !(t.tab != nil && s.tabAwaited(t.tab)) {
		s.letGo(t)
	}
}

// tabAwaited reports whether a client attached to a tab with waitForDebuggerOnStart
// and is about to ask for its page.
func (s *Server) tabAwaited(tab *subject) bool {
	return slices.ContainsFunc(tab.sessions, func(x *session) bool { return x.auto && x.parent != nil && x.parent.attach.wait && !x.resumed })
}

func (o *browserObserver) PageChanged(p *window.Page) {
	url, title := p.URL(), p.Title()
	o.s.withTarget(p.ID(), func(t *subject) {
		if t.opening != "" && url == "about:blank" {
			return // on its way
		}
		t.opening = ""
		if t.url != url || t.title != title {
			t.url, t.title = url, title
			o.s.changed(t)
		}
	})
}

func (o *browserObserver) PageClosed(p *window.Page) {
	o.s.withTarget(p.ID(), func(t *subject) {
		for _, x := range t.sessions {
			emit(x, inspector.Detached, inspector.EventDetached{Reason: "Render process gone."})
		}
		o.s.remove(t)
		if t.tab != nil {
			o.s.remove(t.tab)
		}
	})
}

// withTarget runs f on a target with the lock held; nothing when there is none.
func (s *Server) withTarget(id string, f func(t *subject)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.targets[id]; t != nil {
		f(t)
	}
}

var workerKinds = map[env.Kind]string{
	env.DedicatedWorker: kindWorker, env.SharedWorker: kindSharedWorker, env.ServiceWorker: kindServiceWorker,
}

// WorkerCreated adds a worker's target; a service worker whose sessions waited for
// it to come back has its old one.
func (o *browserObserver) WorkerCreated(w *window.Worker) {
	s := o.s
	t := &subject{
		id: w.ID(), kind: workerKinds[w.Kind()], context: w.Context(), worker: w, url: w.URL(),
		waiting: map[*session]bool{}, start: make(chan struct{}), realmThere: make(chan struct{}),
	}
	t.pageState.init()
	t.title = t.url
	if t.kind == kindServiceWorker {
		t.title = "Service Worker " + t.url
		t.version = w.Service().ID()
	}
	if w.Kind() == env.DedicatedWorker {
		t.title = w.Name()
	}
	defer func() { w.SetOverrides(s.overridesOf(t)) }()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endedBefore(w, t.version)
	if old := s.serviceTarget(w.Context(), t.version); old != nil {
		old.worker, old.crashed = w, false
		s.contexts[w.Context().ID()].running[w.ID()] = old
		t = old
		for _, x := range old.sessions {
			if old.restarting.hides() {
				break
			}
			emit(x, inspector.TargetReloadedAfterCrash, inspector.EventTargetReloadedAfterCrash{})
		}
		// Who let go of it when it stopped, and wants what starts, has it again; the
		// session of somebody else may be all that has kept it.
		if !old.restarting.hides() {
			old.waiting, old.start = map[*session]bool{}, make(chan struct{})
			s.autoAttach(old)
			if len(old.waiting) == 0 {
				s.letGo(old)
			}
		}
		return
	}
	if owner := w.Owner(); owner != nil {
		t.parent = s.targets[owner.Page().ID()]
	}
	s.contextOf(w.Context()).running[w.ID()] = t
	if t.kind == kindServiceWorker {
		s.contextOf(w.Context()).versions[t.version] = t
	}
	s.announce(t)
	if len(t.waiting) == 0 {
		s.letGo(t)
	}
	if t.kind == kindServiceWorker {
		s.versionTarget(t)
	}
}

// endedBefore notes the end of the worker that ran for a version before: WorkerDestroyed
// may come after the next one's WorkerCreated. With Server.mu held.
func (s *Server) endedBefore(w *window.Worker, version string) {
	if version == "" {
		return
	}
	old := s.contextOf(w.Context()).versions[version]
	if old == nil || old.gone || old.crashed || old.worker == nil || old.worker == w || len(old.sessions) == 0 {
		return
	}
	delete(s.contextOf(w.Context()).running, old.worker.ID())
	s.letGo(old)
	s.crash(old)
}

// serviceTarget is the target of a version that waits for it to come back.
func (s *Server) serviceTarget(c *window.Context, version string) *subject {
	if version == "" {
		return nil
	}
	if t := s.contextOf(c).versions[version]; t != nil && t.crashed && !t.gone {
		return t
	}
	return nil
}

func (o *browserObserver) WorkerDestroyed(w *window.Worker) {
	s := o.s
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.contextOf(w.Context())
	t := state.running[w.ID()]
	delete(state.running, w.ID())
	if t == nil || t.worker != w {
		return
	}
	if t.kind == kindServiceWorker && len(t.sessions) > 0 && !state.redundant[t.version] {
		s.letGo(t)
		s.crash(t)
		return
	}
	if t.kind == kindServiceWorker && state.versions[t.version] == t {
		delete(state.versions, t.version)
	}
	s.remove(t)
}

// hold keeps a new page or worker waiting for the debuggers that asked for it.
func (s *Server) hold(ctx context.Context, p *window.Page, w *window.Worker) {
	s.mu.Lock()
	var t *subject
	if p != nil {
		if t = s.targets[p.ID()]; t != nil && !t.ready {
			t = nil // its initial about:blank does not wait
		}
	} else {
		t = s.contextOf(w.Context()).running[w.ID()]
	}
	var start chan struct{}
	if t != nil {
		start = t.start
	}
	s.mu.Unlock()
	if start == nil {
		return
	}
	select {
	case <-start:
	case <-ctx.Done():
	case <-s.ctx.Done():
	}
}

// originOf is a URL's origin; "" for one without.
func originOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// Dialog asks the sessions of a page; without any that listens, it is dismissed.
func (o *browserObserver) Dialog(ctx context.Context, p *window.Page, kind, message, preset string) (bool, string) {
	return o.s.dialog(ctx, p, kind, message, preset)
}

func (o *browserObserver) RealmCreated(r *script.Realm, f *window.Frame, w *window.Worker) {
	o.s.realmCreated(r, f, w)
}

func (o *browserObserver) RealmDestroyed(r *script.Realm, f *window.Frame, w *window.Worker) {
	o.s.realmDestroyed(r)
}

func (o *browserObserver) Console(r *script.Realm, level string, args []goja.Value) {
	o.s.console(r, level, args)
}

func (o *browserObserver) Exception(r *script.Realm, e *script.Exception, rejection bool) {
	o.s.exception(r, e, rejection)
}

// millis is milliseconds since 1970.
func millis(t time.Time) float64 { return float64(t.UnixNano()) / 1e6 }

// seconds is CDP's MonotonicTime.
func seconds(t time.Time) float64 { return float64(t.UnixNano()) / 1e9 }
