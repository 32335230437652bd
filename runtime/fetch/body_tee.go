package fetch

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
)

// ErrBodyTooLarge is ReadAll's error for a body beyond its limit.
var ErrBodyTooLarge = errors.New("the body is larger than the limit")

func (b *Body) readAll(ctx context.Context, limit int64) ([]byte, error) {
	if b.source != nil {
		if limit > 0 && int64(len(b.source)) > limit {
			return nil, ErrBodyTooLarge
		}
		return b.source, nil
	}
	stop := context.AfterFunc(ctx, b.Cancel)
	defer stop()
	defer b.stream.Close()
	var r io.Reader = b.stream
	if limit > 0 {
		r = io.LimitReader(r, limit+1)
	}
	var buffer bytes.Buffer
	if _, err := buffer.ReadFrom(r); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, err
	}
	if limit > 0 && int64(buffer.Len()) > limit {
		return nil, ErrBodyTooLarge
	}
	b.source = buffer.Bytes()
	if b.source == nil {
		b.source = []byte{}
	}
	b.length = int64(len(b.source))
	return b.source, nil
}

func (b *Body) tee() (*Body, *Body) {
	if b.source != nil {
		return BytesBody(b.source), BytesBody(b.source)
	}
	t := &tee{from: b.stream}
	return StreamBody(&branch{tee: t, index: 0}, b.length), StreamBody(&branch{tee: t, index: 1}, b.length)
}

// tee feeds two branches from one reader: whichever branch has read all that
// came so far reads on, the other finds it in its queue.
type tee struct {
	mu     sync.Mutex // guards all below; held while reading from, so that chunks keep their order
	from   io.ReadCloser
	queued [2]bytes.Buffer
	closed [2]bool
	err    error
}

type branch struct {
	tee   *tee
	index int
}

func (r *branch) Read(p []byte) (int, error) {
	t := r.tee
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.queued[r.index].Len() > 0 {
		return t.queued[r.index].Read(p)
	}
	if t.closed[r.index] {
		return 0, io.ErrClosedPipe
	}
	if t.err != nil {
		return 0, t.err
	}
	n, err := t.from.Read(p)
	if other := 1 - r.index; !t.closed[other] {
		t.queued[other].Write(p[:n])
	}
	t.err = err
	return n, err
}

func (r *branch) Close() error {
	t := r.tee
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed[r.index] = true
	t.queued[r.index] = bytes.Buffer{}
	if t.closed[0] && t.closed[1] {
		return t.from.Close()
	}
	return nil
}
