package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/breakpoints"
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
	points map[string]*breakpoint // by id
	owned  map[string]bool        // threads that a script has in its hands
	stop   context.CancelFunc
	wg     sync.WaitGroup
}

// breakpoint is Breakpoint of swinspect.d.ts.
type breakpoint struct {
	c       *browserContext
	id      string
	kind    breakpoints.Kind
	handler goja.Callable
	first   chan *paused // of once(); nil: on()
}

// paused is Paused of swinspect.d.ts.
type paused struct {
	c      *browserContext
	thread string
	scope  string
	worker string // the version's id
	pause  *debugger.Pause
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
		g.points, g.owned = map[string]*breakpoint{}, map[string]bool{}
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

// give hands one pause to the first breakpoint that it is due to and that is there.
func (g *debugging) give(ctx context.Context, t *debugger.Thread) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.owned[t.ID] {
		return // who steps through it hears of it
	}
	for _, id := range t.Pause.Stop.Breakpoints {
		b := g.points[id]
		if b == nil {
			continue
		}
		p := &paused{c: b.c, thread: t.ID, scope: t.Scope, worker: t.Version, pause: t.Pause}
		if b.first != nil {
			select {
			case b.first <- p:
				g.owned[t.ID] = true
				return
			default:
				continue
			}
		}
		if b.handler == nil {
			continue
		}
		g.owned[t.ID] = true
		g.wg.Go(func() { g.handle(ctx, b, p) })
		return
	}
	d := g.d
	g.wg.Go(func() { _ = d.Resume(ctx, t.ID) }) // nobody asked for it: a statement, or a breakpoint that was removed
}

// handle runs a breakpoint's handler and lets the worker go on after it.
func (g *debugging) handle(ctx context.Context, b *breakpoint, p *paused) {
	inner, cancel := context.WithCancelCause(b.c.stage.context())
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() { cancel(errOver) })()
	_ = b.c.f.ask(inner, b.handler, p, func(goja.Value) {}) // what it threw is a problem of the test
	end, done := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
	defer done()
	_ = g.release(end, p) // the worker is gone
}

// release lets a worker go on, if a script still has it in its hands.
func (g *debugging) release(ctx context.Context, p *paused) error {
	g.mu.Lock()
	had, d, on := g.owned[p.thread], g.d, g.on
	delete(g.owned, p.thread)
	g.mu.Unlock()
	if !had || !on {
		return nil
	}
	if t := d.State().Thread(p.thread); t == nil || t.Pause == nil {
		return nil
	}
	return d.Resume(ctx, p.thread)
}

// pointOptions are BreakpointOptions of swinspect.d.ts, flattened.
type pointOptions struct {
	URL         string `json:"url"`
	Line        int    `json:"line"`
	Column      int    `json:"column"`
	Text        string `json:"text"`
	Type        string `json:"type"`
	State       string `json:"state"`
	Method      string `json:"method"`
	Mode        string `json:"mode"`
	Destination string `json:"destination"`
	Client      string `json:"client"`
	At          string `json:"at"`
	Operation   string `json:"operation"`
	Cache       string `json:"cache"`
	Which       string `json:"which"`
	Scope       string `json:"scope"`
	Condition   string `json:"condition"`
	Skip        int    `json:"skip"`
	Once        bool   `json:"once"`
	Log         string `json:"log"`
	Timeout     *span  `json:"timeout"`
}

// absolute makes a URL pattern of a breakpoint absolute.
func (x *browserContext) absolute(p string) string {
	if strings.HasPrefix(p, "/") && x.base() != "" {
		return x.base() + p
	}
	return p
}

// breakpointOf is what the user asks for.
func (x *browserContext) breakpointOf(kind string, o pointOptions) breakpoints.Breakpoint {
	b := breakpoints.Breakpoint{Kind: breakpoints.Kind(kind), Scope: x.absolute(o.Scope), Condition: o.Condition, Skip: o.Skip, Once: o.Once, Log: o.Log}
	switch b.Kind {
	case breakpoints.Line:
		b.Line = &breakpoints.LineAt{URL: x.absolute(o.URL), Line: o.Line, Column: o.Column, Text: o.Text}
	case breakpoints.Event:
		if o.Type == "" {
			o.Type = "*"
		}
		b.Event = &breakpoints.EventAt{Type: o.Type}
	case breakpoints.Lifecycle:
		b.Lifecycle = &breakpoints.LifecycleAt{State: o.State}
	case breakpoints.Fetch:
		b.Fetch = &breakpoints.FetchAt{URL: x.absolute(o.URL), Method: o.Method, Mode: o.Mode, Destination: o.Destination, Client: o.Client, At: o.At}
	case breakpoints.Cache:
		b.Cache = &breakpoints.CacheAt{Operation: o.Operation, Cache: o.Cache, URL: x.absolute(o.URL)}
	case breakpoints.Exception:
		if o.Which == "" {
			o.Which = "uncaught"
		}
		b.Exception = &breakpoints.ExceptionAt{Which: o.Which}
	}
	return b
}

// pointArguments reads (kind, where, handler) or (kind, handler).
func (x *browserContext) pointArguments(c *call) (breakpoints.Breakpoint, pointOptions, goja.Callable) {
	kind := c.text(0, "the kind")
	if !slices.Contains(breakpoints.Kinds(), breakpoints.Kind(kind)) {
		c.fail("there is no kind of breakpoint %q: %v", kind, breakpoints.Kinds())
	}
	var o pointOptions
	i := 1
	if _, isHandler := goja.AssertFunction(c.arg(1)); !isHandler {
		c.options(1, &o)
		i = 2
	}
	var handler goja.Callable
	if c.has(i) {
		handler = c.function(i, "the handler")
	}
	return x.breakpointOf(kind, o), o, handler
}

// arm adds a breakpoint.
func (x *browserContext) arm(ctx context.Context, b breakpoints.Breakpoint, p *breakpoint) error {
	if x.taped != nil {
		return x.notLive("a breakpoint")
	}
	g := &x.o.debug
	d, set, err := g.start(ctx, x.o)
	if err != nil {
		return err
	}
	g.mu.Lock()
	made, err := set.Add(b)
	if err == nil {
		p.id = made.ID
		g.points[p.id] = p
	}
	g.mu.Unlock()
	if err != nil {
		return err
	}
	x.mu.Lock()
	x.points = append(x.points, p)
	x.mu.Unlock()
	inner, cancel := context.WithTimeout(ctx, armWithin)
	defer cancel()
	if err := d.Settle(inner); err != nil && inner.Err() == nil {
		return err // one that does not answer in time is not waited for
	}
	return x.restarted(ctx, d, p)
}

// armWithin bounds how long workers may take to have a breakpoint.
const armWithin = 3 * time.Second

// restarted starts workers anew that had run before the debugger was there: it cannot be
// in front of their handlers.
func (x *browserContext) restarted(ctx context.Context, d *debugger.Debugger, p *breakpoint) error {
	s := p.status()
	if s == nil || p.kind != breakpoints.Event && p.kind != breakpoints.Fetch {
		return nil
	}
	state := d.State()
	for _, set := range s.Settings {
		t := state.Thread(set.Target)
		if set.Problem == "" || t == nil || t.Registration.Context != x.id || t.Status != "running" {
			continue
		}
		if err := d.Restart(ctx, t.ID); err != nil {
			return fmt.Errorf("restarting the worker, which ran before the debugger: %w", err)
		}
	}
	return nil
}

// debugged matches scripts that set breakpoints: their browsers are debugged from the
// start, so that no worker has to be started anew.
var debugged = regexp.MustCompile(`\.\s*(?:on|once)\s*\(`)

// on is on(kind, where, handler).
func (x *browserContext) on(c *call) goja.Value {
	b, o, handler := x.pointArguments(c)
	if handler == nil && o.Log == "" {
		c.fail("a breakpoint needs a handler, or a log message")
	}
	p := &breakpoint{c: x, kind: b.Kind, handler: handler}
	return c.async(func(ctx context.Context) (any, error) { return p, x.arm(ctx, b, p) })
}

// once is once(kind, where).
func (x *browserContext) once(c *call) goja.Value {
	b, o, _ := x.pointArguments(c)
	b.Once = true
	p := &breakpoint{c: x, kind: b.Kind, first: make(chan *paused, 1)}
	return c.async(func(ctx context.Context) (any, error) {
		if err := x.arm(ctx, b, p); err != nil {
			return nil, err
		}
		inner, cancel, limit := x.stage.limited(ctx, o.Timeout)
		defer cancel()
		select {
		case got := <-p.first:
			return got, nil
		case <-inner.Done():
		}
		text := fmt.Sprintf("waited %s for a pause at %s: %s", spanText(limit), c.f.pointWords(b), p.words())
		if cause := context.Cause(ctx); cause != nil {
			text = fmt.Sprintf("%v; it was waiting for a pause at %s: %s", cause, c.f.pointWords(b), p.words())
		}
		_ = p.remove(context.WithoutCancel(ctx)) // the wait has failed already
		return nil, &timeoutError{what: text}
	})
}

func (f *file) pointWords(b breakpoints.Breakpoint) string {
	b.ID = ""
	data, err := json.Marshal(b)
	if err != nil {
		return string(b.Kind)
	}
	return string(data)
}

// words say what became of the breakpoint.
func (b *breakpoint) words() string {
	s := b.status()
	switch {
	case s == nil:
		return "it was removed"
	case s.Problem != "":
		return s.Problem
	case s.Hits > 0:
		return fmt.Sprintf("it was hit %d times and did not stop", s.Hits)
	}
	return "it was not hit"
}

// status is the breakpoint as the debugger has it; nil when it is gone.
func (b *breakpoint) status() *debugger.Status {
	g := &b.c.o.debug
	g.mu.Lock()
	d := g.d
	g.mu.Unlock()
	if d == nil {
		return nil
	}
	for _, s := range d.State().Breakpoints {
		if s.ID == b.id {
			return s
		}
	}
	return nil
}

func (b *breakpoint) remove(context.Context) error {
	g := &b.c.o.debug
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.points, b.id)
	b.c.mu.Lock()
	b.c.points = slices.DeleteFunc(b.c.points, func(x *breakpoint) bool { return x == b })
	b.c.mu.Unlock()
	if g.set == nil {
		return nil
	}
	err := g.set.Remove(b.id)
	var unknown *breakpoints.UnknownError
	if errors.As(err, &unknown) {
		return nil // once: it has gone by itself
	}
	return err
}

// removeBreakpoints takes away those of the context; without any, the debugger is off.
func (x *browserContext) removeBreakpoints(ctx context.Context) error {
	x.mu.Lock()
	all := slices.Clone(x.points)
	x.mu.Unlock()
	var errs []error
	for _, b := range all {
		errs = append(errs, b.remove(ctx))
	}
	g := &x.o.debug
	g.mu.Lock()
	none := len(g.points) == 0
	g.mu.Unlock()
	if none {
		errs = append(errs, g.off(ctx))
	}
	return errors.Join(errs...)
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
		return &paused{c: p.c, thread: p.thread, scope: p.scope, worker: p.worker, pause: next.Pause}, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	g := &p.c.o.debug
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.owned, p.thread)
	return nil, nil
}

// evaluate gives the value of an expression in a frame: JSON where it has some, else as
// it is shown.
func (p *paused) evaluate(ctx context.Context, frame int, expression string) (any, error) {
	v, err := p.c.o.debug.d.Evaluate(ctx, p.thread, frame, expression, debugger.EvaluateOptions{ByValue: true})
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
