package dom

import (
	"slices"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Target is the implementation of an event target: embed it, and call Bind with
// the object once there is one.
type Target struct {
	realm     *idl.Realm
	object    *goja.Object
	listeners []*listener
	handlers  map[string]*handler
	// Parent is "get the parent" for nodes of a tree; nil for all other targets.
	Parent func(e *Event) *Target
	// OnListener is told of listeners added, by type (service workers warn about late ones).
	OnListener func(event string)
}

type listener struct {
	event                  string
	callback               goja.Value
	handler                *handler // for an event handler attribute
	capture, once, passive bool
	removed                bool
}

// handler is an event handler attribute's value.
type handler struct {
	value    goja.Value
	listener *listener
}

// TargetLike is any implementation of an event target.
type TargetLike interface{ Events() *Target }

// Events is the target itself.
func (t *Target) Events() *Target { return t }

// Bind tells the target its realm and its object.
func (t *Target) Bind(r *idl.Realm, object *goja.Object) { t.realm, t.object = r, object }

// Object is the target's JavaScript object.
func (t *Target) Object() *goja.Object { return t.object }

// Realm is the target's relevant realm.
func (t *Target) Realm() *idl.Realm { return t.realm }

// Listens reports whether the target has a listener or a handler for an event.
func (t *Target) Listens(event string) bool {
	return slices.ContainsFunc(t.listeners, func(l *listener) bool { return l.event == event && l.active() })
}

// ListenedTo are the events that somebody listens to.
func (t *Target) ListenedTo() map[string]bool {
	events := map[string]bool{}
	for _, l := range t.listeners {
		if l.active() {
			events[l.event] = true
		}
	}
	return events
}

// Callbacks are the functions and objects that listen to an event, in order.
func (t *Target) Callbacks(event string) []goja.Value {
	var all []goja.Value
	for _, l := range t.listeners {
		if l.event == event && l.active() {
			all = append(all, l.function())
		}
	}
	return all
}

func (l *listener) active() bool { return l.handler == nil || !idl.IsNullish(l.handler.value) }

func (l *listener) function() goja.Value {
	if l.handler != nil {
		return l.handler.value
	}
	return l.callback
}

// EventTarget is the interface EventTarget.
var EventTarget = &idl.Interface{
	Name: "EventTarget",
	New: func(c *idl.Call) any {
		t := &Target{}
		t.Bind(c.Realm, c.Object)
		return t
	},
}

// init, because addEventListener's options name AbortSignal, which is a target.
func init() {
	EventTarget.Members = []idl.Member{
		idl.Method("addEventListener", 2, addEventListener),
		idl.Method("removeEventListener", 2, removeEventListener),
		idl.Method("dispatchEvent", 1, dispatchEvent),
	}
}

func target(c *idl.Call) *Target { return idl.This[TargetLike](c).Events() }

func addEventListener(c *idl.Call) goja.Value {
	t := target(c)
	l := &listener{event: c.String(0), callback: c.Arg(1)}
	signal := l.options(c)
	if t.OnListener != nil {
		t.OnListener(l.event)
	}
	if signal != nil && signal.Aborted {
		return nil
	}
	if idl.IsNullish(l.callback) || t.find(l.event, l.callback, l.capture) != nil {
		return nil
	}
	t.listeners = append(t.listeners, l)
	if signal != nil {
		signal.Add(func() { t.remove(l) })
	}
	return nil
}

// options flattens addEventListener's third argument.
func (l *listener) options(c *idl.Call) *Signal {
	callbackCheck(c)
	o, ok := c.Arg(2).(*goja.Object)
	if !ok {
		l.capture = c.Bool(2)
		return nil
	}
	d := idl.ToDict(c, o)
	l.capture = d.Bool("capture", false)
	l.once = d.Bool("once", false)
	l.passive = d.Bool("passive", false)
	if v, ok := d.Get("signal"); ok {
		return idl.As[*Signal](c, v, AbortSignal)
	}
	return nil
}

func callbackCheck(c *idl.Call) {
	if _, object := c.Arg(1).(*goja.Object); !object && !idl.IsNullish(c.Arg(1)) {
		panic(c.Fail("parameter 2 is not of type 'Object'."))
	}
}

func removeEventListener(c *idl.Call) goja.Value {
	t := target(c)
	callbackCheck(c)
	capture := false
	if o, ok := c.Arg(2).(*goja.Object); ok {
		capture = idl.ToDict(c, o).Bool("capture", false)
	} else {
		capture = c.Bool(2)
	}
	if l := t.find(c.String(0), c.Arg(1), capture); l != nil {
		t.remove(l)
	}
	return nil
}

func (t *Target) find(event string, callback goja.Value, capture bool) *listener {
	for _, l := range t.listeners {
		if l.handler == nil && l.event == event && l.capture == capture && l.callback.StrictEquals(callback) {
			return l
		}
	}
	return nil
}

func (t *Target) remove(l *listener) {
	l.removed = true
	t.listeners = slices.DeleteFunc(t.listeners, func(other *listener) bool { return other == l })
}

// Listen adds a listener of the engine's own.
func (t *Target) Listen(event string, f func(e *goja.Object)) (remove func()) {
	l := &listener{event: event, callback: t.realm.Runtime().ToValue(func(call goja.FunctionCall) goja.Value {
		o, _ := call.Argument(0).(*goja.Object)
		f(o)
		return goja.Undefined()
	})}
	t.listeners = append(t.listeners, l)
	return func() { t.remove(l) }
}

func dispatchEvent(c *idl.Call) goja.Value {
	t := target(c)
	e := idl.As[EventLike](c, c.Arg(0), EventInterface)
	if e.Base().Dispatching {
		panic(c.Exception("InvalidStateError", "The event is already being dispatched."))
	}
	e.Base().Trusted = false
	return c.Value(t.Dispatch(e))
}
