package streams

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dop251/goja"
	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stories are scripts with log(); want is what they log, joined by spaces, once
// the script's promise has settled.
var stories = []struct{ name, script, want string }{
	{"reading", `const r = new ReadableStream({ start(c) { c.enqueue("a"); c.enqueue("b"); c.close() } }).getReader();
		for (let x; !(x = await r.read()).done;) log(x.value)`, "a b"},
	{"tags", `log([ReadableStream, WritableStream, TransformStream, ByteLengthQueuingStrategy].map(C => Object.prototype.toString.call(new C({highWaterMark: 1})).slice(8, -1)).join())`,
		"ReadableStream,WritableStream,TransformStream,ByteLengthQueuingStrategy"},
	{"no names show", `const s = new ReadableStream(); log(Object.keys(s).length, JSON.stringify(s)); for (const k in new WritableStream()) log("in", k)`, "0 {} in locked in abort in close in getWriter"},
	{"tee", `const [a, b] = new ReadableStream({ start(c) { c.enqueue(1); c.close() } }).tee(); log((await a.getReader().read()).value, (await b.getReader().read()).value)`, "1 1"},
	{"pipe", `const out = []; await new ReadableStream({ start(c) { c.enqueue("x"); c.enqueue("y"); c.close() } })
		.pipeThrough(new TransformStream({ transform(v, c) { c.enqueue(v + v) } })).pipeTo(new WritableStream({ write(v) { log(v) } }))`, "xx yy"},
	{"abort a pipe", `const a = new AbortController(); const p = new ReadableStream().pipeTo(new WritableStream(), { signal: a.signal }); a.abort(); await p.catch(e => log(e.name, e instanceof DOMException))`, "AbortError true"},
	{"byob", `const s = new ReadableStream({ type: "bytes", start(c) { c.enqueue(new Uint8Array([1, 2, 3])); c.close() } }); const r = s.getReader({ mode: "byob" });
		const { value, done } = await r.read(new Uint8Array(2)); log(value.join("+"), done, (await r.read(new Uint8Array(2))).value.join())`, "1+2 false 3"},
	{"transferred", `const s = new ReadableStream({ type: "bytes", start(c) { const u = new Uint8Array([1]); c.enqueue(u); log(u.byteLength) } }); log((await s.getReader().read()).value[0])`, "0 1"},
	{"from", `const r = ReadableStream.from(["a", Promise.resolve("b")]).getReader(); log((await r.read()).value, (await r.read()).value, (await r.read()).done)`, "a b true"},
	{"async iteration", `const i = new ReadableStream({ start(c) { c.enqueue(7); c.close() } })[Symbol.asyncIterator](); log((await i.next()).value, (await i.next()).done)`, "7 true"},
	{"writer signal", `let signal; const w = new WritableStream({ start(c) { signal = c.signal } }); await w.abort("why"); log(signal.aborted, signal.reason)`, "true why"},
	{"encoder", `const t = new TextEncoderStream(); const w = t.writable.getWriter(); w.write("a"); w.write("\ud83d"); w.write("\ude00!"); w.close();
		let n = []; for (const r = t.readable.getReader(), x = {}; !(x.x = await r.read()).done;) n.push(...x.x.value); log(n.join(), t.encoding, t instanceof TextEncoderStream)`, "97,240,159,152,128,33 utf-8 true"},
	{"a patched Promise", `const then = Promise.prototype.then; let calls = 0; Promise.prototype.then = function (...a) { calls++; return then.apply(this, a) };
		const r = new ReadableStream({ start(c) { c.enqueue(1) } }).getReader(); const x = r.read(); Promise.prototype.then = then; log((await x).value, calls)`, "1 0"},
	{"errors", `const s = new ReadableStream({ start(c) { c.error(new RangeError("no")) } }); await s.getReader().read().catch(e => log(e.name)); try { s.getReader() } catch (e) { log(e.name) }`, "RangeError TypeError"},
	{"go: reader", `const r = goReader("hello world").getReader(); let s = ""; for (let x; !(x = await r.read()).done;) s += String.fromCharCode(...x.value); log(s)`, "hello world"},
	{"go: byob reader", `const r = goReader("hello").getReader({ mode: "byob" }); const x = await r.read(new Uint8Array(3)); log(String.fromCharCode(...x.value)); await r.cancel()`, "hel"},
	{"go: error", `await goReader("fail").getReader().read().catch(e => log(e.name, e.message))`, "TypeError network error: broken"},
	{"go: bytes", `const s = goBytes("abc"); log(disturbed(s), s.locked); const r = s.getReader(); log(String.fromCharCode(...(await r.read()).value), (await r.read()).done, disturbed(s))`, "false false abc true true"},
	{"go: tee", `const [a, b] = goTee(goBytes("abc")); log((await a.getReader().read()).value.length, (await b.getReader().read()).value.length)`, "3 3"},
	{"go: read all", `log(await readAll(goReader("abc")), await readAll(new ReadableStream({ start(c) { c.enqueue(new Uint8Array([65])); c.enqueue(new Uint8Array([66])); c.close() } })));
		await readAll(new ReadableStream({ start(c) { c.enqueue("text") } })).catch(e => log(e.name))`, "abc AB TypeError"},
}

func TestStories(t *testing.T) {
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			if got := tell(t, story.script); got != story.want {
				t.Errorf("got  %s\nwant %s", got, story.want)
			}
		})
	}
}

// tell runs a script in a fresh realm and gives what it logged.
func tell(t *testing.T, script string) string {
	var logged []string
	done := make(chan struct{})
	h := start(t)
	h.do(func(r *idl.Realm) {
		rt := r.Runtime()
		_ = rt.Set("log", func(c goja.FunctionCall) goja.Value {
			for _, v := range c.Arguments {
				logged = append(logged, v.String())
			}
			return nil
		})
		h.run(`Promise.resolve((async () => {`+script+`})()).catch(e => log("threw", e)).then(() => finish())`, func() { close(done) })
	})
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("the story did not end")
	}
	h.do(func(*idl.Realm) {})
	return strings.Join(logged, " ")
}

type harness struct {
	t     *testing.T
	agent *script.Agent
	realm *idl.Realm
}

func start(t *testing.T) *harness {
	h := &harness{t: t, agent: script.New(script.Options{})}
	t.Cleanup(func() { h.agent.Terminate(nil); <-h.agent.Done() })
	h.do(func(*idl.Realm) {
		h.realm = idl.Of(h.agent.NewRealm(nil))
		r, rt := h.realm, h.agent.Runtime()
		idl.Expose(r, dom.Interfaces...)
		Install(r)
		_ = rt.Set("goBytes", func(s string) goja.Value { return FromBytes(r, []byte(s)) })
		_ = rt.Set("goReader", func(s string) goja.Value { return FromReader(r, &slow{strings.NewReader(s), s == "fail", nil}) })
		_ = rt.Set("disturbed", func(o *goja.Object) bool { return IsDisturbed(r, o) })
		_ = rt.Set("goTee", func(o *goja.Object) goja.Value { a, b := Tee(r, o); return rt.NewArray(a, b) })
		_ = rt.Set("readAll", func(o *goja.Object) goja.Value {
			p := r.NewPromise()
			ReadAll(r, Lock(r, o), func(b []byte) { p.Resolve(rt.ToValue(string(b))) }, p.Reject)
			return p.Value
		})
	})
	return h
}

func (h *harness) do(f func(r *idl.Realm)) {
	h.t.Helper()
	if err := h.agent.Do(h.t.Context(), "test", func() { f(h.realm) }); err != nil {
		h.t.Error(err)
	}
}

func (h *harness) run(script string, finish func()) goja.Value {
	_ = h.agent.Runtime().Set("finish", finish)
	v, err := h.agent.Runtime().RunString(script)
	if err != nil {
		h.t.Error(err)
	}
	return v
}

// slow gives five bytes at a time.
type slow struct {
	from   io.Reader
	fail   bool
	closed *atomic.Bool
}

func (s *slow) Read(p []byte) (int, error) {
	if s.fail {
		return 0, errors.New("broken")
	}
	return s.from.Read(p[:min(5, len(p))])
}

func (s *slow) Close() error {
	if s.closed != nil {
		s.closed.Store(true)
	}
	return nil
}

func TestToReader(t *testing.T) {
	h := start(t)
	read := func(script string) (string, error) {
		var rc io.ReadCloser
		h.do(func(r *idl.Realm) {
			var err error
			if rc, err = ToReader(r, h.run(script, nil).(*goja.Object)); err != nil {
				t.Error(err)
			}
		})
		defer rc.Close()
		var b bytes.Buffer
		_, err := b.ReadFrom(rc)
		return b.String(), err
	}
	if got, err := read(`goReader("some more bytes")`); got != "some more bytes" || err != nil {
		t.Error(got, err)
	}
	var failure *StreamError
	if got, err := read(`new ReadableStream({ start(c) { c.enqueue(new Uint8Array([65])) ; c.enqueue("text") } })`); got != "A" || !errors.As(err, &failure) {
		t.Error(got, err)
	}
	if _, err := read(`new ReadableStream({ pull(c) { throw new RangeError("far") } })`); !errors.As(err, &failure) || failure.Message != "RangeError: far" {
		t.Error(err)
	}
}

// A reader of a stream that never comes ends with the agent; so does a Go reader
// that a stream waits for.
func TestTheEndOfTheAgent(t *testing.T) {
	h := start(t)
	pipe, w := io.Pipe()
	defer w.Close()
	var rc io.ReadCloser
	h.do(func(r *idl.Realm) {
		rc, _ = ToReader(r, FromReader(r, pipe))
	})
	time.AfterFunc(20*time.Millisecond, func() { h.agent.Terminate(nil) })
	if _, err := rc.Read(make([]byte, 1)); err == nil {
		t.Error("read something")
	}
	rc.Close()
}

// Cancelling closes what feeds the stream, and so does the end of the realm.
func TestFeedersAreClosed(t *testing.T) {
	h := start(t)
	var cancelled, left atomic.Bool
	h.do(func(r *idl.Realm) {
		Cancel(r, FromReader(r, &slow{from: strings.NewReader("x"), closed: &cancelled}), nil)
		FromReader(r, &slow{from: strings.NewReader("x"), closed: &left})
		r.Destroy()
	})
	if !cancelled.Load() || !left.Load() {
		t.Error(cancelled.Load(), left.Load())
	}
}

func BenchmarkLoad(b *testing.B) {
	program()
	for b.Loop() {
		a := script.New(script.Options{})
		if err := a.Do(b.Context(), "bench", func() { stateOf(idl.Of(a.NewRealm(nil))).exports() }); err != nil {
			b.Fatal(err)
		}
		a.Terminate(nil)
		<-a.Done()
	}
}
