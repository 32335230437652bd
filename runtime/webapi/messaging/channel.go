package messaging

import (
	"sync"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// end is one end of a channel: what a MessagePort object holds, and what travels
// when the port is transferred. A message posted at an end waits in its peer's
// queue until a started port holds the peer.
type end struct {
	mu *sync.Mutex // of the channel; guards the fields below of both ends

	peer    *end // nil once disentangled
	queue   []*Serialized
	holder  *Port // nil while it is on its way
	started bool
	// orphaned: the other side was closed while this end was on its way.
	orphaned bool
}

func newChannel() (*end, *end) {
	mu := &sync.Mutex{}
	a, b := &end{mu: mu}, &end{mu: mu}
	a.peer, b.peer = b, a
	return a, b
}

// post puts a message into the peer's queue; without a peer it is dropped.
func (e *end) post(m *Serialized) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.peer
	if p == nil {
		return
	}
	p.queue = append(p.queue, m)
	if p.holder != nil && p.started {
		p.schedule(1)
	}
}

// schedule queues tasks that deliver a message each; the lock is held.
func (e *end) schedule(n int) {
	port := e.holder
	for range n {
		port.agent.Queue("posted message", port.deliver)
	}
}

// take gives port the oldest message; nil when there is none, or when the end has
// moved to another port meanwhile, which will get it.
func (e *end) take(port *Port) *Serialized {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.holder != port || len(e.queue) == 0 {
		return nil
	}
	m := e.queue[0]
	e.queue = e.queue[1:]
	return m
}

func (e *end) start() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.started && e.holder != nil {
		e.started = true
		e.schedule(len(e.queue))
	}
}

// close disentangles the ends and tells the port at the other.
func (e *end) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.peer
	if p == nil {
		return
	}
	e.peer, p.peer = nil, nil
	p.orphaned = true
	if p.holder != nil {
		p.holder.agent.Queue("close", p.holder.closed)
	}
}

// release takes the end from its port, to travel.
func (e *end) release() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.holder, e.started = nil, false
}

// bind gives the end to a port.
func (e *end) bind(p *Port) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.holder = p
	if e.orphaned {
		p.agent.Queue("close", p.closed)
	}
}

func (e *end) isPeer(other *end) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.peer == other
}

// NewPorts makes an entangled pair of ports in a realm, as new MessageChannel()
// does: for streams that are transferred, workers and the like.
func NewPorts(r *idl.Realm) (*Port, *Port) {
	a, b := newChannel()
	return newPort(r, a), newPort(r, b)
}

// Loose is an end of a channel that no port holds yet: Port makes one in a realm,
// whatever its agent.
type Loose struct{ end *end }

// NewLoose makes an entangled pair of ends for ports in two realms: the inside
// and the outside of a worker.
func NewLoose() (Loose, Loose) {
	a, b := newChannel()
	return Loose{a}, Loose{b}
}

// Port makes the port of the end in a realm, once. On r's loop.
func (l Loose) Port(r *idl.Realm) *Port { return newPort(r, l.end) }
