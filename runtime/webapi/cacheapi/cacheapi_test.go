package cacheapi

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/dop251/goja"
	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime/cache"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/streams"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type quota int64

func (q *quota) Reserve(delta int64) bool {
	if int64(*q) < delta {
		return false
	}
	*q -= quota(delta)
	return true
}

// run evaluates the body of an async function in a worker with an empty cache storage.
func run(t testing.TB, source string, o cache.Options) string {
	t.Helper()
	a := script.New(script.Options{})
	defer func() { a.Terminate(nil); <-a.Done() }()
	f := fetch.NewFetcher(fetch.FetcherOptions{Network: fetch.Function(network)})
	base := fetch.MustParseURL("https://app.test/dir/sw.js")
	client := fetch.Client{Origin: base.Origin(), BaseURL: base, CreationURL: base}
	storage := cache.NewStorage(o)
	settings := &env.Settings{
		Kind: env.ServiceWorker, Origin: base.Origin(), Secure: true,
		BaseURL: func() *fetch.URL { return base }, CreationURL: func() *fetch.URL { return base },
		Fetch:  func(ctx context.Context, r *fetch.Request) *fetch.Response { return f.Fetch(ctx, r, client) },
		Caches: func() (*cache.Storage, error) { return storage, nil },
	}
	result := make(chan string, 1)
	err := a.Do(t.Context(), "test", func() {
		r := idl.Of(a.NewRealm(nil))
		env.Attach(r.Realm, settings)
		idl.Expose(r, idl.DOMException, dom.EventTarget, dom.EventInterface, dom.AbortController, dom.AbortSignal)
		streams.Install(r)
		fetchapi.Install(r)
		Install(r)
		v, err := a.Run(goja.MustCompile("test.js", "(async () => {"+source+"\n})()", false))
		if err != nil {
			result <- err.Error()
			return
		}
		a.Then(v, func(v goja.Value) { result <- v.String() }, func(v goja.Value) { result <- "throws " + v.String() })
	})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case s := <-result:
		return s
	case <-t.Context().Done():
		return "never"
	}
}

func network(r *http.Request) (*http.Response, error) {
	status, header := 200, http.Header{}
	if s := r.URL.Query().Get("status"); s != "" {
		status, _ = strconv.Atoi(s)
	}
	if v := r.URL.Query().Get("vary"); v != "" {
		header.Set("Vary", v)
	}
	return &http.Response{StatusCode: status, Status: strconv.Itoa(status) + " S", ProtoMajor: 1, Header: header, Body: io.NopCloser(strings.NewReader("net " + r.URL.Path)), ContentLength: -1}, nil
}

func TestCache(t *testing.T) {
	for source, want := range map[string]string{
		`const c = await caches.open("a"); const r = await c.put("/x", new Response("1")); return [r, await (await c.match("/x")).text(), (await c.keys()).map(k => k.url)].join()`:                                                                                                                                       ",1,https://app.test/x",
		`const c = await caches.open("a"); return String(await c.match("/x"))`:                                                                                                                                                                                                                                            "undefined",
		`return [caches instanceof CacheStorage, await caches.open("a") instanceof Cache, caches === caches, await caches.open("a") === await caches.open("a")].join()`:                                                                                                                                                   "true,true,true,false",
		`await caches.open("b"); await caches.open("a"); return [await caches.keys(), await caches.has("a"), await caches.has("c"), await caches.delete("b"), await caches.delete("b"), await caches.keys()].join("|")`:                                                                                                   "b,a|true|false|true|false|a",
		`const c = await caches.open("a"); await c.put("/x?1", new Response("1")); await c.put("/x?2", new Response("2")); return [(await c.matchAll("/x", {ignoreSearch: true})).length, (await c.matchAll()).length, await c.delete("/x", {ignoreSearch: true}), (await c.keys()).length, await c.delete("/x")].join()`: "2,2,true,0,false",
		`const c = await caches.open("a"); return c.put(new Request("/", {method: "POST"}), new Response()).catch(e => e.name)`:                                                                                                                                                                                           "TypeError",
		`const c = await caches.open("a"); return c.put("/", new Response("", {headers: {vary: "a, *"}})).catch(e => e.name)`:                                                                                                                                                                                             "TypeError",
		`const c = await caches.open("a"); return c.put("/", new Response("", {status: 206})).catch(e => e.name)`:                                                                                                                                                                                                         "TypeError",
		`const c = await caches.open("a"); return c.put("data:,x", new Response("")).catch(e => e.name)`:                                                                                                                                                                                                                  "TypeError",
		`const c = await caches.open("a"); return c.put("/", null).catch(e => e.name)`:                                                                                                                                                                                                                                    "TypeError",
		`const c = await caches.open("a"); const r = new Response("x"); await r.text(); return c.put("/", r).catch(e => e.name)`:                                                                                                                                                                                          "TypeError",
		`const c = await caches.open("a"); const r = new Response("x"); await c.put("/", r); try { r.body.getReader() } catch (e) { return e.name + r.bodyUsed }`:                                                                                                                                                         "TypeErrortrue",
		`const c = await caches.open("a"); const e = new Error(); return c.put("/", new Response(new ReadableStream({pull(c) { c.error(e) }}))).catch(x => x === e)`:                                                                                                                                                      "true",
		`const c = await caches.open("a"); await c.put(new Request("/v", {headers: {q: "1"}}), new Response("one", {headers: {vary: "q"}})); await c.put(new Request("/v", {headers: {q: "2"}}), new Response("two", {headers: {vary: "q"}})); return [(await c.keys()).length, await (await c.match(new Request("/v", {headers: {q: "2"}}))).text(), String(await c.match("/v")), (await c.matchAll("/v", {ignoreVary: true})).length].join()`: "2,two,undefined,2",
		`const c = await caches.open("a"); await c.add("/n"); const r = await c.match("/n"); return [await r.text(), r.type, r.url].join()`:                                                                                                                                                                                "net /n,basic,https://app.test/n",
		`const c = await caches.open("a"); return [await c.addAll(["/1", "/2?status=404"]).catch(e => e.name), (await c.keys()).length].join()`:                                                                                                                                                                            "TypeError,0",
		`const c = await caches.open("a"); await c.addAll(["/2", "/1"]); return (await c.keys()).map(r => r.url).join()`:                                                                                                                                                                                                   "https://app.test/2,https://app.test/1",
		`const c = await caches.open("a"); return [String(await c.addAll([])), await c.addAll(["/1", "/1#x"]).catch(e => e.name), (await c.keys()).length].join()`:                                                                                                                                                         "undefined,InvalidStateError,0",
		`const c = await caches.open("a"); return c.addAll([new Request("/?vary=q", {headers: {q: "1"}}), new Request("/?vary=q", {headers: {q: "2"}})]).then(() => "ok")`:                                                                                                                                                 "ok",
		`const c = await caches.open("a"); const s = new AbortController(); s.abort(); return c.add(new Request("/x", {signal: s.signal})).catch(e => e.name)`:                                                                                                                                                             "AbortError",
		`const c = await caches.open("a"); const s = new AbortController(); const p = c.add(new Request("/x", {signal: s.signal})); s.abort(); return p.catch(e => e.name)`:                                                                                                                                                "AbortError",
		`const a = await caches.open("a"), b = await caches.open("b"); await b.put("/x", new Response("b")); await a.put("/x", new Response("a")); return [await (await caches.match("/x")).text(), await (await caches.match("/x", {cacheName: "b"})).text(), String(await caches.match("/x", {cacheName: "c"}))].join()`: "a,b,undefined",
		`const c = await caches.open("a"); await c.put("/x", new Response("1")); await caches.delete("a"); return (await c.match("/x")).text()`:                                                                                                                                                                            "1",
		`const n = "\ud800"; await caches.open(n); await caches.open("\ufffd"); await caches.open("\ud83d\ude00"); const k = await caches.keys(); return [k.length, k[0] === n, k[2] === "\ud83d\ude00", await caches.has("\ud801"), await caches.delete(n)].join()`:                                                       "3,true,true,false,true",
		`const c = await caches.open("a"); await c.put("/x", new Response("1")); const r = await c.match("/x"), k = (await c.keys())[0]; const names = []; for (const h of [r.headers, k.headers]) try { h.set("a", "b") } catch (e) { names.push(e.name) } return names.join()`:                                           "TypeError,TypeError",
		`const c = await caches.open("a"); const o = await fetch("https://other.test/o", {mode: "no-cors"}); await c.put("/o", o.clone()); await c.put("/p", o); const r = await c.match("/o"); return [r.type, r.status, r.body, await r.text()].join()`:                                                                  "opaque,0,,",
		`const c = await caches.open("a"); return [await c.match().catch(e => e.name), await Cache.prototype.match.call({}, "/").catch(e => e.name), await c.match("http://:bad").catch(e => e.name)].join()`:                                                                                                              "TypeError,TypeError,TypeError",
		`const c = await caches.open("a"); await c.put("/x", new Response("1")); const all = await c.matchAll(); return [Array.isArray(all), Object.isFrozen(all), Object.isFrozen(await c.keys())].join()`:                                                                                                                "true,true,true",
	} {
		if got := run(t, source, cache.Options{}); got != want {
			t.Errorf("%s\n\t got %s\n\twant %s", source, got, want)
		}
	}
}

// A put beyond the quota leaves everything as it was.
func TestQuota(t *testing.T) {
	q := quota(2000)
	got := run(t, `const c = await caches.open("a"); await c.put("/x", new Response("old"));
		const e = await c.put("/x", new Response("n".repeat(5000))).catch(e => e.name);
		return [e, await (await c.match("/x")).text()].join()`, cache.Options{Quota: &q})
	if got != "QuotaExceededError,old" {
		t.Error(got)
	}
}
