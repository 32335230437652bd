package session

import (
	"context"
	"encoding/json"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/cdp/swproto"
)

// notification is NotificationHandle of swinspect.d.ts.
type notification struct {
	r *registration
	swproto.Notification
}

func (n *notification) class() *class  { return notificationClass }
func (n *notification) String() string { return "Notification " + n.Title }

const notificationsScript = `self.registration.getNotifications().then(list => list.map(n => ({title: n.title, body: n.body, tag: n.tag, icon: n.icon, actions: (n.actions || []).map(a => ({action: a.action, title: a.title}))})))`

// notifications are those that the registration shows.
func (r *registration) notifications(ctx context.Context) (any, error) {
	x, err := r.now()
	if err != nil {
		return nil, err
	}
	all := []*notification{}
	if r.context.o.traces {
		control, err := r.context.control()
		if err != nil {
			return nil, err
		}
		got, err := cdproto.Call(ctx, control, swproto.GetNotifications, swproto.GetNotificationsParams{RegistrationID: x.Key.ID})
		for _, n := range got.Notifications {
			all = append(all, &notification{r: r, Notification: n})
		}
		return all, err
	}
	got, err := r.roles["active"].evaluate(ctx, notificationsScript)
	if err != nil {
		return nil, err
	}
	data, _ := got.(json.RawMessage)
	var list []swproto.Notification
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, err
	}
	for _, n := range list {
		all = append(all, &notification{r: r, Notification: n})
	}
	return all, nil
}

// act clicks or closes.
func (n *notification) act(ctx context.Context, p swproto.DispatchNotificationParams, what string) (any, error) {
	c := n.r.context
	if !c.has("notifications") {
		return nil, &needsError{what, "notifications", c.product()}
	}
	x, err := n.r.now()
	if err != nil {
		return nil, err
	}
	control, err := c.control()
	if err != nil {
		return nil, err
	}
	p.RegistrationID, p.ID = x.Key.ID, n.ID
	_, err = cdproto.Call(ctx, control, swproto.DispatchNotification, p)
	return undefined{}, err
}

func notificationField(get func(*notification) any) func(*call) goja.Value {
	return func(c *call) goja.Value { return c.f.value(get(c.this.(*notification))) }
}

var notificationClass = &class{
	name: "NotificationHandle", word: "notification", plain: true,
	getters: map[string]func(*call) goja.Value{
		"title": notificationField(func(n *notification) any { return n.Title }),
		"body":  notificationField(func(n *notification) any { return n.Body }),
		"tag":   notificationField(func(n *notification) any { return n.Tag }),
		"icon":  notificationField(func(n *notification) any { return n.Icon }),
		"actions": notificationField(func(n *notification) any {
			if n.Actions == nil {
				return []swproto.NotificationAction{}
			}
			return n.Actions
		}),
	},
	methods: map[string]func(*call) goja.Value{
		"click": func(c *call) goja.Value {
			n, action := c.this.(*notification), c.textOr(0, "the action", "")
			return c.async(func(ctx context.Context) (any, error) {
				return n.act(ctx, swproto.DispatchNotificationParams{Action: action}, "clicking a notification")
			})
		},
		"close": func(c *call) goja.Value {
			n := c.this.(*notification)
			return c.async(func(ctx context.Context) (any, error) {
				return n.act(ctx, swproto.DispatchNotificationParams{Close: true}, "closing a notification")
			})
		},
	},
}
