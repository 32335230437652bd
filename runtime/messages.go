package runtime

import (
	"errors"
	"sync"
)

// pendingMessage is a message on its way to a worker.
type pendingMessage struct{ message Message }

// maxMessages is how many messages may wait for a worker to start; a page that
// floods one that never does is not to fill the memory.
const maxMessages = 10_000

// PostToWorker is ServiceWorker.postMessage() after serialisation: Source is set by
// the engine. It does not block; messages of one worker keep their order.
func (e *Engine) PostToWorker(from Party, w *Worker, m Message) {
	e.mu.Lock()
	defer e.mu.Unlock()
	m.Source = from
	if len(w.messages) >= maxMessages || w.State() == StateRedundant && w.run == nil || e.closed {
		e.trace(traceEvent{algorithm: "ServiceWorker.postMessage()", worker: w, decision: "the message was dropped: the worker cannot get it", verdict: "dropped"})
		return
	}
	w.messages = append(w.messages, &pendingMessage{m})
	e.deliver(w)
}

// deliver hands a worker its messages, one after the other, in a goroutine of its
// own while there are any.
func (e *Engine) deliver(w *Worker) {
	if w.delivering || len(w.messages) == 0 || e.closed {
		return
	}
	w.delivering = true
	e.inParallel(func() {
		defer func() {
			w.delivering = false
			e.noPendingEvents(w.registration, 0)
		}()
		for len(w.messages) > 0 && !e.closed {
			m := w.messages[0]
			// ServiceWorker.postMessage() 6.1 and 6.2. The event is dispatched even when
			// nothing listened at first, for a listener may have come since.
			if _, err := e.runServiceWorker(e.ctx, w, "message", 0, false); err != nil {
				if errors.Is(err, errRedundant) || errors.Is(err, ErrClosed) {
					w.messages = nil
				} else if len(w.messages) > 0 {
					w.messages = w.messages[1:]
				}
				continue
			}
			if len(w.messages) == 0 || w.messages[0] != m {
				continue
			}
			w.messages, w.handing = w.messages[1:], true
			e.dispatchMessage(w, m)
			w.handing = false
		}
	})
}

// dispatchMessage is ServiceWorker.postMessage() 6.2: it waits until the event's
// task is queued, not until the event is over.
func (e *Engine) dispatchMessage(w *Worker, m *pendingMessage) {
	queued, over := make(chan struct{}), make(chan struct{})
	ev := Event{Type: "message", Message: &m.message, Queued: sync.OnceFunc(func() { close(queued) })}
	e.inParallel(func() {
		defer close(over)
		e.dispatch(e.ctx, w, ev, 0)
	})
	e.await(func() {
		select {
		case <-queued:
		case <-over:
		}
	})
}

// PostToClient is Client.postMessage() after serialisation. It does not block.
func (e *Engine) PostToClient(from *Worker, c *Client, m Message) {
	e.mu.Lock()
	defer e.mu.Unlock()
	m.Source = from
	switch {
	case c.discarded:
	case c.env != nil:
		c.env.PostMessage(m)
	case len(c.messages) < maxMessages:
		// Client.postMessage() 4.2: the document is still on its way.
		c.messages = append(c.messages, m)
	}
}
