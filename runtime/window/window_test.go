package window

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dop251/goja"
	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a site in process: files by path, with a type by their extension.
type files map[string]string

func (f files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, ok := f[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	types := map[string]string{"js": "text/javascript", "json": "application/json", "css": "text/css", "txt": "text/plain", "mjs": "text/javascript"}
	kind := "text/html"
	if i := strings.LastIndexByte(r.URL.Path, '.'); i >= 0 && types[r.URL.Path[i+1:]] != "" {
		kind = types[r.URL.Path[i+1:]]
	}
	w.Header().Set("Content-Type", kind)
	fmt.Fprint(w, body)
}

// notes collects what pages say and what goes wrong in them.
type notes struct {
	NoObserver
	mu  sync.Mutex
	all []string
}

func (n *notes) add(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, fmt.Sprintf(format, args...))
}

func (n *notes) Console(_ *script.Realm, level string, args []goja.Value) {
	n.add("%s: %v", level, args)
}

func (n *notes) Exception(_ *script.Realm, e *script.Exception, rejection bool) {
	n.add("exception: %s (%s:%d)", e.Error(), e.URL, e.Line)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.all, "\n")
}

type browserUnderTest struct {
	*Browser
	notes *notes
	t     testing.TB
}

// open starts a browser over a site at https://site.test.
func open(t testing.TB, f http.Handler) *browserUnderTest {
	n := &notes{}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	b := NewBrowser(BrowserOptions{Network: fetch.Handler(f), Observer: n, Logger: logger})
	t.Cleanup(b.Close)
	return &browserUnderTest{b, n, t}
}

// page opens a page and waits for its first navigation.
func (b *browserUnderTest) page(path string) *Page {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	p, err := b.DefaultContext().NewPage(ctx, "https://site.test"+path, PageOptions{Wait: true})
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

// eval evaluates an expression in the page's main frame; a promise is awaited.
func (b *browserUnderTest) eval(p *Page, source string) string {
	b.t.Helper()
	result := make(chan string, 1)
	agent := p.Agent()
	agent.Queue("test", func() {
		v, e := p.main.document.evaluate("test", source)
		if e != nil {
			result <- "threw " + e.Error()
			return
		}
		agent.Then(v, func(v goja.Value) { result <- v.String() }, func(v goja.Value) { result <- "rejected with " + v.String() })
	})
	select {
	case r := <-result:
		return r
	case <-time.After(10 * time.Second):
		b.t.Errorf("%s: no answer; notes:\n%s", source, b.notes)
		return "timeout"
	}
}

func (b *browserUnderTest) want(p *Page, source, want string) {
	b.t.Helper()
	if got := b.eval(p, source); got != want {
		b.t.Errorf("%s\ngave %s, want %s; notes:\n%s", source, got, want, b.notes)
	}
}

const controlled = `(async () => {
	await navigator.serviceWorker.register('/sw.js');
	await navigator.serviceWorker.ready;
	if (!navigator.serviceWorker.controller) await new Promise(r => navigator.serviceWorker.oncontrollerchange = r);
	const response = await fetch('/answer');
	return await response.text() + ' ' + navigator.serviceWorker.controller.state;
})()`

// A page registers its worker, is claimed, and its fetches go through it.
func TestPageRegistersAndIsControlled(t *testing.T) {
	b := open(t, files{
		"/": `<!doctype html><title>Hello</title><p id=p>text</p><script>var ran = document.getElementById('p').textContent</script>`,
		"/sw.js": `addEventListener('install', e => skipWaiting()); addEventListener('activate', e => e.waitUntil(clients.claim()));
			addEventListener('fetch', e => { if (e.request.url.endsWith('/answer')) e.respondWith(new Response('from the worker')) })`,
	})
	p := b.page("/")
	b.want(p, "ran + document.title", "textHello")
	b.want(p, controlled, "from the worker activated")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if r, err := p.Reload(ctx, false); err != nil || r.Err != nil {
		t.Fatal(err, r.Err)
	}
	b.want(p, "navigator.serviceWorker.controller.scriptURL", "https://site.test/sw.js")
}

// An iframe's document is a window of its own in the same agent.
func TestFrames(t *testing.T) {
	b := open(t, files{
		"/":      `<!doctype html><body></body>`,
		"/inner": `<!doctype html><title>inner</title><script>var here = 'inner'; parent.postMessage('hi from ' + location.pathname, '*')</script>`,
	})
	p := b.page("/")
	b.want(p, `new Promise(resolve => {
		const f = document.createElement('iframe');
		const said = new Promise(r => onmessage = e => r(e.data));
		f.onload = async () => resolve([f.contentWindow.here, f.contentDocument.title, frames.length, await said,
			f.contentWindow.parent === window, f.contentWindow.DOMException !== DOMException, f.contentWindow.Array === Array].join());
		f.src = '/inner'; document.body.appendChild(f);
	})`, "inner,inner,1,hi from /inner,true,true,true")
	b.want(p, "document.querySelector('iframe').remove(); frames.length", "0")
}

func TestXMLHttpRequest(t *testing.T) {
	b := open(t, files{"/": `<!doctype html>`, "/data.json": `{"a": [1, 2]}`})
	p := b.page("/")
	b.want(p, `new Promise(resolve => {
		const x = new XMLHttpRequest(), seen = [];
		for (const t of ['loadstart', 'progress', 'load', 'loadend']) x.addEventListener(t, () => seen.push(t));
		x.onreadystatechange = () => seen.push(x.readyState);
		x.onloadend = () => setTimeout(() => resolve(seen.join() + x.response.a[1] + x.getResponseHeader('content-type') + x.status));
		x.open('GET', '/data.json'); x.responseType = 'json'; x.send();
	})`, "1,loadstart,2,3,progress,4,load,loadend2application/json200")
	b.want(p, `(() => { const x = new XMLHttpRequest(); x.open('GET', '/data.json', false); x.send(); return x.responseText })()`, `{"a": [1, 2]}`)
	b.want(p, `(() => { const x = new XMLHttpRequest(); try { x.send() } catch (e) { return e.name } })()`, "InvalidStateError")
	b.want(p, `new Promise(r => { const x = new XMLHttpRequest(); x.onabort = () => r('aborted'); x.open('GET', '/'); x.send(); x.abort() })`, "aborted")
}

func TestWorkers(t *testing.T) {
	b := open(t, files{
		"/":       `<!doctype html>`,
		"/w.js":   `importScripts('/lib.js'); onmessage = e => postMessage(twice(e.data))`,
		"/lib.js": `function twice(x) { return 2 * x }`,
		"/s.js":   `var n = 0; onconnect = e => { e.ports[0].postMessage(++n) }`,
	})
	p := b.page("/")
	b.want(p, `new Promise(r => { const w = new Worker('/w.js'); w.onmessage = e => r(e.data); w.postMessage(21) })`, "42")
	b.want(p, `new Promise(r => { const s = new SharedWorker('/s.js'); s.port.onmessage = e => r(e.data) })`, "1")
	b.want(p, `new Promise(r => { const s = new SharedWorker('/s.js'); s.port.onmessage = e => r(e.data) })`, "2")
}

// Scripts run in the order the standard gives.
func TestScriptOrder(t *testing.T) {
	b := open(t, files{
		"/": `<!doctype html><script>var order = []; addEventListener('load', () => order.push('load'));
			document.addEventListener('DOMContentLoaded', () => order.push('dcl'))</script>
			<script defer src=/defer.js></script><script type=module>order.push('module'); import {x} from '/m.mjs'; order.push(x)</script>
			<script src=/block.js></script><script>order.push('inline')</script>`,
		"/defer.js": `order.push('defer')`, "/block.js": `order.push('block')`, "/m.mjs": `export const x = 'imported'`,
	})
	p := b.page("/")
	b.want(p, `new Promise(r => { const look = () => order.includes('load') ? r(order.join()) : setTimeout(look, 5); look() })`,
		"block,inline,defer,module,imported,dcl,load")
}
