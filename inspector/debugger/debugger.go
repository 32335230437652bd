package debugger

import (
	"context"
	"errors"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector"
)

// Debugger is the debugger of one browser. Make it with [New], switch it on with Start.
// Its methods may be called from any goroutine; those with a context wait for the
// browser. Stop resumes everything.
type Debugger struct{ b *inspector.Browser }

var errSkeleton = errors.New("debugger: not yet")

// New makes a debugger that is off.
func New(b *inspector.Browser, set *breakpoints.Set, o Options) *Debugger { return &Debugger{b: b} }

// Start attaches to the workers there are and to all that start from now on.
func (d *Debugger) Start(ctx context.Context) error { return errSkeleton }

// Stop resumes what is paused and lets go of every worker. The debugger can be started again.
func (d *Debugger) Stop(ctx context.Context) error { return errSkeleton }

// Close is Stop for good: it returns when no goroutine is left.
func (d *Debugger) Close() {}

// State is the newest state; it never blocks.
func (d *Debugger) State() *State { return &State{} }

// Changed is closed at the next change of State; level-triggered.
func (d *Debugger) Changed() <-chan struct{} { return nil }

// WaitFor waits for a state in which holds is true.
func (d *Debugger) WaitFor(ctx context.Context, holds func(*State) bool) (*State, error) {
	return nil, errSkeleton
}

// As gives the same debugger under another driver's name; Drive takes over from whoever
// drives. Commands that move a worker (Resume, Step…, Evaluate with effects, SetVariable)
// fail with a *[DrivenError] while another drives.
func (d *Debugger) As(name string) *Debugger { return d }

// Drive takes over.
func (d *Debugger) Drive() {}

// Breakpoints are changed in the [breakpoints.Set] that New was given: Set.Add, Set.Update,
// Set.Remove; the debugger hears of it and sets them anew in every worker.

// SetActive switches all breakpoints off and on together.
func (d *Debugger) SetActive(ctx context.Context, on bool) error { return errSkeleton }

// Resume lets a paused worker go on.
func (d *Debugger) Resume(ctx context.Context, thread string) error { return errSkeleton }

// Step is over, into, out, or await (run until the await under way has its value).
func (d *Debugger) Step(ctx context.Context, thread, how string) error { return errSkeleton }

// StepBack goes back one step, or with toBreakpoint to the breakpoint before.
func (d *Debugger) StepBack(ctx context.Context, thread string, toBreakpoint bool) error {
	return errSkeleton
}

// Pause stops a worker at the next statement it runs.
func (d *Debugger) Pause(ctx context.Context, thread string) error { return errSkeleton }

// RunTo resumes until a place is reached.
func (d *Debugger) RunTo(ctx context.Context, thread string, at Place) error { return errSkeleton }

// Keep stops the watchdog of the present pause.
func (d *Debugger) Keep(ctx context.Context, thread string) error { return errSkeleton }

// EvaluateOptions say how.
type EvaluateOptions struct {
	// Silent evaluates without side effects: throws when there would be some. For watches and hovers.
	Silent bool
	// ByValue gives Value.JSON of objects too.
	ByValue bool
	// Await waits for a promise; only when the worker is not paused.
	Await bool
}

// Evaluate evaluates an expression in a frame of a paused worker, or globally with
// frame -1. What the expression throws is a *[ThrownError].
func (d *Debugger) Evaluate(ctx context.Context, thread string, frame int, expression string, o EvaluateOptions) (Value, error) {
	return Value{}, errSkeleton
}

// ThrownError is what an evaluated expression threw.
type ThrownError struct{ Value Value }

func (e *ThrownError) Error() string { return e.Value.Text }

// SetVariable gives a variable of a scope the value of an expression.
func (d *Debugger) SetVariable(ctx context.Context, thread string, frame, scope int, name, expression string) (Value, error) {
	return Value{}, errSkeleton
}

// Properties lists those of an object, a scope's or a value's handle.
func (d *Debugger) Properties(ctx context.Context, thread, object string) ([]Property, error) {
	return nil, errSkeleton
}

// Scripts lists the scripts of a worker, in the order in which they ran.
func (d *Debugger) Scripts(thread string) []Script { return nil }

// Source is the text of a script.
func (d *Debugger) Source(ctx context.Context, thread, script string) (string, error) {
	return "", errSkeleton
}

// Places lists where in lines from…to of a script a breakpoint can stand.
func (d *Debugger) Places(ctx context.Context, thread, script string, from, to int) ([]Place, error) {
	return nil, errSkeleton
}

// SetLibraries names the scripts that stepping passes over, as patterns of URLs.
func (d *Debugger) SetLibraries(ctx context.Context, patterns []string) error { return errSkeleton }

// Libraries are those patterns.
func (d *Debugger) Libraries() []string { return nil }
