package notifications

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/webapi/extendable"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

type notificationEvent struct {
	extendable.Event
	notification goja.Value
	action       string
}

// NotificationEvent is the interface of that name.
var NotificationEvent = &idl.Interface{
	Name: "NotificationEvent", Parent: extendable.Interface, Length: 2,
	New: func(c *idl.Call) any {
		e := &notificationEvent{}
		d := extendable.Init(c, e)
		e.action = d.String("action", "")
		v, ok := d.Get("notification")
		if !ok {
			panic(c.Fail("Failed to read the 'notification' property from 'NotificationEventInit': Required member is undefined."))
		}
		idl.As[*object](c, v, NotificationInterface)
		e.notification = v
		return e
	},
	Members: []idl.Member{
		idl.Attr("notification", func(c *idl.Call) goja.Value { return idl.This[*notificationEvent](c).notification }, nil),
		idl.Attr("action", func(c *idl.Call) goja.Value { return c.Value(idl.This[*notificationEvent](c).action) }, nil),
	},
}

type syncEvent struct {
	extendable.Event
	tag        string
	lastChance bool
}

// SyncEvent is the interface of that name.
var SyncEvent = &idl.Interface{
	Name: "SyncEvent", Parent: extendable.Interface, Length: 2,
	New: func(c *idl.Call) any {
		e := &syncEvent{}
		d := extendable.Init(c, e)
		e.lastChance = d.Bool("lastChance", false)
		e.tag = requiredTag(c, d, "SyncEventInit")
		return e
	},
	Members: []idl.Member{
		idl.Attr("tag", func(c *idl.Call) goja.Value { return c.Value(idl.This[*syncEvent](c).tag) }, nil),
		idl.Attr("lastChance", func(c *idl.Call) goja.Value { return c.Value(idl.This[*syncEvent](c).lastChance) }, nil),
	},
}

func requiredTag(c *idl.Call, d idl.Dict, dictionary string) string {
	v, ok := d.Get("tag")
	if !ok {
		panic(c.Fail("Failed to read the 'tag' property from '%s': Required member is undefined.", dictionary))
	}
	return idl.ToString(c, v)
}

type periodicSyncEvent struct {
	extendable.Event
	tag string
}

// PeriodicSyncEvent is the interface of that name.
var PeriodicSyncEvent = &idl.Interface{
	Name: "PeriodicSyncEvent", Parent: extendable.Interface, Length: 2,
	New: func(c *idl.Call) any {
		e := &periodicSyncEvent{}
		e.tag = requiredTag(c, extendable.Init(c, e), "PeriodicSyncEventInit")
		return e
	},
	Members: []idl.Member{
		idl.Attr("tag", func(c *idl.Call) goja.Value { return c.Value(idl.This[*periodicSyncEvent](c).tag) }, nil),
	},
}

// Interfaces are those that windows and workers expose; WorkerInterfaces those of
// service workers alone.
var (
	Interfaces = []*idl.Interface{
		NotificationInterface, Permissions, PermissionStatus, PushManager, PushSubscription, PushSubscriptionOptions, SyncManager, PeriodicSyncManager,
	}
	WorkerInterfaces = []*idl.Interface{
		NotificationEvent, PushEvent, PushMessageData, PushSubscriptionChangeEvent, SyncEvent, PeriodicSyncEvent,
	}
)

// RegistrationMembers are the partial interface ServiceWorkerRegistration: its
// implementation must have a method Registration() *runtime.Registration.
var RegistrationMembers = append(append([]idl.Member{}, registrationMembers...), managerMembers...)

// NewEvent is the event for one that the engine dispatches; false for a type of
// event that is none of this package's.
func NewEvent(r *idl.Realm, e runtime.Event) (*idl.Interface, extendable.Like, bool) {
	switch e.Type {
	case "push":
		event := &pushEvent{data: goja.Null()}
		event.Type = e.Type
		if e.Data != nil {
			event.data = idl.Wrap(r, PushMessageData, &messageData{e.Data})
		}
		return PushEvent, event, true
	case "pushsubscriptionchange":
		event := &subscriptionChange{old: goja.Null(), new: goja.Null()}
		event.Type = e.Type
		return PushSubscriptionChangeEvent, event, true
	case "sync":
		event := &syncEvent{tag: e.Tag, lastChance: e.LastChance}
		event.Type = e.Type
		return SyncEvent, event, true
	case "periodicsync":
		event := &periodicSyncEvent{tag: e.Tag}
		event.Type = e.Type
		return PeriodicSyncEvent, event, true
	case "notificationclick", "notificationclose":
		n, ok := e.Notification.(*Notification)
		if !ok {
			n = &Notification{}
		}
		event := &notificationEvent{notification: wrap(r, n), action: e.Action}
		event.Type = e.Type
		return NotificationEvent, event, true
	}
	return nil, nil, false
}
