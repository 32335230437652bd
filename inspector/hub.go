package inspector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/swinspect/swinspect/cdp"
)

// HubOptions are what a [Hub] needs from outside. The zero value logs nowhere
// and uses the machine's clock.
type HubOptions struct {
	Logger *slog.Logger
	Now    func() time.Time // stamps messages; timeouts run on real time
}

// Hub holds the attached browsers.
//
// Concurrency: every method may be called from any goroutine. A Hub starts no
// goroutine of its own; each [Browser] owns its own, which end when it is
// detached. Close returns when none is left.
type Hub struct {
	log *slog.Logger
	now func() time.Time

	mu       sync.Mutex
	browsers []*Browser // in the order attached
	last     int        // id given out last
	changed  chan struct{}
	closed   bool
}

// NewHub returns a hub without browsers.
func NewHub(o HubOptions) *Hub {
	h := &Hub{log: o.Logger, now: o.Now, changed: make(chan struct{})}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	if h.now == nil {
		h.now = time.Now
	}
	return h
}

// AttachOptions say what to attach to.
type AttachOptions struct {
	// Endpoint is what the user wrote: everything [cdp.Resolve] understands. It
	// is resolved anew for every attempt to come back.
	Endpoint string
	// Dial replaces resolving and dialing the endpoint, for a browser on a pipe.
	Dial func(context.Context) (cdp.Transport, cdp.Endpoint, error)
	// Name is what to call the browser; "" is its endpoint.
	Name string
}

// ErrHubClosed is the answer of a hub after Close.
var ErrHubClosed = errors.New("inspector: hub closed")

// Attach connects to a browser and returns when its first inventory is part of
// the state: every context, registration, version and target. ctx bounds that
// first attempt only; it fails with a [*cdp.ResolveError], a
// [*cdp.HandshakeError] or another error of the connection. Later losses are
// repaired by the browser itself until it is detached.
func (h *Hub) Attach(ctx context.Context, o AttachOptions) (*Browser, error) {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil, ErrHubClosed
	}
	h.last++
	id := strconv.Itoa(h.last)
	h.mu.Unlock()

	b := newBrowser(h, id, o)
	if err := b.start(ctx); err != nil {
		b.Close()
		return nil, fmt.Errorf("inspector: attach to %s: %w", b.name, err)
	}
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		b.Close()
		return nil, ErrHubClosed
	}
	h.browsers = append(h.browsers, b)
	h.signal()
	h.mu.Unlock()
	return b, nil
}

// Browsers lists the attached browsers in the order in which they were attached.
func (h *Hub) Browsers() []*Browser {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.browsers)
}

// Browser finds a browser by its id, nil when there is none.
func (h *Hub) Browser(id string) *Browser {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, b := range h.browsers {
		if b.id == id {
			return b
		}
	}
	return nil
}

// Detach closes a browser and forgets it.
func (h *Hub) Detach(id string) error {
	b := h.Browser(id)
	if b == nil {
		return fmt.Errorf("inspector: no browser %q is attached", id)
	}
	b.Close()
	return nil
}

// Changed is closed when a browser is attached or detached. It is
// level-triggered: take it, look, then wait for it.
func (h *Hub) Changed() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.changed
}

// Close detaches every browser and returns when all goroutines have ended.
func (h *Hub) Close() error {
	h.mu.Lock()
	h.closed = true
	browsers := slices.Clone(h.browsers)
	h.mu.Unlock()
	var wg sync.WaitGroup
	for _, b := range browsers {
		wg.Go(b.Close)
	}
	wg.Wait()
	return nil
}

// forget takes a browser off the list.
func (h *Hub) forget(b *Browser) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.browsers = slices.DeleteFunc(slices.Clone(h.browsers), func(o *Browser) bool { return o == b })
	h.signal()
}

// signal wakes everybody who waits for a change. The caller holds the lock.
func (h *Hub) signal() {
	close(h.changed)
	h.changed = make(chan struct{})
}
