package serviceworker

import (
	"testing"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/notifications"
)

func (w *world) registration() *runtime.Registration {
	return w.engine.GetRegistration(site, fetch.MustParseURL(site+"/"))
}

func TestNotifications(t *testing.T) {
	w := newWorld(t, map[string]string{"/": "", "/sw.js": `
		onmessage = e => e.waitUntil((async () => {
			log(Notification.permission, await registration.showNotification("no").catch(x => x.name));
			try { new Notification("x") } catch (x) { log(x.name) }
			e.source.postMessage("ask");
		})());
		onnotificationclick = e => { log(e instanceof NotificationEvent, e.type, e.notification.title, e.action, e.notification.data.n); e.notification.close() };
		onnotificationclose = e => log(e.type, e.notification.tag);`})
	p := w.page("/")
	p.run(activated)
	p.run(`const r = await navigator.serviceWorker.ready, asked = new Promise(ok => navigator.serviceWorker.onmessage = ok); r.active.postMessage(1); await asked`)
	w.permit["notifications"] = "granted"
	got := p.run(`const r = await navigator.serviceWorker.ready;
		await r.showNotification("one", {tag: "t", body: "b", data: {n: 5}, actions: [{action: "a", title: "A"}], vibrate: [1, 2], silent: null});
		await r.showNotification("two", {tag: "t", data: {n: 6}, icon: "/i.png"}); await r.showNotification("three");
		const all = await r.getNotifications(), t = await r.getNotifications({tag: "t"});
		log(all.length, t.length, t[0].title, t[0].icon, t[0].data.n, t[0].actions.length, Object.isFrozen(t[0].actions), t[0].silent, t[0].dir, t[0].permission);
		return await r.showNotification("x", {renotify: true}).catch(x => x.name) + await r.showNotification().catch(x => x.name)`)
	if got != "TypeErrorTypeError" {
		t.Error(got)
	}
	r := w.registration()
	n := notifications.Of(r).Notifications("t")[0]
	if err := w.engine.DispatchNotification(t.Context(), r, n, "a", false); err != nil {
		t.Error(err)
	}
	if err := w.engine.DispatchNotification(t.Context(), r, n, "", true); err != nil {
		t.Error(err)
	}
	if left := len(notifications.Of(r).Notifications("")); left != 1 {
		t.Errorf("%d notifications left", left)
	}
	w.expect("sw: default TypeError", "sw: TypeError", "page: 2 1 two https://site.test/i.png 6 0 true null auto undefined",
		"sw: true notificationclick two a 6", "sw: notificationclose t")
}

func TestPushAndSync(t *testing.T) {
	w := newWorld(t, map[string]string{"/": "", "/sw.js": `
		onpush = e => log(e instanceof PushEvent, e.data && e.data.text(), e.data && e.data.bytes().length, e.data && JSON.stringify(e.data.json()), new PushEvent("p", {data: "x"}).data.text());
		let tries = 0;
		onsync = e => { log(e instanceof SyncEvent, e.tag, e.lastChance); if (e.tag === "fails") e.waitUntil(Promise.reject(new Error("offline"))) };
		onperiodicsync = e => log(e instanceof PeriodicSyncEvent, e.tag);`})
	w.permit["notifications"], w.permit["periodic-background-sync"] = "granted", "granted"
	p := w.page("/")
	p.run(activated)
	got := p.run(`const r = await navigator.serviceWorker.ready;
		await r.sync.register("now"); while ((await r.sync.getTags()).length) ;
		await r.periodicSync.register("daily", {minInterval: 1000});
		const s = await r.pushManager.subscribe({userVisibleOnly: true}), again = await r.pushManager.getSubscription();
		log(r.sync === r.sync, (await r.periodicSync.getTags()).join(), s.endpoint === again.endpoint, s.getKey("p256dh").byteLength, s.getKey("auth").byteLength, Object.keys(s.toJSON()).join(), s.options.userVisibleOnly,
			await r.pushManager.permissionState(), await s.unsubscribe(), await r.pushManager.getSubscription());
		return "done"`)
	if got != "done" {
		t.Error(got)
	}
	r := w.registration()
	for _, data := range [][]byte{[]byte(`{"a":1}`)} {
		if err := w.engine.DispatchPush(t.Context(), r, data); err != nil {
			t.Error(err)
		}
	}
	if err := w.engine.DispatchSync(t.Context(), r, "fails", true); err == nil {
		t.Error("a sync event whose promise was rejected succeeded")
	}
	if err := w.engine.DispatchPeriodicSync(t.Context(), r, "daily"); err != nil {
		t.Error(err)
	}
	w.expect("sw: true now false", "page: true daily true 65 16 endpoint,expirationTime,keys true granted true null",
		`sw: true {"a":1} 7 {"a":1} x`, "sw: true fails true", "uncaught: Error: offline", "sw: true daily")
}
