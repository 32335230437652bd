package script

import (
	"strings"
	"testing"
	"time"

	"github.com/dop251/goja"
)

// Whatever is evaluated in a pause, the script goes on behind it.
func FuzzEvaluate(f *testing.F) {
	for _, source := range []string{
		"a", "a + b", "a = 1", "for (;;);", "this.x", "#p in this", "this.#p", "this.#p = 2", "throw a", "let z = 1; z", "function f() { f() } f()", "debugger", "}{", "static {", "}}) ; (class { static {",
		"new Proxy({}, {get() { throw 1 }}).x", "class A extends (() => a)() {}", "with (a) b", "eval('a')", "(0, eval)('a')", "await 1", "yield", "return 1", "import('x')", "arguments", "const{A00![...{", "%scope", "`${a}`", "/a/y.exec('a')", "async () => { for await (const x of a) ; }",
	} {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > 200 || strings.Contains(source, "Array") || strings.Contains(source, "repeat") {
			return
		}
		a := New(Options{})
		paused := make(chan *Pause, 1)
		d := a.Debug(DebugOptions{EvaluateLimit: 50 * time.Millisecond, OnPaused: func(p *Pause) { paused <- p }})
		went := make(chan error, 1)
		a.Queue("script", func() {
			p, err := a.Compile("https://x.test/sw.js", []byte("class A { #p = 1; x = 2; m(a) { let b = 3; debugger; return a } }; new A().m({})"))
			if err == nil {
				_, err = a.Run(p)
			}
			went <- err
		})
		p := <-paused
		_ = d.Interject(t.Context(), func() {
			v, err := p.Frames[0].Evaluate(source)
			if err != nil {
				a.Describe(err)
			} else if _, ok := v.(*goja.Object); !ok {
				_ = safeString(v)
			}
		})
		_ = d.Resume()
		select {
		case err := <-went:
			if err != nil && a.Err() == nil {
				t.Errorf("%q: the script ended with %v", source, err)
			}
		case <-a.Done():
			t.Errorf("%q ended the agent: %v", source, a.Err())
		case <-time.After(10 * time.Second):
			t.Errorf("%q: the script does not go on", source)
		}
		a.Terminate(nil)
		<-a.Done()
	})
}
