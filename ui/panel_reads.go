package ui

import (
	"context"
	"slices"
	"sync"
	"time"
)

// readings keep what takes a page its time to read from a browser: a listing of
// ten thousand entries, the scripts of a worker. A read runs beside the page, on
// a goroutine of its own that [readings.wait] waits for; the page shows what
// there is so far, and the end of the read raises the signal that renders open
// pages again. One read per key runs at a time. Safe for concurrent use.
type readings struct {
	signal
	mu   sync.Mutex
	of   map[string]*reading
	wg   sync.WaitGroup
	uses uint64
	most int // how many are kept, 0: maxReadings
}

// reading is one thing that is read.
type reading struct {
	value any
	err   error
	at    time.Time // when the newest read ended, zero: none did
	since time.Time // when the running one began
	done  chan struct{}
	used  uint64
}

// Reading is the state of a read: the newest result, and whether another is on
// its way.
type Reading[V any] struct {
	Value   V
	Err     error
	At      time.Time // when Value was read, zero: never
	Running bool
	Since   time.Time // when the running read began
}

// maxReadings bounds what is kept: listings are large.
const maxReadings = 24

// read answers with what is known under a key. It begins a read when again says
// so of what is known (it is asked with the lock held: no calls out of it), and
// waits for a running one at most for patience.
func read[V any](s *Server, ctx context.Context, key string, patience time.Duration, again func(Reading[V]) bool, do func(context.Context) (V, error)) Reading[V] {
	return readInto(&s.reads, s, ctx, key, patience, again, do)
}

// readInto is read with other readings than the server's own.
func readInto[V any](rs *readings, s *Server, ctx context.Context, key string, patience time.Duration, again func(Reading[V]) bool, do func(context.Context) (V, error)) Reading[V] {
	rs.mu.Lock()
	e := rs.entry(key)
	if e.done == nil && again(known[V](e)) && s.life.Err() == nil {
		e.done, e.since = make(chan struct{}), s.opts.Now()
		rs.wg.Go(func() {
			v, err := do(s.life)
			rs.finish(e, v, err, s.opts.Now())
		})
	}
	done := e.done
	rs.mu.Unlock()
	if done != nil && patience > 0 {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		select {
		case <-done:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return known[V](e)
}

func known[V any](e *reading) Reading[V] {
	v, _ := e.value.(V)
	return Reading[V]{Value: v, Err: e.err, At: e.at, Running: e.done != nil, Since: e.since}
}

func (rs *readings) entry(key string) *reading {
	rs.uses++
	e := rs.of[key]
	if e == nil {
		if rs.of == nil {
			rs.of = map[string]*reading{}
		}
		rs.evict()
		e = &reading{}
		rs.of[key] = e
	}
	e.used = rs.uses
	return e
}

// evict makes room for one more: the one not used for the longest time goes.
func (rs *readings) evict() {
	most := rs.most
	if most == 0 {
		most = maxReadings
	}
	if len(rs.of) < most {
		return
	}
	var idle []string
	for k, e := range rs.of {
		if e.done == nil {
			idle = append(idle, k)
		}
	}
	if len(idle) > 0 {
		delete(rs.of, slices.MinFunc(idle, func(a, b string) int { return int(rs.of[a].used) - int(rs.of[b].used) }))
	}
}

func (rs *readings) finish(e *reading, v any, err error, at time.Time) {
	rs.mu.Lock()
	e.err, e.at = err, at
	if err == nil {
		e.value = v
	}
	close(e.done)
	e.done = nil
	rs.mu.Unlock()
	rs.raise()
}

// wait returns when no read runs; none begins after [Server.Close] began.
func (rs *readings) wait() {
	rs.mu.Lock()
	//lint:ignore SA2001 an empty section is the point: see discovery.wait
	rs.mu.Unlock()
	rs.wg.Wait()
}
