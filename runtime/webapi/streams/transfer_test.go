package streams

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/messaging"
)

// crossings are scripts of two agents with a port each; want is what the receiver logs.
var crossings = []struct{ name, sender, receiver, want string }{
	{"readable", `const s = new ReadableStream({ start(c) { c.enqueue("a"); c.enqueue({ b: [1] }); c.close() } }); port.postMessage(s, [s]); if (!s.locked) throw 1`,
		`log(e.data instanceof ReadableStream, e.ports.length); const r = e.data.getReader(); for (let x; !(x = await r.read()).done;) log(JSON.stringify(x.value))`, `true 0 "a" {"b":[1]}`},
	{"bytes", `const s = goReader("hello world"); port.postMessage({ s }, { transfer: [s] })`,
		`const r = e.data.s.getReader(); let t = ""; for (let x; !(x = await r.read()).done;) t += String.fromCharCode(...x.value); log(t)`, "hello world"},
	{"backpressure", `let n = 0; const s = new ReadableStream({ pull(c) { c.enqueue(n++) } }, { highWaterMark: 0 }); port.postMessage(s, [s]); port.onmessage = () => port.postMessage(n)`,
		`if (typeof e.data === "number") { log(e.data < 5); return } const r = e.data.getReader(); log((await r.read()).value, (await r.read()).value); port.postMessage("how many")`, "0 1 true"},
	{"an error", `let c; const s = new ReadableStream({ start(x) { c = x } }); port.postMessage(s, [s]); c.error(new RangeError("far"))`,
		`await e.data.getReader().closed.catch(e => log(e.name, e.message))`, "RangeError far"},
	{"an error by a DOMException", `const s = new ReadableStream({ pull(c) { c.error(new DOMException("gone", "AbortError")) } }); port.postMessage(s, [s])`,
		`await e.data.getReader().closed.catch(e => log(e.name, e instanceof DOMException))`, "AbortError true"},
	{"cancel", `const s = new ReadableStream({ cancel(why) { port.postMessage("cancelled: " + why) } }); port.postMessage(s, [s])`,
		`if (typeof e.data === "string") { log(e.data); return } await e.data.cancel("enough"); log("done")`, "done cancelled: enough"},
	{"a chunk that cannot be cloned", `const s = new ReadableStream({ start(c) { c.enqueue(() => 1) } }); port.postMessage(s, [s])`,
		`await e.data.getReader().read().catch(e => log(e.name))`, "DataCloneError"},
	{"writable", `const w = new WritableStream({ write(c) { port.postMessage(c) }, close() { port.postMessage("closed") } }); port.postMessage(w, [w])`,
		`if (typeof e.data !== "object") { log(e.data); return } log(e.data instanceof WritableStream); const w = e.data.getWriter(); w.write("one"); w.write(2); await w.close()`, "true one 2 closed"},
	{"a writable's abort", `const w = new WritableStream({ abort(why) { port.postMessage("aborted: " + why) } }); port.postMessage(w, [w])`,
		`if (typeof e.data === "string") { log(e.data); return } await e.data.abort("no")`, "aborted: no"},
	{"a writable's error", `let c; const w = new WritableStream({ start(x) { c = x } }); port.postMessage(w, [w]); c.error(new TypeError("full"))`,
		`await e.data.getWriter().closed.catch(e => log(e.name, e.message))`, "TypeError full"},
	{"transform", `const t = new TransformStream({ transform(v, c) { c.enqueue(v + v) } }); port.postMessage(t, [t])`,
		`log(e.data instanceof TransformStream); const w = e.data.writable.getWriter(); w.write("x"); w.close(); const r = e.data.readable.getReader(); log((await r.read()).value, (await r.read()).done)`, "true xx true"},
	{"twice", `const s = new ReadableStream({ start(c) { c.enqueue(1); c.close() } }); const { port1, port2 } = new MessageChannel(); port2.onmessage = e => port.postMessage(e.data, [e.data]); port1.postMessage(s, [s])`,
		`log((await e.data.getReader().read()).value)`, "1"},
	{"refused", `const s = new ReadableStream(), names = []; const tell = (...a) => { try { port.postMessage(...a); names.push("sent") } catch (e) { names.push(e.name) } };
		tell(s); tell(s, [s, s]); s.getReader(); tell(s, [s]); const w = new WritableStream(); w.getWriter(); tell(w, [w]); const t = new TransformStream(); t.readable.getReader(); tell(t, [t]); port.postMessage(names)`,
		`log(e.data.join(" "))`, "DataCloneError DataCloneError DataCloneError DataCloneError DataCloneError"},
}

func TestTransfer(t *testing.T) {
	for _, c := range crossings {
		t.Run(c.name, func(t *testing.T) {
			there := make(chan string, 100)
			a, b := start(t), start(t)
			here, far := messaging.NewLoose()
			a.connect(here, nil)
			b.connect(far, there)
			b.do(func(*idl.Realm) { b.run(`port.onmessage = async e => {`+c.receiver+`}`, nil) })
			a.do(func(*idl.Realm) { a.run("{"+c.sender+"}", nil) })
			var got []string
			for len(strings.Join(got, " ")) < len(c.want) {
				select {
				case line := <-there:
					got = append(got, line)
				case <-time.After(10 * time.Second):
					t.Fatalf("got %q and no more, want %q", got, c.want)
				}
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("got  %s\nwant %s", s, c.want)
			}
		})
	}
}

// connect gives a realm the global port, and log when there is a channel for it.
func (h *harness) connect(end messaging.Loose, log chan<- string) {
	h.do(func(r *idl.Realm) {
		env.Attach(r.Realm, &env.Settings{StorageKey: "https://x"})
		global := &dom.Target{}
		global.Bind(r, r.Global())
		messaging.Install(r, global)
		_ = r.Runtime().Set("port", end.Port(r).Object())
		_ = r.Runtime().Set("log", func(c goja.FunctionCall) goja.Value {
			for _, v := range c.Arguments {
				log <- v.String()
			}
			return nil
		})
	})
}

// A stream knows its end when it has given its last chunk, and an error at once.
func TestReadAhead(t *testing.T) {
	h := start(t)
	from, to := io.Pipe()
	closed := make(chan string, 1)
	h.do(func(r *idl.Realm) {
		_ = r.Runtime().Set("stream", FromReader(r, from))
		_ = r.Runtime().Set("closed", func(s string) { closed <- s })
		h.run(`const reader = stream.getReader(); reader.closed.then(() => closed("closed"), e => closed(e.message)); reader.read()`, nil)
	})
	if _, err := to.Write([]byte("chunk")); err != nil {
		t.Fatal(err)
	}
	to.CloseWithError(io.ErrUnexpectedEOF)
	select {
	case got := <-closed:
		if got != "network error: unexpected EOF" {
			t.Error(got)
		}
	case <-time.After(10 * time.Second):
		t.Error("the stream waits to be pulled")
	}
}

// The operations of one realm work on the streams of another one of the agent.
func TestStreamsOfAnotherRealm(t *testing.T) {
	h := start(t)
	h.do(func(r *idl.Realm) {
		global := r.Runtime().NewObject()
		other := idl.Of(h.agent.NewRealm(global))
		idl.Expose(other, dom.Interfaces...)
		Install(other)
		stream := FromBytes(r, []byte("abc"))
		if !IsReadableStream(other, stream) || IsWritableStream(other, stream) || IsLocked(other, stream) {
			t.Error("not known in the other realm")
		}
		read := ""
		ReadAll(other, Lock(other, stream), func(b []byte) { read = string(b) }, func(goja.Value) {})
		h.agent.Checkpoint()
		if !IsLocked(r, stream) || !IsDisturbed(r, stream) {
			t.Error("not locked or not disturbed")
		}
		if other.Global().Get("ReadableStream").SameAs(r.Global().Get("ReadableStream")) {
			t.Error("one interface object for both")
		}
		_ = read
	})
}
