// Package storageapi is navigator.storage: StorageManager.
//
// Source: https://storage.spec.whatwg.org/
package storageapi

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Usage is what estimate() answers, in bytes; Details is usageDetails by kind
// ("caches", "indexedDB"), nil for none.
type Usage struct {
	Usage, Quota int64
	Details      map[string]int64
}

// manager is the implementation of a StorageManager. Of the loop.
type manager struct {
	estimate  func() Usage
	persisted bool
}

// StorageManager is the interface of that name.
var StorageManager = &idl.Interface{Name: "StorageManager", Setup: forWindows, Members: []idl.Member{
	idl.PromiseMethod("estimate", 0, func(c *idl.Call) goja.Value {
		u := idl.This[*manager](c).estimate()
		o, details := c.Runtime().NewObject(), c.Runtime().NewObject()
		_ = o.Set("quota", u.Quota)
		_ = o.Set("usage", u.Usage)
		for kind, bytes := range u.Details {
			_ = details.Set(kind, bytes)
		}
		_ = o.Set("usageDetails", details)
		return idl.Resolved(c.Realm, o)
	}),
	// SKIPPED: the origin private file system; getDirectory rejects as it does where
	// storage is not available.
	idl.PromiseMethod("getDirectory", 0, func(c *idl.Call) goja.Value {
		idl.This[*manager](c)
		return idl.Rejected(c.Realm, c.Exception("SecurityError", "The origin private file system is not available."))
	}),
	idl.PromiseMethod("persist", 0, func(c *idl.Call) goja.Value {
		idl.This[*manager](c).persisted = true
		return idl.Resolved(c.Realm, c.Value(true))
	}),
	idl.PromiseMethod("persisted", 0, func(c *idl.Call) goja.Value {
		return idl.Resolved(c.Realm, c.Value(idl.This[*manager](c).persisted))
	}),
}}

// forWindows takes away what only windows have.
func forWindows(r *idl.Realm, _, prototype *goja.Object) {
	if env.Has(r.Realm) && env.Of(r.Realm).Kind != env.Window {
		_ = prototype.Delete("persist")
	}
}

// New makes the object of navigator.storage. estimate
// may not block.
func New(r *idl.Realm, estimate func() Usage) *goja.Object {
	return idl.Wrap(r, StorageManager, &manager{estimate: estimate})
}
