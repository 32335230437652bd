package serviceworker

import (
	"slices"
	"strings"
	"testing"
)

// A story is a worker, a page's script (the body of an async function, after the
// worker was activated) and what both of them log.
type story struct {
	name, worker, page string
	want               []string
}

var stories = []story{
	{"what events are", `
		onfetch = e => void (e.request.mode !== "navigate" && e.respondWith((async () => {
			const x = new ExtendableEvent("x"), m = new ExtendableMessageEvent("m", {data: 1, origin: "o", ports: [new MessageChannel().port1]});
			log(e instanceof FetchEvent && e instanceof ExtendableEvent && e instanceof Event, e.isTrusted, e.type, e.cancelable, e.bubbles);
			log(m.data, m.origin, m.source, m.ports.length, Object.isFrozen(m.ports), m.ports === m.ports);
			try { x.waitUntil(1) } catch (err) { log(err.name) }
			try { new FetchEvent("x") } catch (err) { log(err.name) }
			const f = new FetchEvent("x", {request: new Request("/a"), clientId: "c"});
			log(f.request.url, f.clientId, f.resultingClientId === "", await f.preloadResponse, f.handled instanceof Promise);
			log(e.request === e.request, e.handled === e.handled, e.preloadResponse === e.preloadResponse, e.replacesClientId === "");
			return new Response("");
		})()));`,
		`await fetch("/x")`,
		[]string{
			"sw: true true fetch true false", "sw: 1 o null 1 true true", "sw: InvalidStateError", "sw: TypeError",
			"sw: https://site.test/a c true undefined true", "sw: true true true true",
		}},
	{"respondWith twice, late, and stopping others", `
		addEventListener("fetch", e => {
			if (e.request.mode === "navigate") return e.stopImmediatePropagation();
			e.respondWith(new Promise(ok => setLater(() => ok(new Response("one")))));
			try { e.respondWith(new Response("two")) } catch (err) { log("twice", err.name) }
			e.handled.then(() => log("handled"));
		});
		addEventListener("fetch", () => log("never"));
		let kept; const setLater = f => fetch("/file").then(f);`,
		`log(await (await fetch("/x")).text())`,
		[]string{"sw: twice InvalidStateError", "page: one", "sw: handled"}},
	{"what is no answer", `
		onfetch = e => {
			if (e.request.mode === "navigate") return;
			const what = URLSearch(e.request.url);
			e.handled.catch(err => log("handled", err.name));
			if (what === "text") e.respondWith("text");
			if (what === "reject") e.respondWith(Promise.reject(new Error("no")));
			if (what === "error") e.respondWith(Response.error());
			if (what === "prevent") e.preventDefault();
			if (what === "used") { const r = new Response("x"); e.respondWith(r.text().then(() => r)) }
			if (what === "throw") throw new Error("thrown");
			if (what === "file") return;
		};
		function URLSearch(u) { return u.slice(u.lastIndexOf("/") + 1) } onerror = () => true; onunhandledrejection = e => e.preventDefault();`,
		`for (const what of ["text", "reject", "error", "prevent", "used", "throw", "file"]) {
			try { const r = await fetch("/" + what); log(what, r.status) } catch (e) { log(what, e.name) } }`,
		[]string{
			"page: text TypeError", "sw: handled NetworkError", "page: reject TypeError", "sw: handled NetworkError",
			"page: error TypeError", "page: prevent TypeError", "sw: handled NetworkError", "page: used TypeError", "sw: handled NetworkError",
			"page: throw 404", "page: file 200",
		}},
	{"waitUntil while it may", `
		let event;
		onfetch = e => {
			if (e.request.mode === "navigate" || e.request.url.endsWith("file")) return;
			event = e;
			Promise.resolve().then(() => { e.waitUntil(fetch("/file").then(() => { e.waitUntil(fetch("/file").then(() => log("extended twice"))) })) });
			e.respondWith(new Response("x"));
		};
		onmessage = e => { try { event.waitUntil(1); e.source.postMessage("still") } catch (x) { log(x.name) } };`,
		`await fetch("/x"); navigator.serviceWorker.onmessage = () => r.active.postMessage(1); r.active.postMessage(1)`,
		[]string{"sw: extended twice", "sw: InvalidStateError"}},
	{"messages both ways", `
		onmessage = e => {
			log(e instanceof ExtendableMessageEvent, e.origin, e.source instanceof WindowClient, e.source.url, e.source.frameType, e.source.type, e.data.n, e.ports.length);
			e.source.postMessage({answer: e.data.n + 1}, [e.ports[0]]);
			e.waitUntil(Promise.resolve());
		};
		onmessageerror = () => log("messageerror")`,
		`const c = new MessageChannel();
		const got = new Promise(ok => navigator.serviceWorker.onmessage = ok);
		r.active.postMessage({n: 1}, [c.port2]);
		const e = await got;
		log(e instanceof MessageEvent, e.data.answer, e.origin, e.source === r.active, e.ports.length, e.isTrusted);
		c.port1.onmessage = e => log("port", e.data); e.ports[0].postMessage("through");
		try { r.active.postMessage(() => {}) } catch (x) { log(x.name) }`,
		[]string{
			"sw: true https://site.test true https://site.test/ top-level window 1 1",
			"page: true 2 https://site.test true 1 true", "page: DataCloneError", "page: port through",
		}},
	{"messages wait for startMessages", `onmessage = e => e.source.postMessage(e.data)`,
		`const all = []; navigator.serviceWorker.addEventListener("message", e => { log(e.data) });
		r.active.postMessage(1); await fetch("/file"); await fetch("/file"); await fetch("/file"); log("start"); navigator.serviceWorker.startMessages()`,
		[]string{"page: start", "page: 1"}},
	{"clients", `
		onactivate = e => e.waitUntil(clients.claim().then(() => log("claimed")));
		onfetch = e => void (e.request.url.endsWith("/x") && e.respondWith((async () => {
			const all = await clients.matchAll(), one = await clients.get(e.clientId), none = await clients.get("nobody");
			log(all.length, Object.isFrozen(all), all[0] instanceof WindowClient, all[0] !== one, all[1].id === one.id, none, one.visibilityState, one.focused, one.ancestorOrigins.length);
			log((await clients.matchAll({type: "worker"})).length, await clients.matchAll({type: "nonsense"}).catch(e => e.name));
			const w = await clients.openWindow("/opened"); log(w.url, await clients.openWindow("about:blank").catch(e => e.name), await clients.openWindow("http://[").catch(e => e.name));
			log((await one.focus()).focused, (await one.navigate("/next")) instanceof WindowClient);
			log(clients === self.clients, registration === self.registration, registration.active === serviceWorker, navigator.serviceWorker.controller);
			try { new Client() } catch (x) { log(x.name) }
			return new Response("x");
		})()))`,
		`log(navigator.serviceWorker.controller === r.active); await fetch("/x")`,
		[]string{
			"sw: claimed", "page: true", "sw: 2 true true true true undefined visible false 0", "sw: 0 TypeError", "sw: https://site.test/opened TypeError TypeError",
			"sw: true true", "sw: true true true null", "sw: TypeError",
		}},
	{"register's arguments", `onfetch = e => {}`,
		`const sw = navigator.serviceWorker, why = p => p.then(() => "ok", e => e.name);
		log(await why(sw.register()), await why(sw.register("http://[")), await why(sw.register("/sw.js", {type: "odd"})), await why(sw.register("/sw.js", {updateViaCache: "odd"})),
			await why(sw.register("https://other.test/sw.js")), await why(sw.register("/sw.js", {scope: "/%2fx"})), await why(sw.register("/missing.js")), await why(sw.register("/file")));
		log(await why(sw.getRegistration("https://other.test/")), await sw.getRegistration("/x") === r, (await sw.getRegistrations())[0] === r, Object.isFrozen(await sw.getRegistrations()));
		log(r.scope, r.updateViaCache, r.installing, r.waiting, r.active.scriptURL, r.active.state, r.navigationPreload === r.navigationPreload);
		log(await r.unregister(), await r.unregister(), await sw.getRegistration());`,
		[]string{
			"page: TypeError TypeError TypeError TypeError SecurityError TypeError TypeError SecurityError",
			"page: SecurityError true true true", "page: https://site.test/ imports null null https://site.test/sw.js activated true", "page: true false undefined",
		}},
	{"navigation preload", `onactivate = e => e.waitUntil(registration.navigationPreload.enable()); onfetch = e => e.respondWith((async () => {
			const p = await e.preloadResponse; log(e.request.url, p && await p.text(), p instanceof Response); return new Response("") })())`,
		`const n = r.navigationPreload; let s = await n.getState(); log(s.enabled, s.headerValue);
		await n.setHeaderValue(" a "); await n.disable(); s = await n.getState(); log(s.enabled, s.headerValue, await n.setHeaderValue("a\nb").catch(e => e.name), await n.setHeaderValue("\u0100").catch(e => e.name))`,
		[]string{"sw: https://site.test/  true", "page: true true", "page: false a TypeError TypeError"}},
	{"routes", `
		oninstall = e => {
			const why = p => p.then(v => String(v), x => x.name);
			e.waitUntil((async () => log(
				await why(e.addRoutes({condition: {urlPattern: "/static/*"}, source: "network"})),
				await why(e.addRoutes([{condition: {urlPattern: {pathname: "/cached"}, requestMethod: "GET"}, source: {cacheName: "c"}}])),
				await why(e.addRoutes({condition: {or: [{runningStatus: "running"}, {not: {requestMode: "navigate"}}]}, source: "fetch-event"})),
				await why(e.addRoutes({condition: {}, source: "network"})), await why(e.addRoutes({condition: {urlPattern: "/(a.*)"}, source: "network"})),
				await why(e.addRoutes({source: "network"})), await why(e.addRoutes({condition: {requestMethod: "GET"}, source: "odd"})), await why(e.addRoutes()), await why(e.addRoutes([])),
			))());
		};
		onfetch = e => e.respondWith(new Response("handled"))`,
		`log(await (await fetch("/static/x")).text(), await (await fetch("/other")).text())`,
		[]string{"sw: undefined undefined undefined TypeError TypeError TypeError TypeError TypeError undefined", "page: not found handled"}},
	{"importScripts", `
		try { importScripts("/one.js", "/two.js"); log(one, two) } catch (e) { log(e) }
		try { importScripts("/missing.js") } catch (e) { log(e instanceof DOMException, e.name) }
		try { importScripts("http://[") } catch (e) { log(e.name) }
		try { importScripts("/throws.js") } catch (e) { log(e instanceof RangeError, e.message) }
		try { importScripts("/bad.js") } catch (e) { log(e instanceof SyntaxError) }
		oninstall = () => { importScripts("/one.js"); try { importScripts("/late.js") } catch (e) { log("late", e.name) } };
		onfetch = e => { if (e.request.url.endsWith("file")) try { importScripts("/late.js"); importScripts("/two.js", "/file.js") } catch (e) { log("after", e.name) } }`,
		`await fetch("/file")`,
		[]string{"sw: 1 2", "sw: true NetworkError", "sw: SyntaxError", "sw: true far", "sw: true", "sw: after NetworkError"}},
	{"the global", `
		log(self === globalThis, self instanceof WorkerGlobalScope, location.href, String(location), location.pathname, navigator.userAgent, navigator instanceof WorkerNavigator, location instanceof WorkerLocation);
		log(typeof XMLHttpRequest, typeof localStorage, typeof document, typeof window, typeof close, typeof FetchEvent, typeof caches, typeof indexedDB, typeof BackgroundFetchManager);
		log(Object.prototype.toString.call(self), "onfetch" in self, onfetch, self.hasOwnProperty("clients"), Object.getPrototypeOf(self) === ServiceWorkerGlobalScope.prototype);
		try { new ServiceWorkerGlobalScope() } catch (e) { log(e.name) }
		onmessage = () => {};`,
		`r.active.addEventListener; log(r.active instanceof ServiceWorker, r instanceof EventTarget, navigator.serviceWorker instanceof ServiceWorkerContainer, typeof Clients, typeof FetchEvent)`,
		[]string{
			"sw: true true https://site.test/sw.js https://site.test/sw.js /sw.js Mozilla/5.0 test true true",
			"sw: undefined undefined undefined undefined undefined function object object undefined",
			"sw: [object ServiceWorkerGlobalScope] true null true true", "sw: TypeError", "page: true true true undefined undefined",
		}},
	{"late listeners are warned of", `onmessage = () => { addEventListener("fetch", () => {}); addEventListener("other", () => {}) }`,
		`r.active.postMessage(1)`,
		[]string{"console warning: Event handler of 'fetch' event must be added on the initial evaluation of worker script."}},
	{"rejections and exceptions", `
		onerror = (m, u, l, c, e) => { log(m, u, l, e.message); return true };
		onunhandledrejection = e => { log(e.type, e.reason, e.promise instanceof Promise); e.preventDefault() };
		onmessage = e => { Promise.reject("why"); throw new Error("bad") }`,
		`r.active.postMessage(1)`,
		[]string{"sw: Uncaught Error: bad https://site.test/sw.js 4 bad", "sw: unhandledrejection why true"}},
}

func TestModules(t *testing.T) {
	w := newWorld(t, map[string]string{
		"/":             "",
		"/sw.js":        `import {name} from "/dep.js"; import * as all from "./dir/other.js"; log(name, all.url, import.meta.url, typeof this); try { importScripts("/x.js") } catch (e) { log(e.name) } import("/dep.js").catch(e => log(e.name))`,
		"/dep.js":       `export const name = "dep"; log("dep runs")`,
		"/dir/other.js": `import {name} from "../dep.js"; export const url = import.meta.url + " " + name`,
		"/await.js":     `await 1`, "/bad.js": `import {nothing} from "/dep.js"`, "/missing.js": `import "/nowhere.js"`, "/bare.js": `import "bare"`,
	})
	got := w.page("/").run(`const r = await navigator.serviceWorker.register("/sw.js", {type: "module"});
		const why = u => navigator.serviceWorker.register(u, {type: "module", scope: "/other/"}).then(() => "ok", e => e.name);
		return [await why("/await.js"), await why("/bad.js"), await why("/missing.js"), await why("/bare.js")].join()`)
	if got != "TypeError,TypeError,TypeError,TypeError" {
		t.Error(got)
	}
	w.mu.Lock()
	w.log = slices.DeleteFunc(w.log, func(line string) bool { return strings.HasPrefix(line, "uncaught") })
	w.mu.Unlock()
	w.expect("sw: dep runs", "sw: dep https://site.test/dir/other.js dep https://site.test/sw.js undefined", "sw: TypeError", "sw: TypeError")
}

func TestStories(t *testing.T) {
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			w := newWorld(t, map[string]string{
				"/": "", "/file": "file", "/sw.js": s.worker, "/opened": "", "/next": "",
				"/one.js": "var one = 1", "/two.js": "var two = one + 1", "/throws.js": "throw new RangeError('far')", "/bad.js": "var = 1", "/late.js": "",
			})
			w.page("/").run(activated)
			if got := w.page("/").run(`const r = await navigator.serviceWorker.ready;` + s.page); strings.HasPrefix(got, "rejected") || strings.HasPrefix(got, "threw") {
				t.Error(got)
			}
			w.expect(s.want...)
		})
	}
}
