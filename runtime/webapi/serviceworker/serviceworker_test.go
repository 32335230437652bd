package serviceworker

import (
	"testing"
)

func TestLifecycleAndFetch(t *testing.T) {
	w := newWorld(t, map[string]string{
		"/":     "index",
		"/page": "from the network",
		"/sw.js": `
			log("evaluated", self instanceof ServiceWorkerGlobalScope, registration.scope, serviceWorker.state);
			addEventListener("install", e => { log("install", e instanceof InstallEvent, serviceWorker.state, registration.installing === serviceWorker); skipWaiting() });
			onactivate = e => { log("activate", serviceWorker.state); e.waitUntil(clients.claim()) };
			onfetch = e => { if (e.request.url.endsWith("/made")) e.respondWith(new Response("made " + e.request.method + " " + (e.clientId.length > 0))) };`,
	})
	p := w.page("/")
	got := p.run(activated + `
		navigator.serviceWorker.oncontrollerchange = () => log("controllerchange", navigator.serviceWorker.controller === r.active);
		while (!navigator.serviceWorker.controller) await new Promise(ok => navigator.serviceWorker.addEventListener("controllerchange", ok));
		log(await (await fetch("/made")).text());
		log(await (await fetch("/page")).text());
		return (await navigator.serviceWorker.ready) === r && (await navigator.serviceWorker.getRegistration()) === r;`)
	if got != "true" {
		t.Error(got)
	}
	w.mu.Lock()
	t.Log(w.log)
	w.mu.Unlock()
	second := w.page("/page")
	if got := second.run(`return navigator.serviceWorker.controller.state + " " + await (await fetch("/made")).text()`); got != "activated made GET true" {
		t.Error(got)
	}
}
