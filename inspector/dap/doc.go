// Package dap lets any editor debug service workers: a server of the Debug Adapter
// Protocol (https://microsoft.github.io/debug-adapter-protocol/specification) over
// inspector/debugger. It knows of no browser: a [Backend] starts or attaches to one.
//
// A connection is one session with one browser. A thread is a running worker; a
// function breakpoint is any kind of breakpoint in its short form ("event:fetch",
// "cache:miss cache=pages-*", "lifecycle:waiting"); what a worker runs that is on this
// machine too is shown from the file, and from the worker where the two differ.
package dap

import (
	"context"
	"time"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/debugger"
)

// Debugger is what a session asks of the debugger: a [*debugger.Debugger] is one. Its
// methods are called from several goroutines.
type Debugger interface {
	State() *debugger.State
	Changed() <-chan struct{}
	Drive()
	SetActive(ctx context.Context, on bool) error
	Resume(ctx context.Context, thread string) error
	Step(ctx context.Context, thread, how string) error
	StepBack(ctx context.Context, thread string, toBreakpoint bool) error
	Pause(ctx context.Context, thread string) error
	Keep(ctx context.Context, thread string) error
	Evaluate(ctx context.Context, thread string, frame int, expression string, o debugger.EvaluateOptions) (debugger.Value, error)
	SetVariable(ctx context.Context, thread string, frame, scope int, name, expression string) (debugger.Value, error)
	Properties(ctx context.Context, thread, object string) ([]debugger.Property, error)
	Scripts(thread string) []debugger.Script
	Source(ctx context.Context, thread, script string) (string, error)
	Places(ctx context.Context, thread, script string, from, to int) ([]debugger.Place, error)
	SetLibraries(ctx context.Context, patterns []string) error
}

// Breakpoints is where a session's breakpoints are put: a [*breakpoints.Set] is one.
type Breakpoints interface {
	AddOwn(b breakpoints.Breakpoint) (breakpoints.Breakpoint, error)
	Remove(ids ...string) error
	All() []breakpoints.Breakpoint
}

// Browser is what a session shows and does beyond debugging: a [*inspector.Browser] is one.
type Browser interface {
	State() *inspector.State
	Changed() <-chan struct{}
	Changes(after uint64) []inspector.Change
	Do(ctx context.Context, a inspector.Action, timeout time.Duration) (inspector.Receipt, error)
}

// Debuggee is a browser with its debugger switched on, for one session.
type Debuggee struct {
	Name        string // "Chromium 156", "the engine"
	Debugger    Debugger
	Breakpoints Breakpoints
	Browser     Browser
	// Roots are the folders that are known to be served, by the URL they are served at.
	Roots map[string]string
	// Open opens the pages that were asked for. It is called once, when the breakpoints
	// are in place; nil: there are none.
	Open func(ctx context.Context) error
	// Ended is closed when the browser is gone for good; nil: never.
	Ended <-chan struct{}
	// Release gives it back: the browser is resumed and detached from, and ended when
	// terminate is set. It returns when that is done.
	Release func(terminate bool) error
}

// Backend starts browsers and attaches to them. Errors are shown to the user as they
// are; say tells of progress.
type Backend interface {
	Launch(ctx context.Context, o *Launch, say func(string)) (*Debuggee, error)
	Attach(ctx context.Context, o *Attach, say func(string)) (*Debuggee, error)
}
