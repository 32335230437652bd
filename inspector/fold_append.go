package inspector

import (
	"slices"
	"sync/atomic"
)

// appendLog lets immutable states share one growing array: a state sees only
// the view it was given, and the one successor that comes first may write behind
// it in place. Whoever else appends to the same view (the fold may be branched)
// gets an array of its own, so that the result never depends on who was first.
//
// Concurrency: any number of goroutines may append to the same view.
type appendLog[T any] struct {
	buf  []T           // the view and the room behind it
	used *atomic.Int64 // how much of buf is taken
}

// add returns view with x behind it, keeping at most limit elements: when it is
// full the oldest quarter goes, so that moving is rare. view is the result of
// the last add of this log.
func (l *appendLog[T]) add(view []T, x T, limit int) []T {
	n := len(view)
	if n < limit && n < cap(l.buf) && l.used.CompareAndSwap(int64(n), int64(n+1)) {
		l.buf = l.buf[:n+1]
		l.buf[n] = x
		return l.buf[: n+1 : n+1]
	}
	if n >= limit {
		view = view[n-limit+limit/4:]
		n = len(view)
	}
	l.buf = make([]T, n+1, min(limit, max(8, 2*n))+1)
	copy(l.buf, view)
	l.buf[n] = x
	l.used = new(atomic.Int64)
	l.used.Store(int64(n + 1))
	return l.buf[: n+1 : n+1]
}

// appended is add for a slice that has no log of its own: it copies.
func appended[T any](old []T, x T, limit int) []T {
	if len(old) >= limit {
		old = old[len(old)-limit+limit/4:]
	}
	return append(slices.Clip(slices.Clone(old)), x)
}
