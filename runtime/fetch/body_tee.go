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
	t := newTee(b.stream)
	return StreamBody(&branch{tee: t, index: 0}, b.length), StreamBody(&branch{tee: t, index: 1}, b.length)
}

// tee feeds two branches from one reader: a branch that has read all that came so
// far asks for more, the other finds it in its queue.
//
// A goroutine reads one chunk at a time; it ends with the chunk, at the latest when
// both branches are closed, because that closes the reader. So Close of a branch
// never waits for a Read that blocks, and ends the one of its own branch.
type tee struct {
	from io.ReadCloser

	mu      sync.Mutex // guards the fields below
	more    sync.Cond  // something of them changed
	queued  [2]bytes.Buffer
	closed  [2]bool
	reading bool
	err     error
}

// teeChunk is how much is read at once.
const teeChunk = 32 << 10

func newTee(from io.ReadCloser) *tee {
	t := &tee{from: from}
	t.more.L = &t.mu
	return t
}

// fill reads one chunk for both branches.
func (t *tee) fill() {
	chunk := make([]byte, teeChunk)
	n, err := t.from.Read(chunk)
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.queued {
		if !t.closed[i] {
			t.queued[i].Write(chunk[:n])
		}
	}
	t.err, t.reading = err, false
	t.more.Broadcast()
}

type branch struct {
	tee   *tee
	index int
}

func (r *branch) Read(p []byte) (int, error) {
	t := r.tee
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		switch {
		case t.closed[r.index]:
			return 0, io.ErrClosedPipe
		case t.queued[r.index].Len() > 0:
			return t.queued[r.index].Read(p)
		case t.err != nil:
			return 0, t.err
		case !t.reading:
			t.reading = true
			go t.fill()
		}
		t.more.Wait()
	}
}

func (r *branch) Close() error {
	t := r.tee
	t.mu.Lock()
	t.closed[r.index] = true
	t.queued[r.index] = bytes.Buffer{}
	both := t.closed[0] && t.closed[1]
	t.more.Broadcast()
	t.mu.Unlock()
	if both {
		return t.from.Close()
	}
	return nil
}
