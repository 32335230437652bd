package messaging

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dop251/goja"
	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type scopeImpl struct{ dom.Target }

var scopeInterface = &idl.Interface{Name: "TestScope", Parent: dom.EventTarget, Members: []idl.Member{dom.Handler("message")}}

// place is an agent with one realm and a log.
type place struct {
	agent *script.Agent
	realm *idl.Realm

	mu  sync.Mutex
	log []string
}

func newPlace(t testing.TB) *place {
	t.Helper()
	p := &place{agent: script.New(script.Options{})}
	t.Cleanup(func() { p.agent.Terminate(nil); <-p.agent.Done() })
	err := p.agent.Do(t.Context(), "set up", func() {
		p.realm = idl.Of(p.agent.NewRealm(nil))
		env.Attach(p.realm.Realm, &env.Settings{StorageKey: "https://x"})
		idl.Expose(p.realm, dom.Interfaces...)
		global := &scopeImpl{}
		global.Bind(p.realm, p.realm.Global())
		idl.Global(p.realm, scopeInterface, global)
		Install(p.realm, global)
		_ = p.realm.Runtime().Set("log", func(call goja.FunctionCall) goja.Value {
			for _, v := range call.Arguments {
				p.mu.Lock()
				p.log = append(p.log, v.String())
				p.mu.Unlock()
			}
			return goja.Undefined()
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *place) run(t testing.TB, source string) {
	t.Helper()
	if err := p.agent.Do(t.Context(), "script", func() {
		if _, err := p.agent.Run(goja.MustCompile("test.js", "{"+source+"}", false)); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
}

// wait waits until the log is want, or says what it is.
func (p *place) wait(t testing.TB, want string) {
	t.Helper()
	var got string
	for range 200 {
		p.mu.Lock()
		got = strings.Join(p.log, " ")
		p.mu.Unlock()
		if got == want {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("got  %s\nwant %s", got, want)
}

// Each is an expression that gives true, c(x) being a clone of x.
var clones = []string{
	`[undefined, null, true, "", "\uD800", 0.2, -0, NaN, Infinity, -12n].every(v => Object.is(c(v), v))`,
	`"x".repeat(100) === c("x".repeat(100))`,
	`(b => b instanceof Boolean && b.valueOf() === false)(c(new Boolean(false)))`,
	`(s => s instanceof String && s.valueOf() === "\uDC00")(c(new String("\uDC00")))`,
	`(n => n instanceof Number && Object.is(n.valueOf(), -0))(c(new Number(-0)))`,
	`(n => typeof n === "object" && n.valueOf() === -5n)(c(Object(-5n)))`,
	`(d => d instanceof Date && +d === 8.64e15)(c(new Date(8.64e15)))`,
	`isNaN(c(new Date(NaN)))`,
	`(r => r instanceof RegExp && r.source === new RegExp("/a").source && r.flags === "giy" && r.lastIndex === 0)(c(Object.assign(new RegExp("/a", "giy"), {lastIndex: 2})))`,
	`(m => m instanceof Map && m.get(1).a === "x" && m.size === 2 && m.get("self") === m)(c((m => m.set("self", m))(new Map([[1, {a: "x"}]]))))`,
	`(s => s instanceof Set && [...s].join() === "1,2")(c(new Set([1, 2])))`,
	`(a => a.length === 10 && !("0" in a))(c(new Array(10)))`,
	`(a => a.length === 3 && !(1 in a) && a[2] === 3)(c([1, , 3]))`,
	`(a => a.foo === "bar" && a.length === 0)(c(Object.assign([], {foo: "bar"})))`,
	`(a => a[0] === a && a !== A)(c(globalThis.A = (a => { a[0] = a; return a })([])))`,
	`(o => o.x === o.y && o.x !== X)(c((x => ({x, y: x}))(globalThis.X = {})))`,
	`!("foo" in c(Object.create({foo: 1})))`,
	`!("foo" in c(Object.defineProperty({}, "foo", {value: 1})))`,
	`(o => { o.foo = 2; return delete o.foo })(c(Object.freeze({foo: 1})))`,
	`(o => Object.hasOwn(o, "__proto__") && Object.getPrototypeOf(o) === Object.prototype)(c(JSON.parse('{"__proto__": 1}')))`,
	`(o => o.n === 3)(c({get n() { return 3 }}))`,
	`Object.getPrototypeOf(c(new (class A {}))) === Object.prototype`,
	`(e => e instanceof RangeError && e.message === "far" && e.name === "RangeError" && Object.getPrototypeOf(e) === RangeError.prototype)(c(new RangeError("far")))`,
	`(e => e.cause.message === "in" && !("extra" in e))(c(Object.assign(new Error("out", {cause: new TypeError("in")}), {extra: 1})))`,
	`(e => e.name === "Error" && e instanceof Error)(c(Object.assign(new TypeError("x"), {name: "Custom"})))`,
	`!Object.hasOwn(c(new Error()), "message")`,
	`(e => e instanceof DOMException && e.name === "AbortError" && e.message === "m" && e.code === 20)(c(new DOMException("m", "AbortError")))`,
	`(b => b instanceof ArrayBuffer && new Uint8Array(b)[1] === 2)(c(new Uint8Array([1, 2]).buffer))`,
	`(v => v instanceof Uint16Array && v.length === 1 && v[0] === 7 && v.buffer.byteLength === 8 && v.byteOffset === 2)(c(new Uint16Array(new Uint16Array([1, 7, 3, 4]).buffer, 2, 1)))`,
	`(v => v instanceof DataView && v.byteLength === 3 && v.getUint8(0) === 9)(c(new DataView(new Uint8Array([0, 9, 0, 0]).buffer, 1)))`,
	`(o => o.a.buffer === o.b && o.c.buffer === o.b)(c((b => ({a: new Uint8Array(b), b, c: new BigInt64Array(b)}))(new ArrayBuffer(8))))`,
	`(() => { const b = new Uint8Array([5]).buffer; const d = structuredClone({b}, {transfer: [b]}); return b.byteLength === 0 && new Uint8Array(d.b)[0] === 5 })()`,
	`(() => { const v = new Uint8Array([5, 6]); const d = structuredClone(v, {transfer: [v.buffer]}); return v.length === 0 && d[1] === 6 })()`,
	`(() => { const {port1, port2} = new MessageChannel(); const d = structuredClone({p: port1}, {transfer: [port1]}); return d.p instanceof MessagePort && d.p !== port1 })()`,
	`c(globalThis.args = (function () { return arguments })(1, 2))[1] === 2`,
	`(() => { Map.prototype.forEach = null; const m = c(new Map([[1, 2]])); return m.get(1) === 2 })()`,
	`structuredClone.length === 1 && structuredClone.name === "structuredClone"`,
	// What cannot be cloned.
	`no(() => c(() => {}))`, `no(() => c(Symbol("x")))`, `no(() => c(Object(Symbol("x"))))`, `no(() => c(new Proxy({}, {})))`,
	`no(() => c(Promise.resolve()))`, `no(() => c(new WeakMap()))`, `no(() => c({a: [class {}]}))`, `no(() => c((function*() {})()))`,
	`no(() => c(new MessageChannel().port1))`, `no(() => c(new EventTarget()))`, `no(() => c(new Event("x")))`, `no(() => c([][Symbol.iterator]()))`,
	`no(() => { const b = new ArrayBuffer(1); structuredClone(0, {transfer: [b, b]}) })`,
	`no(() => { const b = new ArrayBuffer(1); structuredClone(0, {transfer: [b]}); structuredClone(0, {transfer: [b]}) })`,
	`no(() => { const b = new ArrayBuffer(1); structuredClone(0, {transfer: [b]}); c(b) })`,
	`no(() => structuredClone(0, {transfer: [{}]}))`,
	`no(() => { const {port1} = new MessageChannel(); port1.postMessage(0, [port1]) })`,
	`no(() => { const {port1, port2} = new MessageChannel(); port1.close(); port2.postMessage(0, [port1]) })`,
	`throws(() => structuredClone(), TypeError)`, `throws(() => structuredClone(1, {transfer: [1]}), TypeError)`,
	`throws(() => c({get x() { throw new RangeError("mine") }}), RangeError)`,
	`throws(() => c((() => { let o = {}; for (let i = 0; i < 100000; i++) o = {o}; return o })()), RangeError)`,
}

func TestStructuredClone(t *testing.T) {
	p := newPlace(t)
	p.run(t, `globalThis.c = x => structuredClone(x);
		globalThis.throws = (f, E) => { try { f() } catch (e) { return e instanceof E } return false };
		globalThis.no = f => { try { f() } catch (e) { return e instanceof DOMException && e.name === "DataCloneError" && e.message.length > 10 } return false };`)
	for _, expression := range clones {
		if err := p.agent.Do(t.Context(), "clone", func() {
			v, err := p.agent.Run(goja.MustCompile("clone.js", expression, false))
			if err != nil || v.ToBoolean() != true {
				t.Errorf("%v, %v: %s", v, err, expression)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
}

var channels = []struct{ name, script, want string }{
	{"in order, started by onmessage", `const {port1: a, port2: b} = new MessageChannel();
		a.postMessage(1); a.postMessage({x: 2}); b.onmessage = e => log(e.data.x || e.data, e instanceof MessageEvent, e.origin === "", e.source, e.ports.length)`,
		"1 true true null 0 2 true true null 0"},
	{"not before start", `const {port1: a, port2: b} = new MessageChannel();
		b.addEventListener("message", e => { log(e.data) }); a.postMessage(1); Promise.resolve().then(() => { log("later"); b.start() })`, "later 1"},
	{"ports travel with what waits in them", `const one = new MessageChannel(), two = new MessageChannel();
		one.port1.postMessage("first"); two.port2.onmessage = e => { const p = e.ports[0]; log(e.data === p); one.port1.postMessage("second"); p.onmessage = e => log(e.data) };
		two.port1.postMessage(one.port2, [one.port2])`, "true first second"},
	{"closed to", `const c = new MessageChannel(); c.port1.onmessage = () => log("no"); c.port1.close(); c.port2.postMessage(1); c.port2.onclose = () => log("close")`, "close"},
	{"closed from", `const c = new MessageChannel(); c.port1.onmessage = () => log("no"); c.port2.close(); c.port2.postMessage(1); c.port1.onclose = () => log("close")`, "close"},
	{"in flight when closed", `const c = new MessageChannel(); c.port1.onmessage = e => log(e.data); c.port2.postMessage(1); c.port2.close(); c.port1.addEventListener("close", () => log("close"))`, "1 close"},
	{"close in onmessage", `const c = new MessageChannel(); c.port1.onmessage = e => { log(e.data); c.port1.close() }; c.port2.postMessage(1); c.port2.postMessage(2)`, "1 2"},
	{"broadcast", `const a = new BroadcastChannel("n"), b = new BroadcastChannel("n"), d = new BroadcastChannel("other"), e = new BroadcastChannel("n");
		for (const [n, x] of Object.entries({a, b, d, e})) x.onmessage = m => { log(n + m.data + m.origin) };
		a.postMessage(1); e.close(); try { e.postMessage(2) } catch (x) { log(x.name) }`, "InvalidStateError b1null"},
}

func TestChannels(t *testing.T) {
	for _, c := range channels {
		t.Run(c.name, func(t *testing.T) {
			p := newPlace(t)
			p.run(t, c.script)
			p.wait(t, c.want)
		})
	}
}

// A port crosses to another agent and talks back.
func TestAcrossAgents(t *testing.T) {
	here, there := newPlace(t), newPlace(t)
	inside, outside := NewLoose()
	_ = there.agent.Do(t.Context(), "bind", func() {
		port := inside.Port(there.realm)
		_ = there.realm.Runtime().Set("port", port.Object())
	})
	there.run(t, `port.onmessage = e => { log(e.data.text); for (const p of e.ports) { p.onmessage = e => { log(e.data); p.postMessage(new Uint8Array([e.data.length]), []) } } }`)
	_ = here.agent.Do(t.Context(), "bind", func() { _ = here.realm.Runtime().Set("port", outside.Port(here.realm).Object()) })
	here.run(t, `const {port1, port2} = new MessageChannel(); port1.onmessage = e => log(e.data[0], e.data instanceof Uint8Array); port1.onclose = () => log("closed");
		port1.postMessage("four"); port.postMessage({text: "hello".repeat(20)}, {transfer: [port2]})`)
	there.wait(t, strings.Repeat("hello", 20)+" four")
	here.wait(t, "4 true")
	there.agent.Terminate(nil)
	here.wait(t, "4 true closed")
}

func TestBroadcastAcrossAgents(t *testing.T) {
	places := []*place{newPlace(t), newPlace(t), newPlace(t)}
	for _, p := range places {
		p.run(t, `globalThis.ch = new BroadcastChannel("x"); ch.onmessage = e => log(e.data.join())`)
	}
	places[0].run(t, `for (let i = 0; i < 3; i++) ch.postMessage([i, "a string that is longer than sixteen bytes"])`)
	want := "0,a string that is longer than sixteen bytes 1,a string that is longer than sixteen bytes 2,a string that is longer than sixteen bytes"
	places[1].wait(t, want)
	places[2].wait(t, want)
	for _, p := range places {
		p.agent.Terminate(nil)
		<-p.agent.Done()
	}
	hub.mu.Lock()
	defer hub.mu.Unlock()
	if len(hub.groups) != 0 {
		t.Errorf("channels left behind: %v", hub.groups)
	}
}

func BenchmarkInstall(b *testing.B) {
	a := script.New(script.Options{})
	defer func() { a.Terminate(nil); <-a.Done() }()
	_ = a.Do(b.Context(), "bench", func() {
		for b.Loop() {
			r := idl.Of(a.NewRealm(nil))
			capture(r)
			r.Destroy()
		}
	})
}

func BenchmarkClone(b *testing.B) {
	p := newPlace(b)
	p.run(b, `globalThis.message = {type: "REQUEST", id: "5f0c", payload: {url: "https://example.com/a", headers: [["accept", "*/*"], ["x", "y"]], n: 4}}`)
	_ = p.agent.Do(b.Context(), "bench", func() {
		v := p.realm.Global().Get("message")
		for b.Loop() {
			m := Serialize(&idl.Call{Realm: p.realm}, v, nil)
			if _, _, err := m.Deserialize(p.realm); err != nil {
				b.Fatal(err)
			}
		}
	})
}
