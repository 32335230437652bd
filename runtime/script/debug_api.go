package script

import (
	"context"
	"errors"
	"time"

	"github.com/dop251/goja"
)

// Errors of a [Debugger] that callers can branch on.
var (
	ErrNotPaused  = errors.New("the agent is not paused")
	ErrNoLocation = errors.New("nothing to stop at there")
	// ErrNotCaptured is a frame whose variables the interpreter cannot be asked for
	// (see [Frame.Captured]).
	ErrNotCaptured = errors.New("the variables of this frame were not kept")
)

// DebugOptions are what a debugger tells. All three functions are called on the loop
// and must not wait for it; nil ones are not called.
type DebugOptions struct {
	// OnParsed is told of a script before its first statement runs: a breakpoint that
	// is set in it there does not miss one.
	OnParsed func(*DebugScript)
	// OnPaused is told that the agent is paused. It returns at once; the pause lasts
	// until a method of the debugger ends it, or the agent is terminated.
	OnPaused func(*Pause)
	// OnResumed is told that it is not any more; its frames are no longer good.
	OnResumed func()
	// EvaluateLimit is how long an evaluation in a pause may compute; 0 is 5 s.
	EvaluateLimit time.Duration
}

// DebugScript is a script that can be debugged: one source text of what was compiled.
// A module bundle is one for each of its modules. It never changes.
type DebugScript struct {
	ID     string // unique in the agent: "1", "2", …
	URL    string
	Text   string // as it was fetched
	Module bool

	parts
}

// Location is a place in a script. Lines and columns count from 1, columns in UTF-16
// code units.
type Location struct {
	Script       *DebugScript
	Line, Column int
}

// BreakLocation is a place where script can stop. Kind is "call", "return",
// "debuggerStatement" or, for any other statement, empty: CDP's
// Debugger.BreakLocation.type.
type BreakLocation struct {
	Line, Column int
	Kind         string
}

// ExceptionMode is which thrown values pause: CDP's Debugger.setPauseOnExceptions.
type ExceptionMode string

// The modes.
const (
	NoExceptions       ExceptionMode = "none"
	UncaughtExceptions ExceptionMode = "uncaught"
	CaughtExceptions   ExceptionMode = "caught"
	AllExceptions      ExceptionMode = "all"
)

// PauseReason is why script stopped, in CDP's words where it has them.
type PauseReason string

// The reasons.
const (
	PauseOnBreakpoint PauseReason = "breakpoint"        // Hit names them
	PauseOnStep       PauseReason = "step"              // a step came to its end
	PauseOnDebugger   PauseReason = "debuggerStatement" // debugger;
	PauseOnException  PauseReason = "exception"
	PauseOnRequest    PauseReason = "pause" // PauseSoon
)

// Pause is script that is held. It is good until OnResumed.
type Pause struct {
	Reason PauseReason
	// Hit are the ids of the breakpoints that stand there and whose conditions hold.
	Hit []string
	// ConditionError is what a breakpoint's condition threw, described: it stops then.
	ConditionError string
	// Exception is the thrown value, Uncaught that nothing catches it.
	Exception goja.Value
	Uncaught  bool
	// Rejection is set when what is thrown becomes the rejection of a promise (thrown in
	// an async function, or Promise.reject): CDP's reason promiseRejection.
	Rejection bool
	// Frames are the calls under way, innermost first; natives are left out.
	Frames []*Frame
	// Async is how script came to run that was not called; nil: it was.
	Async *AsyncStack
	pausedAt
}

// AsyncStack is the stack that was there when the job that runs was made. Its frames
// have no scopes.
type AsyncStack struct {
	Description string // "await", "Promise.then"
	Frames      []*Frame
	Parent      *AsyncStack
}

// Frame is a call under way. Its methods are for the loop, in the pause it belongs to.
type Frame struct {
	Index    int
	Function string // "" for the top level of a script and for what has no name
	Script   *DebugScript
	Line     int
	Column   int
	// FunctionLine and FunctionColumn are where the function begins; 0: unknown.
	FunctionLine, FunctionColumn int
	// Captured reports that Scopes, This, Evaluate and Set work. The frame that paused
	// always is. A caller is when its statement was watched: those that may lead to a
	// breakpoint are, going by names; those that were on the stack of an earlier pause;
	// all that call something while a script of a debugger's own (swinspect:…) is there;
	// and all while exceptions pause. One that runs very often in a task is left alone.
	Captured bool
	// Library says that the script is blackboxed.
	Library bool
	// Scopes are innermost first; of a frame that was not captured the global ones.
	Scopes []*FrameScope
	// AtReturn says that the function is about to return; Return is what.
	AtReturn bool
	Return   goja.Value

	frame
}

// ScopeKind is a kind of scope, in CDP's words (Debugger.Scope.type).
type ScopeKind string

// The kinds.
const (
	LocalScope   ScopeKind = "local"
	BlockScope   ScopeKind = "block"
	CatchScope   ScopeKind = "catch"
	ClosureScope ScopeKind = "closure"
	ClassScope   ScopeKind = "class"
	ModuleScope  ScopeKind = "module"
	ScriptScope  ScopeKind = "script" // top-level let, const and class of all scripts
	GlobalScope  ScopeKind = "global" // the global object: Object is it
)

// FrameScope is the variables of one scope. For the loop, in its pause.
type FrameScope struct {
	Kind ScopeKind
	Name string // of the function, for local and closure
	// Line, Column, EndLine and EndColumn are its place; 0 where it has none.
	Line, Column, EndLine, EndColumn int
	// Object is the global object; nil for other scopes.
	Object *goja.Object

	scope
}

// Variable is a name and what it holds.
type Variable struct {
	Name     string
	Value    goja.Value // nil when Missing
	Constant bool
	// Missing is why there is no value: "not initialised" before a let, const or class
	// is reached, or "not available".
	Missing string
}

// Variable methods of a scope; see FrameScope.
type scopeVariables interface {
	// Variables lists the scope's variables in the order of their declarations.
	Variables() []Variable
	// Set assigns to a variable; what the assignment throws is the error. Constants
	// cannot be set, nor a loop's variables in a caller.
	Set(name string, v goja.Value) error
}

// frameMethods are the methods of a Frame; the ones that fail with ErrNotCaptured say so.
type frameMethods interface {
	// This is the frame's this; nil when there is none yet (before super()) or the
	// frame was not captured.
	This() goja.Value
	// Evaluate runs an expression or statements in the frame's scope and gives the
	// completion value. What it throws is the error (see Agent.Describe); one that
	// computes for too long is stopped: *TaskTimeoutError.
	Evaluate(source string) (goja.Value, error)
}

// debugMethods are the methods of a Debugger. Those without a comment about it may be
// called from any goroutine, at any time.
type debugMethods interface {
	// Scripts lists the scripts that have run, oldest first.
	Scripts() []*DebugScript
	// Locations lists where script can stop in [from, to), in order. A zero line of to
	// is the end of the script.
	Locations(s *DebugScript, from, to Location) []BreakLocation
	// FunctionLocations is Locations of the innermost function around a place, without
	// those of functions in it.
	FunctionLocations(s *DebugScript, line, column int) []BreakLocation
	// SetBreakpoint sets one at the first place at or behind line and column (0: the
	// first of the line) and says where that is. ErrNoLocation: there is none. condition
	// is JavaScript in the frame; empty: always. Several may stand at one place.
	SetBreakpoint(s *DebugScript, line, column int, condition string) (id string, at Location, err error)
	RemoveBreakpoint(id string)
	// SetActive switches all breakpoints, steps and exceptions on or off: CDP's
	// setBreakpointsActive; SkipAll does not pause at anything: setSkipAllPauses.
	SetActive(on bool)
	SkipAll(on bool)
	PauseOnExceptions(mode ExceptionMode)
	// Blackbox names the scripts not to be stepped into or paused in by a step, a pause
	// or an exception, by regular expressions for their URLs.
	Blackbox(patterns []string) error

	// Paused is the pause; nil when there is none.
	Paused() *Pause
	// PauseSoon stops at the next statement, whatever runs it.
	PauseSoon()
	// Resume and the steps end a pause; ErrNotPaused.
	Resume() error
	StepOver() error // the next statement of the same activation, also behind an await; else of its caller
	StepInto() error
	StepOut() error
	// ToAwait goes on until the activation that waits for this one resumes; when
	// nothing does, as StepOut.
	ToAwait() error
	// RunTo resumes and stops at the first place at or behind line and column.
	RunTo(s *DebugScript, line, column int) error

	// Post runs f on the loop, as a task of its own or in the pause, in the order of the
	// calls; it does not wait. It reports false when the agent has ended.
	Post(f func()) bool
	// Interject runs f on the loop: as a task of its own, or in the pause when there is
	// one or one comes first. It returns when f has; the error is ctx's or the agent's.
	Interject(ctx context.Context, f func()) error
}

var (
	_ debugMethods   = (*Debugger)(nil)
	_ frameMethods   = (*Frame)(nil)
	_ scopeVariables = (*FrameScope)(nil)
)
