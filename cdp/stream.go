package cdp

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// NewStream returns a transport over a byte stream in each direction on which
// messages end with a NUL byte: Chromium's --remote-debugging-pipe. Both are
// closed by Close, which must end a read and a write that wait: true of pipes
// and sockets.
func NewStream(r io.ReadCloser, w io.WriteCloser) Transport {
	return &stream{
		r: r, w: w,
		buf:     bufio.NewReaderSize(r, 64<<10),
		writing: make(chan struct{}, 1),
		closed:  &closeOnce{ch: make(chan struct{})},
	}
}

// stream is a Transport over two byte streams. It owns no goroutine.
type stream struct {
	r       io.ReadCloser
	w       io.WriteCloser
	buf     *bufio.Reader // the reading goroutine's
	writing chan struct{} // a lock that obeys a context
	closed  *closeOnce
}

func (s *stream) Read(ctx context.Context) ([]byte, error) {
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	var message []byte
	for {
		part, err := s.buf.ReadSlice(0)
		if len(message)+len(part) > MaxMessageSize {
			return nil, fmt.Errorf("%w: the peer sent more than %d bytes", ErrTooLarge, MaxMessageSize)
		}
		message = append(message, part...)
		switch {
		case err == nil:
			return message[:len(message)-1], nil
		case errors.Is(err, bufio.ErrBufferFull):
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, io.EOF) && len(message) > 0:
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}

func (s *stream) Write(ctx context.Context, b []byte) error {
	if bytes.IndexByte(b, 0) >= 0 {
		return errors.New("cdp: a NUL byte in a message")
	}
	select {
	case s.writing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closed.ch:
		return io.ErrClosedPipe
	}
	defer func() { <-s.writing }()
	if err := ctx.Err(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	_, err := s.w.Write(append(b[:len(b):len(b)], 0))
	return err
}

func (s *stream) Close() error {
	s.closed.once.Do(func() {
		close(s.closed.ch)
		_ = s.r.Close() // the other end may have closed it
		_ = s.w.Close()
	})
	return nil
}
