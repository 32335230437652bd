package fetchapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/dop251/goja"
	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/streams"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// page is a realm with this package in it and a network that is a function.
type page struct {
	t     testing.TB
	agent *script.Agent
	realm *idl.Realm
}

func newPage(t testing.TB, kind env.Kind, network fetch.Function) *page {
	t.Helper()
	a := script.New(script.Options{})
	p := &page{t: t, agent: a}
	t.Cleanup(func() { a.Terminate(nil); <-a.Done() })
	blobs := fetch.NewBlobURLs()
	f := fetch.NewFetcher(fetch.FetcherOptions{Network: network, Blobs: blobs})
	base := fetch.MustParseURL("https://app.test/dir/page")
	client := fetch.Client{ID: "1", Origin: base.Origin(), BaseURL: base, CreationURL: base, StorageKey: "k"}
	settings := &env.Settings{
		Kind: kind, ID: "1", Origin: base.Origin(), StorageKey: "k", Blobs: blobs,
		BaseURL: func() *fetch.URL { return base }, CreationURL: func() *fetch.URL { return base },
		Fetch: func(ctx context.Context, r *fetch.Request) *fetch.Response { return f.Fetch(ctx, r, client) },
	}
	p.do(func() {
		p.realm = idl.Of(a.NewRealm(nil))
		env.Attach(p.realm.Realm, settings)
		idl.Expose(p.realm, idl.DOMException, dom.EventTarget, dom.EventInterface, dom.AbortController, dom.AbortSignal)
		streams.Install(p.realm)
		Install(p.realm)
		url := &idl.Interface{Name: "URL", Members: ObjectURLMembers}
		idl.Expose(p.realm, url)
	})
	return p
}

func (p *page) do(f func()) {
	p.t.Helper()
	if err := p.agent.Do(p.t.Context(), "test", f); err != nil {
		p.t.Fatal(err)
	}
}

// run evaluates the body of an async function and gives what it returns, or throws.
func (p *page) run(source string) string {
	p.t.Helper()
	result := make(chan string, 1)
	p.do(func() {
		v, err := p.agent.Run(goja.MustCompile("test.js", "(async () => {"+source+"\n})()", false))
		if err != nil {
			result <- err.Error()
			return
		}
		p.agent.Then(v, func(v goja.Value) { result <- v.String() }, func(v goja.Value) { result <- "throws " + v.String() })
	})
	select {
	case s := <-result:
		return s
	case <-p.t.Context().Done():
		return "never"
	}
}

func echo(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body.Close()
	}
	text := fmt.Sprintf("%s %s|%s|%s", r.Method, r.URL.Path, r.Header.Get("Content-Type"), body)
	return &http.Response{
		StatusCode: 200, Status: "200 Fine", ProtoMajor: 1, Header: http.Header{"Content-Type": {"text/plain"}, "X-A": {"1", "2"}, "Set-Cookie": {"a=b"}},
		Body: io.NopCloser(strings.NewReader(text)), ContentLength: int64(len(text)), Request: r,
	}, nil
}

type scriptCase struct{ source, want string }

func check(t *testing.T, p *page, cases []scriptCase) {
	t.Helper()
	for _, c := range cases {
		if got := p.run(c.source); got != c.want {
			t.Errorf("%s\n\t got %s\n\twant %s", c.source, got, c.want)
		}
	}
}

func TestHeaders(t *testing.T) {
	check(t, newPage(t, env.Window, echo), []scriptCase{
		{`return [...new Headers({b: 1, A: " x ", "Content-Type": "t"})].join(";")`, "a,x;b,1;content-type,t"},
		{`return [...new Headers([["b", "1"], ["B", "2"]])].join(";")`, "b,1, 2"},
		{`return new Headers(new Headers({q: "1"})).get("Q")`, "1"},
		{`return String(new Headers().get("x"))`, "null"},
		{`new Headers(null)`, "throws TypeError: Failed to construct 'Headers': The provided value is not of type '(record<ByteString, ByteString> or sequence<sequence<ByteString>>)'."},
		{`try { new Headers({"a b": 1}) } catch (e) { return e instanceof TypeError }`, "true"},
		{`try { new Headers({"a": "\u0100"}) } catch (e) { return e instanceof TypeError }`, "true"},
		{`try { new Headers([["a"]]) } catch (e) { return e instanceof TypeError }`, "true"},
		{`const h = new Headers([["set-cookie", "a"], ["Set-Cookie", "b"], ["a", "c"]]); return [...h].join(";") + h.getSetCookie()`, "a,c;set-cookie,a;set-cookie,ba,b"},
		{`const h = new Headers({a: 1, b: 2}); const seen = []; h.forEach((v, k, o) => seen.push(k + v + (o === h))); return seen.join()`, "a1true,b2true"},
		{`const h = new Headers({a: 1}); const i = h.keys(); h.append("b", 2); return [...i].join()`, "a,b"},
		{`const h = new Headers({"x": "\xe9"}); return h.get("x") === "\xe9"`, "true"},
		{`return Object.prototype.toString.call(new Headers()) + Headers.name + Headers.length`, "[object Headers]Headers0"},
		{`return [...new Headers(new Proxy({a: 1}, {}))].join()`, "a,1"},
	})
}

func TestResponse(t *testing.T) {
	check(t, newPage(t, env.Window, echo), []scriptCase{
		{`const r = new Response("x"); return [r.status, r.ok, r.type, r.url, r.statusText, r.redirected, r.headers.get("content-type"), await r.text(), r.bodyUsed].join("|")`, "200|true|default|||false|text/plain;charset=UTF-8|x|true"},
		{`const r = new Response(); return [r.body, r.bodyUsed, await r.text()].join("|")`, "|false|"},
		{`new Response("x", {status: 199})`, "throws RangeError: Failed to construct 'Response': The status provided (199) is outside the range [200, 599]."},
		{`try { new Response("", {status: 204}) } catch (e) { return e.name }`, "TypeError"},
		{`try { new Response(null, {statusText: "\n"}) } catch (e) { return e.name }`, "TypeError"},
		{`const r = Response.error(); try { r.headers.append("a", "b") } catch (e) { return [r.type, r.status, e.name].join() }`, "error,0,TypeError"},
		{`const r = Response.redirect("../x#f", 301); return [r.status, r.headers.get("location")].join()`, "301,https://app.test/x#f"},
		{`try { Response.redirect("/", 200) } catch (e) { return e.name }`, "RangeError"},
		{`const r = Response.json({a: [1]}, {status: 201}); return [r.status, r.headers.get("content-type"), await r.text()].join()`, `201,application/json,{"a":[1]}`},
		{`try { Response.json(undefined) } catch (e) { return e.name }`, "TypeError"},
		{`return (await new Response('\ufeff{"a": 1}').json()).a`, "1"},
		{`return new Response("{").json().catch(e => e.name)`, "SyntaxError"},
		{`return new Uint8Array(await new Response(new Uint8Array([1, 2])).arrayBuffer()).join()`, "1,2"},
		{`return (await new Response(new Uint8Array([1, 2]).buffer).bytes()).join()`, "1,2"},
		{`const r = new Response("x"); await r.text(); return r.text().catch(e => e.name)`, "TypeError"},
		{`const r = new Response("x"); await r.text(); try { r.clone() } catch (e) { return e.name }`, "TypeError"},
		{`const r = new Response("x"), c = r.clone(); return [await r.text(), await c.text(), r.headers !== c.headers].join()`, "x,x,true"},
		{`const r = new Response("abc"); const reader = r.body.getReader(); const a = await reader.read(); const b = await reader.read(); return [a.value.join(), b.done, r.bodyUsed].join()`, "97,98,99,true,true"},
		{`const r = new Response("x"); r.body.getReader(); return r.text().catch(e => e.name)`, "TypeError"},
		{`const r = new Response(new ReadableStream({start(c) { c.enqueue(new Uint8Array([104, 105])); c.close() }})); return r.text()`, "hi"},
		{`const r = new Response(new ReadableStream({start(c) { c.enqueue("s"); c.close() }})); return r.text().catch(e => e.name)`, "TypeError"},
		{`const err = new Error("mine"); return new Response(new ReadableStream({pull(c) { c.error(err) }})).text().catch(e => e === err)`, "true"},
		{`const r = new Response(new ReadableStream({start(c) { c.enqueue(new Uint8Array([104, 105])); c.close() }})); const c = r.clone(); return [await r.text(), await c.text()].join()`, "hi,hi"},
		{`const b = await new Response("x", {headers: {"content-type": "TEXT/html ; charset=utf-8"}}).blob(); return [b.size, b.type].join()`, "1,text/html;charset=utf-8"},
		{`return Response.length + Response.name + (new Response() instanceof Response)`, "0Responsetrue"},
		{`class R extends Response { get extra() { return 1 } } const r = new R("x"); return [r.extra, await r.text()].join()`, "1,x"},
		{`const r = new Response("x"); const s = r.body; await r.text().catch(() => {}); return [s === r.body, r.bodyUsed].join()`, "true,true"},
		{`return new Response(new Uint8Array([0xE2, 0x82, 65])).text()`, "\uFFFDA"},
	})
}

func TestRequest(t *testing.T) {
	check(t, newPage(t, env.Window, echo), []scriptCase{
		{`const r = new Request("../a?b#c"); return [r.method, r.url, r.mode, r.credentials, r.cache, r.redirect, r.referrer, r.referrerPolicy, r.destination, r.integrity, r.keepalive, r.duplex, r.body, r.isReloadNavigation].join("|")`, "GET|https://app.test/a?b#c|cors|same-origin|default|follow|about:client||||false|half||false"},
		{`const r = new Request("/", {method: "post", body: "x", headers: {"a": "b", "Cookie": "c"}}); return [r.method, [...r.headers].join(";"), await r.text()].join("|")`, "POST|a,b;content-type,text/plain;charset=UTF-8|x"},
		{`try { new Request("/", {body: "x"}) } catch (e) { return e.name }`, "TypeError"},
		{`try { new Request("https://u:p@x/") } catch (e) { return e.name }`, "TypeError"},
		{`try { new Request("http://:bad") } catch (e) { return e.name }`, "TypeError"},
		{`try { new Request("/", {mode: "navigate"}) } catch (e) { return e.name }`, "TypeError"},
		{`try { new Request("/", {mode: "no-cors", method: "PUT"}) } catch (e) { return e.name }`, "TypeError"},
		{`try { new Request("/", {method: "TRACE"}) } catch (e) { return e.name }`, "TypeError"},
		{`try { new Request("/", {cache: "only-if-cached"}) } catch (e) { return e.name }`, "TypeError"},
		{`try { new Request("/", {credentials: "BAD"}) } catch (e) { return e.name }`, "TypeError"},
		{`try { new Request("/", {window: 1}) } catch (e) { return e.name }`, "TypeError"},
		{`try { new Request("/", {method: "POST", body: new ReadableStream()}) } catch (e) { return e.name }`, "TypeError"},
		{`const a = new Request("/", {method: "POST", body: "x"}); const b = new Request(a); return [a.bodyUsed, b.bodyUsed, await b.text()].join()`, "true,false,x"},
		{`const a = new Request("/", {method: "POST", body: "x"}); const s = a.body; const b = new Request(a); return [a.bodyUsed, a.body === s, b.body !== s, await b.text()].join()`, "true,true,true,x"},
		{`const a = new Request("/", {method: "POST", body: "x"}); try { new Request(a, {method: "GET"}) } catch (e) { return [e.name, a.bodyUsed].join() }`, "TypeError,false"},
		{`const r = new Request("/", {mode: "no-cors", headers: {"x-a": "1", accept: "t"}}); return [...r.headers].join()`, "accept,t"},
		{`const r = new Request("/", {referrer: ""}); return r.referrer`, ""},
		{`const r = new Request("/", {referrer: "/x"}); return r.referrer`, "https://app.test/x"},
		{`const r = new Request("/", {referrer: "https://other/"}); return r.referrer`, "about:client"},
		{`const c = new AbortController(); const r = new Request("/", {signal: c.signal}); const d = r.clone(); c.abort(); return [r.signal.aborted, d.signal.aborted, r.signal === c.signal, r.signal === r.signal].join()`, "true,true,false,true"},
		{`const f = new FormData(); f.append("a", "b"); const r = new Request("/", {method: "POST", body: f}); return [(r.headers.get("content-type")).split(";")[0], (await r.formData()).get("a")].join()`, "multipart/form-data,b"},
		{`const r = new Request("/", {method: "POST", body: "a=1&b=%20+c", headers: {"content-type": "application/x-www-form-urlencoded"}}); return [...await r.formData()].join(";")`, "a,1;b,  c"},
		{`const a = new Request("/", {headers: {x: "1"}}); return new Request(a, {method: "PUT"}).headers.get("x")`, "1"},
	})
}

func TestBlobs(t *testing.T) {
	check(t, newPage(t, env.DedicatedWorker, echo), []scriptCase{
		{`const b = new Blob(["a", new Uint8Array([98]), new Blob(["c"])], {type: "Text/PLAIN"}); return [b.size, b.type, await b.text(), await b.slice(1, -1).text()].join()`, "3,text/plain,abc,b"},
		{`const f = new File(["x"], "n.txt", {lastModified: 5, type: "t/u"}); return [f.name, f.lastModified, f.size, f instanceof Blob].join()`, "n.txt,5,1,true"},
		{`try { new Blob("x") } catch (e) { return e.name }`, "TypeError"},
		{`return new Blob(["a\r\nb\rc"], {endings: "native"}).text()`, "a\nb\nc"},
		{`const r = new Blob(["hey"]).stream().getReader(); return (await r.read()).value.length`, "3"},
		{`const f = new FormData(); f.append("a", new Blob(["z"], {type: "t/u"}), "q\"1"); f.append("b", "1\n2"); f.set("c", new Blob([])); const g = await new Response(f).formData(); return [g.get("a").name, await g.get("a").text(), g.get("a").type, JSON.stringify(g.get("b")), g.get("c").name].join()`, `q"1,z,t/u,"1\r\n2",blob`},
		{`const f = new FormData(); f.append("a", 1); f.append("b", 2); f.append("a", 3); f.set("a", 4); return [...f].join(";") + f.has("b") + f.getAll("a")`, "a,4;b,2true4"},
		{`const r = new FileReader(); return await new Promise(done => { const seen = []; for (const e of ["loadstart", "progress", "load", "loadend"]) r.addEventListener(e, () => { seen.push(e); if (e === "loadend") done(seen.join() + r.result + r.readyState) }); r.readAsText(new Blob(["hi"])) })`, "loadstart,progress,load,loadendhi2"},
		{`const r = new FileReader(); return await new Promise(done => { r.onload = () => done(r.result); r.readAsDataURL(new Blob(["hi"], {type: "a/b"})) })`, "data:a/b;base64,aGk="},
		{`return new FileReaderSync().readAsText(new Blob(["sync"]))`, "sync"},
		{`const u = URL.createObjectURL(new Blob(["via url"], {type: "a/b"})); const r = await fetch(u); const t = await r.text(); URL.revokeObjectURL(u); return [u.startsWith("blob:https://app.test/"), r.headers.get("content-type"), t, await fetch(u).catch(e => e.name)].join()`, "true,a/b,via url,TypeError"},
	})
}

func TestFetch(t *testing.T) {
	check(t, newPage(t, env.Window, func(r *http.Request) (*http.Response, error) {
		switch r.URL.Path {
		case "/fail":
			return nil, io.ErrUnexpectedEOF
		case "/hang":
			<-r.Context().Done()
			return nil, r.Context().Err()
		case "/slow":
			reader, writer := io.Pipe()
			go func() {
				_, _ = writer.Write([]byte("first"))
				<-r.Context().Done()
				writer.CloseWithError(r.Context().Err())
			}()
			return &http.Response{StatusCode: 200, Status: "200 OK", ProtoMajor: 1, Header: http.Header{}, Body: reader, ContentLength: -1}, nil
		}
		return echo(r)
	}), []scriptCase{
		{`const r = await fetch("/p", {method: "POST", body: "b"}); return [r.type, r.url, r.status, r.statusText, r.headers.get("x-a"), r.headers.get("set-cookie"), await r.text()].join("|")`, "basic|https://app.test/p|200|Fine|1, 2||POST /p|text/plain;charset=UTF-8|b"},
		{`const r = await fetch("/p"); try { r.headers.set("a", "b") } catch (e) { return e.name }`, "TypeError"},
		{`return fetch("/fail").catch(e => e.name + e.message)`, "TypeErrorFailed to fetch"},
		{`return fetch("http://:bad").catch(e => e.name)`, "TypeError"},
		{`return fetch("data:text/html,%3Cb>").then(async r => r.headers.get("content-type") + await r.text())`, "text/html<b>"},
		{`const c = new AbortController(); c.abort(); return fetch("/", {signal: c.signal}).catch(e => e.name + (e === c.signal.reason))`, "AbortErrortrue"},
		{`const c = new AbortController(); const p = fetch("/hang", {signal: c.signal}); c.abort("why"); return p.catch(e => e)`, "why"},
		{`const c = new AbortController(); const r = await fetch("/slow", {signal: c.signal}); const reader = r.body.getReader(); const first = await reader.read(); c.abort(); return [first.value.length, await reader.read().catch(e => e.name)].join()`, "5,AbortError"},
		{`const c = new AbortController(); const r = await fetch("/slow", {signal: c.signal}); const p = r.text(); c.abort(); return p.catch(e => e.name)`, "AbortError"},
		{`const s = new ReadableStream({start(c) { c.enqueue(new Uint8Array([65])); c.close() }}); const r = await fetch("/u", {method: "POST", body: s, duplex: "half"}); return r.text()`, "POST /u||A"},
		{`const r = await fetch("/p"), c = r.clone(); return [await c.text(), await r.text()].join()`, "GET /p||,GET /p||"},
		{`const r = await fetch("/p"); const chunks = []; const reader = r.body.getReader(); for (;;) { const {done, value} = await reader.read(); if (done) break; chunks.push(value.length) } return chunks.join()`, "8"},
		{`const r = await fetch(new Request("/p", {method: "PUT"})); return r.text()`, "PUT /p||"},
		{`return [fetch.name, fetch.length, Object.getOwnPropertyDescriptor(globalThis, "fetch").enumerable].join()`, "fetch,1,true"},
	})
}
