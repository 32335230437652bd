package runtime

import (
	"cmp"
	"context"
	"slices"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// View is a client as a service worker sees it: the source of a message. It does not block.
func (c *Client) View() ClientView {
	e := c.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	return c.view()
}

func (c *Client) view() ClientView {
	if c.typ == ClientWindow {
		return createWindowClient(c, getFrameType(c), c.visibility, c.focused, c.ancestors)
	}
	return createClient(c)
}

// createClient is Create Client.
func createClient(c *Client) ClientView {
	// Create Client 1 to 3
	return ClientView{Client: c, ID: c.id, URL: c.URL().String(), Type: c.typ, FrameType: "none"}
}

// createWindowClient is Create Window Client.
func createWindowClient(c *Client, frameType, visibility string, focused bool, ancestors []string) ClientView {
	// Create Window Client 1 to 7
	v := createClient(c)
	v.FrameType, v.VisibilityState, v.Focused, v.AncestorOrigins = frameType, visibility, focused, slices.Clone(ancestors)
	return v
}

// getFrameType is Get Frame Type: the window told when it made the client.
func getFrameType(c *Client) string {
	// Get Frame Type 1 to 3
	return c.frameType
}

// Claim is Clients.claim(): the error is a *Exception. It does not block.
func (e *Engine) Claim(w *Worker) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := w.registration
	// Clients.claim() 1
	if r.active != w {
		return invalidState("Only the active worker can claim clients.")
	}
	// Clients.claim() 3
	p := e.partitions[r.storageKey]
	if p == nil {
		return nil
	}
	parent := e.trace(traceEvent{algorithm: "Clients.claim()", worker: w, decision: "the worker claims the clients in its scope", verdict: "claim"})
	for _, c := range slices.Clone(p.clients) {
		// Clients.claim() 3.1.1 and 3.1.2
		if !c.executionReady || c.discarded || !c.secure {
			continue
		}
		// Clients.claim() 3.1.3 to 3.1.5
		if e.matchRegistration(r.storageKey, c.URL()) != r || c.Controller() == w {
			continue
		}
		e.trace(traceEvent{algorithm: "Clients.claim()", step: "3.1.6", client: c, parent: parent, decision: "the client is controlled from now on", verdict: "claimed"})
		// Clients.claim() 3.1.6
		e.handleClientUnload(c)
		e.use(c, w)
		e.notifyControllerChange(c)
	}
	return nil
}

// MatchClients is Clients.matchAll(), in its order. It does not block.
func (e *Engine) MatchClients(w *Worker, o MatchOptions) []ClientView {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.partitions[w.registration.storageKey]
	if p == nil {
		return nil
	}
	var windows, workers []*Client
	for _, c := range p.clients {
		// Clients.matchAll() 2.2
		if !c.executionReady || c.discarded || !c.secure || !o.IncludeUncontrolled && c.Controller() != w {
			continue
		}
		// Clients.matchAll() 2.5
		switch {
		case c.typ == ClientWindow && (o.Type == "window" || o.Type == "" || o.Type == "all"):
			windows = append(windows, c)
		case c.typ != ClientWindow && (o.Type == string(c.typ) || o.Type == "all"):
			workers = append(workers, c)
		}
	}
	// Clients.matchAll() 2.6.4: last focused first, the others by age, windows before workers.
	slices.SortStableFunc(windows, func(a, b *Client) int { return cmp.Compare(b.focusSeq, a.focusSeq) })
	views := make([]ClientView, 0, len(windows)+len(workers))
	for _, c := range append(windows, workers...) {
		views = append(views, c.view())
	}
	return views
}

// GetClient is Clients.get(); nil for none. The error is a *Exception. It blocks
// while the client is being made.
func (e *Engine) GetClient(ctx context.Context, w *Worker, id string) (*ClientView, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	// Clients.get() 2.1 and 2.1.1
	c := e.clients[id]
	if c == nil || c.storageKey != w.registration.storageKey {
		return nil, nil
	}
	// Clients.get() 2.1.2
	if !c.executionReady {
		var err error
		e.await(func() {
			select {
			case <-c.ready:
			case <-c.gone:
			case <-ctx.Done():
				err = context.Cause(ctx)
			case <-e.ctx.Done():
				err = ErrClosed
			}
		})
		if err != nil {
			return nil, err
		}
	}
	// Clients.get() 2.1.3 and 2.2
	if !c.executionReady {
		return nil, nil
	}
	return e.resolveGetClientPromise(c)
}

// ClientNow is GetClient without the wait; ok is false while the client is being
// made. What several calls give comes in the order of the calls.
func (e *Engine) ClientNow(w *Worker, id string) (v *ClientView, ok bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.clients[id]
	if c == nil || c.storageKey != w.registration.storageKey {
		return nil, true, nil
	}
	if !c.executionReady {
		return nil, false, nil
	}
	v, err = e.resolveGetClientPromise(c)
	return v, true, err
}

// resolveGetClientPromise is Resolve Get Client Promise.
func (e *Engine) resolveGetClientPromise(c *Client) (*ClientView, error) {
	// Resolve Get Client Promise 1 and 2
	if !c.secure {
		return nil, securityError("The client is not in a secure context.")
	}
	// Resolve Get Client Promise 3 and 4
	if c.discarded {
		return nil, nil
	}
	v := c.view()
	return &v, nil
}

// mayInteract reports whether the worker may open or focus a window: the user just
// clicked a notification of its, or is active on a page of its origin.
func (e *Engine) mayInteract(w *Worker) bool {
	if w.interactions > 0 {
		return true
	}
	var windows []WindowControl
	if p := e.partitions[w.registration.storageKey]; p != nil {
		for _, c := range p.clients {
			if c.window != nil {
				windows = append(windows, c.window)
			}
		}
	}
	activated := false
	e.await(func() {
		activated = slices.ContainsFunc(windows, func(c WindowControl) bool { return c.Activated() })
	})
	return activated
}

var errNoInteraction = &Exception{Name: "InvalidAccessError", Message: "Not allowed to open or focus a window without user interaction."}

// OpenWindow is Clients.openWindow(); nil for a window of another origin. The error
// is a *Exception. It blocks.
func (e *Engine) OpenWindow(ctx context.Context, w *Worker, u *fetch.URL) (*ClientView, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	// Clients.openWindow() 3
	if u.String() == "about:blank" {
		return nil, typeError("Failed to execute 'openWindow' on 'Clients': '%s' cannot be opened.", u)
	}
	// Clients.openWindow() 4
	if !e.mayInteract(w) {
		return nil, errNoInteraction
	}
	// Clients.openWindow() 7.1 and 7.2
	var c *Client
	var err error
	e.await(func() { c, err = e.agents.OpenWindow(ctx, w, u) })
	if err != nil {
		return nil, err
	}
	// Clients.openWindow() 7.2.7
	if c == nil || c.storageKey != w.registration.storageKey {
		return nil, nil
	}
	v := c.view()
	return &v, nil
}

// FocusClient is WindowClient.focus(). The error is a *Exception. It blocks.
func (e *Engine) FocusClient(ctx context.Context, w *Worker, c *Client) (*ClientView, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	// WindowClient.focus() 1
	if !e.mayInteract(w) {
		return nil, errNoInteraction
	}
	if c.discarded || c.window == nil {
		return nil, typeError("Failed to execute 'focus' on 'WindowClient': the client is gone.")
	}
	// WindowClient.focus() 4
	var err error
	e.await(func() { err = c.window.Focus(ctx) })
	if err != nil {
		return nil, err
	}
	v := c.view()
	return &v, nil
}

// NavigateClient is WindowClient.navigate(); nil for a document of another origin.
// The error is a *Exception. It blocks.
func (e *Engine) NavigateClient(ctx context.Context, w *Worker, c *Client, u *fetch.URL) (*ClientView, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	// WindowClient.navigate() 2
	if u.String() == "about:blank" {
		return nil, typeError("Failed to execute 'navigate' on 'WindowClient': '%s' cannot be navigated to.", u)
	}
	// WindowClient.navigate() 4
	if c.Controller() != w {
		return nil, typeError("Failed to execute 'navigate' on 'WindowClient': This service worker is not the client's active service worker.")
	}
	if c.discarded || c.window == nil {
		return nil, typeError("Failed to execute 'navigate' on 'WindowClient': the client is gone.")
	}
	// WindowClient.navigate() 7
	var next *Client
	var err error
	e.await(func() { next, err = c.window.Navigate(ctx, w, u) })
	if err != nil {
		return nil, err
	}
	if next == nil || next.storageKey != w.registration.storageKey {
		return nil, nil
	}
	v := next.view()
	return &v, nil
}
