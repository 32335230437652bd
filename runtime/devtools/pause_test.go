package devtools

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
)

const debugged = `self.started = Math.random();
addEventListener('activate', (e) => e.waitUntil(clients.claim()));
addEventListener('fetch', (e) => {
  const { pathname } = new URL(e.request.url);
  if (pathname !== '/made') return;
  e.respondWith(new Response('made'));
});
`

func debugSite(o *Options) {
	files := maps.Clone(site)
	maps.Copy(files, fstest.MapFS{"debugged.js": file(debugged)})
	o.Browser.Network = fetch.Folder(files, origin)
}

// controlled is a page with an activated worker, and a session on the worker that has
// enabled nothing.
func controlled(t *testing.T) (*client, *cdp.Session, *cdp.Session) {
	t.Helper()
	c := connect(t, debugSite)
	p := c.page("/other.html")
	c.evaluate(p, `(async () => {
		await navigator.serviceWorker.register('/debugged.js');
		while (!navigator.serviceWorker.controller) await new Promise((r) => setTimeout(r, 5));
	})()`)
	return c, p, c.worker("/debugged.js")
}

// inBackground starts an expression in a page and gives where its value comes.
func (c *client) inBackground(s *cdp.Session, expression string) <-chan any {
	value := make(chan any, 1)
	go func() {
		r, err := c.try(s, "Runtime.evaluate", object{"expression": expression, "awaitPromise": true, "returnByValue": true})
		if err != nil {
			value <- err.Error()
			return
		}
		value <- at(r, "result", "value")
	}()
	return value
}

func (c *client) came(value <-chan any, want any) {
	c.t.Helper()
	select {
	case v := <-value:
		is(c.t, "value", v, want)
	case <-time.After(patience):
		c.t.Fatal("no value came")
	}
}

const fetchMade = `fetch('/made').then((r) => r.text(), String)`

func breakpointAt(line int) object {
	return object{"url": origin + "/debugged.js", "lineNumber": line}
}

// A worker that nobody debugged when it started is restarted when it has to pause; its
// sessions see a new context, no crash. Breakpoints outlive that and later restarts.
func TestRestartForDebugger(t *testing.T) {
	c, p, w := controlled(t)
	all := w.Listen(256)
	defer all.Close()
	before := c.evaluate(w, "started")
	c.call(w, "Runtime.enable", nil)
	c.call(w, "Log.enable", nil)
	c.call(w, "Debugger.enable", nil)
	is(t, "not restarted for that", c.evaluate(w, "started"), before)
	r := c.call(w, "Debugger.setBreakpointByUrl", breakpointAt(5))
	is(t, "place", at(r, "locations", 0, "lineNumber"), 5.0)
	if c.evaluate(w, "started") == before {
		t.Error("the worker was not restarted")
	}
	seen := names(until(t, all, func(e event) bool { return e.Method == "Debugger.breakpointResolved" }))
	for _, want := range []string{"Runtime.executionContextDestroyed", "Log.entryAdded"} {
		if !strings.Contains(strings.Join(seen, " "), want) {
			t.Errorf("no %s: %v", want, seen)
		}
	}
	if strings.Contains(strings.Join(seen, " "), "Inspector.target") {
		t.Errorf("a crash was told: %v", seen)
	}
	text := c.inBackground(p, fetchMade)
	paused := until(t, all, func(e event) bool { return e.Method == "Debugger.paused" })
	is(t, "hit", at(paused[len(paused)-1].Params, "hitBreakpoints"), []any{r["breakpointId"]})
	c.call(w, "Debugger.resume", nil)
	c.came(text, "made")

	// A restart of another kind.
	c.stopWorker(p)
	until(t, all, func(e event) bool { return e.Method == "Inspector.targetCrashed" })
	text = c.inBackground(p, fetchMade)
	until(t, all, func(e event) bool { return e.Method == "Inspector.targetReloadedAfterCrash" })
	until(t, all, func(e event) bool { return e.Method == "Debugger.paused" })
	is(t, "a client may ask again", c.call(w, "Debugger.setBreakpointByUrl", breakpointAt(5))["breakpointId"], r["breakpointId"])
	c.refused(w, "Debugger.setBreakpointByUrl", breakpointAt(5), -32000, "Breakpoint at specified location already exists.")
	c.call(w, "Debugger.resume", nil)
	c.came(text, "made")
}

// Debugger.pause in a worker without probes stops it at its first statement, again.
func TestPauseRestarts(t *testing.T) {
	c, p, w := controlled(t)
	paused := w.Listen(16, "Debugger.paused")
	defer paused.Close()
	c.call(w, "Debugger.enable", nil)
	c.call(w, "Debugger.pause", nil)
	e := next(t, paused).Params
	is(t, "place", at(e, "callFrames", 0, "location", "lineNumber"), 0.0)
	is(t, "not run yet", c.evaluate(w, "typeof started"), "undefined")
	c.call(w, "Debugger.resume", nil)
	text := c.inBackground(p, fetchMade)
	c.came(text, "made")
	c.call(w, "Debugger.pause", nil)
	text = c.inBackground(p, fetchMade)
	is(t, "the next event", at(next(t, paused).Params, "callFrames", 0, "location", "lineNumber"), 3.0)
	c.refused(w, "Debugger.setVariableValue", object{"callFrameId": "1.2.0", "scopeNumber": 0, "variableName": "pathname", "newValue": object{"value": 1}}, -32000, "constant")
	c.call(w, "Debugger.resume", nil)
	c.came(text, "made")
}

// What clients evaluate in a worker that waits is not what Debugger.pause stops at.
func TestPauseWhileWaiting(t *testing.T) {
	c := connect(t, debugSite)
	p := c.page("/other.html")
	attached := c.Root().Listen(16, "Target.attachedToTarget")
	defer attached.Close()
	c.call(c.Root(), "Target.setAutoAttach", object{"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true, "filter": []any{object{"type": "service_worker"}}})
	done := c.inBackground(p, `navigator.serviceWorker.register('/debugged.js').then(() => 1)`)
	w := c.Session(next(t, attached).Params["sessionId"].(string))
	paused := w.Listen(16, "Debugger.paused")
	defer paused.Close()
	c.call(w, "Debugger.enable", nil)
	c.call(w, "Debugger.pause", nil)
	is(t, "evaluated", c.evaluate(w, "let early = 1; early"), 1)
	c.call(w, "Runtime.runIfWaitingForDebugger", nil)
	e := next(t, paused).Params
	is(t, "scope", at(e, "callFrames", 0, "location", "lineNumber"), 0.0)
	is(t, "the worker's script", c.evaluate(w, "typeof started + early"), "undefined1")
	c.call(w, "Debugger.resume", nil)
	c.came(done, 1)
}

// stopWorker stops the workers of a page's context.
func (c *client) stopWorker(p *cdp.Session) {
	c.t.Helper()
	c.call(p, "ServiceWorker.enable", nil)
	c.call(p, "ServiceWorker.stopAllWorkers", nil)
}

// pausedAt is a worker that is paused in its fetch event, and where the answer comes.
func pausedAt(t *testing.T) (*client, *cdp.Session, *cdp.Session, <-chan any) {
	t.Helper()
	c, p, w := controlled(t)
	paused := w.Listen(16, "Debugger.paused")
	defer paused.Close()
	c.call(w, "Debugger.enable", nil)
	c.call(w, "Debugger.setBreakpointByUrl", breakpointAt(5))
	text := c.inBackground(p, fetchMade)
	select {
	case <-paused.C():
	case v := <-text:
		t.Fatalf("answered without a pause: %v", v)
	case <-time.After(patience):
		t.Fatal("no pause came")
	}
	return c, p, w, text
}

// Whatever ends a worker or its debugger ends the pause.
func TestPauseEnds(t *testing.T) {
	for name, end := range map[string]struct {
		how  func(c *client, p, w *cdp.Session)
		want any
	}{
		"detach": {func(c *client, _, w *cdp.Session) {
			c.call(c.Root(), "Target.detachFromTarget", object{"sessionId": w.ID()})
		}, "made"},
		"disable": {func(c *client, _, w *cdp.Session) { c.call(w, "Debugger.disable", nil) }, "made"},
		"stop":    {func(c *client, p, _ *cdp.Session) { c.stopWorker(p) }, "404 page not found\n"},
		"close": {func(c *client, _, w *cdp.Session) {
			id := at(c.call(w, "Target.getTargetInfo", nil), "targetInfo", "targetId")
			c.call(c.Root(), "Target.closeTarget", object{"targetId": id})
		}, "404 page not found\n"},
	} {
		t.Run(name, func(t *testing.T) {
			c, p, w, text := pausedAt(t)
			end.how(c, p, w)
			c.came(text, end.want)
			is(t, "the next one", c.evaluate(p, "1 + 1"), 2)
		})
	}
	t.Run("unregister", func(t *testing.T) {
		c, p, w, text := pausedAt(t)
		is(t, "unregistered", c.evaluate(p, "navigator.serviceWorker.ready.then((r) => r.unregister())"), true)
		c.call(w, "Debugger.resume", nil)
		c.came(text, "made")
	})
	t.Run("server", func(t *testing.T) {
		c, _, _, _ := pausedAt(t)
		c.server.Close()
	})
}

// A paused worker is neither idle nor late.
func TestPauseTakesItsTime(t *testing.T) {
	c := connect(t, debugSite, func(o *Options) {
		o.Browser.Limits = runtime.Limits{IdleTimeout: 200 * time.Millisecond, FetchTimeout: 50 * time.Millisecond, EventTimeout: 50 * time.Millisecond, StartTimeout: time.Second}
	})
	p := c.page("/other.html")
	c.evaluate(p, `navigator.serviceWorker.register('/debugged.js').then(() => navigator.serviceWorker.ready).then(() => 1)`)
	w := c.worker("/debugged.js")
	paused := w.Listen(16, "Debugger.paused")
	defer paused.Close()
	c.call(w, "Debugger.enable", nil)
	c.call(w, "Debugger.setBreakpointByUrl", breakpointAt(5))
	c.navigate(p, "/other.html")
	text := c.inBackground(p, fetchMade)
	next(t, paused)
	time.Sleep(500 * time.Millisecond)
	is(t, "still there", c.evaluate(w, "typeof started"), "number")
	c.call(w, "Debugger.resume", nil)
	c.came(text, "made")
}

// Who enables Debugger while the worker is paused hears of the pause.
func TestEnabledInAPause(t *testing.T) {
	c, _, w, text := pausedAt(t)
	other := c.worker("/debugged.js")
	events := other.Listen(64)
	defer events.Close()
	c.call(other, "Debugger.enable", nil)
	all := until(t, events, func(e event) bool { return e.Method == "Debugger.paused" })
	is(t, "no hit of its own", all[len(all)-1].Params["hitBreakpoints"], []any{})
	id := at(all[len(all)-1].Params, "callFrames", 0, "callFrameId")
	is(t, "value", at(c.call(other, "Debugger.evaluateOnCallFrame", object{"callFrameId": id, "expression": "pathname"}), "result", "value"), "/made")
	c.call(other, "Debugger.resume", nil)
	until(t, events, func(e event) bool { return e.Method == "Debugger.resumed" })
	c.came(text, "made")
	c.refused(w, "Debugger.resume", nil, -32000, "Can only perform operation while paused.")
}

// A thousand breakpoints are set in little time, and each is one.
func TestThousandBreakpoints(t *testing.T) {
	var script strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&script, "self.n%d = %d;\n", i, i)
	}
	script.WriteString("onmessage = (e) => {\n  e.source.postMessage('heard');\n};\n")
	files := maps.Clone(site)
	files["many.js"] = file(script.String())
	c := connect(t, func(o *Options) { o.Browser.Network = fetch.Folder(files, origin) })
	p := c.page("/other.html")
	c.evaluate(p, `navigator.serviceWorker.register('/many.js').then(() => navigator.serviceWorker.ready).then(() => 1)`)
	w := c.worker("/many.js")
	paused := w.Listen(2000, "Debugger.paused")
	defer paused.Close()
	c.call(w, "Debugger.enable", nil)
	// The first one restarts the worker, and stops it at once.
	c.call(w, "Debugger.setBreakpointByUrl", object{"url": origin + "/many.js", "lineNumber": 999})
	is(t, "line", at(next(t, paused).Params, "callFrames", 0, "location", "lineNumber"), 999.0)
	c.call(w, "Debugger.resume", nil)
	began := time.Now()
	for i := range 999 {
		r := c.call(w, "Debugger.setBreakpointByUrl", object{"url": origin + "/many.js", "lineNumber": i})
		if line := at(r, "locations", 0, "lineNumber"); line != float64(i) {
			t.Fatalf("breakpoint %d is at line %v", i, line)
		}
	}
	t.Logf("a thousand breakpoints in %v", time.Since(began))
	c.call(w, "Debugger.setBreakpointByUrl", object{"url": origin + "/many.js", "lineNumber": 1001})
	c.evaluate(p, `navigator.serviceWorker.ready.then((r) => r.active.postMessage(1))`)
	is(t, "line", at(next(t, paused).Params, "callFrames", 0, "location", "lineNumber"), 1001.0)
	c.call(w, "Debugger.setBreakpointsActive", object{"active": false})
	c.call(w, "Debugger.resume", nil)
}

// Dedicated workers pause, too, when a session has them wait and enables Debugger: theirs
// cannot be restarted.
func TestPauseOfDedicatedWorker(t *testing.T) {
	files := maps.Clone(site)
	maps.Copy(files, fstest.MapFS{
		"dedicated.js": file("importScripts('/more.js');\nonmessage = (e) => {\n  const twice = double(e.data);\n  postMessage(twice);\n};\n"),
		"more.js":      file("function double(n) {\n  return n * 2;\n}\n"),
	})
	c := connect(t, func(o *Options) { o.Browser.Network = fetch.Folder(files, origin) })
	p := c.page("/other.html")
	attached := p.Listen(16, "Target.attachedToTarget")
	defer attached.Close()
	c.call(p, "Target.setAutoAttach", object{"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true})
	value := c.inBackground(p, `new Promise((r) => { const w = new Worker('/dedicated.js'); w.onmessage = (e) => r(e.data); w.postMessage(21) })`)
	w := c.Session(next(t, attached).Params["sessionId"].(string))
	paused := w.Listen(16, "Debugger.paused")
	defer paused.Close()
	c.call(w, "Debugger.enable", nil)
	c.call(w, "Debugger.setBreakpointByUrl", object{"url": origin + "/more.js", "lineNumber": 1})
	c.call(w, "Runtime.runIfWaitingForDebugger", nil)
	e := next(t, paused).Params
	is(t, "frames", []any{at(e, "callFrames", 0, "functionName"), at(e, "callFrames", 1, "location", "lineNumber")}, []any{"double", 2})
	id := at(e, "callFrames", 0, "callFrameId")
	c.call(w, "Debugger.evaluateOnCallFrame", object{"callFrameId": id, "expression": "n = 4"})
	is(t, "the page goes on", c.evaluate(p, "1 + 1"), 2)
	c.call(w, "Debugger.resume", nil)
	c.came(value, 8)
}
