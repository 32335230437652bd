package devtools

import (
	"strings"
	"testing"
)

// Records of functional events: of push its dispatch and how it ended, of the others
// their dispatch.
func TestBackgroundService(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	c.register(p)
	regs := p.Listen(0, "ServiceWorker.workerRegistrationUpdated")
	c.call(p, "ServiceWorker.enable", nil)
	id := at(next(t, regs).Params, "registrations", 0, "registrationId")
	records := p.Listen(0, "BackgroundService.recordingStateChanged", "BackgroundService.backgroundServiceEventReceived")
	c.refused(p, "BackgroundService.startObserving", object{"service": "x"}, -32602, "service")
	for _, service := range []string{"pushMessaging", "backgroundSync", "periodicBackgroundSync"} {
		c.call(p, "BackgroundService.startObserving", object{"service": service})
		is(t, service, next(t, records).Params, object{"isRecording": false, "service": service})
		c.call(p, "BackgroundService.setRecording", object{"service": service, "shouldRecord": true})
		is(t, service, next(t, records).Params, object{"isRecording": true, "service": service})
	}
	record := func(service, event, instance string, metadata ...any) {
		t.Helper()
		r := at(next(t, records).Params, "backgroundServiceEvent").(object)
		if metadata == nil {
			metadata = []any{}
		}
		is(t, event, []any{r["service"], r["eventName"], r["instanceId"], r["eventMetadata"], r["origin"], r["storageKey"], r["serviceWorkerRegistrationId"]},
			[]any{service, event, instance, metadata, origin + "/", origin + "/", id})
		if now := r["timestamp"].(float64); now < 1.7e9 || now > 5e9 {
			t.Errorf("%s: %v is not in seconds", event, now)
		}
	}
	note := func(key, value string) any { return object{"key": key, "value": value} }
	push := func(data string) {
		c.call(p, "ServiceWorker.deliverPushMessage", object{"origin": origin, "registrationId": id, "data": data})
	}
	push("hello")
	record("pushMessaging", "Push event dispatched", "", note("Payload", "hello"))
	record("pushMessaging", "Push event completed", "", note("Status", "Success"))
	c.call(p, "ServiceWorker.dispatchSyncEvent", object{"origin": origin, "registrationId": id, "tag": "t", "lastChance": true})
	record("backgroundSync", "Dispatched sync event", "t", note("Last Chance", "Yes"))
	c.call(p, "ServiceWorker.dispatchPeriodicSyncEvent", object{"origin": origin, "registrationId": id, "tag": "p"})
	record("periodicBackgroundSync", "Dispatched periodicsync event", "p")

	c.call(worker(c), "Runtime.evaluate", object{"expression": `addEventListener('push', (e) => e.waitUntil(Promise.reject(new Error('lost'))))`})
	push("again")
	record("pushMessaging", "Push event dispatched", "", note("Payload", "again"))
	failed := next(t, records)
	if status, _ := at(failed.Params, "backgroundServiceEvent", "eventMetadata", 0, "value").(string); !strings.Contains(status, "Error: lost") {
		t.Errorf("the rejected push ended as %s", asJSON(failed.Params))
	}

	// Who comes later is told what was recorded, until it is cleared.
	late := c.page("/other.html")
	past := late.Listen(0, "BackgroundService.recordingStateChanged", "BackgroundService.backgroundServiceEventReceived")
	c.call(late, "BackgroundService.startObserving", object{"service": "backgroundSync"})
	is(t, "recorded", next(t, past).Params["isRecording"], true)
	is(t, "past", at(next(t, past).Params, "backgroundServiceEvent", "instanceId"), "t")
	c.call(late, "BackgroundService.stopObserving", object{"service": "backgroundSync"})
	c.call(late, "BackgroundService.clearEvents", object{"service": "backgroundSync"})
	c.call(late, "BackgroundService.startObserving", object{"service": "backgroundSync"})
	c.call(late, "BackgroundService.setRecording", object{"service": "backgroundSync", "shouldRecord": false})
	is(t, "cleared", []any{next(t, past).Params["isRecording"], next(t, past).Params["isRecording"]}, []any{true, false})
}
