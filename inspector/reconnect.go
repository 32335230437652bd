package inspector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/swinspect/swinspect/cdp"
)

// How the supervisor tries again: the first time at once, then ever slower, so
// that a browser that is back is picked up within about 2 s.
const (
	retryFirst   = 100 * time.Millisecond
	retryMost    = 1500 * time.Millisecond
	retryTimeout = 20 * time.Second // of one attempt

	attachTimeout = 60 * time.Second // of the first attempt, when its caller sets no other
)

// start makes the first link and hands it to the supervisor. ctx bounds this
// first attempt.
func (b *Browser) start(ctx context.Context) error {
	b.note("", "", NoteConnecting{Endpoint: b.opts.Endpoint})
	// The attempt ends with ctx, but also when the browser is closed meanwhile,
	// and when an endpoint accepts connections but never answers.
	ctx, cancel := context.WithTimeout(ctx, attachTimeout)
	defer cancel()
	defer context.AfterFunc(b.ctx, cancel)()
	l, err := b.connect(ctx)
	if err != nil {
		return err
	}
	b.wg.Go(func() { b.supervise(l) })
	return nil
}

// supervise is the supervisor goroutine. It owns the link.
func (b *Browser) supervise(l *link) {
	for {
		select {
		case <-l.conn.Done():
		case <-b.ctx.Done():
			b.setLink(nil)
			l.close()
			return
		}
		b.setLink(nil)
		reason := lossReason(l)
		b.note(l.instance, "", NoteGone{Reason: reason})
		b.log.Info("browser gone", "reason", reason)
		l.close()
		if l = b.reconnect(); l == nil {
			return
		}
	}
}

// reconnect tries until there is a link; nil when the browser is closed.
func (b *Browser) reconnect() *link {
	wait := retryFirst
	for attempt := 1; ; attempt++ {
		select {
		case <-time.After(wait):
		case <-b.ctx.Done():
			return nil
		}
		ctx, cancel := context.WithTimeout(b.ctx, retryTimeout)
		l, err := b.connect(ctx)
		cancel()
		if err == nil {
			b.log.Info("browser back", "instance", l.instance, "attempts", attempt)
			return l
		}
		if b.ctx.Err() != nil {
			return nil
		}
		wait = min(wait*2, retryMost)
		b.note("", "", NoteRetry{Attempt: attempt, Reason: err.Error(), Next: b.now().Add(wait)})
		b.log.Debug("browser still gone", "attempt", attempt, "err", err)
	}
}

// dial opens a transport to wherever the endpoint leads now.
func (b *Browser) dial(ctx context.Context) (cdp.Transport, cdp.Endpoint, error) {
	if b.opts.Dial != nil {
		return b.opts.Dial(ctx)
	}
	ep, err := cdp.Resolve(ctx, b.opts.Endpoint)
	if err != nil {
		return nil, ep, err
	}
	t, err := cdp.DialWebSocket(ctx, ep.WebSocketURL)
	return t, ep, err
}

// ProcessEndedError is what a transport's Read returns that knows why the process
// at its other end is gone.
type ProcessEndedError struct{ Cause string }

func (e *ProcessEndedError) Error() string { return "its process ended: " + e.Cause }

// lossReason says in words why a link ended.
func lossReason(l *link) string {
	if err := context.Cause(l.ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err.Error()
	}
	err := l.conn.Err()
	if ended, ok := errors.AsType[*ProcessEndedError](err); ok {
		return ended.Error()
	}
	switch {
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the browser closed the connection"
	case errors.Is(err, cdp.ErrUnresponsive):
		return "the browser stopped answering"
	}
	if end, ok := errors.AsType[*cdp.EndError](err); ok {
		return fmt.Sprintf("the connection ended: %v", cmp.Or(end.Err, err))
	}
	return err.Error()
}
