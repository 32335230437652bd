package breakpoints

import (
	"slices"
	"strings"
)

// eventTypes are those that browsers dispatch to a service worker's global scope: of
// Service Workers, Push, Notifications, Background Sync, Periodic Background Sync,
// Background Fetch, Content Index, Cookie Store, Payment Handler and HTML.
var eventTypes = []string{
	"install", "activate", "fetch", "message", "messageerror", "push", "pushsubscriptionchange",
	"notificationclick", "notificationclose", "sync", "periodicsync",
	"backgroundfetchsuccess", "backgroundfetchfail", "backgroundfetchabort", "backgroundfetchclick",
	"contentdelete", "cookiechange", "canmakepayment", "paymentrequest",
	"error", "unhandledrejection", "rejectionhandled", "languagechange", "online", "offline",
	"securitypolicyviolation",
}

// Doubt says, in words, why a breakpoint that is valid may never be hit: its event is of
// a type that no browser dispatches, although a script could. It is "" without a doubt.
func (b Breakpoint) Doubt() string {
	if b.Kind != Event || b.Event == nil || b.Event.Type == "" || strings.ContainsAny(b.Event.Type, "*?") || slices.Contains(eventTypes, b.Event.Type) {
		return ""
	}
	words := "no event " + b.Event.Type + " is known"
	if like := nearest(b.Event.Type, eventTypes); like != "" {
		words += ": did you mean " + like + "?"
	}
	return words
}

// nearest is the word that is spelled most like s, "" when none is.
func nearest(s string, words []string) string {
	s = strings.TrimPrefix(strings.ToLower(s), "on")
	best, least := "", max(2, len(s)/3)+1
	if len(s) > 64 {
		return ""
	}
	for _, w := range words {
		if d := distance(s, w); d < least {
			best, least = w, d
		}
	}
	return best
}

// distance counts the bytes to insert, remove or change to make one of the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
