package devtools

import (
	"slices"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/target"
)

// filter says which types of target are meant. The first entry that fits decides.
type filter []target.FilterEntry

// defaultFilter is everything but browser and tab.
var defaultFilter = filter{{Type: kindBrowser, Exclude: true}, {Type: kindTab, Exclude: true}, {}}

func newFilter(f target.Filter) filter {
	if len(f) == 0 {
		return defaultFilter
	}
	out := make(filter, len(f))
	for i, e := range f {
		out[i] = target.FilterEntry{Exclude: e.Exclude, Type: e.Type}
	}
	return out
}

func (f filter) matches(kind string) bool {
	for _, e := range f {
		if e.Type == "" || e.Type == kind {
			return !e.Exclude
		}
	}
	return false
}

// autoAttach is what a session asked for with Target.setAutoAttach.
type autoAttach struct {
	on, wait bool
	filter   filter
}

// discovery is what it asked for with Target.setDiscoverTargets; nil for nothing.
type discovery struct{ filter filter }

// newSession makes a session of a connection; open or serve give it its wire.
func (c *connection) newSession(on *subject, parent *session) *session {
	return &session{
		server: c.server, conn: c, target: on, parent: parent,
		children: map[*session]bool{}, on: map[string]bool{}, streams: map[string]*stream{}, searches: map[string][]int64{}, pushed: map[int64]bool{},
		tracking: map[string]bool{}, bindings: map[string]binding{},
	}
}

// attached takes a session in whose wire is there; with Server.mu held.
func (s *Server) attached(x *session) {
	x.conn.sessions[x.wire.ID()] = x
	if x.parent != nil {
		x.parent.children[x] = true
	}
	if x.target != nil {
		x.target.sessions = append(x.target.sessions, x)
		s.keepAlive(x)
	}
}

// open attaches to a target from a session: a new session, and the event that tells
// of it. With Server.mu held.
func (s *Server) open(from *session, t *subject, auto, wait bool) (*session, error) {
	x := from.conn.newSession(t, from)
	x.auto = auto
	mux := s.tables.browser.mux
	if t != nil {
		mux = s.tables.of(t.kind).mux
	}
	wire, err := rootOf(from).wire.Open(newID(), mux, x)
	if err != nil {
		return nil, err
	}
	x.wire = wire
	first := t != nil && len(t.sessions) == 0
	s.attached(x)
	waiting := wait && t.start != nil
	if waiting {
		t.waiting[x] = true
	}
	info := s.browserInfo()
	if t != nil {
		info = s.info(t)
	}
	emit(from, target.AttachedToTarget, target.EventAttachedToTarget{
		SessionID: target.SessionID(wire.ID()), TargetInfo: info, WaitingForDebugger: waiting,
	})
	if first {
		s.changed(t)
	}
	if t != nil && t.loaded {
		emit(x, inspector.WorkerScriptLoaded, inspector.EventWorkerScriptLoaded{})
	}
	if t != nil && t.crashed && !t.restarting.hides() {
		emit(x, inspector.TargetCrashed, inspector.EventTargetCrashed{})
	}
	return x, nil
}

func rootOf(x *session) *session {
	for x.parent != nil {
		x = x.parent
	}
	return x
}

func (s *Server) browserInfo() *target.Info {
	return &target.Info{TargetID: target.ID(s.id), Type: kindBrowser, Attached: true}
}

// detach ends a session and those attached through it, and tells its parent. With
// Server.mu held.
func (s *Server) detach(x *session) {
	if x.gone {
		return
	}
	s.end(x)
	if x.parent != nil && !x.parent.gone {
		event := detachedEvent{SessionID: x.wire.ID(), TargetID: x.server.id}
		if x.target != nil {
			event.TargetID = x.target.id
		}
		emit(x.parent, detachedFromTarget, event)
	}
}

// detachedFromTarget is Target.detachedFromTarget with the target, which cdproto no
// longer has and clients read.
var detachedFromTarget = cdproto.Event[detachedEvent]{Method: target.DetachedFromTarget.Method}

type detachedEvent struct {
	SessionID string `json:"sessionId"`
	TargetID  string `json:"targetId,omitzero"`
}

// end takes a session away without a word; with Server.mu held.
func (s *Server) end(x *session) {
	if x.gone {
		return
	}
	x.gone = true
	x.stopDebugging()
	for c := range x.children {
		s.detach(c)
	}
	delete(x.conn.sessions, x.wire.ID())
	if x.parent != nil {
		delete(x.parent.children, x)
	}
	x.conn.out.add(outgoing{to: x.wire})
	if x.release != nil {
		go x.release() // takes the engine's lock: not under ours
		x.release = nil
	}
	t := x.target
	if t == nil {
		return
	}
	t.sessions = slices.DeleteFunc(t.sessions, func(o *session) bool { return o == x })
	if t.waiting != nil {
		s.resumedBy(t, x)
	}
	if len(t.sessions) == 0 {
		if t.crashed {
			s.remove(t)
		} else {
			s.changed(t)
		}
	}
}

// endSession is end for a client that went away, with what has to happen outside the lock.
func (s *Server) endSession(x *session) {
	s.mu.Lock()
	s.end(x)
	s.mu.Unlock()
	s.forget(x)
}

// related reports whether a session's auto-attach concerns a target: a browser
// session's all but dedicated workers, a tab's its page, a page's its workers and the
// service workers of its origin, a worker's its own workers.
func (s *Server) related(x *session, t *subject) bool {
	on := x.target
	switch {
	case on == nil:
		return t.kind != kindWorker
	case on.kind == kindTab:
		return on.child == t
	case t.kind == kindWorker:
		return t.parent == on
	case t.kind == kindServiceWorker:
		return on.page != nil && on.context == t.context && originOf(on.url) != "" && originOf(on.url) == originOf(t.url)
	}
	return false
}

// autoAttach attaches to a new target for every session that asked for it.
func (s *Server) autoAttach(t *subject) {
	for c := range s.connections {
		for _, x := range sortedSessions(c) {
			s.autoAttachTo(x, t)
		}
	}
}

func (s *Server) autoAttachTo(x *session, t *subject) {
	if !x.attach.on || x.gone || t.gone || !x.attach.filter.matches(t.kind) || !s.related(x, t) {
		return
	}
	for c := range x.children {
		if c.target == t {
			return // attached already
		}
	}
	if _, err := s.open(x, t, true, x.attach.wait); err != nil {
		s.log.Debug("auto-attach", "target", t.id, "err", err)
	}
}

// sortedSessions are a connection's sessions, parents before children.
func sortedSessions(c *connection) []*session {
	var all []*session
	for _, x := range c.sessions {
		all = append(all, x)
	}
	depth := func(x *session) (n int) {
		for ; x.parent != nil; x = x.parent {
			n++
		}
		return n
	}
	slices.SortFunc(all, func(a, b *session) int { return depth(a) - depth(b) })
	return all
}

// setAutoAttach is Target.setAutoAttach; with Server.mu held.
func (s *Server) setAutoAttach(x *session, a autoAttach) {
	x.attach = a
	for c := range x.children {
		if c.auto && (!a.on || !a.filter.matches(c.target.kind)) {
			s.detach(c)
		}
	}
	for _, t := range slices.Clone(s.order) {
		s.autoAttachTo(x, t)
	}
}
