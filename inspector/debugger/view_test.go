package debugger

import (
	"regexp"
	"strings"
	"testing"
)

// look is what a worker can see of the functions that the prelude stands in front of.
const look = `
const seen = {};
function property(object, path, name) {
  let o = object;
  while (o && !Object.getOwnPropertyDescriptor(o, name)) o = Object.getPrototypeOf(o);
  if (!o) { seen[path + name] = 'none'; return; }
  const d = Object.getOwnPropertyDescriptor(o, name);
  const f = d.value ?? d.set;
  seen[path + name] = [
    Object.keys(d).join(), d.enumerable, d.writable, d.configurable, o === object, typeof f,
    typeof f === 'function' && [f.name, f.length, String(f), Function.prototype.toString.call(f), Reflect.ownKeys(f).join(), Object.getPrototypeOf(f) === Function.prototype, 'prototype' in f, JSON.stringify(Object.getOwnPropertyDescriptors(f))],
    d.get && [d.get.name, String(d.get)],
  ].join('|');
  if (typeof f === 'function') {
    try { new f(); seen[path + name + ' new'] = 'made'; } catch (e) { seen[path + name + ' new'] = e.name + ': ' + e.message; }
  }
}
for (const n of ['addEventListener', 'removeEventListener', 'dispatchEvent']) { property(EventTarget.prototype, 'EventTarget.', n); property(self, 'self.', n); }
for (const n of ['fetch', 'onfetch', 'oninstall', 'onactivate', 'onmessage', 'onpush', 'caches', 'Function', 'setTimeout']) property(self, 'self.', n);
for (const n of ['open', 'match', 'delete', 'has', 'keys']) property(CacheStorage.prototype, 'CacheStorage.', n);
for (const n of ['match', 'matchAll', 'put', 'add', 'addAll', 'delete', 'keys']) property(Cache.prototype, 'Cache.', n);
for (const n of ['respondWith', 'request']) property(FetchEvent.prototype, 'FetchEvent.', n);
for (const n of ['toString', 'call']) property(Function.prototype, 'Function.', n);
seen.globals = Reflect.ownKeys(self).map(String).sort().join();
seen.identity = [self.addEventListener === EventTarget.prototype.addEventListener, self.fetch === fetch].join();
seen.onfetch = String(self.onfetch);
function mine(event) {}
seen.set = (self.onmessage = mine, self.onmessage === mine);
seen.cleared = (self.onmessage = null, String(self.onmessage));
for (const wrong of [() => addEventListener(), () => addEventListener('fetch'), () => addEventListener('x', 1), () => Cache.prototype.match.call({}), () => Function.prototype.toString.call({}), () => fetch.call({}), () => EventTarget.prototype.addEventListener.call({}, 'x', mine)]) {
  try { wrong(); seen[String(wrong)] = 'fine'; } catch (e) { seen[String(wrong)] = e.name + ': ' + e.message + ' at ' + e.stack; }
}
const order = [];
const target = new EventTarget();
target.addEventListener('x', () => order.push('target'));
target.dispatchEvent(new Event('x'));
addEventListener('custom', { handleEvent(e) { order.push('object ' + (this !== self) + (e.currentTarget === self)); } });
addEventListener('custom', function (e) { order.push('function ' + (this === self)); }, { once: true });
dispatchEvent(new Event('custom'));
dispatchEvent(new Event('custom'));
seen.order = order.join();
addEventListener('message', async (event) => {
  const results = [];
  const settle = (what, p) => p.then((v) => results.push(what + ' ' + v), (e) => results.push(what + ' ' + e.name + ': ' + e.message + ' at ' + e.stack));
  await settle('open', caches.open('a').then((c) => c instanceof Cache));
  await settle('promise', Promise.resolve(caches.match('/nothing') instanceof Promise));
  await settle('miss', caches.match('/nothing'));
  await settle('fetch', fetch('http://localhost:1/'));
  await settle('add', caches.open('a').then((c) => c.add('/missing')));
  await settle('put', caches.open('a').then((c) => c.put('/x', 'no response')));
  await settle('matchAll', caches.open('a').then((c) => c.matchAll()));
  await settle('no argument', Promise.resolve().then(() => caches.match()));
  seen.results = results.join(' / ');
  const unhandled = new Promise((f) => addEventListener('unhandledrejection', (e) => f(String(e.reason)), { once: true }));
  fetch('http://localhost:1/');
  seen.unhandled = await Promise.race([unhandled, new Promise((f) => setTimeout(f, 1000, 'none'))]);
  event.source.postMessage(JSON.stringify(seen));
});
`

var stackLine = regexp.MustCompile(`\\+[nt]?(\\+t)?at [^\\]*(\\+n)?`)

const ask = `new Promise((f) => { navigator.serviceWorker.onmessage = (e) => f(e.data); navigator.serviceWorker.ready.then((r) => r.active.postMessage('look')) })`

// The worker sees the same with a debugger and every kind of breakpoint as without.
func TestViewIsTheSame(t *testing.T) {
	for _, name := range backends(t) {
		t.Run(name, func(t *testing.T) {
			var views [2]string
			for i := range views {
				w := newWorldOff(t, name, look, "event:push", "fetch:/never at=request", "fetch:/never at=respondWith", "fetch:/never", "cache cache=never", "exception:respondWith", "cache:hit url=/never")
				if i == 1 {
					w.must(w.d.Start(w.ctx()))
				}
				w.goTo("/")
				w.js(register)
				views[i] = strings.ReplaceAll(w.js(ask), w.site.base(), "BASE")
				if name == "engine" { // its stacks name native functions and instructions
					views[i] = stackLine.ReplaceAllString(views[i], "")
				}
				if i == 1 {
					if s := w.d.State(); s.Breakpoints[0].Problem != "" {
						t.Fatal(w.describe())
					}
				}
				w.close()
			}
			a, b := strings.Split(views[0], `\",`), strings.Split(views[1], `\",`)
			for i := range a {
				if i >= len(b) || a[i] != b[i] {
					t.Errorf("without: %s\nwith:    %s", a[i], b[min(i, len(b)-1)])
				}
			}
			if len(a) < 60 {
				t.Fatalf("only %d facts: %s", len(a), views[0])
			}
		})
	}
}

// A worker without fetch handler, or with one that does nothing, is still one.
func TestFetchHandlersStayWhatTheyAre(t *testing.T) {
	const timing = `fetch('/x').then((r) => r.text()).then(() => new Promise((f) => setTimeout(f, 100))).then(() => { const e = performance.getEntriesByName(location.origin + '/x')[0]; return e.workerStart > 0 ? 'woken' : 'not woken' })`
	for _, name := range []string{"chromium"} { // the engine has no Resource Timing to see it by
		for _, handler := range []string{
			"", "addEventListener('fetch', () => {});", "addEventListener('fetch', (event) => { /* nothing */ });",
			"self.onfetch = function (e) {};", "addEventListener('fetch', () => { return; });", "addEventListener('fetch', async () => {});",
			"addEventListener('fetch', (e) => { e; });", "addEventListener('fetch', { handleEvent(e) {} });",
			"const f = () => { console.log(1) }; addEventListener('fetch', f); removeEventListener('fetch', f);",
			"self.onfetch = () => { console.log(1) }; self.onfetch = null;",
			"const c = new AbortController(); addEventListener('fetch', () => { console.log(1) }, { signal: c.signal }); c.abort();",
		} {
			var answers [2]string
			for i := range answers {
				w := newWorldOff(t, name, handler+"addEventListener('activate', (e) => e.waitUntil(clients.claim()));", "event:push", "fetch:/never")
				if i == 1 {
					w.must(w.d.Start(w.ctx()))
				}
				w.goTo("/")
				w.js(control)
				answers[i] = w.js(timing)
				w.close()
			}
			if answers[0] != answers[1] {
				t.Errorf("%s: %q: %s without, %s with the debugger", name, handler, answers[0], answers[1])
			}
		}
	}
}
