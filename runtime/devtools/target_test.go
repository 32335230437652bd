package devtools

import (
	"testing"
)

func TestAutoAttachWaits(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	attached := c.Listen(0, "Target.attachedToTarget", "Target.detachedFromTarget")
	c.call(p, "Target.setAutoAttach", object{"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true})
	registering := p.Go("Runtime.evaluate", object{"expression": `navigator.serviceWorker.register('/sw.js')`, "awaitPromise": true})
	if registering != nil {
		t.Fatal(registering)
	}
	e := next(t, attached)
	is(t, "type", at(e.Params, "targetInfo", "type"), "service_worker")
	is(t, "waiting", e.Params["waitingForDebugger"], true)
	is(t, "through", e.Session, p.ID())
	w := c.Session(e.Params["sessionId"].(string))
	is(t, "before its script", c.evaluate(w, "self.injected = 1; typeof greeting"), "undefined")
	c.call(w, "Runtime.runIfWaitingForDebugger", nil)
	c.evaluate(p, "navigator.serviceWorker.ready.then(() => 1)")
	is(t, "after it", c.evaluate(w, "[injected, greeting]"), []any{1, "hello"})

	c.evaluate(p, `window.w = new Worker(URL.createObjectURL(new Blob(['self.x = 42']))), 1`)
	e = next(t, attached)
	is(t, "dedicated", []any{at(e.Params, "targetInfo", "type"), e.Params["waitingForDebugger"]}, []any{"worker", true})
	d := c.Session(e.Params["sessionId"].(string))
	is(t, "not yet", c.evaluate(d, "typeof x"), "undefined")
	loaded := d.Listen(0, "Inspector.workerScriptLoaded")
	c.call(d, "Runtime.runIfWaitingForDebugger", nil)
	next(t, loaded)
	c.evaluate(p, `w.terminate()`)
	e = next(t, attached)
	is(t, "terminated", []any{e.Method, e.Params["sessionId"]}, []any{"Target.detachedFromTarget", d.ID()})

	c.call(p, "Target.setAutoAttach", object{"autoAttach": false, "waitForDebuggerOnStart": false, "flatten": true})
	is(t, "detached", next(t, attached).Params["sessionId"], w.ID())
	c.refused(p, "Target.setAutoAttach", object{"autoAttach": true, "waitForDebuggerOnStart": false}, -32602, "flatten")
	c.refused(c.Root(), "Target.setAutoAttach", object{"autoAttach": true, "waitForDebuggerOnStart": false, "flatten": true, "filter": []object{{}}}, -32602, "tab")
}

func TestBrowserContexts(t *testing.T) {
	c := connect(t)
	one := c.call(c.Root(), "Target.createBrowserContext", nil)["browserContextId"].(string)
	a, b := c.pageIn("/index.html", one), c.page("/index.html")
	c.evaluate(a, `localStorage.k = 'one'; document.cookie = 'k=one'`)
	is(t, "apart", c.evaluate(b, `[localStorage.k ?? null, document.cookie]`), []any{nil, ""})
	gone := c.Listen(0, "Target.detachedFromTarget", "Target.targetDestroyed")
	c.call(c.Root(), "Target.setDiscoverTargets", object{"discover": true})
	c.call(c.Root(), "Target.disposeBrowserContext", object{"browserContextId": one})
	is(t, "in order", names([]event{next(t, gone), next(t, gone)}), []string{"Target.detachedFromTarget", "Target.targetDestroyed"})
	if _, err := c.try(a, "Runtime.evaluate", object{"expression": "1"}); err == nil {
		t.Error("a session of the context that is gone answers")
	}
	c.refused(c.Root(), "Target.disposeBrowserContext", object{"browserContextId": one}, -32000, "Failed to find context")
	c.refused(c.Root(), "Target.createTarget", object{"url": "about:blank", "browserContextId": one}, -32000, "Failed to find browser context")
}

func TestTargets(t *testing.T) {
	c := connect(t)
	events := c.Listen(0, "Target.targetCreated", "Target.targetInfoChanged", "Target.targetDestroyed")
	c.call(c.Root(), "Target.setDiscoverTargets", object{"discover": true})
	p := c.page("/index.html")
	id := targetOf(c, p)
	last := until(t, events, func(e event) bool { return at(e.Params, "targetInfo", "title") == "tests" })
	is(t, "first", last[0].Method, "Target.targetCreated")
	c.register(p)
	until(t, events, func(e event) bool { return at(e.Params, "targetInfo", "type") == "service_worker" })
	opened := c.call(p, "Runtime.evaluate", object{"expression": `window.open('/other.html') !== null`})
	is(t, "opened", at(opened, "result", "value"), true)
	e := until(t, events, func(e event) bool { return at(e.Params, "targetInfo", "openerId") == id })
	popup := e[len(e)-1].Params["targetInfo"].(object)
	is(t, "popup", popup["url"], origin+"/other.html")
	is(t, "closed", c.call(c.Root(), "Target.closeTarget", object{"targetId": popup["targetId"]}), object{"success": true})
	until(t, events, func(e event) bool {
		return e.Method == "Target.targetDestroyed" && e.Params["targetId"] == popup["targetId"]
	})
	for _, method := range []string{"Target.closeTarget", "Target.activateTarget", "Target.attachToTarget"} {
		c.refused(c.Root(), method, object{"targetId": "nobody", "flatten": true}, -32602, "No target with given id found")
	}
	c.refused(c.Root(), "Target.createTarget", object{"url": "about:blank", "hidden": true, "newWindow": true}, -32602, "Hidden target cannot")
	c.refused(c.Root(), "Target.detachFromTarget", object{"sessionId": "nobody"}, -32602, "No session with given id")
	c.refused(p, "Nothing.enable", nil, -32601, "'Nothing.enable' wasn't found")
	c.refused(c.Root(), "ServiceWorker.enable", nil, -32601, "wasn't found")
	is(t, "domains", len(c.call(p, "Schema.getDomains", nil)["domains"].([]any)) > 15, true)
}

// A front end on a worker asks for other targets, as a browser's would.
func TestWorkerSeesNoTargets(t *testing.T) {
	c := connect(t)
	c.register(c.page("/index.html"))
	w := c.worker("/sw.js")
	c.refused(w, "Target.setDiscoverTargets", object{"discover": true}, -32000, "Not allowed")
	c.call(w, "Target.setRemoteLocations", object{"locations": []object{{"host": "localhost", "port": 9229}}})
}
