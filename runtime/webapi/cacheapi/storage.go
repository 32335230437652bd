package cacheapi

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/cache"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// storage is the implementation of a CacheStorage object.
type storage struct {
	realm *idl.Realm
	open  func() (*cache.Storage, error)
}

// CacheStorageInterface is the interface CacheStorage.
//
// Source: https://w3c.github.io/ServiceWorker/#cachestorage-interface
var CacheStorageInterface = &idl.Interface{
	Name: "CacheStorage",
	Members: []idl.Member{
		idl.PromiseMethod("match", 1, storageMatch),
		idl.PromiseMethod("has", 1, func(c *idl.Call) goja.Value {
			s := concept(c)
			name := nameOf(c, c.Arg(0))
			return resolved(c, func() goja.Value { return c.Value(s.Has(name)) })
		}),
		idl.PromiseMethod("open", 1, storageOpen),
		idl.PromiseMethod("delete", 1, func(c *idl.Call) goja.Value {
			s := concept(c)
			deleted := s.Delete(nameOf(c, c.Arg(0)))
			return resolved(c, func() goja.Value { return c.Value(deleted) })
		}),
		idl.PromiseMethod("keys", 0, func(c *idl.Call) goja.Value {
			names := concept(c).Keys()
			return resolved(c, func() goja.Value {
				list := make([]any, len(names))
				for i, name := range names {
					list[i] = nameValue(c.Runtime(), name)
				}
				return c.Runtime().NewArray(list...)
			})
		}),
	},
}

// concept is the name to cache map behind the object; it throws where there is none.
func concept(c *idl.Call) *cache.Storage {
	object := idl.This[*storage](c)
	c.Realm = object.realm
	if object.open == nil {
		panic(c.Exception("SecurityError", "there is no cache storage here"))
	}
	s, err := object.open()
	if err != nil {
		panic(c.Exception("SecurityError", "%s", err))
	}
	return s
}

// resolved is a promise that a task settles with what value makes.
func resolved(c *idl.Call, value func() goja.Value) goja.Value {
	p := c.Realm.NewPromise()
	settle(c.Realm, p, value)
	return p.Value
}

func storageOpen(c *idl.Call) goja.Value {
	s := concept(c)
	found, err := s.Open(nameOf(c, c.Arg(0)))
	return resolved(c, func() goja.Value {
		if err != nil {
			panic(exception(c, err))
		}
		return idl.Wrap(c.Realm, CacheInterface, &cacheObject{realm: c.Realm, list: found})
	})
}

// storageMatch is CacheStorage.match: the first match in the order of the caches,
// or in the one that is named.
func storageMatch(c *idl.Call) goja.Value {
	s := concept(c)
	d := c.Dict(1)
	options := queryOptions(c, d)
	var only *string
	if v, ok := d.Get("cacheName"); ok {
		name := nameOf(c, v)
		only = &name
	}
	request, may := query(c, c.Arg(0), options)
	var found *fetch.Response
	if may {
		found = s.Match(request, options, only)
	}
	return matched(c, found)
}
