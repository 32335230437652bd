package recording

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// pwa is a site whose worker does everything that a recording should tell apart. other
// is an origin without CORS, named after the site is served.
type pwa struct {
	*http.ServeMux
	version atomic.Int64
	other   string
}

const pwaPage = `<!doctype html><title>pwa</title><link rel=stylesheet href=/style.css>
<script>navigator.serviceWorker.register('/sw.js')</script><img src=/hero.svg><iframe src=/frame.html></iframe>`

// pwaWorker is the worker; the version stands in its first line.
const pwaWorker = `const version = 'v%d';
self.addEventListener('install', (e) => { e.waitUntil(caches.open('shell-' + version).then((c) => c.addAll(['/style.css', '/offline.html']))); self.skipWaiting(); });
self.addEventListener('activate', (e) => e.waitUntil((async () => {
  for (const name of await caches.keys()) if (name !== 'shell-' + version) await caches.delete(name);
  await clients.claim();
})()));
self.addEventListener('fetch', (e) => {
  const path = new URL(e.request.url).pathname;
  if (e.request.mode === 'navigate') return e.respondWith(fetch(e.request).catch(() => caches.match('/offline.html')));
  switch (path) {
    case '/style.css': return e.respondWith(caches.match(e.request));
    case '/made': return e.respondWith(new Response('made by ' + version, { headers: { 'X-Made': version } }));
    case '/echo': case '/media': case '/redirect': case '/opaque': return e.respondWith(fetch(e.request));
    case '/both': return e.respondWith(Promise.all([fetch('/part/1'), fetch('/part/2', { method: 'POST', body: 'two' })]).then(async (rs) => new Response((await Promise.all(rs.map((r) => r.text()))).join('+'))));
    case '/boom': return e.respondWith(Promise.reject(new Error('boom')));
    case '/stream': return e.respondWith(new Response(new ReadableStream({ async start(c) {
      for (const part of ['one ', 'two ', 'three']) { c.enqueue(new TextEncoder().encode(part)); await new Promise((f) => setTimeout(f, 20)); }
      c.close();
    } })));
  }
});
`

// servePWA serves the site under localhost, a secure context.
func servePWA(t testing.TB) (site *pwa, base string) {
	t.Helper()
	site = &pwa{ServeMux: http.NewServeMux()}
	site.version.Store(1)
	text := func(path, kind, body string) {
		site.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = io.WriteString(w, body)
		})
	}
	text("/{$}", "text/html", pwaPage)
	text("/frame.html", "text/html", "<!doctype html>frame<script>parent.frame = fetch('/made?frame').then((r) => r.text())</script>")
	text("/offline.html", "text/html", "<!doctype html><title>offline</title>offline")
	text("/style.css", "text/css", "body { color: teal }")
	text("/hero.svg", "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg"/>`)
	text("/fall", "text/plain", "from the server")
	text("/target", "text/plain", "the target")
	text("/part/1", "text/plain", "one")
	text("/part/2", "text/plain", "two")
	site.HandleFunc("/sw.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = fmt.Fprintf(w, pwaWorker, site.version.Load())
	})
	site.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Set-Cookie", "sid=s3cret")
		_, _ = io.Copy(w, r.Body)
	})
	site.HandleFunc("/media", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "video/mp4")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(strings.Repeat("0123456789", 100)))
	})
	site.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/target", http.StatusFound) })
	server := httptest.NewServer(site)
	t.Cleanup(server.Close)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "opaque") }))
	t.Cleanup(other.Close)
	site.other = other.URL
	return site, strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

// script is what a user does there, in order; each ends when what it began has ended.
func (s *pwa) script() []string {
	read := func(args string) string {
		return "fetch(" + args + ").then((r) => r.text()).catch((e) => 'failed')"
	}
	return []string{
		read(`'/made'`), read(`'/echo', {method: 'POST', body: 'hello', credentials: 'include', headers: {Authorization: 'Bearer s3cret', 'X-Mine': '1'}}`),
		read(`'/media', {headers: {Range: 'bytes=10-19'}}`), read(`'/redirect'`), read(`'` + s.other + `/opaque', {mode: 'no-cors'}`),
		read(`'/stream'`), read(`'/both'`), read(`'/boom'`), read(`'/fall'`), read(`'/style.css'`),
		read(`'/echo?binary', {method: 'POST', body: new Uint8Array([0, 255, 254, 10])}`),
		`new Promise((f) => { const i = document.createElement('iframe'); i.onload = () => f(window.frame); i.src = '/frame.html?2'; document.body.append(i) })`,
	}
}
