package surface

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/serviceworker"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/cdp/swproto"
	"github.com/swinspect/swinspect/internal/backend"
)

const eventsWorker = `
const log = [];
oninstall = () => skipWaiting();
onactivate = e => e.waitUntil(clients.claim());
onpush = e => { log.push("push " + e.data.text()); e.waitUntil(registration.showNotification("pushed", { tag: "t", body: e.data.text(), actions: [{ action: "go", title: "Go" }] })); };
onnotificationclick = e => { log.push(["click", e.notification.title, e.action].join(" ")); e.notification.close(); e.waitUntil(clients.openWindow("/opened").then(c => log.push("opened " + new URL(c.url).pathname))); };
onnotificationclose = e => log.push("close " + e.notification.title);
onsync = e => log.push("sync " + e.tag + " " + e.lastChance);
onperiodicsync = e => log.push("periodicsync " + e.tag);
onmessage = e => e.source.postMessage(log.splice(0));`

// eventsPage are what the page's script uses.
const eventsPage = `
const key = "BBYCxwATP2vVgw7mMPHJfT6bZrJP2iUV7OP_oxHzEcNFenrX66D8G34CdEmVULNg4WJXfjkeyT0AT9LwavpN8M4";
const ready = navigator.serviceWorker.register("/sw.js").then(() => navigator.serviceWorker.ready);
const told = async n => { const r = await ready, all = []; for (let i = 0; i < 100 && all.length < n; i++) {
	const answer = new Promise(ok => { navigator.serviceWorker.onmessage = e => ok(e.data) }); r.active.postMessage(0); all.push(...await answer);
	if (all.length < n) await new Promise(ok => setTimeout(ok, 20)) } return all };`

// eventsSite is a page with a session, and what the test asks of it.
type eventsSite struct {
	*testing.T
	page   *backend.Page
	origin string
	ctx    context.Context
}

func openEvents(t *testing.T) *eventsSite {
	t.Helper()
	o, err := built()
	if err != nil {
		t.Fatal(err)
	}
	b, err := backend.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() }) // it is killed
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		body := "<!doctype html><script>" + eventsPage + "</script>"
		if r.URL.Path == "/sw.js" {
			w.Header().Set("Content-Type", "text/javascript")
			body = eventsWorker
		}
		_, _ = io.WriteString(w, body) // the page is gone
	}))
	t.Cleanup(func() { site.CloseClientConnections(); site.Close() })
	_, port, err := net.SplitHostPort(site.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s := &eventsSite{T: t, origin: "http://localhost:" + port}
	var cancel context.CancelFunc
	s.ctx, cancel = context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	if s.page, err = b.NewPage(s.ctx); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"notifications", "periodic-background-sync"} {
		call(s, b.Conn.Root(), browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted, Origin: s.origin, BrowserContextID: s.page.Context})
	}
	if err := s.page.Navigate(s.ctx, s.origin+"/"); err != nil {
		t.Fatal(err)
	}
	return s
}

func call[P, R any](s *eventsSite, on cdproto.Session, c cdproto.Command[P, R], p P) R {
	s.Helper()
	r, err := cdproto.Call(s.ctx, on, c, p)
	if err != nil {
		s.Fatalf("%s: %v", c.Method, err)
	}
	return r
}

// expect evaluates an expression of the page.
func (s *eventsSite) expect(expression, want string) {
	s.Helper()
	got, err := s.page.Evaluate(s.ctx, "(async () => { const r = await ready; return "+expression+" })()")
	if err != nil {
		s.Fatal(err)
	}
	var v any
	if text, isText := v.(string); json.Unmarshal(got, &v) == nil && isText {
		got = json.RawMessage(text)
	}
	if string(got) != want {
		s.Errorf("%s\n got %s\nwant %s", expression, got, want)
	}
}

// TestFunctionalEvents goes through push, notifications, background sync and
// periodic sync: from the page, and from DevTools.
func TestFunctionalEvents(t *testing.T) {
	t.Parallel()
	s := openEvents(t)
	events := s.page.Listen(100, serviceworker.WorkerRegistrationUpdated.Method)
	defer events.Close()
	call(s, s.page, serviceworker.Enable, cdproto.Empty{})

	// Push: a subscription with a key, the same one again, none after it ended.
	s.expect(`await r.pushManager.permissionState({ userVisibleOnly: true })`, `"granted"`)
	s.expect(`(await r.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })).endpoint === (await r.pushManager.getSubscription()).endpoint`, `true`)
	s.expect(`new Uint8Array((await r.pushManager.getSubscription()).options.applicationServerKey).length`, `65`)
	s.expect(`await r.pushManager.subscribe({ userVisibleOnly: true }).catch(e => e.name)`, `"InvalidStateError"`)
	id := s.registration(events)
	call(s, s.page, serviceworker.DeliverPushMessage, serviceworker.DeliverPushMessageParams{Origin: s.origin, RegistrationID: serviceworker.RegistrationID(id), Data: "hello"})
	s.expect(`await told(1)`, `["push hello"]`)
	s.expect(`(await r.getNotifications({ tag: "t" })).map(n => [n.title, n.body, n.actions.length])`, `[["pushed","hello",1]]`)
	s.expect(`[await (await r.pushManager.getSubscription()).unsubscribe(), await r.pushManager.getSubscription()]`, `[true,null]`)

	// A click opens a window; closing tells the worker.
	s.expect(`await r.showNotification("mine") ?? null`, `null`)
	shown := call(s, s.page, swproto.GetNotifications, swproto.GetNotificationsParams{RegistrationID: id}).Notifications
	if len(shown) != 2 || shown[0].Title != "pushed" || shown[0].Actions[0].Action != "go" || shown[1].Title != "mine" {
		t.Fatalf("notifications: %+v", shown)
	}
	call(s, s.page, swproto.DispatchNotification, swproto.DispatchNotificationParams{RegistrationID: id, ID: shown[0].ID, Action: "go"})
	call(s, s.page, swproto.DispatchNotification, swproto.DispatchNotificationParams{RegistrationID: id, ID: shown[1].ID, Close: true})
	s.expect(`await told(3)`, `["click pushed go","opened /opened","close mine"]`)
	s.expect(`(await r.getNotifications()).length`, `0`)
	if _, err := cdproto.Call(s.ctx, s.page, swproto.DispatchNotification, swproto.DispatchNotificationParams{RegistrationID: id, ID: shown[1].ID}); err == nil || !strings.Contains(err.Error(), "No notification") {
		t.Errorf("a click on a notification that is gone: %v", err)
	}

	s.synchronise(serviceworker.RegistrationID(id))
}

// synchronise: at once online, else when the network is back; from DevTools too.
func (s *eventsSite) synchronise(id serviceworker.RegistrationID) {
	s.Helper()
	s.expect(`await r.sync.register("now") ?? await told(1)`, `["sync now false"]`)
	s.offline(true)
	s.expect(`[navigator.onLine, await r.sync.register("later") ?? await r.sync.getTags(), await told(0)]`, `[false,["later"],[]]`)
	s.offline(false)
	s.expect(`[await told(1), navigator.onLine]`, `[["sync later false"],true]`)
	s.expect(`await (async () => { for (;;) if (!(await r.sync.getTags()).length) return "none" })()`, `"none"`)
	call(s, s.page, serviceworker.DispatchSyncEvent, serviceworker.DispatchSyncEventParams{Origin: s.origin, RegistrationID: id, Tag: "outside", LastChance: true})
	s.expect(`await told(1)`, `["sync outside true"]`)
	s.expect(`await r.periodicSync.register("daily", { minInterval: 1000 }) ?? await r.periodicSync.getTags()`, `["daily"]`)
	call(s, s.page, serviceworker.DispatchPeriodicSyncEvent, serviceworker.DispatchPeriodicSyncEventParams{Origin: s.origin, RegistrationID: id, Tag: "daily"})
	s.expect(`await told(1)`, `["periodicsync daily"]`)
	s.expect(`await r.periodicSync.unregister("daily") ?? await r.periodicSync.getTags()`, `[]`)
}

func (s *eventsSite) offline(on bool) {
	s.Helper()
	call(s, s.page, network.Enable, network.EnableParams{})
	call(s, s.page, cdproto.Command[map[string]any, cdproto.Empty]{Method: "Network.emulateNetworkConditions"},
		map[string]any{"offline": on, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1})
}

// registration waits until the page's registration is told.
func (s *eventsSite) registration(events *cdp.Subscription) string {
	s.Helper()
	for {
		select {
		case e := <-events.C():
			var u serviceworker.EventWorkerRegistrationUpdated
			if cdp.Decode(e.Params, &u) == nil && len(u.Registrations) > 0 {
				return string(u.Registrations[0].RegistrationID)
			}
		case <-s.ctx.Done():
			s.Fatal("no registration was told")
		}
	}
}
