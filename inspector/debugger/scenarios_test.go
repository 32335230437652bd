package debugger

import (
	"strings"
	"testing"
)

// worker is the one of most scenarios.
const worker = `const VERSION = 1;
self.addEventListener('install', (e) => {
  const installing = 'yes';
  e.waitUntil(fill());
});
async function fill() {
  const c = await caches.open('pages-v1');
  await c.addAll(['/a.txt', '/b.txt']);
  await c.put('/made', new Response('made'));
}
self.addEventListener('activate', (e) => e.waitUntil(clients.claim()));
self.addEventListener('fetch', function onfetch(event) {
  const url = new URL(event.request.url);
  if (url.pathname === '/direct') return event.respondWith(caches.match(event.request));
  if (url.pathname === '/boom') return event.respondWith(fail('boom'));
  if (url.pathname === '/text') return event.respondWith('no response');
  if (url.pathname.startsWith('/api/')) event.respondWith(answer(event, url));
});
async function answer(event, url) {
  const name = 'v2';
  const c = await caches.open(name);
  let found = await c.match(event.request);
  if (found) return found;
  const fresh = await fetch('/network' + url.pathname);
  await c.put(event.request, fresh.clone());
  return fresh;
}
async function fail(why) {
  await null;
  throw new TypeError(why);
}
self.onmessage = function heard(event) {
  if (event.data === 'delete') event.waitUntil(caches.delete('pages-v1'));
  if (event.data === 'throw') throw new RangeError('thrown in message');
  if (event.data === 'caught') try { throw new SyntaxError('caught here'); } catch { /* so */ }
  if (event.data === 'reject') fail('unhandled');
  if (event.data === 'later') Promise.reject(new Error('rejected outright'));
  if (event.data === 'debugger') {
    debugger;
  }
};
`

// scenario is one kind of breakpoint: what is set, what the page does, and where and why
// the worker stops.
type scenario struct {
	name string
	set  string
	do   string // evaluated in the page once the worker controls it; "" registers only
	at   string // function@/script:line of the top frame
	why  string // the stop's words
	eval string // expression=value in the top frame
}

const message = `navigator.serviceWorker.controller.postMessage('%'), 'sent'`

func post(data string) string { return strings.ReplaceAll(message, "%", data) }

var scenarios = []scenario{
	{"line", "line:sw.js:7", "", "fill@/sw.js:7", "line 7 of /sw.js", "VERSION=1"},
	{"line with column", "line:/sw.js:13:9", `fetch('/x')`, "onfetch@/sw.js:13", "line 13 of /sw.js", ""},
	{"line with condition", `line:sw.js:13 if="event.request.url.endsWith('/yes')"`, `fetch('/no').then(() => fetch('/yes'))`, "onfetch@/sw.js:13", "line 13 of /sw.js", "event.request.url.slice(-4)='/yes'"},
	{"line with pattern", "line:*/sw.js:20", `fetch('/api/x')`, "answer@/sw.js:20", "line 20 of /sw.js", ""},
	{"line at the first statement", "line:sw.js:1", "", "@/sw.js:1", "line 1 of /sw.js", ""},
	{"line without code", "line:sw.js:40", post("none"), "heard@/sw.js:41", "line 41 of /sw.js", ""},
	{"event install", "event:install", "", "@/sw.js:3", "install event", "e.type='install'"},
	{"event activate", "event:activate", "", "@/sw.js:11", "activate event", "e.type='activate'"},
	{"event fetch", "event:fetch", `fetch('/x')`, "onfetch@/sw.js:13", "fetch event: GET /x", "event.request.method='GET'"},
	{"event message", "event:message", post("hello"), "heard@/sw.js:33", "message event", "event.data='hello'"},
	{"event any", `event:* skip=2`, post("hello"), "heard@/sw.js:33", "message event", ""},
	{"fetch dispatch", "fetch:/api/* method=POST", `fetch('/api/x').then(() => fetch('/api/y', { method: 'POST', body: '1' })).catch(String)`, "onfetch@/sw.js:13", "fetch event: POST /api/y", ""},
	{"fetch mode", "fetch mode=no-cors destination=image", `fetch('/x').then(() => { new Image().src = '/pic' })`, "onfetch@/sw.js:13", "fetch event: GET /pic", ""},
	{"fetch respondWith", "fetch:/api/* at=respondWith", `fetch('/api/x')`, "onfetch@/sw.js:17", "respondWith for GET /api/x", "url.pathname='/api/x'"},
	{"fetch request", "fetch:/network/* at=request", `fetch('/api/x')`, "answer@/sw.js:24", "the worker requests GET /network/api/x", "name='v2'"},
	{"cache open", "cache:open cache=v?", `fetch('/api/x')`, "answer@/sw.js:21", "caches.open opens 'v2'", "name='v2'"},
	{"cache match", "cache:match cache=v2", `fetch('/api/x')`, "answer@/sw.js:22", "cache.match looks in 'v2' for /api/x", ""},
	{"cache miss", "cache:miss cache=v2", `fetch('/api/x')`, "answer@/sw.js:23", "cache.match missed 'v2' for /api/x", "found=undefined"},
	{"cache hit", "cache:hit url=/api/*", `fetch('/api/x').then(() => fetch('/api/x'))`, "answer@/sw.js:23", "cache.match hit 'v2' for /api/x", "found.status=200"},
	{"cache miss that is answered with", "cache:miss url=/direct", `fetch('/direct').catch(String)`, "onfetch@/sw.js:14 async", "caches.match missed all caches for /direct", ""},
	// Not c.put(request, fresh.clone()): Chromium 156 loses the body of a response that is
	// cloned when a debugger of any kind holds the worker before the body has come.
	{"cache put", "cache:put cache=pages-* url=/made", "", "fill@/sw.js:9", "cache.put writes to 'pages-v1' for /made", ""},
	{"cache addAll", "cache:put url=/b.txt", "", "fill@/sw.js:8", "cache.addAll writes to 'pages-v1' for /b.txt", ""},
	{"cache delete", "cache:delete cache=pages-*", post("delete"), "heard@/sw.js:33", "caches.delete deletes 'pages-v1'", ""},
	{"exception all", "exception:all", post("caught"), "heard@/sw.js:35", "thrown: SyntaxError: caught here", ""},
	{"exception uncaught", "exception:uncaught", post("throw"), "heard@/sw.js:34", "thrown, and nobody catches it: RangeError: thrown in message", ""},
	{"exception rejection", "exception:rejection", post("reject"), "fail@/sw.js:30", "rejected, and nobody handles it: TypeError: unhandled", "why='unhandled'"},
	{"exception respondWith", "exception:respondWith", `fetch('/boom').catch(String)`, "onfetch@/sw.js:15 async", "respondWith failed for GET /boom: TypeError: boom", ""},
	{"exception respondWith no response", "exception:respondWith", `fetch('/text').catch(String)`, "onfetch@/sw.js:16", "respondWith failed for GET /text: respondWith() was given \"no response\", which is no Response", ""},
	{"start", "start", "", "@/sw.js:1", "a worker starts: ", ""},
	{"lifecycle installing", "lifecycle:installing", "", "", "version #", ""},
	{"lifecycle activated", "lifecycle:activated", "", "", "entered activated", ""},
	{"lifecycle controllerchange", "lifecycle:controllerchange", "", "", "took control of a client: it controls 1 client", ""},
	{"debugger statement", "event:push", post("debugger"), "heard@/sw.js:39", "a debugger statement", ""},
}

func TestScenarios(t *testing.T) {
	for _, name := range backends(t) {
		t.Run(name, func(t *testing.T) {
			for _, c := range scenarios {
				t.Run(c.name, func(t *testing.T) { c.run(t, name) })
			}
		})
	}
}

// backends are those that the tests run on.
func backends(testing.TB) []string { return []string{"chromium", "engine"} }

func (c scenario) run(t *testing.T, name string) {
	w := newWorld(t, name, worker, c.set)
	var done func() string
	if c.do == "" {
		done = w.begin(control)
	} else {
		w.js(control)
		done = w.begin(c.do)
	}
	p := w.paused(0)
	stop := p.Pause.Stop
	if c.at != "" && top(p) != c.at || !strings.Contains(stop.Words, c.why) {
		t.Fatalf("stopped at %s: %s\nwant %s: %s\n%s", top(p), stop.Words, c.at, c.why, w.describe())
	}
	if kind, _, _ := strings.Cut(strings.Fields(c.set)[0], ":"); c.name != "debugger statement" && (stop.Reason != kind || len(stop.Breakpoints) != 1) {
		t.Errorf("stop %+v", stop)
	}
	if expression, want, ok := strings.Cut(c.eval, "="); ok {
		if got := w.eval(p, 0, expression); got != want {
			t.Errorf("%s is %s, want %s", expression, got, want)
		}
	}
	w.must(w.set.Remove("1"))
	w.resume(p)
	if got := done(); strings.HasPrefix(got, "error") {
		t.Errorf("the page: %s", got)
	}
}
