package runtime

import (
	"context"
	"sync"
	"time"

	"github.com/swinspect/swinspect/runtime/clock"
)

// withTimeout is ctx until d has passed on c; then its cause is err. d of less than
// nothing is no limit. Call cancel when done.
func withTimeout(ctx context.Context, c clock.Clock, d time.Duration, err error) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	if d <= 0 {
		return ctx, cancel
	}
	timer := c.AfterFunc(d, func() { cancel(err) })
	return ctx, func(cause error) { timer.Stop(); cancel(cause) }
}

// limit ends a context when something of a worker takes too long. While a debugger
// holds the worker, nothing does.
type limit struct {
	worker *Worker
	d      time.Duration
	what   string
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu    sync.Mutex // guards timer
	timer clock.Timer
}

// limited is ctx until d has passed; then its cause is a *TimeoutError of what. d of
// less than nothing is no limit. Call stop when done.
func (w *Worker) limited(ctx context.Context, d time.Duration, what string) (_ context.Context, stop func()) {
	l := &limit{worker: w, d: d, what: what}
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	if d <= 0 {
		return l.ctx, func() { l.cancel(nil) }
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timer = w.engine.clock.AfterFunc(d, l.fire)
	return l.ctx, l.stop
}

func (l *limit) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timer.Stop()
	l.cancel(nil)
}

func (l *limit) fire() {
	e := l.worker.engine
	e.mu.Lock()
	held := l.worker.holds > 0
	e.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.ctx.Err() != nil:
	case held:
		l.timer = e.clock.AfterFunc(l.d, l.fire)
	default:
		l.cancel(&TimeoutError{What: l.what, Limit: l.d.String()})
	}
}
