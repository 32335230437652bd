package script

import (
	"errors"
	"reflect"

	"github.com/dop251/goja"
)

// goja drains its promise jobs when the outermost call into it returns: HTML's
// "perform a microtask checkpoint" after each callback. Go code that runs inside
// a microtask must therefore have JavaScript below it on the stack, or a callback
// it calls would drain the queue in the middle of it: see Microtask.

// Call calls f and reports a thrown value as an error (a *goja.Exception, see
// [Agent.Describe]). An interrupt is a panic that unwinds the task: the agent is ending.
func (a *Agent) Call(f goja.Callable, this goja.Value, args ...goja.Value) (goja.Value, error) {
	a.depth++
	defer a.leave()
	v, err := f(this, args...)
	if d := a.Debugger(); d != nil && err != nil {
		d.failed(err)
	}
	return v, fatal(err)
}

// leave is the end of a call into goja: the outermost one has drained its jobs.
func (a *Agent) leave() {
	if a.depth--; a.depth == 0 && len(a.atCheckpoint) > 0 {
		a.checkpointed()
	}
}

// AtCheckpoint runs f once, when the microtask checkpoint after the script that is
// running now is through: "cleanup Indexed Database transactions". f runs no script.
func (a *Agent) AtCheckpoint(f func()) { a.atCheckpoint = append(a.atCheckpoint, f) }

func (a *Agent) checkpointed() {
	list := a.atCheckpoint
	a.atCheckpoint = nil
	for _, f := range list {
		f()
	}
}

// Run runs a compiled script in the agent's native global.
func (a *Agent) Run(p *goja.Program) (goja.Value, error) {
	d := a.Debugger()
	if d != nil {
		defer d.begins(p)()
	}
	a.depth++
	defer a.leave()
	v, err := a.rt.RunProgram(p)
	if d != nil && err != nil {
		d.failed(err)
	}
	return v, fatal(err)
}

// Try runs f, which may panic with a JavaScript value as natives do, and reports
// what was thrown as an error.
func (a *Agent) Try(f func()) error {
	if ex := a.rt.Try(f); ex != nil {
		return ex
	}
	return nil
}

// fatal turns what no script can catch into a panic that ends the task.
func fatal(err error) error {
	var interrupted *goja.InterruptedError
	if err != nil && errors.As(err, &interrupted) {
		panic(interrupted)
	}
	return err
}

// glue makes the JavaScript side of Microtask and Then from intrinsics: then as a
// function of its receiver; next, which lets Go run its oldest microtask; react,
// which hands a promise's outcome to a native. All of them put a JavaScript
// function below the native on the stack, so that nothing drains in between.
//
// nothing is the promise that microtasks react to: its species makes objects that
// cost less than the promises nobody would look at.
var glue = goja.MustCompile("swinspect:glue", `((then, run) => {
	const noop = () => {};
	class Nothing { constructor(executor) { executor(noop, noop) } }
	const nothing = Promise.resolve();
	Object.defineProperty(nothing, "constructor", {value: {[Symbol.species]: Nothing}});
	const thenOf = Function.prototype.call.bind(then);
	const next = () => { run() };
	return {
		next,
		enqueue() { thenOf(nothing, next) },
		react(p, f) { thenOf(p, v => { f(true, v) }, v => { f(false, v) }) },
	};
})`, true)

// Microtask runs f at the next microtask checkpoint, in order with promise jobs.
func (a *Agent) Microtask(f func()) {
	if a.depth == 0 {
		a.soon = append(a.soon, later{a.story, f})
		return
	}
	a.enqueue(f)
}

// later is a microtask that waits for a script to end, with the story it is of.
type later struct {
	story *uint64
	run   func()
}

// enqueue adds a promise job that runs f. Jobs run in the order in which they were
// added, so that each takes the oldest function there is.
func (a *Agent) enqueue(f func()) {
	a.microtasks = append(a.microtasks, f)
	if _, err := a.Call(a.enqueueJob, goja.Undefined()); err != nil {
		panic(err)
	}
}

// runMicrotask is the native that next calls.
func (a *Agent) runMicrotask(goja.FunctionCall) goja.Value {
	if len(a.microtasks) > 0 {
		f := a.microtasks[0]
		a.microtasks[0] = nil
		if a.microtasks = a.microtasks[1:]; len(a.microtasks) == 0 {
			a.microtasks = nil
		}
		f()
	}
	return goja.Undefined()
}

// Checkpoint performs a microtask checkpoint, unless script is running. The loop
// does it after every task.
func (a *Agent) Checkpoint() {
	if a.depth > 0 || len(a.soon) == 0 {
		return // goja has drained its queue when the last call returned
	}
	_, _ = a.Call(a.noop, goja.Undefined())
}

// flusher is the function whose call makes goja drain its queue, after it was given
// the microtasks that waited for a script.
func (a *Agent) flusher() goja.Callable {
	wrap := a.intrinsicFunction(flushing)
	f, err := wrap(goja.Undefined(), a.rt.ToValue(func(goja.FunctionCall) goja.Value { a.flush(); return goja.Undefined() }))
	if err != nil {
		panic(err)
	}
	callable, _ := goja.AssertFunction(f)
	return callable
}

var promiseType = reflect.TypeFor[*goja.Promise]()

var flushing = goja.MustCompile("swinspect:flush", "(f => () => { f() })", true)

// flush hands the microtasks that waited for a script to goja's queue. It runs as
// a native below a JavaScript function, so that nothing drains in between.
func (a *Agent) flush() {
	soon := a.soon
	a.soon = nil
	outer := a.story
	for _, l := range soon {
		a.story = l.story
		a.enqueue(l.run)
	}
	a.story = outer
}

// Then calls onFulfilled or onRejected when p, any value, settles, as the
// intrinsic Promise.resolve(p).then would; either may be nil. Use it for "upon
// fulfillment" and "react to". They run as microtasks on the agent.
func (a *Agent) Then(p goja.Value, onFulfilled, onRejected func(goja.Value)) {
	promise := p
	if o, ok := p.(*goja.Object); !ok || o.ExportType() != promiseType || o.Prototype() != a.promisePrototype {
		resolved, err := a.Call(a.resolve, a.promiseConstructor, p)
		if err != nil {
			if onRejected != nil {
				a.Microtask(func() { onRejected(Thrown(a.rt, err)) })
			}
			return
		}
		promise = resolved
	}
	native := a.rt.ToValue(func(c goja.FunctionCall) goja.Value {
		f := onRejected
		if c.Argument(0).ToBoolean() {
			f = onFulfilled
		}
		if f != nil {
			f(c.Argument(1))
		}
		return goja.Undefined()
	})
	// A rejection that nobody handles here counts as handled all the same: whoever
	// wants to hear of it passes onRejected.
	if _, err := a.Call(a.react, goja.Undefined(), promise, native); err != nil {
		panic(err)
	}
}

func (a *Agent) intrinsicFunction(p *goja.Program) goja.Callable {
	v, err := a.rt.RunProgram(p)
	if err != nil {
		panic(err)
	}
	f, _ := goja.AssertFunction(v)
	return f
}

// Thrown is the value that was thrown, for an error that Call, Run or Try gave.
func Thrown(rt *goja.Runtime, err error) goja.Value {
	var ex *goja.Exception
	if errors.As(err, &ex) {
		return ex.Value()
	}
	var overflow *goja.StackOverflowError
	if errors.As(err, &overflow) {
		return rangeError(rt, "Maximum call stack size exceeded")
	}
	return rt.NewGoError(err)
}

func rangeError(rt *goja.Runtime, message string) goja.Value {
	o, err := rt.New(rt.GlobalObject().Get("RangeError"), rt.ToValue(message))
	if err != nil {
		return rt.NewTypeError(message)
	}
	return o
}
