package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector/debugger"
)

// errNotNow is a command without a paused worker.
var errNotNow = errors.New("no worker is paused")

// debugCommand is one that the terminal understands.
type debugCommand struct {
	names []string
	args  string
	help  string
	run   func(t *terminal, ctx context.Context, rest string) error
	again bool // an empty line repeats it
}

var debugCommands []debugCommand

func init() { // a variable's initializer would be a cycle: help reads the list
	step := func(how string) func(*terminal, context.Context, string) error {
		return func(t *terminal, ctx context.Context, _ string) error { return t.step(ctx, how) }
	}
	back := func(toBreakpoint bool) func(*terminal, context.Context, string) error {
		return func(t *terminal, ctx context.Context, _ string) error { return t.back(ctx, toBreakpoint) }
	}
	debugCommands = []debugCommand{
		{[]string{"continue", "c", "resume"}, "", "run on", (*terminal).resume, true},
		{[]string{"next", "n", "over"}, "", "step over, also over an await", step("over"), true},
		{[]string{"step", "s"}, "", "step into", step("into"), true},
		{[]string{"stepout", "so"}, "", "step out", step("out"), true},
		{[]string{"back"}, "", "step back, in this event (engine)", back(false), true},
		{[]string{"rback"}, "", "go back to the breakpoint before (engine)", back(true), true},
		{[]string{"to"}, "[URL:]LINE", "run to a line", (*terminal).runTo, false},
		{[]string{"pause"}, "", "stop a running worker at the next statement", (*terminal).pause, false},
		{[]string{"print", "p"}, "EXPRESSION", "evaluate", (*terminal).evaluate, false},
		{[]string{"set"}, "NAME = EXPRESSION", "give a variable a value", (*terminal).assign, false},
		{[]string{"locals", "args"}, "", "show the variables of the frame", (*terminal).showLocals, false},
		{[]string{"stack", "bt", "where"}, "", "show the calls", (*terminal).stack, false},
		{[]string{"frame", "up", "down"}, "[N]", "choose a frame", nil, false},
		{[]string{"list", "l"}, "[LINE]", "show the source", (*terminal).list, true},
		{[]string{"sources"}, "", "list the worker's scripts", (*terminal).sources, false},
		{[]string{"break", "b"}, "BREAKPOINT", "add a breakpoint: a line, or as in swinspect break", (*terminal).breakAt, false},
		{[]string{"breakpoints", "bp"}, "", "list the breakpoints", (*terminal).list1, false},
		{[]string{"clear"}, "ID…", "remove breakpoints", (*terminal).clear, false},
		{[]string{"threads"}, "", "list the workers", (*terminal).threads, false},
		{[]string{"thread"}, "ID", "choose a worker", (*terminal).choose, false},
		{[]string{"restart", "kill"}, "", "stop the worker and start it again", (*terminal).restart, false},
		{[]string{"help", "h"}, "", "this list", (*terminal).help, false},
		{[]string{"exit", "quit", "q"}, "", "resume everything and end", nil, false},
	}
}

// command does what a line says, and reports whether that is the end.
func (t *terminal) command(ctx context.Context, line string) (end bool) {
	if line == "" {
		line = t.last
	}
	word, rest, _ := strings.Cut(line, " ")
	if word == "" {
		return false
	}
	if word == "exit" || word == "quit" || word == "q" {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if word == "frame" || word == "up" || word == "down" {
		t.report(t.moveFrame(ctx, word, rest))
		return false
	}
	for _, c := range debugCommands {
		if !slices.Contains(c.names, word) {
			continue
		}
		t.last = ""
		if c.again {
			t.last = line
		}
		t.report(c.run(t, ctx, strings.TrimSpace(rest)))
		return false
	}
	t.report(fmt.Errorf("%s is no command: help lists them", quote(word)))
	return false
}

func (t *terminal) report(err error) {
	if err == nil {
		return
	}
	if t.json {
		_ = t.io.jsonLine(map[string]string{"type": "error", "error": err.Error()})
		return
	}
	t.io.say("%s", clean(strings.TrimPrefix(err.Error(), "debugger: ")))
}

// held is the paused worker that commands are for.
func (t *terminal) held() (*debugger.Thread, error) {
	th := t.current()
	if th == nil || th.Pause == nil {
		return nil, errNotNow
	}
	return th, nil
}

// settle waits until a worker has stopped again, for a moment: what a step leads to is
// told before the next command.
func (t *terminal) settle(ctx context.Context, after uint64, id string, wait time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	_, _ = t.d.WaitFor(ctx, func(s *debugger.State) bool { // in vain: it runs on
		th := s.Thread(id)
		return th == nil || th.Pause != nil && th.Pause.ID > after
	})
	t.news()
}

func (t *terminal) resume(ctx context.Context, _ string) error {
	th, err := t.held()
	if err != nil {
		return err
	}
	if err := t.d.Resume(ctx, th.ID); err != nil {
		return err
	}
	t.settle(ctx, th.Pause.ID, th.ID, 300*time.Millisecond)
	return nil
}

func (t *terminal) step(ctx context.Context, how string) error {
	th, err := t.held()
	if err != nil {
		return err
	}
	if err := t.d.Step(ctx, th.ID, how); err != nil {
		return err
	}
	t.settle(ctx, th.Pause.ID, th.ID, 2*time.Second)
	return nil
}

// back steps into the past of the event, or to the breakpoint before.
func (t *terminal) back(ctx context.Context, toBreakpoint bool) error {
	th, err := t.held()
	if err != nil {
		return err
	}
	if err := t.d.StepBack(ctx, th.ID, toBreakpoint); err != nil {
		return err
	}
	t.settle(ctx, th.Pause.ID, th.ID, 2*time.Second)
	return nil
}

func (t *terminal) runTo(ctx context.Context, rest string) error {
	th, err := t.held()
	if err != nil {
		return err
	}
	f, _ := frameAt(th, t.frame)
	at := debugger.Place{URL: f.URL, Line: number(rest, 0)}
	if i := strings.LastIndexByte(rest, ':'); i >= 0 {
		at.URL, at.Line = rest[:i], number(rest[i+1:], 0)
	}
	if err := t.d.RunTo(ctx, th.ID, at); err != nil {
		return err
	}
	t.settle(ctx, th.Pause.ID, th.ID, 2*time.Second)
	return nil
}

func (t *terminal) pause(ctx context.Context, _ string) error {
	th := t.current()
	if th == nil {
		return errors.New("no worker runs")
	}
	return t.d.Pause(ctx, th.ID)
}

func (t *terminal) restart(ctx context.Context, _ string) error {
	th := t.current()
	if th == nil {
		return errors.New("no worker runs")
	}
	return t.d.Restart(ctx, th.ID)
}

func (t *terminal) evaluate(ctx context.Context, expression string) error {
	th := t.current()
	if th == nil {
		return errors.New("no worker runs")
	}
	frame, o := t.frame, debugger.EvaluateOptions{}
	if th.Pause == nil {
		frame, o.Await = -1, true
	}
	type answer struct {
		v   debugger.Value
		err error
	}
	done := make(chan answer, 1)
	t.evaluating.Go(func() {
		v, err := t.d.Evaluate(t.running, th.ID, frame, expression, o)
		done <- answer{v, err}
	})
	patience := time.NewTimer(t.evaluates())
	defer patience.Stop()
	select {
	case a := <-done:
		return cmpErr(a.err, t.value(a.v, a.err))
	case <-patience.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	t.evaluating.Go(func() {
		a := <-done
		select {
		case t.answers <- func() { t.report(cmpErr(a.err, t.value(a.v, a.err))) }:
		case <-t.running.Done():
		}
	})
	return errors.New("it is still being evaluated: its value is told when it comes")
}

// evaluates is how long commands wait for what is evaluated: those of a pipe follow
// each other.
func (t *terminal) evaluates() time.Duration {
	if isTerminal(t.io.in) {
		return time.Second
	}
	return min(t.patience, 10*time.Second)
}

// value tells a value, unless there is none.
func (t *terminal) value(v debugger.Value, err error) error {
	if err != nil {
		return nil
	}
	if t.json {
		return t.io.jsonLine(map[string]any{"type": "value", "value": v})
	}
	t.print("%s", clean(v.Text))
	return nil
}

func (t *terminal) assign(ctx context.Context, rest string) error {
	name, expression, ok := strings.Cut(rest, "=")
	name = strings.TrimSpace(name)
	th, err := t.held()
	if err != nil || !ok {
		return cmpErr(err, errors.New("set NAME = EXPRESSION"))
	}
	f, _ := frameAt(th, t.frame)
	for i, s := range f.Scopes {
		props, err := t.d.Properties(ctx, th.ID, s.Object)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(props, func(p debugger.Property) bool { return p.Name == name }) {
			_, err := t.d.SetVariable(ctx, th.ID, t.frame, i, name, expression)
			return err
		}
	}
	return fmt.Errorf("there is no variable %s here", quote(name))
}

func cmpErr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func (t *terminal) showLocals(ctx context.Context, _ string) error {
	th, err := t.held()
	if err != nil {
		return err
	}
	all := t.locals(ctx, th, t.frame)
	if t.json {
		return t.io.jsonLine(map[string]any{"type": "locals", "locals": all})
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.print("%s = %s", clean(name), clean(all[name]))
	}
	return nil
}

func (t *terminal) stack(context.Context, string) error {
	th, err := t.held()
	if err != nil {
		return err
	}
	if t.json {
		return t.io.jsonLine(map[string]any{"type": "stack", "frames": th.Pause.Frames})
	}
	for i, f := range th.Pause.Frames {
		here := " "
		if i == t.frame {
			here = "*"
		}
		t.print("%s%2d  %s  %s:%d:%d", here, i, clean(functionName(f)), clean(f.URL), f.Line, f.Column)
	}
	return nil
}

func (t *terminal) moveFrame(ctx context.Context, word, rest string) error {
	th, err := t.held()
	if err != nil {
		return err
	}
	n := map[string]int{"frame": number(rest, t.frame), "up": t.frame + 1, "down": t.frame - 1}[word]
	if _, ok := frameAt(th, n); !ok {
		return fmt.Errorf("there is no frame %d", n)
	}
	t.frame = n
	t.where(ctx, th, 2)
	return nil
}

func (t *terminal) list(ctx context.Context, rest string) error {
	th, err := t.held()
	if err != nil {
		return err
	}
	f, ok := frameAt(th, t.frame)
	if !ok || f.Line == 0 {
		return errors.New("there is no source here")
	}
	from := f.Line - 5
	if rest != "" {
		from = number(rest, from+5) - 5
	} else if t.listed > f.Line+4 {
		from = t.listed + 1
	}
	t.source(ctx, th, f, from, from+10)
	return nil
}

func (t *terminal) sources(context.Context, string) error {
	if th := t.current(); th != nil {
		for _, s := range t.d.Scripts(th.ID) {
			t.print("%s (%d lines)", clean(s.URL), s.Lines)
		}
	}
	return nil
}

// breakAt adds a breakpoint; a number is a line of the script that is shown.
func (t *terminal) breakAt(_ context.Context, rest string) error {
	if th := t.current(); th != nil && number(rest, 0) > 0 {
		if f, ok := frameAt(th, t.frame); ok {
			rest = "line:" + f.URL + ":" + rest
		}
	}
	if kind, _, _ := strings.Cut(rest, ":"); !slices.Contains(breakpoints.Kinds(), breakpoints.Kind(strings.Fields(kind + " x")[0])) && strings.Contains(rest, ":") {
		rest = "line:" + rest
	}
	b, err := breakpoints.Parse(rest)
	if err == nil {
		b, err = t.set.Add(b)
	}
	if err != nil {
		return err
	}
	t.print("%s  %s", b.ID, clean(b.String()))
	return nil
}

func (t *terminal) list1(context.Context, string) error {
	for _, b := range t.d.State().Breakpoints {
		t.print("%-3s %s  (%d hits)", b.ID, clean(b.String()), b.Hits)
		if b.Problem != "" {
			t.print("      %s", clean(b.Problem))
		}
		for _, s := range b.Settings {
			if s.Moved != "" {
				t.print("      %s", clean(s.Moved))
			}
		}
	}
	return nil
}

func (t *terminal) clear(_ context.Context, rest string) error {
	return t.set.Remove(strings.Fields(rest)...)
}

func (t *terminal) threads(context.Context, string) error {
	for _, th := range t.d.State().Threads {
		here := " "
		if th.ID == t.thread {
			here = "*"
		}
		t.print("%s %s  #%s %s  %s  %s", here, shortID(th.ID), clean(th.Version), clean(th.Status), clean(th.Scope), clean(th.Words))
	}
	return nil
}

func (t *terminal) choose(_ context.Context, rest string) error {
	for _, th := range t.d.State().Threads {
		if rest != "" && (strings.HasPrefix(th.ID, rest) || th.Version == strings.TrimPrefix(rest, "#")) {
			t.thread, t.frame = th.ID, 0
			return nil
		}
	}
	return fmt.Errorf("there is no worker %s", quote(rest))
}

func (t *terminal) help(context.Context, string) error {
	for _, c := range debugCommands {
		t.print("  %-32s %s", strings.Join(c.names, ", ")+" "+c.args, c.help)
	}
	return nil
}
