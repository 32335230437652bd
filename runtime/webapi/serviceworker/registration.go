package serviceworker

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/notifications"
)

// registration is the implementation of a ServiceWorkerRegistration.
type registration struct {
	dom.Target
	concept                     *runtime.Registration
	installing, waiting, active *worker
	preload                     *goja.Object
}

// Registration is the concept: for the partial interfaces of other standards,
// which ask for it with an interface of their own.
func (r *registration) Registration() *runtime.Registration { return r.concept }

// ServiceWorkerRegistration is the interface of that name.
//
// Source: https://w3c.github.io/ServiceWorker/#serviceworkerregistration-interface
var ServiceWorkerRegistration = &idl.Interface{
	Name: "ServiceWorkerRegistration", Parent: dom.EventTarget,
}

func init() {
	ServiceWorkerRegistration.Members = append([]idl.Member{
		slot("installing", func(r *registration) *worker { return r.installing }),
		slot("waiting", func(r *registration) *worker { return r.waiting }),
		slot("active", func(r *registration) *worker { return r.active }),
		idl.Attr("navigationPreload", func(c *idl.Call) goja.Value { return idl.This[*registration](c).preloadManager() }, nil),
		idl.Attr("scope", func(c *idl.Call) goja.Value { return c.Value(idl.This[*registration](c).concept.ScopeURL().String()) }, nil),
		idl.Attr("updateViaCache", func(c *idl.Call) goja.Value {
			return c.Value(idl.This[*registration](c).concept.Snapshot().UpdateViaCache)
		}, nil),
		idl.PromiseMethod("update", 0, func(c *idl.Call) goja.Value { return idl.This[*registration](c).update() }),
		idl.PromiseMethod("unregister", 0, func(c *idl.Call) goja.Value { return idl.This[*registration](c).unregister() }),
		dom.Handler("updatefound"),
	}, notifications.RegistrationMembers...)
}

func slot(name string, of func(*registration) *worker) idl.Member {
	return idl.Attr(name, func(c *idl.Call) goja.Value {
		w := of(idl.This[*registration](c))
		return nullable(w, w != nil)
	}, nil)
}

// set changes an attribute, as Update Registration State's task does.
func (r *registration) set(slot runtime.Slot, w *worker) {
	switch slot {
	case runtime.SlotInstalling:
		r.installing = w
	case runtime.SlotWaiting:
		r.waiting = w
	case runtime.SlotActive:
		r.active = w
	}
}

// update is update(): the engine checks, schedules the job and settles.
func (r *registration) update() goja.Value {
	o := objectsOf(r.Realm())
	p := r.Realm().NewPromise()
	o.settings.Engine.StartUpdate(o.party(), r.concept, func(updated *runtime.Registration, err error) {
		if err != nil {
			o.queue(domManipulation, func() { p.Reject(reason(o.realm, err)) })
			return
		}
		s := updated.Snapshot()
		o.queue(domManipulation, func() { p.Resolve(o.registration(updated, s).Object()) })
	})
	return p.Value
}

func (r *registration) unregister() goja.Value {
	o := objectsOf(r.Realm())
	p := r.Realm().NewPromise()
	o.settings.Engine.StartUnregister(o.party(), r.concept, func(done bool, err error) {
		o.queue(domManipulation, func() {
			if err != nil {
				p.Reject(reason(o.realm, err))
				return
			}
			p.Resolve(o.realm.Runtime().ToValue(done))
		})
	})
	return p.Value
}
