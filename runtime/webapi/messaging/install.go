package messaging

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Interfaces are all of the package, exposed in windows and workers.
var Interfaces = []*idl.Interface{MessageChannel, MessagePort, BroadcastChannel}

// scope names the mixin in messages.
var scope = &idl.Interface{Name: "WindowOrWorkerGlobalScope"}

// Install puts the package into a realm, before any script of it runs. global is
// the global object's implementation.
func Install(r *idl.Realm, global any) {
	capture(r)
	idl.Expose(r, Interfaces...)
	idl.Mixin(r, scope, global, idl.Method("structuredClone", 1, structuredClone))
}

// structuredClone is the method of that name.
//
// Source: https://html.spec.whatwg.org/#dom-structuredclone
func structuredClone(c *idl.Call) goja.Value {
	v, _, err := Serialize(c, c.Arg(0), TransferOption(c, c.Arg(1))).Deserialize(c.Realm)
	if err != nil {
		panic(idl.Reason(c.Runtime(), err))
	}
	return v
}
