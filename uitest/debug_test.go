package uitest

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// debugSite is what the debugger's suites stop in.
var debugSite = map[string]string{
	"index.html": `<!doctype html><html data-state="ready"><title>Debugged</title><h1>Debugged</h1>
<script>navigator.serviceWorker.register('/sw.js')</script></html>`,
	"app.json": `{"app":true}`,
	"sw.js": `const CACHE = 'pages-v1';
importScripts('/lib.js');

self.addEventListener('install', (event) => {
  event.waitUntil(install());
});

async function install() {
  const names = ['/app.json'];
  const cache = await caches.open(CACHE);
  await cache.addAll(names);
  return names.length;
}

self.addEventListener('fetch', (event) => {
  if (!event.request.url.includes('/api/')) return;
  event.respondWith(answer(event.request));
});

async function answer(request) {
  const started = label(request.url);
  const hit = await caches.match(request);
  if (hit) return hit;
  return new Response('made ' + started);
}
`,
	"lib.js": `function label(url) {
  const path = new URL(url).pathname;
  return path.toUpperCase();
}
`,
}

// newDebugWorld is a site of its own that can be changed, on Chromium or on the engine.
func newDebugWorld(t testing.TB, engine bool) *world {
	t.Helper()
	w := &world{t: t, pages: nil, dir: t.TempDir()}
	for name, text := range debugSite {
		w.write(name, text)
	}
	if engine {
		w.origin = "https://debugged.test"
		w.startServe("--discover=false", "--recordings", t.TempDir(), "--site", w.dir+"@"+w.origin)
		return w
	}
	files := httptest.NewServer(noStore(http.FileServer(http.Dir(w.dir))))
	t.Cleanup(files.Close)
	w.origin = files.URL
	w.profile = t.TempDir()
	w.launch()
	w.startServe("--attach", "http://"+w.browser.Endpoint(), "--recordings", t.TempDir())
	return w
}

func noStore(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		h.ServeHTTP(w, r)
	})
}

// write puts a file of the site.
func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func TestDebug(t *testing.T)         { newDebugWorld(t, false).suite("debug") }
func TestDebugOnEngine(t *testing.T) { newDebugWorld(t, true).suite("debug") }

// BenchmarkDebug is the time from a key to the page that shows the step, and from a
// request to the page that shows the pause it runs into.
func BenchmarkDebug(b *testing.B) {
	for name, engine := range map[string]bool{"chromium": false, "engine": true} {
		b.Run(name, func(b *testing.B) {
			w := newDebugWorld(b, engine)
			for b.Loop() {
				w.report(b, w.suite("debug_latency"))
			}
		})
	}
}

// scriptFolder is a folder with a session script that passes in part.
func scriptFolder(t *testing.T) string {
	dir := t.TempDir()
	text := `test('adds up', async () => {
  await step('one and one', async () => { await sleep('300ms'); });
  console.log('two');
  expect(1 + 1).toBe(2);
});

test('does not', async ({ page }) => {
  await step('look', async () => { expect('seen').toBe('said'); });
});
`
	if err := os.WriteFile(filepath.Join(dir, "sum.session.js"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestScripts(t *testing.T) {
	w := &world{t: t, origin: "http://unused.test"}
	w.folder = t.TempDir() // where the recordings of failures go
	w.startServe("--discover=false", "--engine=false", "--recordings", t.TempDir(), "--scripts", scriptFolder(t))
	w.suite("scripts")
}
