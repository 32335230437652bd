package serviceworker

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/locks"
	"github.com/swinspect/swinspect/runtime/webapi/notifications"
	"github.com/swinspect/swinspect/runtime/webapi/storageapi"
	"github.com/swinspect/swinspect/runtime/webapi/workerscope"
)

func init() { workerscope.Partial(NavigatorMembers(workerscope.CheckNavigator)...) }

// NavigatorMembers are what other standards add to Navigator and WorkerNavigator:
// locks, permissions, serviceWorker and storage. check makes the brand check.
func NavigatorMembers(check func(c *idl.Call)) []idl.Member {
	attr := func(name string, create func(r *idl.Realm) *goja.Object) idl.Member {
		return idl.Attr(name, func(c *idl.Call) goja.Value { check(c); return once(c.Realm, name, create) }, nil)
	}
	return []idl.Member{
		attr("locks", func(r *idl.Realm) *goja.Object {
			settings := env.Of(r.Realm)
			return locks.New(r, settings.ID, func() *locks.Manager { return locks.Of(settings) })
		}),
		attr("permissions", notifications.PermissionsObject),
		idl.Attr("serviceWorker", func(c *idl.Call) goja.Value { check(c); return ContainerOf(c.Realm).Object() }, nil),
		attr("storage", func(r *idl.Realm) *goja.Object {
			return storageapi.New(r, func() storageapi.Usage { return usage(env.Of(r.Realm)) })
		}),
	}
}

type onceKey string

// once makes an object of a realm when it is first asked for.
func once(r *idl.Realm, name string, create func(r *idl.Realm) *goja.Object) goja.Value {
	if o, ok := r.Value(onceKey(name)).(*goja.Object); ok {
		return o
	}
	o := create(r)
	r.SetValue(onceKey(name), o)
	return o
}

// quota is what estimate says there is in all.
const quota = 10 << 30

// usage is what the caches of the storage key take.
func usage(s *env.Settings) storageapi.Usage {
	u := storageapi.Usage{Quota: quota}
	if s.Caches == nil {
		return u
	}
	if storage, err := s.Caches(); err == nil {
		u.Usage = storage.Usage()
		u.Details = map[string]int64{"caches": u.Usage}
	}
	return u
}
