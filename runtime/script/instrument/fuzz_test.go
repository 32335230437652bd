package instrument

import (
	"testing"
	"time"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
)

// What compiles does so with probes.
func FuzzProgram(f *testing.F) {
	for _, source := range sources {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > 1<<12 {
			return
		}
		_, err := bounded(func(*goja.Runtime) (string, error) { _, err := goja.Compile("test.js", source, false); return "", err })
		if err != nil {
			return
		}
		tree, err := goja.Parse("test.js", source, parser.WithDisableSourceMaps)
		if err != nil {
			return
		}
		table := Program(tree, 1, source)
		if _, err := goja.CompileAST(tree, false); err != nil {
			t.Fatalf("%q compiles as it is, not with probes: %v", source, err)
		}
		for i, p := range table.Probes {
			if p.Offset < 0 || p.Offset > len(source) || p.Function >= len(table.Functions) {
				t.Errorf("%q: probe %d is %+v", source, i, p)
			}
		}
	})
}

// What runs does the same with every probe armed; what does not end is left alone.
func FuzzBehaviour(f *testing.F) {
	for _, source := range sources {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > 1<<10 {
			return
		}
		want, err := bounded(func(rt *goja.Runtime) (string, error) { return plainIn(rt, source) })
		if err != nil {
			return
		}
		for _, giveBack := range []bool{false, true} {
			w := &world{giveBack: giveBack}
			got, err := bounded(func(rt *goja.Runtime) (string, error) { return w.runIn(rt, source, true) })
			if err == errLate {
				return
			}
			if err != nil || got != want {
				t.Fatalf("%q\ngot  %s %v\nwant %s", source, got, err, want)
			}
		}
	})
}

type lateError string

func (e lateError) Error() string { return string(e) }

const errLate = lateError("it does not end")

// bounded runs f for a second at most; a Go panic is an error.
func bounded(f func(*goja.Runtime) (string, error)) (s string, err error) {
	rt := goja.New()
	rt.SetMaxCallStackSize(200)
	timer := time.AfterFunc(time.Second, func() { rt.Interrupt(errLate) })
	defer timer.Stop()
	defer func() {
		if recover() != nil {
			err = errLate
		}
	}()
	s, err = f(rt)
	if !timer.Stop() {
		err = errLate
	}
	return s, err
}
