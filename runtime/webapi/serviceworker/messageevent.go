package serviceworker

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/extendable"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/messaging"
)

// messageEvent is the implementation of an ExtendableMessageEvent.
type messageEvent struct {
	extendable.Event
	data                goja.Value
	origin, lastEventID string
	source              goja.Value
	ports               []goja.Value
	frozen              goja.Value
}

// ExtendableMessageEvent is the interface of that name.
//
// Source: https://w3c.github.io/ServiceWorker/#extendablemessageevent-interface
var ExtendableMessageEvent = &idl.Interface{
	Name: "ExtendableMessageEvent", Parent: extendable.Interface, Length: 1,
	New: func(c *idl.Call) any {
		e := &messageEvent{data: goja.Null(), source: goja.Null()}
		d := extendable.Init(c, e)
		if v, ok := d.Get("data"); ok {
			e.data = v
		}
		e.lastEventID = d.String("lastEventId", "")
		e.origin = d.String("origin", "")
		if v, ok := d.Get("ports"); ok {
			e.ports = idl.Sequence(c, v)
			for _, p := range e.ports {
				idl.As[*messaging.Port](c, p, messaging.MessagePort)
			}
		}
		if v, ok := d.Get("source"); ok && !goja.IsNull(v) {
			if !isMessageSource(v) {
				panic(c.Fail("Failed to read the 'source' property from 'ExtendableMessageEventInit': The provided value is not of type '(Client or MessagePort or ServiceWorker)'."))
			}
			e.source = v
		}
		return e
	},
	Members: []idl.Member{
		idl.Attr("data", func(c *idl.Call) goja.Value { return idl.This[*messageEvent](c).data }, nil),
		idl.Attr("origin", func(c *idl.Call) goja.Value { return c.Value(idl.This[*messageEvent](c).origin) }, nil),
		idl.Attr("lastEventId", func(c *idl.Call) goja.Value { return c.Value(idl.This[*messageEvent](c).lastEventID) }, nil),
		idl.Attr("source", func(c *idl.Call) goja.Value { return idl.This[*messageEvent](c).source }, nil),
		idl.Attr("ports", func(c *idl.Call) goja.Value {
			e := idl.This[*messageEvent](c)
			if e.frozen == nil {
				e.frozen = dom.Frozen(c.Realm, e.ports)
			}
			return e.frozen
		}, nil),
	},
}

func isMessageSource(v goja.Value) bool {
	if _, ok := idl.Unwrap[*client](v); ok {
		return true
	}
	if _, ok := idl.Unwrap[*worker](v); ok {
		return true
	}
	_, ok := idl.Unwrap[*messaging.Port](v)
	return ok
}

// newMessageEvent is the event for a message that arrived: messageerror when this
// realm cannot have it.
func newMessageEvent(r *idl.Realm, m *runtime.Message) *messageEvent {
	e := &messageEvent{data: goja.Null(), origin: m.Origin, source: goja.Null()}
	e.Type = "message"
	switch source := m.Source.(type) {
	case *runtime.Client:
		e.source = newClient(r, source.View())
	case *runtime.Worker:
		e.source = objectsOf(r).worker(source, source.State()).Object()
	}
	if data, ok := m.Data.(*messaging.Serialized); ok {
		v, ports, err := data.Deserialize(r)
		if err != nil {
			e.Type = "messageerror"
			return e
		}
		e.data, e.ports = v, ports
	}
	return e
}
