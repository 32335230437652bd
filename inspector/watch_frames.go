package inspector

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
)

// frame is a document of some storage key in which swinspect may look and act:
// the CacheStorage domain and scripts need one. Scripts run in an isolated
// world, which sees none of what the page did to its globals.
type frame struct {
	session *cdp.Session
	world   runtime.ExecutionContextID
	key     StorageKey
}

// hostIdle is how long a hosted document stays after its last use. It is an
// uncontrolled client that the application's worker can see, so not for long.
const hostIdle = 30 * time.Second

// hosts are the blank documents of a watcher, by origin.
type hosts struct {
	mu sync.Mutex
	by map[string]*host
}

// host is a hidden target with a blank document of an origin.
type host struct {
	ready  chan struct{} // closed when frame or err is set
	frame  *frame
	err    error
	target string
	users  int
	idle   *time.Timer // runs while there are no users
}

// frameOf gives a frame of a storage key. A first-party one is hosted: a blank
// document in a hidden target, answered by swinspect and not by the network, and
// not controlled by a worker. A partitioned one can only be a frame that is open
// in some page. release must be called.
func (w *watcher) frameOf(ctx context.Context, key StorageKey) (f *frame, release func(), err error) {
	if key.Origin == "" {
		return nil, nil, errors.New("the storage key is not known")
	}
	if key.Partitioned() {
		return w.openFrame(ctx, key)
	}
	return w.hosted(ctx, key)
}

func (w *watcher) hosted(ctx context.Context, key StorageKey) (*frame, func(), error) {
	w.hosts.mu.Lock()
	h := w.hosts.by[key.Origin]
	if h == nil {
		h = &host{ready: make(chan struct{})}
		if w.hosts.by == nil {
			w.hosts.by = map[string]*host{}
		}
		w.hosts.by[key.Origin] = h
		w.l.wg.Go(func() { w.openHost(key, h) })
	}
	h.users++
	if h.idle != nil {
		h.idle.Stop()
	}
	w.hosts.mu.Unlock()
	release := func() { w.releaseHost(key.Origin, h) }
	select {
	case <-h.ready:
	case <-ctx.Done():
		release()
		return nil, nil, ctx.Err()
	}
	if h.err != nil {
		release()
		return nil, nil, h.err
	}
	return h.frame, release, nil
}

// openHost makes the hidden target and its document.
func (w *watcher) openHost(key StorageKey, h *host) {
	defer close(h.ready)
	ctx, cancel := context.WithTimeout(w.ctx, 10*time.Second)
	defer cancel()
	made := w.l.createHidden(ctx, w.createIn())
	if made.err != nil && w.borrowFrame(ctx, key, h) {
		return
	}
	if made.err != nil {
		h.err = fmt.Errorf("no document of %s could be hosted: %w", key.Origin, made.err)
		w.forgetHost(key.Origin, h)
		return
	}
	w.hosts.mu.Lock()
	h.target = made.id
	w.hosts.mu.Unlock()
	if err := navigateBlank(ctx, made.session, key.Origin); err != nil {
		h.err = fmt.Errorf("no document of %s could be hosted: %w", key.Origin, err)
	} else if world, err := isolatedWorld(ctx, made.session, made.id); err != nil {
		h.err = err
	} else {
		h.frame = &frame{session: made.session, world: world, key: key}
		return
	}
	w.l.closeTarget(made.id)
	w.forgetHost(key.Origin, h)
}

// borrowFrame takes a page of the origin that is open in place of a document of
// our own.
func (w *watcher) borrowFrame(ctx context.Context, key StorageKey, h *host) bool {
	for _, t := range w.openPages(func(t *Target) bool { return originOf(t.URL) == key.Origin }) {
		if f := w.attachFrame(ctx, t, key); f != nil {
			h.frame = f
			return true
		}
	}
	return false
}

// blankPath is the path of the document: unlikely to be one of the application.
const blankPath = "/__swinspect_blank"

// navigateBlank loads a blank document of an origin, without the network and
// without a service worker.
func navigateBlank(ctx context.Context, s *cdp.Session, origin string) error {
	paused := s.Listen(16, fetch.RequestPaused.Method)
	defer paused.Close()
	// Chromium accepts the bypass without the domain, and then ignores it: the
	// navigation would be an event of the application's worker.
	if _, err := cdproto.Call(ctx, s, network.Enable, network.EnableParams{}); err != nil {
		return err
	}
	if _, err := cdproto.Call(ctx, s, network.SetBypassServiceWorker, network.SetBypassServiceWorkerParams{Bypass: true}); err != nil {
		return err
	}
	if _, err := cdproto.Call(ctx, s, fetch.Enable, fetch.EnableParams{}); err != nil {
		return err
	}
	navigated := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		res, err := cdproto.Call(ctx, s, page.Navigate, page.NavigateParams{URL: origin + blankPath})
		if err == nil && res.ErrorText != "" {
			err = errors.New(res.ErrorText)
		}
		navigated <- err
	})
	for {
		select {
		case e, ok := <-paused.C():
			if !ok {
				return cdp.ErrSessionGone
			}
			p, ok := decode[fetch.EventRequestPaused](e.Params)
			if !ok {
				continue
			}
			if err := fulfillBlank(ctx, s, p.RequestID); err != nil {
				return err
			}
		case err := <-navigated:
			// Later requests (there should be none) find no interception.
			return errors.Join(err, s.Go(fetch.Disable.Method, nil))
		}
	}
}

func fulfillBlank(ctx context.Context, s *cdp.Session, id fetch.RequestID) error {
	_, err := cdproto.Call(ctx, s, fetch.FulfillRequest, fetch.FulfillRequestParams{
		RequestID:    id,
		ResponseCode: 200,
		ResponseHeaders: []*fetch.HeaderEntry{
			{Name: "Content-Type", Value: "text/html; charset=utf-8"},
			{Name: "Cache-Control", Value: "no-store"},
		},
		Body: []byte("<!doctype html><title>swinspect</title>"),
	})
	return err
}

func isolatedWorld(ctx context.Context, s *cdp.Session, frameID string) (runtime.ExecutionContextID, error) {
	res, err := cdproto.Call(ctx, s, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{
		FrameID: cdproto.FrameID(frameID), WorldName: "swinspect",
	})
	return res.ExecutionContextID, err
}

// releaseHost starts the clock of a document that nobody uses.
func (w *watcher) releaseHost(origin string, h *host) {
	w.hosts.mu.Lock()
	defer w.hosts.mu.Unlock()
	h.users--
	if h.users > 0 || w.hosts.by[origin] != h {
		return
	}
	h.idle = time.AfterFunc(hostIdle, func() { w.closeHost(origin, h) })
}

// closeHost closes a document unless it is in use again.
func (w *watcher) closeHost(origin string, h *host) {
	w.hosts.mu.Lock()
	if h.users > 0 || w.hosts.by[origin] != h {
		w.hosts.mu.Unlock()
		return
	}
	delete(w.hosts.by, origin)
	w.hosts.mu.Unlock()
	switch {
	case w.ctx.Err() != nil:
	case h.target != "":
		w.l.closeTarget(h.target)
	case h.frame != nil: // a borrowed one
		w.detach(h.frame.session)
	}
}

func (w *watcher) forgetHost(origin string, h *host) {
	w.hosts.mu.Lock()
	defer w.hosts.mu.Unlock()
	if w.hosts.by[origin] == h {
		delete(w.hosts.by, origin)
	}
}

// hostGone is called by the pump when a target was destroyed.
func (w *watcher) hostGone(id string) {
	w.hosts.mu.Lock()
	defer w.hosts.mu.Unlock()
	for origin, h := range w.hosts.by {
		if h.target == id {
			delete(w.hosts.by, origin)
		}
	}
}

// hostsTarget reports whether a target is a hosted document.
func (w *watcher) hostsTarget(id string) bool {
	w.hosts.mu.Lock()
	defer w.hosts.mu.Unlock()
	for _, h := range w.hosts.by {
		if h.target == id {
			return true
		}
	}
	return false
}

// closeClaimedHosts closes idle documents that a worker took control of
// (clients.claim does not ask): they would hold a waiting version.
func (w *watcher) closeClaimedHosts(s *State) {
	claimed := map[string]bool{}
	for _, r := range s.Registrations {
		if !w.mine(r) || !r.Alive() {
			continue
		}
		for _, v := range r.Versions {
			for _, id := range v.Clients {
				claimed[id] = true
			}
		}
	}
	w.hosts.mu.Lock()
	idle := map[string]*host{}
	for origin, h := range w.hosts.by {
		if claimed[h.target] && h.users == 0 {
			idle[origin] = h
		}
	}
	w.hosts.mu.Unlock()
	for origin, h := range idle {
		w.closeHost(origin, h)
	}
}

// frameWait is how long an open frame is waited for: its page may be loading.
const frameWait = 2 * time.Second

// openFrame finds an open frame of a partitioned storage key and attaches to it
// until released.
func (w *watcher) openFrame(ctx context.Context, key StorageKey) (*frame, func(), error) {
	wait, cancel := context.WithTimeout(ctx, frameWait)
	defer cancel()
	for {
		changed := w.l.b.Changed()
		for _, t := range w.foreignFrames(w.l.b.State(), key.Origin) {
			if f := w.attachFrame(ctx, t, key); f != nil {
				return f, func() { w.detach(f.session) }, nil
			}
		}
		select {
		case <-changed:
		case <-wait.Done():
			if err := ctx.Err(); err != nil {
				return nil, nil, err
			}
			return nil, nil, fmt.Errorf("no frame of %s is open in a page of %s, and only from there can its partition be reached", key.Origin, key.TopLevelSite)
		}
	}
}

// attachFrame attaches to a frame if it is of the storage key, else nil: a frame
// that goes away meanwhile is as good as none.
func (w *watcher) attachFrame(ctx context.Context, t *Target, key StorageKey) *frame {
	if raw, err := w.frameKey(ctx, t); err != nil || raw != key.Raw {
		return nil
	}
	session, err := w.l.conn.Attach(ctx, target.ID(t.Key.ID))
	if err != nil {
		return nil
	}
	world, err := isolatedWorld(ctx, session, t.Key.ID)
	if err != nil {
		w.detach(session)
		return nil
	}
	return &frame{session: session, world: world, key: key}
}
