package devtools

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/window"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// origin is that of the tests' site; patience is how long anything may take.
const (
	origin   = "https://app.example"
	patience = 10 * time.Second
)

// site is what the tests' pages and workers are made of.
var site = fstest.MapFS{
	"index.html": file(`<!doctype html><title>tests</title><p id="p" class="a b">text</p><ul><li>one</li><li>two</li></ul><script src="app.js"></script>`),
	"other.html": file(`<!doctype html><title>other</title><p>other</p>`),
	"frame.html": file(`<!doctype html><title>framed</title><iframe src="other.html"></iframe>`),
	"app.js":     file(`window.app = 'loaded'`),
	"plain.txt":  file(`plain`),
	"sw.js": file(`
		self.greeting = 'hello';
		addEventListener('install', (e) => e.waitUntil(caches.open('c').then((c) => c.put('/cached', new Response('cached', {headers: {'Content-Type': 'text/plain'}})))));
		addEventListener('activate', (e) => e.waitUntil(clients.claim()));
		addEventListener('message', (e) => { console.log('told', e.data); e.source.postMessage('heard') });
		addEventListener('fetch', (e) => {
			const { pathname } = new URL(e.request.url);
			if (pathname === '/made') e.respondWith(new Response('made', {headers: {'Content-Type': 'text/plain'}}));
			if (pathname === '/cached') e.respondWith(caches.match('/cached'));
			if (pathname === '/passed') e.respondWith(fetch('/plain.txt', {cache: 'no-store'}));
			if (pathname === '/refused') e.respondWith(Promise.reject(new Error('refused')));
		});`),
	"broken.js": file(`let let = ;`),
	"throws.js": file(`throw new TypeError('at once')`),
}

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

// client is a connection to a server of its own.
type client struct {
	t      testing.TB
	server *Server
	*cdp.Conn
}

// serve starts a server on the tests' site.
func serve(t testing.TB, change ...func(*Options)) *Server {
	t.Helper()
	o := Options{Browser: window.BrowserOptions{Network: fetch.Folder(site, origin)}, Product: "swinspect/1.2.3"}
	for _, f := range change {
		f(&o)
	}
	s := New(o)
	t.Cleanup(s.Close)
	return s
}

// dial connects to a server over a WebSocket, as clients do.
func dial(t testing.TB, s *Server) *client {
	t.Helper()
	h := httptest.NewServer(s.Handler())
	t.Cleanup(h.Close)
	transport, err := cdp.DialWebSocket(t.Context(), strings.Replace(h.URL, "http", "ws", 1)+"/devtools/browser/"+s.ID())
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t, s, cdp.NewConn(transport)}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func connect(t testing.TB, change ...func(*Options)) *client {
	t.Helper()
	return dial(t, serve(t, change...))
}

// object is a JSON object.
type object = map[string]any

// try sends a command.
func (c *client) try(s *cdp.Session, method string, params any) (object, error) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.t.Context()), patience)
	defer cancel()
	if params == nil {
		params = object{}
	}
	var out object
	err := s.Call(ctx, method, params, &out)
	return out, err
}

// call sends a command that has to succeed.
func (c *client) call(s *cdp.Session, method string, params any) object {
	c.t.Helper()
	out, err := c.try(s, method, params)
	if err != nil {
		c.t.Fatalf("%s %v: %v", method, params, err)
	}
	return out
}

// refused sends a command that has to fail with a code and a message.
func (c *client) refused(s *cdp.Session, method string, params any, code int64, message string) {
	c.t.Helper()
	_, err := c.try(s, method, params)
	failed, ok := errors.AsType[*cdp.CallError](err)
	if !ok || failed.Code != code || !strings.Contains(failed.Message, message) {
		c.t.Errorf("%s %v: got %v, want %d %s", method, params, err, code, message)
	}
}

// page opens a page and attaches to it, with Page and Runtime enabled.
func (c *client) page(url string) *cdp.Session {
	c.t.Helper()
	return c.pageIn(url, "")
}

func (c *client) pageIn(url, browserContext string) *cdp.Session {
	c.t.Helper()
	params := object{"url": "about:blank"}
	if browserContext != "" {
		params["browserContextId"] = browserContext
	}
	id := c.call(c.Root(), "Target.createTarget", params)["targetId"]
	s := c.Session(c.call(c.Root(), "Target.attachToTarget", object{"targetId": id, "flatten": true})["sessionId"].(string))
	c.call(s, "Page.enable", nil)
	c.call(s, "Runtime.enable", nil)
	if url != "" {
		c.navigate(s, url)
	}
	return s
}

// navigate goes to a path of the site and waits for its load event.
func (c *client) navigate(s *cdp.Session, path string) {
	c.t.Helper()
	loaded := s.Listen(0, "Page.loadEventFired")
	defer loaded.Close()
	if r := c.call(s, "Page.navigate", object{"url": origin + path}); r["errorText"] != nil {
		c.t.Fatalf("navigating to %s: %v", path, r["errorText"])
	}
	next(c.t, loaded)
}

// evaluate gives the value of an expression, after its promise.
func (c *client) evaluate(s *cdp.Session, expression string) any {
	c.t.Helper()
	r := c.call(s, "Runtime.evaluate", object{"expression": expression, "awaitPromise": true, "returnByValue": true})
	if d := r["exceptionDetails"]; d != nil {
		c.t.Fatalf("%s: %s", expression, asJSON(d))
	}
	return r["result"].(object)["value"]
}

// register registers a worker and waits until it controls the page.
func (c *client) register(s *cdp.Session) {
	c.t.Helper()
	c.evaluate(s, `(async () => {
		await navigator.serviceWorker.register('/sw.js');
		while (!navigator.serviceWorker.controller) await new Promise((r) => setTimeout(r, 5));
	})()`)
}

// event is an event as JSON.
type event struct {
	Method, Session string
	Params          object
}

func decoded(t testing.TB, e cdp.Event) event {
	t.Helper()
	out := event{Method: e.Method, Session: e.SessionID}
	if len(e.Params) > 0 {
		if err := json.Unmarshal(e.Params, &out.Params); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// next is the next event of a subscription.
func next(t testing.TB, sub *cdp.Subscription) event {
	t.Helper()
	select {
	case e, ok := <-sub.C():
		if !ok {
			t.Fatalf("the subscription ended: %v", sub.Err())
		}
		return decoded(t, e)
	case <-time.After(patience):
		t.Fatal("no event came")
	}
	return event{}
}

// until takes events until one fits, and returns all of them.
func until(t testing.TB, sub *cdp.Subscription, fits func(event) bool) []event {
	t.Helper()
	var all []event
	for {
		all = append(all, next(t, sub))
		if fits(all[len(all)-1]) {
			return all
		}
	}
}

// at is a member of nested objects and lists: at(v, "result", "value").
func at(v any, path ...any) any {
	for _, step := range path {
		switch k := step.(type) {
		case string:
			o, _ := v.(object)
			v = o[k]
		case int:
			l, _ := v.([]any)
			if k >= len(l) {
				return nil
			}
			v = l[k]
		}
	}
	return v
}

func asJSON(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// is compares a value with what it is to be, as JSON.
func is(t testing.TB, what string, got, want any) {
	t.Helper()
	if a, b := asJSON(got), asJSON(want); a != b {
		t.Errorf("%s: got %s, want %s", what, a, b)
	}
}

func names(events []event) []string {
	all := make([]string, len(events))
	for i, e := range events {
		all[i] = e.Method
	}
	return all
}
