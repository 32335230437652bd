package script

import (
	"fmt"
	"testing"

	"github.com/dop251/goja"
)

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

func TestStackBehindATimer(t *testing.T) {
	x := newDebuggee(t, Options{})
	var later []func()
	must(t, x.agent.Do(t.Context(), "set up", func() {
		_ = x.agent.Runtime().Set("setTimeout", func(c goja.FunctionCall) goja.Value {
			f, _ := goja.AssertFunction(c.Argument(0))
			later = append(later, x.agent.Later("setTimeout", func() { _, _ = x.agent.Call(f, goja.Undefined()) }))
			return goja.Undefined()
		})
	}))
	x.run(`function wait() {
  return new Promise(done => setTimeout(function fired() {
    done(1)
  }))
}
async function f() {
  await wait()
  log('waited')
}
f()
`, 3, 8)
	must(t, x.ended())
	x.agent.Queue("timer", func() { later[0]() })
	x.want(x.paused(), "fired:3 -- setTimeout :2 wait:2 f:7 :10")
	must(t, x.d.StepOver())
	x.want(x.paused(), "fired:4 -- setTimeout :2 wait:2 f:7 :10")
	must(t, x.d.StepInto())
	x.want(x.paused(), "f:8 -- await :10")
	must(t, x.d.Resume())
}
