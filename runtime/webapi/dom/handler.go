package dom

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Handler is an event handler attribute: Handler("message") is onmessage.
func Handler(event string) idl.Member { return HandlerWith(event, nil) }

// HandlerWith is Handler with something to do after the attribute was set
// (onmessage of a port starts it).
func HandlerWith(event string, set func(c *idl.Call)) idl.Member {
	return idl.Attr("on"+event,
		func(c *idl.Call) goja.Value { return target(c).Handler(event) },
		func(c *idl.Call) goja.Value {
			target(c).SetHandler(event, c.Arg(0))
			if set != nil {
				set(c)
			}
			return nil
		})
}

// Handler is the value of an event handler attribute, null for none.
func (t *Target) Handler(event string) goja.Value {
	if h := t.handlers[event]; h != nil && h.value != nil {
		return h.value
	}
	return goja.Null()
}

// SetHandler sets an event handler attribute; what is no object means null. The
// handler keeps the place among the listeners it got when it was first set.
func (t *Target) SetHandler(event string, value goja.Value) {
	if _, object := value.(*goja.Object); !object {
		value = goja.Null()
	}
	h := t.handlers[event]
	if goja.IsNull(value) {
		if h != nil {
			t.remove(h.listener)
			delete(t.handlers, event)
		}
		return
	}
	if h == nil {
		h = &handler{}
		h.listener = &listener{event: event, handler: h}
		if t.handlers == nil {
			t.handlers = map[string]*handler{}
		}
		t.handlers[event] = h
		t.listeners = append(t.listeners, h.listener)
		if t.OnListener != nil {
			t.OnListener(event)
		}
	}
	h.value = value
}

// callHandler is the event handler processing algorithm.
//
// Source: https://html.spec.whatwg.org/#the-event-handler-processing-algorithm
func (t *Target) callHandler(h *handler, e *Event) {
	f, ok := goja.AssertFunction(h.value)
	if !ok {
		return
	}
	args := []goja.Value{e.object}
	failure, isError := idl.Unwrap[*Failure](e.object)
	special := isError && e.Type == "error" && t.object.SameAs(t.realm.Global())
	if special {
		rt := t.realm.Runtime()
		args = []goja.Value{
			rt.ToValue(failure.Message), rt.ToValue(failure.Filename), rt.ToValue(failure.Line), rt.ToValue(failure.Column), failure.Value,
		}
	}
	result, err := t.realm.Agent().Call(f, t.object, args...)
	if err != nil {
		t.report(e, err)
		return
	}
	answer, isBool := result.Export().(bool)
	if _, object := result.(*goja.Object); object {
		return
	}
	if isBool && answer == special {
		e.PreventDefault()
	}
}
