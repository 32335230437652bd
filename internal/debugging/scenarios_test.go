package debugging

import (
	"strings"
	"time"
)

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
  let text = await later('made ' + url.search);
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
  n += await one();
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
		for range 4 {
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
				if mode == "uncaught" && m == "reject" {
					continue // V8 takes it that waitUntil catches
				}
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
  class K { #p = 5; get() { debugger; return this.#p + outer; } }
  function inner(a, b) {
    var v = 'v';
    {
      let block = 'block';
      try { throw 1 } catch (caught) { let x = 1; debugger; }
      for (let i = 0; i < 1; i++) { debugger; }
      debugger;
      let later = outer;
    }
    const [d, { e, f = 7 }] = [3, { e: 4 }];
    debugger;
  }
  inner(1, undefined);
  new K().get();
  (function () { debugger; return [outer, unset, event]; }).call(5);
};
`}, func(d *driver) {
		state := d.register("/sw.js", nil)
		w := d.worker
		w.run()
		for _, closures := range []string{"outer", "outer", "outer", "outer", "outer", "outer unset event"} {
			w.paused()
			w.closures = strings.Fields(closures)
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
		w.closures = []string{"l", "v"}
		w.scopes(0)
		set := func(scope int, name string, v any) {
			w.fails("setVariableValue", object{"scopeNumber": scope, "variableName": name, "newValue": object{"value": v}, "callFrameId": w.frameID(0)})
		}
		set(0, "p", 40)
		set(1, "l", "new")
		set(1, "v", nil)
		set(0, "missing", 1)
		set(9, "p", 1)
		w.on(0, "lexical = 11")
		w.on(0, "l = l + '!'")
		w.on(0, "c = 5")
		w.on(0, "[p, l, v, lexical].join()")
		w.fails("evaluateOnCallFrame", object{"callFrameId": "1.2.3", "expression": "1"})
		w.resume()
		w.paused()
		w.on(0, "[p, l, v, lexical].join()")
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
		r = w.do("setBreakpointByUrl", object{"scriptHash": p["hash"], "lineNumber": 31})
		w.say("hash %v %s", r["breakpointId"] != nil, w.places(r["locations"]))
		r = w.do("setBreakpointByUrl", object{"url": d.origin + "/none.js", "lineNumber": 3})
		w.say("none %s", w.places(r["locations"]))
		r = w.do("setBreakpoint", object{"location": object{"scriptId": p["scriptId"], "lineNumber": 9}})
		w.say("by script %s", w.place(r["actualLocation"].(object)))
		w.fails("setBreakpoint", object{"location": object{"scriptId": p["scriptId"], "lineNumber": 9}})
		w.fails("setBreakpoint", object{"location": object{"scriptId": "99999", "lineNumber": 9}})
		w.fails("removeBreakpoint", object{"breakpointId": r["breakpointId"]})
		w.fails("removeBreakpoint", object{"breakpointId": "nonsense"})
		loc := w.do("getPossibleBreakpoints", object{"start": object{"scriptId": p["scriptId"], "lineNumber": 0, "columnNumber": 0}, "end": object{"scriptId": p["scriptId"], "lineNumber": 32, "columnNumber": 0}})
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
	{"module", map[string]string{
		"sw.js":         "import { double } from './lib/double.js';\nimport './lib/side.js';\nconst local = 4;\noninstall = () => {\n  const two = double(1);\n  self.two = two;\n};\n",
		"lib/double.js": "// doubles\nlet calls = 0;\nexport function double(n) {\n  calls++;\n  return n * 2;\n}\n",
		"lib/side.js":   "self.side = import.meta.url;\n",
	}, func(d *driver) {
		state := d.register("/sw.js", object{"type": "module"})
		w := d.worker
		w.send("setBreakpointByUrl", object{"url": d.origin + "/lib/double.js", "lineNumber": 3})
		w.send("setBreakpointByUrl", object{"url": d.origin + "/sw.js", "lineNumber": 2})
		w.run()
		for _, path := range []string{"/sw.js", "/lib/double.js", "/lib/side.js"} {
			p := w.parsed(path)
			w.say("%s module %v", w.plain(p["url"].(string)), p["isModule"])
		}
		w.paused()
		w.on(0, "side.slice(side.lastIndexOf('/'))")
		w.resume()
		w.paused()
		w.on(0, "n")
		w.on(0, "calls")
		w.lines("stepOver")
		w.lines("stepOut")
		w.lines("stepOver")
		w.on(0, "two")
		w.resume()
		d.say("%v", d.wait(state))
	}},
	{"prelude", simpleFiles, func(d *driver) {
		state := d.register("/sw.js", nil)
		w := d.worker
		w.send("Runtime.evaluate", object{"expression": `(() => {
  let detail = {n: 1};
  function stop(reason) {
    debugger; // here
    return detail.n;
  }
  self.stopHere = stop;
})();
//# sourceURL=swinspect:prelude`})
		w.run()
		p := w.parsed("swinspect:prelude")
		w.say("%v %v", p["url"], p["hasSourceURL"])
		d.say("%v", d.wait(state))
		w.send("Runtime.evaluate", object{"expression": "stopHere('why') + 1"})
		w.pausedTop()
		w.on(0, "detail.n + reason")
		w.on(0, "detail.n = 5")
		w.resume()
		w.send("Runtime.evaluate", object{"expression": "debugger; 7"})
		w.paused()
		w.resume()
	}},
	{"logpoint", simpleFiles, func(d *driver) {
		state := d.register("/sw.js", nil)
		w := d.worker
		w.run()
		d.say("%v", d.wait(state))
		w.breakAt("/sw.js", 30, object{"condition": "/** DEVTOOLS_LOGPOINT */ console.log('at', url.pathname)\n\n//# sourceURL=debugger://logpoint"})
		w.breakAt("/sw.js", 31, object{"condition": "/** CONDITIONAL */ text.length > 100\n\n//# sourceURL=debugger://breakpoint"})
		w.breakAt("/sw.js", 25, object{"condition": "nowhere.at.all"})
		d.say("%v", d.wait(d.fetch("/made?1")))
		w.console()
		w.breakAt("/sw.js", 24, object{"condition": "url.search == '?2'"})
		text := d.fetch("/made?2")
		w.paused()
		w.resume()
		d.say("%v", d.wait(text))
	}},
	{"blackbox", map[string]string{"sw.js": "importScripts('lib.js');\noninstall = () => {\n  debugger;\n  lib((x) => {\n    x++;\n    return x;\n  });\n  self.done = 1;\n};\n", "lib.js": "function lib(f) {\n  const a = 1;\n  const b = f(a);\n  return b;\n}\n"}, func(d *driver) {
		state := d.register("/sw.js", nil)
		w := d.worker
		w.send("setBlackboxPatterns", object{"patterns": []any{"lib\\.js$"}})
		w.run()
		w.paused()
		w.lines("stepInto")
		w.lines("stepInto")
		w.lines("stepInto")
		w.lines("stepInto")
		w.lines("stepInto")
		w.resume()
		d.say("%v", d.wait(state))
	}},
	{"continue", simpleFiles, func(d *driver) {
		state := d.register("/sw.js", nil)
		w := d.worker
		w.send("setBreakpointByUrl", object{"url": d.origin + "/sw.js", "lineNumber": 9})
		w.run()
		p := w.parsed("/sw.js")
		w.paused()
		w.do("continueToLocation", object{"location": object{"scriptId": p["scriptId"], "lineNumber": 14}})
		w.running()
		w.paused()
		w.fails("continueToLocation", object{"location": object{"scriptId": "999", "lineNumber": 14}})
		w.resume()
		d.say("%v", d.wait(state))
	}},
	{"values", simpleFiles, func(d *driver) {
		state := d.register("/sw.js", nil)
		w := d.worker
		w.send("setBreakpointByUrl", object{"url": d.origin + "/sw.js", "lineNumber": 14})
		w.run()
		w.paused()
		in := func(expression string, more object) {
			params := object{"callFrameId": w.frameID(0), "expression": expression}
			for k, v := range more {
				params[k] = v
			}
			r := w.do("evaluateOnCallFrame", params)
			w.say("%s = %s", expression, w.result(r))
		}
		r := w.do("evaluateOnCallFrame", object{"callFrameId": w.frameID(0), "expression": "({list, made})", "returnByValue": true})
		w.say("%s", quoteJSON(at(r, "result", "value")))
		r = w.do("evaluateOnCallFrame", object{"callFrameId": w.frameID(0), "expression": "({list, made})", "generatePreview": true})
		w.say("%s", quoteJSON(at(r, "result", "preview", "properties")))
		in("total++", nil)
		in("total", nil)
		pure := object{"throwOnSideEffect": true}
		for _, expression := range []string{"total", "total + made * 2", "list.length", "list[1]", "typeof nowhere", "nowhere", "total++", "total = 1", "later(1)", "list?.length", "missing?.x", "`${total}!`", "this === self", "total > 1 ? 'more' : 'less'", "!list", "delete list.x"} {
			in(expression, pure)
		}
		in("total", nil)
		in("var declared = 1; declared", nil)
		in("typeof declared", nil)
		in("x y", nil)
		in("throw new RangeError('r')", nil)
		in("(() => { debugger; return 1 })()", nil)
		w.eval("typeof total")
		w.eval("version")
		in("function made2() { return total } made2()", nil)
		w.resume()
		d.say("%v", d.wait(state))
	}},
	{"loops", map[string]string{"sw.js": `oninstall = () => {
  debugger;
  let n = 0;
  for (const x of [1, 2]) {
    n += x;
  }
  for (let i = 0; i < 2; i++) {
    n++;
  }
  while (n < 7) {
    n++;
  }
  do {
    n--;
  } while (n > 5);
  for (const k in { a: 1 }) {
    n += k.length;
  }
  self.n = n;
};
`}, func(d *driver) {
		state := d.register("/sw.js", nil)
		w := d.worker
		w.run()
		w.paused()
		for w.lines("stepOver") {
		}
		d.say("%v", d.wait(state))
	}},
	{"rewritten", map[string]string{"sw.js": `// what the engine lowers before it runs
const numbers = async function* (n) { // a lowered generator has no name
  for (let i = 0; i < n; i++) {
    yield i;
  }
};
oninstall = (e) => e.waitUntil((async () => {
  let sum = 0;
  for await (const n of numbers(3)) {
    sum += n;
  }
  self.sum = sum;
})());
//# sourceMappingURL=data:application/json;base64,e30=
`}, func(d *driver) {
		state := d.register("/sw.js", nil)
		w := d.worker
		w.send("setBreakpointByUrl", object{"url": d.origin + "/sw.js", "lineNumber": 3, "condition": "i == 1"})
		w.send("setBreakpointByUrl", object{"url": d.origin + "/sw.js", "lineNumber": 11})
		w.run()
		p := w.parsed("/sw.js")
		w.say("%v", p["sourceMapURL"])
		w.pausedPlace()
		w.on(0, "n + i")
		w.resume()
		w.pausedTop()
		w.on(0, "sum")
		w.resume()
		d.say("%v", d.wait(state))
	}},
	{"imports", map[string]string{"sw.js": "importScripts('/a.js', '/b.js');\nonactivate = (e) => e.waitUntil(clients.claim());\nonfetch = (e) => {\n  if (e.request.url.endsWith('made')) e.respondWith(both());\n};\n", "a.js": "function a() {\n  return 'a';\n}\n", "b.js": "function both() {\n  const text = a() + 'b';\n  return new Response(text);\n}\n"}, func(d *driver) {
		state := d.register("/sw.js", nil)
		w := d.worker
		w.run()
		d.say("%v", d.wait(state))
		w.breakAt("/a.js", 1, nil)
		r := w.do("setBreakpointByUrl", object{"urlRegex": "b\\.js$|nothing", "lineNumber": 2, "condition": "text == 'no'"})
		w.say("%s", w.places(r["locations"]))
		text := d.fetch("/made")
		w.paused()
		w.lines("stepOut")
		w.on(0, "text")
		w.resume()
		d.say("%v", d.wait(text))
	}},
}
