package inspector

import (
	"context"
	"errors"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/cdproto/target"
)

// The rhythm of refreshing: a little after the last of a burst of events, a
// second time when everything must have settled, and not so often that the
// browser would notice.
const (
	refreshQuiet = 120 * time.Millisecond  // after the last event …
	refreshMost  = 500 * time.Millisecond  // … but not later than this after the first
	refreshAgain = 1200 * time.Millisecond // the second look
	refreshPause = 400 * time.Millisecond  // between two, and 8 times as long as the last took
	refreshSlow  = 5 * time.Second         // while something waits: frames come and go without a word
)

// settle waits until no event came for a while.
func (w *watcher) settle() {
	most := time.After(refreshMost)
	for {
		select {
		case <-w.kickRefresh:
		case <-time.After(refreshQuiet):
			return
		case <-most:
			return
		case <-w.ctx.Done():
			return
		}
	}
}

// mine reports whether a registration belongs to this context.
func (w *watcher) mine(r *Registration) bool {
	return r.Key.Context == w.context && r.Key.Instance == w.l.instance
}

func (w *watcher) anyWaiting() bool {
	for _, r := range w.l.b.State().Registrations {
		if w.mine(r) && r.Alive() && (r.Waiting() != nil || r.Installing() != nil) {
			return true
		}
	}
	return false
}

func (w *watcher) nothingToRefresh() bool {
	for _, r := range w.l.b.State().Registrations {
		if w.mine(r) && r.Alive() {
			return false
		}
	}
	return true
}

// refresh takes a fresh snapshot. Events report controlledClients too early, so
// only a fresh ServiceWorker.enable tells who controls whom. It happens on a
// session of its own. When that session ends the browser forgets "update on
// reload" for the whole context, so it is set again in the same breath.
func (w *watcher) refresh() error {
	main, err := w.main()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(w.ctx, 5*time.Second)
	defer cancel()
	w.mu.Lock()
	id := w.target
	w.mu.Unlock()
	session, err := w.l.conn.Attach(ctx, target.ID(id))
	if err != nil {
		return err
	}
	snap := &snapshot{done: make(chan struct{})}
	w.l.setPlace(session.ID(), &place{context: w.context, target: id, snapshot: snap})
	_, err = cdproto.Call(ctx, session, serviceworker.Enable, cdproto.Empty{})
	if err == nil {
		select {
		case <-snap.done:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	w.forceMu.Lock() // so that the setting is not switched in between
	err = errors.Join(err, w.l.conn.Root().Go(target.DetachFromTarget.Method,
		target.DetachFromTargetParams{SessionID: target.SessionID(session.ID())}))
	if w.force {
		err = errors.Join(err, main.Go(serviceworker.SetForceUpdateOnPageLoad.Method,
			serviceworker.SetForceUpdateOnPageLoadParams{ForceUpdateOnPageLoad: true}))
	}
	w.forceMu.Unlock()
	w.l.setPlace(session.ID(), nil)
	return err
}
