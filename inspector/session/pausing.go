package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/debugger"
)

// debugging is the debugger of an opened browser, while somebody has breakpoints in it.
//
// It owns a goroutine that hands pauses to the breakpoints they are due to, and one per
// pause that a script handles; stop waits for them.
type debugging struct {
	mu     sync.Mutex // guards the fields below
	set    *breakpoints.Set
	d      *debugger.Debugger
	on     bool
	made   int                    // how many breakpoints there were
	points map[string]*breakpoint // by id
	owned  map[string]uint64      // threads that a script has in its hands, by the pause with which it began
	stop   context.CancelFunc
	wg     sync.WaitGroup
}

// breakpoint is Breakpoint of swinspect.d.ts.
type breakpoint struct {
	c       *browserContext
	id      string
	kind    breakpoints.Kind
	what    string // it in words
	order   int    // counts the breakpoints of the browser
	handler goja.Callable
	first   chan *paused // of once(); nil: on()
}

// paused is Paused of swinspect.d.ts.
type paused struct {
	c            *browserContext
	thread       string
	scope        string
	worker       string // the version's id
	registration inspector.RegistrationKey
	turn         uint64 // id of the pause that the script was given
	pause        *debugger.Pause
}

// frame is Frame of swinspect.d.ts.
type frame struct {
	p *paused
	debugger.Frame
}

// scope is Scope of swinspect.d.ts.
type scope struct {
	p *paused
	debugger.Scope
}

func (b *breakpoint) class() *class  { return breakpointClass }
func (b *breakpoint) String() string { return fmt.Sprintf("Breakpoint %s (%s)", b.id, b.kind) }
func (p *paused) class() *class      { return pausedClass }
func (p *paused) String() string     { return "Paused: " + p.pause.Stop.Words }
func (x *frame) class() *class       { return frameClass }
func (x *scope) class() *class       { return scopeClass }
func (x *scope) String() string      { return "Scope " + x.Type }

func (x *frame) String() string {
	name := x.Function
	if name == "" {
		name = "(anonymous)"
	}
	return fmt.Sprintf("Frame %s (%s:%d:%d)", name, x.URL, x.Line, x.Column)
}

// start switches the debugger on, if it is not.
func (g *debugging) start(ctx context.Context, o *opened) (*debugger.Debugger, *breakpoints.Set, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.d == nil {
		g.set = breakpoints.NewSet()
		g.d = debugger.New(o.browser, g.set, debugger.Options{Name: "a script"})
		g.points, g.owned = map[string]*breakpoint{}, map[string]uint64{}
	}
	if g.on {
		return g.d, g.set, nil
	}
	if err := g.d.Start(ctx); err != nil {
		return nil, nil, fmt.Errorf("starting the debugger: %w", err)
	}
	follow, stop := context.WithCancel(context.Background())
	g.on, g.stop = true, stop
	g.wg.Go(func() { g.follow(follow) })
	return g.d, g.set, nil
}

// off switches the debugger off: every worker goes on.
func (g *debugging) off(ctx context.Context) error {
	g.mu.Lock()
	if !g.on {
		g.mu.Unlock()
		return nil
	}
	g.on = false
	stop, d := g.stop, g.d
	clear(g.owned)
	g.mu.Unlock()
	stop()
	err := d.Stop(ctx)
	g.wg.Wait()
	return err
}

func (g *debugging) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	_ = g.off(ctx) // Close does what is left
	g.mu.Lock()
	d := g.d
	g.d = nil
	g.mu.Unlock()
	if d != nil {
		d.Close()
	}
}

// follow hands new pauses to their breakpoints; it is a goroutine of its own.
func (g *debugging) follow(ctx context.Context) {
	seen := map[string]uint64{}
	for {
		changed, s := g.d.Changed(), g.d.State()
		for _, t := range s.Paused() {
			if seen[t.ID] == t.Pause.ID {
				continue
			}
			seen[t.ID] = t.Pause.ID
			g.give(ctx, t)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// give hands one pause to the breakpoints that it is due to: the handlers of all, one
// after the other, else the first that is waited for.
func (g *debugging) give(ctx context.Context, t *debugger.Thread) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.owned[t.ID] != 0 {
		return // who steps through it hears of it
	}
	of := func(b *breakpoint) *paused {
		return &paused{c: b.c, thread: t.ID, scope: t.Scope, worker: t.Version, registration: t.Registration, turn: t.Pause.ID, pause: t.Pause}
	}
	var handlers, waiting []*breakpoint
	for _, id := range t.Pause.Stop.Breakpoints {
		switch b := g.points[id]; {
		case b == nil:
		case b.first != nil:
			waiting = append(waiting, b)
		case b.handler != nil:
			handlers = append(handlers, b)
		}
	}
	slices.SortFunc(handlers, func(a, b *breakpoint) int { return a.order - b.order })
	if len(handlers) > 0 {
		g.owned[t.ID] = t.Pause.ID
		g.wg.Go(func() {
			last := of(handlers[0])
			for _, b := range handlers {
				if last = of(b); !g.handle(ctx, b, last) {
					break
				}
			}
			end, done := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
			defer done()
			_ = g.release(end, last) // the worker is gone
		})
		// Who waits for it hears of it, too: the handlers have the worker in their hands.
		for _, b := range waiting {
			offer(b, of(b))
		}
		return
	}
	for _, b := range waiting {
		if offer(b, of(b)) {
			g.owned[t.ID] = t.Pause.ID
			return
		}
	}
	d := g.d
	g.wg.Go(func() { _ = d.Resume(ctx, t.ID) }) // nobody asked for it: a statement, or a breakpoint that was removed
}

// offer gives a pause to who waits for the breakpoint; false when it has had its own.
func offer(b *breakpoint, p *paused) bool {
	select {
	case b.first <- p:
		return true
	default:
		return false
	}
}

// handle runs a breakpoint's handler; false when the worker is no longer in its pause.
func (g *debugging) handle(ctx context.Context, b *breakpoint, p *paused) bool {
	s := b.c.stage
	inner, cancel := context.WithCancelCause(s.context())
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() { cancel(errOver) })()
	s.holding(b, true)
	defer s.holding(b, false)
	_ = b.c.f.ask(inner, b.handler, p, func(goja.Value) {}) // what it threw is a problem of the test
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.owned[p.thread] != p.turn || !g.on || inner.Err() != nil {
		return false
	}
	t := g.d.State().Thread(p.thread)
	return t != nil && t.Pause != nil && t.Pause.ID == p.pause.ID
}

// release lets a worker go on, if a script still has it in its hands.
func (g *debugging) release(ctx context.Context, p *paused) error {
	g.mu.Lock()
	had, d, on := g.owned[p.thread] == p.turn, g.d, g.on
	if had {
		delete(g.owned, p.thread)
	}
	g.mu.Unlock()
	if !had || !on {
		return nil
	}
	if t := d.State().Thread(p.thread); t == nil || t.Pause == nil {
		return nil
	}
	return d.Resume(ctx, p.thread)
}

// ranOn is how long a step may take before the worker is taken to have run on.
const ranOn = 2 * time.Second

// stepped moves the worker and waits for its next pause; nil when it ran on.
func (p *paused) stepped(ctx context.Context, move func(ctx context.Context, d *debugger.Debugger) error) (any, error) {
	d := p.c.o.debug.d
	if err := move(ctx, d); err != nil {
		return nil, err
	}
	inner, cancel := context.WithTimeout(ctx, ranOn)
	defer cancel()
	var next *debugger.Thread
	_, err := d.WaitFor(inner, func(s *debugger.State) bool {
		next = s.Thread(p.thread)
		return next == nil || next.Pause != nil && next.Pause.ID != p.pause.ID
	})
	switch {
	case err == nil && next != nil:
		return &paused{c: p.c, thread: p.thread, scope: p.scope, worker: p.worker, registration: p.registration, turn: p.turn, pause: next.Pause}, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	g := &p.c.o.debug
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.owned[p.thread] == p.turn {
		delete(g.owned, p.thread)
	}
	return nil, nil
}

// evaluateWithin bounds what an expression may take, evaluateSpare what the browser is
// given to say that it has stopped it.
const (
	evaluateWithin = 5 * time.Second
	evaluateSpare  = 500 * time.Millisecond
)

// endless says that an expression ran for too long. A browser that has not stopped it
// has its worker stopped.
func (p *paused) endless(ctx context.Context, limit time.Duration, computes bool) error {
	text := "evaluating took longer than " + spanText(limit.Round(100*time.Millisecond))
	if !computes {
		return &timeoutError{what: text + ": it was stopped"}
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if _, err := p.c.act(end, inspector.Action{Kind: inspector.Stop, Registration: p.registration, Version: p.worker}); err != nil {
		p.c.o.spent.Store(true)
		return &timeoutError{what: text + ", and the worker cannot be stopped: " + words(err)}
	}
	return &timeoutError{what: text + ": the worker was stopped"}
}

// stopWithin bounds how long a worker may take to stop.
const stopWithin = 2 * time.Second

// evaluate gives the value of an expression in a frame: JSON where it has some, else as
// it is shown.
func (p *paused) evaluate(ctx context.Context, frame int, expression string) (any, error) {
	began := time.Now()
	limit := evaluateWithin
	limit = min(limit, max(time.Until(p.c.stage.ends())-2*evaluateSpare, evaluateSpare))
	inner, cancel := context.WithTimeout(ctx, limit+evaluateSpare)
	defer cancel()
	v, err := p.c.o.debug.d.Evaluate(inner, p.thread, frame, expression, debugger.EvaluateOptions{ByValue: true, Timeout: limit})
	if err != nil && time.Since(began) >= limit {
		return nil, p.endless(ctx, limit, inner.Err() != nil)
	}
	var thrown *debugger.ThrownError
	if errors.As(err, &thrown) {
		name, text, ok := strings.Cut(thrown.Value.Text, ": ")
		if !ok {
			name, text = "Error", thrown.Value.Text
		}
		return nil, &pageError{name: name, text: text}
	}
	switch {
	case err != nil:
		return nil, err
	case len(v.JSON) > 0:
		return v.JSON, nil
	case v.Type == "undefined":
		return undefined{}, nil
	}
	return v.Text, nil
}
