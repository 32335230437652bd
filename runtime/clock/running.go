package clock

import (
	"sync"
	"time"
)

// Running is a clock that runs with the machine's and can be moved on besides: what
// falls due on the way runs then, in order of time, as on a [Virtual]. Otherwise timers
// run by themselves, one after the other. Close ends its goroutine.
//
// It owns one goroutine, which runs the timers that fall due.
type Running struct {
	virtual *Virtual

	mu    sync.Mutex // guards ahead
	ahead time.Duration
	moves sync.Mutex // one moves the clock at a time; timers run with it held
	wake  chan struct{}
	stop  chan struct{}
	done  chan struct{}
	once  sync.Once
}

// NewRunning starts a clock at start; the zero time is now.
func NewRunning(start time.Time) *Running {
	now := time.Now()
	if start.IsZero() {
		start = now
	}
	c := &Running{virtual: NewVirtual(start), ahead: start.Sub(now), wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go c.run()
	return c
}

// Now is the machine's time and what the clock was moved on by.
func (c *Running) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

// now is Now with mu held; while timers run, never before theirs.
func (c *Running) now() time.Time {
	now := time.Now().Add(c.ahead)
	if v := c.virtual.Now(); v.After(now) {
		return v
	}
	return now
}

// AfterFunc runs f in the clock's goroutine, or in that which moves the clock past d
// from now; f must not block.
func (c *Running) AfterFunc(d time.Duration, f func()) Timer {
	t := c.virtual.afterFunc(c.Now().Add(max(d, 0)), f)
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return t
}

// Next is when the earliest timer is due; false when there is none.
func (c *Running) Next() (time.Time, bool) { return c.virtual.Next() }

// AdvanceTo moves the clock on to a point in time and runs what falls due on the way;
// an earlier one moves nothing. It must not be called by a timer.
func (c *Running) AdvanceTo(to time.Time) {
	c.moves.Lock()
	defer c.moves.Unlock()
	c.virtual.AdvanceTo(to)
	c.mu.Lock()
	defer c.mu.Unlock()
	if by := to.Sub(time.Now().Add(c.ahead)); by > 0 {
		c.ahead += by
	}
}

// Advance is AdvanceTo by a span.
func (c *Running) Advance(d time.Duration) { c.AdvanceTo(c.Now().Add(d)) }

// Close stops the clock's timers.
func (c *Running) Close() {
	c.once.Do(func() { close(c.stop) })
	<-c.done
}

func (c *Running) run() {
	defer close(c.done)
	pending := time.NewTimer(time.Hour)
	defer pending.Stop()
	for {
		wait := time.Hour
		if next, ok := c.virtual.Next(); ok {
			wait = next.Sub(c.Now())
		}
		if wait <= 0 {
			c.moves.Lock()
			c.virtual.AdvanceTo(c.Now())
			c.moves.Unlock()
			continue
		}
		pending.Reset(wait)
		select {
		case <-pending.C:
		case <-c.wake:
		case <-c.stop:
			return
		}
	}
}
