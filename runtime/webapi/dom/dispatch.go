package dom

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Fire makes an event of an interface and dispatches it; it reports false when a
// listener prevented the default.
func (t *Target) Fire(i *idl.Interface, e EventLike) bool {
	New(t.realm, i, e)
	return t.Dispatch(e)
}

// FireSimple fires a plain event that neither bubbles nor can be cancelled.
func (t *Target) FireSimple(event string) bool { return t.Fire(EventInterface, &Event{Type: event}) }

// Dispatch dispatches an event that has an object; it reports false when a
// listener prevented the default.
//
// Source: https://dom.spec.whatwg.org/#concept-event-dispatch
func (t *Target) Dispatch(event EventLike) bool {
	e := event.Base()
	e.Dispatching = true
	e.Target = t.object
	e.path = t.path(e)
	for i := len(e.path) - 1; i >= 0; i-- {
		e.Phase = 1
		if i == 0 {
			e.Phase = 2
		}
		e.path[i].invoke(e, true)
	}
	for i, at := range e.path {
		e.Phase = 3
		if i == 0 {
			e.Phase = 2
		} else if !e.Bubbles {
			break
		}
		at.invoke(e, false)
	}
	e.Phase, e.CurrentTarget, e.path = 0, nil, nil
	e.Dispatching, e.stopPropagation, e.stopImmediate = false, false, false
	return !e.Canceled
}

func (t *Target) path(e *Event) []*Target {
	path := []*Target{t}
	for at := t; at.Parent != nil; {
		parent := at.Parent(e)
		if parent == nil {
			break
		}
		path = append(path, parent)
		at = parent
	}
	return path
}

// invoke calls the target's listeners of one phase; the list is as it stood when
// the event came to the target.
func (t *Target) invoke(e *Event, capture bool) {
	if e.stopPropagation || len(t.listeners) == 0 {
		return
	}
	e.CurrentTarget = t.object
	listeners := append([]*listener(nil), t.listeners...)
	for _, l := range listeners {
		if l.removed || l.event != e.Type || l.capture != capture || !l.active() {
			continue
		}
		if l.once {
			t.remove(l)
		}
		e.inPassive = l.passive
		t.call(l, e)
		e.inPassive = false
		if e.stopImmediate {
			return
		}
	}
}

// call calls one listener and reports what it throws.
func (t *Target) call(l *listener, e *Event) {
	if t.realm != nil {
		t.realm.Enter()
	}
	if l.handler != nil {
		t.callHandler(l.handler, e)
		return
	}
	agent := t.realm.Agent()
	var f goja.Callable
	this := goja.Value(t.object)
	if err := agent.Try(func() {
		var ok bool
		if f, ok = goja.AssertFunction(l.callback); !ok {
			this = l.callback
			if f, ok = goja.AssertFunction(l.callback.(*goja.Object).Get("handleEvent")); !ok {
				panic(idl.TypeError(t.realm, "EventListener's handleEvent is not a function"))
			}
		}
	}); err != nil {
		t.report(e, err)
		return
	}
	if _, err := agent.Call(f, this, e.object); err != nil {
		t.report(e, err)
	}
}

func (t *Target) report(e *Event, err error) {
	e.Thrown = append(e.Thrown, t.realm.ReportError(err))
}
