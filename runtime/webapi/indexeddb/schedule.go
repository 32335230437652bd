package indexeddb

import (
	"slices"
)

// mode is a transaction's.
type mode string

const (
	readOnly      mode = "readonly"
	readWrite     mode = "readwrite"
	versionChange mode = "versionchange"
)

// transaction is the concept of a transaction, without its JavaScript object. Its
// fields are guarded by the storage's mutex.
type transaction struct {
	storage  *Storage
	database *database
	mode     mode
	scope    []*objectStore // in a version change: whatever there is
	started  bool
	finished bool
	aborted  bool
	waiting  []func() // operations placed before it could start
	undos    []func()
	done     chan struct{} // closed when finished
}

// begin creates a transaction and starts it, unless it has to wait for others.
func (s *Storage) begin(d *database, m mode, scope []*objectStore) *transaction {
	t := &transaction{storage: s, database: d, mode: m, scope: scope, done: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	d.live = append(d.live, t)
	t.started = t.startable()
	return t
}

// startable is the scheduling rule: no live transaction created before overlaps in
// scope, where either of the two writes.
func (t *transaction) startable() bool {
	for _, earlier := range t.database.live {
		if earlier == t {
			return true
		}
		if (t.mode != readOnly || earlier.mode != readOnly) && t.overlaps(earlier) {
			return false
		}
	}
	return true
}

func (t *transaction) overlaps(other *transaction) bool {
	if t.mode == versionChange || other.mode == versionChange {
		return true
	}
	return slices.ContainsFunc(t.scope, func(s *objectStore) bool { return slices.Contains(other.scope, s) })
}

// run carries out an operation now, or as soon as the transaction starts; one of
// a finished transaction never. The storage's mutex is held while it runs: it must
// only touch the data and queue a task.
func (t *transaction) run(operation func()) {
	t.storage.mu.Lock()
	defer t.storage.mu.Unlock()
	switch {
	case t.finished:
	case t.started:
		operation()
	default:
		t.waiting = append(t.waiting, operation)
	}
}

// undo remembers how to take back what was just done.
func (t *transaction) undo(f func()) {
	if t.mode != readOnly {
		t.undos = append(t.undos, f)
	}
}

// end commits or, with abort, takes back everything; it reports false when the
// transaction had ended before.
func (t *transaction) end(abort bool) bool {
	t.storage.mu.Lock()
	defer t.storage.mu.Unlock()
	if t.finished {
		return false
	}
	t.finished, t.aborted, t.waiting = true, abort, nil
	if abort {
		for _, undo := range slices.Backward(t.undos) {
			undo()
		}
	}
	t.undos = nil
	d := t.database
	d.live = slices.DeleteFunc(d.live, func(other *transaction) bool { return other == t })
	for _, next := range d.live {
		if !next.started && next.startable() {
			next.started = true
			operations := next.waiting
			next.waiting = nil
			for _, operation := range operations {
				operation()
			}
		}
	}
	close(t.done)
	t.storage.broadcast()
	return true
}

// broadcast wakes whoever waits for a change; the mutex is held.
func (s *Storage) broadcast() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// enter takes a place in a database name's connection queue. wait waits for its
// turn, false when stop came first; leave gives the place up.
func (s *Storage) enter(name string) (wait func(stop <-chan struct{}) bool, leave func()) {
	turn := make(chan struct{})
	s.mu.Lock()
	s.queues[name] = append(s.queues[name], turn)
	if len(s.queues[name]) == 1 {
		close(turn)
	}
	s.mu.Unlock()
	leave = func() { s.leave(name, turn) }
	wait = func(stop <-chan struct{}) bool {
		select {
		case <-turn:
			return true
		case <-stop:
			leave()
			return false
		}
	}
	return wait, leave
}

func (s *Storage) leave(name string, turn chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	queue := s.queues[name]
	first := queue[0] == turn
	queue = slices.DeleteFunc(queue, func(other chan struct{}) bool { return other == turn })
	if len(queue) == 0 {
		delete(s.queues, name)
		return
	}
	s.queues[name] = queue
	if first {
		close(queue[0])
	}
}
