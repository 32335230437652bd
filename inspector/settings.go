package inspector

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
)

// settings are what swinspect holds on a browser context: "bypass for network"
// and "offline" live in sessions on every page (and, for offline, every worker)
// of it, which are held while the setting is on and cover targets that come
// later.
type settings struct {
	mu              sync.Mutex // held while they are applied
	bypass, offline bool
	held            map[string]*hold // by target id

	childMu  sync.Mutex
	children []string // sessions of dedicated workers that wait for the setting
}

// hold is a session on a target because of a setting.
type hold struct {
	session         *cdp.Session
	worker          bool // a service worker: the session keeps it alive
	bypass, offline bool
}

// applyTimeout bounds what is asked of one target.
const applyTimeout = 5 * time.Second

// setForce switches "update on reload", which the browser keeps per context.
func (w *watcher) setForce(ctx context.Context, on bool) error {
	main, err := w.main()
	if err != nil {
		return err
	}
	w.forceMu.Lock()
	defer w.forceMu.Unlock()
	_, err = cdproto.Call(ctx, main, serviceworker.SetForceUpdateOnPageLoad,
		serviceworker.SetForceUpdateOnPageLoadParams{ForceUpdateOnPageLoad: on})
	if err == nil {
		w.force = on
	}
	return err
}

// restoreForce switches "update on reload" on again for a new main session.
func (w *watcher) restoreForce(ctx context.Context) error {
	w.forceMu.Lock()
	on := w.force
	w.forceMu.Unlock()
	if !on {
		return nil
	}
	return w.setForce(ctx, true)
}

// set switches one of the settings and applies it. n is how many targets it
// reached.
func (w *watcher) set(change func(*settings)) (n int, err error) {
	s := &w.settings
	s.mu.Lock()
	change(s)
	s.mu.Unlock()
	return w.applySettings()
}

// applySettings brings every target of the context in line with the settings.
func (w *watcher) applySettings() (n int, err error) {
	s := &w.settings
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.bypass && !s.offline && len(s.held) == 0 {
		return 0, nil
	}
	if s.held == nil {
		s.held = map[string]*hold{}
	}
	present := map[string]bool{}
	var errs []error
	state := w.l.b.State()
	for _, t := range state.Targets {
		if t.Key.Instance != w.l.instance || t.Context != w.context || t.Own {
			continue
		}
		if t.Type == "service_worker" && !w.runs(state, t.Key.ID) {
			continue // its session would hang; it is covered when it runs
		}
		bypass, offline := s.wants(t.Type)
		present[t.Key.ID] = true
		if err := w.applyTo(t, bypass, offline); err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", t.Type, t.URL, err))
			continue
		}
		if bypass || offline {
			n++
		}
	}
	for id, h := range s.held {
		if !present[id] {
			w.letGo(id, h)
		}
	}
	w.applyToChildren()
	return n, errors.Join(errs...)
}

// runs reports whether a service worker's target belongs to a version that runs.
func (w *watcher) runs(s *State, id string) bool {
	for _, r := range s.Registrations {
		if !w.mine(r) {
			continue
		}
		for _, v := range r.Versions {
			if v.TargetID == id {
				return !isStopped(v)
			}
		}
	}
	return true // a version that was not announced yet: it is starting
}

// wants is which settings concern a type of target.
func (s *settings) wants(kind string) (bypass, offline bool) {
	switch kind {
	case "page", "iframe", "webview":
		return s.bypass, s.offline
	case "worker", "shared_worker", "service_worker":
		return false, s.offline
	}
	return false, false
}

// applyTo brings one target in line. The caller holds settings.mu.
func (w *watcher) applyTo(t *Target, bypass, offline bool) error {
	id := t.Key.ID
	h := w.settings.held[id]
	if h == nil && !bypass && !offline {
		return nil
	}
	if h != nil && h.bypass == bypass && h.offline == offline {
		return nil
	}
	if !bypass && !offline {
		w.letGo(id, h)
		return nil
	}
	ctx, cancel := context.WithTimeout(w.ctx, applyTimeout)
	defer cancel()
	if h == nil {
		var err error
		if h, err = w.holdTarget(ctx, t); err != nil {
			// What was closed a moment ago may not have been heard of yet.
			if w.l.barrier(ctx) == nil && w.l.b.State().Target(t.Key) == nil {
				return nil
			}
			return err
		}
		w.settings.held[id] = h
	}
	if err := w.applyOn(ctx, h, bypass, offline); err != nil {
		w.letGo(id, h)
		if w.l.b.State().Target(t.Key) == nil {
			return nil // it went away meanwhile
		}
		return err
	}
	return nil
}

// holdTarget attaches to a target with the Network domain enabled, without which
// neither setting works.
func (w *watcher) holdTarget(ctx context.Context, t *Target) (*hold, error) {
	session, err := w.l.conn.Attach(ctx, target.ID(t.Key.ID))
	if err != nil {
		return nil, err
	}
	h := &hold{session: session, worker: t.Type == "service_worker"}
	w.l.setPlace(session.ID(), &place{context: w.context, target: t.Key.ID, quiet: true, on: w.onHeld(t.Key.ID)})
	if h.worker {
		w.keep(t.Key.ID, "offline", true)
	}
	if _, err := cdproto.Call(ctx, session, network.Enable, network.EnableParams{}); err != nil {
		w.letGo(t.Key.ID, h)
		return nil, err
	}
	return h, nil
}

// onHeld is told of the events of a held session.
func (w *watcher) onHeld(id string) func(cdp.Event) {
	return func(e cdp.Event) {
		switch e.Method {
		case "Inspector.targetCrashed":
			// A worker that stops leaves the session behind, which would hang: let
			// go of it, a new one is made when the worker runs again.
			w.l.setPlace(e.SessionID, nil)
			w.l.wg.Go(func() { w.dropHold(id) })
		case target.AttachedToTarget.Method:
			p, ok := decode[struct {
				SessionID string `json:"sessionId"`
			}](e.Params)
			if ok && p.SessionID != "" {
				w.settings.childMu.Lock()
				w.settings.children = append(w.settings.children, p.SessionID)
				w.settings.childMu.Unlock()
				kick(w.kickSettings)
			}
		}
	}
}

func (w *watcher) dropHold(id string) {
	w.settings.mu.Lock()
	defer w.settings.mu.Unlock()
	if h := w.settings.held[id]; h != nil {
		w.letGo(id, h)
	}
	kick(w.kickSettings) // it may run again already
}

// applyOn sends the settings over a held session.
func (w *watcher) applyOn(ctx context.Context, h *hold, bypass, offline bool) error {
	if bypass != h.bypass {
		if _, err := cdproto.Call(ctx, h.session, network.SetBypassServiceWorker, network.SetBypassServiceWorkerParams{Bypass: bypass}); err != nil {
			return err
		}
		h.bypass = bypass
	}
	if offline != h.offline {
		if err := emulateOffline(ctx, h.session, offline); err != nil {
			return err
		}
		h.offline = offline
		if !h.worker {
			w.followWorkers(h.session, offline)
		}
	}
	return nil
}

// emulateNetworkConditions is left out of cdproto as deprecated, but it is the
// one that browsers of every age understand.
const emulateNetworkConditions = "Network.emulateNetworkConditions"

// emulateOffline cuts a target off the network, or gives it back.
func emulateOffline(ctx context.Context, s cdproto.Session, on bool) error {
	return s.Call(ctx, emulateNetworkConditions, map[string]any{
		"offline": on, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
	}, nil)
}

// followWorkers attaches to the dedicated workers of a page, which are no
// targets of the browser but of the page.
func (w *watcher) followWorkers(s *cdp.Session, on bool) {
	params := target.SetAutoAttachParams{AutoAttach: on}
	flatten := true
	params.Flatten = &flatten
	if on {
		params.Filter = target.Filter{{Type: "worker"}, {Exclude: true}}
	}
	if err := s.Go(target.SetAutoAttach.Method, params); err != nil {
		w.l.b.log.Debug("following workers of a page", "err", err)
	}
}

// applyToChildren cuts off the dedicated workers that were attached since.
func (w *watcher) applyToChildren() {
	s := &w.settings
	s.childMu.Lock()
	children := s.children
	s.children = nil
	s.childMu.Unlock()
	for _, id := range children {
		session := w.l.conn.Session(id)
		ctx, cancel := context.WithTimeout(w.ctx, applyTimeout)
		_, err := cdproto.Call(ctx, session, network.Enable, network.EnableParams{})
		if err == nil {
			err = emulateOffline(ctx, session, s.offline)
		}
		cancel()
		if err != nil && w.ctx.Err() == nil {
			w.l.b.log.Debug("offline for a dedicated worker", "err", err)
		}
	}
}

// letGo ends a hold; the browser undoes its settings with the session, and has
// done so when letGo returns. The caller holds settings.mu.
func (w *watcher) letGo(id string, h *hold) {
	delete(w.settings.held, id)
	w.l.setPlace(h.session.ID(), nil)
	w.detachNow(h.session)
	if h.worker {
		w.keep(id, "offline", false)
	}
}
