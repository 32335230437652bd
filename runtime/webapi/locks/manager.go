// Package locks is the Web Locks API: navigator.locks, whose locks all realms of a
// storage key share.
//
// Concurrency: a [Manager] is safe for concurrent use; it holds its mutex only to
// change lists and to queue tasks. The rest runs on the realm's loop. The end of a
// realm releases its locks and drops its requests.
//
// Source: https://w3c.github.io/web-locks/
package locks

import (
	"slices"
	"sync"

	"github.com/swinspect/swinspect/runtime/webapi/env"
)

// Manager is the concept of a lock manager.
type Manager struct {
	mu     sync.Mutex // guards all below
	held   []*lock
	queues map[string][]*request
}

// NewManager makes one that holds nothing.
func NewManager() *Manager { return &Manager{queues: map[string][]*request{}} }

type managerKey string

// Of is the lock manager of a realm's storage key.
func Of(s *env.Settings) *Manager {
	return s.Engine.Attached(managerKey(s.StorageKey), func() any { return NewManager() }).(*Manager)
}

// lock is a held lock. Its callbacks queue tasks at its agent.
type lock struct {
	name, mode, client string
	owner              *container
	stolen             func()
}

// request is a lock request; granted queues a task at its agent and reports false
// when that has ended. A lock of nil tells that it was not available.
type request struct {
	name, mode, client string
	owner              *container
	granted            func(l *lock) bool
	stolen             func()
}

// add is "request a lock".
func (m *Manager) add(r *request, ifAvailable, steal bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if steal {
		m.held = slices.DeleteFunc(m.held, func(l *lock) bool {
			if l.name != r.name {
				return false
			}
			l.stolen()
			return true
		})
		m.queues[r.name] = append([]*request{r}, m.queues[r.name]...)
	} else {
		if ifAvailable && (len(m.queues[r.name]) > 0 || !m.compatible(r)) {
			r.granted(nil)
			return
		}
		m.queues[r.name] = append(m.queues[r.name], r)
	}
	m.process(r.name)
}

// process is "process a lock request queue".
func (m *Manager) process(name string) {
	for len(m.queues[name]) > 0 && m.compatible(m.queues[name][0]) {
		r := m.queues[name][0]
		m.queues[name] = m.queues[name][1:]
		l := &lock{name, r.mode, r.client, r.owner, r.stolen}
		if r.granted(l) {
			m.held = append(m.held, l)
		}
	}
	if len(m.queues[name]) == 0 {
		delete(m.queues, name)
	}
}

// compatible is "grantable", for the head of a queue.
func (m *Manager) compatible(r *request) bool {
	for _, l := range m.held {
		if l.name == r.name && (l.mode == "exclusive" || r.mode == "exclusive") {
			return false
		}
	}
	return true
}

// release gives a lock back; one that was stolen is gone already.
func (m *Manager) release(l *lock) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held = slices.DeleteFunc(m.held, func(other *lock) bool { return other == l })
	m.process(l.name)
}

// drop releases the locks of a realm that ended, granted to it or on the way, and
// takes back its requests.
func (m *Manager) drop(owner *container) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held = slices.DeleteFunc(m.held, func(l *lock) bool { return l.owner == owner })
	for name, queue := range m.queues {
		m.queues[name] = slices.DeleteFunc(queue, func(r *request) bool { return r.owner == owner })
	}
	names := make([]string, 0, len(m.queues))
	for name := range m.queues {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		m.process(name)
	}
}

// abort takes a request back; false when it was granted before.
func (m *Manager) abort(r *request) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := slices.Index(m.queues[r.name], r)
	if at < 0 {
		return false
	}
	m.queues[r.name] = slices.Delete(m.queues[r.name], at, at+1)
	m.process(r.name)
	return true
}

// Info describes a lock held or asked for.
type Info struct{ Name, Mode, ClientID string }

// Query is "snapshot the lock manager's state".
func (m *Manager) Query() (held, pending []Info) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.held {
		held = append(held, Info{l.name, l.mode, l.client})
	}
	var names []string
	for name := range m.queues {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, r := range m.queues[name] {
			pending = append(pending, Info{r.name, r.mode, r.client})
		}
	}
	return held, pending
}
