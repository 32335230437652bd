package script

import (
	"errors"

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
	defer func() { a.depth-- }()
	v, err := f(this, args...)
	return v, fatal(err)
}

// Run runs a compiled script in the agent's native global.
func (a *Agent) Run(p *goja.Program) (goja.Value, error) {
	a.depth++
	defer func() { a.depth-- }()
	v, err := a.rt.RunProgram(p)
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

// trampoline makes a JavaScript function that calls a native one, so that the
// native never runs with an empty JavaScript stack.
var trampoline = goja.MustCompile("swinspect:trampoline", "(f => () => { f() })", true)

// Microtask runs f at the next microtask checkpoint, in order with promise jobs.
func (a *Agent) Microtask(f func()) {
	if a.depth == 0 {
		a.soon = append(a.soon, f)
		return
	}
	job, err := a.reaction(goja.Undefined(), a.rt.ToValue(func(goja.FunctionCall) goja.Value { f(); return goja.Undefined() }))
	if err != nil {
		panic(err)
	}
	if _, err := a.Call(a.then, a.resolved, job); err != nil {
		panic(err)
	}
}

// Checkpoint performs a microtask checkpoint, unless script is running. The loop
// does it after every task.
func (a *Agent) Checkpoint() {
	if a.depth > 0 || len(a.soon) == 0 {
		return // goja has drained its queue when the last call returned
	}
	_, _ = a.Call(a.noop, goja.Undefined())
}

// flush hands the microtasks that waited for a script to goja's queue. It runs as
// a native below a JavaScript function, so that nothing drains in between.
func (a *Agent) flush() {
	soon := a.soon
	a.soon = nil
	for _, f := range soon {
		a.Microtask(f)
	}
}

// Then calls onFulfilled or onRejected when p, any value, settles, as the
// intrinsic Promise.resolve(p).then would; either may be nil. Use it for "upon
// fulfillment" and "react to". They run as microtasks on the agent.
func (a *Agent) Then(p goja.Value, onFulfilled, onRejected func(goja.Value)) {
	promise := p
	if _, native := p.Export().(*goja.Promise); !native || p.(*goja.Object).Prototype() != a.promisePrototype {
		resolved, err := a.Call(a.resolve, a.promiseConstructor, p)
		if err != nil {
			if onRejected != nil {
				a.Microtask(func() { onRejected(Thrown(a.rt, err)) })
			}
			return
		}
		promise = resolved
	}
	if _, err := a.Call(a.then, promise, a.callback(onFulfilled), a.callback(onRejected)); err != nil {
		panic(err)
	}
}

// callback is a JavaScript function over f with JavaScript below it on the stack.
func (a *Agent) callback(f func(goja.Value)) goja.Value {
	if f == nil {
		// A rejection that nobody handles here counts as handled all the same:
		// whoever wants to hear of it passes onRejected.
		return a.rt.ToValue(func(goja.FunctionCall) goja.Value { return goja.Undefined() })
	}
	native := a.rt.ToValue(func(c goja.FunctionCall) goja.Value { f(c.Argument(0)); return goja.Undefined() })
	v, err := a.reaction1(goja.Undefined(), native)
	if err != nil {
		panic(err)
	}
	return v
}

var trampoline1 = goja.MustCompile("swinspect:trampoline1", "(f => v => { f(v) })", true)

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
