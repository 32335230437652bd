package devtools

import (
	"maps"
	"strings"
	"testing"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// place is where an error is said to be.
type place struct {
	message, path string // "" without
	line, column  int
}

// errorOf is the error of a workerErrorReported.
func errorOf(e event) place {
	m := e.Params["errorMessage"].(object)
	return place{
		m["errorMessage"].(string), strings.TrimPrefix(m["sourceURL"].(string), origin),
		int(m["lineNumber"].(float64)), int(m["columnNumber"].(float64)),
	}
}

// failing are workers that do not come to install, or to be installed.
var failing = map[string]struct {
	source string
	want   place
	words  string // of the summary
}{
	"/syntax": {"const a = 1;\nlet b = = 2;", place{"Uncaught SyntaxError: Unexpected token =", "/syntax.js", 2, 9}, ""},
	"/throws": {"\n throw new TypeError('at once')", place{"Uncaught TypeError: at once", "/throws.js", 2, 8}, ""},
	"/value":  {"throw {a: 1}", place{"Uncaught #<Object>", "/value.js", 1, 1}, ""},
	"/imports": {"importScripts('/nowhere.js')", place{
		"Uncaught NetworkError: Failed to execute 'importScripts' on 'WorkerGlobalScope': The script at 'https://app.example/nowhere.js' failed to load.",
		"/imports.js", 1, 14,
	}, ""},
	"/imports-syntax": {"\n\nimportScripts('/syntax.js')", place{"Uncaught SyntaxError: Unexpected token =", "/syntax.js", 2, 9}, ""},
	"/rejects": {
		"addEventListener('install', (e) => {\n  e.waitUntil(Promise.reject(new Error('no shell')))\n})",
		place{"Uncaught (in promise) Error: no shell", "/rejects.js", 2, 30},
		"ServiceWorker failed to install: ServiceWorker failed to handle event (event.waitUntil Promise rejected)",
	},
}

// An error of a worker is reported once, with its place, and the job's failure once.
func TestWorkerErrors(t *testing.T) {
	s := maps.Clone(site)
	for path, f := range failing {
		s[path[1:]+".js"] = file(f.source)
	}
	c := connect(t, func(o *Options) { o.Browser.Network = fetch.Folder(s, origin) })
	p := c.page("/index.html")
	c.call(p, "ServiceWorker.enable", nil)
	for path, f := range failing {
		reported := p.Listen(0, "ServiceWorker.workerErrorReported")
		c.evaluate(p, `(async () => {
			const r = await navigator.serviceWorker.register('`+path+`.js', {scope: '`+path+`'}).catch(() => null), w = r?.installing;
			while (w && w.state !== 'redundant') await new Promise((ok) => w.addEventListener('statechange', ok, {once: true}));
		})()`)
		first, second := next(t, reported), next(t, reported)
		if got := errorOf(first); got != f.want {
			t.Errorf("%s: got %+v, want %+v", path, got, f.want)
		}
		summary := place{"Failed to register a ServiceWorker for scope ('" + origin + path + "') with script ('" + origin + path + ".js'): " + f.words, "", -1, -1}
		if got := errorOf(second); got != summary || at(second.Params, "errorMessage", "versionId") != at(first.Params, "errorMessage", "versionId") {
			t.Errorf("%s: got %+v, want %+v", path, got, summary)
		}
		nothingMore(t, c, p, reported)
	}
}

// nothingMore fails when another event came.
func nothingMore(t *testing.T, c *client, p *cdp.Session, sub *cdp.Subscription) {
	t.Helper()
	c.evaluate(p, "1")
	if n := len(sub.C()); n > 0 {
		t.Errorf("%d more: %s", n, asJSON(next(t, sub).Params))
	}
	sub.Close()
}

// Rejected promises of events, and those nobody handles.
func TestWorkerRejections(t *testing.T) {
	s := maps.Clone(site)
	s["sw.js"] = file(`addEventListener('activate', (e) => e.waitUntil(Promise.reject(new Error('activate'))));
addEventListener('push', (e) => e.waitUntil((async () => { throw new RangeError('push') })()));
addEventListener('sync', (e) => { e.waitUntil(Promise.reject(new DOMException('sync', 'AbortError'))) });
addEventListener('fetch', (e) => { if (e.request.url.endsWith('?rejected')) e.respondWith(Promise.reject(new TypeError('fetch'))); if (e.request.url.endsWith('?text')) e.respondWith('text') });
addEventListener('periodicsync', (e) => { Promise.reject(new TypeError('nobody')) });
`)
	c := connect(t, func(o *Options) { o.Browser.Network = fetch.Folder(s, origin) })
	p := c.page("/index.html")
	registrations := p.Listen(0, "ServiceWorker.workerRegistrationUpdated")
	reported := p.Listen(0, "ServiceWorker.workerErrorReported")
	c.call(p, "ServiceWorker.enable", nil)
	next(t, registrations)
	c.evaluate(p, `navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready).then(() => 1)`)
	id := at(next(t, registrations).Params, "registrations", 0, "registrationId")
	expect := func(want place) {
		t.Helper()
		if got := errorOf(next(t, reported)); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	expect(place{"Uncaught (in promise) Error: activate", "/sw.js", 1, 64})
	c.navigate(p, "/index.html")

	c.call(p, "ServiceWorker.deliverPushMessage", object{"origin": origin, "registrationId": id, "data": ""})
	expect(place{"Uncaught (in promise) RangeError: push", "/sw.js", 2, 66})
	thrown := worker(c)
	exceptions := thrown.Listen(0, "Runtime.exceptionThrown")
	c.call(thrown, "Runtime.enable", nil)
	next(t, exceptions) // of activate
	next(t, exceptions) // of push
	c.call(p, "ServiceWorker.dispatchSyncEvent", object{"origin": origin, "registrationId": id, "tag": "t", "lastChance": true})
	expect(place{"Uncaught (in promise) AbortError: sync", "/sw.js", 3, 62})
	exception := at(next(t, exceptions).Params, "exceptionDetails", "exception").(object)
	if text := exception["description"].(string); exception["subtype"] != "error" || !strings.HasPrefix(text, "AbortError: sync\n    at ") {
		t.Errorf("the exception is told as %s", asJSON(exception))
	}
	c.call(p, "ServiceWorker.dispatchPeriodicSyncEvent", object{"origin": origin, "registrationId": id, "tag": "t"})
	expect(place{"Uncaught (in promise) TypeError: nobody", "/sw.js", 5, 58})
	for _, query := range []string{"?rejected", "?text"} {
		is(t, query, c.evaluate(p, `fetch('/plain.txt`+query+`').catch((e) => e.name)`), "TypeError")
	}
	expect(place{"Uncaught (in promise) TypeError: fetch", "/sw.js", 4, 106})
	expect(place{"Uncaught (in promise) TypeError: Failed to convert value to 'Response'.", "/sw.js", -1, -1})
	nothingMore(t, c, p, reported)
}
