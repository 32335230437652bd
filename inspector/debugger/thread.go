package debugger

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/runtime"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/sourcemap"
)

// errThreadGone is the end of a worker.
var errThreadGone = errors.New("the worker is gone")

// thread is one worker with a session of the debugger's.
//
// One goroutine takes its events in the order in which they came, and does what needs
// the worker's answers in between; run ends it. Fields below the line are guarded by
// core.mu; those above belong to that goroutine.
type thread struct {
	c      *core
	held   *inspector.Held
	target string
	ctx    context.Context // ends with the session
	cancel context.CancelCauseFunc

	scripts   map[string]*script // by CDP id, the worker's own and tools'
	stopID    string             // script that stops, see prelude.js
	api       string             // handle of the prelude's functions; "" when there is none
	context   int                // the worker's global
	installed bool               // the prelude was to be put there
	nth       uint64             // resumes that came before the pause that is looked at
	seq       uint64             // counts pauses and resumes
	restarted bool               // by again
	late      bool               // see missed
	parsedOne bool               // a script of its own
	early     bool               // the prelude was there before the worker's own script
	starting  bool               // held before its first statement
	lines     map[string]*lineSet
	byCDP     map[string]string // CDP breakpoint id → breakpoint id
	table     string            // what the prelude was last told
	landing   *landing          // on the way to where a stop is shown
	stepping  *stepping         // a step that was asked for
	shown     bool              // the browser's state has a pause of this worker
	pausing   bool              // Pause was asked for
	runTo     string            // CDP breakpoint of RunTo
	ran       bool              // it was reached
	thrown    string            // what the last exception that was looked at said
	waiting   []lifeStop        // states that were entered while it could not be held
	catching  bool              // told to stop for a state, and not stopped yet
	catches   int               // numbers that
	wentBack  bool              // StepBack was used, and the present has not come again
	present   breakpoints.Stop  // then: what that shows
	// noWayBack: the browser cannot step back.
	noWayBack bool

	// guarded by core.mu
	version    string
	reg        inspector.RegistrationKey
	scope      string
	status     string
	words      string
	pause      *pause
	identified bool      // scope and version are known
	order      []*script // those of the worker
	settings   map[string]breakpoints.Setting

	resumes atomic.Uint64 // that came

	mu    sync.Mutex
	queue []task
	ended bool
	kick  chan struct{}
}

// task is something for a thread's goroutine to do; skipped is called instead when the
// thread ended before.
type task struct{ do, skipped func() }

// script is one that a worker parsed.
type script struct {
	wireScript
	own  bool     // of a debugger: hidden
	text []string // its lines, when they were read
	// sources is its source map, once mapped; nil: it has none in it.
	sources *sourcemap.Map
	mapped  bool
}

// tool reports whether a script is one of a debugger's or a tool's, not the worker's.
func (s *script) tool() bool { return s == nil || s.own || s.URL == "" }

// attached is told by the hold, on the goroutine that reads: nothing is awaited.
func (c *core) attached(h *inspector.Held) {
	ctx, cancel := context.WithCancelCause(context.Background())
	t := &thread{
		c: c, held: h, target: h.Target, ctx: ctx, cancel: cancel, starting: h.Waiting,
		scripts: map[string]*script{}, lines: map[string]*lineSet{}, byCDP: map[string]string{},
		settings: map[string]breakpoints.Setting{}, kick: make(chan struct{}, 1), status: "running",
	}
	if h.Waiting {
		t.status = "starting"
	}
	for _, command := range []struct {
		method string
		params any
	}{
		{runtime.Enable.Method, struct{}{}},
		{debugger.Enable.Method, struct{}{}},
		{debugger.SetAsyncCallStackDepth.Method, map[string]any{"maxDepth": 32}},
		{debugger.SetBlackboxPatterns.Method, map[string]any{"patterns": c.blackbox()}},
	} {
		_ = h.Session.Go(command.method, command.params) // an error is that of the link, which is told elsewhere
	}
	if h.Waiting {
		_ = h.Session.Go(debugger.Pause.Method, struct{}{})
	} else {
		t.push(func() { t.install(false) }, nil)
	}
	c.update(func() {
		t.identify(c.b.State())
		c.forgetStopped(t)
		c.threads = append(c.threads, t)
	})
	c.wg.Go(t.run)
}

// forgetStopped takes stopped workers off the list whose version runs anew, and keeps
// few of the others. The caller is within update.
func (c *core) forgetStopped(fresh *thread) {
	const keep = 20
	var left []*thread
	stopped := 0
	for i := len(c.threads) - 1; i >= 0; i-- {
		t := c.threads[i]
		if t.status == "stopped" {
			stopped++
			if t.target == fresh.target || t.held.URL == fresh.held.URL || stopped > keep {
				continue
			}
		}
		left = append([]*thread{t}, left...)
	}
	c.threads = left
}

// event is told by the hold, on the goroutine that reads.
func (c *core) event(h *inspector.Held, e cdp.Event) {
	t := c.byHeld(h)
	if t == nil {
		return
	}
	switch e.Method {
	case debugger.Paused.Method:
		before := t.resumes.Load()
		t.push(func() { t.nth = before; t.on(e) }, nil)
		return
	case debugger.Resumed.Method:
		t.resumes.Add(1)
	}
	t.push(func() { t.on(e) }, nil)
}

// gone is told by the hold.
func (c *core) gone(h *inspector.Held, why string) {
	t := c.byHeld(h)
	if t == nil {
		return
	}
	t.cancel(errThreadGone)
	t.end()
	c.update(func() {
		if t.pause != nil {
			c.note(LogLine{Thread: t.target, Level: "warning", Text: "the pause is over: " + why})
		}
		t.endPause()
		t.status, t.words, t.settings = "stopped", why, map[string]breakpoints.Setting{}
	})
}

func (c *core) byHeld(h *inspector.Held) *thread {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.threads {
		if t.held == h {
			return t
		}
	}
	return nil
}

// find is the live thread with an id.
func (c *core) find(id string) (*thread, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.on {
		return nil, ErrOff
	}
	for i := len(c.threads) - 1; i >= 0; i-- {
		if t := c.threads[i]; t.target == id && t.status != "stopped" {
			return t, nil
		}
	}
	return nil, ErrNoThread
}

// push hands the thread's goroutine something to do.
func (t *thread) push(do, skipped func()) {
	t.mu.Lock()
	if t.ended {
		t.mu.Unlock()
		if skipped != nil {
			skipped()
		}
		return
	}
	t.queue = append(t.queue, task{do, skipped})
	t.mu.Unlock()
	select {
	case t.kick <- struct{}{}:
	default:
	}
}

// end ends the goroutine; what it has not begun is skipped.
func (t *thread) end() {
	t.mu.Lock()
	left := t.queue
	t.queue, t.ended = nil, true
	t.mu.Unlock()
	for _, k := range left {
		if k.skipped != nil {
			k.skipped()
		}
	}
	select {
	case t.kick <- struct{}{}:
	default:
	}
}

func (t *thread) run() {
	for range t.kick {
		for {
			t.mu.Lock()
			if t.ended {
				t.mu.Unlock()
				return
			}
			if len(t.queue) == 0 {
				t.mu.Unlock()
				break
			}
			next := t.queue[0]
			t.queue = t.queue[1:]
			t.mu.Unlock()
			next.do()
		}
	}
}

// answerWithin bounds a command. A worker in an endless loop answers none.
const answerWithin = 10 * time.Second

// call sends a command of the worker's session and waits for its answer.
func (t *thread) call(method string, params, result any) error {
	return t.callWith(t.ctx, method, params, result)
}

// callWith is call within another context, too.
func (t *thread) callWith(ctx context.Context, method string, params, result any) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	defer context.AfterFunc(t.ctx, cancel)()
	if params == nil {
		params = struct{}{}
	}
	err := t.held.Session.Call(ctx, method, params, result)
	if err != nil && t.ctx.Err() != nil {
		return errThreadGone
	}
	return err
}

// send sends a command and does not wait.
func (t *thread) send(method string, params any) {
	if params == nil {
		params = struct{}{}
	}
	_ = t.held.Session.Go(method, params) // an error is that of the link, which is told elsewhere
}

// moveOn sends a command that moves the worker from the pause that is looked at, unless
// another debugger did so already: what it is paused at by now is that one's.
func (t *thread) moveOn(method string) {
	if t.resumes.Load() == t.nth {
		t.send(method, nil)
	}
}

// on takes an event of the worker's session.
func (t *thread) on(e cdp.Event) {
	switch e.Method {
	case debugger.ScriptParsed.Method:
		if p, ok := decode[wireScript](e.Params); ok {
			t.parsed(p)
		}
	case debugger.Paused.Method:
		if p, ok := decode[wirePaused](e.Params); ok {
			t.paused(e, p)
		}
	case debugger.Resumed.Method:
		t.resumed(e)
	case breakpointResolved:
		t.resolved(e)
	case runtime.ConsoleAPICalled.Method, runtime.ExceptionThrown.Method:
		t.console(e)
	case runtime.ExecutionContextsCleared.Method:
		t.cleared()
	case runtime.ExecutionContextDestroyed.Method, runtime.ExecutionContextCreated.Method:
		t.contextChanged(e)
	}
}

// identify finds the version that the worker runs. The caller is within update.
func (t *thread) identify(s *inspector.State) {
	for _, r := range s.Registrations {
		if r.Key.Instance != t.held.Instance || r.Key.Context != t.held.Context {
			continue
		}
		for _, v := range r.Versions {
			if v.TargetID == t.target {
				t.version, t.reg, t.scope = v.ID, r.Key, r.Scope
				return
			}
		}
	}
}

// snapshot is the thread as it is shown. The caller holds the lock.
func (t *thread) snapshot(s *inspector.State) *Thread {
	if t.version == "" || t.scope == "" {
		t.identify(s)
	}
	out := &Thread{
		ID: t.target, Registration: t.reg, Scope: t.scope, Version: t.version, URL: t.held.URL,
		Status: t.status, Words: t.words,
	}
	if t.pause != nil {
		out.Status = "paused"
		p := t.pause.shown
		p.Holding = t.holding(s)
		out.Pause = &p
	}
	return out
}
