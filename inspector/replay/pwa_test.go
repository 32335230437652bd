package replay

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"
)

// pwa is a small installable site: a worker that caches, routes, redirects, streams
// and goes without a network.
type pwa struct {
	other   string // another origin
	version atomic.Int32
	hits    atomic.Int32
	away    atomic.Bool // the server hangs up
}

// worker is its script, as version n.
func (p *pwa) worker(n int) string {
	return strings.NewReplacer("VERSION", fmt.Sprint(n), "OTHER", p.other).Replace(`
importScripts('/lib.js');
const SHELL = 'shell';
addEventListener('install', e => {
  if (e.addRoutes) e.addRoutes([{ condition: { urlPattern: '/routed/*' }, source: 'network' }]);
  skipWaiting();
  e.waitUntil(caches.open(SHELL).then(c => c.addAll(['/', '/app.js', '/style.css', '/offline.html', '/range.txt'])));
});
addEventListener('activate', e => e.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith('old-')) await caches.delete(name);
  await clients.claim();
})()));
addEventListener('fetch', e => {
  const url = new URL(e.request.url);
  if (url.pathname === '/synth') return e.respondWith(Response.json({ version: VERSION, items: [1, 2, { name: 'three' }], path: url.pathname + url.search }));
  if (url.pathname === '/broken') return e.respondWith(Promise.reject(new Error('broken on purpose')));
  if (url.pathname === '/moved') return e.respondWith(Response.redirect('/app.js', 302));
  if (url.pathname === '/stream') return e.respondWith(stream());
  if (url.pathname === '/left') return;
  if (url.origin === 'OTHER') return e.respondWith(keep(e, 'other'));
  if (e.request.headers.has('range')) return e.respondWith(slice(e.request));
  if (e.request.method === 'POST') return e.respondWith(fetch(e.request));
  if (e.request.mode === 'navigate') return e.respondWith(fetch(e.request).catch(() => caches.match('/offline.html')));
  if (url.pathname.startsWith('/api/')) return e.respondWith(fresh(e));
  e.respondWith(keep(e, SHELL));
});
`)
}

const pwaLibrary = `
async function keep(event, name) {
  const cache = await caches.open(name);
  const hit = await cache.match(event.request);
  if (hit) return hit;
  const answer = await fetch(event.request);
  if (answer.ok || answer.type === 'opaque') event.waitUntil(cache.put(event.request, answer.clone()));
  return answer;
}
async function fresh(event) {
  const late = new Promise((_, fail) => setTimeout(() => fail(new Error('late')), 5000));
  const answer = await Promise.race([fetch(event.request), late]);
  const body = await answer.json();
  return new Response(JSON.stringify({ ...body, by: 'worker' }), { headers: { 'Content-Type': 'application/json', 'X-By': 'worker' } });
}
async function slice(request) {
  const whole = await (await caches.match(request.url)).arrayBuffer();
  const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.get('range'));
  return new Response(whole.slice(+from, +to + 1), { status: 206, headers: { 'Content-Range': 'bytes ' + from + '-' + to + '/' + whole.byteLength, 'Content-Type': 'text/plain' } });
}
function stream() {
  let n = 0;
  const body = new ReadableStream({
    async pull(c) {
      if (n === 5) return c.close();
      await new Promise(done => setTimeout(done, 20));
      c.enqueue(new TextEncoder().encode('chunk ' + n++ + '\n'));
    },
  });
  return new Response(body, { headers: { 'Content-Type': 'text/plain' } });
}
`

func (p *pwa) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.away.Load() {
		panic(http.ErrAbortHandler)
	}
	send := func(kind, body string) {
		w.Header().Set("Content-Type", kind)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader([]byte(body)))
	}
	w.Header().Set("Cache-Control", "no-store")
	switch r.URL.Path {
	case "/sw.js":
		send("text/javascript", p.worker(int(p.version.Load())))
	case "/lib.js":
		send("text/javascript", pwaLibrary)
	case "/":
		send("text/html", `<!doctype html><title>pwa</title><link rel=icon href="data:,"><link rel=stylesheet href=/style.css><script src=/app.js></script><img src="`+p.other+`/dot.svg"><iframe src=/frame/></iframe>`)
	case "/frame/":
		send("text/html", `<!doctype html><title>frame</title><script>fetch('/api/frame')</script>frame`)
	case "/app.js":
		send("text/javascript", `globalThis.ready = navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready)`)
	case "/style.css":
		send("text/css", "body { color: navy }")
	case "/offline.html":
		send("text/html", "<!doctype html><title>offline</title>you are offline")
	case "/range.txt":
		send("text/plain", strings.Repeat("0123456789", 20))
	case "/old":
		http.Redirect(w, r, "/?from=old", http.StatusFound)
	case "/echo":
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, "got %s", r.Method)
	case "/routed/x", "/left":
		send("text/plain", "from the server")
	default:
		if strings.HasPrefix(r.URL.Path, "/api/") {
			send("application/json", fmt.Sprintf(`{"path":%q,"n":%d}`, r.URL.Path, p.hits.Add(1)))
			return
		}
		http.NotFound(w, r)
	}
}

// otherHandler serves a picture that nobody may look into.
var otherHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "image/svg+xml")
	_, _ = w.Write([]byte(`<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>`))
})

// otherOrigin serves it at an origin of its own.
func otherOrigin() *httptest.Server { return httptest.NewServer(otherHandler) }
