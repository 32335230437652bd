package dap

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
)

// Options are what a server needs.
type Options struct {
	Backend Backend
	// Token, when set, must be in the arguments of launch and attach.
	Token string
	// Logger gets the wire at debug level; nil: nowhere.
	Logger *slog.Logger
}

// Server speaks the protocol with any number of clients. Its methods may be called
// from any goroutine.
type Server struct{ o Options }

// New makes a server.
func New(o Options) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Server{o}
}

// Listen serves every client of a listener until ctx ends, each in a session of its
// own. It closes the listener and returns when all sessions are over.
func (s *Server) Listen(ctx context.Context, ln net.Listener) error {
	var sessions sync.WaitGroup
	defer sessions.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() }) // Accept says what is wrong with it
	defer stop()
	for {
		c, err := ln.Accept()
		if ctx.Err() != nil {
			if err == nil {
				_ = c.Close() // too late for it
			}
			return nil
		}
		if err != nil {
			return err
		}
		sessions.Go(func() {
			if err := s.Serve(ctx, c, c); err != nil {
				s.o.Logger.Info("session", "client", c.RemoteAddr(), "err", err)
			}
		})
	}
}

// Serve is one session: it reads requests from r and writes to w until the client
// disconnects, r ends, what comes is not the protocol (a [*ProtocolError]), or ctx ends.
// However it ends, what it debugged is resumed and let go of. When r is an io.Closer it
// is closed, so that the reading ends.
func (s *Server) Serve(ctx context.Context, r io.Reader, w io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	x := newSession(ctx, s.o, w)
	read := make(chan error, 1)
	go func() {
		read <- x.read(bufio.NewReaderSize(r, 4*maxHeader))
		x.hangUp()
	}()
	err := x.run(ctx)
	cancel()
	if c, ok := r.(io.Closer); ok {
		_ = c.Close() // only to end the reading
		err = errors.Join(err, <-read)
		return ended(err)
	}
	select {
	case e := <-read:
		err = errors.Join(err, e)
	default: // a reader that cannot be closed keeps its goroutine until it ends
	}
	return ended(err)
}

// ended leaves out of an error what is how sessions end.
func ended(err error) error {
	var p *ProtocolError
	if errors.As(err, &p) {
		return p
	}
	for _, usual := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, io.ErrClosedPipe, context.Canceled} {
		if errors.Is(err, usual) {
			return nil
		}
	}
	return err
}

// read takes messages off the wire until there are no more, and puts requests in the
// session's queue.
func (x *session) read(r *bufio.Reader) error {
	for {
		b, err := readContent(r)
		if err != nil {
			var p *ProtocolError
			if errors.As(err, &p) {
				x.say("stderr", "swinspect: "+p.Error()+"\n")
			}
			return err
		}
		x.log.Debug("client", "message", string(b))
		m := &message{}
		if err := json.Unmarshal(b, m); err != nil {
			// Without a number there is nobody to answer.
			x.say("stderr", "swinspect: a message that cannot be read: "+err.Error()+"\n")
			if m.Seq == 0 {
				continue
			}
		}
		switch {
		case m.Type == "response": // to a request of ours: there are none
		case m.Type != "request":
			x.out.respond(m, nil, fmt.Errorf("a message of type %q: only requests are understood", m.Type))
		case m.Command == "cancel":
			x.cancelRequest(m)
		default:
			if !x.enqueue(m) {
				return nil
			}
		}
	}
}
