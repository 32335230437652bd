package devtools

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/window"
)

// isTool reports a script of swinspect's own: its debugger's prelude, what a client
// evaluates.
func isTool(url string) bool { return url == "" || strings.HasPrefix(url, "swinspect:") }

// RealmCreated is of window.Observer; on the loop of the worker that is run again.
func (l *lister) RealmCreated(r *script.Realm, _ *window.Frame, w *window.Worker) {
	if w == nil {
		return
	}
	asked := l.h.breakpointsOf()
	var d *script.Debugger
	d = r.Agent().Debug(script.DebugOptions{
		OnParsed: func(x *script.DebugScript) {
			for _, a := range asked {
				if a.fits(newSourced("", nil, script.Source{URL: x.URL, Text: func() string { return x.Text }})) {
					_, _, _ = d.SetBreakpoint(x, a.line+1, max(a.column+1, 0), a.condition) // as in the present, or nowhere
				}
			}
		},
		OnPaused: func(*script.Pause) { _ = d.Resume() }, // a debugger statement
	})
	d.Visit(l.visitor)
}

// copied is a worker that lives through an event again, shown in the place of the one
// that is really paused.
type copied struct {
	h       *history
	to      int // index of the visit to stop at first
	relived *window.Relived
	cancel  context.CancelFunc
	began   atomic.Bool
	live    atomic.Bool // it has stopped there: from now on it goes on as it is told
	arrived atomic.Bool // it has come to the present
	next    int         // index of the next visit; of its loop
	stopped chan struct{}
	once    sync.Once
}

// copyObserver adopts the copy's realm into the target.
type copyObserver struct {
	window.NoObserver
	c *copied
}

func (o copyObserver) RealmCreated(r *script.Realm, _ *window.Frame, w *window.Worker) {
	if w != nil {
		o.c.h.server.adopt(r, w, o.c)
	}
}

func (o copyObserver) RealmDestroyed(r *script.Realm, _ *window.Frame, w *window.Worker) {
	if w != nil {
		o.c.h.server.realmDestroyed(r)
	}
}

// adopt makes the realm of a copy one of the paused worker's target, before the worker's
// own: what clients ask for is asked of it. On the copy's loop.
func (s *Server) adopt(r *script.Realm, w *window.Worker, c *copied) {
	rs := &realmState{gone: make(chan struct{}), realm: r, worker: w, helper: newHelper(r.Agent()), top: true}
	rs.origin = env.Of(r).Origin.String()
	s.mu.Lock()
	rs.target = c.h.present.rs.target
	s.realms[r] = rs
	rs.target.realms = append([]*realmState{rs}, rs.target.realms...)
	s.newWorld(rs, "", true)
	s.mu.Unlock()
	s.debug(rs)
	g := rs.debuggee.Load()
	s.mu.Lock()
	g.of, g.copy = c.h, c
	g.pauses = c.h.present.pauses // frames of one pause are not those of another
	s.mu.Unlock()
	r.Sourced = func(x script.Source) { s.scriptRuns(rs, x) }
	g.d.Visit(c.visit)
}

// visit decides where the copy stops; on its loop.
func (c *copied) visit(*script.Visit) script.VisitVerdict {
	if !c.began.Load() {
		return script.VisitPass
	}
	i := c.next
	c.next++
	switch {
	case !c.live.Load():
		if i < c.to {
			return script.VisitPass
		}
		c.live.Store(true)
	case i < len(c.h.visits)-1:
		c.h.at.Store(int64(i))
		return script.VisitAsUsual
	default:
		c.arrived.Store(true)
	}
	c.h.at.Store(int64(i))
	return script.VisitStop
}

// goTo shows the event as it was at a visit.
func (h *history) goTo(ctx context.Context, to int) error {
	s := h.server
	s.mu.Lock()
	old := h.copy
	h.copy = nil
	if old == nil {
		h.present.frozen = true
		h.present.emitResumed()
	}
	s.mu.Unlock()
	if old != nil {
		old.end()
	}
	c := &copied{h: h, to: to, stopped: make(chan struct{})}
	r, err := h.past.Relive(ctx, copyObserver{c: c})
	if err != nil {
		h.toPresent(nil)
		return err
	}
	c.relived = r
	s.mu.Lock()
	h.copy = c
	s.mu.Unlock()
	over := make(chan struct{})
	s.parallel(func(ctx context.Context) { c.run(ctx, over) })
	select {
	case <-c.stopped:
		return nil
	case <-over:
		return errDiverged
	case <-ctx.Done():
		h.toPresent(c)
		return ctx.Err()
	}
}

// run lets the event happen, until it is over or the worker in the present is.
func (c *copied) run(ctx context.Context, over chan struct{}) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.cancel = cancel
	stop := context.AfterFunc(c.h.present.rs.realm.Agent().Context(), cancel)
	defer stop()
	c.began.Store(true)
	c.relived.Dispatch(ctx)
	select {
	case <-c.stopped:
	default:
		close(over)
	}
	c.h.toPresent(c)
}

// end ends the copy.
func (c *copied) end() { c.once.Do(c.relived.Close) }

// toPresent ends the copy and shows where the worker is really paused, unless another
// copy is shown by now.
func (h *history) toPresent(c *copied) {
	if c != nil {
		c.end()
	}
	s, g := h.server, h.present
	s.mu.Lock()
	if h.copy != c || !g.frozen {
		s.mu.Unlock()
		return
	}
	h.copy = nil
	g.frozen = false
	h.at.Store(int64(len(h.visits) - 1))
	var tell []*session
	for _, x := range s.sessionsOf(g.rs.target, "Debugger") {
		if !x.debugging.skip {
			tell = append(tell, x)
			g.told[x] = true
		}
	}
	p, pauses := g.pause, g.pauses
	s.mu.Unlock()
	if p == nil {
		return
	}
	if len(tell) == 0 {
		_ = g.d.Resume() // it goes on already
		return
	}
	g.d.Post(func() { g.tellPause(tell, p, pauses) })
}

// copyPaused is told of a pause of a copy, and reports whether it is one to show.
func (g *debuggee) copyPaused() bool {
	c := g.copy
	if !c.live.Load() {
		_ = g.d.Resume() // an exception, a debugger statement: on the way
		return false
	}
	select {
	case <-c.stopped:
	default:
		close(c.stopped)
	}
	if c.arrived.Load() {
		g.server.parallel(func(context.Context) { c.h.toPresent(c) })
		return false
	}
	return true
}
