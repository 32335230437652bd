package fetchapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// fetchMethod is fetch(input, init).
//
// Source: https://fetch.spec.whatwg.org/#fetch-method
func fetchMethod(c *idl.Call) goja.Value {
	request := construct(c, c.Arg(0), c.Arg(1))
	if reason, aborted := request.Aborted(); aborted {
		if !request.body.none() {
			request.body.cancel(reason)
		}
		panic(reason)
	}
	if request.Unusable() {
		panic(c.Fail("%s", ErrUnusable))
	}
	inner := request.Take()
	p := c.Realm.NewPromise()
	start(c.Realm, inner, request.racing, request.Signals(), func(response *Response) {
		p.Resolve(idl.Wrap(c.Realm, ResponseInterface, response))
	}, p.Reject)
	return p.Value
}

// cancel gives the body up.
func (b *content) cancel(reason goja.Value) {
	if b.stream != nil {
		cancelStream(b, reason)
		return
	}
	b.used = true
	if b.native != nil {
		b.native.Cancel()
	}
}

// Start fetches as the realm's environment: done or fail is called on the loop,
// once. When one of the signals aborts, fail gets its reason at once, and a body
// that is still arriving is errored with it. The result cancels the fetch.
func Start(r *idl.Realm, inner *fetch.Request, signals []*dom.Signal, done func(*Response), fail func(goja.Value)) (cancel func(reason goja.Value)) {
	return start(r, inner, "", signals, done, fail)
}

// start is Start; racing is the id of the fetch event's request that this one is,
// in a worker whose event may race the network.
func start(r *idl.Realm, inner *fetch.Request, racing string, signals []*dom.Signal, done func(*Response), fail func(goja.Value)) (cancel func(reason goja.Value)) {
	settings := env.Of(r.Realm)
	if settings.Kind == env.ServiceWorker {
		inner.ServiceWorkers = "none"
	}
	ctx, stop := context.WithCancelCause(stateOf(r).ctx)
	f := &running{realm: r, stop: stop, done: done, fail: fail}
	for _, s := range signals {
		f.signals = append(f.signals, s.Add(func() { f.abort(s.Reason) }))
	}
	var response *fetch.Response
	story := r.Agent().Story()
	r.Background("networking", func(context.Context) error {
		if racing != "" && settings.Worker != nil && settings.Engine != nil {
			// HTTP fetch: the response of the race, when there is one.
			response = settings.Engine.LookupRaceResponse(ctx, settings.Worker, racing)
		}
		if response == nil {
			response = settings.Fetch(ctx, inner)
		}
		if story != 0 && settings.Engine != nil {
			settings.Engine.Note(told(inner, response, story))
		}
		return nil
	}, func(error) { f.arrived(response) })
	return f.abort
}

// told is the step of a story that a fetch is.
func told(request *fetch.Request, response *fetch.Response, story uint64) runtime.TraceEvent {
	t := runtime.TraceEvent{
		Algorithm: "Fetch", Parent: story, Verdict: "fetched",
		Details: map[string]string{"fetched": request.Method + " " + request.URL().String()},
	}
	if response.IsNetworkError() {
		t.Verdict, t.Decision = "fetch-failed", "the worker's request failed"
		if response.Err != nil {
			t.Details["error"] = response.Err.Error()
		}
		return t
	}
	u := response.Unfiltered()
	t.Decision = fmt.Sprintf("the worker's request was answered %d by %s", u.Status, cmp.Or(sourceWords[u.Source], "the network"))
	return t
}

// sourceWords name who answered.
var sourceWords = map[string]string{"http-cache": "the HTTP cache", "cache-storage": "a cache", "fetch-event": "a worker"}

// running is a fetch under way.
type running struct {
	realm   *idl.Realm
	stop    context.CancelCauseFunc
	signals []func() // take the abort algorithms away again
	done    func(*Response)
	fail    func(goja.Value)
	over    bool
	body    *content
}

// abort is "abort the fetch() call".
func (f *running) abort(reason goja.Value) {
	aborted := &reasonError{realm: f.realm, reason: reason, abort: true}
	f.stop(aborted)
	f.forget()
	if !f.over {
		f.over = true
		f.fail(reason)
		return
	}
	if f.body != nil {
		f.body.abort(aborted)
	}
}

func (f *running) forget() {
	for _, remove := range f.signals {
		remove()
	}
	f.signals = nil
}

// arrived: the response is there, or none will come.
func (f *running) arrived(response *fetch.Response) {
	if f.over {
		response.Unfiltered().Body.Discard()
		return
	}
	f.over = true
	if response.IsNetworkError() {
		f.forget()
		f.stop(nil)
		var own *reasonError
		if errors.As(response.Err, &own) && own.abort {
			f.fail(own.in(f.realm))
			return
		}
		f.fail(failedToFetch(f.realm, response))
		return
	}
	p := responseOf(f.realm, response, GuardImmutable)
	f.body = p.body
	f.done(p)
}

// failedToFetch is the TypeError of a network error. It does not say why: a script
// must not learn that of another origin.
func failedToFetch(r *idl.Realm, _ *fetch.Response) goja.Value {
	return idl.TypeError(r, "Failed to fetch")
}
