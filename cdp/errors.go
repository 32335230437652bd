package cdp

import (
	"errors"
	"fmt"
)

// The errors a caller can branch on with errors.Is.
var (
	// ErrClosed is the end of a connection, by [Conn.Close] or by the peer. Every
	// cause a [Conn] reports matches it.
	ErrClosed = errors.New("connection closed")
	// ErrOverflow ends a [Subscription] whose reader was slower than its buffer:
	// events after it are lost, so the subscription says so and stops.
	ErrOverflow = errors.New("subscription overflow: events were lost")
	// ErrSessionGone is the end of one session: its target went away or it was
	// detached.
	ErrSessionGone = errors.New("session gone")
	// ErrTooLarge is a message larger than MaxMessageSize.
	ErrTooLarge = errors.New("message too large")
	// ErrUnresponsive is a peer that stopped answering the keepalive.
	ErrUnresponsive = errors.New("peer does not answer")
)

// CallError is an error reply to one command. A reply "Session with given id
// not found." matches ErrSessionGone.
type CallError struct {
	Method    string
	SessionID string // "" for the browser session
	Code      int64  // CodeMethodNotFound, CodeServerError …
	Message   string // the peer's words
	Data      string // the peer's detail, often empty
}

func (e *CallError) Error() string {
	if e.Data != "" {
		return fmt.Sprintf("cdp: %s: %s: %s (%d)", e.Method, e.Message, e.Data, e.Code)
	}
	return fmt.Sprintf("cdp: %s: %s (%d)", e.Method, e.Message, e.Code)
}

// Is reports a missing session as ErrSessionGone.
func (e *CallError) Is(target error) bool {
	return target == ErrSessionGone && e.Code == CodeSessionNotFound
}

// EndError says why a connection ended. It matches ErrClosed and whatever Err
// matches.
type EndError struct {
	Op  string // "read", "write", "decode"
	Err error
}

func (e *EndError) Error() string { return fmt.Sprintf("connection ended: %s: %v", e.Op, e.Err) }

// Unwrap gives both the class and the cause.
func (e *EndError) Unwrap() []error { return []error{ErrClosed, e.Err} }

// ProtocolError is a message that breaks the protocol.
type ProtocolError struct {
	Reason  string
	Excerpt string // how the message begins, at most 200 bytes
	Err     error  // what the decoder said, may be nil
}

func newProtocolError(reason string, b []byte, err error) *ProtocolError {
	const keep = 200
	if len(b) > keep {
		b = b[:keep]
	}
	return &ProtocolError{Reason: reason, Excerpt: string(b), Err: err}
}

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("protocol error: %s: %q", e.Reason, e.Excerpt)
}

// Unwrap gives the decoder's error.
func (e *ProtocolError) Unwrap() error { return e.Err }
