package websocket

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dop251/goja"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var stories = []struct{ name, script, want string }{
	{"text and binary", `const w = new WebSocket(url, ["chat", "other"]); w.binaryType = "arraybuffer"; const log2 = []; await on(w, "open"); log(w.protocol, w.readyState, w.url === url);
		w.send("hello"); let m = await on(w, "message"); log(m.data, m.origin === new_origin); w.send(new Uint8Array([1, 2])); m = await on(w, "message"); log(new Uint8Array(m.data).join("+"));
		w.close(3001, "bye"); log(w.readyState); const e = await on(w, "close"); log(e.code, e.reason, e.wasClean, w.readyState)`, "chat 1 true hello true 1+2 2 3001  true 3"},
	{"the server closes", `const w = new WebSocket(url); await on(w, "open"); w.send("close"); const e = await on(w, "close"); log(e.code, e.reason, e.wasClean)`, "4001 enough true"},
	{"the server drops", `const w = new WebSocket(url); await on(w, "open"); w.send("drop"); await on(w, "error"); log("error"); const e = await on(w, "close"); log(e.code, e.wasClean)`, "error 1006 false"},
	{"refused", `const w = new WebSocket(url + "refuse"); w.onerror = () => log("error"); const e = await on(w, "close"); log(e.code, e.wasClean, w.readyState)`, "error 1006 false 3"},
	{"closed while connecting", `const w = new WebSocket(url); w.close(); log(w.readyState); const e = await on(w, "close"); log(e.code)`, "2 1006"},
	{"a blob", `const w = new WebSocket(url); await on(w, "open"); w.send(new Uint8Array([65])); const m = await on(w, "message"); log(m.data instanceof Blob, m.data.size); w.send(m.data); log((await on(w, "message")).data.size); w.close()`, "true 1 1"},
	{"errors", `for (const f of [() => new WebSocket("http://x/#a"), () => new WebSocket("ftp://x/"), () => new WebSocket(url, "a b"), () => new WebSocket(url, ["a", "A"]), () => new WebSocket(), () => WebSocket(url)]) try { f(); log("none") } catch (e) { log(e.name) }
		const w = new WebSocket("http" + url.slice(2)); log(w.url === url); try { w.send("early") } catch (e) { log(e.name) } try { w.close(1001) } catch (e) { log(e.name) } try { w.close(1000, "x".repeat(200)) } catch (e) { log(e.name) } await on(w, "open"); w.close()`,
		"SyntaxError SyntaxError SyntaxError SyntaxError TypeError TypeError true InvalidStateError InvalidAccessError SyntaxError"},
}

func TestStories(t *testing.T) {
	upgrader := websocket.Upgrader{Subprotocols: []string{"chat"}, CheckOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") == "http://page.test" }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "refuse") {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		for {
			kind, data, err := conn.ReadMessage()
			switch {
			case err != nil || string(data) == "drop":
				return
			case string(data) == "close":
				_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "enough"), time.Time{})
			default:
				_ = conn.WriteMessage(kind, data)
			}
		}
	}))
	defer server.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			if got := tell(t, transport, server.URL, story.script); got != story.want {
				t.Errorf("got  %s\nwant %s", got, story.want)
			}
		})
	}
}

func tell(t *testing.T, network http.RoundTripper, server, text string) string {
	a := script.New(script.Options{})
	defer func() { a.Terminate(nil); <-a.Done() }()
	var logged []string
	done := make(chan struct{})
	if err := a.Do(t.Context(), "test", func() {
		r, rt := idl.Of(a.NewRealm(nil)), a.Runtime()
		base := fetch.MustParseURL("http://page.test/")
		env.Attach(r.Realm, &env.Settings{Origin: base.Origin(), BaseURL: func() *fetch.URL { return base }})
		idl.Expose(r, dom.Interfaces...)
		idl.Expose(r, fetchapi.BlobInterface)
		Install(r, Options{Network: func() http.RoundTripper { return network }})
		_ = rt.Set("url", "ws"+strings.TrimPrefix(server, "http")+"/")
		_ = rt.Set("new_origin", "ws"+strings.TrimPrefix(server, "http"))
		_ = rt.Set("log", func(c goja.FunctionCall) goja.Value {
			for _, v := range c.Arguments {
				logged = append(logged, v.String())
			}
			return nil
		})
		_ = rt.Set("finish", func() { close(done) })
		if _, err := rt.RunString(`const on = (w, type) => new Promise(ok => w.addEventListener(type, ok, { once: true }));
			(async () => {` + text + `})().catch(e => log("threw " + e)).then(finish)`); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Error(err)
	}
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("the story did not end")
	}
	_ = a.Do(t.Context(), "test", func() {})
	return strings.Join(logged, " ")
}
