package serviceworker

import (
	"strings"
	"testing"
	"time"
)

// Each worker does something that never ends, or ends badly, when it is asked for
// /bad. The page's next requests are answered all the same.
var hostile = []struct{ name, bad, want string }{
	{"a loop", `for (;;) {}`, "404"},
	{"a loop that catches", `for (;;) { try { for (;;) {} } catch (e) {} finally { continue } }`, "404"},
	{"a loop after respondWith", `e.respondWith(new Promise(() => {})); for (;;) {}`, "TypeError"},
	{"a storm of promises", `(function f() { Promise.resolve().then(f) })()`, "404"},
	{"recursion", `(function f() { f(); f() })()`, "404"},
	// The interpreter unwinds the whole call when its stack is full, so that
	// respondWith was not reached; a browser has a RangeError reject the promise.
	{"recursion in the answer", `e.respondWith((async () => { (function f() { f() })() })())`, "404"},
	{"recursion in a reaction", `e.respondWith(Promise.resolve().then(function f() { f() }))`, "TypeError"},
	{"a pattern that backtracks", `/^(a+)+$/.test("a".repeat(40) + "b")`, "404"},
	{"a promise that is its own getter", `e.respondWith({get then() { throw new Error("no") }})`, "TypeError"},
	{"an answer that is thenable for ever", `const t = {then(ok) { ok(t) }}; e.respondWith(t)`, "TypeError"},
	{"a sort that lies", `[3, 1, 2].sort(() => { for (;;) {} })`, "404"},
}

func TestHostileHandlers(t *testing.T) {
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, map[string]string{"/": "", "/sw.js": `onfetch = e => { if (e.request.url.endsWith("/bad")) { ` + h.bad + ` } else if (e.request.url.endsWith("/good")) e.respondWith(new Response("good")) }`})
			w.cpu = 300 * time.Millisecond
			w.page("/").run(activated)
			p := w.page("/")
			got := p.run(`
				const bad = await fetch("/bad").then(r => String(r.status), e => e.name);
				return bad + " " + await (await fetch("/good")).text() + " " + await (await fetch("/good")).text()`)
			if got != h.want+" good good" {
				t.Errorf("got %s, want %s good good", got, h.want)
			}
		})
	}
}

// A script that never comes to its end fails to register, and says why.
func TestHostileScripts(t *testing.T) {
	for _, source := range []string{`for (;;) {}`, `(function f() { Promise.resolve().then(f) })()`, `throw new Error("x")`, `var = 1`, `(function f() { f() })()`} {
		w := newWorld(t, map[string]string{"/": "", "/sw.js": source, "/ok.js": `log("ok")`})
		w.cpu = 300 * time.Millisecond
		got := w.page("/").run(`return await navigator.serviceWorker.register("/sw.js").then(() => "registered", e => e.name) + " " +
			await navigator.serviceWorker.register("/ok.js").then(() => "registered", e => e.name)`)
		if got != "TypeError registered" {
			t.Errorf("%s: %s", source, got)
		}
	}
}

func TestHostileInstall(t *testing.T) {
	w := newWorld(t, map[string]string{"/": "", "/sw.js": `oninstall = e => { for (;;) {} }`})
	w.cpu = 300 * time.Millisecond
	got := w.page("/").run(`const r = await navigator.serviceWorker.register("/sw.js"), w = r.installing;
		await new Promise(ok => w.onstatechange = ok); return w.state`)
	if got != "redundant" {
		t.Error(got)
	}
}

// A worker that is stopped in the middle of an event starts again for the next.
func TestStoppedAndStarted(t *testing.T) {
	w := newWorld(t, map[string]string{"/": "", "/sw.js": `let n = 0; onfetch = e => { if (e.request.url.endsWith("/count")) e.respondWith(new Response(String(++n))) }`})
	w.page("/").run(activated)
	p := w.page("/")
	count := func() string { return p.run(`return await (await fetch("/count")).text()`) }
	got := []string{count(), count()}
	worker := w.registration().Snapshot().Active
	if err := w.engine.StopWorker(t.Context(), worker, nil); err != nil {
		t.Error(err)
	}
	got = append(got, count())
	if s := strings.Join(got, " "); s != "1 2 1" {
		t.Error(s)
	}
}
