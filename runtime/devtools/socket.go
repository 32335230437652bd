package devtools

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/gorilla/websocket"
)

// socket is a served WebSocket as a cdp.Transport.
type socket struct {
	ws      *websocket.Conn
	writing chan struct{} // a lock that obeys a context
	once    sync.Once
}

func (s *socket) Read(ctx context.Context) ([]byte, error) {
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	for {
		kind, b, err := s.ws.ReadMessage()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway, websocket.CloseNoStatusReceived, websocket.CloseAbnormalClosure):
			return nil, io.EOF
		case err != nil && errors.Is(err, io.ErrUnexpectedEOF):
			return nil, io.EOF
		case err != nil:
			return nil, err
		case kind == websocket.TextMessage:
			return b, nil
		}
	}
}

func (s *socket) Write(ctx context.Context, b []byte) error {
	select {
	case s.writing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.writing }()
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.ws.WriteMessage(websocket.TextMessage, b)
}

func (s *socket) Close() error {
	s.once.Do(func() { _ = s.ws.Close() })
	return nil
}
