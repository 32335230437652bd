package session

import (
	"context"
	_ "embed" // lib.js
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/inspector/session/report"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/encoding"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/timers"
	"github.com/swinspect/swinspect/runtime/webapi/urlapi"
)

//go:embed lib.js
var library string

// exports are what the module 'swinspect' has; all of them are global too.
var exports = []string{
	"test", "use", "describe", "step", "skip", "beforeEach", "afterEach", "beforeAll", "afterAll",
	"expect", "waitFor", "sleep", "readFile", "env", "start", "launch", "engine", "attach", "open", "serve",
}

// file is a script in an interpreter of its own.
//
// Concurrency: fields are the loop's, but for those that say otherwise. Work that waits
// runs in goroutines of the agent, which waits for them when it ends.
type file struct {
	run    *runner
	name   string // as the user gave it
	path   string
	bundle *bundle
	agent  *script.Agent
	realm  *script.Realm
	rt     *goja.Runtime

	slot                     *goja.Symbol
	prototypes               map[*class]*goja.Object
	objects                  map[handle]*goja.Object
	parseJSON, stringifyJSON goja.Callable
	makeError                goja.Callable
	show                     goja.Callable
	api                      *goja.Object

	groups  *group
	tests   []*testCase
	rejects map[*goja.Promise]struct{}

	snaps *snapshots // of the file; over restarts of the interpreter

	mu     sync.Mutex // guards the fields below
	stage  *stage     // what calls belong to now
	inputs map[string]bool
}

// newFile makes an interpreter for a script. End it with close.
func (r *runner) newFile(name string, b *bundle, snaps *snapshots) (*file, error) {
	path, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	f := &file{
		run: r, name: name, path: path, bundle: b, prototypes: map[*class]*goja.Object{}, objects: map[handle]*goja.Object{},
		rejects: map[*goja.Promise]struct{}{}, groups: &group{}, snaps: snaps, inputs: map[string]bool{},
	}
	f.agent = script.New(script.Options{Name: name, Logger: r.Logger, TaskCPU: r.timeout(), OnOverrun: f.overran})
	f.agent.OnUnhandledRejection = func(p *goja.Promise) { f.rejects[p] = struct{}{} }
	f.agent.OnRejectionHandled = func(p *goja.Promise) { delete(f.rejects, p) }
	if err := f.do(context.Background(), f.setup); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// overran is told, on the loop, that the script computed for too long and was stopped.
func (f *file) overran(err error) {
	s := f.current()
	var stopped *script.TaskTimeoutError
	if s == nil || !errors.As(err, &stopped) {
		return
	}
	s.mu.Lock()
	if s.looped == nil {
		s.looped = f.places(stopped.At)
	}
	s.mu.Unlock()
	s.end(&timeoutError{what: fmt.Sprintf("the test took longer than %s", spanText(f.run.timeout()))})
}

func (f *file) close() {
	f.agent.Terminate(nil)
	<-f.agent.Done()
}

// do runs something on the loop and gives what it threw.
func (f *file) do(ctx context.Context, body func()) error {
	var thrown error
	if err := f.agent.Do(ctx, "swinspect", func() { thrown = f.agent.Try(body) }); err != nil {
		return err
	}
	return thrown
}

// setup makes the realm and its globals.
func (f *file) setup() {
	f.rt = f.agent.Runtime()
	f.realm = f.agent.NewRealm(nil)
	f.realm.Report = func(e *script.Exception) { f.current().problem(f.failureOf(e.Value)) }
	f.slot = goja.NewSymbol("swinspect")
	if err := f.rt.Set("self", f.rt.GlobalObject()); err != nil {
		panic(err)
	}
	r := idl.Of(f.realm)
	env.Attach(f.realm, &env.Settings{Kind: env.DedicatedWorker, Secure: true})
	timers.Install(r, nil)
	encoding.Install(r, nil)
	urlapi.Install(r)
	json := f.rt.Get("JSON").ToObject(f.rt)
	f.parseJSON, _ = goja.AssertFunction(json.Get("parse"))
	f.stringifyJSON, _ = goja.AssertFunction(json.Get("stringify"))
	f.defineAPI()
	program, err := script.Compile("swinspect:lib.js", []byte(library))
	if err != nil {
		panic(f.rt.NewGoError(err))
	}
	made, err := f.agent.Run(program)
	if err != nil {
		panic(err)
	}
	build, _ := goja.AssertFunction(made)
	out, err := f.agent.Call(build, goja.Undefined(), f.natives())
	if err != nil {
		panic(err)
	}
	lib := out.ToObject(f.rt)
	f.show, _ = goja.AssertFunction(lib.Get("show"))
	f.makeError, _ = goja.AssertFunction(lib.Get("makeError"))
	for _, name := range []string{"expect", "waitFor"} {
		must(f.api.Set(name, lib.Get(name)))
	}
	must(f.rt.Set("console", lib.Get("console")))
	for _, name := range exports {
		must(f.rt.Set(name, f.api.Get(name)))
	}
}

// shown is a value as text for people.
func (f *file) shown(v goja.Value) string {
	out, err := f.agent.Call(f.show, goja.Undefined(), v)
	if err != nil {
		return "?"
	}
	return out.String()
}

// here is where the script is: its calls, innermost first.
func (f *file) here() []report.Place {
	return f.places(f.rt.CaptureCallStack(40, nil))
}

// places are those of a stack that are in the user's files.
func (f *file) places(stack []goja.StackFrame) []report.Place {
	var places []report.Place
	for _, frame := range stack {
		at := frame.Position()
		if !strings.HasPrefix(at.Filename, "file:") {
			continue
		}
		places = append(places, report.Place{File: shortPath(pathOf(at.Filename), f.name), Line: at.Line, Column: at.Column, Function: functionName(frame.FuncName())})
	}
	return places
}

func functionName(name string) string {
	if name == "<anonymous>" || strings.HasPrefix(name, "<") {
		return ""
	}
	return name
}

// current is the stage that calls belong to.
func (f *file) current() *stage {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stage
}

func (f *file) setStage(s *stage) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stage = s
}

// begin does work beside the loop, as a part of the stage that is on now.
func (f *file) begin(title string, at []report.Place, work func(ctx context.Context) (any, error)) goja.Value {
	s := f.current()
	p := f.realm.NewPromise()
	op := s.begin(title, at)
	f.agent.Go(func(context.Context) {
		v, err := guarded(op.ctx, work)
		f.agent.Queue("swinspect", func() {
			var result goja.Value
			if err == nil {
				err = f.agent.Try(func() { result = f.value(v) })
			}
			s.finish(op, err)
			if err != nil {
				p.Reject(f.throwable(err, at))
				return
			}
			p.Resolve(result)
		})
	})
	return p.Value
}

// guarded is work of which a panic is an error: the script's process goes on.
func guarded(ctx context.Context, work func(ctx context.Context) (any, error)) (v any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal error: %v", r)
		}
	}()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	v, err = work(ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil && errors.Is(err, ctx.Err()) {
		return nil, cause
	}
	return v, err
}

// await calls a function on the loop and waits for what it gives, off the loop. The
// error is a *thrownError, or the context's cause.
func (f *file) await(ctx context.Context, fn goja.Callable, args ...any) error {
	settled := make(chan error, 1)
	f.agent.Queue("swinspect", func() {
		values := make([]goja.Value, len(args))
		var v goja.Value
		err := f.agent.Try(func() {
			for i, a := range args {
				values[i] = f.value(a)
			}
			var err error
			if v, err = f.agent.Call(fn, goja.Undefined(), values...); err != nil {
				panic(script.Thrown(f.rt, err))
			}
		})
		if err != nil {
			settled <- &thrownError{f.failureOf(script.Thrown(f.rt, err)), f.isSkip(script.Thrown(f.rt, err))}
			return
		}
		f.agent.Then(v, func(goja.Value) { settled <- nil }, func(reason goja.Value) {
			settled <- &thrownError{f.failureOf(reason), f.isSkip(reason)}
		})
	})
	select {
	case err := <-settled:
		return err
	case <-ctx.Done():
	case <-f.agent.Done():
		return f.agent.Err()
	}
	// What the script waits for has been told to end: give it the time to say where.
	select {
	case err := <-settled:
		if err != nil {
			return err
		}
	case <-f.agent.Done():
	case <-time.After(settleWithin):
		f.interrupt()
		return errStuck
	}
	return context.Cause(ctx)
}

// interrupt stops the script where it computes without an end, if that is what it does,
// and waits until it is known where that was.
func (f *file) interrupt() {
	ctx, cancel := context.WithTimeout(context.Background(), settleWithin)
	defer cancel()
	if f.agent.Do(ctx, "swinspect", func() {}) == nil {
		return // it waits
	}
	if at, s := f.sampled(), f.current(); s != nil {
		s.mu.Lock()
		s.looped = at
		s.mu.Unlock()
	}
	f.agent.StopTask(&script.TaskTimeoutError{Source: "the script"})
	ctx, cancel = context.WithTimeout(context.Background(), settleWithin)
	defer cancel()
	_ = f.agent.Do(ctx, "swinspect", func() {}) // a native call cannot be stopped: then nobody knows where
}

// settleWithin is how long a script may take to notice that its time is over.
const settleWithin = 500 * time.Millisecond

// errStuck is a script that does not come to an end.
var errStuck = errors.New("the script goes on")

// thrownError is what a script threw.
type thrownError struct {
	failure report.Failure
	skip    *skipError // it was skip()
}

func (e *thrownError) Error() string { return e.failure.Message }

// unhandled are the rejections that nobody handled; they are forgotten.
func (f *file) unhandled(ctx context.Context) []report.Failure {
	var all []report.Failure
	_ = f.do(ctx, func() { // an agent that has ended has said why
		for p := range f.rejects {
			if f.isSkip(p.Result()) != nil || f.isLate(p.Result()) {
				continue
			}
			e := f.failureOf(p.Result())
			e.Message += "\n(nobody waited for it: an await is missing)"
			all = append(all, e)
		}
		clear(f.rejects)
	})
	slices.SortFunc(all, func(a, b report.Failure) int { return a.At.Line - b.At.Line })
	return all
}

// read notes that the script depends on a file or folder.
func (f *file) read(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.inputs[path] = true
}

func (f *file) allInputs() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := append(slices.Clone(f.bundle.inputs), slices.Collect(maps.Keys(f.inputs))...)
	slices.Sort(all)
	return slices.Compact(all)
}

// resolvePath is a path relative to the script.
func (f *file) resolvePath(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(f.path), filepath.FromSlash(path))
}
