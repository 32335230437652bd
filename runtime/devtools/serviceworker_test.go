package devtools

import (
	"slices"
	"testing"
	"time"

	"github.com/swinspect/swinspect/cdp"
)

// states takes version events until one has the status, and gives each "running/status"
// of the script once in a row.
func states(t *testing.T, sub *cdp.Subscription, script, last string) []string {
	t.Helper()
	var all []string
	until(t, sub, func(e event) bool {
		versions, _ := e.Params["versions"].([]any)
		for _, v := range versions {
			if at(v, "scriptURL") != origin+script {
				continue
			}
			s := at(v, "runningStatus").(string) + "/" + at(v, "status").(string)
			if len(all) == 0 || all[len(all)-1] != s {
				all = append(all, s)
			}
		}
		return len(all) > 0 && all[len(all)-1] == last
	})
	return all
}

// From registration to activation, in the order that Chromium has.
func TestVersionStates(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	c.refused(p, "ServiceWorker.stopAllWorkers", nil, -32000, "ServiceWorker domain not enabled")
	events := p.Listen(0, "ServiceWorker.workerVersionUpdated", "ServiceWorker.workerRegistrationUpdated", "ServiceWorker.workerErrorReported")
	c.call(p, "ServiceWorker.enable", nil)
	is(t, "the snapshot", names([]event{next(t, events), next(t, events)}), []string{"ServiceWorker.workerRegistrationUpdated", "ServiceWorker.workerVersionUpdated"})
	c.register(p)
	is(t, "states", states(t, events, "/sw.js", "running/activated"), []string{
		"stopped/new", "starting/new", "starting/installing", "running/installing", "running/installed", "running/activating", "running/activated",
	})
	snapshot := func() object {
		c.call(p, "ServiceWorker.disable", nil)
		fresh := p.Listen(0, "ServiceWorker.workerVersionUpdated")
		defer fresh.Close()
		c.call(p, "ServiceWorker.enable", nil)
		return at(next(t, fresh).Params, "versions", 0).(object)
	}
	v := snapshot()
	is(t, "controls", v["controlledClients"], []any{targetOf(c, p)})
	c.refused(p, "ServiceWorker.stopWorker", object{"versionId": "x"}, -32602, "Invalid version ID")
	events = p.Listen(0, "ServiceWorker.workerVersionUpdated")
	c.call(p, "ServiceWorker.stopWorker", object{"versionId": v["versionId"]})
	is(t, "stopping", states(t, events, "/sw.js", "stopped/activated"), []string{"stopping/activated", "stopped/activated"})
	c.call(p, "ServiceWorker.startWorker", object{"scopeURL": origin + "/"})
	is(t, "starting", states(t, events, "/sw.js", "running/activated"), []string{"starting/activated", "running/activated"})
	c.call(p, "ServiceWorker.startWorker", object{"scopeURL": "http://nowhere.example/"})
	registrations := p.Listen(0, "ServiceWorker.workerRegistrationUpdated")
	c.call(p, "ServiceWorker.unregister", object{"scopeURL": origin + "/"})
	until(t, registrations, func(e event) bool { return at(e.Params, "registrations", 0, "isDeleted") == true })
}

func TestFailingWorkers(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	c.call(p, "ServiceWorker.enable", nil)
	reported := p.Listen(0, "ServiceWorker.workerErrorReported")
	for script, want := range map[string]string{"/broken.js": "TypeError", "/throws.js": "TypeError", "/none.js": "TypeError"} {
		is(t, script, c.evaluate(p, `navigator.serviceWorker.register('`+script+`').then(() => '', (e) => e.name)`), want)
	}
	is(t, "reported", at(next(t, reported).Params, "errorMessage", "sourceURL") != nil, true)
}

func TestFunctionalEvents(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	c.register(p)
	regs := p.Listen(0, "ServiceWorker.workerRegistrationUpdated")
	c.call(p, "ServiceWorker.enable", nil)
	id := at(next(t, regs).Params, "registrations", 0, "registrationId")
	w := worker(c)
	c.call(w, "Runtime.enable", nil)
	c.evaluate(w, `addEventListener('push', (e) => console.log('push', e.data.text())), addEventListener('sync', (e) => console.log('sync', e.tag)), 1`)
	said := w.Listen(0, "Runtime.consoleAPICalled")
	c.call(p, "ServiceWorker.deliverPushMessage", object{"origin": origin, "registrationId": id, "data": "hello"})
	is(t, "push", at(next(t, said).Params, "args", 1, "value"), "hello")
	c.call(p, "ServiceWorker.dispatchSyncEvent", object{"origin": origin, "registrationId": id, "tag": "t", "lastChance": false})
	is(t, "sync", at(next(t, said).Params, "args", 1, "value"), "t")
	c.refused(p, "ServiceWorker.deliverPushMessage", object{"origin": origin, "registrationId": "x", "data": ""}, -32602, "Invalid version ID")
}

// worker is a session on the service worker there is.
func worker(c *client) *cdp.Session {
	c.t.Helper()
	targets := c.call(c.Root(), "Target.getTargets", nil)["targetInfos"].([]any)
	i := slices.IndexFunc(targets, func(x any) bool { return at(x, "type") == "service_worker" })
	if i < 0 {
		c.t.Fatal("no service worker runs")
	}
	return c.Session(c.call(c.Root(), "Target.attachToTarget", object{"targetId": at(targets[i], "targetId"), "flatten": true})["sessionId"].(string))
}

// A worker that stops while a client is attached crashes and comes back.
func TestAttachedWorkerStops(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	c.register(p)
	versions := p.Listen(0, "ServiceWorker.workerVersionUpdated")
	c.call(p, "ServiceWorker.enable", nil)
	w := worker(c)
	ends := w.Listen(0, "Inspector.targetCrashed", "Inspector.targetReloadedAfterCrash")
	c.call(p, "ServiceWorker.stopWorker", object{"versionId": at(next(t, versions).Params, "versions", 0, "versionId")})
	is(t, "stopped", next(t, ends).Method, "Inspector.targetCrashed")
	is(t, "fetch wakes it", c.evaluate(p, `fetch('/made').then((r) => r.text())`), "made")
	is(t, "back", next(t, ends).Method, "Inspector.targetReloadedAfterCrash")
	is(t, "answers", c.evaluate(w, "greeting"), "hello")
}

func TestSWInspect(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	c.register(p)
	traced := p.Listen(0, "SWInspect.traced")
	c.call(p, "SWInspect.enable", nil)
	is(t, "first step", at(next(t, traced).Params, "steps", 0, "seq"), 1)
	steps := c.call(p, "SWInspect.getTrace", object{"limit": 5})["steps"].([]any)
	is(t, "trace", []any{len(steps), at(steps, 0, "algorithm") != nil}, []any{5, true})
	regs := p.Listen(0, "ServiceWorker.workerRegistrationUpdated")
	c.call(p, "ServiceWorker.enable", nil)
	id := at(next(t, regs).Params, "registrations", 0, "registrationId")
	r := c.call(p, "SWInspect.dispatchFetch", object{"registrationId": id, "url": "/made"})
	is(t, "dispatched", []any{r["status"], r["body"], r["fromServiceWorker"]}, []any{200, "bWFkZQ==", true})
	is(t, "failed", c.call(p, "SWInspect.dispatchFetch", object{"registrationId": id, "url": "/refused"})["status"], 0)
	c.refused(p, "SWInspect.dispatchFetch", object{"registrationId": "99", "url": "/"}, -32602, "No registration")
	c.call(p, "SWInspect.putCacheEntry", object{"storageKey": origin + "/", "cacheName": "mine", "requestURL": origin + "/put", "body": "eA=="})
	is(t, "put", c.evaluate(p, `caches.match('/put').then((r) => r.text())`), "x")
	c.refused(p, "SWInspect.putCacheEntry", object{"storageKey": "x", "cacheName": "mine", "requestURL": origin + "/put"}, -32602, "storageKey")
	clock := c.call(p, "SWInspect.getClock", nil)
	is(t, "clock", clock["virtual"], false)
	if now := clock["now"].(float64); time.Since(time.UnixMilli(int64(now))) > time.Minute {
		t.Errorf("now is %v", now)
	}
	c.refused(p, "SWInspect.advanceClock", object{"by": 1}, -32000, "machine's clock")
	is(t, "memory", c.call(p, "SWInspect.getMemory", nil)["heap"].(float64) > 0, true)
}
