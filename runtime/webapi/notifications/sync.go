package notifications

import (
	"context"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/clock"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// manager is the implementation of SyncManager, PeriodicSyncManager and
// PushManager: what a registration's attribute of that name answers.
type manager struct{ registration *runtime.Registration }

type syncManager struct{ manager }

type periodicSyncManager struct{ manager }

// SyncManager is the interface of that name.
var SyncManager = &idl.Interface{
	Name: "SyncManager",
	Members: []idl.Member{
		idl.PromiseMethod("register", 1, func(c *idl.Call) goja.Value {
			m := idl.This[*syncManager](c)
			tag := c.String(0)
			m.needActive(c)
			if Of(m.registration).addSync(tag) {
				startSync(c.Realm, m.registration, tag)
			}
			return later(c.Realm, goja.Undefined)
		}),
		idl.PromiseMethod("getTags", 0, func(c *idl.Call) goja.Value {
			tags := Of(idl.This[*syncManager](c).registration).Syncs()
			return later(c.Realm, func() goja.Value { return stringArray(c.Realm, tags) })
		}),
	},
}

func stringArray(r *idl.Realm, list []string) goja.Value {
	values := make([]any, len(list))
	for i, s := range list {
		values[i] = s
	}
	return r.Runtime().NewArray(values...)
}

func (m *manager) needActive(c *idl.Call) {
	if m.registration.Snapshot().Active == nil {
		panic(c.Exception("InvalidStateError", "Registration failed - no active Service Worker"))
	}
}

// Chromium's schedule: three attempts, five minutes and then fifteen apart.
var syncDelays = []time.Duration{0, 5 * time.Minute, 15 * time.Minute}

// startSync fires sync at once when the environment is online, and again after a
// delay while the event fails.
//
// DIVERGES: it is tied to the agent that registered the tag; a tag whose agent has
// ended waits for FireSyncs.
func startSync(r *idl.Realm, registration *runtime.Registration, tag string) {
	s := env.Of(r.Realm)
	if s.Online != nil && !s.Online() {
		return
	}
	r.Agent().Go(func(ctx context.Context) { attemptSync(ctx, s.Engine, registration, tag) })
}

func attemptSync(ctx context.Context, engine *runtime.Engine, registration *runtime.Registration, tag string) {
	store := Of(registration)
	for i, delay := range syncDelays {
		if delay > 0 && clock.Sleep(ctx, engine.Clock(), delay) != nil {
			return
		}
		last := i == len(syncDelays)-1
		if err := engine.DispatchSync(ctx, registration, tag, last); err == nil || last {
			if ctx.Err() == nil {
				store.syncDone(tag)
			}
			return
		}
	}
}

// FireSyncs fires sync for every tag that waits: the network is back.
func FireSyncs(ctx context.Context, engine *runtime.Engine, registration *runtime.Registration) {
	for _, tag := range Of(registration).Syncs() {
		if engine.DispatchSync(ctx, registration, tag, false) == nil {
			Of(registration).syncDone(tag)
		}
	}
}

// PeriodicSyncManager is the interface of that name. Its events come only when
// they are dispatched from outside: no user agent promises them.
var PeriodicSyncManager = &idl.Interface{
	Name: "PeriodicSyncManager",
	Members: []idl.Member{
		idl.PromiseMethod("register", 1, func(c *idl.Call) goja.Value {
			m := idl.This[*periodicSyncManager](c)
			p := Periodic{Tag: c.String(0)}
			if v, ok := c.Dict(1).Get("minInterval"); ok {
				p.MinInterval = time.Duration(idl.Enforce(c, v, 0, idl.MaxSafeInteger)) * time.Millisecond
			}
			m.needActive(c)
			if permission(c.Realm, "periodic-background-sync", "prompt") != "granted" {
				panic(c.Exception("NotAllowedError", "Permission denied."))
			}
			Of(m.registration).addPeriodic(p)
			return later(c.Realm, goja.Undefined)
		}),
		idl.PromiseMethod("getTags", 0, func(c *idl.Call) goja.Value {
			var tags []string
			for _, p := range Of(idl.This[*periodicSyncManager](c).registration).Periodic() {
				tags = append(tags, p.Tag)
			}
			return later(c.Realm, func() goja.Value { return stringArray(c.Realm, tags) })
		}),
		idl.PromiseMethod("unregister", 1, func(c *idl.Call) goja.Value {
			m := idl.This[*periodicSyncManager](c)
			Of(m.registration).removePeriodic(c.String(0))
			return later(c.Realm, goja.Undefined)
		}),
	},
}

// managerMembers are the registration's attributes pushManager, sync and periodicSync.
var managerMembers = []idl.Member{
	managerAttr("pushManager", func(m manager) (*idl.Interface, any) { return PushManager, &pushManager{m} }),
	managerAttr("sync", func(m manager) (*idl.Interface, any) { return SyncManager, &syncManager{m} }),
	managerAttr("periodicSync", func(m manager) (*idl.Interface, any) { return PeriodicSyncManager, &periodicSyncManager{m} }),
}

type managerKey struct {
	name         string
	registration *runtime.Registration
}

// managerAttr is an attribute that is the same object every time.
func managerAttr(name string, create func(manager) (*idl.Interface, any)) idl.Member {
	return idl.Attr(name, func(c *idl.Call) goja.Value {
		key := managerKey{name, idl.This[holder](c).Registration()}
		if o, ok := c.Realm.Value(key).(*goja.Object); ok {
			return o
		}
		i, impl := create(manager{key.registration})
		o := idl.Wrap(c.Realm, i, impl)
		c.Realm.SetValue(key, o)
		return o
	}, nil)
}
