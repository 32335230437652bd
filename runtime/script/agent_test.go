package script

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dop251/goja"
	"go.uber.org/goleak"
)

// The clock of regexp2 ends by itself.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock"))
}

func start(t *testing.T, o Options) *Agent {
	t.Helper()
	a := New(o)
	t.Cleanup(func() { a.Terminate(nil); <-a.Done() })
	return a
}

func do(t *testing.T, a *Agent, f func()) {
	t.Helper()
	if err := a.Do(t.Context(), "test", f); err != nil {
		t.Fatal(err)
	}
}

// Callbacks that a microtask's Go code calls must not drain the queue early.
func TestMicrotasksKeepTheirOrder(t *testing.T) {
	a := start(t, Options{})
	var got []string
	do(t, a, func() {
		rt := a.Runtime()
		_ = rt.Set("log", func(s string) { got = append(got, s) })
		callback, _ := rt.RunString(`() => { Promise.resolve().then(() => log("after callback")); log("callback") }`)
		f, _ := goja.AssertFunction(callback)
		a.Microtask(func() {
			if _, err := a.Call(f, goja.Undefined()); err != nil {
				t.Error(err)
			}
			got = append(got, "end of first")
		})
		a.Microtask(func() { got = append(got, "second") })
	})
	want := []string{"callback", "end of first", "second", "after callback"}
	if len(got) != 4 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] || got[3] != want[3] {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestUnhandledRejectionsAreReportedAfterTheCheckpoint(t *testing.T) {
	a := start(t, Options{})
	var got []string
	do(t, a, func() {
		a.OnUnhandledRejection = func(p *goja.Promise) { got = append(got, p.Result().String()) }
	})
	do(t, a, func() {
		if _, err := a.Runtime().RunString(`Promise.reject("handled").catch(() => {}); Promise.reject("not")`); err != nil {
			t.Error(err)
		}
	})
	do(t, a, func() {})
	if len(got) != 1 || got[0] != "not" {
		t.Errorf("got %v", got)
	}
}

func TestALoopIsTerminatedAtItsLimit(t *testing.T) {
	a := New(Options{TaskCPU: 50 * time.Millisecond})
	err := a.Do(context.Background(), "the fetch event", func() {
		_, err := a.Runtime().RunString(`for(;;){ try { for(;;){} } catch (e) {} finally { continue } }`)
		_ = fatal(err)
	})
	var timeout *TaskTimeoutError
	if !errors.As(err, &timeout) {
		t.Errorf("got %v", err)
	}
	<-a.Done()
}

func TestAPanicEndsTheAgentOnly(t *testing.T) {
	a := New(Options{})
	err := a.Do(context.Background(), "x", func() { panic("boom") })
	var p *PanicError
	if !errors.As(err, &p) {
		t.Errorf("got %v", err)
	}
	<-a.Done()
}

func TestDescribe(t *testing.T) {
	a := start(t, Options{})
	do(t, a, func() {
		p := goja.MustCompile("https://x/sw.js", "let a = 1;\n  null.foo", false)
		_, err := a.Run(p)
		e := a.Describe(err)
		if e.Name != "TypeError" || e.URL != "https://x/sw.js" || e.Line != 2 {
			t.Errorf("%+v", e)
		}
		_, err = a.Runtime().RunString(`throw { get message() { throw 1 } }`)
		if e := a.Describe(err); e.Message != "#<Object>" {
			t.Errorf("%+v", e)
		}
		for _, source := range []string{"const a = 1;\nlet b = = 2;", "let a;\n  let a;"} {
			_, err := Compile("https://x/sw.js", []byte(source))
			if e := a.Describe(err); e.Name != "SyntaxError" || e.URL != "https://x/sw.js" || e.Line != 2 || e.Column < 3 || strings.Contains(e.Message, "Line") {
				t.Errorf("%q: %+v", source, e)
			}
		}
		v, _ := a.Runtime().RunString("new RangeError('far')")
		if e := a.DescribeValue(v); e.Name != "RangeError" || e.Message != "far" {
			t.Errorf("%+v", e)
		}
	})
}

func TestBlockingIsNotComputing(t *testing.T) {
	a := New(Options{TaskCPU: 100 * time.Millisecond})
	if err := a.Do(t.Context(), "test", func() { a.Blocking(func() { time.Sleep(300 * time.Millisecond) }) }); err != nil {
		t.Error(err)
	}
	err := a.Do(t.Context(), "test", func() {
		a.Blocking(func() {})
		_, _ = a.Run(goja.MustCompile("", "for(;;);", false))
	})
	var slow *TaskTimeoutError
	if !errors.As(err, &slow) {
		t.Error(err)
	}
	<-a.Done()
}
