package inspector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/chromedp/cdproto/browser"
	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
)

// queue is the room of a link's subscription: events the pump may be behind.
// (10,000 cache puts are as many events.)
const queue = 32 << 10

// link is one connection to a browser and all that swinspect has there.
//
// Goroutines, all started by open and waited for by close: the pump folds the
// events of all sessions in wire order and never calls the browser; the manager
// keeps one [watcher] per browser context; each watcher has its own. They block
// on the browser and on ctx only.
type link struct {
	b        *Browser
	conn     *cdp.Conn
	instance string
	product  string
	// defaultContext is the id of the default browser context. open sets it, then
	// the manager, after it.
	defaultContext string
	noHidden       atomic.Bool // the browser knows no hidden targets
	sub            *cdp.Subscription

	ctx  context.Context // ends with the link; its cause says why
	end  context.CancelCauseFunc
	wg   sync.WaitGroup
	once sync.Once

	kickContexts chan struct{}      // the list of contexts may have changed
	barriers     chan chan struct{} // see barrier

	mu       sync.Mutex
	places   map[string]*place   // by session id
	watchers map[string]*watcher // by browser context id
	listed   []NoteContext       // as last noted
}

// place says what the events of a session are about.
type place struct {
	context, target string
	watcher         *watcher        // set for a watcher's main session
	snapshot        *snapshot       // set for a session that fetches a snapshot
	on              func(cdp.Event) // told of every event, on the pump: must not block
	quiet           bool            // its events are not folded
}

// snapshot collects the two events that follow a ServiceWorker.enable.
type snapshot struct {
	note   NoteSnapshot
	folded bool
	done   chan struct{} // closed when it was folded
}

// connect makes a link whose first inventory is part of the state.
func (b *Browser) connect(ctx context.Context) (*link, error) {
	transport, ep, err := b.dial(ctx)
	if err != nil {
		return nil, err
	}
	linkCtx, end := context.WithCancelCause(b.ctx)
	l := &link{
		b: b, ctx: linkCtx, end: end,
		conn:         cdp.NewConn(transport, cdp.WithLogger(b.log), cdp.WithClock(b.now)),
		kickContexts: make(chan struct{}, 1),
		places:       map[string]*place{},
		watchers:     map[string]*watcher{},
		barriers:     make(chan chan struct{}),
	}
	l.instance = cmp.Or(ep.Instance, fmt.Sprintf("link-%d", b.now().UnixNano()))
	l.sub = l.conn.Listen(queue)
	if err := l.open(ctx); err != nil {
		if l.conn.Err() != nil {
			err = errors.Join(err, l.conn.Err())
		}
		l.close()
		return nil, err
	}
	return l, nil
}

// open takes the first inventory: who the browser is, which contexts and targets
// it has, and of each context the service workers. What can be asked at once is;
// events wait in the subscription until the pump begins.
func (l *link) open(ctx context.Context) error {
	root := l.conn.Root()
	// Creating the hidden target takes the browser longest.
	hidden := async(l, func() (hiddenTarget, error) { return l.createTarget(ctx, ""), nil })
	contexts := async(l, func() (target.GetBrowserContextsResult, error) {
		return cdproto.Call(ctx, root, target.GetBrowserContexts, cdproto.Empty{})
	})
	discover := async(l, func() (cdproto.Empty, error) {
		return cdproto.Call(ctx, root, target.SetDiscoverTargets, target.SetDiscoverTargetsParams{Discover: true})
	})
	version, err := cdproto.Call(ctx, root, browser.GetVersion, cdproto.Empty{})
	if err != nil {
		return err
	}
	l.product = version.Product
	l.b.note(l.instance, "", NoteAttached{
		Endpoint: l.b.opts.Endpoint, Product: version.Product, UserAgent: version.UserAgent, Listing: true,
	})
	l.b.store.forgetTracking()
	known := <-contexts
	if known.err != nil {
		return known.err
	}
	early := l.watchEarly(ctx, known.value, hidden)
	l.wg.Go(l.pump)
	l.b.setLink(l)
	if d := <-discover; d.err != nil {
		return d.err
	}
	if err := l.barrier(ctx); err != nil { // the targets that were announced are folded
		return err
	}
	l.note("", NoteListed{})
	first := (<-early).value
	list, err := l.withDefault(ctx, l.listContexts(known.value), first)
	if err != nil {
		return err
	}
	if err := l.watchAll(ctx, list, first); err != nil {
		return err
	}
	l.wg.Go(l.manage)
	return nil
}

// watchEarly begins to watch the default context as soon as its hidden target is
// there, while the browser still lists its targets. It hands on the hidden target
// where that cannot be: the default context is not told, the browser is one that
// was known before (whose other contexts must not seem gone meanwhile), or there
// is no hidden target and a page must be looked for.
func (l *link) watchEarly(ctx context.Context, known target.GetBrowserContextsResult, hidden <-chan outcome[hiddenTarget]) <-chan outcome[hiddenTarget] {
	list := l.listContexts(known)
	fresh := !slices.ContainsFunc(l.b.State().Contexts, func(c *Context) bool { return c.Instance == l.instance })
	var w *watcher
	if fresh && l.defaultContext != "" {
		l.noteContexts(list)
		w = l.addWatcher(NoteContext{ID: l.defaultContext, Default: true})
	}
	return async(l, func() (hiddenTarget, error) {
		h := (<-hidden).value
		if h.id != "" {
			l.note("", NoteOwnTarget{TargetID: h.id})
		}
		if w == nil || h.err != nil {
			return h, nil
		}
		w.open(ctx, h)
		return hiddenTarget{}, nil
	})
}

// outcome is what a goroutine of open came back with.
type outcome[T any] struct {
	value T
	err   error
}

// async runs f on a goroutine of the link. The channel has room for its outcome.
func async[T any](l *link, f func() (T, error)) <-chan outcome[T] {
	c := make(chan outcome[T], 1)
	l.wg.Go(func() {
		v, err := f()
		c <- outcome[T]{v, err}
	})
	return c
}

// close ends the link and waits for its goroutines.
func (l *link) close() {
	l.once.Do(func() {
		l.end(nil)
		if err := l.conn.Close(); err != nil {
			l.b.log.Debug("closing the connection", "err", err)
		}
	})
	l.wg.Wait()
}

// setPlace says what a session is about, before its events arrive.
func (l *link) setPlace(session string, p *place) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p == nil {
		delete(l.places, session)
		return
	}
	l.places[session] = p
}

func (l *link) place(session string) *place {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.places[session]
}

// watcher is the watcher of a browser context, nil when there is none.
func (l *link) watcher(browserContext string) *watcher {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.watchers[browserContext]
}

// note folds a note about this link's instance.
func (l *link) note(browserContext string, n Note) *State {
	return l.b.note(l.instance, browserContext, n)
}
