package serviceworker

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/extendable"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// fetchEvent is the implementation of a FetchEvent. Its objects (the request, the
// promises) are made when a script asks for them.
type fetchEvent struct {
	extendable.Event
	realm                                         *idl.Realm
	clientID, resultingClientID, replacesClientID string
	isReload                                      bool
	concept                                       *fetch.Request
	preload                                       *runtime.Preload
	request, preloadPromise                       goja.Value

	responded atomic.Bool // the respond-with entered flag, set on the loop
	answered  bool        // respond was called
	respond   func(response *fetch.Response, err error)

	// handled: settled and asked may be looked at from any goroutine, so that an
	// event whose handled nobody asked for costs no task when it is settled.
	handled *script.Promise
	asked   atomic.Bool
	settled atomic.Pointer[settlement]
}

type settlement struct{ err error }

// FetchEvent is the interface of that name.
//
// Source: https://w3c.github.io/ServiceWorker/#fetchevent-interface
var FetchEvent = &idl.Interface{
	Name: "FetchEvent", Parent: extendable.Interface, Length: 2,
	New: newFetchEvent,
	Members: []idl.Member{
		idl.Attr("request", func(c *idl.Call) goja.Value { return idl.This[*fetchEvent](c).requestObject() }, nil),
		idl.PromiseAttr("preloadResponse", func(c *idl.Call) goja.Value { return idl.This[*fetchEvent](c).preloadResponse() }),
		eventText("clientId", func(e *fetchEvent) string { return e.clientID }),
		eventText("resultingClientId", func(e *fetchEvent) string { return e.resultingClientID }),
		eventText("replacesClientId", func(e *fetchEvent) string { return e.replacesClientID }),
		idl.PromiseAttr("handled", func(c *idl.Call) goja.Value { return idl.This[*fetchEvent](c).handledPromise() }),
		idl.Method("respondWith", 1, func(c *idl.Call) goja.Value { idl.This[*fetchEvent](c).respondWith(c); return nil }),
	},
}

func eventText(name string, get func(*fetchEvent) string) idl.Member {
	return idl.Attr(name, func(c *idl.Call) goja.Value { return c.Value(get(idl.This[*fetchEvent](c))) }, nil)
}

// newFetchEvent is the constructor: for events that a script dispatches itself.
func newFetchEvent(c *idl.Call) any {
	e := &fetchEvent{realm: c.Realm}
	if c.Has(1) {
		if _, ok := c.Arg(1).(*goja.Object); !ok {
			panic(c.Fail("The provided value is not of type 'FetchEventInit'."))
		}
	}
	d := extendable.Init(c, e)
	e.clientID = d.String("clientId", "")
	if v, ok := d.Get("handled"); ok {
		e.handled = resolvedWith(c.Realm, v)
	}
	if v, ok := d.Get("preloadResponse"); ok {
		e.preloadPromise = resolvedWith(c.Realm, v).Value
	}
	e.replacesClientID = d.String("replacesClientId", "")
	request, ok := d.Get("request")
	if !ok {
		panic(c.Fail("Failed to read the 'request' property from 'FetchEventInit': Required member is undefined."))
	}
	idl.As[*fetchapi.Request](c, request, fetchapi.RequestInterface)
	e.request = request
	e.resultingClientID = d.String("resultingClientId", "")
	return e
}

// resolvedWith converts a value to a promise, as Web IDL does.
func resolvedWith(r *idl.Realm, v goja.Value) *script.Promise {
	p := r.NewPromise()
	p.Resolve(v)
	return p
}

func (e *fetchEvent) requestObject() goja.Value {
	if e.request == nil {
		e.request = fetchapi.NewRequest(e.realm, e.concept, fetchapi.GuardImmutable, nil)
	}
	return e.request
}

// preloadResponse resolves with undefined when there is no navigation preload.
func (e *fetchEvent) preloadResponse() goja.Value {
	switch {
	case e.preloadPromise != nil:
	case e.preload == nil:
		e.preloadPromise = idl.Resolved(e.realm, nil)
	default:
		var response *fetch.Response
		e.preloadPromise = e.realm.Async("networking", func(ctx context.Context) error {
			response = e.preload.Response(ctx)
			return nil
		}, func(p *script.Promise, _ error) {
			if response == nil || response.IsNetworkError() {
				p.Reject(idl.DOMError(e.realm, "NetworkError", "The service worker navigation preload request failed with a network error."))
				return
			}
			p.Resolve(fetchapi.NewResponse(e.realm, response, fetchapi.GuardImmutable))
		})
	}
	return e.preloadPromise
}

func (e *fetchEvent) handledPromise() goja.Value {
	if e.handled == nil {
		e.handled = e.realm.NewPromise()
		e.asked.Store(true)
		if s := e.settled.Load(); s != nil {
			e.settleHandled(s.err)
		}
	}
	return e.handled.Value
}

// Settle is of runtime.FetchResult: from any goroutine.
func (e *fetchEvent) settle(agent *script.Agent, err error) {
	e.settled.Store(&settlement{err})
	if e.asked.Load() {
		agent.Queue("networking", func() { e.settleHandled(err) })
	}
}

func (e *fetchEvent) settleHandled(err error) {
	if err == nil {
		e.handled.Resolve(nil)
		return
	}
	// A page that never looks at handled must not be told of it as unhandled.
	e.realm.Agent().Then(e.handled.Value, nil, func(goja.Value) {})
	e.handled.Reject(reason(e.realm, err))
}

// errNotResponse is a respondWith that was given something else.
var errNotResponse = errors.New("an object that was not a Response was passed to respondWith()")

// errUsedBody is a respondWith whose response's body cannot be read any more.
var errUsedBody = errors.New("a Response whose body is locked or was already used was passed to respondWith()")

// respondWith is the method of that name; its steps are those of the standard.
func (e *fetchEvent) respondWith(c *idl.Call) {
	if !e.Dispatching {
		panic(c.Exception("InvalidStateError", "The event handler is already finished."))
	}
	if e.responded.Load() {
		panic(c.Exception("InvalidStateError", "respondWith() was already called."))
	}
	e.CheckActive(c)
	e.Extend()
	e.StopImmediatePropagation()
	e.responded.Store(true)
	v := c.Arg(0)
	if e.plain(v) {
		e.realm.Agent().Microtask(func() { e.fulfilled(v); e.ReleaseSoon() })
		return
	}
	e.realm.Agent().Then(v, func(v goja.Value) { e.fulfilled(v); e.ReleaseSoon() }, func(why goja.Value) {
		e.Reject(why)
		e.answer(nil, &runtime.RejectedError{Reason: scriptError(e.realm.Agent().DescribeValue(why))})
		e.ReleaseSoon()
	})
}

// plain reports a Response that is not thenable: a promise made of it would be
// fulfilled with it at once, so that a microtask does as well.
func (e *fetchEvent) plain(v goja.Value) bool {
	o, ok := v.(*goja.Object)
	if !ok {
		return false
	}
	if _, ok := idl.Unwrap[*fetchapi.Response](o); !ok {
		return false
	}
	return o.Get("then") == nil
}

// fulfilled is "upon fulfillment of r with response".
func (e *fetchEvent) fulfilled(v goja.Value) {
	response, ok := idl.Unwrap[*fetchapi.Response](v)
	switch {
	case !ok:
		e.Reject(idl.TypeError(e.realm, "Failed to convert value to 'Response'."))
		e.answer(nil, errNotResponse)
	case response.Unusable():
		e.answer(nil, errUsedBody)
	default:
		e.answer(response.Take(), nil)
	}
}

// answer hands over what there is to say about the response, once.
func (e *fetchEvent) answer(response *fetch.Response, err error) {
	if !e.answered && e.respond != nil {
		e.answered = true
		e.respond(response, err)
	}
}

// bodyUsed reports whether a script used the request's body.
func (e *fetchEvent) bodyUsed() bool {
	r, ok := idl.Unwrap[*fetchapi.Request](e.request)
	return ok && r.BodyUsed()
}

// newEvent makes the event of a fetch.
func (a *Agent) newFetchEvent(f runtime.FetchEvent) *fetchEvent {
	return &fetchEvent{
		Event: extendable.Event{Event: dom.Event{Type: "fetch", Cancelable: true}},
		realm: a.realm, concept: f.Request, preload: f.Preload, isReload: f.IsReload,
		clientID: f.ClientID, resultingClientID: f.ResultingClientID, replacesClientID: f.ReplacesClientID,
	}
}
