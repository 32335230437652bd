package dom

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Event is the implementation of an Event object; kinds of event embed it.
type Event struct {
	Type                          string
	Bubbles, Cancelable, Composed bool
	Trusted                       bool
	TimeStamp                     float64 // milliseconds since the time origin
	Target, CurrentTarget         *goja.Object
	Phase                         int

	// Canceled is set by preventDefault.
	Canceled bool
	// Thrown is what listeners threw, in order; each was reported as well.
	Thrown []*script.Exception
	// Dispatching is set while the event is being dispatched.
	Dispatching bool

	stopPropagation, stopImmediate, inPassive bool
	path                                      []*Target
	object                                    *goja.Object
}

// EventLike is any implementation of an event.
type EventLike interface{ Base() *Event }

// Base is the event itself.
func (e *Event) Base() *Event { return e }

// Object is the JavaScript object of the event.
func (e *Event) Object() *goja.Object { return e.object }

// EventInterface is the interface Event.
var EventInterface = &idl.Interface{
	Name: "Event", Length: 1,
	New: func(c *idl.Call) any {
		e := &Event{}
		InitEvent(c, e)
		return e
	},
	Members: []idl.Member{
		eventAttr("type", func(c *idl.Call, e *Event) any { return e.Type }),
		idl.Attr("target", func(c *idl.Call) goja.Value { return nullable(base(c).Target) }, nil),
		idl.Attr("srcElement", func(c *idl.Call) goja.Value { return nullable(base(c).Target) }, nil),
		idl.Attr("currentTarget", func(c *idl.Call) goja.Value { return nullable(base(c).CurrentTarget) }, nil),
		idl.Method("composedPath", 0, composedPath),
		idl.Const("NONE", 0), idl.Const("CAPTURING_PHASE", 1), idl.Const("AT_TARGET", 2), idl.Const("BUBBLING_PHASE", 3),
		eventAttr("eventPhase", func(c *idl.Call, e *Event) any { return e.Phase }),
		idl.Method("stopPropagation", 0, func(c *idl.Call) goja.Value { base(c).stopPropagation = true; return nil }),
		idl.Attr("cancelBubble", func(c *idl.Call) goja.Value { return c.Value(base(c).stopPropagation) },
			func(c *idl.Call) goja.Value {
				e := base(c)
				e.stopPropagation = e.stopPropagation || c.Bool(0)
				return nil
			}),
		idl.Method("stopImmediatePropagation", 0, func(c *idl.Call) goja.Value {
			e := base(c)
			e.stopPropagation, e.stopImmediate = true, true
			return nil
		}),
		eventAttr("bubbles", func(c *idl.Call, e *Event) any { return e.Bubbles }),
		eventAttr("cancelable", func(c *idl.Call, e *Event) any { return e.Cancelable }),
		idl.Attr("returnValue", func(c *idl.Call) goja.Value { return c.Value(!base(c).Canceled) },
			func(c *idl.Call) goja.Value {
				if e := base(c); !c.Bool(0) {
					e.PreventDefault()
				}
				return nil
			}),
		idl.Method("preventDefault", 0, func(c *idl.Call) goja.Value { base(c).PreventDefault(); return nil }),
		eventAttr("defaultPrevented", func(c *idl.Call, e *Event) any { return e.Canceled }),
		eventAttr("composed", func(c *idl.Call, e *Event) any { return e.Composed }),
		eventAttr("isTrusted", func(c *idl.Call, e *Event) any { return e.Trusted }),
		eventAttr("timeStamp", func(c *idl.Call, e *Event) any { return e.TimeStamp }),
		idl.Method("initEvent", 1, initEvent),
	},
}

func base(c *idl.Call) *Event { return idl.This[EventLike](c).Base() }

func eventAttr(name string, get func(*idl.Call, *Event) any) idl.Member {
	return idl.Attr(name, func(c *idl.Call) goja.Value { return c.Value(get(c, base(c))) }, nil)
}

func nullable(o *goja.Object) goja.Value {
	if o == nil {
		return goja.Null()
	}
	return o
}

// PreventDefault is preventDefault().
func (e *Event) PreventDefault() {
	if e.Cancelable && !e.inPassive {
		e.Canceled = true
	}
}

// InitEvent is the start of every event's constructor: type from the first
// argument, bubbles, cancelable and composed from the dictionary in the second,
// which it returns for the members of the kind of event.
func InitEvent(c *idl.Call, e EventLike) idl.Dict {
	b := e.Base()
	b.Type = c.String(0)
	init := c.Dict(1)
	b.Bubbles = init.Bool("bubbles", false)
	b.Cancelable = init.Bool("cancelable", false)
	b.Composed = init.Bool("composed", false)
	b.object = c.Object
	b.TimeStamp = Now(c.Realm)
	return init
}

func initEvent(c *idl.Call) goja.Value {
	e := base(c)
	if e.Dispatching {
		return nil
	}
	e.Type, e.Bubbles, e.Cancelable = c.String(0), c.Bool(1), c.Bool(2)
	e.Canceled, e.stopPropagation, e.stopImmediate, e.Trusted, e.Target = false, false, false, false, nil
	return nil
}

func composedPath(c *idl.Call) goja.Value {
	e := base(c)
	objects := make([]any, 0, len(e.path))
	for _, t := range e.path {
		objects = append(objects, t.object)
	}
	return c.Runtime().NewArray(objects...)
}

// New makes the object of an event that the engine fires: trusted, with the
// prototype of its interface.
func New(r *idl.Realm, i *idl.Interface, e EventLike) *goja.Object {
	b := e.Base()
	b.Trusted = true
	b.TimeStamp = Now(r)
	b.object = idl.Wrap(r, i, e)
	return b.object
}

type originKey struct{}

// Now is the time since the realm was first asked, in milliseconds: what
// performance.now() and Event.timeStamp count in.
func Now(r *idl.Realm) float64 {
	now := r.Agent().Clock().Now()
	return float64(now.Sub(TimeOrigin(r)).Microseconds()) / 1000
}
