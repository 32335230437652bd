package cdp

import (
	"fmt"
	"sync"

	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/target"
)

// connState is everything about a connection that changes. It is reached through
// [Conn.update] only, which holds the lock and checks the invariants:
//
//   - after the end (err set) no call, session or subscription is outstanding;
//   - a call's id was given out, and its session is not gone;
//   - a subscription in the index has not ended.
//
// Functions of connState never block and never call out: a reply goes into a
// channel with room for it, an event into a subscription's queue or nowhere.
type connState struct {
	err      error // why the connection ended; nil while it lives
	lastID   int64
	calls    map[int64]*call
	sessions map[string]*Session
	subs     map[string][]*Subscription // by method; "" holds those for every method
}

// call is one command that waits for its reply.
type call struct {
	session *Session
	method  string
	reply   chan reply // room for one; nil when nobody waits (Session.Go)
}

type reply struct {
	result jsonv2.Value
	err    error
}

// end answers the call; a second end of the same call cannot happen because the
// first one took it out of connState.calls.
func (c *call) end(r reply) {
	if c.reply != nil {
		c.reply <- r
	}
}

// door guards a connState.
type door struct {
	mu sync.Mutex
	s  connState
}

// checkEverything makes update check every invariant and not only the cheap
// ones. Tests set it.
var checkEverything = false

// update runs f on the state, alone, and checks the invariants. f must not block
// or call update.
func (d *door) update(f func(*connState)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f(&d.s)
	d.s.check()
}

func (s *connState) check() {
	if s.err != nil && (len(s.calls) > 0 || len(s.sessions) > 0 || len(s.subs) > 0) {
		panic("cdp: a connection that ended has outstanding calls, sessions or subscriptions")
	}
	if !checkEverything {
		return
	}
	for id, c := range s.calls {
		if id < 1 || id > s.lastID {
			panic(fmt.Sprintf("cdp: outstanding call %d was never sent (last id %d)", id, s.lastID))
		}
		if c.session.gone != nil {
			panic("cdp: outstanding call of a session that is gone: " + c.method)
		}
	}
	for method, list := range s.subs {
		if len(list) == 0 {
			panic("cdp: empty list of subscriptions for " + method)
		}
		for _, sub := range list {
			if sub.ended {
				panic("cdp: subscription in the index has ended: " + method)
			}
		}
	}
}

// start gives the call an id, or says why it cannot be sent.
func (s *connState) start(c *call) (int64, error) {
	if s.err != nil {
		return 0, s.err
	}
	if c.session.gone != nil {
		return 0, c.session.gone
	}
	s.lastID++
	s.calls[s.lastID] = c
	return s.lastID, nil
}

// answer ends the call that a reply belongs to and returns it, nil when nobody
// waits for it any more, with the error if the reply is one.
func (s *connState) answer(m *Message) (*call, *CallError) {
	c, ok := s.calls[m.ID]
	if !ok {
		return nil, nil
	}
	delete(s.calls, m.ID)
	if m.Error == nil {
		c.end(reply{result: m.Result})
		return c, nil
	}
	failed := &CallError{
		Method: c.method, SessionID: c.session.id,
		Code: m.Error.Code, Message: m.Error.Message, Data: m.Error.Data,
	}
	c.end(reply{err: failed})
	if failed.Code == CodeSessionNotFound {
		s.retireSession(c.session.id, ErrSessionGone)
	}
	return c, failed
}

// session returns the session of that id, made on first use.
func (s *connState) session(c *Conn, id string) *Session {
	if known, ok := s.sessions[id]; ok {
		return known
	}
	made := &Session{conn: c, id: id, gone: s.err}
	if s.err == nil {
		s.sessions[id] = made
	}
	return made
}

// track follows attachedToTarget and detachedFromTarget: which sessions exist,
// which one is whose child. A session that goes takes its children along.
func (s *connState) track(c *Conn, m *Message) {
	switch m.Method {
	case target.AttachedToTarget.Method:
		if child := sessionOf(m.Params); child != "" && child != m.SessionID {
			s.session(c, child).parent = m.SessionID
		}
	case target.DetachedFromTarget.Method:
		if child := sessionOf(m.Params); child != "" {
			s.retireSession(child, ErrSessionGone)
		}
	}
}

// sessionOf reads the sessionId parameter of an event, "" when there is none.
func sessionOf(params jsonv2.Value) string {
	var p struct {
		SessionID string `json:"sessionId"`
	}
	if Decode(params, &p) != nil {
		return ""
	}
	return p.SessionID
}

// retireSession ends a session: its calls and subscriptions get the cause, and
// so do those of the sessions attached through it.
func (s *connState) retireSession(id string, cause error) {
	gone, ok := s.sessions[id]
	if !ok || id == "" {
		return
	}
	delete(s.sessions, id)
	gone.gone = cause
	for callID, c := range s.calls {
		if c.session == gone {
			delete(s.calls, callID)
			c.end(reply{err: cause})
		}
	}
	s.endSubscriptions(func(sub *Subscription) bool { return sub.session == gone }, cause)
	for childID, child := range s.sessions {
		if child.parent == id {
			s.retireSession(childID, cause)
		}
	}
}

// retire ends the connection: the first cause counts and reaches everybody.
func (s *connState) retire(cause error) {
	if s.err != nil {
		return
	}
	s.err = cause
	for id, c := range s.calls {
		delete(s.calls, id)
		c.end(reply{err: cause})
	}
	for id, session := range s.sessions {
		delete(s.sessions, id)
		session.gone = cause
	}
	s.endSubscriptions(func(*Subscription) bool { return true }, cause)
}
