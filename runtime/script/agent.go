package script

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/clock"
)

// ErrClosed is the reason of an agent that was ended without one.
var ErrClosed = errors.New("the agent was closed")

// PanicError is a Go panic in a native function or in the interpreter: the agent
// ends with it.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("internal error: %v", e.Value) }

// Options of an agent. The zero value is a real clock, no limits.
type Options struct {
	Name   string
	Clock  clock.Clock
	Rand   func() float64 // Math.random; nil: random
	Logger *slog.Logger
	// TaskCPU is how long one task may compute before the agent is terminated
	// with a *TaskTimeoutError; 0 means for ever.
	TaskCPU time.Duration
	// OnOverrun, when set, is told instead, on the loop: the task was stopped, with
	// the microtasks it had queued, and the agent goes on.
	OnOverrun func(err error)
}

// TaskTimeoutError is a task that computed longer than it may.
type TaskTimeoutError struct {
	Limit  time.Duration
	Source string // what the task was
	// At is where script was stopped, innermost first; for Options.OnOverrun.
	At []goja.StackFrame
}

func (e *TaskTimeoutError) Error() string {
	return fmt.Sprintf("%s computed for more than %s without giving up control", e.Source, e.Limit)
}

// Agent is a JavaScript agent. See the package comment for who may call what.
type Agent struct {
	rt     *goja.Runtime
	name   string
	clock  clock.Clock
	log    *slog.Logger
	limit  time.Duration
	ctx    context.Context
	cancel context.CancelCauseFunc
	done   chan struct{}
	wake   chan struct{} // capacity 1
	others sync.WaitGroup

	mu         sync.Mutex // guards the fields below
	tasks      []task
	terminated error
	closed     bool // no more goroutines may be added to others
	over       bool // done is closed
	patience   *time.Timer
	overrun    error // why the task that runs was stopped

	// OnUnhandledRejection is told, after the checkpoint, of every promise that is
	// rejected with nobody listening; OnRejectionHandled of those that were handled
	// later. Set them before the first script runs; called on the loop.
	OnUnhandledRejection, OnRejectionHandled func(*goja.Promise)

	// DescribePlatform, when set, tells the name, message and stack of an object whose
	// own they are not: a DOMException. It runs no script.
	DescribePlatform func(o *goja.Object) (name, message, stack string)

	// Of the loop alone.
	depth int     // calls into goja under way
	soon  []later // microtasks queued while no script was running
	story *uint64 // what script runs on behalf of; nil for nothing
	// atCheckpoint is what AtCheckpoint was given.
	atCheckpoint []func()
	microtasks   []func() // those that promise jobs stand for, oldest first
	rejections   rejections
	realms       map[*Realm]struct{}
	current      string
	watching     *watchdog // of the task that runs
	onOverrun    func(error)
	left         time.Duration // what it may compute, from since on
	since        time.Time
	debug        atomic.Pointer[Debugger] // nil: scripts run as they are

	// Intrinsics as they were before any script ran.
	promiseConstructor, promisePrototype *goja.Object
	resolve, noop, enqueueJob, react     goja.Callable
	getOwnPropertyDescriptor             goja.Callable
	uint8Array                           *goja.Object
}

type task struct {
	source string
	run    func()
	after  func() // once run and its microtasks are through; not when they crash
}

// New starts an agent. End it with Terminate, then wait for Done.
func New(o Options) *Agent {
	if o.Clock == nil {
		o.Clock = clock.Real()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	a := &Agent{
		rt: goja.New(), name: o.Name, clock: o.Clock, log: o.Logger, limit: o.TaskCPU, onOverrun: o.OnOverrun,
		done: make(chan struct{}), wake: make(chan struct{}, 1), realms: map[*Realm]struct{}{},
	}
	a.ctx, a.cancel = context.WithCancelCause(context.Background())
	a.configure(o)
	if probesEverywhere != "" {
		a.Debug(DebugOptions{}).spare = true
		if probesEverywhere == "keep" {
			a.Debugger().keepAll = true
		}
	}
	go a.loop()
	return a
}

// Runtime is the agent's interpreter; for the loop alone.
func (a *Agent) Runtime() *goja.Runtime { return a.rt }

// Name is what the agent was called in Options.
func (a *Agent) Name() string { return a.name }

// Clock is the agent's time.
func (a *Agent) Clock() clock.Clock { return a.clock }

// Logger is the agent's log.
func (a *Agent) Logger() *slog.Logger { return a.log }

// Context ends when the agent is terminated; its cause is the reason.
func (a *Agent) Context() context.Context { return a.ctx }

// Done is closed when the loop has ended and every goroutine of the agent with it,
// or when a terminated agent has not ended for three seconds.
func (a *Agent) Done() <-chan struct{} { return a.done }

// Err is why the agent was terminated; nil while it runs.
func (a *Agent) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.terminated
}

// Queue adds a task; source names its task source, for debugging. It reports
// false when the agent has been terminated: the task will not run.
func (a *Agent) Queue(source string, run func()) bool {
	return a.queue(task{source: source, run: run})
}

func (a *Agent) queue(t task) bool {
	a.mu.Lock()
	if a.terminated != nil {
		a.mu.Unlock()
		return false
	}
	a.tasks = append(a.tasks, t)
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default:
	}
	return true
}

// Do runs f as a task and waits for it and its microtasks. It must not be called on the loop. The
// error is ctx's, or the agent's reason when it ended before f was through.
func (a *Agent) Do(ctx context.Context, source string, f func()) error {
	ran := make(chan struct{})
	if !a.queue(task{source, f, func() { close(ran) }}) {
		return a.Err()
	}
	select {
	case <-ran:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-a.done:
		select {
		case <-ran:
			return nil
		default:
			return a.Err()
		}
	}
}

// Terminate ends the agent: running script is interrupted, queued tasks are
// dropped. It returns at once; the first reason stays.
func (a *Agent) Terminate(reason error) {
	if reason == nil {
		reason = ErrClosed
	}
	a.mu.Lock()
	if a.terminated != nil {
		a.mu.Unlock()
		return
	}
	a.terminated = reason
	a.tasks = nil
	if !a.over {
		a.patience = time.AfterFunc(patience, a.giveUp)
	}
	a.mu.Unlock()
	a.rt.Interrupt(reason)
	a.cancel(reason)
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// Go runs work in a goroutine that the agent waits for; ctx ends with the agent.
// It reports false when the agent has ended.
func (a *Agent) Go(work func(ctx context.Context)) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || a.terminated != nil {
		return false
	}
	a.others.Add(1)
	go func() {
		defer a.others.Done()
		work(a.ctx)
	}()
	return true
}

func (a *Agent) loop() {
	for {
		t, more := a.next()
		if !more {
			break
		}
		if t.run == nil {
			<-a.wake
			continue
		}
		a.runTask(t)
	}
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.others.Wait()
	for r := range a.realms {
		r.destroy()
	}
	a.finish()
}

// patience is how long a terminated agent may go on in a native call, which nothing
// interrupts, before everybody stops waiting for it.
const patience = 3 * time.Second

// giveUp declares an agent ended whose loop does not end: nobody must wait for a
// native call of hours.
func (a *Agent) giveUp() {
	if a.finish() {
		a.log.Warn("an agent does not end: a native call cannot be interrupted", "agent", a.name)
	}
}

// finish closes done; it reports false when that has been done.
func (a *Agent) finish() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over {
		return false
	}
	a.over = true
	if a.patience != nil {
		a.patience.Stop()
	}
	close(a.done)
	return true
}

// next takes the oldest task; a task without run when there is none, and false
// when the agent was terminated.
func (a *Agent) next() (task, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.terminated != nil {
		return task{}, false
	}
	if len(a.tasks) == 0 {
		return task{}, true
	}
	t := a.tasks[0]
	a.tasks[0] = task{}
	a.tasks = a.tasks[1:]
	return t, true
}

// runTask runs one task and the microtask checkpoint after it.
func (a *Agent) runTask(t task) {
	a.current = t.source
	stop := a.watch(t.source)
	defer func() {
		stop()
		a.current = ""
		p := recover()
		if a.stopped(p) {
			return
		}
		if p != nil {
			a.crashed(p)
		}
	}()
	t.run()
	a.Checkpoint()
	a.checkpointed()
	a.reportRejections()
	if d := a.Debugger(); d != nil {
		d.taskEnds()
	}
	if t.after != nil {
		t.after()
	}
}

// overran stops the task that computes for too long: the agent with it, unless
// somebody wants to go on. From any goroutine.
func (a *Agent) overran(err error) {
	if a.onOverrun == nil {
		a.Terminate(err)
		return
	}
	a.mu.Lock()
	a.overrun = err
	a.mu.Unlock()
	a.rt.Interrupt(err)
}

// StopTask stops the task that computes now as if its time were over; an agent without
// OnOverrun ends. From any goroutine.
func (a *Agent) StopTask(err *TaskTimeoutError) { a.overran(err) }

// stopped reports whether overran stopped the task that ends now, with the panic p, and
// makes the agent ready for the next one.
func (a *Agent) stopped(p any) bool {
	a.mu.Lock()
	err, ended := a.overrun, a.terminated != nil
	a.overrun = nil
	a.mu.Unlock()
	if err == nil || ended {
		return false
	}
	a.rt.ClearInterrupt()
	if timeout, ok := err.(*TaskTimeoutError); ok { //nolint:errorlint // overran was given it
		if interrupted, ok := p.(*goja.InterruptedError); ok {
			timeout.At = interrupted.Stack()
		}
	}
	a.microtasks, a.soon, a.story = nil, nil, nil
	a.onOverrun(err)
	return true
}

// crashed ends the agent over a Go panic; an interrupt of Terminate is not one.
func (a *Agent) crashed(p any) {
	if interrupted, ok := p.(*goja.InterruptedError); ok {
		if a.Err() != nil {
			return
		}
		p = interrupted
	}
	err := &PanicError{Value: p, Stack: debug.Stack()}
	a.log.Error("agent crashed", "agent", a.name, "panic", p, "stack", string(err.Stack))
	a.Terminate(err)
}

// watch terminates the agent when the task does not end within the limit.
func (a *Agent) watch(source string) (stop func()) {
	if a.limit == 0 {
		return func() {}
	}
	a.arm(a.limit, source)
	return func() { a.watching.stop() }
}

func (a *Agent) arm(left time.Duration, source string) {
	a.left, a.since = left, time.Now()
	a.watching = a.newWatchdog(left, source)
}

// Blocking runs f on the loop, where it waits for something (importScripts, a
// synchronous XMLHttpRequest): that is not counted as computing.
func (a *Agent) Blocking(f func()) {
	if a.limit == 0 || a.watching == nil {
		f()
		return
	}
	a.watching.stop()
	left := a.left - time.Since(a.since)
	defer func() { a.arm(max(left, time.Millisecond), a.current) }()
	f()
}
