package window

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// hostile is what workers do that mean harm, or were written badly: statements that
// may await.
var hostile = []struct{ name, source string }{
	{"loop", `for (;;) {}`},
	{"loop that catches", `for (;;) { try { for (;;) {} } catch (e) {} finally { continue } }`},
	{"storm of promises", `(function f() { Promise.resolve().then(f) })()`},
	{"storm of async functions", `(async () => { for (;;) await 0 })()`},
	{"storm of microtasks", `(function f() { queueMicrotask(f) })()`},
	{"recursion", `(function f() { f(); f() })()`},
	{"recursion through natives", `(function f() { [1].map(f) })()`},
	{"recursion through toString", `const o = {toString() { return "" + o }}; "" + o`},
	{"recursion through a getter", `const o = {get x() { return o.x }}; o.x`},
	{"recursion through a Proxy", `let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.x`},
	{"chain of prototypes", `let p = {}; for (let i = 0; i < 1e6; i++) p = Object.create(p); p.x`},
	{"chain of bound functions", `let f = () => 1; for (let i = 0; i < 1e6; i++) f = f.bind(null); f()`},
	{"pattern that backtracks", `/^(a+)+$/.test("a".repeat(40) + "b")`},
	{"pattern with a back reference", `/^(?:(a+)\1?)+$/.test("a".repeat(60) + "b")`},
	{"patterns for ever", `for (;;) /^(a+)+$/.test("a".repeat(40) + "b")`},
	{"pattern in replace", `"a".repeat(1e6).replace(/(a*)*b/g, "x")`},
	{"pattern of a million groups", `new RegExp("(".repeat(1e6) + ")".repeat(1e6))`},
	{"pattern of a million alternatives", `new RegExp("a|".repeat(1e6)).test("b")`},
	{"pattern with huge counts", `new RegExp("(?:a{1000}){1000}".repeat(10)).test("a")`},
	{"long string", `"x".repeat(2**40)`},
	{"padded string", `"x".padEnd(2**33)`},
	{"string that doubles", `let s = "x"; for (;;) s += s`},
	{"string joined", `const s = "x".repeat(2**28); [s, s, s, s, s, s, s, s].join(s)`},
	{"string replaced", `"x".repeat(1e6).replaceAll("x", "y".repeat(1e6))`},
	{"string replaced by pattern", `"x".repeat(1e6).replace(/x/g, "y".repeat(1e6))`},
	{"string split", `"x".repeat(2**27).split("")`},
	{"template", "const s = 'x'.repeat(2**27); let t = ''; for (let i = 0; i < 64; i++) t = `${t}${s}`"},
	{"concat", `const s = "x".repeat(2**27); "".concat(s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s)`},
	{"big buffer", `new ArrayBuffer(2**40)`},
	{"big view", `new Uint8Array(2**34)`},
	{"many buffers", `const all = []; for (let i = 0; i < 100000; i++) all.push(new ArrayBuffer(2**29))`},
	{"array of a length", `Array.from({length: 1e9})`},
	{"sparse array", `const a = []; a[4e9] = 1; a.forEach(x => x); a.indexOf(2)`},
	{"sparse array filled", `Array(2**32 - 1).fill(0)`},
	{"sparse array spread", `[...Array(2**32 - 1)]`},
	{"array flattened", `let a = []; for (let i = 0; i < 1e6; i++) a = [a]; a.flat(Infinity)`},
	{"array as text", `let a = []; for (let i = 0; i < 1e6; i++) a = [a]; String(a)`},
	{"arguments", `Math.max.apply(null, {length: 2**31})`},
	{"huge array-like", `Array.prototype.concat.call([], Array(2**31)); [].unshift.call({length: 2**53 - 2}, 1)`},
	{"splice of a huge array-like", `[].splice.call({length: 2**53 - 1}, 0, 1)`},
	{"indexOf of a huge array-like", `[].indexOf.call({length: 2**53 - 1}, 1)`},
	{"includes of a huge array-like", `[].includes.call({length: 2**53 - 1}, 1)`},
	{"map of a huge array-like", `[].map.call({length: 2**32 - 1}, x => x)`},
	{"bigint power", `2n ** (2n ** 40n)`},
	{"bigint shift", `1n << (2n ** 40n)`},
	{"bigint product", `let n = 3n; for (;;) n *= n`},
	{"bigint text", `BigInt("9".repeat(1e7)).toString()`},
	{"number text", `(1e21).toFixed(1e9)`},
	{"deep JSON", `JSON.parse("[".repeat(1e6) + "]".repeat(1e6))`},
	{"deep JSON, just allowed", `JSON.parse("[".repeat(40000) + "]".repeat(40000))`},
	{"deep object to JSON", `let o = {}; for (let i = 0; i < 1e6; i++) o = {o}; JSON.stringify(o)`},
	{"deep array to JSON", `let o = []; for (let i = 0; i < 1e6; i++) o = [o]; JSON.stringify(o)`},
	{"cycle to JSON", `const o = {}; o.o = o; JSON.stringify(o)`},
	{"toJSON for ever", `const o = {toJSON() { return {o} }}; JSON.stringify(o)`},
	{"deep clone", `let o = {}; for (let i = 0; i < 1e6; i++) o = {o}; structuredClone(o)`},
	{"deep clone of a Map", `let o = new Map(); for (let i = 0; i < 1e6; i++) o = new Map([[1, o]]); structuredClone(o)`},
	{"cyclic clone", `const o = {}; o.o = o; structuredClone(o)`},
	{"clone of a huge array", `structuredClone(Array(2**32 - 1))`},
	{"Error with a deep cause", `let e = null; for (let i = 0; i < 1e6; i++) e = new Error("x", {cause: e}); console.log(e); throw e`},
	{"console of a deep object", `let o = {}; for (let i = 0; i < 1e6; i++) o = {o}; console.log(o, [o])`},
	{"direct eval", `eval("(".repeat(2e6))`},
	{"direct eval of brackets", `eval("[".repeat(2e6) + "]".repeat(2e6))`},
	{"indirect eval", `(0, eval)("(".repeat(2e6))`},
	{"eval of the global", `self.eval("(".repeat(2e6))`},
	{"eval in eval", `eval("eval('('.repeat(2e6))")`},
	{"eval in a Function", `Function("eval('('.repeat(2e6))")()`},
	{"eval by an escape", `\u0065val("(".repeat(2e6))`},
	{"eval of operators", `eval("!".repeat(5e6) + "1")`},
	{"eval of unary minus", `eval("- ".repeat(5e6) + "1")`},
	{"eval of additions", `eval("1+".repeat(3e6) + "1")`},
	{"eval of conditions", `eval("1?".repeat(3e6) + "1" + ":1".repeat(3e6))`},
	{"eval of assignments", `eval("a=".repeat(3e6) + "1")`},
	{"eval of arrows", `eval("a=>".repeat(3e6) + "1")`},
	{"eval of members", `eval("a" + ".a".repeat(3e6))`},
	{"eval of statements", `eval("if(1)".repeat(3e6) + ";")`},
	{"eval of else", `eval("if(0);else ".repeat(3e6) + ";")`},
	{"eval of labels", `eval(Array.from({length: 1e6}, (_, i) => "l" + i + ":").join("") + ";")`},
	{"eval of powers", `eval("1**".repeat(3e6) + "1")`},
	{"eval of new", `eval("new ".repeat(3e6) + "a")`},
	{"eval of templates", "eval('`${'.repeat(2e6))"},
	{"eval of for", `eval("for(;;)".repeat(3e6) + ";")`},
	{"eval of await", `Function("return async () => " + "await ".repeat(3e6) + "1")`},
	{"eval of a switch that grows", `switch (2) { case 1: 2; break; case 2: let x = 1; case 3: eval("x") }`},
	{"eval beside default parameters", `(({url}) => { (s => eval(s)); return url })({url: 1})`},
	{"Function of operators", `Function("!".repeat(5e6) + "1")`},
	{"Function", `new Function("(".repeat(2e6))`},
	{"huge regular expression literal", `eval("/" + "(a|b)*".repeat(3e5) + "/.test('c')")`},
	{"huge template literal", "eval('`' + '${1}'.repeat(1e6) + '`')"},
	{"many variables", `eval("var " + Array.from({length: 3e5}, (_, i) => "v" + i).join())`},
	{"many parameters", `Function(...Array.from({length: 3e5}, (_, i) => "v" + i), "")`},
	{"sort that lies", `Array.from({length: 1e4}, (_, i) => i).sort(() => Math.random() - 0.5)`},
	{"sort that loops", `[3, 1, 2].sort(() => { for (;;) {} })`},
	{"sort that shrinks its array", `const a = Array.from({length: 1e4}, (_, i) => i); a.sort((x, y) => { a.length = 0; return x - y })`},
	{"sort that detaches its buffer", `const a = new Uint8Array(1e4).map((_, i) => i); a.sort((x, y) => { try { structuredClone(0, {transfer: [a.buffer]}) } catch {} return y - x })`},
	{"fill that detaches its buffer", `const a = new Uint8Array(1e4); a.fill({valueOf() { structuredClone(0, {transfer: [a.buffer]}); return 1 }})`},
	{"set that detaches its buffer", `const a = new Uint8Array(1e4); a.set({length: 2, get 0() { structuredClone(0, {transfer: [a.buffer]}); return 1 }, 1: 1}); a[5]`},
	{"slice that detaches its buffer", `const a = new Uint8Array(1e4); a.slice({valueOf() { structuredClone(0, {transfer: [a.buffer]}); return 1 }})`},
	{"DataView that detaches its buffer", `const d = new DataView(new ArrayBuffer(8)); d.setUint8({valueOf() { structuredClone(0, {transfer: [d.buffer]}); return 0 }}, 1)`},
	{"Proxy that loops", `new Proxy({}, {get() { for (;;) {} }}).x`},
	{"Proxy with endless keys", `Object.keys(new Proxy({}, {ownKeys: () => Array.from({length: 1e6}, (_, i) => "k" + i), getOwnPropertyDescriptor: () => ({enumerable: true, configurable: true, value: 1})}))`},
	{"iterator without an end", `new Set({[Symbol.iterator]: () => ({next: () => ({value: {}, done: false})})})`},
	{"spread without an end", `[...{[Symbol.iterator]: () => ({next: () => ({value: 1, done: false})})}]`},
	{"dictionary whose getter throws", `new Request("/", {get method() { throw new Error("no") }})`},
	{"dictionary whose getter loops", `new Request("/", {get method() { for (;;) {} }})`},
	{"dictionary whose getter recurs", `(function f() { new Response("", {get status() { f() }}) })()`},
	{"headers without an end", `new Headers({[Symbol.iterator]: () => ({next: () => ({value: ["a", "b"], done: false})})})`},
	{"many timers", `for (let i = 0; i < 1e6; i++) setTimeout(() => {}, 1e6)`},
	{"timers that breed", `(function f() { setTimeout(f); setTimeout(f) })()`},
	{"many listeners", `for (let i = 0; i < 1e6; i++) addEventListener("x", () => {})`},
	{"listener that dispatches", `addEventListener("x", () => dispatchEvent(new Event("x"))); dispatchEvent(new Event("x"))`},
	{"storm of messages", `const c = new MessageChannel(); c.port2.onmessage = () => { c.port1.postMessage(1); c.port1.postMessage(1) }; c.port1.postMessage(1)`},
	{"storm of broadcasts", `const a = new BroadcastChannel("x"), b = new BroadcastChannel("x"); a.onmessage = b.onmessage = e => e.target.postMessage(1); a.postMessage(1)`},
	{"large messages", `const c = new MessageChannel(); for (let i = 0; i < 1e3; i++) c.port1.postMessage(new Uint8Array(2**24))`},
	{"stream without an end", `await new Response(new ReadableStream({pull(c) { c.enqueue(new Uint8Array(1 << 16)) }})).text()`},
	{"stream that never gives", `await new Response(new ReadableStream({pull() { return new Promise(() => {}) }})).text()`},
	{"stream teed without an end", `let s = new ReadableStream({pull(c) { c.enqueue(1) }}); for (let i = 0; i < 1e4; i++) s = s.tee()[0]; await s.getReader().read()`},
	{"compression bomb", `const s = new CompressionStream("gzip"), w = s.writable.getWriter(); (async () => { for (;;) await w.write(new Uint8Array(1 << 24)) })(); await new Response(s.readable).blob()`},
	{"a server that never answers", `await fetch("/never")`},
	{"importScripts that never answers", `importScripts("/never")`},
	{"body that never ends", `await (await fetch("/endless")).text()`},
	{"cache of an endless body", `await (await caches.open("x")).put("/x", await fetch("/endless"))`},
	{"blob that doubles", `let b = new Blob(["x".repeat(1 << 20)]); for (let i = 0; i < 30; i++) b = new Blob([b, b]); await b.text()`},
	{"text decoded", `new TextDecoder().decode(new Uint8Array(2**29))`},
	{"text encoded", `btoa("x".repeat(2**27)); encodeURIComponent("é".repeat(2**26))`},
	{"URL of many megabytes", `new URL("https://x/" + "a/../".repeat(1e6)); new URLSearchParams("a=b&".repeat(1e6))`},
	{"URL pattern that backtracks", `new URLPattern({pathname: "/(a+)+"}).test("https://x/" + "a".repeat(60) + "b")`},
	{"URL pattern of many groups", `new URLPattern({pathname: "/" + "{".repeat(1e5)})`},
	{"random bytes", `crypto.getRandomValues(new Uint8Array(2**29))`},
	{"PBKDF2 for ever", `const k = await crypto.subtle.importKey("raw", new Uint8Array(1), "PBKDF2", false, ["deriveBits"]); await crypto.subtle.deriveBits({name: "PBKDF2", hash: "SHA-256", salt: new Uint8Array(1), iterations: 2**32 - 1}, k, 256)`},
	{"array that grows", `const a = []; for (;;) a.push(a.length)`},
	{"objects that grow", `let o = null; for (;;) o = {o}`},
	{"map that grows", `const m = new Map(); for (let i = 0;; i++) m.set(i, {})`},
	{"strings that grow", `const a = []; for (let i = 0;; i++) a.push("x".repeat(1 << 20) + i)`},
	{"Error stacks", `(function f(n) { if (n) return f(n - 1); for (;;) new Error().stack })(300)`},
	{"Date text", `new Date(NaN).toISOString()`},
	{"locale compare", `"a".repeat(1e7).localeCompare("a".repeat(1e7)); "a".repeat(1e6).normalize("NFKD")`},
	{"close", `self.close()`},
}

// hostileSite is a site with a page, a worker that does what it is told at /bad,
// and a second registration beside it.
type hostileSite struct{ bad, place string }

func (h hostileSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const good = `if (e.request.url.endsWith("/good")) e.respondWith(new Response("good"));`
	bad := "async () => { " + h.bad + "\n; return 'through' }"
	script := func(s string) { w.Header().Set("Content-Type", "text/javascript"); fmt.Fprint(w, s) }
	switch r.URL.Path {
	case "/", "/other/":
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>page</title>")
	case "/other/sw.js":
		script(`onfetch = e => { ` + good + ` }`)
	case "/sw.js":
		switch h.place {
		case "fetch":
			script(`const bad = ` + bad + `; onfetch = e => { if (e.request.url.endsWith("/bad")) e.respondWith(bad().then(x => new Response(String(x)))); ` + good + `}`)
		case "install":
			script(`const bad = ` + bad + `; oninstall = e => e.waitUntil(bad()); onfetch = e => { ` + good + ` }`)
		case "script":
			script(h.bad + "\n; onfetch = e => { " + good + " }")
		}
	case "/never":
		<-r.Context().Done()
	case "/endless":
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	}
}

// hostileBrowser is a browser with short limits.
func hostileBrowser(t *testing.T, site http.Handler) *browserUnderTest {
	n := &notes{}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	b := NewBrowser(BrowserOptions{Network: fetch.Handler(site), Observer: n, Logger: logger, Limits: runtime.Limits{
		EventCPU: 300 * time.Millisecond, StartTimeout: 2 * time.Second, EventTimeout: 2 * time.Second, FetchTimeout: 2 * time.Second,
	}})
	t.Cleanup(b.Close)
	return &browserUnderTest{b, n, t}
}

func try(t *testing.T, place, source string) {
	b := hostileBrowser(t, hostileSite{source, place})
	p, other := b.page("/"), b.page("/other/")
	const register = `navigator.serviceWorker.register("/other/sw.js").then(async r => { await new Promise(ok => { const w = r.installing || r.waiting || r.active; w.state == "activated" ? ok() : w.onstatechange = () => w.state == "activated" && ok() }); return "on" })`
	b.want(other, register, "on")
	other = b.page("/other/")
	began := time.Now()
	outcome := b.eval(p, `navigator.serviceWorker.register("/sw.js").then(r => new Promise(ok => { const w = r.installing || r.waiting || r.active; w.state == "activated" ? ok(w.state) : w.onstatechange = () => (w.state == "activated" || w.state == "redundant") && ok(w.state) }), e => e.name)`)
	if place == "fetch" {
		p = b.page("/")
		outcome = b.eval(p, `fetch("/bad").then(r => r.text(), e => e.name)`)
		b.want(p, `fetch("/good").then(r => r.text())`, "good")
	} else {
		b.want(p, `1 + 1 + document.title`, "2page")
	}
	b.want(other, `fetch("/good").then(r => r.text())`, "good")
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("it took %s", took)
	}
	t.Logf("%.60s in %s", outcome, time.Since(began).Round(time.Millisecond))
}

func TestHostileWorkers(t *testing.T) {
	for _, place := range []string{"fetch", "install", "script"} {
		for _, h := range hostile {
			t.Run(place+"/"+strings.ReplaceAll(h.name, " ", "_"), func(t *testing.T) {
				if place == "script" && strings.Contains(h.source, "await ") {
					return
				}
				try(t, place, h.source)
			})
		}
	}
}

var _ = context.Background
