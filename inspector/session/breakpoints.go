package session

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector/debugger"
)

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
		kinds := breakpoints.Kinds()
		all := make([]string, len(kinds))
		for i, k := range kinds {
			all[i] = string(k)
		}
		c.fail("there is no kind of breakpoint %q: there are %s and %s", kind, strings.Join(all[:len(all)-1], ", "), all[len(all)-1])
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
	made, err := set.AddOwn(b)
	if err == nil {
		g.made++
		p.id, p.order = made.ID, g.made
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
	p := &breakpoint{c: x, kind: b.Kind, what: b.Words(), handler: handler}
	return c.async(func(ctx context.Context) (any, error) { return p, x.arm(ctx, b, p) })
}

// once is once(kind, where).
func (x *browserContext) once(c *call) goja.Value {
	b, o, _ := x.pointArguments(c)
	b.Once = true
	p := &breakpoint{c: x, kind: b.Kind, what: b.Words(), first: make(chan *paused, 1)}
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
		text := fmt.Sprintf("waited %s for a pause at %s: %s", spanText(limit), pointWords(b), p.words())
		if cause := context.Cause(ctx); cause != nil {
			text = fmt.Sprintf("%v; it was waiting for a pause at %s: %s", cause, pointWords(b), p.words())
		}
		_ = p.remove(context.WithoutCancel(ctx)) // the wait has failed already
		return nil, &timeoutError{what: text}
	})
}

// pointWords name what is waited for.
func pointWords(b breakpoints.Breakpoint) string {
	b.Once = false // that goes without saying
	return "“" + b.Words() + "”"
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
