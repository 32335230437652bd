package cacheapi

import (
	"slices"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/cache"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// cachePut is Cache.put.
func cachePut(c *idl.Call) goja.Value {
	o := this(c)
	info := requestInfo(c, c.Arg(0))
	response := idl.As[*fetchapi.Response](c, c.Arg(1), fetchapi.ResponseInterface)
	request, ok := idl.Unwrap[*fetchapi.Request](info)
	if !ok {
		request = fetchapi.Construct(c, info, goja.Undefined())
	}
	if !request.Inner.URL().IsHTTP() {
		panic(c.Fail("Request scheme '%s' is unsupported", request.Inner.URL().Scheme()))
	}
	if request.Inner.Method != "GET" {
		panic(c.Fail("Request method '%s' is unsupported", request.Inner.Method))
	}
	// DIVERGES: a filtered response's own status counts, so that an opaque 206 is refused too.
	if response.Inner.Unfiltered().Status == 206 {
		panic(c.Fail("Partial response (status code 206) is unsupported"))
	}
	if slices.Contains(cache.VaryFields(response.Inner), "*") {
		panic(c.Fail("Vary header contains *"))
	}
	if response.Unusable() {
		panic(c.Fail("Response body is already used"))
	}
	p := c.Realm.NewPromise()
	story := c.Realm.Agent().Story()
	response.Store(func(stored *fetch.Response) {
		err := o.list.Put(request.Inner, stored)
		if err == nil {
			noteWrite(c.Realm, story, "stored", o.list.Name(), request.Inner)
		}
		settle(c.Realm, p, func() goja.Value {
			if err != nil {
				panic(exception(c, err))
			}
			return goja.Undefined()
		})
	}, p.Reject)
	return p.Value
}

// cacheAddAll is Cache.addAll.
func cacheAddAll(c *idl.Call) goja.Value {
	o := this(c)
	items := idl.Sequence(c, c.Arg(0))
	for i, item := range items {
		items[i] = requestInfo(c, item)
	}
	return addAll(c, o, items)
}

// adding is one addAll under way.
type adding struct {
	call      *idl.Call
	cache     *cacheObject
	promise   promise
	requests  []*fetch.Request
	responses []*fetch.Response
	missing   int
	cancel    []func(reason goja.Value)
	over      bool
	story     uint64
}

// addAll fetches all requests and puts the responses, or none of them.
func addAll(c *idl.Call, o *cacheObject, infos []goja.Value) goja.Value {
	// Before anything is fetched: requests that cannot be cached.
	for _, info := range infos {
		if r, ok := idl.Unwrap[*fetchapi.Request](info); ok {
			cacheable(c, r.Inner)
		}
	}
	var requests []*fetchapi.Request
	for _, info := range infos {
		r := fetchapi.Construct(c, info, goja.Undefined())
		cacheable(c, r.Inner)
		if reason, aborted := r.Aborted(); aborted {
			panic(reason)
		}
		requests = append(requests, r)
	}
	p := c.Realm.NewPromise()
	a := &adding{call: c, cache: o, promise: p, responses: make([]*fetch.Response, len(requests)), missing: len(requests), story: c.Realm.Agent().Story()}
	for _, r := range requests {
		stored := *r.Inner
		stored.Headers = r.Inner.Headers.Clone()
		a.requests = append(a.requests, &stored)
	}
	for i, r := range requests {
		stop := fetchapi.Start(c.Realm, r.Take(), r.Signals(), func(response *fetchapi.Response) { a.arrived(i, response) }, a.fail)
		a.cancel = append(a.cancel, stop)
	}
	if len(requests) == 0 {
		a.commit()
	}
	return p.Value
}

func cacheable(c *idl.Call, r *fetch.Request) {
	if !r.URL().IsHTTP() {
		panic(c.Fail("Request scheme '%s' is unsupported", r.URL().Scheme()))
	}
	if r.Method != "GET" {
		panic(c.Fail("Request method '%s' is unsupported", r.Method))
	}
}

// arrived is processResponse for one of the requests.
func (a *adding) arrived(i int, response *fetchapi.Response) {
	if a.over {
		return
	}
	inner := response.Inner
	switch {
	case !inner.OK() || inner.Status == 206:
		a.fail(a.call.Fail("Request failed"))
		return
	case slices.Contains(cache.VaryFields(inner), "*"):
		a.fail(a.call.Fail("Vary header contains *"))
		return
	}
	response.Store(func(stored *fetch.Response) {
		if a.over {
			return
		}
		a.responses[i] = stored
		if a.missing--; a.missing == 0 {
			a.commit()
		}
	}, a.fail)
}

// fail gives all of it up.
func (a *adding) fail(reason goja.Value) {
	if a.over {
		return
	}
	a.over = true
	a.promise.Reject(reason)
	aborted := idl.DOMError(a.call.Realm, "AbortError", "another request of the same call failed")
	for _, cancel := range a.cancel {
		cancel(aborted)
	}
}

// commit puts all responses in one batch.
func (a *adding) commit() {
	a.over = true
	operations := make([]cache.Operation, len(a.requests))
	for i, r := range a.requests {
		operations[i] = cache.Operation{Type: "put", Request: r, Response: a.responses[i]}
	}
	_, err := a.cache.list.Batch(operations...)
	if err == nil {
		noteWrite(a.call.Realm, a.story, "stored", a.cache.list.Name(), a.requests...)
	}
	settle(a.call.Realm, a.promise, func() goja.Value {
		if err != nil {
			panic(exception(a.call, err))
		}
		return goja.Undefined()
	})
}
