package inspector

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Browser is one attached backend: its state as of now, and the means to act on
// it.
//
// Concurrency: every method may be called from any goroutine. The state is a
// fold behind one door ([Browser.fold]): the pump of the present link folds what
// arrives in wire order, anybody folds notes; nobody calls the browser from
// inside. A Browser owns these goroutines, all ended by Close:
//
//   - the supervisor (reconnect.go) holds the link and makes a new one when it
//     is lost;
//   - each [link] has a pump, a manager of contexts and one watcher per context;
//   - each action that was sent has one until its outcome is known.
//
// None of them waits for a caller: states are conflated, the timeline is a
// cursor over a bounded log.
type Browser struct {
	id, name string
	hub      *Hub
	opts     AttachOptions
	log      *slog.Logger
	now      func() time.Time

	ctx  context.Context // ends at Close
	stop context.CancelFunc
	wg   sync.WaitGroup // the supervisor and the actions
	once sync.Once

	mu       sync.Mutex
	state    *State
	timeline changeLog
	changed  chan struct{}
	link     *link  // the present connection, nil while there is none
	still    string // why there will never be one: see Hub.Still
	receipts uint64 // receipt id given out last
	// journal is what was folded so far, for those who tap it; unjournaled is how much
	// more there was.
	journal      []Message
	journalBytes int
	unjournaled  uint64
	taps         []*tap

	store cacheStore
}

// ErrDetached is the end of a browser that was closed.
var ErrDetached = errors.New("inspector: browser detached")

// GoneError says that the browser cannot be reached now.
type GoneError struct{ Reason string }

func (e *GoneError) Error() string { return "inspector: the browser is gone: " + e.Reason }

func newBrowser(h *Hub, id string, o AttachOptions) *Browser {
	ctx, stop := context.WithCancel(context.Background())
	name := cmp.Or(o.Name, o.Endpoint, "browser "+id)
	return &Browser{
		id: id, name: name, hub: h, opts: o, now: h.now,
		log: h.log.With("browser", id),
		ctx: ctx, stop: stop,
		state:   new(State),
		changed: make(chan struct{}),
		store:   newCacheStore(),
	}
}

// ID is a short name for URLs: "1", "2" … in the order of attaching.
func (b *Browser) ID() string { return b.id }

// Name is what the user called the browser, else its endpoint.
func (b *Browser) Name() string { return b.name }

// Endpoint is the endpoint as the user wrote it.
func (b *Browser) Endpoint() string { return b.opts.Endpoint }

// State is everything known as of now. It never changes; ask again after
// [Browser.Changed].
func (b *Browser) State() *State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state
}

// Changed is closed at the next change of the state. It is level-triggered: take
// it, look at the state, then wait for it.
func (b *Browser) Changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

// Changes lists what changed after the message with that sequence number, oldest
// first: a cursor over the newest 10,000 changes. 0 lists all of them.
func (b *Browser) Changes(after uint64) []Change {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.timeline.after(after)
}

// WaitFor returns the first state for which the condition holds. It fails with
// the context's error or [ErrDetached], and then returns the newest state too.
func (b *Browser) WaitFor(ctx context.Context, holds func(*State) bool) (*State, error) {
	for {
		changed := b.Changed()
		s := b.State()
		if holds(s) {
			return s, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return s, ctx.Err()
		case <-b.ctx.Done():
			return s, ErrDetached
		}
	}
}

// Close detaches: the connection ends (and with it everything swinspect holds in
// the browser), and all goroutines of the browser with it.
func (b *Browser) Close() {
	b.once.Do(func() {
		b.mu.Lock()
		b.stop()
		b.mu.Unlock()
		b.wg.Wait()
		b.note("", "", NoteClosed{Reason: "detached"})
		b.hub.forget(b)
	})
}

// Detach is Close.
func (b *Browser) Detach() { b.Close() }

// fold is the door of the state: it applies messages in order and wakes those
// who wait for a change.
func (b *Browser) fold(ms ...Message) *State {
	if len(ms) == 0 {
		return b.State()
	}
	b.mu.Lock()
	s := b.state
	for _, m := range ms {
		var changes []Change
		s, changes = Apply(s, m)
		b.timeline.add(changes)
		b.tapped(m, s)
	}
	b.state = s
	close(b.changed)
	b.changed = make(chan struct{})
	b.mu.Unlock()
	return s
}

// note folds a note.
func (b *Browser) note(instance, browserContext string, n Note) *State {
	return b.fold(NewNote(b.now(), instance, browserContext, n))
}

// spawn runs f on a goroutine that Close waits for; not when it is closed.
func (b *Browser) spawn(f func()) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx.Err() != nil {
		return ErrDetached
	}
	b.wg.Go(f)
	return nil
}

// current is the present link, or a [*GoneError].
func (b *Browser) current() (*link, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.link == nil {
		if b.ctx.Err() != nil {
			return nil, ErrDetached
		}
		return nil, &GoneError{Reason: cmp.Or(b.still, b.state.Connection.Reason, "not connected")}
	}
	return b.link, nil
}

func (b *Browser) setLink(l *link) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.link = l
}

// maxChanges bounds the timeline.
const maxChanges = 10_000

// changeLog is the newest changes, oldest first.
type changeLog struct{ list []Change }

func (l *changeLog) add(changes []Change) {
	l.list = append(l.list, changes...)
	if len(l.list) > maxChanges+maxChanges/4 { // trimmed in steps, not at every change
		l.list = slices.Clone(l.list[len(l.list)-maxChanges:])
	}
}

func (l *changeLog) after(seq uint64) []Change {
	i, _ := slices.BinarySearchFunc(l.list, seq+1, func(c Change, s uint64) int { return cmp.Compare(c.Seq, s) })
	return slices.Clone(l.list[i:])
}
