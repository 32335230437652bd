package inspector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/chromedp/cdproto/browser"
	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/serviceworker"
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
	hidden := async(l, func() (hiddenTarget, error) { h := l.createTarget(ctx, ""); return h, nil })
	discover := async(l, func() (cdproto.Empty, error) {
		return cdproto.Call(ctx, root, target.SetDiscoverTargets, target.SetDiscoverTargetsParams{Discover: true})
	})
	contexts := async(l, func() (target.GetBrowserContextsResult, error) {
		return cdproto.Call(ctx, root, target.GetBrowserContexts, cdproto.Empty{})
	})
	version, err := cdproto.Call(ctx, root, browser.GetVersion, cdproto.Empty{})
	if err != nil {
		return err
	}
	l.product = version.Product
	l.b.note(l.instance, "", NoteAttached{
		Endpoint: l.b.opts.Endpoint, Product: version.Product, UserAgent: version.UserAgent,
	})
	l.b.store.forgetTracking()
	l.wg.Go(l.pump)
	l.b.setLink(l)
	known := <-contexts
	if known.err != nil {
		return known.err
	}
	if d := <-discover; d.err != nil {
		return d.err
	}
	if err := l.barrier(ctx); err != nil { // the targets that were announced are folded
		return err
	}
	list := l.listContexts(known.value)
	first := (<-hidden).value
	if first.id != "" {
		l.note("", NoteOwnTarget{TargetID: first.id})
	}
	if list, err = l.withDefault(ctx, list, first); err != nil {
		return err
	}
	if err := l.watchAll(ctx, list, first); err != nil {
		return err
	}
	l.wg.Go(l.manage)
	return nil
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

// batch bounds how many messages the pump folds before others see a state.
const batch = 256

// pump is the goroutine that folds what arrives. When it cannot keep up the
// subscription overflows, which ends the link: a gap must not go unnoticed.
func (l *link) pump() {
	for open := true; open; {
		select {
		case e, ok := <-l.sub.C():
			if open = ok; ok {
				open = l.drain([]cdp.Event{e})
			}
		case done := <-l.barriers:
			open = l.drain(nil)
			close(done)
		}
	}
	if err := l.sub.Err(); errors.Is(err, cdp.ErrOverflow) && l.ctx.Err() == nil {
		l.end(fmt.Errorf("events came faster than they could be read: %w", err))
		_ = l.conn.Close() // the supervisor connects again and takes a new inventory
	}
}

// drain folds events and all that wait behind them, a batch at a time. It
// reports whether more can come.
func (l *link) drain(events []cdp.Event) (more bool) {
	for {
		select {
		case e, ok := <-l.sub.C():
			if !ok {
				l.take(events)
				return false
			}
			if events = append(events, e); len(events) == batch {
				l.take(events)
				events = nil
			}
		default:
			l.take(events)
			return true
		}
	}
}

// barrier returns when every event that came before now is folded: a reply does
// not wait for the events before it.
func (l *link) barrier(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case l.barriers <- done:
	case <-ctx.Done():
		return ctx.Err()
	case <-l.conn.Done():
		return l.conn.Err()
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// take folds events and tells those who act on them.
func (l *link) take(events []cdp.Event) {
	if len(events) == 0 {
		return
	}
	messages := make([]Message, 0, len(events))
	places := make([]*place, len(events))
	for i, e := range events {
		if e.SessionID != "" {
			if places[i] = l.place(e.SessionID); places[i] == nil {
				continue
			}
		}
		if m, ok := l.message(e, places[i]); ok {
			messages = append(messages, m)
		}
	}
	s := l.b.fold(messages...)
	for i, e := range events {
		if e.SessionID == "" || places[i] != nil {
			l.react(e, places[i], s)
		}
	}
}

// message is what to fold of an event: the two events of a snapshot become one
// note at the place of the second.
func (l *link) message(e cdp.Event, p *place) (Message, bool) {
	m := Message{Time: e.Time, Kind: KindEvent, Instance: l.instance, Method: e.Method, Params: e.Params}
	if p == nil {
		return m, true
	}
	m.Context, m.Target = p.context, p.target
	if p.snapshot == nil {
		return m, !p.quiet
	}
	if p.snapshot.folded {
		return m, false
	}
	switch e.Method {
	case serviceworker.WorkerRegistrationUpdated.Method:
		p.snapshot.note.Registrations = e.Params
	case serviceworker.WorkerVersionUpdated.Method:
		p.snapshot.note.Versions = e.Params
	}
	if p.snapshot.note.Registrations == nil || p.snapshot.note.Versions == nil {
		return m, false
	}
	p.snapshot.folded = true
	return NewNote(e.Time, l.instance, p.context, p.snapshot.note), true
}

// react wakes whoever has something to do because of an event that was folded.
// It runs on the pump and must not block.
func (l *link) react(e cdp.Event, p *place, s *State) {
	if p != nil && p.snapshot != nil {
		if p.snapshot.folded {
			select {
			case <-p.snapshot.done:
			default:
				close(p.snapshot.done)
			}
		}
		return
	}
	if p != nil && p.on != nil {
		p.on(e)
	}
	switch e.Method {
	case serviceworker.WorkerVersionUpdated.Method:
		if p != nil && p.watcher != nil {
			p.watcher.versionsFolded()
		}
	case target.TargetCreated.Method, target.TargetInfoChanged.Method, target.TargetDestroyed.Method:
		if p == nil {
			l.reactTarget(e, s)
		}
	}
}

// targetEvent is the part of Target.targetCreated, targetInfoChanged and
// targetDestroyed that the watchers act on.
type targetEvent struct {
	TargetID   string `json:"targetId"`
	TargetInfo struct {
		TargetID         string `json:"targetId"`
		Type             string `json:"type"`
		URL              string `json:"url"`
		BrowserContextID string `json:"browserContextId"`
	} `json:"targetInfo"`
}

func (l *link) reactTarget(e cdp.Event, s *State) {
	t, ok := decode[targetEvent](e.Params)
	if !ok {
		return
	}
	if e.Method == target.TargetDestroyed.Method {
		l.mu.Lock()
		others := len(l.watchers) > 1
		for _, w := range l.watchers {
			w.targetGone(t.TargetID)
		}
		l.mu.Unlock()
		if others {
			kick(l.kickContexts)
		}
		return
	}
	i := t.TargetInfo
	w := l.watcher(i.BrowserContextID)
	if w == nil {
		if i.BrowserContextID != "" {
			kick(l.kickContexts)
		}
		return
	}
	w.targetSeen(i.TargetID, i.Type, i.URL, s)
}

// kick wakes the reader of a channel with room for one.
func kick(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
