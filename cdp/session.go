package cdp

import (
	"context"
	"errors"
	"fmt"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/target"
)

// Session is one flat session of a connection: the browser's own (id "") or that
// of a target. It is a cdproto Session, for cdproto.Call and cdproto.Events.
//
// Concurrency: every method may be called from any goroutine. Commands reach the
// peer in the order in which one goroutine issues them. A Session starts no
// goroutine.
type Session struct {
	conn   *Conn
	id     string
	parent string // session it was attached through; guarded by the door
	gone   error  // why it ended; nil while it lives; guarded by the door
}

var _ cdproto.Session = (*Session)(nil)

// ID is the session id, "" for the browser session.
func (s *Session) ID() string { return s.id }

// Conn is the connection the session belongs to.
func (s *Session) Conn() *Conn { return s.conn }

// Call sends a command and decodes its result into result, which may be nil. An
// error reply is a [*CallError]; other errors match ErrSessionGone, ErrClosed,
// ErrTooLarge or the context's error. After a context ends, the command may
// still take effect: its reply is ignored.
//
// A nil params sends the command without parameters.
func (s *Session) Call(ctx context.Context, method string, params, result any) error {
	r, err := s.conn.roundTrip(ctx, s, method, params)
	if err != nil {
		return callErr(method, err)
	}
	if result == nil || len(r.result) == 0 {
		return nil
	}
	if err := Decode(r.result, result); err != nil {
		return fmt.Errorf("cdp: %s: decoding the result: %w", method, err)
	}
	return nil
}

// Go sends a command and does not wait for the reply: pipelining, for a target
// that answers nothing until it is resumed. An error reply is logged at debug
// level. The error says that the command could not be sent.
func (s *Session) Go(method string, params any) error {
	cl := &call{session: s, method: method}
	if _, err := s.conn.send(context.Background(), cl, params); err != nil {
		return callErr(method, err)
	}
	return nil
}

// Listen subscribes to events of this session; see [Conn.Listen].
func (s *Session) Listen(buffer int, methods ...string) *Subscription {
	return s.conn.listen(s, buffer, methods)
}

// subscribeBuffer is the room of a subscription made through the cdproto
// interface, which has no way to say how much, nor that it overflowed.
const subscribeBuffer = 4096

// Subscribe implements the cdproto Session: the payloads of one event, and a
// func that stops them. It closes the channel when the session ends or when the
// reader is 4096 events behind; prefer [Session.Listen], which says which.
func (s *Session) Subscribe(method string) (events <-chan jsonv2.Value, cancel func()) {
	out := make(chan jsonv2.Value, subscribeBuffer)
	sub := &Subscription{conn: s.conn, session: s, methods: []string{method}}
	sub.push = func(e Event) bool {
		select {
		case out <- e.Params:
			return true
		default:
			return false
		}
	}
	sub.finish = func() { close(out) }
	s.conn.door.update(func(st *connState) { st.subscribe(sub) })
	return out, sub.Close
}

// Detach ends the session (Target.detachFromTarget on the session it was
// attached through). A session that is gone already is not an error.
func (s *Session) Detach(ctx context.Context) error {
	var parent string
	s.conn.door.update(func(*connState) { parent = s.parent })
	params := target.DetachFromTargetParams{SessionID: target.SessionID(s.id)}
	err := s.conn.Session(parent).Call(ctx, target.DetachFromTarget.Method, params, nil)
	s.conn.door.update(func(st *connState) {
		if st.sessions[s.id] == s {
			st.retireSession(s.id, ErrSessionGone)
		}
	})
	if errors.Is(err, ErrSessionGone) {
		return nil
	}
	return err
}
