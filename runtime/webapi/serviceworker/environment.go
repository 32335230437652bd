package serviceworker

import (
	"github.com/swinspect/swinspect/runtime"
)

// environment implements runtime.Environment over a realm's objects. The engine
// calls it with its lock held: what a task needs of the concepts is taken before
// it is queued.
type environment struct{ o *objects }

// UpdateRegistration is of runtime.Environment.
func (e environment) UpdateRegistration(r *runtime.Registration, slot runtime.Slot, w *runtime.Worker) {
	var state runtime.State
	if w != nil {
		state = w.State()
	}
	e.o.queue(domManipulation, func() {
		e.o.own.slotChanged(r, slot, w, state)
		if object, ok := e.o.registrations[r]; ok {
			object.set(slot, e.o.worker(w, state))
		}
	})
}

// UpdateWorkerState is of runtime.Environment.
func (e environment) UpdateWorkerState(w *runtime.Worker, state runtime.State) {
	e.o.queue(domManipulation, func() {
		e.o.own.stateChanged(w, state)
		if object, ok := e.o.workers[w]; ok {
			object.setState(state)
		}
	})
}

// FireUpdateFound is of runtime.Environment.
func (e environment) FireUpdateFound(r *runtime.Registration) {
	e.o.queue(domManipulation, func() {
		if object, ok := e.o.registrations[r]; ok {
			object.FireSimple("updatefound")
		}
	})
}

// SetController is of runtime.Environment.
func (e environment) SetController(w *runtime.Worker, notify bool) {
	var state runtime.State
	if w != nil {
		state = w.State()
	}
	e.o.queue(domManipulation, func() {
		c := e.o.container
		if c == nil {
			return
		}
		c.controller = e.o.worker(w, state)
		if notify {
			c.FireSimple("controllerchange")
		}
	})
}

// Ready is of runtime.Environment.
func (e environment) Ready(r *runtime.Registration) {
	s := r.Snapshot()
	e.o.queue(domManipulation, func() {
		if c := e.o.container; c != nil {
			c.settleReady(r, s)
		}
	})
}

// PostMessage is of runtime.Environment.
func (e environment) PostMessage(m runtime.Message) {
	var state runtime.State
	if w, ok := m.Source.(*runtime.Worker); ok {
		state = w.State()
	}
	e.o.queue("client message queue", func() {
		if c := e.o.container; c != nil {
			c.receive(clientMessage{m, state})
		}
	})
}
