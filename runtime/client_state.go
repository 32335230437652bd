package runtime

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// NewClient adds a client. It does not block, nor do the client's own methods.
func (e *Engine) NewClient(o ClientOptions) *Client {
	e.mu.Lock()
	defer e.mu.Unlock()
	if o.ID == "" {
		o.ID = e.newUUID()
	}
	if o.FrameType == "" {
		o.FrameType = "none"
		if o.Type == ClientWindow {
			o.FrameType = "top-level"
		}
	}
	e.clientSeq++
	c := &Client{
		engine: e, id: o.ID, typ: o.Type, origin: o.Origin, storageKey: o.StorageKey, seq: e.clientSeq,
		window: o.Window, fetchAs: o.FetchClient, gone: make(chan struct{}), ready: make(chan struct{}),
		env: o.Environment, frameType: o.FrameType, secure: o.Secure, ancestors: o.Ancestors, visibility: "visible",
	}
	c.url.Store(o.URL)
	e.clients[c.id] = c
	p := e.partition(c.storageKey)
	p.clients = append(p.clients, c)
	if o.Controller != nil && !o.Controller.registration.cleared {
		e.use(c, o.Controller)
	}
	e.clientChanged(c)
	return c
}

// ClientByID is nil for a client that is not there (any more).
func (e *Engine) ClientByID(id string) *Client {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.clients[id]
}

// SetFetchClient tells as whom the client fetches (ClientOptions.FetchClient).
func (c *Client) SetFetchClient(as func() fetch.Client) {
	c.engine.mu.Lock()
	defer c.engine.mu.Unlock()
	c.fetchAs = as
}

// SetEnvironment gives a reserved client its environment settings object.
func (c *Client) SetEnvironment(env Environment) {
	c.change(func() {
		c.env = env
		if env == nil {
			return
		}
		for _, m := range c.messages {
			env.PostMessage(m)
		}
		c.messages = nil
	})
}

// ExecutionReady sets the execution ready flag.
func (c *Client) ExecutionReady() {
	c.change(func() {
		if !c.executionReady && !c.discarded {
			c.executionReady = true
			close(c.ready)
		}
	})
}

// SetURL sets the creation URL (a redirected navigation, history.pushState).
func (c *Client) SetURL(u *fetch.URL) { c.change(func() { c.url.Store(u) }) }

// SetController sets the active service worker without events: nil for none.
func (c *Client) SetController(w *Worker) {
	e := c.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	if c.discarded || c.Controller() == w {
		return
	}
	e.handleClientUnload(c)
	if w != nil {
		e.use(c, w)
	}
	e.clientChanged(c)
}

// SetVisibility sets the visibility state: "visible" or "hidden".
func (c *Client) SetVisibility(state string) { c.change(func() { c.visibility = state }) }

// SetFocus says whether the client's document has focus.
func (c *Client) SetFocus(focused bool) {
	c.change(func() {
		if focused {
			c.engine.focusSeq++
			c.focusSeq = c.engine.focusSeq
		}
		c.focused = focused
	})
}

// SetFrameType sets the frame type and the ancestors' origins, innermost first.
func (c *Client) SetFrameType(frameType string, ancestors []string) {
	c.change(func() { c.frameType, c.ancestors = frameType, ancestors })
}

func (c *Client) change(f func()) {
	e := c.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	f()
	if !c.discarded {
		e.clientChanged(c)
	}
}

// Discard is Handle Service Worker Client Unload and the environment discarding steps.
func (c *Client) Discard() {
	e := c.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	if c.discarded {
		return
	}
	e.handleClientUnload(c)
	c.discarded = true
	c.env, c.messages = nil, nil
	close(c.gone)
	delete(e.clients, c.id)
	p := e.partition(c.storageKey)
	p.clients = slices.DeleteFunc(p.clients, func(o *Client) bool { return o == c })
	e.clientChanged(c)
}

// use makes w the client's active service worker.
func (e *Engine) use(c *Client, w *Worker) {
	if old := c.Controller(); old != nil {
		delete(old.registration.users, c)
	}
	c.controller.Store(w)
	w.registration.users[c] = struct{}{}
	e.workerChanged(w)
}

// handleClientUnload is Handle Service Worker Client Unload.
func (e *Engine) handleClientUnload(c *Client) {
	// Handle Service Worker Client Unload 2 and 3
	w := c.Controller()
	if w == nil {
		return
	}
	r := w.registration
	delete(r.users, c)
	c.controller.Store(nil)
	e.workerChanged(w)
	parent := e.trace(traceEvent{algorithm: "Handle Service Worker Client Unload", step: "2", client: c, decision: "a client stops using the registration", verdict: "unload", details: map[string]string{"scope": r.scopeKey}})
	// Handle Service Worker Client Unload 4
	if len(r.users) > 0 {
		return
	}
	// Handle Service Worker Client Unload 5
	if e.unregistered(r) && !r.cleared {
		e.tryClearRegistration(r, parent)
	}
	// Handle Service Worker Client Unload 6
	e.tryActivate(r, parent)
}

// newID is a number for a registration or a worker.
func (e *Engine) newID() string {
	e.lastID++
	return strconv.FormatUint(e.lastID-1, 10)
}

// newUUID is a random UUID (version 4).
func (e *Engine) newUUID() string {
	var b [16]byte
	if _, err := io.ReadFull(e.rand, b[:]); err != nil {
		// A source of ids that has run dry must not give the same one twice.
		e.clientSeq++
		return fmt.Sprintf("00000000-0000-4000-8000-%012x", e.clientSeq)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
