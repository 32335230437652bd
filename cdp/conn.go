package cdp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/chromedp/cdproto/target"
)

// Conn is the client end of a connection.
//
// Concurrency: every method may be called from any goroutine. A Conn owns two
// goroutines, started by NewConn and gone when Close returns:
//
//   - the reader takes messages from the transport and never blocks on a caller:
//     a reply goes to its waiter's channel, which has room for it, an event into
//     each subscription's bounded queue, and a full queue ends that subscription;
//   - the writer sends what callers queued, in the order they queued it, and
//     blocks on the transport alone, so that a caller's context is obeyed while
//     the peer does not read.
//
// Either one failing ends the connection: every outstanding call, session and
// subscription gets the cause, and Done is closed. All that changes is in one
// [connState] behind one door.
type Conn struct {
	transport Transport
	log       *slog.Logger
	now       func() time.Time
	limit     int // bytes of a message to send

	door door
	out  chan []byte
	done chan struct{}      // closed by shut, after the state was retired
	stop context.CancelFunc // ends the context of the reader and the writer
	wg   sync.WaitGroup     // the reader and the writer
}

// Option changes how a Conn works.
type Option func(*Conn)

// WithLogger sets where the connection logs: wire traffic at debug level. None
// is the default.
func WithLogger(l *slog.Logger) Option { return func(c *Conn) { c.log = l } }

// WithClock sets the clock that stamps events; time.Now is the default.
func WithClock(now func() time.Time) Option { return func(c *Conn) { c.now = now } }

// outDepth is how many commands may wait for the writer before a caller waits.
const outDepth = 64

// NewConn starts a connection over the transport, which it owns from then on.
// Close ends both.
func NewConn(t Transport, opts ...Option) *Conn {
	ctx, stop := context.WithCancel(context.Background())
	c := &Conn{
		transport: t,
		log:       slog.New(slog.DiscardHandler),
		now:       time.Now,
		limit:     MaxMessageSize,
		out:       make(chan []byte, outDepth),
		done:      make(chan struct{}),
		stop:      stop,
	}
	c.door.s = connState{
		calls:    map[int64]*call{},
		sessions: map[string]*Session{},
		subs:     map[string][]*Subscription{},
	}
	for _, opt := range opts {
		opt(c)
	}
	c.wg.Go(func() { c.shut(c.read(ctx)) })
	c.wg.Go(func() { c.shut(c.write(ctx)) })
	return c
}

// Root is the browser session.
func (c *Conn) Root() *Session { return c.Session("") }

// Session is the session of that id, as an attachedToTarget event names it. The
// same id gives the same *Session until it is detached.
func (c *Conn) Session(id string) *Session {
	var s *Session
	c.door.update(func(st *connState) { s = st.session(c, id) })
	return s
}

// Attach opens a flat session on a target (Target.attachToTarget).
func (c *Conn) Attach(ctx context.Context, id target.ID) (*Session, error) {
	var res target.AttachToTargetResult
	flatten := true
	params := target.AttachToTargetParams{TargetID: id, Flatten: &flatten}
	if err := c.Root().Call(ctx, target.AttachToTarget.Method, params, &res); err != nil {
		return nil, err
	}
	return c.Session(string(res.SessionID)), nil
}

// Listen subscribes to events of all sessions, in wire order. No methods means
// every event. The subscription begins before Listen returns. A buffer below 1
// means DefaultBuffer.
func (c *Conn) Listen(buffer int, methods ...string) *Subscription {
	return c.listen(nil, buffer, methods)
}

func (c *Conn) listen(s *Session, buffer int, methods []string) *Subscription {
	if buffer < 1 {
		buffer = DefaultBuffer
	}
	sub := &Subscription{conn: c, session: s, methods: distinct(methods), ch: make(chan Event, buffer)}
	sub.push = func(e Event) bool {
		select {
		case sub.ch <- e:
			return true
		default:
			return false
		}
	}
	sub.finish = func() { close(sub.ch) }
	c.door.update(func(st *connState) { st.subscribe(sub) })
	return sub
}

// Done is closed when the connection has ended, for whatever reason.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err says why the connection ended: nil while it lives, ErrClosed after Close,
// an [*EndError] with the cause otherwise. All of them match ErrClosed.
func (c *Conn) Err() error {
	var err error
	c.door.update(func(st *connState) { err = st.err })
	return err
}

// Close ends the connection and returns when its goroutines are gone. It may be
// called more than once, and after the peer ended it.
func (c *Conn) Close() error {
	c.shut(ErrClosed)
	c.wg.Wait()
	// Whoever shut it closed the transport; closing it once more waits for that.
	if err := c.transport.Close(); err != nil {
		c.log.Debug("closing the transport", "err", err)
	}
	return nil
}

// shut retires everything with the cause; only the first cause counts. The
// transport is closed on the way, which ends the goroutine that did not fail.
func (c *Conn) shut(cause error) {
	first := false
	c.door.update(func(st *connState) {
		first = st.err == nil
		st.retire(cause)
		if first {
			close(c.done)
		}
	})
	if !first {
		return
	}
	c.stop()
	if err := c.transport.Close(); err != nil {
		c.log.Debug("closing the transport", "err", err)
	}
	c.log.Debug("connection ended", "cause", cause)
}

// read is the reader goroutine: it ends with the cause of the end.
func (c *Conn) read(ctx context.Context) error {
	for {
		b, err := c.transport.Read(ctx)
		if err != nil {
			return &EndError{Op: "read", Err: err}
		}
		m, err := DecodeMessage(b)
		if err != nil {
			return &EndError{Op: "decode", Err: err}
		}
		if c.log.Enabled(ctx, slog.LevelDebug) {
			c.log.Debug("received", "session", m.SessionID, "id", m.ID, "method", m.Method, "bytes", len(b))
		}
		c.dispatch(&m)
	}
}

// dispatch gives a message to whom it belongs. It never blocks.
func (c *Conn) dispatch(m *Message) {
	switch {
	case m.Method != "" && m.ID == 0:
		e := Event{Time: c.now(), SessionID: m.SessionID, Method: m.Method, Params: m.Params}
		c.door.update(func(st *connState) {
			if st.err == nil {
				st.publish(e)
				st.track(c, m)
			}
		})
	case m.ID != 0 && m.Method == "":
		c.answer(m)
	case m.Error != nil:
		c.log.Warn("the peer could not read a command", "err", m.Error)
	default:
		c.log.Warn("ignored a message that is neither a reply nor an event", "id", m.ID, "method", m.Method)
	}
}

// answer ends the call a reply belongs to.
func (c *Conn) answer(m *Message) {
	var ended *call
	var failed *CallError
	c.door.update(func(st *connState) { ended, failed = st.answer(m) })
	switch {
	case ended == nil:
		c.log.Debug("reply that nobody waits for", "id", m.ID)
	case failed != nil && ended.reply == nil:
		c.log.Debug("pipelined command failed", "err", failed)
	}
}

// write is the writer goroutine: it ends with the cause of the end.
func (c *Conn) write(ctx context.Context) error {
	for {
		select {
		case b := <-c.out:
			if err := c.transport.Write(ctx, b); err != nil {
				return &EndError{Op: "write", Err: err}
			}
		case <-ctx.Done():
			return ErrClosed
		}
	}
}

// send queues a command. The call is registered before it is queued, so that a
// quick reply finds it.
func (c *Conn) send(ctx context.Context, cl *call, params any) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	var id int64
	var err error
	c.door.update(func(st *connState) { id, err = st.start(cl) })
	if err != nil {
		return 0, err
	}
	b, err := encodeCommand(id, cl.session.id, cl.method, params)
	if err == nil && len(b) > c.limit {
		err = fmt.Errorf("%w: %d bytes to send", ErrTooLarge, len(b))
	}
	if err != nil {
		c.forget(id)
		return 0, err
	}
	select {
	case c.out <- b:
		if c.log.Enabled(ctx, slog.LevelDebug) {
			c.log.Debug("sent", "session", cl.session.id, "id", id, "method", cl.method, "bytes", len(b))
		}
		return id, nil
	case <-ctx.Done():
		c.forget(id)
		return 0, ctx.Err()
	case <-c.done:
		c.forget(id)
		return 0, c.Err()
	}
}

// forget takes back a call; its reply, if one comes, is ignored.
func (c *Conn) forget(id int64) {
	c.door.update(func(st *connState) { delete(st.calls, id) })
}

// roundTrip sends a command and waits for its reply, the end of its session or
// connection, or the end of ctx, whichever is first.
func (c *Conn) roundTrip(ctx context.Context, s *Session, method string, params any) (reply, error) {
	cl := &call{session: s, method: method, reply: make(chan reply, 1)}
	id, err := c.send(ctx, cl, params)
	if err != nil {
		return reply{}, err
	}
	select {
	case r := <-cl.reply:
		return r, r.err
	case <-ctx.Done():
		c.forget(id)
		return reply{}, ctx.Err()
	}
}

// callErr names the command in an error; a CallError names it already.
func callErr(method string, err error) error {
	if _, ok := errors.AsType[*CallError](err); ok {
		return err
	}
	return fmt.Errorf("cdp: %s: %w", method, err)
}

// distinct drops repeated methods, which would deliver an event twice.
func distinct(methods []string) []string {
	seen := make(map[string]bool, len(methods))
	var out []string
	for _, m := range methods {
		if !seen[m] {
			seen[m] = true
			out = append(out, m)
		}
	}
	return out
}
