package inspector

import (
	"context"
	"sync"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
)

// consoles are the versions whose console is collected: a session on the worker
// while it runs, which keeps it alive, and a new one when it runs again.
type consoles struct {
	mu sync.Mutex // held while they are applied
	by map[consoleKey]*consoleHold
}

type consoleKey struct{ registration, version string }

type consoleHold struct {
	target  string
	session *cdp.Session // nil while the worker does not run
}

// checkConsole finds the version: the one named, else the one that runs, else
// the active one.
func checkConsole(_ context.Context, at *attempt) error {
	r := at.s.Registration(at.a.Registration)
	if r == nil {
		return at.refuse("there is no registration %q", at.a.Registration.ID)
	}
	if r.Key.Instance != at.l.instance || !r.GoneAt.IsZero() {
		return at.refuse("the registration of %s went away with its browser or context", r.Scope)
	}
	at.r, at.subject = r, r.Scope
	if err := at.inContext(r.Key.Context); err != nil {
		return err
	}
	if at.a.Version != "" {
		at.v = r.Version(at.a.Version)
	} else if at.v = runningVersion(r); at.v == nil {
		at.v = r.Active()
	}
	if at.v == nil {
		return at.refuse("%s has no version %s", r.Scope, at.a.Version)
	}
	at.a.Version = at.v.ID
	return nil
}

// runConsole begins or ends collecting the console of a version.
func runConsole(_ context.Context, at *attempt) result {
	c, key := &at.w.consoles, consoleKey{at.r.Key.ID, at.v.ID}
	c.mu.Lock()
	h := c.by[key]
	switch {
	case at.a.On && h == nil:
		if c.by == nil {
			c.by = map[consoleKey]*consoleHold{}
		}
		h = &consoleHold{}
		c.by[key] = h
	case !at.a.On && h != nil:
		delete(c.by, key)
		at.w.endConsole(h)
	}
	c.mu.Unlock()
	if !at.a.On {
		return confirmed("the console of version %s is no longer collected", at.v.ID)
	}
	if err := at.w.applyConsoles(); err != nil {
		return failure(err)
	}
	c.mu.Lock()
	attached := h.session != nil
	c.mu.Unlock()
	if !attached {
		return confirmed("the console of version %s is collected when it runs", at.v.ID)
	}
	return confirmed("the console of version %s is collected; that keeps it alive", at.v.ID)
}

// applyConsoles attaches to workers that run again and forgets versions that are
// no more.
func (w *watcher) applyConsoles() error {
	c := &w.consoles
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.by) == 0 {
		return nil
	}
	s := w.l.b.State()
	var failed error
	for key, h := range c.by {
		v := versionOf(s, RegistrationKey{w.l.instance, w.context, key.registration}, key.version)
		if v == nil || v.Status == serviceworker.VersionStatusRedundant && isStopped(v) {
			w.endConsole(h)
			delete(c.by, key)
			continue
		}
		if h.session != nil && (h.target != v.TargetID || isStopped(v)) {
			w.endConsole(h)
		}
		if h.session == nil && v.TargetID != "" && !isStopped(v) {
			if err := w.beginConsole(h, v.TargetID); err != nil {
				failed = err
			}
		}
	}
	return failed
}

func versionOf(s *State, k RegistrationKey, id string) *Version {
	r := s.Registration(k)
	if r == nil {
		return nil
	}
	return r.Version(id)
}

// beginConsole attaches and enables what tells of console, log and pauses. The
// events are folded like all others. The caller holds consoles.mu.
func (w *watcher) beginConsole(h *consoleHold, id string) error {
	ctx, cancel := context.WithTimeout(w.ctx, applyTimeout)
	defer cancel()
	session, err := w.l.conn.Attach(ctx, target.ID(id))
	if err != nil {
		return err
	}
	h.target, h.session = id, session
	w.keep(id, "console", true)
	w.l.setPlace(session.ID(), &place{context: w.context, target: id, on: func(e cdp.Event) {
		if e.Method == "Inspector.targetCrashed" {
			// The worker stopped: a session left behind would hang. The next run gets
			// a new one.
			w.l.setPlace(e.SessionID, nil)
			w.l.wg.Go(func() { w.consoleCrashed(session) })
		}
	}})
	// Nothing is awaited: a worker that waits for a debugger may not answer.
	for _, method := range []string{runtime.Enable.Method, log.Enable.Method} {
		if err := session.Go(method, cdproto.Empty{}); err != nil {
			w.endConsole(h)
			return err
		}
	}
	// With the Debugger domain on, a pause by somebody else is seen too.
	if err := session.Go(debugger.Enable.Method, debugger.EnableParams{}); err != nil {
		w.endConsole(h)
		return err
	}
	return nil
}

func (w *watcher) consoleCrashed(session *cdp.Session) {
	w.consoles.mu.Lock()
	for _, h := range w.consoles.by {
		if h.session == session {
			w.endConsole(h)
		}
	}
	w.consoles.mu.Unlock()
	// It may run again already.
	select {
	case <-time.After(100 * time.Millisecond):
		kick(w.kickSettings)
	case <-w.ctx.Done():
	}
}

// endConsole detaches. The caller holds consoles.mu.
func (w *watcher) endConsole(h *consoleHold) {
	if h.session == nil {
		return
	}
	w.l.setPlace(h.session.ID(), nil)
	w.detach(h.session)
	w.keep(h.target, "console", false)
	h.session, h.target = nil, ""
}
