package devtools

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/runtime/window"
)

// connection is one client. Its fields but out are guarded by Server.mu.
type connection struct {
	server   *Server
	out      *outbox
	sessions map[string]*session
	contexts map[string]*window.Context // to dispose of when the client goes
	hidden   map[string]*subject        // hidden targets end with who made them
	commands atomic.Int64               // handled so far
}

func newConnection(s *Server, end context.CancelFunc) *connection {
	return &connection{
		server: s, out: newOutbox(end), sessions: map[string]*session{},
		contexts: map[string]*window.Context{}, hidden: map[string]*subject{},
	}
}

// maxOutbox is how many events may wait for a client that does not read.
const maxOutbox = 200_000

// outbox sends a connection's events in the order they were put in. put never
// blocks; run, its goroutine, is started by whoever serves the connection.
type outbox struct {
	end context.CancelFunc // ends the connection of a client that is too slow

	mu        sync.Mutex
	queue     []outgoing
	put, sent uint64
	filled    chan struct{} // room for one
	progress  chan struct{} // closed and replaced whenever sent grows
	over      bool
}

// outgoing is an event, without a method the end of a session (what was put in for it
// before is sent), or something to wait for.
type outgoing struct {
	to     *cdp.ServerSession
	method string
	params any
	wait   <-chan struct{}
}

// maxWait is how long events wait for a reply.
const maxWait = 2 * time.Second

func (e outgoing) send(ctx context.Context) {
	switch {
	case e.wait != nil:
		timer := time.NewTimer(maxWait)
		defer timer.Stop()
		select {
		case <-e.wait:
		case <-timer.C:
		case <-ctx.Done():
		}
	case e.to == nil:
	case e.method == "":
		e.to.Close()
	default:
		_ = e.to.Emit(e.method, encoded{e.params}) // a session that ended hears nothing more
	}
}

func newOutbox(end context.CancelFunc) *outbox {
	return &outbox{end: end, filled: make(chan struct{}, 1), progress: make(chan struct{})}
}

func (o *outbox) add(e outgoing) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over {
		return
	}
	if len(o.queue) >= maxOutbox {
		o.over = true
		o.end()
		return
	}
	o.queue = append(o.queue, e)
	o.put++
	select {
	case o.filled <- struct{}{}:
	default:
	}
}

func (o *outbox) run(ctx context.Context) {
	defer o.finish()
	for {
		select {
		case <-o.filled:
		case <-ctx.Done():
			return
		}
		for {
			batch := o.take()
			if len(batch) == 0 {
				break
			}
			for _, e := range batch {
				if ctx.Err() != nil {
					return
				}
				e.send(ctx)
			}
			o.done(len(batch))
		}
	}
}

func (o *outbox) take() []outgoing {
	o.mu.Lock()
	defer o.mu.Unlock()
	batch := o.queue
	if len(batch) > 64 {
		batch = batch[:64:64]
	}
	o.queue = o.queue[len(batch):]
	if len(o.queue) == 0 {
		o.queue = nil
	}
	return batch
}

func (o *outbox) done(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent += uint64(n)
	close(o.progress)
	o.progress = make(chan struct{})
}

// finish lets everyone go who waits in flush.
func (o *outbox) finish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = true
	o.queue = nil
	o.sent = o.put
	close(o.progress)
	o.progress = make(chan struct{})
}

// flush waits until what was put in so far has been sent.
func (o *outbox) flush(ctx context.Context) {
	o.mu.Lock()
	want := o.put
	for o.sent < want && !o.over {
		progress := o.progress
		o.mu.Unlock()
		select {
		case <-progress:
		case <-ctx.Done():
			return
		}
		o.mu.Lock()
	}
	o.mu.Unlock()
}
