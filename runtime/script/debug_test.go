package script

import (
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
				text := safeString(v.Value)
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
	if got, want := x.values(p.Frames[0]), "block{later=<not initialised>} block{i=0} local{b=3 rest=#<Array> c=12} closure{a=3 k=4 inner=ƒ} script{top=t}"; got != want {
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
