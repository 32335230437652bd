package serviceworker

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/messaging"
)

// worker is the implementation of a ServiceWorker.
type worker struct {
	dom.Target
	concept *runtime.Worker
	state   runtime.State
}

// ServiceWorker is the interface of that name.
//
// Source: https://w3c.github.io/ServiceWorker/#serviceworker-interface
var ServiceWorker = &idl.Interface{
	Name: "ServiceWorker", Parent: dom.EventTarget,
	Members: []idl.Member{
		idl.Attr("scriptURL", func(c *idl.Call) goja.Value { return c.Value(idl.This[*worker](c).concept.ScriptURL().String()) }, nil),
		idl.Attr("state", func(c *idl.Call) goja.Value { return c.Value(string(idl.This[*worker](c).state)) }, nil),
		idl.Method("postMessage", 1, func(c *idl.Call) goja.Value {
			idl.This[*worker](c).post(c)
			return nil
		}),
		dom.Handler("statechange"),
		dom.Handler("error"),
	},
}

// post is postMessage: its first half, up to Should Skip Event, which is the engine's.
func (w *worker) post(c *idl.Call) {
	if w.Realm().Gone() {
		panic(c.Exception("InvalidStateError", "The document of the object is gone."))
	}
	// The incumbent settings are taken to be those of the object's own realm.
	o := objectsOf(w.Realm())
	m := messaging.Serialize(c, c.Arg(0), messaging.TransferList(c, 1))
	o.settings.Engine.PostToWorker(o.party(), w.concept, runtime.Message{Data: m, Origin: o.settings.Origin.String()})
}

// setState is what Update Worker State's task does.
func (w *worker) setState(s runtime.State) {
	w.state = s
	w.FireSimple("statechange")
}
