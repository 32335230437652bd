package devtools

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/backgroundservice"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/window"
)

// contextState is what a browser context's clients can be told; guarded by Server.mu.
type contextState struct {
	context       *window.Context
	running       map[string]*subject // by window.Worker id
	versions      map[string]*subject // service worker targets by version id
	redundant     map[string]bool
	frames        map[string]*window.Frame // by environment id
	infos         map[string]runtime.WorkerInfo
	registrations map[string]runtime.RegistrationInfo
	clients       map[string]runtime.ClientInfo
	handled       map[string]runtime.FetchInfo // by request id
	watched       map[string]bool              // storage keys whose caches are followed
	background    map[backgroundservice.ServiceName]*backgroundLog
}

// contextOf is a context's state, made when there is none; with Server.mu held.
func (s *Server) contextOf(c *window.Context) *contextState {
	state := s.contexts[c.ID()]
	if state == nil {
		state = &contextState{
			context: c, running: map[string]*subject{}, versions: map[string]*subject{}, redundant: map[string]bool{},
			frames: map[string]*window.Frame{}, infos: map[string]runtime.WorkerInfo{}, registrations: map[string]runtime.RegistrationInfo{}, clients: map[string]runtime.ClientInfo{},
			handled: map[string]runtime.FetchInfo{}, watched: map[string]bool{},
			background: map[backgroundservice.ServiceName]*backgroundLog{},
		}
		s.contexts[c.ID()] = state
	}
	return state
}

// keepAlive holds a service worker that a session is attached to: it is not stopped
// for being idle. With Server.mu held.
func (s *Server) keepAlive(x *session) {
	if x.target.kind != kindServiceWorker || x.target.worker == nil {
		return
	}
	w := x.target.worker.Service()
	held := make(chan func(), 1)
	go func() { held <- w.Hold() }() // takes the engine's lock: not under ours
	x.release = func() { (<-held)() }
}

// forget drops what hung on a session that ended; without the lock.
func (s *Server) forget(x *session) {
	s.mu.Lock()
	if x.target != nil && x.target.page != nil {
		kept := x.target.scripts[:0:0]
		for _, n := range x.target.scripts {
			if n.session != x {
				kept = append(kept, n)
			}
		}
		x.target.scripts = kept
	}
	feed := x.traced
	x.traced = nil
	s.mu.Unlock()
	x.objects.release(func(string, heldObject) bool { return true })
	if feed != nil {
		feed.stop()
	}
}

// sortedIDs are the decimal keys of a map in their order.
func sortedIDs[V any](m map[string]V) []string {
	ids := slices.Collect(maps.Keys(m))
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
	return ids
}
