package cdp

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/cdp/jsonv2"
)

// ServerSession is one session of a served connection.
//
// Concurrency: every method may be called from any goroutine. It has one
// goroutine of its own, which runs the session's commands one after the other in
// the order they came; Serve waits for it. Events and replies reach the client
// in the order in which one goroutine sends them.
type ServerSession struct {
	server *server
	id     string
	mux    *Mux
	data   any
	ctx    context.Context
	cancel context.CancelFunc

	mu     sync.Mutex
	queue  []queued
	filled chan struct{} // room for one: the queue has something in it
}

// queued is one command that waits for its turn.
type queued struct {
	id     int64
	method string
	params jsonv2.Value
}

// ID is the session id, "" for the browser session.
func (s *ServerSession) ID() string { return s.id }

// Data is what Open was given: the target the session is about, say.
func (s *ServerSession) Data() any { return s.data }

// Context ends with the session.
func (s *ServerSession) Context() context.Context { return s.ctx }

// Open adds a session with commands of its own. Its id must be new. The caller
// tells the client (Target.attachedToTarget).
func (s *ServerSession) Open(id string, mux *Mux, data any) (*ServerSession, error) {
	if id == "" {
		return nil, errors.New("cdp: a session needs an id")
	}
	return s.server.open(id, mux, data)
}

// Close ends the session: the contexts of its handlers end, commands that wait
// are dropped, later ones get "Session with given id not found.". The browser
// session ends with its connection only.
func (s *ServerSession) Close() {
	if s.id == "" {
		return
	}
	s.server.mu.Lock()
	if s.server.sessions[s.id] == s {
		delete(s.server.sessions, s.id)
	}
	s.server.mu.Unlock()
	s.cancel()
}

// Emit sends an event of this session, typed by its cdproto value. It waits while
// the client does not read. The error is that of the connection or the session.
func Emit[E any](s *ServerSession, e cdproto.Event[E], payload E) error {
	return s.Emit(e.Method, payload)
}

// Emit sends an event by its name; prefer the function [Emit], which is typed.
func (s *ServerSession) Emit(method string, params any) error {
	raw, err := Encode(params)
	if err != nil {
		return fmt.Errorf("cdp: event %s: %w", method, err)
	}
	if err := s.ctx.Err(); err != nil {
		return fmt.Errorf("cdp: event %s: %w", method, err)
	}
	// Not the session's context: a transport whose write is cut off half way has to
	// close, and the end of one session must not end the connection.
	if err := s.server.send(s.server.ctx, Message{SessionID: s.id, Method: method, Params: raw}); err != nil {
		return fmt.Errorf("cdp: event %s: %w", method, err)
	}
	return nil
}

// open starts a session.
func (s *server) open(id string, mux *Mux, data any) (*ServerSession, error) {
	ctx, cancel := context.WithCancel(s.ctx)
	session := &ServerSession{
		server: s, id: id, mux: mux, data: data,
		ctx: ctx, cancel: cancel, filled: make(chan struct{}, 1),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		cancel()
		return nil, fmt.Errorf("cdp: session %q: %w", id, ErrClosed)
	}
	if _, taken := s.sessions[id]; taken {
		cancel()
		return nil, fmt.Errorf("cdp: session %q exists already", id)
	}
	s.sessions[id] = session
	s.wg.Go(session.run)
	return session, nil
}

// enqueue adds a command, unless the queue is as long as it may be.
func (s *ServerSession) enqueue(q queued) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) >= maxPending {
		return false
	}
	s.queue = append(s.queue, q)
	select {
	case s.filled <- struct{}{}:
	default:
	}
	return true
}

// next takes the first command that waits; the queue counts those not yet begun.
func (s *ServerSession) next() (queued, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		s.queue = nil // lets go of the array
		return queued{}, false
	}
	first := s.queue[0]
	s.queue[0] = queued{}
	s.queue = s.queue[1:]
	return first, true
}

// run is the session's goroutine.
func (s *ServerSession) run() {
	defer s.cancel()
	for {
		select {
		case <-s.filled:
		case <-s.ctx.Done():
			return
		}
		for q, ok := s.next(); ok && s.ctx.Err() == nil; q, ok = s.next() {
			s.handle(q)
		}
	}
}

// handle runs one command and answers it, now or later.
func (s *ServerSession) handle(q queued) {
	h, ok := s.mux.handlers[q.method]
	if !ok {
		s.answer(q, nil, &MessageError{Code: CodeMethodNotFound, Message: fmt.Sprintf("'%s' wasn't found", q.method)})
		return
	}
	after := &afterReply{}
	ctx := context.WithValue(s.ctx, afterReplyKey{}, after)
	result, err := s.guard(q, func() (jsonv2.Value, error) { return h(ctx, s, q.params) })
	later, ok := errors.AsType[*laterError](err)
	if !ok {
		s.answer(q, result, err)
		after.run()
		return
	}
	s.server.wg.Go(func() {
		result, err := s.guard(q, func() (jsonv2.Value, error) { return later.wait(ctx) })
		s.answer(q, result, err)
		after.run()
	})
}

type afterReplyKey struct{}

// afterReply is what is to happen when a command was answered; only its handler uses it.
type afterReply struct{ all []func() }

func (a *afterReply) run() {
	for _, f := range a.all {
		f()
	}
}

// AfterReply has f called once the command whose handler was given ctx is answered,
// or cannot be: for events that must not come before the reply.
func AfterReply(ctx context.Context, f func()) {
	if after, ok := ctx.Value(afterReplyKey{}).(*afterReply); ok {
		after.all = append(after.all, f)
	}
}

// guard turns a panic of a handler into an error reply and a line in the log.
func (s *ServerSession) guard(q queued, f func() (jsonv2.Value, error)) (result jsonv2.Value, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.server.log.Error("handler panicked", "method", q.method, "session", s.id,
				"panic", p, "stack", string(debug.Stack()))
			result, err = nil, &MessageError{Code: CodeInternalError, Message: "Internal error"}
		}
	}()
	return f()
}

// answer sends the reply. A session that ended meanwhile gets none.
func (s *ServerSession) answer(q queued, result jsonv2.Value, err error) {
	var failed *MessageError
	if err != nil {
		result, failed = nil, replyError(err)
	}
	if s.ctx.Err() != nil {
		return
	}
	if sendErr := s.server.reply(s.server.ctx, q.id, s.id, result, failed); sendErr != nil && s.server.ctx.Err() == nil {
		s.server.log.Debug("answering", "method", q.method, "err", sendErr)
	}
}

// replyError is the error a client sees.
func replyError(err error) *MessageError {
	if e, ok := errors.AsType[*MessageError](err); ok {
		return e
	}
	if e, ok := errors.AsType[*CallError](err); ok {
		return &MessageError{Code: e.Code, Message: e.Message, Data: e.Data}
	}
	return &MessageError{Code: CodeServerError, Message: err.Error()}
}
