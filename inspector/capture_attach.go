package inspector

import (
	"context"
	"sync"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
)

// attacher gives each target of a link a session that watches its network. Its on…
// methods run on the pump: everything is pipelined, nothing awaited.
type attacher struct {
	c      *Capture
	l      *link
	bodies *bodyReader

	mu       sync.Mutex
	sessions map[string]*captured // by session id
	gone     bool
}

// captured is a session of the capture.
type captured struct {
	session *cdp.Session
	target  string
	kind    string
	place   *place
}

// filter says what the browser session attaches to: pages and shared workers, and for
// a full capture service workers. Frames and dedicated workers come from their pages.
func (a *attacher) filter() target.Filter {
	f := target.Filter{{Type: "page"}, {Type: "shared_worker"}}
	if a.c.o.Full {
		f = append(f, target.FilterEntry{Type: "service_worker"})
	}
	return append(f, target.FilterEntry{Exclude: true})
}

// attached is the part of Target.attachedToTarget that matters.
type attachedEvent struct {
	SessionID  string `json:"sessionId"`
	Waiting    bool   `json:"waitingForDebugger"`
	TargetInfo struct {
		TargetID         string `json:"targetId"`
		Type             string `json:"type"`
		URL              string `json:"url"`
		BrowserContextID string `json:"browserContextId"`
	} `json:"targetInfo"`
}

func (a *attacher) onBrowser(e cdp.Event) {
	if e.Method == target.AttachedToTarget.Method {
		a.attach(e, nil)
	}
}

// attach watches a target that a session was attached to.
func (a *attacher) attach(e cdp.Event, parent *captured) {
	p, ok := decode[attachedEvent](e.Params)
	if !ok || p.SessionID == "" {
		return
	}
	s := a.l.conn.Session(p.SessionID)
	i := p.TargetInfo
	w := a.l.watcher(i.BrowserContextID)
	known := true
	switch i.Type {
	case "page", "iframe", "worker", "shared_worker":
	case "service_worker":
		known = a.c.o.Full
	default:
		known = false
	}
	if !known || w != nil && w.ownTarget(i.TargetID) || a.isOwn(i.TargetID) {
		a.send(s, "Runtime.runIfWaitingForDebugger", nil)
		a.detachOne(s)
		return
	}
	x := &captured{session: s, target: i.TargetID, kind: i.Type}
	x.place = &place{context: i.BrowserContextID, target: i.TargetID, on: func(e cdp.Event) { a.on(x, e) }}
	if x.place.context == "" && parent != nil {
		x.place.context = parent.place.context
	}
	a.mu.Lock()
	if a.gone {
		a.mu.Unlock()
		return
	}
	a.sessions[p.SessionID] = x
	a.mu.Unlock()
	a.l.setPlace(p.SessionID, x.place)
	if i.Type == "service_worker" && w != nil {
		w.keep(i.TargetID, "recording", true)
	}
	a.watch(x)
}

// isOwn reports whether a target is one that swinspect made.
func (a *attacher) isOwn(id string) bool {
	t := a.l.b.stateNow().Target(TargetKey{a.l.instance, id})
	return t != nil && t.Own
}

// stateNow is State for the pump, which has just folded.
func (b *Browser) stateNow() *State { return b.State() }

// watch turns a session's network on and lets the target go.
func (a *attacher) watch(x *captured) {
	yes := true
	switch x.kind {
	case "page", "iframe", "worker", "shared_worker":
		a.send(x.session, target.SetAutoAttach.Method, target.SetAutoAttachParams{
			AutoAttach: true, WaitForDebuggerOnStart: true, Flatten: &yes,
			Filter: target.Filter{{Type: "iframe"}, {Type: "worker"}, {Exclude: true}},
		})
	case "service_worker":
		a.send(x.session, "Runtime.enable", nil)
		a.send(x.session, "Runtime.addBinding", map[string]any{"name": a.c.o.Binding})
		// The name keeps debuggers from stopping in it: see package debugger.
		a.send(x.session, "Runtime.evaluate", map[string]any{"expression": a.c.o.Prelude + "\n//# sourceURL=swinspect:prelude/capture", "silent": true})
	}
	a.send(x.session, network.Enable.Method, map[string]any{
		"maxTotalBufferSize": 256 << 20, "maxResourceBufferSize": a.c.o.MaxBody, "enableDurableMessages": a.c.o.Bodies,
	})
	a.send(x.session, "Runtime.runIfWaitingForDebugger", nil)
}

// on hears the events of a captured target.
func (a *attacher) on(x *captured, e cdp.Event) {
	switch e.Method {
	case target.AttachedToTarget.Method:
		a.attach(e, x)
	case network.LoadingFinished.Method:
		if a.c.o.Bodies {
			a.bodies.add(x, e)
		}
	case network.RequestWillBeSent.Method:
		if a.c.o.Bodies {
			a.bodies.addPost(x, e)
		}
	case "Inspector.targetCrashed":
		// A worker that stopped: detached, so that its next start waits again.
		if x.kind == "service_worker" {
			a.forget(x)
			a.detachOne(x.session)
		}
	}
}

// find is the session of a target, nil when there is none.
func (a *attacher) find(target string) *captured {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, x := range a.sessions {
		if x.target == target {
			return x
		}
	}
	return nil
}

func (a *attacher) forget(x *captured) {
	a.mu.Lock()
	delete(a.sessions, x.session.ID())
	a.mu.Unlock()
	if w := a.l.watcher(x.place.context); w != nil && x.kind == "service_worker" {
		w.keep(x.target, "recording", false)
	}
}

func (a *attacher) send(s *cdp.Session, method string, params any) {
	if params == nil {
		params = struct{}{}
	}
	if err := s.Go(method, params); err != nil && a.l.ctx.Err() == nil {
		a.l.b.log.Debug("capturing", "method", method, "err", err)
	}
}

// detachOne ends a session without waiting.
func (a *attacher) detachOne(s *cdp.Session) {
	a.l.setPlace(s.ID(), nil)
	a.l.wg.Go(func() {
		ctx, cancel := context.WithTimeout(a.l.ctx, 5*time.Second)
		defer cancel()
		if err := s.Detach(ctx); err != nil && ctx.Err() == nil {
			a.l.b.log.Debug("detaching", "err", err)
		}
	})
}

// detach ends everything: with the browser session all that hangs on it.
func (a *attacher) detach(browser *cdp.Session) {
	a.mu.Lock()
	a.gone = true
	all := a.sessions
	a.sessions = nil
	a.mu.Unlock()
	for id, x := range all {
		a.l.setPlace(id, nil)
		if w := a.l.watcher(x.place.context); w != nil && x.kind == "service_worker" {
			w.keep(x.target, "recording", false)
		}
	}
	a.l.setPlace(browser.ID(), nil)
	ctx, cancel := context.WithTimeout(a.l.ctx, 5*time.Second)
	defer cancel()
	if err := browser.Detach(ctx); err != nil && ctx.Err() == nil {
		a.l.b.log.Debug("ending a capture", "err", err)
	}
}
