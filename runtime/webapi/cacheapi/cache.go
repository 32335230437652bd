package cacheapi

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/cache"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// cacheObject is the implementation of a Cache object.
type cacheObject struct {
	realm *idl.Realm
	list  *cache.Cache
}

// CacheInterface is the interface Cache.
//
// Source: https://w3c.github.io/ServiceWorker/#cache-interface
var CacheInterface = &idl.Interface{
	Name: "Cache",
	Members: []idl.Member{
		idl.PromiseMethod("match", 1, cacheMatch),
		idl.PromiseMethod("matchAll", 0, cacheMatchAll),
		idl.PromiseMethod("add", 1, func(c *idl.Call) goja.Value {
			return addAll(c, this(c), []goja.Value{requestInfo(c, c.Arg(0))})
		}),
		idl.PromiseMethod("addAll", 1, cacheAddAll),
		idl.PromiseMethod("put", 2, cachePut),
		idl.PromiseMethod("delete", 1, cacheDelete),
		idl.PromiseMethod("keys", 0, cacheKeys),
	},
}

func this(c *idl.Call) *cacheObject {
	o := idl.This[*cacheObject](c)
	c.Realm = o.realm
	return o
}

// queryOptions converts CacheQueryOptions.
func queryOptions(c *idl.Call, d idl.Dict) cache.QueryOptions {
	o := cache.QueryOptions{Story: c.Realm.Agent().Story()}
	o.IgnoreMethod = d.Bool("ignoreMethod", false)
	o.IgnoreSearch = d.Bool("ignoreSearch", false)
	o.IgnoreVary = d.Bool("ignoreVary", false)
	return o
}

// requestInfo converts a RequestInfo: a Request object stays, anything else is a string.
func requestInfo(c *idl.Call, v goja.Value) goja.Value {
	if _, ok := idl.Unwrap[*fetchapi.Request](v); ok {
		return v
	}
	return c.Value(idl.ToString(c, v))
}

// query is the request to look for; false when its method rules every match out.
func query(c *idl.Call, info goja.Value, o cache.QueryOptions) (*fetch.Request, bool) {
	if request, ok := idl.Unwrap[*fetchapi.Request](info); ok {
		return request.Inner, request.Inner.Method == "GET" || o.IgnoreMethod
	}
	u, err := fetch.ParseURL(idl.ToString(c, info), env.Of(c.Realm.Realm).BaseURL())
	if err != nil || u.Username() != "" || u.Password() != "" {
		fetchapi.Construct(c, info, goja.Undefined()) // throws what the constructor throws
	}
	return fetch.NewRequest(u), true
}

// cacheMatch is Cache.match: the first of what matchAll gives.
func cacheMatch(c *idl.Call) goja.Value {
	o := this(c)
	info := requestInfo(c, c.Arg(0))
	options := queryOptions(c, c.Dict(1))
	request, may := query(c, info, options)
	var found *fetch.Response
	if may {
		found = o.list.Match(request, options)
	}
	return matched(c, found)
}

// matched is the promise of a match: undefined for none.
func matched(c *idl.Call, found *fetch.Response) goja.Value {
	return resolved(c, func() goja.Value {
		if found == nil {
			return goja.Undefined()
		}
		return responseObject(c, found)
	})
}

// responseObject is matchAll 5.4 and 5.5: an opaque response must not get past its
// own policy.
func responseObject(c *idl.Call, r *fetch.Response) goja.Value {
	if r.Type == "opaque" {
		if u := r.Unfiltered().URL(); u != nil && fetch.CORPBlocks(env.Of(c.Realm.Realm).Origin, "", u, r.Unfiltered().Headers) {
			panic(c.Fail("the response's Cross-Origin-Resource-Policy forbids it"))
		}
	}
	return fetchapi.NewResponse(c.Realm, r, fetchapi.GuardImmutable)
}

func cacheMatchAll(c *idl.Call) goja.Value {
	o := this(c)
	var request *fetch.Request
	may := true
	if c.Has(0) {
		info := requestInfo(c, c.Arg(0))
		options := queryOptions(c, c.Dict(1))
		if request, may = query(c, info, options); !may {
			return idl.Resolved(c.Realm, dom.Frozen(c.Realm, nil))
		}
		return responses(c, o.list.MatchAll(request, options))
	}
	queryOptions(c, c.Dict(1))
	return responses(c, o.list.MatchAll(nil, cache.QueryOptions{}))
}

func responses(c *idl.Call, found []*fetch.Response) goja.Value {
	return resolved(c, func() goja.Value {
		list := make([]goja.Value, len(found))
		for i, r := range found {
			list[i] = responseObject(c, r)
		}
		return dom.Frozen(c.Realm, list)
	})
}

// cacheKeys is Cache.keys.
func cacheKeys(c *idl.Call) goja.Value {
	o := this(c)
	var found []*fetch.Request
	if c.Has(0) {
		info := requestInfo(c, c.Arg(0))
		options := queryOptions(c, c.Dict(1))
		request, may := query(c, info, options)
		if !may {
			return idl.Resolved(c.Realm, dom.Frozen(c.Realm, nil))
		}
		found = o.list.Keys(request, options)
	} else {
		queryOptions(c, c.Dict(1))
		found = o.list.Keys(nil, cache.QueryOptions{})
	}
	return resolved(c, func() goja.Value {
		list := make([]goja.Value, len(found))
		for i, r := range found {
			list[i] = fetchapi.NewRequest(c.Realm, r, fetchapi.GuardImmutable, nil)
		}
		return dom.Frozen(c.Realm, list)
	})
}

// cacheDelete is Cache.delete.
func cacheDelete(c *idl.Call) goja.Value {
	o := this(c)
	info := requestInfo(c, c.Arg(0))
	options := queryOptions(c, c.Dict(1))
	request, may := query(c, info, options)
	if !may {
		return idl.Resolved(c.Realm, c.Value(false))
	}
	deleted := o.list.Delete(request, options)
	if deleted {
		noteWrite(c.Realm, options.Story, "deleted", o.list.Name(), request)
	}
	return resolved(c, func() goja.Value { return c.Value(deleted) })
}
