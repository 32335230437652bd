package inspector

import (
	"context"
	"fmt"
	"sync"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
)

// HoldOptions are told of the workers that are held. All of them are called on the
// goroutine that reads from the browser: they must not wait, least of all for the
// browser; commands are pipelined with [cdp.Session.Go].
type HoldOptions struct {
	// Why says what keeps the workers alive: "debugging".
	Why string
	// Attached is told of a worker that starts (or runs already). A waiting worker is
	// let go as soon as it returns.
	Attached func(*Held)
	// Event is told of each event of a worker's session.
	Event func(*Held, cdp.Event)
	// Gone is told that a worker stopped, or that its browser went.
	Gone func(h *Held, why string)
}

// Held is a service worker with a session of a debugger.
type Held struct {
	Session  *cdp.Session
	Target   string
	Context  string // the browser context's id
	Instance string
	URL      string // of the worker's script
	// Waiting: it has not run anything yet. Otherwise it ran when it was found.
	Waiting bool

	place *place
	hold  *holder
}

// Hold attaches to every service worker of a browser, before it runs anything, until
// it is stopped. It follows the browser over reconnects. Beside it there may be a
// [Capture], watchers, and other holds: each has sessions of its own.
//
// One goroutine follows the link; Stop waits for it.
type Hold struct {
	b       *Browser
	o       HoldOptions
	ctx     context.Context
	stop    context.CancelFunc
	wg      sync.WaitGroup
	ready   chan struct{}
	once    sync.Once
	problem error // of the first attempt
}

// Hold begins, and returns when the workers that run already are attached to. A
// worker that stops is detached, so that its next start waits again.
func (b *Browser) Hold(ctx context.Context, o HoldOptions) (*Hold, error) {
	h := &Hold{b: b, o: o, ready: make(chan struct{})}
	h.ctx, h.stop = context.WithCancel(b.ctx)
	h.wg.Add(1)
	if err := b.spawn(func() { defer h.wg.Done(); h.follow() }); err != nil {
		h.wg.Done()
		h.stop()
		return nil, err
	}
	select {
	case <-h.ready:
	case <-ctx.Done():
		h.Stop()
		return nil, ctx.Err()
	}
	if h.problem != nil {
		h.Stop()
		return nil, fmt.Errorf("inspector: holding service workers: %w", h.problem)
	}
	return h, nil
}

// Stop lets go of every worker: what is paused runs on.
func (h *Hold) Stop() {
	h.stop()
	h.wg.Wait()
}

// follow holds on the present link, and on each one after it.
func (h *Hold) follow() {
	for h.ctx.Err() == nil {
		changed := h.b.Changed()
		l, err := h.b.current()
		if err == nil {
			err = h.onLink(l)
		}
		h.began(err)
		select {
		case <-changed:
		case <-time.After(time.Second):
		case <-h.ctx.Done():
		}
	}
}

func (h *Hold) began(err error) {
	h.once.Do(func() {
		h.problem = err
		close(h.ready)
	})
}

// onLink holds until the link ends.
func (h *Hold) onLink(l *link) error {
	ctx, cancel := context.WithTimeout(h.ctx, 20*time.Second)
	defer cancel()
	res, err := cdproto.Call(ctx, l.conn.Root(), target.AttachToBrowserTarget, cdproto.Empty{})
	if err != nil {
		return err
	}
	session := l.conn.Session(string(res.SessionID))
	x := &holder{h: h, l: l, held: map[string]*Held{}}
	l.setPlace(session.ID(), &place{on: x.onBrowser, quiet: true})
	defer x.end(session)
	yes := true
	params := target.SetAutoAttachParams{
		AutoAttach: true, WaitForDebuggerOnStart: true, Flatten: &yes,
		Filter: target.Filter{{Type: "service_worker"}, {Exclude: true}},
	}
	if _, err := cdproto.Call(ctx, session, target.SetAutoAttach, params); err != nil {
		return err
	}
	if err := l.barrier(ctx); err != nil {
		return err
	}
	h.began(nil)
	select {
	case <-l.ctx.Done():
	case <-h.ctx.Done():
	}
	return nil
}

// holder is a hold on one link. Its on… methods run on the pump.
type holder struct {
	h *Hold
	l *link

	mu    sync.Mutex
	held  map[string]*Held // by session id
	ended bool
}

func (x *holder) onBrowser(e cdp.Event) {
	switch e.Method {
	case target.AttachedToTarget.Method:
		x.attached(e)
	case target.DetachedFromTarget.Method:
		if p, ok := decode[struct {
			SessionID string `json:"sessionId"`
		}](e.Params); ok {
			x.forget(p.SessionID, "the worker stopped")
		}
	}
}

// attached holds a worker, unless it is held already.
func (x *holder) attached(e cdp.Event) {
	p, ok := decode[attachedEvent](e.Params)
	if !ok || p.SessionID == "" {
		return
	}
	s := x.l.conn.Session(p.SessionID)
	if p.TargetInfo.Type != "service_worker" || x.holds(p.TargetInfo.TargetID) {
		x.send(s, "Runtime.runIfWaitingForDebugger")
		x.detach(s)
		return
	}
	w := &Held{
		Session: s, Target: p.TargetInfo.TargetID, Context: p.TargetInfo.BrowserContextID,
		Instance: x.l.instance, URL: p.TargetInfo.URL, Waiting: p.Waiting, hold: x,
	}
	// Its pauses are folded when the debugger says so: many are over at once.
	w.place = &place{context: w.Context, target: w.Target, quiet: true, on: func(e cdp.Event) { x.on(w, e) }}
	x.mu.Lock()
	if x.ended {
		x.mu.Unlock()
		return
	}
	x.held[p.SessionID] = w
	x.mu.Unlock()
	x.l.setPlace(p.SessionID, w.place)
	x.keep(w, true)
	x.h.o.Attached(w)
	x.send(s, "Runtime.runIfWaitingForDebugger")
}

func (x *holder) holds(target string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, w := range x.held {
		if w.Target == target {
			return true
		}
	}
	return false
}

func (x *holder) on(w *Held, e cdp.Event) {
	if e.Method == "Inspector.targetCrashed" {
		// A worker that stopped: detached, so that its next start waits again.
		x.forget(w.Session.ID(), "the worker stopped")
		x.detach(w.Session)
		return
	}
	x.h.o.Event(w, e)
}

// forget lets go of a worker that is gone.
func (x *holder) forget(session, why string) {
	x.mu.Lock()
	w := x.held[session]
	delete(x.held, session)
	x.mu.Unlock()
	if w == nil {
		return
	}
	x.l.setPlace(session, nil)
	x.keep(w, false)
	x.h.o.Gone(w, why)
}

func (x *holder) keep(w *Held, on bool) {
	if k := x.l.watcher(w.Context); k != nil {
		k.keep(w.Target, x.h.o.Why, on)
	}
}

func (x *holder) send(s *cdp.Session, method string) {
	if err := s.Go(method, struct{}{}); err != nil && x.l.ctx.Err() == nil {
		x.l.b.log.Debug("holding workers", "method", method, "err", err)
	}
}

// detach ends a session without waiting.
func (x *holder) detach(s *cdp.Session) {
	x.l.setPlace(s.ID(), nil)
	x.l.wg.Go(func() {
		ctx, cancel := context.WithTimeout(x.l.ctx, 5*time.Second)
		defer cancel()
		if err := s.Detach(ctx); err != nil && ctx.Err() == nil {
			x.l.b.log.Debug("detaching", "err", err)
		}
	})
}

// end lets go of everything: with the browser session all that hangs on it.
func (x *holder) end(browser *cdp.Session) {
	x.mu.Lock()
	x.ended = true
	all := x.held
	x.held = nil
	x.mu.Unlock()
	why := "the debugger was switched off"
	if x.l.ctx.Err() != nil {
		why = "the browser went away"
	}
	for id, w := range all {
		x.l.setPlace(id, nil)
		x.keep(w, false)
		x.h.o.Gone(w, why)
	}
	x.l.setPlace(browser.ID(), nil)
	ctx, cancel := context.WithTimeout(x.l.ctx, 5*time.Second)
	defer cancel()
	if err := browser.Detach(ctx); err != nil && ctx.Err() == nil {
		x.l.b.log.Debug("ending a hold", "err", err)
	}
}

// Show folds an event of the worker's session (a pause, its end) into the state, for
// those who look at [Version.Paused].
func (w *Held) Show(e cdp.Event) {
	l := w.hold.l
	l.b.fold(Message{
		Time: e.Time, Kind: KindEvent, Instance: l.instance, Method: e.Method, Params: e.Params,
		Context: w.Context, Target: w.Target,
	})
}
