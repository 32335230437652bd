package devtools

import (
	"strings"
	"testing"
)

func TestEvaluate(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	for expression, want := range map[string]object{
		`1 + 1`:            {"type": "number", "value": 2, "description": "2"},
		`''`:               {"type": "string", "value": ""},
		`null`:             {"type": "object", "subtype": "null", "value": nil},
		`undefined`:        {"type": "undefined"},
		`-0`:               {"type": "number", "unserializableValue": "-0", "description": "-0"},
		`NaN`:              {"type": "number", "unserializableValue": "NaN", "description": "NaN"},
		`2n ** 64n`:        {"type": "bigint", "unserializableValue": "18446744073709551616n", "description": "18446744073709551616n"},
		`[]`:               {"type": "object", "subtype": "array", "className": "Array", "description": "Array(0)"},
		`new Map([[1,2]])`: {"type": "object", "subtype": "map", "className": "Map", "description": "Map(1)"},
		`new Uint8Array(2)`: {
			"type": "object", "subtype": "typedarray", "className": "Uint8Array", "description": "Uint8Array(2)"},
		`Promise.resolve(1)`: {"type": "object", "subtype": "promise", "className": "Promise", "description": "Promise"},
		`new Proxy({}, {})`:  {"type": "object", "subtype": "proxy", "className": "Object", "description": "Proxy(Object)"},
		`/a/gi`:              {"type": "object", "subtype": "regexp", "className": "RegExp", "description": "/a/gi"},
		`document.querySelector('p')`: {
			"type": "object", "subtype": "node", "className": "HTMLParagraphElement", "description": "p#p.a.b"},
		`Symbol('s')`: {"type": "symbol", "description": "Symbol(s)"},
	} {
		got := c.call(p, "Runtime.evaluate", object{"expression": expression})["result"].(object)
		delete(got, "objectId")
		is(t, expression, got, want)
	}
	for expression, want := range map[string]any{
		`({a: {b: []}, u: undefined, f() {}, n: NaN})`: object{"a": object{"b": []any{}}, "f": object{}, "n": nil},
		`[1, 'x', null, undefined]`:                    []any{1, "x", nil, nil},
		`({})`:                                         object{},
		`Promise.resolve('later')`:                     "later",
		`app`:                                          "loaded",
	} {
		is(t, expression, c.evaluate(p, expression), want)
	}
	c.refused(p, "Runtime.evaluate", object{"expression": "1", "contextId": 999}, -32000, "Cannot find context with specified id")
	c.refused(p, "Runtime.evaluate", object{"expression": "Symbol('s')", "returnByValue": true}, -32000, "")
}

func TestExceptions(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	for expression, want := range map[string][2]string{
		`null.x`:                                 {"Uncaught", "TypeError: "},
		`throw 5`:                                {"Uncaught", "5"},
		`}`:                                      {"Uncaught", "SyntaxError: Unexpected token '}'"},
		`function f() { g() }; f()`:              {"Uncaught", "ReferenceError: g is not defined\n    at f (<anonymous>:1:"},
		`Promise.reject(new TypeError("later"))`: {"Uncaught (in promise) TypeError: later", "TypeError: later\n    at <anonymous>:1:"},
		`Promise.reject(7)`:                      {"Uncaught (in promise)", "7"},
	} {
		r := c.call(p, "Runtime.evaluate", object{"expression": expression, "awaitPromise": true})
		is(t, expression, at(r, "exceptionDetails", "text"), want[0])
		if d, _ := at(r, "exceptionDetails", "exception", "description").(string); !strings.HasPrefix(d, want[1]) {
			t.Errorf("%s: %q", expression, d)
		}
	}
	r := c.call(p, "Runtime.evaluate", object{"expression": "function f() { throw new Error('e') }\nf()\n//# sourceURL=named.js"})
	is(t, "url", at(r, "exceptionDetails", "stackTrace", "callFrames", 0, "url"), "named.js")
	is(t, "line", at(r, "exceptionDetails", "stackTrace", "callFrames", 1, "lineNumber"), 1)
}

func TestRemoteObjects(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	hold := func(expression, group string) string {
		r := c.call(p, "Runtime.evaluate", object{"expression": expression, "objectGroup": group})
		return at(r, "result", "objectId").(string)
	}
	o := hold(`({x: 1, get y() { return 2 }, [Symbol('s')]: 3, __proto__: {z: 4}})`, "g")
	r := c.call(p, "Runtime.getProperties", object{"objectId": o, "ownProperties": true})
	var keys []any
	for _, d := range r["result"].([]any) {
		keys = append(keys, at(d, "name"))
	}
	is(t, "own properties", keys, []any{"x", "y", "Symbol(s)"})
	is(t, "getter", at(r, "result", 1, "get", "type"), "function")
	is(t, "internal", at(r, "internalProperties", 0, "name"), "[[Prototype]]")
	if all := asJSON(c.call(p, "Runtime.getProperties", object{"objectId": o})); !strings.Contains(all, `"name":"z"`) {
		t.Errorf("inherited: %s", all)
	}
	call := object{"objectId": o, "functionDeclaration": "function(a, b) { return [this.x, a.x, b] }", "arguments": []any{object{"objectId": o}, object{"value": "v"}}, "returnByValue": true}
	is(t, "call", at(c.call(p, "Runtime.callFunctionOn", call), "result", "value"), []any{1, 1, "v"})
	c.refused(p, "Runtime.callFunctionOn", object{"functionDeclaration": "() => 1"}, -32602, "Either objectId")
	c.refused(p, "Runtime.callFunctionOn", object{"functionDeclaration": "5", "objectId": o}, -32000, "does not evaluate to a function")

	c.call(p, "Runtime.releaseObject", object{"objectId": o})
	c.refused(p, "Runtime.getProperties", object{"objectId": o}, -32000, "Could not find object with given id")
	one, two := hold("({})", "mine"), hold("({})", "other")
	c.call(p, "Runtime.releaseObjectGroup", object{"objectGroup": "mine"})
	c.refused(p, "Runtime.getProperties", object{"objectId": one}, -32000, "Could not find")
	c.call(p, "Runtime.getProperties", object{"objectId": two})

	promise := hold("new Promise((r) => setTimeout(() => r({done: true}), 5))", "")
	is(t, "awaitPromise", at(c.call(p, "Runtime.awaitPromise", object{"promiseObjectId": promise, "returnByValue": true}), "result", "value"), object{"done": true})
	c.refused(p, "Runtime.awaitPromise", object{"promiseObjectId": two}, -32000, "Could not find promise")
	c.navigate(p, "/other.html")
	c.refused(p, "Runtime.getProperties", object{"objectId": two}, -32000, "Could not find")
}

func TestPreviews(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	preview := func(expression string) object {
		return at(c.call(p, "Runtime.evaluate", object{"expression": expression, "generatePreview": true}), "result", "preview").(object)
	}
	is(t, "object", preview(`({a: 1, b: 'x', c: null, d: undefined, e: [1], f: 2})`), object{
		"type": "object", "description": "Object", "overflow": true, "properties": []any{
			object{"name": "a", "type": "number", "value": "1"}, object{"name": "b", "type": "string", "value": "x"},
			object{"name": "c", "type": "object", "subtype": "null", "value": "null"}, object{"name": "d", "type": "undefined", "value": "undefined"},
			object{"name": "e", "type": "object", "subtype": "array", "value": "Array(1)"},
		},
	})
	is(t, "map", at(preview(`new Map([[1, {a: 2}]])`), "entries", 0, "value", "properties", 0, "name"), "a")
	is(t, "map size", at(preview(`new Map([[1, {a: 2}]])`), "properties", 0), object{"name": "size", "type": "number", "value": "1"})
	is(t, "promise", at(preview(`Promise.reject(3).catch(() => 4), Promise.resolve(3)`), "properties", 0, "value"), "fulfilled")
	long := at(preview(`({s: 'x'.repeat(300)})`), "properties", 0, "value").(string)
	if n := len([]rune(long)); n != 100 {
		t.Errorf("a long string has %d characters", n)
	}
	c.call(p, "Runtime.evaluate", object{"expression": `window.touched = 0; ({get a() { touched++ }, p: new Proxy({}, {ownKeys() { touched++; return [] }, get() { touched++ }})})`, "generatePreview": true})
	is(t, "no script runs for a preview", c.evaluate(p, "touched"), 0)
}

func TestConsoleAndBindings(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	said := p.Listen(0, "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Runtime.bindingCalled")
	c.evaluate(p, `console.log(); console.log('a', 1, {b: 2}); console.warn('w')`)
	e := next(t, said)
	is(t, "type", e.Params["type"], "log")
	is(t, "args", []any{at(e.Params, "args", 0, "value"), at(e.Params, "args", 1, "value"), at(e.Params, "args", 2, "preview", "properties", 0, "value")}, []any{"a", 1, "2"})
	is(t, "type", next(t, said).Params["type"], "warning")
	c.evaluate(p, `setTimeout(() => { throw new RangeError('far') })`)
	e = next(t, said)
	is(t, "exception", []any{e.Method, at(e.Params, "exceptionDetails", "text"), at(e.Params, "exceptionDetails", "exception", "className")}, []any{"Runtime.exceptionThrown", "Uncaught", "RangeError"})
	c.evaluate(p, `setTimeout(() => Promise.reject(new Error('no'))), 1`)
	is(t, "rejection", at(next(t, said).Params, "exceptionDetails", "text"), "Uncaught (in promise)")

	c.call(p, "Runtime.addBinding", object{"name": "tell"})
	c.evaluate(p, `tell('here')`)
	e = next(t, said)
	is(t, "binding", []any{e.Params["name"], e.Params["payload"]}, []any{"tell", "here"})
	c.navigate(p, "/other.html")
	c.evaluate(p, `tell('there')`)
	is(t, "binding of the next document", next(t, said).Params["payload"], "there")
	is(t, "wrong arguments", c.evaluate(p, `(() => { try { tell(5) } catch (e) { return e.name } })()`), "TypeError")

	late := c.Session(c.call(c.Root(), "Target.attachToTarget", object{"targetId": targetOf(c, p), "flatten": true})["sessionId"].(string))
	c.evaluate(p, `console.log('before')`)
	past := late.Listen(0, "Runtime.consoleAPICalled")
	c.call(late, "Runtime.enable", nil)
	is(t, "what was said before", at(next(t, past).Params, "args", 0, "value"), "before")
}

// targetOf is the target of a session.
func targetOf(c *client, s interface{ ID() string }) string {
	return c.call(c.Session(s.ID()), "Target.getTargetInfo", nil)["targetInfo"].(object)["targetId"].(string)
}

func TestScriptsOfAClient(t *testing.T) {
	c := connect(t)
	p := c.page("/index.html")
	r := c.call(p, "Runtime.compileScript", object{"expression": "40 + 2", "sourceURL": "x.js", "persistScript": true})
	is(t, "run", at(c.call(p, "Runtime.runScript", object{"scriptId": r["scriptId"]}), "result", "value"), 42)
	c.refused(p, "Runtime.runScript", object{"scriptId": "999"}, -32000, "No script with given id")
	r = c.call(p, "Runtime.compileScript", object{"expression": "}", "sourceURL": "x.js", "persistScript": false})
	is(t, "syntax", at(r, "exceptionDetails", "exception", "className"), "SyntaxError")
	id := c.call(p, "Page.addScriptToEvaluateOnNewDocument", object{"source": "window.early = document.readyState + typeof app"})["identifier"]
	c.navigate(p, "/index.html")
	is(t, "early", c.evaluate(p, "early"), "loadingundefined")
	c.call(p, "Page.removeScriptToEvaluateOnNewDocument", object{"identifier": id})
	c.refused(p, "Page.removeScriptToEvaluateOnNewDocument", object{"identifier": id}, -32000, "Script not found")
	c.navigate(p, "/index.html")
	is(t, "removed", c.evaluate(p, "typeof early"), "undefined")
}
