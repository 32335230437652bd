package script

import (
	"testing"

	"github.com/dop251/goja"
)

// evaluates runs what a client evaluates.
func (x *debuggee) evaluates(silent bool, source string) {
	x.agent.Queue("evaluation", func() {
		p, err := x.agent.Compile("", []byte(source))
		if err == nil {
			x.d.Evaluating(silent, func() { _, err = x.agent.Run(p) })
		}
		x.ran <- err
	})
}

// A step that was under way does not end in what a client evaluates, where exceptions
// do not pause with silent; breakpoints, and steps from them, do.
func TestEvaluating(t *testing.T) {
	x := newDebuggee(t, Options{})
	x.run(`function f() {
  let a = 1
  return a
}
function thrower() { throw new Error('x') }
log('end')
`, 2, 6)
	x.want(x.paused(), ":6")
	must(t, x.d.StepInto())
	must(t, x.ended())
	x.d.PauseOnExceptions(AllExceptions)
	x.evaluates(true, "let one = 1; one + 1; Promise.resolve().then(() => one)")
	must(t, x.ended())
	for _, source := range []string{"nosuch", "thrower()", "try { thrower() } catch {}", "(async () => { await null; thrower() })()"} {
		x.evaluates(true, source)
		_ = x.ended() // that it throws is meant
	}
	x.evaluates(true, "f()")
	x.want(x.paused(), "f:2 :1")
	must(t, x.d.StepOver())
	x.want(x.paused(), "f:3 :1")
	must(t, x.d.Resume())
	must(t, x.ended())
	x.evaluates(false, "thrower()")
	if p := x.paused(); p.Reason != PauseOnException || !p.Uncaught || p.Exception.(*goja.Object).Get("message").String() != "x" {
		t.Errorf("%+v", p)
	}
	must(t, x.d.Resume())
	if x.ended() == nil {
		t.Error("it did not throw")
	}
}
