package devtools

import (
	"maps"
	"testing"
	"testing/fstest"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// rewindWorker counts what it does in its cache: a run that were not in a world of its
// own would be seen there.
const rewindWorker = `self.addEventListener('install', e => self.skipWaiting());
self.addEventListener('activate', e => e.waitUntil(self.clients.claim()));
self.addEventListener('fetch', e => {
  if (new URL(e.request.url).pathname !== '/data') return;
  e.respondWith(answer(e.request));
});
async function answer(request) {
  let sum = 0;
  for (let i = 1; i <= 3; i++) {
    sum += i;
  }
  const cache = await caches.open('runs');
  const before = (await cache.keys()).length;
  await cache.put('/run-' + before, new Response('x'));
  const said = await (await fetch('/said')).text();
  const text = said + ' ' + sum + ' ' + before;
  return new Response(text);
}
`

// held is the innermost frame of a pause: line from 1, and a variable of it.
func (c *client) held(w *cdp.Session, paused event, expression string) (line float64, value any) {
	c.t.Helper()
	line = at(paused.Params, "callFrames", 0, "location", "lineNumber").(float64) + 1
	r := c.call(w, "Debugger.evaluateOnCallFrame", object{"callFrameId": at(paused.Params, "callFrames", 0, "callFrameId"), "expression": expression, "returnByValue": true})
	return line, at(r, "result", "value")
}

func TestStepBack(t *testing.T) {
	files := maps.Clone(site)
	maps.Copy(files, fstest.MapFS{"rewind.js": file(rewindWorker), "said": file("hello")})
	c := connect(t, func(o *Options) { o.Browser.Network = fetch.Folder(files, origin) })
	p := c.page("/")
	c.evaluate(p, `navigator.serviceWorker.register('/rewind.js').then(() => navigator.serviceWorker.ready).then(() => new Promise(f => { navigator.serviceWorker.controller ? f() : navigator.serviceWorker.oncontrollerchange = () => f() }))`)
	w := c.worker("/rewind.js")
	c.call(w, "Debugger.enable", nil)
	c.refused(w, "SWInspect.stepBack", nil, -32000, "Can only perform operation while paused.")
	for _, line := range []int{10, 17} { // sum += i; return
		c.call(w, "Debugger.setBreakpointByUrl", object{"url": origin + "/rewind.js", "lineNumber": line - 1})
	}
	pauses := w.Listen(256, "Debugger.paused")
	defer pauses.Close()
	c.evaluate(p, `(self.answered = fetch('/data').then(r => r.text()), 0)`)
	paused := next(t, pauses)
	for range 3 { // past the loop
		c.call(w, "Debugger.resume", nil)
		paused = next(t, pauses)
	}
	line, value := c.held(w, paused, "text")
	is(t, "present line", line, 17.0)
	is(t, "present text", value, "hello 6 0")
	is(t, "possible", c.call(w, "SWInspect.canStepBack", nil)["possible"], true)

	back := func(toBreakpoint bool, wantLine float64, expression string, want any) {
		t.Helper()
		c.call(w, "SWInspect.stepBack", object{"toBreakpoint": toBreakpoint})
		line, value := c.held(w, next(t, pauses), expression)
		is(t, "line", line, wantLine)
		is(t, expression, value, want)
	}
	back(false, 16, "typeof said + ' ' + sum", "string 6")
	back(false, 15, "before", 0.0)
	back(true, 10, "i + ' ' + sum", "3 3")
	back(true, 10, "i + ' ' + sum", "2 1")
	c.call(w, "Debugger.stepOver", nil)
	line, _ = c.held(w, next(t, pauses), "i")
	if line != 9 && line != 11 {
		t.Errorf("forward in the past: line %v", line)
	}
	c.call(w, "Debugger.resume", nil)
	line, value = c.held(w, next(t, pauses), "i + ' ' + sum")
	is(t, "forward to the breakpoint", []any{line, value}, []any{10.0, "3 3"})
	back(true, 10, "i + ' ' + sum", "2 1")
	c.call(w, "Debugger.resume", nil)
	next(t, pauses)
	c.call(w, "Debugger.resume", nil) // to the present
	line, value = c.held(w, next(t, pauses), "text")
	is(t, "again in the present", []any{line, value}, []any{17.0, "hello 6 0"})

	back(true, 10, "i + ' ' + sum", "3 3")
	c.call(w, "Debugger.disable", nil) // lets go of the copy and of the worker
	is(t, "answer", c.evaluate(p, "self.answered"), "hello 6 0")
	is(t, "entries", c.evaluate(p, "caches.open('runs').then(c => c.keys()).then(k => k.length)"), 1.0)
}
