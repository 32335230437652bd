package devtools

import (
	"context"

	cdproto "github.com/chromedp/cdproto/cdp"

	"github.com/swinspect/swinspect/cdp/swproto"
	engine "github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/webapi/notifications"
)

// notificationCommands are SWInspect's commands for what registrations show.
func notificationCommands(t *table) {
	handle(t, swproto.GetNotifications, func(_ context.Context, s *session, p swproto.GetNotificationsParams) (swproto.GetNotificationsResult, error) {
		result := swproto.GetNotificationsResult{Notifications: []swproto.Notification{}}
		r, err := s.registration(p.RegistrationID)
		if err != nil {
			return result, err
		}
		for _, n := range notifications.Of(r).Notifications("") {
			result.Notifications = append(result.Notifications, notificationOf(n))
		}
		return result, nil
	})
	handle(t, swproto.DispatchNotification, func(_ context.Context, s *session, p swproto.DispatchNotificationParams) (cdproto.Empty, error) {
		r, err := s.registration(p.RegistrationID)
		if err != nil {
			return none, err
		}
		for _, n := range notifications.Of(r).Notifications("") {
			if int64(n.Number) == p.ID {
				return later(s, func(ctx context.Context) (cdproto.Empty, error) {
					if p.Close {
						notifications.Of(r).Close(n)
					}
					// How the event went is the worker's affair; it is in the trace.
					_ = s.target.context.Engine().DispatchNotification(ctx, r, n, p.Action, p.Close)
					return none, nil
				})
			}
		}
		return none, failed("No notification with that id is shown")
	})
}

// registration is a registration of the session's context.
func (s *session) registration(id string) (*engine.Registration, error) {
	if r := s.target.context.Engine().RegistrationByID(id); r != nil {
		return r, nil
	}
	return nil, failed("No registration with that id")
}

func notificationOf(n *notifications.Notification) swproto.Notification {
	shown := swproto.Notification{ID: int64(n.Number), Title: n.Title, Body: n.Body, Tag: n.Tag, Icon: n.Icon}
	for _, a := range n.Actions {
		shown.Actions = append(shown.Actions, swproto.NotificationAction{Action: a.Action, Title: a.Title})
	}
	return shown
}
