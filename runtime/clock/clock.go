// Package clock is the engine's time: real, or virtual where a test, a script or
// a replay has to be deterministic. Every wait, timer, timestamp and deadline of
// the engine asks a Clock; nothing below runtime/ calls time.Now or time.After.
package clock

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// Clock tells the time and runs functions later. Safe for any number of goroutines.
type Clock interface {
	Now() time.Time
	// AfterFunc runs f once, in a goroutine of its own (Real) or in the goroutine
	// that advances the clock (Virtual), after d; f must not block.
	AfterFunc(d time.Duration, f func()) Timer
}

// Timer is a pending AfterFunc. Stop reports whether it kept f from running.
type Timer interface{ Stop() bool }

// Real is the clock of the machine (and of a testing/synctest bubble).
func Real() Clock { return realClock{} }

type realClock struct{}

func (realClock) Now() time.Time                            { return time.Now() }
func (realClock) AfterFunc(d time.Duration, f func()) Timer { return time.AfterFunc(d, f) }

// Sleep waits for d on c, or returns ctx's error when ctx ends first.
func Sleep(ctx context.Context, c Clock, d time.Duration) error {
	done := make(chan struct{})
	timer := c.AfterFunc(d, func() { close(done) })
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		timer.Stop()
		return ctx.Err()
	}
}

// Virtual is a clock that moves only when Advance or AdvanceTo is called.
type Virtual struct {
	mu     sync.Mutex
	now    time.Time
	timers timerHeap
	seq    uint64
}

// NewVirtual returns a clock that stands at start.
func NewVirtual(start time.Time) *Virtual { return &Virtual{now: start} }

// Now is where the clock stands.
func (v *Virtual) Now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

// AfterFunc runs f in the goroutine that advances the clock past d from now. A d
// that is not positive runs at the next Advance, even one by nothing.
func (v *Virtual) AfterFunc(d time.Duration, f func()) Timer {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.add(v.now.Add(max(d, 0)), f)
}

// afterFunc is AfterFunc at a point in time.
func (v *Virtual) afterFunc(at time.Time, f func()) Timer {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.add(at, f)
}

// add arms a timer, with mu held.
func (v *Virtual) add(at time.Time, f func()) *virtualTimer {
	v.seq++
	t := &virtualTimer{clock: v, at: at, seq: v.seq, f: f}
	heap.Push(&v.timers, t)
	return t
}

// Next is when the earliest timer is due; false when there is none.
func (v *Virtual) Next() (time.Time, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.timers) == 0 {
		return time.Time{}, false
	}
	return v.timers[0].at, true
}

// Advance moves the clock by d and runs, in order of time, what falls due on the
// way; Now shows each timer its own time.
func (v *Virtual) Advance(d time.Duration) { v.AdvanceTo(v.Now().Add(d)) }

// AdvanceTo is Advance to a point in time; an earlier one moves nothing.
func (v *Virtual) AdvanceTo(to time.Time) {
	for {
		v.mu.Lock()
		if len(v.timers) == 0 || v.timers[0].at.After(to) {
			if to.After(v.now) {
				v.now = to
			}
			v.mu.Unlock()
			return
		}
		t := heap.Pop(&v.timers).(*virtualTimer)
		if t.at.After(v.now) {
			v.now = t.at
		}
		v.mu.Unlock()
		t.f()
	}
}

type virtualTimer struct {
	clock *Virtual
	at    time.Time
	seq   uint64
	f     func()
	index int
}

func (t *virtualTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	if t.index < 0 {
		return false
	}
	heap.Remove(&t.clock.timers, t.index)
	return true
}

type timerHeap []*virtualTimer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].seq < h[j].seq
	}
	return h[i].at.Before(h[j].at)
}
func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *timerHeap) Push(x any) {
	t := x.(*virtualTimer)
	t.index = len(*h)
	*h = append(*h, t)
}
func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.index = -1
	return t
}
