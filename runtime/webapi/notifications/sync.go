package notifications

import (
	"context"
	"slices"
	"sync"
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

// backlog is what waits for an engine's network to come back.
type backlog struct {
	mu      sync.Mutex
	waiting []*runtime.Registration
}

type backlogKey struct{}

func backlogOf(e *runtime.Engine) *backlog {
	return e.Attached(backlogKey{}, func() any { return &backlog{} }).(*backlog)
}

// startSync fires sync at once when the environment is online, and otherwise when
// BackOnline is called. Whoever registered the tag may be gone by then.
func startSync(r *idl.Realm, registration *runtime.Registration, tag string) {
	s := env.Of(r.Realm)
	if s.Online != nil && !s.Online() {
		b := backlogOf(s.Engine)
		b.mu.Lock()
		defer b.mu.Unlock()
		if !slices.Contains(b.waiting, registration) {
			b.waiting = append(b.waiting, registration)
		}
		return
	}
	fireSync(s.Engine, registration, tag)
}

// BackOnline fires sync for every tag that was registered without a network.
func BackOnline(engine *runtime.Engine) {
	b := backlogOf(engine)
	b.mu.Lock()
	waiting := b.waiting
	b.waiting = nil
	b.mu.Unlock()
	for _, r := range waiting {
		for _, tag := range Of(r).Syncs() {
			fireSync(engine, r, tag)
		}
	}
}

// fireSync fires sync now, and again after a delay while the event fails.
func fireSync(engine *runtime.Engine, registration *runtime.Registration, tag string) {
	store := Of(registration)
	if !store.beginSync(tag) {
		return
	}
	if !engine.InBackground(func(ctx context.Context) { attemptSync(ctx, engine, registration, tag) }) {
		store.endSync(tag, false)
	}
}

func attemptSync(ctx context.Context, engine *runtime.Engine, registration *runtime.Registration, tag string) {
	for i, delay := range syncDelays {
		if delay > 0 && clock.Sleep(ctx, engine.Clock(), delay) != nil {
			break
		}
		last := i == len(syncDelays)-1
		if err := engine.DispatchSync(ctx, registration, tag, last); err == nil || last {
			Of(registration).endSync(tag, ctx.Err() == nil)
			return
		}
	}
	Of(registration).endSync(tag, false)
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
