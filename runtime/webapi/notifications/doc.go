// Package notifications holds what other standards hang on a service worker
// registration: notifications, push, background sync, periodic sync, and the
// functional events that come of them. Permissions are asked of the environment.
//
// What is shown, subscribed or scheduled is kept per registration in a [Store],
// which has no JavaScript: DevTools read it, and click and push by it.
//
// Source: https://notifications.spec.whatwg.org/, https://w3c.github.io/push-api/,
// https://wicg.github.io/background-sync/spec/, https://wicg.github.io/periodic-background-sync/
package notifications
