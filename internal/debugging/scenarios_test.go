package debugging

import "time"

const simple = `// simple worker
var version = 'v1';
self.addEventListener('install', (event) => {
  const names = ['a', 'b'];
  event.waitUntil(prepare(names, 2));
});
self.addEventListener('activate', (e) => e.waitUntil(clients.claim()));

async function prepare(list, factor) {
  let total = 0;
  for (let i = 0; i < list.length; i++) {
    total += i * factor;
  }
  const made = await later(total);
  total = made + 1;
  return total;
}

function later(value) {
  return new Promise((resolve) => setTimeout(() => resolve(value), 10));
}

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (url.pathname === '/made') {
    event.respondWith(answer(url));
  }
});

async function answer(url) {
  const text = await later('made ' + url.search);
  return new Response(text);
}
`

var simpleFiles = map[string]string{"sw.js": simple}

var scenarios = []scenario{
	{"install", simpleFiles, func(d *driver) {
		state := d.register("/sw.js", nil)
		w := d.worker
		w.send("setAsyncCallStackDepth", object{"maxDepth": 8})
		w.send("setBreakpointByUrl", object{"url": d.origin + "/sw.js", "lineNumber": 3})
		w.send("setBreakpointByUrl", object{"url": d.origin + "/sw.js", "lineNumber": 14})
		w.run()
		p := w.parsed("/sw.js")
		_, b, _ := w.next(patience, "Debugger.breakpointResolved", "Debugger.paused")
		w.say("resolved %s", quoteJSON(b["breakpointId"] != nil))
		w.say("script %v %v:%v module %v", w.plain(p["url"].(string)), p["endLine"], p["endColumn"], p["isModule"])
		w.paused()
		w.scopes(0)
		w.on(0, "names")
		w.on(0, "event.type + version")
		w.on(0, "missing")
		w.eval("version")
		w.lines("stepOver")
		w.scopes(0)
		w.lines("stepInto")
		w.scopes(0)
		w.lines("stepOut")
		w.resume()
		w.paused()
		w.async()
		w.scopes(0)
		w.on(0, "made")
		w.resume()
		d.say("%v", d.wait(state))
	}},
	{"fetch", simpleFiles, func(d *driver) {
		state := d.register("/sw.js", nil)
		w := d.worker
		w.run()
		d.say("%v", d.wait(state))
		w.breakAt("/sw.js", 25, object{"condition": "event.request.url.endsWith('?yes')"})
		w.breakAt("/sw.js", 31, nil)
		d.say("%v", d.wait(d.fetch("/other?no")))
		text := d.fetch("/made?yes")
		w.paused()
		w.scopes(0)
		w.resume()
		w.paused()
		w.scopes(0)
		w.do("setVariableValue", object{"scopeNumber": 0, "variableName": "text", "newValue": object{"value": "changed"}, "callFrameId": w.frameID(0)})
		w.on(0, "text")
		w.resume()
		d.say("%v", d.wait(text))
	}},
	{"await", map[string]string{"sw.js": `oninstall = (e) => {
  e.waitUntil(outer());
};
async function outer() {
  let n = 0;
  n = await one();
  n++;
  for (const p of [one(), one()]) {
    n += await p;
  }
  return n;
}
async function one() {
  await null;
  return 1;
}
`}, func(d *driver) {
		state := d.register("/sw.js", nil)
		w := d.worker
		w.send("setAsyncCallStackDepth", object{"maxDepth": 8})
		w.send("setBreakpointByUrl", object{"url": d.origin + "/sw.js", "lineNumber": 4})
		w.run()
		w.paused()
		for range 6 {
			w.lines("stepOver")
		}
		w.async()
		w.scopes(0)
		for w.lines("stepOver") {
		}
		d.say("%v", d.wait(state))
	}},
	{"steps", map[string]string{"sw.js": `function a(x) {
  const y = b(x) + 1;
  return y;
}
function b(x) {
  if (x > 1) x--;
  else x++;
  return x * 2;
}
oninstall = () => {
  debugger;
  const r = [1, 2].map((n) => a(n));
  const o = { get g() { return a(3); } };
  o.g;
  try { thrower(); } catch (e) { a(e); } finally { a(1); }
  for (const k of [1]) a(k);
  while (false);
  do { a(2) } while (false);
  switch (r.length) { case 2: a(2); break; default: a(1); }
};
function thrower() { throw new Error('x'); }
`}, func(d *driver) {
		state := d.register("/sw.js", nil)
		w := d.worker
		w.run()
		w.paused()
		for range 4 {
			w.lines("stepInto")
		}
		w.lines("stepOut")
		w.lines("stepOut")
		for w.lines("stepOver") {
		}
		d.say("%v", d.wait(state))
	}},
	{"start", simpleFiles, func(d *driver) {
		state := d.register("/sw.js", nil)
		w := d.worker
		w.send("pause", nil)
		w.run()
		w.paused()
		w.on(0, "typeof version + typeof prepare")
		w.eval("1 + 1")
		w.lines("stepOver")
		w.lines("stepOver")
		w.resume()
		d.say("%v", d.wait(state))
		w.do("pause", nil)
		text := d.fetch("/made?1")
		w.paused()
		w.resume()
		d.say("%v", d.wait(text))
	}},
	{"instrumentation", map[string]string{"sw.js": "importScripts('lib.js'); var x = 1;", "lib.js": "var lib = 1;"}, func(d *driver) {
		state := d.register("/sw.js", nil)
		w := d.worker
		w.send("setInstrumentationBreakpoint", object{"instrumentation": "beforeScriptExecution"})
		w.run()
		p := w.paused()
		w.say("%s", w.plain(quoteJSON(at(p, "data", "url"))))
		w.resume()
		p = w.paused()
		w.say("%s", w.plain(quoteJSON(at(p, "data", "url"))))
		w.resume()
		d.say("%v", d.wait(state))
	}},
	{"exceptions", map[string]string{"sw.js": `onmessage = (e) => {
  if (e.data == 'caught') { try { thrower('c'); } catch (x) { } }
  if (e.data == 'uncaught') thrower('u');
  if (e.data == 'reject') e.waitUntil(rejecter());
  if (e.data == 'rejected') Promise.reject(new Error('r'));
  if (e.data == 'handled') handled();
};
function thrower(m) { throw new TypeError(m); }
async function rejecter() { await null; thrower('async'); }
async function handled() { try { await rejecter(); } catch (e) { } }
`}, func(d *driver) {
		state := d.register("/sw.js", nil)
		w := d.worker
		w.run()
		d.say("%v", d.wait(state))
		for _, mode := range []string{"uncaught", "caught", "all", "none"} {
			w.do("setPauseOnExceptions", object{"state": mode})
			for _, m := range []string{"caught", "uncaught", "reject", "rejected", "handled"} {
				d.wait(d.inPage("navigator.serviceWorker.ready.then((r) => r.active.postMessage('" + m + "'))"))
				n := 0
				for {
					_, p, ok := w.next(quiet, "Debugger.paused")
					if !ok {
						break
					}
					n++
					w.last = p
					w.say("%s %s: %s at %s %s%s", mode, m, p["reason"], w.stack(p["callFrames"]), value(p["data"]), flagOf(p["data"].(object), "uncaught"))
					w.do("resume", nil)
				}
				if n == 0 {
					w.say("%s %s: -", mode, m)
				}
			}
		}
	}},
	{"scopes", map[string]string{"sw.js": `const top = 'lexical';
var global = 'var';
oninstall = function handler(event) {
  const outer = 1;
  let unset;
  class K { #p = 5; get() { debugger; return this.#p; } }
  function inner(a, { b, c: [d] } = { b: 2, c: [3] }, ...rest) {
    var v = 'v';
    {
      let block = 'block';
      const f = () => { debugger; return outer + block + v; };
      try { throw 1 } catch (caught) { let x = 1; f(); debugger; }
      for (let i = 0; i < 1; i++) { debugger; }
      debugger;
      let later = 1;
    }
  }
  inner(1, undefined, 8, 9);
  new K().get();
};
`}, func(d *driver) {
		state := d.register("/sw.js", nil)
		w := d.worker
		w.run()
		for range 5 {
			w.paused()
			w.scopes(0)
			w.on(0, "this === self")
			w.do("resume", nil)
		}
		d.say("%v", d.wait(state))
	}},
	{"set", map[string]string{"sw.js": `let lexical = 1;
oninstall = (event) => {
  const c = 1;
  let l = 2;
  var v = 3;
  (function (p) {
    l; v;
    debugger;
    console.log(c, l, v, p, lexical);
    debugger;
  })(4);
};
`}, func(d *driver) {
		state := d.register("/sw.js", nil)
		w := d.worker
		w.run()
		w.paused()
		w.scopes(0)
		set := func(scope int, name string, v any) {
			w.fails("setVariableValue", object{"scopeNumber": scope, "variableName": name, "newValue": object{"value": v}, "callFrameId": w.frameID(0)})
		}
		set(0, "p", 40)
		set(1, "l", "new")
		set(1, "v", nil)
		set(1, "c", 9)
		set(0, "missing", 1)
		set(9, "p", 1)
		w.on(0, "lexical = 11")
		w.on(0, "l = l + '!'")
		w.on(0, "c = 5")
		w.on(0, "[p, l, v, c, lexical].join()")
		w.fails("evaluateOnCallFrame", object{"callFrameId": "1.2.3", "expression": "1"})
		w.resume()
		w.paused()
		w.on(0, "[p, l, v, c, lexical].join()")
		w.resume()
		w.fails("evaluateOnCallFrame", object{"callFrameId": "1.2.3", "expression": "1"})
		w.fails("stepOver", nil)
		w.fails("resume", nil)
		w.fails("setVariableValue", object{"scopeNumber": 0, "variableName": "x", "newValue": object{"value": 1}, "callFrameId": "1.2.3"})
		d.say("%v", d.wait(state))
	}},
	{"breakpoints", simpleFiles, func(d *driver) {
		state := d.register("/sw.js", nil)
		w := d.worker
		w.run()
		p := w.parsed("/sw.js")
		d.say("%v", d.wait(state))
		for _, line := range []int{0, 1, 2, 5, 7, 8, 10, 13, 19, 26, 100} {
			w.breakAt("/sw.js", line, nil)
		}
		w.breakAt("/sw.js", 4, object{"columnNumber": 20})
		w.fails("setBreakpointByUrl", object{"url": d.origin + "/sw.js", "lineNumber": 0})
		w.fails("setBreakpointByUrl", object{"lineNumber": 0})
		w.fails("setBreakpointByUrl", object{"url": d.origin + "/sw.js", "urlRegex": "x", "lineNumber": 0})
		w.fails("setBreakpointByUrl", object{"url": d.origin + "/sw.js", "lineNumber": 0, "columnNumber": -1})
		r := w.do("setBreakpointByUrl", object{"urlRegex": ".*sw\\.js$", "lineNumber": 30})
		w.say("regex %s %s", r["breakpointId"], w.places(r["locations"]))
		r = w.do("setBreakpointByUrl", object{"scriptHash": p["hash"], "lineNumber": 32})
		w.say("hash %v %s", r["breakpointId"] != nil, w.places(r["locations"]))
		r = w.do("setBreakpointByUrl", object{"url": d.origin + "/none.js", "lineNumber": 3})
		w.say("none %s", w.places(r["locations"]))
		r = w.do("setBreakpoint", object{"location": object{"scriptId": p["scriptId"], "lineNumber": 9}})
		w.say("by script %s", w.place(r["actualLocation"].(object)))
		w.fails("setBreakpoint", object{"location": object{"scriptId": p["scriptId"], "lineNumber": 9}})
		w.fails("setBreakpoint", object{"location": object{"scriptId": "99999", "lineNumber": 9}})
		w.fails("removeBreakpoint", object{"breakpointId": r["breakpointId"]})
		w.fails("removeBreakpoint", object{"breakpointId": "nonsense"})
		loc := w.do("getPossibleBreakpoints", object{"start": object{"scriptId": p["scriptId"], "lineNumber": 0, "columnNumber": 0}})
		w.say("%s", w.places(loc["locations"]))
		loc = w.do("getPossibleBreakpoints", object{"start": object{"scriptId": p["scriptId"], "lineNumber": 8, "columnNumber": 0}, "end": object{"scriptId": p["scriptId"], "lineNumber": 10, "columnNumber": 0}})
		w.say("%s", w.places(loc["locations"]))
		loc = w.do("getPossibleBreakpoints", object{"start": object{"scriptId": p["scriptId"], "lineNumber": 4, "columnNumber": 0}, "restrictToFunction": true})
		w.say("%s", w.places(loc["locations"]))
		w.fails("getPossibleBreakpoints", object{"start": object{"scriptId": "9999", "lineNumber": 4, "columnNumber": 0}})
		w.fails("searchInContent", object{"scriptId": p["scriptId"], "query": "later"})
		w.fails("searchInContent", object{"scriptId": p["scriptId"], "query": "LAT.R\\(", "isRegex": true})
		w.fails("searchInContent", object{"scriptId": "9999", "query": "later"})
		w.do("setBreakpointsActive", object{"active": false})
		d.say("%v", d.wait(d.fetch("/made?2")))
		w.do("setBreakpointsActive", object{"active": true})
		w.do("setSkipAllPauses", object{"skip": true})
		d.say("%v", d.wait(d.fetch("/made?3")))
		w.do("setSkipAllPauses", object{"skip": false})
		text := d.fetch("/made?4")
		w.paused()
		w.do("disable", nil)
		d.say("%v", d.wait(text))
	}},
	{"two", simpleFiles, func(d *driver) {
		state := d.register("/sw.js", nil)
		w := d.worker
		w.name = "A: "
		w.run()
		d.say("%v", d.wait(state))
		b := w.another("B: ")
		w.breakAt("/sw.js", 25, nil)
		b.breakAt("/sw.js", 25, nil)
		text := d.fetch("/made?1")
		w.paused()
		b.paused()
		b.on(0, "url.pathname")
		w.on(0, "url.pathname")
		b.resume()
		w.running()
		d.say("%v", d.wait(text))
		text = d.fetch("/made?2")
		w.paused()
		b.paused()
		d.call(d.page.Session, "Target.detachFromTarget", object{"sessionId": w.Session.ID()})
		b.on(0, "url.search")
		b.resume()
		d.say("%v", d.wait(text))
		text = d.fetch("/made?3")
		b.paused()
		d.call(d.conn.Root(), "Target.detachFromTarget", object{"sessionId": b.Session.ID()})
		d.say("%v", d.wait(text))
	}},
	{"late", simpleFiles, func(d *driver) {
		state := d.register("/sw.js", nil)
		w := d.worker
		w.run()
		d.say("%v", d.wait(state))
		text := d.fetch("/made?a")
		d.say("%v", d.wait(text))
		time.Sleep(quiet)
		w.breakAt("/sw.js", 31, nil)
		text = d.fetch("/made?b")
		w.paused()
		w.on(0, "url.search")
		w.resume()
		d.say("%v", d.wait(text))
	}},
}
