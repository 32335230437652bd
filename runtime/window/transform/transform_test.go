package transform

import (
	"strings"
	"testing"

	"github.com/dop251/goja"
)

// world is the least that rewritten scripts need of a window: package window has
// the real one.
type world struct {
	rt      *goja.Runtime
	window  *goja.Object
	lexical *goja.Object
	names   map[string]goja.Value
	fixed   map[string]bool
}

func newWorld(rt *goja.Runtime) *world {
	w := &world{rt: rt, window: rt.NewObject(), names: map[string]goja.Value{}, fixed: map[string]bool{}}
	w.lexical = rt.NewDynamicObject(w)
	_ = w.lexical.SetPrototype(nil)
	_ = w.window.Set("window", w.window)
	_ = w.window.Set("globalThis", w.window)
	w.names[Window], w.names[Lexical], w.names[Global] = w.window, w.lexical, rt.GlobalObject()
	w.names["eval"] = rt.GlobalObject().Get("eval")
	w.names[Init] = rt.ToValue(func(c goja.FunctionCall) goja.Value {
		n := c.Argument(0).String()
		w.names[n], w.fixed[n] = c.Argument(1), c.Argument(2).ToBoolean()
		return goja.Undefined()
	})
	w.names[Declare] = rt.ToValue(func(c goja.FunctionCall) goja.Value {
		n := c.Argument(0).String()
		if _, known := w.names[n]; !known && w.window.Get(n) == nil {
			_ = w.window.Set(n, goja.Undefined())
		}
		return goja.Undefined()
	})
	w.names[Eval] = rt.ToValue(func(c goja.FunctionCall) goja.Value {
		v, err := w.run(c.Argument(0).String())
		if err != nil {
			panic(err)
		}
		return v
	})
	return w
}

func (w *world) Get(key string) goja.Value {
	v, known := w.names[key]
	if known && v == nil {
		panic(w.rt.NewTypeError("Cannot access '" + key + "' before initialization"))
	}
	return v
}

func (w *world) Set(key string, v goja.Value) bool {
	if w.fixed[key] {
		panic(w.rt.NewTypeError("Assignment to constant variable."))
	}
	w.names[key] = v
	return true
}
func (w *world) Has(key string) bool { _, ok := w.names[key]; return ok }
func (w *world) Delete(string) bool  { return false }
func (w *world) Keys() []string      { return nil }

func (w *world) run(source string) (goja.Value, error) {
	s, err := Compile("test.js", source)
	if err != nil {
		return nil, err
	}
	return w.runScript(s)
}

func (w *world) runScript(s *Script) (goja.Value, error) {
	for _, n := range append(s.Lets, s.Consts...) {
		w.names[n] = nil
	}
	for _, n := range append(s.Vars, s.Functions...) {
		if w.window.Get(n) == nil {
			_ = w.window.Set(n, goja.Undefined())
		}
	}
	_ = w.rt.GlobalObject().Set(Window, w.window)
	_ = w.rt.GlobalObject().Set(Lexical, w.lexical)
	defer func() {
		_ = w.rt.GlobalObject().Delete(Window)
		_ = w.rt.GlobalObject().Delete(Lexical)
	}()
	return w.rt.RunProgram(s.Program)
}

// Each source gives "ok" in a window. Scripts are separated by a line of "---": they
// run in the same window, one after the other.
var cases = map[string]string{
	"completion value":                     `1; "ok"`,
	"completion value of strict code":      `"use strict"; "ok"`,
	"var is a property of the window":      `var a = "ok"; window.a`,
	"nested var is one too":                `{ var b = "ok" } for (var i = 0; i < 1; i++) {} window.i === 1 && window.b`,
	"var does not touch the global":        `var c1 = 1; Function("return typeof c1")() === "undefined" && "ok"`,
	"a function is a property":             `function f() { return "ok" } window.f()`,
	"functions are hoisted":                `var r = g(); function g() { return "ok" } r`,
	"the last function wins":               `function h() { return 1 } function h() { return "ok" } h()`,
	"a function keeps its name":            `function named1() {} named1.name === "named1" && "ok"`,
	"a function keeps its text":            `function text1( a ) { /* x */ } text1.toString() === "function text1( a ) { /* x */ }" && "ok"`,
	"recursion":                            `function fact(n) { return n ? n * fact(n - 1) : 1 } fact(5) === 120 && "ok"`,
	"let is no property":                   `let l1 = "ok"; window.l1 === undefined && l1`,
	"let is shared by scripts":             "let l2 = 'ok'\n---\nl2",
	"const cannot be assigned":             `const k = 1; try { k = 2; "no" } catch (e) { e instanceof TypeError && "ok" }`,
	"let before its declaration":           `var early; try { t1 } catch (e) { early = "ok" } let t1 = 1; early`,
	"a class is lexical":                   `class C1 { m() { return "ok" } } window.C1 === undefined && new C1().m()`,
	"a class keeps its name":               `class C2 {} C2.name === "C2" && "ok"`,
	"an arrow takes its name":              `const arrow1 = () => {}; arrow1.name === "arrow1" && "ok"`,
	"destructuring let":                    `let {x1, y1: [z1 = "k"]} = {x1: "o", y1: []}; x1 + z1`,
	"destructuring var":                    `var {x2, ...rest2} = {x2: "o", k: "k"}; window.x2 + window.rest2.k`,
	"this at the top":                      `this === window && "ok"`,
	"this in a sloppy function":            `function s1() { return this } s1() === window && "ok"`,
	"this of a method":                     `var o1 = {m() { return this }}; o1.m() === o1 && "ok"`,
	"this in an arrow":                     `var a1 = () => this; a1() === window && "ok"`,
	"this in a strict inner function":      `(function () { return (function () { "use strict"; return this })() })() === undefined && "ok"`,
	"this in a class":                      `class C3 { f = this; static s = this; m() { return (() => this)() } } var c3 = new C3; c3.f === c3 && C3.s === C3 && c3.m() === c3 && "ok"`,
	"this.x makes a global":                `this.made = "ok"; made`,
	"direct eval sees locals":              `(function (loc) { return eval("loc") })("ok")`,
	"indirect eval sees the window":        "var ie = 'ok'\n---\n(0, eval)('ie')",
	"indirect eval declares on the window": `(0, eval)("var fromEval = 'ok'"); window.fromEval`,
	"an undeclared name is made here":      `undeclared1 = "ok"; window.undeclared1`,
	"in a function too":                    `(function () { undeclared2 = "ok" })(); window.undeclared2`,
	"not in strict code":                   `"use strict"; (() => { try { undeclared3 = 1; return "no" } catch (e) { return e instanceof ReferenceError && "ok" } })()`,
	"typeof of an unknown name":            `typeof nowhere === "undefined" && "ok"`,
	"closures keep the window":             "function later() { return who } var who = 'ok'\n---\nlater()",
	"generators":                           `function* gen() { yield "o"; yield "k" } [...gen()].join("")`,
	"async functions":                      `async function as() { return this } as().then; "ok"`,
	"switch, labels, try":                  `out: for (;;) { switch (1) { case 1: try { break out } finally { var fin = "ok" } } } fin`,
	"template literals":                    "var tl = 'k'; `o${tl}`",
	"new.target and super":                 `class P { constructor() { this.t = new.target.name } } class Q extends P { constructor() { super() } } new Q().t === "Q" && "ok"`,
	"getters of the window":                `Object.defineProperty(window, "got", {get() { return this === window ? "ok" : "no" }}); got`,
	"catch parameters":                     `try { throw "ok" } catch (e) { e }`,
	"private names":                        `class V { #p = "ok"; get() { return this.#p } } new V().get()`,
	"optional chains":                      `var oc = {a: {b: "ok"}}; oc?.a?.["b"]`,
	"spread and default parameters":        `function d(a, b = this === window ? "k" : "", ...c) { return a + b + c.length } d("o") === "ok0" && "ok"`,
	"object literals":                      `var k3 = "x", ol = {k3, [k3]: 1, get g() { return this.x }, set s(v) { this.v = v }}; ol.g === 1 && ol.k3 === "x" && "ok"`,
}

func TestScripts(t *testing.T) {
	for name, source := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(goja.New())
			var last goja.Value
			for part := range strings.SplitSeq(source, "\n---\n") {
				v, err := w.run(part)
				if err != nil {
					t.Fatalf("%s\nthrew %v", part, err)
				}
				last = v
			}
			if last == nil || last.String() != "ok" {
				t.Errorf("%s\ngave %v, want ok", source, last)
			}
		})
	}
}

// Nothing that a script declares is left on the runtime's own global.
func TestGlobalStaysClean(t *testing.T) {
	rt := goja.New()
	w := newWorld(rt)
	before := len(rt.GlobalObject().GetOwnPropertyNames())
	for _, source := range cases {
		for part := range strings.SplitSeq(source, "\n---\n") {
			w = newWorld(rt)
			_, _ = w.run(part)
		}
	}
	if after := rt.GlobalObject().GetOwnPropertyNames(); len(after) != before {
		t.Errorf("%d names on the global, %d before: %v", len(after), before, after[before:])
	}
}

// One program runs in any number of windows, which do not see each other.
func TestProgramsBelongToNoWindow(t *testing.T) {
	rt := goja.New()
	s, err := Compile("shared.js", `var count = (window.count || 0) + 1; let own = count; function get() { return own } get()`)
	if err != nil {
		t.Fatal(err)
	}
	a, b := newWorld(rt), newWorld(rt)
	for _, step := range []struct {
		w    *world
		want int64
	}{{a, 1}, {b, 1}, {a, 2}, {b, 2}} {
		v, err := step.w.runScript(s)
		if err != nil || v.ToInteger() != step.want {
			t.Errorf("got %v, %v, want %d", v, err, step.want)
		}
	}
}

// Lines and columns in stacks are those of the text as it was written.
func TestPositionsStayExact(t *testing.T) {
	w := newWorld(goja.New())
	_, err := w.run("let a = 1\nfunction thrower() {\n  undeclared = this\n  null.x\n}\nthrower()")
	if err == nil || !strings.Contains(err.Error(), "thrower (test.js:4:") {
		t.Errorf("the stack is %v", err)
	}
}

func TestSyntaxErrorsStay(t *testing.T) {
	for _, source := range []string{"var", "let a; let a", "return", `"use strict"; with (a) {}`, "await 1", "import x from 'y'"} {
		if _, err := Compile("bad.js", source); err == nil {
			t.Errorf("%q compiles", source)
		}
	}
}

func FuzzRewrite(f *testing.F) {
	for _, source := range cases {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > 1<<12 {
			return
		}
		if _, err := goja.Compile("x.js", source, false); err != nil {
			return
		}
		if _, err := Compile("x.js", source); err != nil {
			t.Errorf("%q compiles as it is, not rewritten: %v", source, err)
		}
	})
}
