// Package extendable is ExtendableEvent: the events of a service worker, whose
// lifetime promises keep the worker alive. Kinds of event embed [Event] and are
// dispatched with [Dispatch]. Everything runs on the agent's loop.
//
// Source: https://w3c.github.io/ServiceWorker/#extendableevent-interface
package extendable

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Event is the implementation of an ExtendableEvent.
type Event struct {
	dom.Event
	realm    *idl.Realm
	pending  int
	timedOut bool
	over     bool
	// finished is called once, when the event is not active any more.
	finished func()
	// Rejected is what the first lifetime promise that was rejected was rejected
	// with; nil while none was.
	Rejected goja.Value
}

// Like is any implementation of an extendable event.
type Like interface {
	dom.EventLike
	Extendable() *Event
}

// Extendable is the event itself.
func (e *Event) Extendable() *Event { return e }

// Interface is ExtendableEvent.
var Interface = &idl.Interface{
	Name: "ExtendableEvent", Parent: dom.EventInterface, Length: 1,
	New: func(c *idl.Call) any {
		e := &Event{}
		Init(c, e)
		return e
	},
	Members: []idl.Member{
		idl.Method("waitUntil", 1, func(c *idl.Call) goja.Value {
			idl.This[Like](c).Extendable().AddLifetimePromise(c, c.Arg(0))
			return nil
		}),
	},
}

// Init is dom.InitEvent for an extendable event that a script constructs.
func Init(c *idl.Call, e Like) idl.Dict {
	e.Extendable().realm = c.Realm
	return dom.InitEvent(c, e)
}

// New makes the object of an event that the engine fires.
func New(r *idl.Realm, i *idl.Interface, e Like) *goja.Object {
	e.Extendable().realm = r
	return dom.New(r, i, e)
}

// Dispatch dispatches an event made with New at target. finished is called once,
// when the event is over: at the end of the dispatch, or in the microtask in which
// the last of its lifetime promises settled.
func Dispatch(target *dom.Target, e Like, finished func()) {
	x := e.Extendable()
	x.finished = finished
	target.Dispatch(e)
	if lost := overflow(x.Thrown); lost != nil && x.pending > 0 {
		// The interpreter gave up the microtask in which the stack was full: the promise
		// it was to settle never will be.
		x.Rejected, x.pending = lost.Value, 0
	}
	x.end()
}

// overflow is the exception, among those thrown, that means a full stack.
func overflow(thrown []*script.Exception) *script.Exception {
	for _, e := range thrown {
		if e.Overflow {
			return e
		}
	}
	return nil
}

// Active reports whether lifetime promises may still be added.
func (e *Event) Active() bool { return !e.timedOut && (e.pending > 0 || e.Dispatching) }

// TimeOut sets the timed out flag: the event is over for the engine.
func (e *Event) TimeOut() { e.timedOut = true }

// AddLifetimePromise is "add lifetime promise": it throws when it may not be.
func (e *Event) AddLifetimePromise(c *idl.Call, promise goja.Value) {
	e.CheckActive(c)
	e.Extend()
	e.realm.Agent().Then(promise, func(goja.Value) { e.settled(nil) }, e.settled)
}

// CheckActive throws unless the event is trusted and active.
func (e *Event) CheckActive(c *idl.Call) {
	if !e.Trusted {
		panic(c.Exception("InvalidStateError", "Can not call %s on an event dispatched by script.", "waitUntil"))
	}
	if !e.Active() {
		panic(c.Exception("InvalidStateError", "The event handler is already finished and no extend lifetime promises are outstanding."))
	}
}

// Extend counts a lifetime promise; each needs one Release.
func (e *Event) Extend() { e.pending++ }

// settled is the reaction to a lifetime promise.
//
// Add lifetime promise 5: the count goes down in a microtask of its own, so that
// the promise's other reactions may still add to the event.
func (e *Event) settled(reason goja.Value) {
	if reason != nil {
		e.Reject(reason)
	}
	e.ReleaseSoon()
}

// Reject notes that a lifetime promise was rejected, and reports it: nobody else will.
func (e *Event) Reject(reason goja.Value) {
	if e.Rejected == nil {
		e.Rejected = reason
	}
	e.realm.Agent().Reject(reason)
}

// ReleaseSoon is Release in a microtask of its own. While the event is being
// dispatched it is active whatever the count, so that nobody could tell.
func (e *Event) ReleaseSoon() {
	if e.Dispatching {
		e.Release()
		return
	}
	e.realm.Agent().Microtask(e.Release)
}

// Release takes one lifetime promise off.
func (e *Event) Release() {
	if e.over {
		return
	}
	e.pending--
	e.end()
}

func (e *Event) end() {
	if e.over || e.pending > 0 || e.Dispatching || e.finished == nil {
		return
	}
	e.over = true
	e.finished()
}
