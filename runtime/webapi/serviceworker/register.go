package serviceworker

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// register is register(): it converts, parses and hands over to Start Register.
func (c *Container) register(call *idl.Call) goja.Value {
	input := call.String(0)
	options := call.Dict(1)
	scope, scoped := options.Get("scope")
	scopeText := ""
	if scoped {
		scopeText = idl.ToString(call, scope)
	}
	o := runtime.RegisterOptions{
		Type:           options.Enum("type", "classic", "WorkerType", "classic", "module"),
		UpdateViaCache: options.Enum("updateViaCache", "imports", "ServiceWorkerUpdateViaCache", "imports", "all", "none"),
	}
	s := c.o.settings
	if s.Client == nil {
		// DIVERGES: a service worker's global has no service worker client that could
		// register; the standard does not say what its container does.
		panic(call.Exception("InvalidStateError", "The environment is not a service worker client."))
	}
	if c.o.realm.Gone() || s.Closing != nil && s.Closing() {
		// A document that is going away gets no task any more: its promise would never settle.
		panic(call.Exception("InvalidStateError", "The document is in an invalid state."))
	}
	if u, err := fetch.ParseURL(input, s.BaseURL()); err == nil {
		o.ScriptURL = u
	}
	if scoped {
		u, err := fetch.ParseURL(scopeText, s.BaseURL())
		o.Scope, o.ScopeFailed = u, err != nil
	}
	p := c.o.realm.NewPromise()
	s.Engine.StartRegister(s.Client, o, func(r *runtime.Registration, err error) {
		if err != nil {
			c.o.queue(domManipulation, func() { p.Reject(reason(c.o.realm, err)) })
			return
		}
		snapshot := r.Snapshot()
		c.o.queue(domManipulation, func() { p.Resolve(c.o.registration(r, snapshot).Object()) })
	})
	return p.Value
}
