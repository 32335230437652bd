package devtools

import (
	"context"
	"errors"
	"fmt"

	cdproto "github.com/chromedp/cdproto/cdp"

	"github.com/swinspect/swinspect/cdp"
)

// session is one session of a client. Its fields are guarded by Server.mu, but for
// those that never change: server, conn, wire, target, parent.
type session struct {
	server *Server
	conn   *connection
	wire   *cdp.ServerSession // set before the first command
	target *subject           // nil: the browser
	parent *session           // whom it was attached through; nil for a root

	auto     bool              // attached by setAutoAttach, not by hand
	children map[*session]bool // attached through it
	on       map[string]bool   // domains that are enabled
	attach   autoAttach
	discover *discovery
	gone     bool
	resumed  bool // does not keep its target waiting
	release  func()

	objects  objectStore
	page     pageSession
	network  networkSession
	fetch    fetchSession
	streams  map[string]*stream
	searches map[string][]int64 // results of DOM.performSearch
	pushed   map[int64]bool     // nodes whose children the client was told
	tracking map[string]bool    // storage keys of Storage.trackCacheStorage…
	bindings map[string]binding
	traced   *traceFeed

	debugging debugSession
}

// emit sends an event of the session. It never blocks.
func emit[E any](s *session, e cdproto.Event[E], payload E) {
	s.conn.out.add(outgoing{to: s.wire, method: e.Method, params: payload})
}

// flush waits until the events so far were sent.
func (s *session) flush(ctx context.Context) { s.conn.out.flush(ctx) }

// enabled reports whether a domain is; for handlers.
func (s *session) enabled(domain string) bool {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	return s.on[domain]
}

// enable notes a domain and reports whether that is new.
func (s *session) enable(domain string) bool {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.on[domain] {
		return false
	}
	s.on[domain] = true
	return true
}

func (s *session) disable(domain string) {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	delete(s.on, domain)
}

// handle registers a command's handler. What it emits is on the wire before its
// reply is.
func handle[P, R any](t *table, c cdproto.Command[P, R], h func(ctx context.Context, s *session, p P) (R, error)) {
	describe[P, R](t, c.Method)
	cdp.Handle(t.mux, filled(c), func(ctx context.Context, wire *cdp.ServerSession, p P) (full[R], error) {
		s := wire.Data().(*session)
		s.conn.commands.Add(1)
		defer s.flush(ctx)
		r, err := h(ctx, s, p)
		if rest, ok := errors.AsType[*rest[R]](err); ok {
			return cdp.Later(func(ctx context.Context) (full[R], error) {
				if !rest.ahead {
					defer s.flush(ctx)
				}
				r, err := rest.wait(ctx)
				return full[R]{r}, err
			})
		}
		return full[R]{r}, err
	})
}

// rest is the part of a handler that waits.
type rest[R any] struct {
	wait  func(ctx context.Context) (R, error)
	ahead bool // the reply does not wait for the events before it
}

func (*rest[R]) Error() string { return "devtools: a handler that waits" }

// later is the rest of a handler that waits: commands behind it go on meanwhile.
func later[R any](_ *session, wait func(ctx context.Context) (R, error)) (R, error) {
	var none R
	return none, &rest[R]{wait: wait}
}

// accept registers commands that have nothing to do here and whose answer is {}:
// each is named with its reason where it is registered.
func accept[P any](t *table, c cdproto.Command[P, cdproto.Empty]) {
	handle(t, c, func(context.Context, *session, P) (cdproto.Empty, error) { return cdproto.Empty{}, nil })
}

// named is a command that cdproto no longer has, by its name.
func named(method string) cdproto.Command[map[string]any, cdproto.Empty] {
	return cdproto.Command[map[string]any, cdproto.Empty]{Method: method}
}

// invalid is the error of parameters that say nothing sensible.
func invalid(format string, args ...any) error {
	return &cdp.MessageError{Code: cdp.CodeInvalidParams, Message: fmt.Sprintf(format, args...)}
}

// failed is the error of a command that cannot be done now.
func failed(format string, args ...any) error {
	return &cdp.MessageError{Code: cdp.CodeServerError, Message: fmt.Sprintf(format, args...)}
}

// sessionsOf are the sessions of every client on a target with a domain enabled;
// with Server.mu held.
func (s *Server) sessionsOf(t *subject, domain string) []*session {
	if t == nil {
		return nil
	}
	var found []*session
	for _, x := range t.sessions {
		if domain == "" || x.on[domain] {
			found = append(found, x)
		}
	}
	return found
}
