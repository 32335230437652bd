package devtools

import (
	"errors"
	"slices"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/runtime/window"
)

// The types of target.
const (
	kindBrowser       = "browser"
	kindTab           = "tab"
	kindPage          = "page"
	kindOther         = "other" // a hidden page
	kindWorker        = "worker"
	kindSharedWorker  = "shared_worker"
	kindServiceWorker = "service_worker"
)

var errClosedByClient = errors.New("a client closed the target")

// subject is a target: what clients can attach to. (Package target is the domain.) Its fields are guarded by Server.mu, but for
// those that never change: id, kind, context, page, tab.
type subject struct {
	id, kind string
	context  *window.Context
	page     *window.Page
	tab      *subject       // of a page: its tab; of a tab: nil
	child    *subject       // of a tab: its page
	worker   *window.Worker // the running one; nil while a service worker is stopped
	version  string         // of a service worker: its version id
	parent   *subject       // of a dedicated worker: its page or worker
	opener   *subject

	url, title string
	opening    string        // of a page that a script opened: where it is going
	realmThere chan struct{} // of a worker: closed when its first realm is there
	sessions   []*session
	waiting    map[*session]bool // sessions it waits for before it starts
	start      chan struct{}     // closed when it need not wait any longer; nil: it does not wait
	ready      bool              // a page's initial document is there
	loaded     bool              // a worker whose script was evaluated
	crashed    bool              // a worker that stopped while sessions were attached
	gone       bool
	restarting *restarting // that a debugger asked for; nil for none
	// pauseAtStart: the worker is to stop at its first statement when it has started anew.
	pauseAtStart bool

	pageState
}

// info is the target as clients see it; with Server.mu held.
func (s *Server) info(t *subject) *target.Info {
	attached := len(t.sessions) > 0
	i := &target.Info{
		TargetID: target.ID(t.id), Type: t.kind, Title: t.title, URL: t.url, Attached: attached,
		BrowserContextID: cdproto.BrowserContextID(t.context.ID()),
	}
	if t.kind == kindTab && t.child != nil {
		i.URL, i.Title = t.child.url, t.child.title
	}
	if i.Title == "" {
		i.Title = t.url
	}
	if t.opener != nil {
		i.OpenerID, i.CanAccessOpener, i.OpenerFrameID = target.ID(t.opener.id), true, cdproto.FrameID(t.opener.id)
	}
	if t.kind == kindWorker && t.parent != nil {
		i.ParentID = target.ID(t.parent.id)
		for p := t.parent; p != nil; p = p.parent {
			if p.page != nil {
				i.ParentFrameID = cdproto.FrameID(p.id)
			}
		}
	}
	return i
}

// announce adds a target and tells whom it concerns. The waiting of the target for
// debuggers begins here. With Server.mu held.
func (s *Server) announce(t *subject) {
	s.targets[t.id] = t
	s.order = append(s.order, t)
	for _, x := range s.discoverers(t) {
		emit(x, target.TargetCreated, target.EventTargetCreated{TargetInfo: s.info(t)})
	}
	s.autoAttach(t)
}

// discoverers are the sessions that want to hear of a target.
func (s *Server) discoverers(t *subject) []*session {
	var found []*session
	for c := range s.connections {
		for _, x := range c.sessions {
			if x.discover != nil && x.discover.filter.matches(t.kind) {
				found = append(found, x)
			}
		}
	}
	return found
}

// changed tells of a target's new URL, title or number of sessions; with Server.mu held.
func (s *Server) changed(t *subject) {
	if t.gone {
		return
	}
	for _, x := range s.discoverers(t) {
		emit(x, target.TargetInfoChanged, target.EventTargetInfoChanged{TargetInfo: s.info(t)})
	}
}

// remove takes a target away: its sessions are detached. With Server.mu held.
func (s *Server) remove(t *subject) {
	if t.gone {
		return
	}
	t.gone = true
	s.letGo(t)
	for _, x := range slices.Clone(t.sessions) {
		s.detach(x)
	}
	delete(s.targets, t.id)
	s.order = slices.DeleteFunc(s.order, func(o *subject) bool { return o == t })
	s.forgetRequests(t)
	for _, x := range s.discoverers(t) {
		emit(x, target.TargetDestroyed, target.EventTargetDestroyed{TargetID: target.ID(t.id)})
	}
}

// forgetRequests drops what is remembered of a gone target's requests: nobody can ask
// for it any more, and it would keep the target's agent in memory.
func (s *Server) forgetRequests(t *subject) {
	s.requestOrder = slices.DeleteFunc(s.requestOrder, func(k requestKey) bool {
		if s.requests[k].target != t {
			return false
		}
		delete(s.requests, k)
		return true
	})
}

// resumedBy notes that a session needs a target to wait no longer. It starts when the
// last of those that it waits for has said so (measured: Chromium 156); with Server.mu
// held.
func (s *Server) resumedBy(t *subject, x *session) {
	delete(t.waiting, x)
	if len(t.waiting) == 0 {
		s.letGo(t)
	}
}

// letGo lets a target start that waited for debuggers; with Server.mu held.
func (s *Server) letGo(t *subject) {
	if t.start != nil {
		close(t.start)
		t.start = nil
	}
	t.waiting = nil
	if t.kind == kindWorker || t.kind == kindSharedWorker {
		s.scriptLoaded(t)
	}
}

// scriptLoaded tells that a worker's script was evaluated (of a dedicated or shared
// worker: is about to be); clients evaluate in it from then on. With Server.mu held.
func (s *Server) scriptLoaded(t *subject) {
	if t.loaded {
		return
	}
	t.loaded = true
	for _, x := range t.sessions {
		emit(x, inspector.WorkerScriptLoaded, inspector.EventWorkerScriptLoaded{})
	}
}

// crash notes that a worker stopped while sessions were attached: they stay, and the
// next start is theirs again. With Server.mu held.
func (s *Server) crash(t *subject) {
	t.crashed, t.loaded = true, false
	t.worker = nil
	for _, x := range t.sessions {
		for _, a := range x.debugging.breakpoints {
			a.carried = true
		}
	}
	if t.restarting.hides() {
		return
	}
	for _, x := range t.sessions {
		emit(x, inspector.TargetCrashed, inspector.EventTargetCrashed{})
	}
}

// closeTarget closes a page, or ends a worker.
func (s *Server) closeTarget(t *subject) bool {
	s.mu.Lock()
	if t.kind == kindTab {
		t = t.child
	}
	page, worker := t.page, t.worker
	s.mu.Unlock()
	switch {
	case page != nil:
		s.mu.Lock()
		s.letGo(t)
		s.mu.Unlock()
		page.Close(s.ctx)
	case worker != nil:
		worker.Terminate(errClosedByClient)
	default:
		return false
	}
	return true
}

// find is the target of an id; nil for none.
func (s *Server) find(id target.ID) *subject {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.targets[string(id)]
}
