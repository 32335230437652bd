package urlapi

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestObjects(t *testing.T) {
	a := script.New(script.Options{})
	defer func() { a.Terminate(nil); <-a.Done() }()
	err := a.Do(t.Context(), "test", func() {
		r := idl.Of(a.NewRealm(nil))
		env.Attach(r.Realm, &env.Settings{Kind: env.Window})
		Install(r)
		for source, want := range map[string]string{
			`const u = new URL("../x?a=1&b=%2B+c#h", "https://u:p@host:8443/a/b/c"); [u.href, u.origin, u.protocol, u.username, u.password, u.host, u.hostname, u.port, u.pathname, u.search, u.hash, u.searchParams.get("b")].join("|")`: "https://u:p@host:8443/a/x?a=1&b=%2B+c#h|https://host:8443|https:|u|p|host:8443|host|8443|/a/x|?a=1&b=%2B+c|#h|+ c",
			`try { new URL("x") } catch (e) { e.name + e.message }`:                                                                                                              "TypeErrorFailed to construct 'URL': Invalid URL",
			`try { new URL() } catch (e) { e.name }`:                                                                                                                             "TypeError",
			`[URL.canParse("x"), URL.canParse("x", "https://a"), URL.parse("x"), URL.parse("https://a/").href].join()`:                                                           "false,true,,https://a/",
			`const v = new URL("https://a/?x=1"); const s = v.searchParams; s.append("y", "2 3&"); s.delete("x"); [v.href, s === v.searchParams, s.size].join()`:                 "https://a/?y=2+3%26,true,1",
			`const w = new URL("https://a/?x=1"); const s2 = w.searchParams; w.search = "?q=2"; w.hash = "f"; w.port = "443"; w.pathname = "é"; [w.href, s2.get("q")].join()`:    "https://a/%C3%A9?q=2#f,2",
			`const z = new URL("https://a/?x=1#h"); z.searchParams.delete("x"); z.href`:                                                                                          "https://a/#h",
			`const y = new URL("https://a/"); y.href = "http://b/?c=d"; let m = ""; try { y.href = "bad" } catch (e) { m = e.name } [y.host, y.searchParams.get("c"), m].join()`: "b,d,TypeError",
			`new URLSearchParams("?a=b&a=c&d").toString()`:                                                                                                                       "a=b&a=c&d=",
			`new URLSearchParams({a: 1, b: "x y"}).toString()`:                                                                                                                   "a=1&b=x+y",
			`new URLSearchParams([["a", "1"], ["a", "2"]]).getAll("a").join()`:                                                                                                   "1,2",
			`[...new URLSearchParams("b=1&a=2")].join(";")`:                                                                                                                      "b,1;a,2",
			`const p = new URLSearchParams("b=1&a=2&b=3"); p.sort(); p.set("b", 9); [p, p.has("b", "9"), p.has("b", "1")].join("|")`:                                             "a=2&b=9|true|false",
			`try { new URLSearchParams([["a"]]) } catch (e) { e.name }`:                                                                                                          "TypeError",
			`JSON.stringify({u: new URL("https://a")})`:                                                                                                                          `{"u":"https://a/"}`,
			`new URL("blob:https://a/x").origin + new URL("data:,x").origin`:                                                                                                     "https://anull",
			`const q = new URLPattern({pathname: "/books/:id(\\d+)"}); [q.test("https://a/books/12"), q.test("https://a/books/x"), q.exec("https://a/books/7").pathname.groups.id, q.pathname, q.hasRegExpGroups].join()`: `true,false,7,/books/:id(\d+),true`,
			`new URLPattern("/a/*", "https://h").test("/a/b", "https://h")`: "true",
			`try { new URLPattern("(") } catch (e) { e.name }`:              "TypeError",
			`typeof URL.createObjectURL`:                                    "function",
		} {
			v, err := r.Runtime().RunString("{" + source + "}")
			switch {
			case err != nil:
				t.Error(source, err)
			case v.String() != want:
				t.Errorf("%s\n got %s\nwant %s", source, v, want)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}
