package cacheapi

import (
	"errors"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/cache"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Install exposes Cache, CacheStorage and caches on the realm's global, in a secure
// context alone.
func Install(r *idl.Realm) {
	settings := env.Of(r.Realm)
	if !settings.Secure {
		return
	}
	idl.Expose(r, CacheInterface, CacheStorageInterface)
	var object *goja.Object
	idl.Mixin(r, &idl.Interface{Name: "WindowOrWorkerGlobalScope"}, nil, idl.Attr("caches", func(c *idl.Call) goja.Value {
		if object == nil {
			object = idl.Wrap(r, CacheStorageInterface, &storage{realm: r, open: settings.Caches})
		}
		return object
	}, nil))
}

// taskSource is that of the tasks which settle promises.
const taskSource = "DOM manipulation"

// settle queues the task that settles p: with what value makes, or with the
// exception it throws.
func settle(r *idl.Realm, p promise, value func() goja.Value) {
	r.Agent().Queue(taskSource, func() {
		if r.Gone() {
			return
		}
		var v goja.Value
		if err := r.Agent().Try(func() { v = value() }); err != nil {
			p.Reject(idl.Reason(r.Runtime(), err))
			return
		}
		p.Resolve(v)
	})
}

type promise interface {
	Resolve(goja.Value)
	Reject(goja.Value)
}

// exception is the JavaScript exception of an error of runtime/cache.
func exception(c *idl.Call, err error) goja.Value {
	var e *cache.Error
	switch {
	case errors.Is(err, cache.ErrQuotaExceeded):
		return c.Exception("QuotaExceededError", "Quota exceeded.")
	case errors.As(err, &e) && e.Name == "TypeError":
		return c.Fail("%s", e.Message)
	case errors.As(err, &e):
		return c.Exception(e.Name, "%s", e.Message)
	}
	return c.Exception("UnknownError", "%s", err)
}
