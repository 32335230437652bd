package inspector

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/cdproto/target"
	"golang.org/x/net/publicsuffix"
)

// keyReader finds out storage keys, which no ServiceWorker event carries.
type keyReader struct {
	mu    sync.Mutex // held while keys are read
	tries map[keyTry]int
}

// keyTry is one way to a registration's key.
type keyTry struct{ registration, via string }

// keyTries bounds how often one way is tried.
const keyTries = 3

// readKeys reads the storage keys of registrations that may be partitioned: two
// live ones share a scope, or a frame of that origin is in a page of another
// site. Everybody else's key follows from its scope, and nobody is attached to.
func (w *watcher) readKeys() {
	w.keys.mu.Lock()
	defer w.keys.mu.Unlock()
	s := w.l.b.State()
	for _, r := range s.Registrations {
		if w.ctx.Err() != nil {
			return
		}
		if !w.mine(r) || !r.Alive() || r.StorageKey.Known != Inferred || !w.mayBePartitioned(s, r) {
			continue
		}
		if err := w.readKey(s, r); err != nil && w.ctx.Err() == nil {
			w.l.b.log.Debug("reading a storage key", "scope", r.Scope, "err", err)
		}
	}
}

// SettleKeys returns when the storage keys in doubt have been read as far as they
// can be now: events do not carry them, so they are read after the inventory. It
// waits for replies only; what nobody can tell stays inferred.
func (b *Browser) SettleKeys(ctx context.Context) error {
	l, err := b.current()
	if err != nil {
		return err
	}
	done := make(chan struct{})
	if err := b.spawn(func() {
		defer close(done)
		for _, w := range l.allWatchers() {
			w.readKeys()
		}
	}); err != nil {
		return err
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// mayBePartitioned reports whether a registration's key does not follow from its
// scope.
func (w *watcher) mayBePartitioned(s *State, r *Registration) bool {
	return r.StorageKey.Doubt != "" || len(w.foreignFrames(s, originOf(r.Scope))) > 0
}

// foreignFrames are the frames of an origin in pages of another site.
func (w *watcher) foreignFrames(s *State, origin string) []*Target {
	var frames []*Target
	for _, t := range s.Targets {
		if t.Type != "iframe" || t.Context != w.context || t.Key.Instance != w.l.instance || originOf(t.URL) != origin {
			continue
		}
		if top := topTarget(s, t); top == nil || siteOf(top.URL) != siteOf(t.URL) {
			frames = append(frames, t)
		}
	}
	return frames
}

// topTarget is the page a frame is in, nil when it is not known.
func topTarget(s *State, t *Target) *Target {
	for range 32 { // parents of parents; a bound against a cycle
		if t == nil || t.Parent == "" {
			return t
		}
		t = s.Target(TargetKey{t.Key.Instance, t.Parent})
	}
	return nil
}

// siteOf is the schemeful site of a URL.
func siteOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	host := u.Hostname()
	if site, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		host = site
	}
	return u.Scheme + "://" + host
}

// readKey reads one registration's key: through a frame that it controls, else
// by a very brief attach to its running worker.
func (w *watcher) readKey(s *State, r *Registration) error {
	ctx, cancel := context.WithTimeout(w.ctx, 5*time.Second)
	defer cancel()
	var errs []error
	for _, f := range w.controlledFrames(s, r) {
		if !w.mayTry(r, f.Key.ID) {
			continue
		}
		key, err := w.frameKey(ctx, f)
		if err == nil && ParseStorageKey(key).Partitioned() {
			w.l.note(w.context, NoteStorageKey{Registration: r.Key, StorageKey: key})
			return nil
		}
		errs = append(errs, err)
	}
	for _, v := range r.Versions {
		if v.TargetID == "" || v.Running != "running" || !w.mayTry(r, v.TargetID) {
			continue
		}
		key, err := w.workerKey(ctx, v)
		if err == nil && key != "" {
			w.l.note(w.context, NoteStorageKey{Registration: r.Key, StorageKey: key})
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// mayTry counts a try and says whether there is one left.
func (w *watcher) mayTry(r *Registration, via string) bool {
	k := &w.keys
	if k.tries == nil || len(k.tries) > 10_000 {
		k.tries = map[keyTry]int{}
	}
	try := keyTry{r.Key.ID, via}
	k.tries[try]++
	return k.tries[try] <= keyTries
}

// controlledFrames are the foreign frames in pages that hold a controlled client
// of the registration: CDP names the page, not the frame, as the client.
func (w *watcher) controlledFrames(s *State, r *Registration) []*Target {
	clients := map[string]bool{}
	for _, v := range r.Versions {
		for _, id := range v.Clients {
			clients[id] = true
		}
	}
	var frames []*Target
	for _, f := range w.foreignFrames(s, originOf(r.Scope)) {
		top := topTarget(s, f)
		if clients[f.Key.ID] || (top != nil && clients[top.Key.ID] && originOf(top.URL) != originOf(r.Scope)) {
			frames = append(frames, f)
		}
	}
	return frames
}

// frameKey reads the storage key of a frame of its own process and notes it.
func (w *watcher) frameKey(ctx context.Context, t *Target) (string, error) {
	session, err := w.l.conn.Attach(ctx, target.ID(t.Key.ID))
	if err != nil {
		return "", err
	}
	defer w.detachNow(session)
	res, err := cdproto.Call(ctx, session, storage.GetStorageKey, storage.GetStorageKeyParams{FrameID: cdproto.FrameID(t.Key.ID)})
	if err != nil {
		return "", err
	}
	w.l.note(w.context, NoteStorageKey{TargetID: t.Key.ID, StorageKey: string(res.StorageKey)})
	return string(res.StorageKey), nil
}

// workerKey reads the storage key of a running worker.
func (w *watcher) workerKey(ctx context.Context, v *Version) (string, error) {
	session, err := w.l.conn.Attach(ctx, target.ID(v.TargetID))
	if err != nil {
		return "", err
	}
	w.keep(v.TargetID, "storage key", true)
	defer w.keep(v.TargetID, "storage key", false)
	defer w.detachNow(session)
	res, err := cdproto.Call(ctx, session, storage.GetStorageKey, storage.GetStorageKeyParams{})
	return string(res.StorageKey), err
}
