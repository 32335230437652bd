package script

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestHostileEvaluation(t *testing.T) {
	x := newDebuggee(t, Options{TaskCPU: 300 * time.Millisecond})
	x.run("let o = {get bad() { throw new Error('no') }, get slow() { for (;;); }}\nlog(1)\nlog(2)", 2)
	p := x.paused()
	time.Sleep(400 * time.Millisecond) // a pause is not computing
	for source, want := range map[string]string{
		"for (;;);":                     "threw Error: an evaluation computed for more than 200ms without giving up control",
		"o.slow":                        "threw Error: an evaluation computed for more than 200ms without giving up control",
		"o.bad":                         "threw Error: no",
		"(function f() { f() })()":      "threw RangeError: Maximum call stack size exceeded",
		"let":                           "threw ",
		"}{":                            "threw SyntaxError",
		"%scope":                        "threw SyntaxError",
		"debugger; 5":                   "5",
		"new Promise(r => r(1)) && 'p'": "p",
	} {
		if got := x.evaluate(p.Frames[0], source); !strings.HasPrefix(got, want) {
			t.Errorf("%s gave %s, want %s", source, got, want)
		}
	}
	must(t, x.d.Resume())
	must(t, x.ended())
	if len(x.logged) != 2 {
		t.Errorf("logged %q", x.logged)
	}
}

func TestTerminateEndsAPause(t *testing.T) {
	x := newDebuggee(t, Options{})
	x.run("try { log(1) } finally { log(2) }", 1)
	x.paused()
	x.agent.Terminate(errors.New("enough"))
	select {
	case <-x.agent.Done():
	case <-time.After(5 * time.Second):
		t.Fatal("the agent does not end")
	}
	if err := x.d.Resume(); !errors.Is(err, ErrNotPaused) {
		t.Errorf("resume: %v", err)
	}
	if err := x.d.Interject(context.Background(), func() {}); err == nil {
		t.Error("interjected into an agent that has ended")
	}
}

// A loop's variables are set like others, and callers' shown.
func TestLoopVariables(t *testing.T) {
	x := newDebuggee(t, Options{})
	x.run(`function f(list) {
  for (let i = 0; i < 3; i++) {
    const item = list[i]
    let twice = item * 2
    { let i = 'inner'; log(i, twice) }
    g(item)
  }
}
function g(n) {
  log('g', n)
}
f([1, 2, 3])
`, 4, 10)
	p := x.paused()
	x.want(p, "f:4 :12")
	if got, want := x.values(p.Frames[0]), "block{item=1 twice=<not initialised>} block{i=0} local{list=#<Array>}"; got != want {
		t.Errorf("variables %s, want %s", got, want)
	}
	for source, want := range map[string]string{
		"item = 5":              "threw TypeError: Assignment to constant variable.",
		"typeof twice":          "threw ReferenceError: Cannot access 'twice' before initialization",
		"i += 1; i":             "1",
		"(() => i * list[0])()": "",
	} {
		if got := x.evaluate(p.Frames[0], source); want != "" && got != want {
			t.Errorf("%s gave %s", source, got)
		}
	}
	must(t, x.d.Resume())
	p = x.paused()
	x.want(p, "g:10 f:6 :12")
	if got, want := x.values(p.Frames[1]), "block{item=1 twice=2} block{i=1} local{list=#<Array>}"; got != want {
		t.Errorf("caller's variables %s, want %s", got, want)
	}
	if got := x.evaluate(p.Frames[1], "i = 7"); got != "threw GoError: a variable of a loop can be set in the innermost frame only" && !strings.Contains(got, "innermost frame") {
		t.Errorf("i = 7 in the caller gave %s", got)
	}
	must(t, x.d.Resume())
	p = x.paused()
	x.want(p, "f:4 :12")
	if got := x.evaluate(p.Frames[0], "i"); got != "2" {
		t.Errorf("i is %s", got)
	}
	must(t, x.d.Resume())
	x.paused()
	must(t, x.d.Resume())
	must(t, x.ended())
	if got := fmt.Sprint(x.logged); got != "[inner 2 g 1 inner 6 g 3]" {
		t.Errorf("logged %s", got)
	}
}

func TestClassesInAPause(t *testing.T) {
	x := newDebuggee(t, Options{})
	x.run(`class A {
  #secret = 1
  static made = 0
  constructor(x) { this.x = x; A.made++ }
  get #double() { return this.#secret * 2 }
  run(other) {
    const f = () => { return this.#secret + this.#double }
    return f()
  }
}
class B extends A {
  constructor() {
    const before = 1
    super(before)
  }
}
log(new A(5).run(new A(6)), new B().x)
`, 7, 13)
	p := x.paused()
	for _, c := range [][2]string{
		{"this.x", "5"},
		{"this.#secret", "1"},
		{"this.#secret = 7; this.#secret", "7"},
		{"this.#double", "14"},
		{"other.#secret + other.x", "7"},
		{"#secret in other", ""},
		{"A.made", "2"},
		{"[1].map(n => n + this.x)", "6"},
		{"this.#nothing", "threw TypeError: Private field"},
		{"(function () { return this === globalThis })()", "true"},
		{"new (class { #p = 3; get() { return this.#p } })().get()", "3"},
	} {
		if got, want := x.evaluate(p.Frames[0], c[0]), c[1]; want != "" && !strings.HasPrefix(got, want) {
			t.Errorf("%s gave %s, want %s", c[0], got, want)
		}
	}
	must(t, x.d.StepOver())
	x.paused()
	must(t, x.d.StepInto())
	p = x.paused()
	x.want(p, "f:7 run:8 :17")
	x.do(func() {
		if this := p.Frames[0].This(); this == nil || this.ToObject(x.agent.Runtime()).Get("x").String() != "5" {
			t.Errorf("this of the arrow is %v", this)
		}
	})
	must(t, x.d.Resume())
	p = x.paused()
	x.want(p, "B:13 :17")
	x.do(func() {
		if this := p.Frames[0].This(); this != nil {
			t.Errorf("this before super is %v", this)
		}
	})
	must(t, x.d.Resume())
	must(t, x.ended())
}

// An agent that is ended while an evaluation runs in a pause ends.
func TestTerminateInAnEvaluation(t *testing.T) {
	x := newDebuggee(t, Options{})
	x.d.options.EvaluateLimit = time.Minute
	x.run("log(1)\nlog(2)", 2)
	p := x.paused()
	if !x.d.Post(func() { _, _ = p.Frames[0].Evaluate("for (;;);") }) {
		t.Fatal("nothing can be posted")
	}
	time.Sleep(20 * time.Millisecond)
	x.agent.Terminate(errors.New("enough"))
	select {
	case <-x.agent.Done():
	case <-time.After(5 * time.Second):
		t.Fatal("the agent does not end")
	}
	if x.d.Paused() != nil {
		t.Error("still paused")
	}
}
