package script

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dop251/goja"
)

// debuggee is an agent that is debugged; its pauses come through a channel.
type debuggee struct {
	t      *testing.T
	agent  *Agent
	d      *Debugger
	pauses chan *Pause
	logged []string
	script *DebugScript
	ran    chan error
	setUp  func(*DebugScript)
}

func newDebuggee(t *testing.T, o Options) *debuggee {
	t.Helper()
	x := &debuggee{t: t, agent: New(o), pauses: make(chan *Pause, 10), ran: make(chan error, 10)}
	x.d = x.agent.Debug(DebugOptions{
		OnParsed: func(s *DebugScript) {
			x.script = s
			if x.setUp != nil {
				x.setUp(s)
			}
		},
		OnPaused:      func(p *Pause) { x.pauses <- p },
		EvaluateLimit: 200 * time.Millisecond,
	})
	must(t, x.agent.Do(t.Context(), "set up", func() {
		_ = x.agent.Runtime().Set("log", func(c goja.FunctionCall) goja.Value {
			var parts []string
			for _, a := range c.Arguments {
				parts = append(parts, a.String())
			}
			x.logged = append(x.logged, strings.Join(parts, " "))
			return goja.Undefined()
		})
	}))
	t.Cleanup(func() {
		x.agent.Terminate(nil)
		<-x.agent.Done()
	})
	return x
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run runs a script, in which breakpoints stand at the lines.
func (x *debuggee) run(source string, lines ...int) {
	x.setUp = func(s *DebugScript) {
		if !strings.HasSuffix(s.URL, "/sw.js") {
			return
		}
		for _, line := range lines {
			if _, _, err := x.d.SetBreakpoint(s, line, 0, ""); err != nil {
				x.t.Error(err)
			}
		}
	}
	x.agent.Queue("script", func() {
		p, err := x.agent.Compile("https://x.test/sw.js", []byte(source))
		if err == nil {
			_, err = x.agent.Run(p)
		}
		x.ran <- err
	})
}

// paused waits for the next pause.
func (x *debuggee) paused() *Pause {
	x.t.Helper()
	select {
	case p := <-x.pauses:
		return p
	case err := <-x.ran:
		x.t.Fatalf("the script came to its end: %v", err)
	case <-time.After(5 * time.Second):
		x.t.Fatal("no pause")
	}
	return nil
}

// ended waits for the script's end.
func (x *debuggee) ended() error {
	x.t.Helper()
	select {
	case p := <-x.pauses:
		x.t.Fatalf("paused at %d:%d for %s", p.Frames[0].Line, p.Frames[0].Column, p.Reason)
	case err := <-x.ran:
		return err
	case <-time.After(5 * time.Second):
		x.t.Fatal("the script does not end")
	}
	return nil
}

// do runs f in the pause.
func (x *debuggee) do(f func()) {
	x.t.Helper()
	must(x.t, x.d.Interject(x.t.Context(), f))
}

// at describes where a pause is: its frames with their lines.
func at(p *Pause) string {
	var parts []string
	for _, f := range p.Frames {
		parts = append(parts, fmt.Sprintf("%s:%d", f.Function, f.Line))
	}
	s := strings.Join(parts, " ")
	for a := p.Async; a != nil; a = a.Parent {
		s += " -- " + a.Description
		for _, f := range a.Frames {
			s += fmt.Sprintf(" %s:%d", f.Function, f.Line)
		}
	}
	return s
}

func (x *debuggee) want(p *Pause, where string) {
	x.t.Helper()
	if got := at(p); got != where {
		x.t.Fatalf("paused at %q, want %q", got, where)
	}
}

// values are the variables of a frame, scope by scope.
func (x *debuggee) values(f *Frame) string {
	var b strings.Builder
	x.do(func() {
		for _, s := range f.Scopes {
			if s.Kind == GlobalScope {
				continue
			}
			fmt.Fprintf(&b, "%s{", s.Kind)
			for i, v := range s.Variables() {
				if i > 0 {
					b.WriteString(" ")
				}
				if v.Missing != "" {
					fmt.Fprintf(&b, "%s=<%s>", v.Name, v.Missing)
					continue
				}
				text := v.Value.String()
				if _, function := goja.AssertFunction(v.Value); function {
					text = "ƒ"
				}
				fmt.Fprintf(&b, "%s=%s", v.Name, text)
			}
			b.WriteString("} ")
		}
	})
	return strings.TrimSpace(b.String())
}

func (x *debuggee) evaluate(f *Frame, source string) (text string) {
	x.do(func() {
		v, err := f.Evaluate(source)
		if err != nil {
			text = "threw " + x.agent.Describe(err).Error()
			return
		}
		text = v.String()
	})
	return text
}

func TestBreakpointShowsVariables(t *testing.T) {
	x := newDebuggee(t, Options{})
	x.run(`let top = 't'
function outer(a) {
  const k = a + 1
  function inner(b, ...rest) {
    let c = b * k
    for (let i = 0; i < 1; i++) {
      let later = 5
      log(i, c)
    }
    return c
  }
  return inner(a, 7, 8)
}
log(outer(3))
`, 7, 10)
	p := x.paused()
	x.want(p, "inner:7 outer:12 :14")
	if p.Reason != PauseOnBreakpoint || len(p.Hit) != 1 {
		t.Errorf("%+v", p)
	}
	if got, want := x.values(p.Frames[0]), "block{later=<not initialised>} block{i=0} local{b=3 rest=7,8 c=12} closure{a=3 k=4 inner=ƒ} script{top=t}"; got != want {
		t.Errorf("variables\n%s, want\n%s", got, want)
	}
	if got, want := x.values(p.Frames[1]), "local{a=3 k=4 inner=ƒ} script{top=t}"; got != want {
		t.Errorf("caller's variables\n%s, want\n%s", got, want)
	}
	for source, want := range map[string]string{
		"b + k + top.length":            "8",
		"later":                         "threw ReferenceError: Cannot access 'later' before initialization",
		"k = 9":                         "threw TypeError: Assignment to constant variable.",
		"missing":                       "threw ReferenceError: missing is not defined",
		"typeof missing":                "undefined",
		"c = 100; c + 1":                "101",
		"[1, 2].map(n => n + i)":        "1,2",
		"(() => this === globalThis)()": "true",
		"var q = 4; q + b":              "7",
		"throw new Error('mine')":       "threw Error: mine",
	} {
		if got := x.evaluate(p.Frames[0], source); got != want && !(strings.HasPrefix(want, "threw Ref") && strings.HasPrefix(got, "threw ReferenceError: ")) {
			t.Errorf("%s gave %s, want %s", source, got, want)
		}
	}
	x.do(func() {
		if err := p.Frames[0].Scopes[2].Set("b", x.agent.Runtime().ToValue(50)); err != nil {
			t.Error(err)
		}
		if err := p.Frames[0].Scopes[4].Set("top", x.agent.Runtime().ToValue("new")); err != nil {
			t.Error(err)
		}
	})
	if got := x.evaluate(p.Frames[0], "b + top"); got != "50new" {
		t.Errorf("after set: %s", got)
	}
	must(t, x.d.Resume())
	p = x.paused()
	x.want(p, "inner:10 outer:12 :14")
	must(t, x.d.Resume())
	must(t, x.ended())
	if got := fmt.Sprint(x.logged); got != "[0 100 100]" {
		t.Errorf("logged %s", got)
	}
}

func TestSteps(t *testing.T) {
	x := newDebuggee(t, Options{})
	x.run(`function f(n) {
  let a = n + 1
  return g(a)
}
function g(m) {
  log(m)
}
f(1)
log('end')
`, 8)
	type step struct {
		go_   func() error
		where string
	}
	x.want(x.paused(), ":8")
	for i, s := range []step{
		{x.d.StepInto, "f:2 :8"},
		{x.d.StepOver, "f:3 :8"},
		{x.d.StepInto, "g:6 f:3 :8"},
		{x.d.StepOver, "g:7 f:3 :8"},
		{x.d.StepOut, ":9"},
	} {
		must(t, s.go_())
		p := x.paused()
		if got := at(p); got != s.where || p.Reason != PauseOnStep {
			t.Fatalf("step %d: at %s (%s), want %s", i, got, p.Reason, s.where)
		}
	}
	must(t, x.d.StepOver())
	must(t, x.ended())
}

func TestStepOverAwait(t *testing.T) {
	x := newDebuggee(t, Options{})
	x.run(`async function f(n) {
  let a = await g(n)
  log('a', a)
  return a
}
async function g(n) {
  await null
  log('in g', n)
  return n
}
f(1).then(() => log('done'))
f(2)
log('sync')
`, 2)
	x.want(x.paused(), "f:2 :11")
	must(t, x.d.StepOver())
	p := x.paused() // the breakpoint, in the second call
	x.want(p, "f:2 :12")
	must(t, x.d.StepOver())
	p = x.paused()
	x.want(p, "f:3 -- await :12")
	if got := x.evaluate(p.Frames[0], "n"); got != "2" {
		t.Errorf("stepped into the call with %s", got)
	}
	must(t, x.d.StepOver())
	x.want(x.paused(), "f:4 -- await :12")
	must(t, x.d.Resume())
	must(t, x.ended())
}

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

func TestExceptions(t *testing.T) {
	source := `function thrower(m) {
  let local = m + '!'
  throw new TypeError(local)
}
function broken(o) {
  let before = 1
  return o.x.y + before
}
function caught(f) {
  try { f({}) } catch { }
}
async function later(f) {
  await null
  f({})
}
async function handled(f) { try { await later(f) } catch (e) { } }
`
	for _, c := range []struct {
		call, mode string
		want       string
	}{
		{"caught(thrower)", "uncaught", "-"},
		{"caught(broken)", "uncaught", "-"},
		{"thrower('u')", "uncaught", "thrower:3 :17 uncaught [local{m=u local=u!}]"},
		{"broken({})", "uncaught", "broken:7 :17 uncaught [local{o=[object Object] before=1}]"},
		{"later(thrower)", "uncaught", "thrower:3 later:14 uncaught rejection [local{m=[object Object] local=[object Object]!}]"},
		{"later(broken).catch(() => {})", "uncaught", "-"},
		{"Promise.reject(new Error('r'))", "uncaught", ":17 uncaught rejection []"},
		{"null.x", "none", "-"},
		{"caught(thrower)", "caught", "thrower:3 caught:10 :17 [local{m=[object Object] local=[object Object]!}]"},
		{"caught(broken)", "all", "broken:7 caught:10 :17 [local{o=[object Object] before=1}]"},
		{"thrower('u')", "caught", "-"},
		{"handled(broken)", "all", "broken:7 later:14 rejection [local{o=[object Object] before=1}]"},
		{"handled(thrower)", "caught", "thrower:3 later:14 rejection [local{m=[object Object] local=[object Object]!}]"},
		{"[1].map(() => broken(null))", "all", "broken:7 :17 :17 uncaught [local{o=null before=1}]"},
	} {
		t.Run(c.mode+" "+c.call, func(t *testing.T) {
			x := newDebuggee(t, Options{})
			x.d.PauseOnExceptions(ExceptionMode(c.mode))
			x.run(source + c.call)
			got := "-"
			for done := false; !done; {
				select {
				case p := <-x.pauses:
					s := strings.Split(at(p), " -- ")[0]
					if p.Uncaught {
						s += " uncaught"
					}
					if p.Rejection {
						s += " rejection"
					}
					s += " [" + strings.SplitAfter(x.values(p.Frames[0])+" ", "} ")[0]
					if got != "-" {
						t.Errorf("paused again: %s", s)
					}
					got = strings.TrimSpace(s) + "]"
					must(t, x.d.Resume())
				case <-x.ran:
					done = true
				case <-time.After(5 * time.Second):
					t.Fatal("the script does not end")
				}
			}
			// Promise jobs run before the task's end is told of.
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// The names that a program's probes are made from do not meet the script's own.
func TestProbesMeetNoNames(t *testing.T) {
	x := newDebuggee(t, Options{})
	must(t, x.agent.Do(t.Context(), "set up", func() {
		_ = x.agent.Runtime().Set("importScripts", func(goja.FunctionCall) goja.Value {
			p, err := x.agent.Compile("https://x.test/lib.js", []byte("let lib = b + p + n + x + scope"))
			if err == nil {
				_, err = x.agent.Run(p)
			}
			if err != nil {
				panic(Thrown(x.agent.Runtime(), err))
			}
			return goja.Undefined()
		})
	}))
	x.run("var b = 1, p = 2, n = 3, x = 4, scope = 5\nObject.preventExtensions(globalThis)\nimportScripts()\nlog(lib)", 4)
	p := x.paused()
	if got := x.evaluate(p.Frames[0], "lib"); got != "15" {
		t.Errorf("lib is %s", got)
	}
	must(t, x.d.Resume())
	must(t, x.ended())
}

// While a debugger has a prelude of its own, the frames below its traps keep their
// variables, whatever the calls between are.
func TestFramesBelowAPrelude(t *testing.T) {
	x := newDebuggee(t, Options{})
	must(t, x.d.Blackbox([]string{"^swinspect:prelude/"}))
	must(t, x.agent.Do(t.Context(), "prelude", func() {
		p, err := x.agent.Compile("swinspect:prelude/1", []byte(`function stop(detail) {
  debugger
}
globalThis.cache = new Proxy({ match(n) { return n * 2 } }, {
  get(target, name) {
    return new Proxy(target[name], { apply(f, self, list) { stop({ name, list }); return Reflect.apply(f, target, list) } })
  },
})`))
		if err == nil {
			_, err = x.agent.Run(p)
		}
		if err != nil {
			t.Error(err)
		}
	}))
	x.run(`function handler(event) {
  const key = event + 1
  return [key].map(k => find(k))
}
async function find(k) {
  const doubled = k * 2
  const answer = await cache.match(doubled)
  log(answer)
}
handler(1)
`)
	p := x.paused()
	x.want(p, "stop:2 apply:6 find:7 :3 handler:3 :10")
	if p.Reason != PauseOnDebugger || p.Frames[0].Library != true || p.Frames[2].Library {
		t.Errorf("%+v", p)
	}
	for i, want := range map[int]string{2: "2,4,not yet", 3: "2", 4: "1,2"} {
		source := map[int]string{2: "let a; try { a = answer } catch { a = 'not yet' }; [k, doubled, a]", 3: "k", 4: "[event, key]"}[i]
		if got := x.evaluate(p.Frames[i], source); got != want {
			t.Errorf("frame %d: %s gave %s, want %s", i, source, got, want)
		}
	}
	must(t, x.d.StepInto())
	p = x.paused()
	x.want(p, "find:8 -- await :3 handler:3 :10")
	must(t, x.d.Resume())
	must(t, x.ended())
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
	if got, want := x.values(p.Frames[0]), "block{item=1 twice=<not initialised>} block{i=0} local{list=1,2,3}"; got != want {
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
	if got, want := x.values(p.Frames[1]), "block{item=1 twice=2} block{i=1} local{list=1,2,3}"; got != want {
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

// A step out of what an await waits for stops behind the await.
func TestStepOutIntoAnAwait(t *testing.T) {
	for name, step := range map[string]func(*Debugger) error{"out": (*Debugger).StepOut, "over": (*Debugger).StepOver} {
		t.Run(name, func(t *testing.T) {
			x := newDebuggee(t, Options{})
			x.run(`async function f(n) {
  const a = await g(n)
  log('f', a)
}
function g(n) {
  log('g', n)
  return n
}
function start() {
  f(1)
  f(2)
  log('started')
}
start()
`, 7)
			x.want(x.paused(), "g:7 f:2 start:10 :14")
			must(t, step(x.d))
			x.want(x.paused(), "g:7 f:2 start:11 :14") // the breakpoint
			must(t, step(x.d))
			p := x.paused()
			x.want(p, "f:3 -- await start:11 :14")
			if got := x.evaluate(p.Frames[0], "a"); got != "2" {
				t.Errorf("in the call with %s", got)
			}
			must(t, x.d.StepOut())
			must(t, x.ended())
		})
	}
}

func TestRunToAndLocations(t *testing.T) {
	x := newDebuggee(t, Options{})
	x.run(`function f(a) {
  const b = a + 1; let unset
  return [b].map((x) => x * 2)
}
log(f(1), (f)(2))
log(f(3))
`, 2)
	p := x.paused()
	x.want(p, "f:2 :5")
	if c := p.Frames[1].Column; c != 5 {
		t.Errorf("the caller's column is %d", c)
	}
	must(t, x.d.RunTo(x.script, 3, 0))
	p = x.paused()
	if x.want(p, "f:3 :5"); p.Reason != PauseOnStep || len(p.Hit) != 0 {
		t.Errorf("%+v", p)
	}
	var all, own, line []string
	for _, l := range x.d.Locations(x.script, Location{Line: 1}, Location{}) {
		all = append(all, fmt.Sprintf("%d:%d%s", l.Line, l.Column, l.Kind))
	}
	for _, l := range x.d.FunctionLocations(x.script, 2, 3) {
		own = append(own, fmt.Sprintf("%d:%d%s", l.Line, l.Column, l.Kind))
	}
	for _, l := range x.d.Locations(x.script, Location{Line: 3}, Location{Line: 4}) {
		line = append(line, fmt.Sprintf("%d:%d%s", l.Line, l.Column, l.Kind))
	}
	if got, want := fmt.Sprint(all, own, line), "[2:13 3:3return 3:25return 5:1 6:1] [2:13 3:3return] [3:3return 3:25return]"; got != want {
		t.Errorf("locations %s, want %s", got, want)
	}
	must(t, x.d.Resume())
	x.want(x.paused(), "f:2 :5")
	must(t, x.d.Resume())
	x.want(x.paused(), "f:2 :6")
	must(t, x.d.Resume())
	must(t, x.ended())
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
