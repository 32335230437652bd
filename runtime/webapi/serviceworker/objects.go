package serviceworker

import (
	"errors"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// objects are a realm's service worker object map and service worker registration
// object map: one object per concept.
type objects struct {
	realm         *idl.Realm
	settings      *env.Settings
	workers       map[*runtime.Worker]*worker
	registrations map[*runtime.Registration]*registration
	container     *Container
	own           told
}

// told is what the environment of a service worker was told of its own worker and
// registration: what their objects start with when a script first asks for them.
type told struct {
	worker       *runtime.Worker // nil in other environments
	state        runtime.State
	registration runtime.RegistrationSnapshot
}

// begin notes how the worker is when its script begins to run.
func (t *told) begin(w *runtime.Worker, state runtime.State, s runtime.RegistrationSnapshot) {
	t.worker, t.state, t.registration = w, state, s
}

// slotChanged keeps up with UpdateRegistration.
func (t *told) slotChanged(r *runtime.Registration, slot runtime.Slot, w *runtime.Worker, state runtime.State) {
	if t.worker == nil || t.worker.Registration() != r {
		return
	}
	s := &t.registration
	switch slot {
	case runtime.SlotInstalling:
		s.Installing, s.InstallingState = w, state
	case runtime.SlotWaiting:
		s.Waiting, s.WaitingState = w, state
	case runtime.SlotActive:
		s.Active, s.ActiveState = w, state
	}
}

// stateChanged keeps up with UpdateWorkerState.
func (t *told) stateChanged(w *runtime.Worker, state runtime.State) {
	if t.worker == w {
		t.state = state
	}
	s := &t.registration
	switch w {
	case s.Installing:
		s.InstallingState = state
	case s.Waiting:
		s.WaitingState = state
	case s.Active:
		s.ActiveState = state
	}
}

type objectsKey struct{}

func objectsOf(r *idl.Realm) *objects {
	if o, ok := r.Value(objectsKey{}).(*objects); ok {
		return o
	}
	o := &objects{
		realm: r, settings: env.Of(r.Realm),
		workers: map[*runtime.Worker]*worker{}, registrations: map[*runtime.Registration]*registration{},
	}
	r.SetValue(objectsKey{}, o)
	return o
}

// worker is "get the service worker object"; state is that of the worker when the
// engine told of it, for an object that is new. nil gives nil.
func (o *objects) worker(w *runtime.Worker, state runtime.State) *worker {
	if w == nil {
		return nil
	}
	if known, ok := o.workers[w]; ok {
		return known
	}
	object := &worker{concept: w, state: state}
	object.Bind(o.realm, idl.Wrap(o.realm, ServiceWorker, object))
	o.workers[w] = object
	return object
}

// registration is "get the service worker registration object"; s is the
// registration when the engine told of it, for an object that is new.
func (o *objects) registration(r *runtime.Registration, s runtime.RegistrationSnapshot) *registration {
	if known, ok := o.registrations[r]; ok {
		return known
	}
	object := &registration{
		concept:    r,
		installing: o.worker(s.Installing, s.InstallingState),
		waiting:    o.worker(s.Waiting, s.WaitingState),
		active:     o.worker(s.Active, s.ActiveState),
	}
	object.Bind(o.realm, idl.Wrap(o.realm, ServiceWorkerRegistration, object))
	o.registrations[r] = object
	return object
}

// party is who the realm's environment is to the engine.
func (o *objects) party() runtime.Party {
	switch {
	case o.settings.Worker != nil:
		return o.settings.Worker
	case o.settings.Client != nil:
		return o.settings.Client
	}
	return nil
}

// queue queues a task that does not run any more once the realm is gone.
func (o *objects) queue(source string, f func()) {
	o.realm.Agent().Queue(source, func() {
		if !o.realm.Gone() {
			f()
		}
	})
}

// The task source of nearly everything here.
const domManipulation = "DOM manipulation"

// reason is what a promise is rejected with for an error of the engine.
func reason(r *idl.Realm, err error) goja.Value {
	var e *runtime.Exception
	if errors.As(err, &e) && e.Name != "TypeError" {
		return idl.DOMError(r, e.Name, e.Message)
	}
	if e != nil {
		return idl.TypeError(r, "%s", e.Message)
	}
	return idl.TypeError(r, "%s", err.Error())
}

func nullable[T interface{ Object() *goja.Object }](object T, present bool) goja.Value {
	if !present {
		return goja.Null()
	}
	return object.Object()
}
