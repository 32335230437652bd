package cdp

import (
	"slices"
	"time"

	"github.com/chromedp/cdproto/cdp/jsonv2"
)

// Event is one event as it arrived.
type Event struct {
	Time      time.Time // when it was read from the transport
	SessionID string    // "" for the browser session
	Method    string
	Params    jsonv2.Value // shared by every subscriber: read only
}

// DefaultBuffer is the room of a subscription whose caller asked for none.
const DefaultBuffer = 256

// Subscription is a bounded queue of events in wire order.
//
// Concurrency: the connection's reader fills the queue and never waits for it.
// When the queue is full the subscription ends with ErrOverflow: never a silent
// gap. What was queued before the end can still be read from C, which is closed
// after it; Err then says why.
type Subscription struct {
	conn    *Conn
	session *Session // nil: events of all sessions
	methods []string // none: every event
	ch      chan Event

	push   func(Event) bool // into the queue; false when it is full
	finish func()           // closes the queue

	ended bool  // guarded by the connection's door
	err   error // guarded by the connection's door
}

// C delivers the events. It is closed when the subscription has ended.
func (s *Subscription) C() <-chan Event { return s.ch }

// Err says why the subscription ended: nil while it lives and after Close,
// ErrOverflow, ErrSessionGone, or the error of the connection (which matches
// ErrClosed).
func (s *Subscription) Err() error {
	var err error
	s.conn.door.update(func(*connState) { err = s.err })
	return err
}

// Close ends the subscription. It may be called more than once.
func (s *Subscription) Close() {
	s.conn.door.update(func(st *connState) {
		st.endSubscriptions(func(sub *Subscription) bool { return sub == s }, nil)
	})
}

// subscribe adds the subscription, or ends it at once when there is nothing to
// listen to any more.
func (s *connState) subscribe(sub *Subscription) {
	cause := s.err
	if cause == nil && sub.session != nil {
		cause = sub.session.gone
	}
	if cause != nil {
		sub.end(cause)
		return
	}
	for _, method := range sub.keys() {
		s.subs[method] = append(s.subs[method], sub)
	}
}

func (s *Subscription) keys() []string {
	if len(s.methods) == 0 {
		return []string{""}
	}
	return s.methods
}

func (s *Subscription) end(cause error) {
	s.ended, s.err = true, cause
	s.finish()
}

// publish puts the event into the queue of everybody who asked for it.
func (s *connState) publish(e Event) {
	var full []*Subscription
	for _, list := range [2][]*Subscription{s.subs[e.Method], s.subs[""]} {
		for _, sub := range list {
			if sub.session != nil && sub.session.id != e.SessionID {
				continue
			}
			if !sub.push(e) {
				full = append(full, sub)
			}
		}
	}
	for _, sub := range full {
		s.endSubscriptions(func(other *Subscription) bool { return other == sub }, ErrOverflow)
	}
}

// endSubscriptions ends those that match and takes them out of the index.
func (s *connState) endSubscriptions(match func(*Subscription) bool, cause error) {
	for method, list := range s.subs {
		if !slices.ContainsFunc(list, match) {
			continue
		}
		kept := slices.DeleteFunc(slices.Clone(list), func(sub *Subscription) bool {
			if !match(sub) {
				return false
			}
			if !sub.ended {
				sub.end(cause)
			}
			return true
		})
		if len(kept) == 0 {
			delete(s.subs, method)
		} else {
			s.subs[method] = kept
		}
	}
}
