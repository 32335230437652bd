package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector/debugger"
)

// terminal is what is said and read.
type terminal struct {
	io    stdio
	d     *debugger.Debugger
	set   *breakpoints.Set
	json  bool
	stops int // that were told
	// patience is how long a command from a pipe waits for a worker to stop.
	patience time.Duration

	interactive bool   // commands still come
	thread      string // the worker that commands are for
	frame       int
	told        map[string]uint64 // thread → pause that was told
	logged      uint64            // line that was told last
	last        string            // what an empty line repeats
	listed      int               // line of the source that was listed last
	started     bool
	unset       problems
	again       bool // there may be a problem to tell after a while

	running    context.Context // the whole conversation
	evaluating sync.WaitGroup  // what is evaluated while commands are read
	answers    chan func()     // tells what came of it
}

// stopView is a stop as a line of JSON.
type stopView struct {
	Type   string            `json:"type"` // stop
	Thread string            `json:"thread"`
	Scope  string            `json:"scope,omitempty"`
	Stop   breakpoints.Stop  `json:"stop"`
	Frames []debugger.Frame  `json:"frames"`
	Locals map[string]string `json:"locals,omitempty"`
	Holds  []string          `json:"holding,omitempty"`
}

type logView struct {
	Type string `json:"type"` // log
	debugger.LogLine
}

func (t *terminal) print(format string, args ...any) {
	_, _ = fmt.Fprintf(t.io.out, format+"\n", args...) // nobody is left to tell when it is gone
}

func (t *terminal) prompt() {
	if !t.started {
		t.started, t.interactive, t.told = true, true, map[string]uint64{}
		if isTerminal(t.io.in) && !t.json {
			t.io.say("%d breakpoints; help lists the commands", len(t.set.All()))
		}
	}
	if isTerminal(t.io.in) && !t.json {
		_, _ = fmt.Fprint(t.io.err, "(swinspect) ")
	}
}

// news tells what happened since.
func (t *terminal) news() {
	s := t.d.State()
	for _, l := range s.Log {
		if l.Seq <= t.logged {
			continue
		}
		t.logged = l.Seq
		switch {
		case t.json:
			_ = t.io.jsonLine(logView{"log", l})
		case l.Level == "input" || l.Level == "result":
		default:
			t.print("%s %s: %s", mark(l.Level), clean(logPlace(l)), clean(l.Text))
		}
	}
	for _, th := range s.Paused() {
		if t.told[th.ID] >= th.Pause.ID {
			continue
		}
		t.told[th.ID] = th.Pause.ID
		t.stops++
		t.thread, t.frame, t.listed = th.ID, 0, 0
		t.tell(th)
	}
	t.again = t.problems(s, false)
}

func mark(level string) string {
	switch level {
	case "error", "warning":
		return level
	}
	return "log"
}

func logPlace(l debugger.LogLine) string {
	if l.URL == "" {
		return shortID(l.Thread)
	}
	return fmt.Sprintf("%s:%d", l.URL, l.Line)
}

func shortID(id string) string { return id[:min(8, len(id))] }

// tell says where and why a worker stopped.
func (t *terminal) tell(th *debugger.Thread) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if t.json {
		_ = t.io.jsonLine(stopView{Type: "stop", Thread: th.ID, Scope: th.Scope, Stop: th.Pause.Stop, Frames: th.Pause.Frames, Holds: th.Pause.Holding, Locals: t.locals(ctx, th, 0)})
		return
	}
	t.print("stopped: %s  (worker #%s of %s)", clean(th.Pause.Stop.Words), clean(th.Version), clean(th.Scope))
	if e := th.Pause.Stop.Error; e != "" {
		t.print("  %s", clean(firstLineOf(e)))
	}
	for _, h := range th.Pause.Holding {
		t.print("  holds up %s", clean(h))
	}
	t.where(ctx, th, 2)
}

func firstLineOf(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// where shows the source around a frame.
func (t *terminal) where(ctx context.Context, th *debugger.Thread, around int) {
	f, ok := frameAt(th, t.frame)
	if !ok {
		return
	}
	t.print("> %s %s:%d:%d", clean(functionName(f)), clean(f.URL), f.Line, f.Column)
	if f.Line == 0 {
		return
	}
	t.source(ctx, th, f, f.Line-around, f.Line+around)
}

func (t *terminal) source(ctx context.Context, th *debugger.Thread, f debugger.Frame, from, to int) {
	text, err := t.d.Source(ctx, th.ID, f.ScriptID)
	if err != nil {
		return
	}
	lines := strings.Split(text, "\n")
	for n := max(from, 1); n <= min(to, len(lines)); n++ {
		arrow := "  "
		if n == f.Line {
			arrow = "=>"
		}
		line := strings.TrimRight(lines[n-1], "\r")
		if len(line) > 200 {
			line = line[:200] + " …"
		}
		t.print("%s %4d: %s", arrow, n, clean(strings.ReplaceAll(line, "\t", "  ")))
	}
	t.listed = to
}

func functionName(f debugger.Frame) string {
	name := f.Function
	if name == "" {
		name = "(anonymous)"
	}
	if f.Async != "" {
		name += " [" + f.Async + "]"
	}
	return name
}

func frameAt(th *debugger.Thread, n int) (debugger.Frame, bool) {
	if th.Pause == nil || n < 0 || n >= len(th.Pause.Frames) {
		return debugger.Frame{}, false
	}
	return th.Pause.Frames[n], true
}

// locals are the variables of a frame, but for the global ones.
func (t *terminal) locals(ctx context.Context, th *debugger.Thread, frame int) map[string]string {
	f, ok := frameAt(th, frame)
	if !ok {
		return nil
	}
	all := map[string]string{}
	for _, s := range slices.Backward(f.Scopes) {
		if s.Type == "global" {
			continue
		}
		props, err := t.d.Properties(ctx, th.ID, s.Object)
		if err != nil {
			continue
		}
		for _, p := range props {
			all[p.Name] = p.Value.Text
		}
	}
	return all
}

// goOn lets every paused worker run: nobody is there to say so.
func (t *terminal) goOn(ctx context.Context) error {
	for _, th := range t.d.State().Paused() {
		if t.told[th.ID] < th.Pause.ID {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		err := t.d.Resume(ctx, th.ID)
		cancel()
		if err != nil && ctx.Err() == nil {
			t.io.say("resuming: %s", clean(err.Error()))
		}
	}
	return nil
}

// current is the worker that commands are for: the one chosen, else the first that is
// paused.
func (t *terminal) current() *debugger.Thread {
	s := t.d.State()
	if th := s.Thread(t.thread); th != nil && (th.Pause != nil || len(s.Paused()) == 0) {
		return th
	}
	for _, th := range s.Paused() {
		t.thread, t.frame = th.ID, 0
		return th
	}
	for _, th := range s.Threads {
		if th.Status != "stopped" {
			return th
		}
	}
	return nil
}

func number(s string, otherwise int) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		return otherwise
	}
	return n
}
