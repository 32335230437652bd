package cdp

import (
	"context"
	"io"
	"sync"
)

// Transport carries whole messages.
//
// Concurrency: one goroutine reads at a time, any number write. Close may be
// called at any time, more than once; it ends a Read and a Write that wait.
// Write may keep b: the caller does not change it afterwards. A Read whose
// context ends may have consumed part of a message, so the transport is of no
// use after it; a Write whose context ends before it began sends nothing.
//
// A Read at the end of an orderly stream returns io.EOF.
type Transport interface {
	Read(ctx context.Context) ([]byte, error)
	Write(ctx context.Context, b []byte) error
	Close() error
}

// pipeDepth is how many messages wait in one direction of a [Pipe] before Write
// waits for the reader.
const pipeDepth = 64

// Pipe returns the two ends of a transport inside one process. Messages are
// handed over, not copied. Closing either end ends both: what was written before
// is still read, then Read returns io.EOF.
func Pipe() (client, server Transport) {
	up, down := make(chan []byte, pipeDepth), make(chan []byte, pipeDepth)
	done := &closeOnce{ch: make(chan struct{})}
	return &pipeEnd{in: down, out: up, done: done}, &pipeEnd{in: up, out: down, done: done}
}

type closeOnce struct {
	once sync.Once
	ch   chan struct{}
}

func (c *closeOnce) close() { c.once.Do(func() { close(c.ch) }) }

type pipeEnd struct {
	in   <-chan []byte
	out  chan<- []byte
	done *closeOnce
}

func (p *pipeEnd) Read(ctx context.Context) ([]byte, error) {
	select {
	case b := <-p.in:
		return b, nil
	default:
	}
	select {
	case b := <-p.in:
		return b, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.done.ch:
	}
	select { // what was written before the close is still delivered
	case b := <-p.in:
		return b, nil
	default:
		return nil, io.EOF
	}
}

func (p *pipeEnd) Write(ctx context.Context, b []byte) error {
	select {
	case <-p.done.ch:
		return io.ErrClosedPipe
	case <-ctx.Done():
		return ctx.Err()
	default:
	}
	select {
	case p.out <- b:
		return nil
	case <-p.done.ch:
		return io.ErrClosedPipe
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pipeEnd) Close() error {
	p.done.close()
	return nil
}
