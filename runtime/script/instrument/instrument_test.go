package instrument

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
)

// world runs a script with probes.
type world struct {
	rt    *goja.Runtime
	table *Table
	flags []byte
	hits  int
	reads int
	dead  int // variables that were not initialised
	onHit func(id int, read func(n int, more ...goja.Value) (goja.Value, error), args []goja.Value)
	// giveBack has every probe answer the variables it was passed, as if it had changed
	// them.
	giveBack bool
}

// run runs source, with every probe armed when armed; the answer is what it gave or
// threw, with what it wrote to log.
func (w *world) run(source string, armed bool) (string, error) {
	return w.runIn(goja.New(), source, armed)
}

func (w *world) runIn(rt *goja.Runtime, source string, armed bool) (string, error) {
	w.rt = rt
	log := logger(w.rt)
	tree, err := goja.Parse("test.js", source, parser.WithDisableSourceMaps)
	if err != nil {
		return "", err
	}
	w.table = Program(tree, 1, source)
	w.flags = make([]byte, len(w.table.Probes))
	if armed {
		for i := range w.flags {
			w.flags[i] = 1
		}
	}
	program, err := goja.CompileAST(tree, false)
	if err != nil {
		return "", fmt.Errorf("with probes: %w", err)
	}
	w.install()
	v, err := w.rt.RunProgram(program)
	return outcome(w.rt, v, err, log), nil
}

func (w *world) install() {
	bytes, _ := w.rt.New(w.rt.Get("Uint8Array"), w.rt.ToValue(w.rt.NewArrayBuffer(w.flags)))
	entered := 0
	enter := func(goja.FunctionCall) goja.Value { entered++; return w.rt.ToValue(entered) }
	thrown := func(c goja.FunctionCall) goja.Value { return c.Argument(1) }
	declare, err := goja.CompileAST(Declare(1), false)
	if err != nil {
		panic(err)
	}
	v, err := w.rt.RunProgram(declare)
	if err != nil {
		panic(err)
	}
	set, _ := goja.AssertFunction(v)
	if _, err := set(goja.Undefined(), bytes, w.rt.ToValue(w.probe), w.rt.ToValue(enter), w.rt.ToValue(thrown)); err != nil {
		panic(err)
	}
}

func (w *world) probe(c goja.FunctionCall) goja.Value {
	w.hits++
	id := int(c.Argument(0).ToInteger())
	accessor, _ := goja.AssertFunction(c.Argument(1))
	p := w.table.Probes[id]
	for _, a := range p.Access {
		f := accessor
		if a.Thunk >= 0 {
			f, _ = goja.AssertFunction(c.Arguments[2+a.Thunk])
		}
		for i := range w.table.Scopes[a.Scope].Names {
			if a.Hidden[i] {
				continue
			}
			w.reads++
			if a.Values {
				if i < a.Ready && c.Arguments[2+a.First+i] == nil {
					panic("no value")
				}
				continue
			}
			v, err := f(goja.Undefined(), w.rt.ToValue(a.First+2*i))
			if err != nil {
				w.dead++
				continue
			}
			if v == nil {
				panic("no value")
			}
		}
	}
	_, _ = accessor(goja.Undefined(), w.rt.ToValue(p.This))
	if n := len(c.Arguments) - p.Passed; p.Passed > 0 && w.giveBack {
		var values []any
		for _, v := range c.Arguments[n:] {
			values = append(values, v)
		}
		return w.rt.NewArray(values...)
	}
	if w.onHit != nil {
		w.onHit(id, func(n int, more ...goja.Value) (goja.Value, error) {
			return accessor(goja.Undefined(), append([]goja.Value{w.rt.ToValue(n)}, more...)...)
		}, c.Arguments)
	}
	return w.rt.ToValue(true)
}

// outcome is all that can be seen of a run.
func outcome(rt *goja.Runtime, v goja.Value, err error, log *[]string) string {
	s := ""
	switch {
	case err != nil:
		s = "threw " + err.Error()
		if _, ok := err.(*goja.StackOverflowError); ok {
			s = "overflow"
		} else if ex, ok := err.(*goja.Exception); ok {
			s = "threw " + ex.Value().String() + places(ex)
		}
	case v != nil:
		s = "gave " + describe(v)
	}
	return s + "\n" + strings.Join(*log, "\n")
}

func describe(v goja.Value) string {
	if o, ok := v.(*goja.Object); ok && o.ClassName() == "Object" {
		if b, err := o.MarshalJSON(); err == nil {
			return string(b)
		}
	}
	return v.String()
}

// places are the lines and columns of a stack.
func places(ex *goja.Exception) string {
	var b strings.Builder
	for _, f := range ex.Stack() {
		at := f.Position()
		fmt.Fprintf(&b, " %s@%d:%d", f.FuncName(), at.Line, at.Column)
	}
	return b.String()
}

func plain(source string) (string, error) { return plainIn(goja.New(), source) }

func plainIn(rt *goja.Runtime, source string) (string, error) {
	log := logger(rt)
	p, err := goja.Compile("test.js", source, false)
	if err != nil {
		return "", err
	}
	v, err := rt.RunProgram(p)
	return outcome(rt, v, err, log), nil
}

// Scripts behave the same with probes, armed or not, which read every variable there is.
func TestSameBehaviour(t *testing.T) {
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			want, err := plain(source)
			if err != nil {
				t.Fatalf("does not compile: %v", err)
			}
			for i, w := range []*world{{}, {}, {giveBack: true}} {
				got, err := w.run(source, i > 0)
				if err != nil {
					t.Fatal(err)
				}
				if got != want {
					t.Errorf("%d:\n%s\ngot  %s\nwant %s", i, source, got, want)
				}
			}
		})
	}
}

// manyNames is a function with more variables than one switch is good for.
var manyNames = func() string {
	var b strings.Builder
	b.WriteString("(function () {\n")
	for i := range 100 {
		fmt.Fprintf(&b, "let v%d = %d\n", i, i)
	}
	b.WriteString("return (() => { log(v99 + v50); return v1 })()\n})()")
	return b.String()
}()

// logger makes the function log of a runtime and what it keeps.
func logger(rt *goja.Runtime) *[]string {
	var log []string
	_ = rt.Set("log", func(c goja.FunctionCall) goja.Value {
		var parts []string
		for _, a := range c.Arguments {
			parts = append(parts, a.String())
		}
		log = append(log, strings.Join(parts, " "))
		return goja.Undefined()
	})
	return &log
}
