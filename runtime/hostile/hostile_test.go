// Package hostile holds tests of workers that mean harm, over a whole browser.
// What can only be caught by ending the process is in cmd/swinspect.
//
//	go test ./runtime/hostile -all -v   # every one at every place: minutes
package hostile

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/dop251/goja"
	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/window"
)

var all = flag.Bool("all", false, "each hostile script at every place")

func TestMain(m *testing.M) {
	// The clock that bounds patterns runs on for a second.
	code := m.Run()
	// A native that was told to stop may still be at it for a while.
	for deadline := time.Now().Add(time.Minute); code == 0; time.Sleep(100 * time.Millisecond) {
		err := goleak.Find(goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock"))
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

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
	{"pattern of a million alternatives", `new RegExp("a|".repeat(1e6)).test("b")`},
	{"pattern with huge counts", `new RegExp("(?:a{1000}){1000}".repeat(10)).test("a")`},
	{"long string", `"x".repeat(2**40)`},
	{"padded string", `"x".padEnd(2**33)`},
	{"string replaced", `"x".repeat(1e6).replaceAll("x", "y".repeat(1e6))`},
	{"string split", `"x".repeat(2**27).split("")`},
	{"big buffer", `new ArrayBuffer(2**40)`},
	{"big view", `new Uint8Array(2**34)`},
	{"array of a length", `Array.from({length: 1e9})`},
	{"sparse array", `const a = []; a[4e9] = 1; a.forEach(x => x); a.indexOf(2)`},
	{"sparse array filled", `Array(2**32 - 1).fill(0)`},
	{"array flattened", `let a = []; for (let i = 0; i < 1e6; i++) a = [a]; a.flat(Infinity)`},
	{"array as text", `let a = []; for (let i = 0; i < 1e6; i++) a = [a]; String(a)`},
	{"arguments", `Math.max.apply(null, {length: 2**31})`},
	{"huge array-like", `Array.prototype.concat.call([], Array(2**31)); [].unshift.call({length: 2**53 - 2}, 1)`},
	{"splice of a huge array-like", `[].splice.call({length: 2**53 - 1}, 0, 1)`},
	{"indexOf of a huge array-like", `[].indexOf.call({length: 2**53 - 1}, 1)`},
	{"includes of a huge array-like", `[].includes.call({length: 2**53 - 1}, 1)`},
	{"map of a huge array-like", `[].map.call({length: 2**32 - 1}, x => x)`},
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
	{"eval beside default parameters", `(({url}) => { (s => eval(s)); return url })({url: 1})`},
	{"Function of operators", `Function("!".repeat(5e6) + "1")`},
	{"Function", `new Function("(".repeat(2e6))`},
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
	{"stream without an end", `await new Response(new ReadableStream({pull(c) { c.enqueue(new Uint8Array(1 << 16)) }})).text()`},
	{"stream that never gives", `await new Response(new ReadableStream({pull() { return new Promise(() => {}) }})).text()`},
	{"stream teed without an end", `let s = new ReadableStream({pull(c) { c.enqueue(1) }}); for (let i = 0; i < 1e4; i++) s = s.tee()[0]; await s.getReader().read()`},
	{"a server that never answers", `await fetch("/never")`},
	{"importScripts that never answers", `importScripts("/never")`},
	{"body that never ends", `await (await fetch("/endless")).text()`},
	{"URL pattern that backtracks", `new URLPattern({pathname: "/(a+)+"}).test("https://x/" + "a".repeat(60) + "b")`},
	{"URL pattern of many groups", `new URLPattern({pathname: "/" + "{".repeat(1e5)})`},
	{"random bytes", `crypto.getRandomValues(new Uint8Array(2**29))`},
	{"array that grows", `const a = []; for (;;) a.push(a.length)`},
	{"objects that grow", `let o = null; for (;;) o = {o}`},
	{"map that grows", `const m = new Map(); for (let i = 0;; i++) m.set(i, {})`},
	{"Error stacks", `(function f(n) { if (n) return f(n - 1); for (;;) new Error().stack })(300)`},
	{"Date text", `new Date(NaN).toISOString()`},
	{"close", `self.close()`},
}

// site has a page, a worker that does what it is told at one place, and a second
// registration beside it.
type site struct{ bad, place string }

func (s site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const good = `if (e.request.url.endsWith("/good")) e.respondWith(new Response("good"));`
	bad := "async () => { " + s.bad + "\n; return 'through' }"
	answer := func(kind, body string) { w.Header().Set("Content-Type", kind); fmt.Fprint(w, body) }
	switch r.URL.Path {
	case "/", "/other/":
		answer("text/html", "<!doctype html><title>page</title>")
	case "/other/sw.js":
		answer("text/javascript", `onfetch = e => { `+good+` }`)
	case "/sw.js":
		answer("text/javascript", map[string]string{
			"fetch":   `const bad = ` + bad + `; onfetch = e => { if (e.request.url.endsWith("/bad")) e.respondWith(bad().then(x => new Response(String(x)))); ` + good + `}`,
			"install": `const bad = ` + bad + `; oninstall = e => e.waitUntil(bad()); onfetch = e => { ` + good + ` }`,
			"script":  s.bad + "\n; onfetch = e => { " + good + " }",
		}[s.place])
	case "/never":
		<-r.Context().Done()
	case "/endless":
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}
}

type tab struct {
	*window.Page
	t *testing.T
}

func open(t *testing.T, b *window.Browser, path string) tab {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	p, err := b.DefaultContext().NewPage(ctx, "https://site.test"+path, window.PageOptions{Wait: true})
	if err != nil {
		t.Fatal(err)
	}
	return tab{p, t}
}

// eval is the value of an expression in the page, a promise's awaited.
func (p tab) eval(source string) string {
	p.t.Helper()
	result := make(chan string, 1)
	p.Agent().Queue("test", func() {
		v, err := p.MainFrame().Evaluate("test", source)
		if err != nil {
			result <- "threw " + err.Error()
			return
		}
		p.Agent().Then(v, func(v goja.Value) { result <- v.String() }, func(v goja.Value) { result <- "rejected with " + v.String() })
	})
	select {
	case r := <-result:
		return r
	case <-time.After(10 * time.Second):
		p.t.Errorf("%s: no answer", source)
		return "timeout"
	}
}

func (p tab) want(source, want string) {
	p.t.Helper()
	if got := p.eval(source); got != want {
		p.t.Errorf("%s gave %s, want %s", source, got, want)
	}
}

// register registers a worker and waits until it is active or has failed.
func register(url string) string {
	return `navigator.serviceWorker.register("` + url + `").then(r => new Promise(ok => { const w = r.installing || r.waiting || r.active;
		w.state == "activated" ? ok(w.state) : w.onstatechange = () => (w.state == "activated" || w.state == "redundant") && ok(w.state) }), e => e.name)`
}

const good = `fetch("/good").then(r => r.text())`

func browser(t *testing.T, site http.Handler, cpu time.Duration) *window.Browser {
	b := window.NewBrowser(window.BrowserOptions{Network: fetch.Handler(site), Limits: runtime.Limits{
		EventCPU: cpu, StartTimeout: 3 * time.Second, EventTimeout: time.Second, FetchTimeout: time.Second,
	}})
	t.Cleanup(b.Close)
	return b
}

// Whatever a worker does, the page, its next request and the registration beside it
// go on.
func TestHostileWorkers(t *testing.T) {
	// Every third one, at one place each, unless -all is given.
	places := []string{"fetch", "install", "script"}
	for i, h := range hostile {
		for j, place := range places {
			if !*all && (i%3 > 0 || j != i/3%len(places)) || place == "script" && strings.Contains(h.source, "await ") {
				continue
			}
			t.Run(place+"/"+strings.ReplaceAll(h.name, " ", "_"), func(t *testing.T) { suffer(t, place, h.source) })
		}
	}
}

func suffer(t *testing.T, place, source string) {
	b := browser(t, site{source, place}, 250*time.Millisecond)
	p, other := open(t, b, "/"), open(t, b, "/other/")
	other.want(register("/other/sw.js"), "activated")
	other = open(t, b, "/other/")
	began := time.Now()
	outcome := p.eval(register("/sw.js"))
	if place == "fetch" {
		p = open(t, b, "/")
		outcome = p.eval(`fetch("/bad").then(r => r.text(), e => e.name)`)
		p.want(good, "good")
	} else {
		p.want(`1 + document.title`, "1page")
	}
	other.want(good, "good")
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("it took %s", took)
	}
	t.Logf("%.60s in %s", outcome, time.Since(began).Round(time.Millisecond))
}

// The issue's own words.
func TestALoopInAFetchHandlerIsTerminatedWithAReasonAndTheNextRequestIsAnswered(t *testing.T) {
	b := browser(t, site{"for (;;) {}", "fetch"}, 200*time.Millisecond)
	p := open(t, b, "/")
	p.want(register("/sw.js"), "activated")
	p = open(t, b, "/")
	p.want(`fetch("/bad").then(r => r.status, e => e.name)`, "200")
	p.want(good, "good")
	reason := ""
	for _, e := range b.DefaultContext().Engine().Trace(0, 1000) {
		if e.Algorithm == "Terminate Service Worker" {
			reason = e.Decision
		}
	}
	if !strings.Contains(reason, "computed for more than 200ms") {
		t.Errorf("the worker was terminated because of %q", reason)
	}
}
