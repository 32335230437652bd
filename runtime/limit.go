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
	forget func() bool // the run's end

	mu    sync.Mutex // guards timer
	timer clock.Timer
}

// limited is ctx until d has passed, when its cause is a *TimeoutError of what, or r
// has ended. d of less than nothing is no limit. Call stop when done.
func (w *Worker) limited(ctx context.Context, r *run, d time.Duration, what string) (_ context.Context, stop func()) {
	l := &limit{worker: w, d: d, what: what}
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	l.forget = context.AfterFunc(r.ctx, func() { l.cancel(context.Cause(r.ctx)) })
	l.mu.Lock()
	defer l.mu.Unlock()
	if d > 0 {
		l.timer = w.engine.clock.AfterFunc(d, l.fire)
	}
	return l.ctx, l.stop
}

func (l *limit) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer != nil {
		l.timer.Stop()
	}
	l.forget()
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
