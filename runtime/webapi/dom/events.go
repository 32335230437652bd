package dom

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Custom is a CustomEvent.
type Custom struct {
	Event
	Detail goja.Value
}

// CustomEvent is the interface of that name.
var CustomEvent = &idl.Interface{
	Name: "CustomEvent", Parent: EventInterface, Length: 1,
	New: func(c *idl.Call) any {
		e := &Custom{Detail: goja.Null()}
		if v, ok := InitEvent(c, e).Get("detail"); ok {
			e.Detail = v
		}
		return e
	},
	Members: []idl.Member{
		idl.Attr("detail", func(c *idl.Call) goja.Value { return idl.This[*Custom](c).Detail }, nil),
		idl.Method("initCustomEvent", 1, func(c *idl.Call) goja.Value {
			e := idl.This[*Custom](c)
			if e.Dispatching {
				return nil
			}
			initEvent(c)
			e.Detail = goja.Null()
			if c.Has(3) {
				e.Detail = c.Arg(3)
			}
			return nil
		}),
	},
}

// Message is a MessageEvent. Source is a window, port or service worker object,
// or nil.
type Message struct {
	Event
	Data                goja.Value
	Origin, LastEventID string
	Source              *goja.Object
	Ports               goja.Value // a frozen array
}

// MessageEvent is the interface of that name.
var MessageEvent = &idl.Interface{
	Name: "MessageEvent", Parent: EventInterface, Length: 1,
	New: func(c *idl.Call) any {
		e := &Message{}
		d := InitEvent(c, e)
		e.Data = goja.Null()
		if v, ok := d.Get("data"); ok {
			e.Data = v
		}
		e.LastEventID = d.String("lastEventId", "")
		e.Origin = d.String("origin", "")
		var ports []goja.Value
		if v, ok := d.Get("ports"); ok {
			ports = idl.Sequence(c, v)
		}
		e.Ports = Frozen(c.Realm, ports)
		if v, ok := d.Get("source"); ok && !goja.IsNull(v) {
			if e.Source, ok = v.(*goja.Object); !ok {
				panic(c.Fail("member source is not of type MessageEventSource."))
			}
		}
		return e
	},
	Members: []idl.Member{
		idl.Attr("data", func(c *idl.Call) goja.Value { return orNull(idl.This[*Message](c).Data) }, nil),
		idl.Attr("origin", func(c *idl.Call) goja.Value { return c.Value(idl.This[*Message](c).Origin) }, nil),
		idl.Attr("lastEventId", func(c *idl.Call) goja.Value { return c.Value(idl.This[*Message](c).LastEventID) }, nil),
		idl.Attr("source", func(c *idl.Call) goja.Value { return nullable(idl.This[*Message](c).Source) }, nil),
		idl.Attr("ports", func(c *idl.Call) goja.Value {
			e := idl.This[*Message](c)
			if e.Ports == nil {
				e.Ports = Frozen(c.Realm, nil)
			}
			return e.Ports
		}, nil),
		idl.Method("initMessageEvent", 1, func(c *idl.Call) goja.Value {
			e := idl.This[*Message](c)
			if e.Dispatching {
				return nil
			}
			initEvent(c)
			e.Data, e.Origin, e.LastEventID = c.Arg(3), c.StringOr(4, ""), c.StringOr(5, "")
			e.Source, _ = c.Arg(6).(*goja.Object)
			return nil
		}),
	},
}

func orNull(v goja.Value) goja.Value {
	if v == nil {
		return goja.Null()
	}
	return v
}

// Frozen is a FrozenArray attribute's value.
func Frozen(r *idl.Realm, items []goja.Value) goja.Value {
	all := make([]any, len(items))
	for i, item := range items {
		all[i] = item
	}
	array := r.Runtime().NewArray(all...)
	freeze, _ := goja.AssertFunction(r.Runtime().GlobalObject().Get("Object").(*goja.Object).Get("freeze"))
	_, _ = r.Agent().Call(freeze, goja.Undefined(), array)
	return array
}

// Failure is an ErrorEvent.
type Failure struct {
	Event
	Message, Filename string
	Line, Column      int
	Value             goja.Value
}

// ErrorEvent is the interface of that name.
var ErrorEvent = &idl.Interface{
	Name: "ErrorEvent", Parent: EventInterface, Length: 1,
	New: func(c *idl.Call) any {
		e := &Failure{Value: goja.Undefined()}
		d := InitEvent(c, e)
		if v, ok := d.Get("colno"); ok {
			e.Column = int(idl.UnsignedLong(c, v))
		}
		if v, ok := d.Get("error"); ok {
			e.Value = v
		}
		e.Filename = d.String("filename", "")
		if v, ok := d.Get("lineno"); ok {
			e.Line = int(idl.UnsignedLong(c, v))
		}
		e.Message = d.String("message", "")
		return e
	},
	Members: []idl.Member{
		idl.Attr("message", func(c *idl.Call) goja.Value { return c.Value(idl.This[*Failure](c).Message) }, nil),
		idl.Attr("filename", func(c *idl.Call) goja.Value { return c.Value(idl.This[*Failure](c).Filename) }, nil),
		idl.Attr("lineno", func(c *idl.Call) goja.Value { return c.Value(idl.This[*Failure](c).Line) }, nil),
		idl.Attr("colno", func(c *idl.Call) goja.Value { return c.Value(idl.This[*Failure](c).Column) }, nil),
		idl.Attr("error", func(c *idl.Call) goja.Value { return idl.This[*Failure](c).Value }, nil),
	},
}

// Rejection is a PromiseRejectionEvent.
type Rejection struct {
	Event
	Promise, Reason goja.Value
}

// PromiseRejectionEvent is the interface of that name.
var PromiseRejectionEvent = &idl.Interface{
	Name: "PromiseRejectionEvent", Parent: EventInterface, Length: 2,
	New: func(c *idl.Call) any {
		e := &Rejection{Reason: goja.Undefined()}
		d := InitEvent(c, e)
		p, ok := d.Get("promise")
		if !ok {
			panic(c.Fail("required member promise is undefined."))
		}
		e.Promise = p
		if v, ok := d.Get("reason"); ok {
			e.Reason = v
		}
		return e
	},
	Members: []idl.Member{
		idl.Attr("promise", func(c *idl.Call) goja.Value { return idl.This[*Rejection](c).Promise }, nil),
		idl.Attr("reason", func(c *idl.Call) goja.Value { return idl.This[*Rejection](c).Reason }, nil),
	},
}

// Progress is a ProgressEvent.
type Progress struct {
	Event
	LengthComputable bool
	Loaded, Total    float64
}

// ProgressEvent is the interface of that name.
var ProgressEvent = &idl.Interface{
	Name: "ProgressEvent", Parent: EventInterface, Length: 1,
	New: func(c *idl.Call) any {
		e := &Progress{}
		d := InitEvent(c, e)
		e.LengthComputable = d.Bool("lengthComputable", false)
		if v, ok := d.Get("loaded"); ok {
			e.Loaded = idl.Double(c, v)
		}
		if v, ok := d.Get("total"); ok {
			e.Total = idl.Double(c, v)
		}
		return e
	},
	Members: []idl.Member{
		idl.Attr("lengthComputable", func(c *idl.Call) goja.Value { return c.Value(idl.This[*Progress](c).LengthComputable) }, nil),
		idl.Attr("loaded", func(c *idl.Call) goja.Value { return c.Value(idl.This[*Progress](c).Loaded) }, nil),
		idl.Attr("total", func(c *idl.Call) goja.Value { return c.Value(idl.This[*Progress](c).Total) }, nil),
	},
}

// Closing is a CloseEvent.
type Closing struct {
	Event
	WasClean bool
	Code     int
	Reason   string
}

// CloseEvent is the interface of that name.
var CloseEvent = &idl.Interface{
	Name: "CloseEvent", Parent: EventInterface, Length: 1,
	New: func(c *idl.Call) any {
		e := &Closing{}
		d := InitEvent(c, e)
		if v, ok := d.Get("code"); ok {
			e.Code = int(idl.UnsignedShort(c, v))
		}
		e.Reason = d.String("reason", "")
		e.WasClean = d.Bool("wasClean", false)
		return e
	},
	Members: []idl.Member{
		idl.Attr("wasClean", func(c *idl.Call) goja.Value { return c.Value(idl.This[*Closing](c).WasClean) }, nil),
		idl.Attr("code", func(c *idl.Call) goja.Value { return c.Value(idl.This[*Closing](c).Code) }, nil),
		idl.Attr("reason", func(c *idl.Call) goja.Value { return c.Value(idl.This[*Closing](c).Reason) }, nil),
	},
}

// Interfaces are all of the package, for idl.Expose.
var Interfaces = []*idl.Interface{
	idl.DOMException, EventInterface, EventTarget, CustomEvent, MessageEvent, ErrorEvent,
	PromiseRejectionEvent, ProgressEvent, CloseEvent, AbortController, AbortSignal,
}
