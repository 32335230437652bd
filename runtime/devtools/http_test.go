package devtools

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/swinspect/swinspect/cdp"
)

// ask sends a request to the server's HTTP side.
func ask(t *testing.T, h *httptest.Server, method, path string, headers ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, h.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	response, err := h.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestEndpoints(t *testing.T) {
	s := serve(t)
	h := httptest.NewServer(s.Handler())
	defer h.Close()
	_, body := ask(t, h, "GET", "/json/version")
	var version map[string]string
	if err := json.Unmarshal([]byte(body), &version); err != nil {
		t.Fatal(err)
	}
	is(t, "Browser", version["Browser"], "swinspect/156.0.0.0 (1.2.3)")
	is(t, "webSocketDebuggerUrl", version["webSocketDebuggerUrl"], strings.Replace(h.URL, "http", "ws", 1)+"/devtools/browser/"+s.ID())

	if status, _ := ask(t, h, "GET", "/json/new?"+origin+"/"); status != http.StatusMethodNotAllowed {
		t.Errorf("GET /json/new: status %d", status)
	}
	_, body = ask(t, h, "PUT", "/json/new?"+origin+"/index.html")
	var opened object
	if err := json.Unmarshal([]byte(body), &opened); err != nil {
		t.Fatal(err)
	}
	is(t, "url", opened["url"], origin+"/index.html")
	id := opened["id"].(string)
	for _, path := range []string{"/json", "/json/", "/json/list"} {
		if _, body := ask(t, h, "GET", path); !strings.Contains(body, id) {
			t.Errorf("%s: %s", path, body)
		}
	}
	for path, want := range map[string]string{
		"/json/activate/" + id:   "Target activated",
		"/json/activate/nobody":  "No such target id: nobody",
		"/json/close/nobody":     "No such target id: nobody",
		"/json/nothing":          "not found",
		"/devtools/page/nobody":  "No such target id: nobody",
		"/devtools/browser/else": "not found",
	} {
		if _, body := ask(t, h, "GET", path); !strings.Contains(body, want) {
			t.Errorf("%s: %q, want %q", path, body, want)
		}
	}
	if _, body := ask(t, h, "GET", "/json/close/"+id); body != "Target is closing" {
		t.Errorf("close: %q", body)
	}
	if _, body := ask(t, h, "GET", "/json/list"); strings.Contains(body, id) {
		t.Errorf("it is still there: %s", body)
	}
}

// The description is one that clients make their functions from.
func TestProtocolDescription(t *testing.T) {
	h := httptest.NewServer(serve(t).Handler())
	defer h.Close()
	_, body := ask(t, h, "GET", "/json/protocol")
	var protocol struct {
		Domains []struct {
			Domain   string
			Commands []struct{ Name string }
			Events   []struct{ Name string }
		}
	}
	if err := json.Unmarshal([]byte(body), &protocol); err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{}
	for _, d := range protocol.Domains {
		for _, c := range d.Commands {
			has[d.Domain+"."+c.Name] = true
		}
		for _, e := range d.Events {
			has[d.Domain+"."+e.Name] = true
		}
	}
	for _, name := range []string{"Page.navigate", "Page.loadEventFired", "ServiceWorker.enable", "ServiceWorker.workerVersionUpdated", "SWInspect.getTrace", "Target.attachToTarget"} {
		if !has[name] {
			t.Errorf("%s is not described", name)
		}
	}
}

// Neither a page with a name of its own that leads here, nor one that knows the
// address, gets in.
func TestStrangersAreRefused(t *testing.T) {
	s := serve(t, func(o *Options) { o.Hosts, o.Origins = []string{"mine.example"}, []string{"https://tools.example"} })
	h := httptest.NewServer(s.Handler())
	defer h.Close()
	for host, want := range map[string]int{
		"evil.example": 500, "evil.example:80": 500, "localhost": 200, "localhost:1": 200, "a.localhost": 200, "127.0.0.1": 200, "[::1]:9": 200, "mine.example": 200,
	} {
		if status, _ := ask(t, h, "GET", "/json/version", "Host", host); status != want {
			t.Errorf("Host %s: %d, want %d", host, status, want)
		}
	}
	at := strings.Replace(h.URL, "http", "ws", 1) + "/devtools/browser/" + s.ID()
	for from, want := range map[string]bool{"": true, "https://tools.example": true, "devtools://devtools": true, "devtools://else": false, "https://evil.example": false, "null": false} {
		header := http.Header{}
		if from != "" {
			header.Set("Origin", from)
		}
		ws, response, err := websocket.DefaultDialer.DialContext(t.Context(), at, header)
		if (err == nil) != want {
			t.Errorf("Origin %q: %v", from, err)
		}
		if response != nil && response.Body != nil {
			_ = response.Body.Close()
		}
		if ws != nil {
			_ = ws.Close()
		}
	}
}

func TestToken(t *testing.T) {
	h := httptest.NewServer(serve(t, func(o *Options) { o.Token = "s3cret" }).Handler())
	defer h.Close()
	for path, want := range map[string]int{"/json/version": 401, "/json/version?token=wrong": 401, "/json/version?token=s3cret": 200} {
		if status, body := ask(t, h, "GET", path); status != want || want == 200 && !strings.Contains(body, "?token=s3cret") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if status, _ := ask(t, h, "GET", "/json/version", "Authorization", "Bearer s3cret"); status != 200 {
		t.Errorf("bearer: %d", status)
	}
	if status, _ := ask(t, h, "PUT", "/json/new?token=s3cret"); status != 200 {
		t.Errorf("new: %d", status)
	}
}

// Each target says which front end inside Chromium opens on it, and where.
func TestFrontendURL(t *testing.T) {
	for _, token := range []string{"", "s3cret"} {
		s := serve(t, func(o *Options) { o.Token = token })
		c := &client{t: t, server: s}
		ours, theirs := cdp.Pipe()
		served := make(chan error, 1)
		go func() { served <- s.ServeBrowser(context.WithoutCancel(t.Context()), theirs) }()
		c.Conn = cdp.NewConn(ours)
		c.register(c.page("/index.html"))
		h := httptest.NewServer(s.Handler())
		query, escaped := "", strings.TrimPrefix(h.URL, "http://")+"/devtools/page/"
		if token != "" {
			query, escaped = "?token="+token, url.QueryEscape(escaped)
		}
		_, body := ask(t, h, "GET", "/json/list"+query)
		var list []listed
		if err := json.Unmarshal([]byte(body), &list); err != nil {
			t.Fatal(err)
		}
		_, index := ask(t, h, "GET", "/"+query)
		app := map[string]string{"page": "devtools_app", "service_worker": "worker_app"}
		for _, x := range list {
			want := "devtools://devtools/bundled/" + app[x.Type] + ".html?ws=" + escaped + x.ID + url.QueryEscape(query)
			is(t, x.Type, x.FrontendURL, want)
			if !strings.Contains(index, strings.ReplaceAll(x.Type, "_", " ")+" "+x.URL+"\n  "+want+"\n") {
				t.Errorf("the index does not have the %s %s:\n%s", x.Type, want, index)
			}
			delete(app, x.Type)
		}
		if len(app) > 0 {
			t.Errorf("no %v in %s", app, body)
		}
		h.Close()
		_ = c.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}
}

// A WebSocket of a page is a session of that page.
func TestPageSocket(t *testing.T) {
	s := serve(t)
	c := dial(t, s)
	c.page("/index.html")
	var id string
	for _, x := range c.call(c.Root(), "Target.getTargets", nil)["targetInfos"].([]any) {
		if at(x, "url") == origin+"/index.html" {
			id = at(x, "targetId").(string)
		}
	}
	h := httptest.NewServer(s.Handler())
	defer h.Close()
	transport, err := cdp.DialWebSocket(t.Context(), strings.Replace(h.URL, "http", "ws", 1)+"/devtools/page/"+id)
	if err != nil {
		t.Fatal(err)
	}
	p := &client{t, s, cdp.NewConn(transport)}
	defer func() { _ = p.Close() }()
	is(t, "title", p.evaluate(p.Root(), "document.title"), "tests")
}

// The engine's other door is a pipe; what was made through it for the time of the
// connection ends with it.
func TestPipe(t *testing.T) {
	s := serve(t)
	ours, theirs := cdp.Pipe()
	served := make(chan error, 1)
	go func() { served <- s.ServeBrowser(context.WithoutCancel(t.Context()), theirs) }()
	c := &client{t, s, cdp.NewConn(ours)}
	hidden := c.call(c.Root(), "Target.createTarget", object{"url": "about:blank", "hidden": true})["targetId"]
	own := c.call(c.Root(), "Target.createBrowserContext", object{"disposeOnDetach": true})["browserContextId"]
	kept := c.call(c.Root(), "Target.createBrowserContext", nil)["browserContextId"]
	c.pageIn("/index.html", own.(string))
	_ = c.Close()
	if err := <-served; err != nil {
		t.Error(err)
	}
	c = dial(t, s)
	contexts := asJSON(c.call(c.Root(), "Target.getBrowserContexts", nil))
	if strings.Contains(contexts, own.(string)) || !strings.Contains(contexts, kept.(string)) {
		t.Errorf("contexts: %s", contexts)
	}
	if targets := asJSON(c.call(c.Root(), "Target.getTargets", nil)); strings.Contains(targets, hidden.(string)) {
		t.Errorf("the hidden target is still there: %s", targets)
	}
}
