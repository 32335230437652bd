package notifications

import (
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/messaging"
)

// Notification is the concept of a notification. It does not change once shown.
type Notification struct {
	Number                       int // counts up in its registration
	Title, Dir, Lang, Body, Tag  string
	Icon, Image, Badge, Navigate string // URLs; empty for none
	Vibrate                      []int
	Time                         time.Time
	Renotify, RequireInteraction bool
	Silent                       *bool
	Actions                      []Action
	Data                         *messaging.Serialized
	store                        *Store
}

// Action is a button of a notification.
type Action struct{ Action, Title, Navigate, Icon string }

// object is the implementation of a Notification object.
type object struct {
	dom.Target
	*Notification
	data    goja.Value
	actions goja.Value
}

// maxActions is how many buttons a notification can have: Chromium's number.
const maxActions = 2

// NotificationInterface is the interface Notification.
var NotificationInterface = &idl.Interface{Name: "Notification", Parent: dom.EventTarget, Length: 1}

func init() {
	NotificationInterface.New = construct
	NotificationInterface.Members = []idl.Member{
		idl.StaticAttr("permission", func(c *idl.Call) goja.Value { return c.Value(permission(c.Realm, "notifications", "default")) }),
		idl.StaticAttr("maxActions", func(c *idl.Call) goja.Value { return c.Value(maxActions) }),
		dom.Handler("click"), dom.Handler("show"), dom.Handler("error"), dom.Handler("close"),
		text("title", func(n *Notification) string { return n.Title }),
		text("dir", func(n *Notification) string { return n.Dir }),
		text("lang", func(n *Notification) string { return n.Lang }),
		text("body", func(n *Notification) string { return n.Body }),
		text("navigate", func(n *Notification) string { return n.Navigate }),
		text("tag", func(n *Notification) string { return n.Tag }),
		text("image", func(n *Notification) string { return n.Image }),
		text("icon", func(n *Notification) string { return n.Icon }),
		text("badge", func(n *Notification) string { return n.Badge }),
		idl.Attr("vibrate", func(c *idl.Call) goja.Value { return vibrate(c.Realm, idl.This[*object](c).Vibrate) }, nil),
		attr("timestamp", func(n *Notification) any { return n.Time.UnixMilli() }),
		attr("renotify", func(n *Notification) any { return n.Renotify }),
		idl.Attr("silent", func(c *idl.Call) goja.Value {
			if s := idl.This[*object](c).Silent; s != nil {
				return c.Value(*s)
			}
			return goja.Null()
		}, nil),
		attr("requireInteraction", func(n *Notification) any { return n.RequireInteraction }),
		idl.Attr("data", func(c *idl.Call) goja.Value { return idl.This[*object](c).dataValue(c.Realm) }, nil),
		idl.Attr("actions", func(c *idl.Call) goja.Value { return idl.This[*object](c).actionsValue(c.Realm) }, nil),
		idl.Method("close", 0, func(c *idl.Call) goja.Value {
			o := idl.This[*object](c)
			if o.store != nil {
				o.store.Close(o.Notification)
			}
			return nil
		}),
	}
}

func text(name string, get func(*Notification) string) idl.Member {
	return attr(name, func(n *Notification) any { return get(n) })
}

func attr(name string, get func(*Notification) any) idl.Member {
	return idl.Attr(name, func(c *idl.Call) goja.Value { return c.Value(get(idl.This[*object](c).Notification)) }, nil)
}

// construct is new Notification(): windows and dedicated workers may.
func construct(c *idl.Call) any {
	if env.Of(c.Realm.Realm).Kind == env.ServiceWorker {
		panic(c.Fail("Illegal constructor. Use ServiceWorkerRegistration.showNotification() instead."))
	}
	n := create(c, c.Arg(0), c.Dict(1))
	if len(n.Actions) > 0 {
		panic(c.Fail("Actions are only supported for persistent notifications shown using ServiceWorkerRegistration.showNotification()."))
	}
	o := &object{Notification: n}
	o.Bind(c.Realm, c.Object)
	event := "show"
	if permission(c.Realm, "notifications", "default") != "granted" {
		event = "error"
	}
	c.Realm.Agent().Queue("user interaction", func() { o.FireSimple(event) })
	return o
}

// wrap is the object of a notification in a realm.
func wrap(r *idl.Realm, n *Notification) *goja.Object {
	o := &object{Notification: n}
	o.Bind(r, idl.Wrap(r, NotificationInterface, o))
	return o.Object()
}

// create is "create a notification with a settings object".
func create(c *idl.Call, title goja.Value, d idl.Dict) *Notification {
	s := env.Of(c.Realm.Realm)
	n := &Notification{Title: idl.ToString(c, title), Time: c.Realm.Agent().Clock().Now()}
	if v, ok := d.Get("actions"); ok {
		n.Actions = actions(c, s, v)
	}
	n.Badge = urlMember(c, s, d, "badge")
	n.Body = d.String("body", "")
	if v, ok := d.Get("data"); ok {
		n.Data = messaging.SerializeForStorage(c, v)
	}
	n.Dir = d.Enum("dir", "auto", "NotificationDirection", "auto", "ltr", "rtl")
	n.Icon, n.Image = urlMember(c, s, d, "icon"), urlMember(c, s, d, "image")
	n.Lang = d.String("lang", "")
	n.Navigate = urlMember(c, s, d, "navigate")
	n.Renotify = d.Bool("renotify", false)
	n.RequireInteraction = d.Bool("requireInteraction", false)
	if v, ok := d.Get("silent"); ok && !goja.IsNull(v) {
		silent := v.ToBoolean()
		n.Silent = &silent
	}
	n.Tag = d.String("tag", "")
	if v, ok := d.Get("timestamp"); ok {
		n.Time = time.UnixMilli(int64(idl.Double(c, v)))
	}
	if v, ok := d.Get("vibrate"); ok {
		n.Vibrate = pattern(c, v)
		if n.Silent != nil && *n.Silent {
			panic(c.Fail("Silent notifications must not specify vibration patterns."))
		}
	}
	if n.Renotify && n.Tag == "" {
		panic(c.Fail("Notifications which set the renotify flag must specify a non-empty tag."))
	}
	return n
}

func actions(c *idl.Call, s *env.Settings, v goja.Value) []Action {
	var list []Action
	for _, item := range idl.Sequence(c, v) {
		d := idl.ToDict(c, item)
		action, ok := d.Get("action")
		title, titled := d.Get("title")
		if !ok || !titled {
			panic(c.Fail("Failed to read the 'action' and 'title' properties from 'NotificationAction': Required member is undefined."))
		}
		list = append(list, Action{idl.ToString(c, action), idl.ToString(c, title), urlMember(c, s, d, "navigate"), urlMember(c, s, d, "icon")})
	}
	return list[:min(len(list), maxActions)]
}

// urlMember is a member that is a URL; one that cannot be parsed counts as absent.
func urlMember(c *idl.Call, s *env.Settings, d idl.Dict, name string) string {
	v, ok := d.Get(name)
	if !ok {
		return ""
	}
	u, err := fetch.ParseURL(idl.ToString(c, v), s.BaseURL())
	if err != nil {
		return ""
	}
	return u.String()
}

// pattern is a vibration pattern: a number or a list, at most 99 entries of 10 s.
func pattern(c *idl.Call, v goja.Value) []int {
	values := []goja.Value{v}
	if _, ok := v.(*goja.Object); ok {
		values = idl.Sequence(c, v)
	}
	var list []int
	for _, item := range values[:min(len(values), 99)] {
		list = append(list, min(int(idl.UnsignedLong(c, item)), 10_000))
	}
	if len(list)%2 == 0 && len(list) > 0 {
		list = list[:len(list)-1]
	}
	return list
}

func vibrate(r *idl.Realm, list []int) goja.Value {
	values := make([]goja.Value, len(list))
	for i, v := range list {
		values[i] = r.Runtime().ToValue(v)
	}
	return dom.Frozen(r, values)
}

func (o *object) dataValue(r *idl.Realm) goja.Value {
	if o.data == nil {
		o.data = goja.Null()
		if o.Data != nil {
			if v, _, err := o.Data.Deserialize(r); err == nil {
				o.data = v
			}
		}
	}
	return o.data
}

func (o *object) actionsValue(r *idl.Realm) goja.Value {
	if o.actions == nil {
		list := make([]goja.Value, len(o.Actions))
		for i, a := range o.Actions {
			entry := r.Runtime().NewObject()
			_ = entry.Set("action", a.Action)
			_ = entry.Set("title", a.Title)
			if a.Navigate != "" {
				_ = entry.Set("navigate", a.Navigate)
			}
			if a.Icon != "" {
				_ = entry.Set("icon", a.Icon)
			}
			list[i] = entry
		}
		o.actions = dom.Frozen(r, list)
	}
	return o.actions
}

// holder is the implementation of a ServiceWorkerRegistration.
type holder interface{ Registration() *runtime.Registration }

// showNotification and getNotifications are those of ServiceWorkerRegistration.
var registrationMembers = []idl.Member{
	idl.PromiseMethod("showNotification", 1, func(c *idl.Call) goja.Value {
		r := idl.This[holder](c).Registration()
		if r.Snapshot().Active == nil {
			panic(c.Fail("No active registration available on the ServiceWorkerRegistration."))
		}
		n := create(c, c.Arg(0), c.Dict(1))
		if permission(c.Realm, "notifications", "default") != "granted" {
			panic(c.Fail("No notification permission has been granted for this origin."))
		}
		Of(r).show(n)
		return later(c.Realm, func() goja.Value { return goja.Undefined() })
	}),
	idl.PromiseMethod("getNotifications", 0, func(c *idl.Call) goja.Value {
		store := Of(idl.This[holder](c).Registration())
		tag := c.Dict(0).String("tag", "")
		return later(c.Realm, func() goja.Value {
			var objects []any
			for _, n := range store.Notifications(tag) {
				objects = append(objects, wrap(c.Realm, n))
			}
			return c.Runtime().NewArray(objects...)
		})
	}),
}

// later is a promise that a task resolves.
func later(r *idl.Realm, value func() goja.Value) goja.Value {
	p := r.NewPromise()
	r.Agent().Queue("DOM manipulation", func() {
		if !r.Gone() {
			p.Resolve(value())
		}
	})
	return p.Value
}
