package cdp

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/chromedp/cdproto/cdp/jsonv2"
)

// maxPending is how many commands of one session may wait for the ones before
// them. A client that sends more loses the connection: loudly, never by a command
// that is dropped.
const maxPending = 1 << 16

// ServeOption changes how Serve works.
type ServeOption func(*server)

// ServeLogger sets where panics of handlers and odd messages are logged; none is
// the default.
func ServeLogger(l *slog.Logger) ServeOption { return func(s *server) { s.log = l } }

// OnConnect is called with the browser session before the first command is read.
func OnConnect(f func(*ServerSession)) ServeOption { return func(s *server) { s.onConnect = f } }

// RootData sets the Data of the browser session.
func RootData(data any) ServeOption { return func(s *server) { s.rootData = data } }

// Serve answers the commands that arrive on the transport until it ends, and
// returns when every handler has: nil when the client went away or ctx ended,
// the cause otherwise. The commands of the browser session (no sessionId) are
// those of mux; further sessions are opened by handlers ([ServerSession.Open]).
// Serve owns the transport and closes it.
//
// Goroutines: the caller's reads; each session has one that runs its commands in
// order; each [Later] has one. All are gone when Serve returns, so a handler must
// obey its context. The reader waits for none of them.
func Serve(ctx context.Context, t Transport, mux *Mux, opts ...ServeOption) error {
	ctx, cancel := context.WithCancel(ctx)
	s := &server{
		ctx:       ctx,
		transport: t,
		log:       slog.New(slog.DiscardHandler),
		sessions:  map[string]*ServerSession{},
	}
	for _, opt := range opts {
		opt(s)
	}
	root, err := s.open("", mux, s.rootData)
	if err == nil && s.onConnect != nil {
		s.onConnect(root)
	}
	err = s.read(ctx)
	s.close()
	cancel()
	if closeErr := t.Close(); closeErr != nil {
		s.log.Debug("closing the transport", "err", closeErr)
	}
	s.wg.Wait()
	if errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// server is one served connection.
type server struct {
	ctx       context.Context // of every session
	transport Transport
	log       *slog.Logger
	onConnect func(*ServerSession)
	rootData  any
	wg        sync.WaitGroup // sessions and Laters

	mu       sync.Mutex
	closed   bool                      // no session is opened any more
	sessions map[string]*ServerSession // by id; "" is the browser's

	broken atomic.Pointer[error] // why the connection must end, set by a session
}

// command is a message as a client sends it. Its fields are read leniently so
// that the error reply can name what is wrong, as Chromium does.
type command struct {
	ID        jsonv2.Value `json:"id"`
	SessionID string       `json:"sessionId"`
	Method    jsonv2.Value `json:"method"`
	Params    jsonv2.Value `json:"params"`
}

// read is the loop of Serve: it gives each command to its session.
func (s *server) read(ctx context.Context) error {
	for {
		b, err := s.transport.Read(ctx)
		if broken := s.broken.Load(); broken != nil {
			return *broken
		}
		if err != nil {
			return err
		}
		var c command
		if err := Decode(b, &c); err != nil {
			s.log.Warn("message that is not a command", "err", newProtocolError("not JSON", b, err))
			s.refuse(ctx, 0, "", &MessageError{Code: CodeParseError, Message: "Message must be a valid JSON object"})
			continue
		}
		s.accept(ctx, &c)
	}
}

// accept checks the shape of a command and queues it.
func (s *server) accept(ctx context.Context, c *command) {
	var id int64
	if len(c.ID) == 0 || Decode(c.ID, &id) != nil {
		s.refuse(ctx, 0, c.SessionID, &MessageError{Code: CodeInvalidRequest, Message: "Message must have integer 'id' property"})
		return
	}
	var method string
	if len(c.Method) == 0 || c.Method.Kind() != '"' || Decode(c.Method, &method) != nil {
		s.refuse(ctx, id, c.SessionID, &MessageError{Code: CodeInvalidRequest, Message: "Message must have string 'method' property"})
		return
	}
	session := s.session(c.SessionID)
	if session == nil {
		s.refuse(ctx, id, "", &MessageError{Code: CodeSessionNotFound, Message: "Session with given id not found."})
		return
	}
	if !session.enqueue(queued{id: id, method: method, params: c.Params}) {
		s.fail(newProtocolError("too many pending commands in one session", []byte(method), nil))
	}
}

// refuse answers a message that reached no session. Its failure to do so is the
// end of the connection, which the reader sees by itself.
func (s *server) refuse(ctx context.Context, id int64, session string, e *MessageError) {
	if err := s.reply(ctx, id, session, nil, e); err != nil {
		s.log.Debug("answering", "err", err)
	}
}

// serverReply is a reply on the wire: the result is always there, and so is the
// id, except where the command had none.
type serverReply struct {
	ID        *int64        `json:"id,omitempty"`
	SessionID string        `json:"sessionId,omitzero"`
	Result    jsonv2.Value  `json:"result,omitzero"`
	Error     *MessageError `json:"error,omitzero"`
}

func (s *server) reply(ctx context.Context, id int64, session string, result jsonv2.Value, failed *MessageError) error {
	r := serverReply{ID: &id, SessionID: session, Result: result, Error: failed}
	if failed != nil && id == 0 && (failed.Code == CodeParseError || failed.Code == CodeInvalidRequest) {
		r.ID = nil
	}
	return s.send(ctx, r)
}

func (s *server) send(ctx context.Context, v any) error {
	b, err := Encode(v)
	if err != nil {
		return err
	}
	return s.transport.Write(ctx, b)
}

// fail ends the connection with a cause.
func (s *server) fail(cause error) {
	if s.broken.CompareAndSwap(nil, &cause) {
		_ = s.transport.Close() // ends the reader, which reports the cause
	}
}

func (s *server) session(id string) *ServerSession {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[id]
}

// close keeps new sessions from opening while Serve waits for those there are.
func (s *server) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}
