package swproto

import cdproto "github.com/chromedp/cdproto/cdp"

// GetNotifications lists what a registration shows.
var GetNotifications = cdproto.Command[GetNotificationsParams, GetNotificationsResult]{Method: "SWInspect.getNotifications"}

// GetNotificationsParams are the parameters of GetNotifications.
type GetNotificationsParams struct {
	RegistrationID string `json:"registrationId"`
}

// GetNotificationsResult is the result of GetNotifications, oldest first.
type GetNotificationsResult struct {
	Notifications []Notification `json:"notifications"`
}

// Notification is a notification that is shown.
type Notification struct {
	ID      int64                `json:"id"` // of the registration; a notification that replaced another has one of its own
	Title   string               `json:"title"`
	Body    string               `json:"body,omitempty"`
	Tag     string               `json:"tag,omitempty"`
	Icon    string               `json:"icon,omitempty"`
	Actions []NotificationAction `json:"actions,omitempty"`
}

// NotificationAction is a button of a notification.
type NotificationAction struct {
	Action string `json:"action"`
	Title  string `json:"title"`
}

// DispatchNotification does what a user does with a notification that is shown: a
// click, on the notification or on one of its buttons, fires notificationclick;
// closing takes it away and fires notificationclose. It answers when the event is
// over; a rejected waitUntil() is no error.
var DispatchNotification = cdproto.Command[DispatchNotificationParams, cdproto.Empty]{Method: "SWInspect.dispatchNotification"}

// DispatchNotificationParams are the parameters of DispatchNotification.
type DispatchNotificationParams struct {
	RegistrationID string `json:"registrationId"`
	ID             int64  `json:"id"`
	Action         string `json:"action,omitempty"` // of the button that is clicked
	Close          bool   `json:"close,omitempty"`
}
