package dap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/debugger"
)

// stage is a debugger whose state the test writes: for what a browser does too rarely
// or not on demand. The scenarios run on real ones.
type stage struct {
	mu      sync.Mutex
	state   *debugger.State
	changed chan struct{}
	calls   []string
	answer  func(call string) (debugger.Value, error)
	props   map[string][]debugger.Property
	scripts map[string][]debugger.Script
	texts   map[string]string
	set     *breakpoints.Set
	ended   chan struct{}
	opened  chan struct{}
	release chan bool
}

func newStage() *stage {
	return &stage{
		state: &debugger.State{On: true, Active: true}, changed: make(chan struct{}), props: map[string][]debugger.Property{},
		scripts: map[string][]debugger.Script{}, texts: map[string]string{}, set: breakpoints.NewSet(),
		ended: make(chan struct{}), opened: make(chan struct{}, 9), release: make(chan bool, 9),
	}
}

// become changes the state.
func (g *stage) become(change func(s *debugger.State)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := *g.state
	s.Threads = append([]*debugger.Thread(nil), s.Threads...)
	for i, t := range s.Threads {
		c := *t
		s.Threads[i] = &c
	}
	s.Breakpoints = nil
	for _, b := range g.set.All() {
		status := &debugger.Status{Breakpoint: b}
		for _, old := range g.state.Breakpoints {
			if old.ID == b.ID {
				status.Settings, status.Problem = old.Settings, old.Problem
			}
		}
		s.Breakpoints = append(s.Breakpoints, status)
	}
	change(&s)
	g.state = &s
	close(g.changed)
	g.changed = make(chan struct{})
}

func (g *stage) called(format string, args ...any) (debugger.Value, error) {
	call := fmt.Sprintf(format, args...)
	g.mu.Lock()
	g.calls = append(g.calls, call)
	answer := g.answer
	g.mu.Unlock()
	if answer == nil {
		return debugger.Value{Type: "string", Text: "'" + call + "'"}, nil
	}
	return answer(call)
}

func (g *stage) do(format string, args ...any) error {
	_, err := g.called(format, args...)
	return err
}

func (g *stage) State() *debugger.State {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.state
}

func (g *stage) Changed() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.changed
}

func (g *stage) Drive()                                        { _ = g.do("drive") }
func (g *stage) SetActive(_ context.Context, on bool) error    { return g.do("active %v", on) }
func (g *stage) Resume(_ context.Context, thread string) error { return g.do("resume %s", thread) }
func (g *stage) Step(_ context.Context, thread, how string) error {
	return g.do("step %s %s", thread, how)
}
func (g *stage) StepBack(_ context.Context, thread string, to bool) error {
	return g.do("back %s %v", thread, to)
}
func (g *stage) Pause(_ context.Context, thread string) error { return g.do("pause %s", thread) }
func (g *stage) Keep(_ context.Context, thread string) error  { return g.do("keep %s", thread) }
func (g *stage) Evaluate(ctx context.Context, thread string, frame int, expression string, o debugger.EvaluateOptions) (debugger.Value, error) {
	if expression == "wait" {
		<-ctx.Done()
		return debugger.Value{}, ctx.Err()
	}
	if o.ByValue {
		return debugger.Value{Type: "object", Text: "{…}", JSON: json.RawMessage(`{"a":[1]}`)}, nil
	}
	return g.called("evaluate %s %d %s silent=%v await=%v", thread, frame, expression, o.Silent, o.Await)
}
func (g *stage) SetVariable(_ context.Context, thread string, frame, scope int, name, expression string) (debugger.Value, error) {
	return g.called("set %s %d %d %s %s", thread, frame, scope, name, expression)
}
func (g *stage) Properties(_ context.Context, _, object string) ([]debugger.Property, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	all, ok := g.props[object]
	if !ok {
		return nil, debugger.ErrStaleValue
	}
	return all, nil
}
func (g *stage) Scripts(thread string) []debugger.Script {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.scripts[thread]
}
func (g *stage) Source(_ context.Context, _, script string) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	text, ok := g.texts[script]
	if !ok {
		return "", errors.New("no such script")
	}
	return text, nil
}
func (g *stage) Places(_ context.Context, _, _ string, from, to int) ([]debugger.Place, error) {
	var all []debugger.Place
	for line := from; line <= to && line < from+1000; line++ {
		all = append(all, debugger.Place{Line: line, Column: 3})
	}
	return all, nil
}
func (g *stage) SetLibraries(_ context.Context, patterns []string) error {
	return g.do("libraries %v", patterns)
}

// Launch and Attach make a stage a Backend of itself.
func (g *stage) Launch(_ context.Context, l *Launch, _ func(string)) (*Debuggee, error) {
	if l.URL == "https://fails.example/" {
		return nil, errors.New("no browser {here}")
	}
	return g.debuggee(), nil
}

func (g *stage) Attach(context.Context, *Attach, func(string)) (*Debuggee, error) {
	return g.debuggee(), nil
}

func (g *stage) debuggee() *Debuggee {
	return &Debuggee{
		Name: "the stage", Debugger: g, Breakpoints: g.set, Browser: audience{}, Ended: g.ended,
		Open:    func(context.Context) error { g.opened <- struct{}{}; return nil },
		Release: func(terminate bool) error { g.release <- terminate; return nil },
	}
}

// audience is a browser in which nothing happens.
type audience struct{}

func (audience) State() *inspector.State           { return &inspector.State{} }
func (audience) Changed() <-chan struct{}          { return nil }
func (audience) Changes(uint64) []inspector.Change { return nil }
func (audience) Do(context.Context, inspector.Action, time.Duration) (inspector.Receipt, error) {
	return inspector.Receipt{}, errors.New("nothing to act on")
}
