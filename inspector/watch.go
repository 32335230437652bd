package inspector

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/serviceworker"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/cdp/swproto"
)

// watcher watches the service workers of one browser context through a hidden
// target (or, where there are none, a page that is open): any session with the ServiceWorker domain sees all origins of its
// context, and only of it.
//
// Its goroutine (run) refreshes what events get wrong (controlledClients) and
// reads what they do not say (storage keys). open, run and retire are called by
// the link's goroutines, everything else from anywhere.
type watcher struct {
	l         *link
	context   string
	isDefault bool

	ctx  context.Context // ends with the context or the link
	stop context.CancelFunc

	kickRefresh  chan struct{}
	kickSettings chan struct{}
	lost         chan struct{} // the hidden target went away

	mu       sync.Mutex
	target   string       // hidden target, or a borrowed page
	borrowed bool         // it is a page of the user
	session  *cdp.Session // main session on it; nil while there is none
	problem  error        // why there is none
	ready    chan struct{}
	isReady  bool

	forceMu sync.Mutex // held while a snapshot session is detached or the setting is switched
	force   bool       // update on reload is on

	settings settings
	keepers  keepers
	hosts    hosts
	record   recorder
	consoles consoles
	keys     keyReader
}

func newWatcher(l *link, c NoteContext) *watcher {
	ctx, stop := context.WithCancel(l.ctx)
	return &watcher{
		l: l, context: c.ID, isDefault: c.Default, ctx: ctx, stop: stop,
		kickRefresh:  make(chan struct{}, 1),
		kickSettings: make(chan struct{}, 1),
		lost:         make(chan struct{}, 1),
		ready:        make(chan struct{}),
	}
}

// open gets the watcher its hidden target and main session and returns when the
// first lists of registrations and versions are folded, or when it is known that
// they never will be.
func (w *watcher) open(ctx context.Context, made hiddenTarget) {
	if made.id == "" && made.err == nil {
		made = w.l.createHidden(ctx, w.createIn())
	}
	if made.err != nil && ctx.Err() == nil && w.l.conn.Err() == nil {
		made = w.borrow(ctx, made.err)
	}
	err := made.err
	if err == nil {
		err = w.enable(ctx, made)
	}
	w.mu.Lock()
	w.problem = err
	w.mu.Unlock()
	if err != nil && w.ctx.Err() == nil {
		w.l.b.log.Warn("a browser context cannot be watched", "context", w.context, "err", err)
	}
}

// opened reports whether the watcher has its session.
func (w *watcher) opened() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.session != nil
}

// createIn is the context to name when creating a target: none for the default
// one, which Chromium does not let be named.
func (w *watcher) createIn() string {
	if w.isDefault {
		return ""
	}
	return w.context
}

// enable begins watching through a hidden target.
func (w *watcher) enable(ctx context.Context, h hiddenTarget) error {
	w.mu.Lock()
	w.target, w.session, w.borrowed = h.id, h.session, h.borrowed
	ready := w.ready
	w.mu.Unlock()
	w.l.setPlace(h.session.ID(), &place{context: w.context, target: h.id, watcher: w})
	if _, err := cdproto.Call(ctx, h.session, serviceworker.Enable, cdproto.Empty{}); err != nil {
		return err
	}
	if err := w.restoreForce(ctx); err != nil {
		return err
	}
	// An engine of ours answers with its trace; a browser that it has no such domain.
	if err := h.session.Go(swproto.Enable.Method, cdproto.Empty{}); err != nil {
		return err
	}
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the browser listed no service workers: %w", ctx.Err())
	case <-w.l.conn.Done():
		return w.l.conn.Err()
	}
}

// versionsFolded is called by the pump after a list of versions of the main
// session was folded.
func (w *watcher) versionsFolded() {
	w.mu.Lock()
	if !w.isReady {
		w.isReady = true
		close(w.ready)
	}
	w.mu.Unlock()
	kick(w.kickRefresh)
	kick(w.kickSettings)
}

// main is the main session, or why there is none.
func (w *watcher) main() (*cdp.Session, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.problem != nil {
		return nil, w.problem
	}
	if w.session == nil {
		return nil, errors.New("the browser context is not watched yet")
	}
	return w.session, nil
}

func (w *watcher) ownTarget(id string) bool {
	if id == "" {
		return false
	}
	w.mu.Lock()
	mine := w.target == id && !w.borrowed
	w.mu.Unlock()
	return mine || w.hostsTarget(id)
}

func (w *watcher) problemText() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.problem == nil {
		return ""
	}
	return w.problem.Error()
}

// targetSeen is called by the pump when a target of the context appeared or
// changed.
func (w *watcher) targetSeen(id, kind, url string, s *State) {
	if w.ownTarget(id) {
		return
	}
	kick(w.kickSettings)
	if kind == "page" && w.problemText() != "" {
		kick(w.lost) // it may do for watching
	}
	if !isClientType(kind) {
		return
	}
	origin := originOf(url)
	for _, r := range s.Registrations {
		if r.Key.Context == w.context && r.Key.Instance == w.l.instance && r.Alive() && originOf(r.Scope) == origin {
			kick(w.kickRefresh)
			return
		}
	}
}

// targetGone is called by the pump when a target was destroyed, of whichever
// context.
func (w *watcher) targetGone(id string) {
	w.mu.Lock()
	lost := w.target == id
	w.mu.Unlock()
	if lost {
		kick(w.lost)
		return
	}
	if w.hostsTarget(id) {
		w.hostGone(id)
		return
	}
	kick(w.kickSettings)
	kick(w.kickRefresh)
}

// retire ends a watcher whose context is no more. Its hidden target would keep
// the context half alive.
func (w *watcher) retire(context.Context) {
	w.stop()
	w.mu.Lock()
	id, session, borrowed := w.target, w.session, w.borrowed
	w.mu.Unlock()
	if session != nil {
		w.l.setPlace(session.ID(), nil)
	}
	if !borrowed {
		w.l.closeTarget(id)
	}
	w.hosts.mu.Lock()
	defer w.hosts.mu.Unlock()
	for _, h := range w.hosts.by {
		w.l.closeTarget(h.target)
	}
	clear(w.hosts.by)
}

// run is the watcher's goroutine.
func (w *watcher) run() {
	defer w.stop()
	slow := time.NewTicker(refreshSlow)
	defer slow.Stop()
	again := time.NewTimer(time.Hour)
	defer again.Stop()
	for {
		second := false
		select {
		case <-w.ctx.Done():
			return
		case <-w.lost:
			if !w.reopen() {
				return
			}
			continue
		case <-w.kickSettings:
			w.targetsChanged()
			continue
		case <-w.kickRefresh:
			w.settle()
		case <-again.C:
			second = true
		case <-slow.C:
			if !w.anyWaiting() {
				continue
			}
			second = true
		}
		began := time.Now()
		if !w.nothingToRefresh() {
			if err := w.refresh(); err != nil && w.ctx.Err() == nil {
				w.l.b.log.Debug("refreshing service workers", "context", w.context, "err", err)
			}
			w.readKeys()
			w.closeClaimedHosts(w.l.b.State())
			if !second {
				again.Reset(refreshAgain)
			}
		}
		w.sleep(max(refreshPause, 8*time.Since(began)))
	}
}

// targetsChanged covers targets that appeared.
func (w *watcher) targetsChanged() {
	if _, err := w.applySettings(); err != nil && w.ctx.Err() == nil {
		w.l.b.log.Warn("a setting does not reach every target", "context", w.context, "err", err)
	}
	if err := w.applyConsoles(); err != nil && w.ctx.Err() == nil {
		w.l.b.log.Debug("collecting consoles", "context", w.context, "err", err)
	}
}

// sleep waits, but applies settings to new targets meanwhile.
func (w *watcher) sleep(d time.Duration) {
	end := time.After(d)
	for {
		select {
		case <-end:
			return
		case <-w.kickSettings:
			w.targetsChanged()
		case <-w.ctx.Done():
			return
		}
	}
}

// reopen replaces a hidden target that somebody closed. It reports whether the
// watcher goes on.
func (w *watcher) reopen() bool {
	w.sleep(100 * time.Millisecond) // a context that is going takes its targets along
	if w.ctx.Err() != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(w.ctx, 10*time.Second)
	defer cancel()
	w.mu.Lock()
	w.target, w.session, w.isReady, w.ready = "", nil, false, make(chan struct{})
	w.mu.Unlock()
	w.l.b.store.forgetTracking()
	w.open(ctx, hiddenTarget{})
	w.l.noteProblems()
	kick(w.l.kickContexts)
	return true
}
