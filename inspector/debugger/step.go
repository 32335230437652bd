package debugger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/chromedp/cdproto/debugger"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
)

// stepping is a step that was asked for. Some take several of the browser's: one that
// begins in the prelude has to come out of it first.
type stepping struct {
	how    string
	inStop bool // it began in the prelude, below the frame that was shown
	depth  int
	line   int
	script string
	left   bool // the frame that was shown was come to
	tries  int
	during breakpoints.Stop // what was being handled when it began
}

// maxTries bounds the steps of one.
const maxTries = 12

// commandOf are the browser's steps. Stepping over an await comes to what follows it.
var commandOf = map[string]string{
	"over": debugger.StepOver.Method, "await": debugger.StepOver.Method,
	"into": debugger.StepInto.Method, "out": debugger.StepOut.Method,
}

// Resume lets a paused worker go on.
func (d *Debugger) Resume(ctx context.Context, id string) error {
	return d.move(ctx, id, func(t *thread, _ *pause) error {
		t.endQuiet()
		return t.callWith(ctx, debugger.Resume.Method, nil, nil)
	})
}

// Step is over, into, out, or await (run until the await under way has its value).
func (d *Debugger) Step(ctx context.Context, id, how string) error {
	command, ok := commandOf[how]
	if !ok {
		return fmt.Errorf("debugger: there is no step %q: over, into, out or await", how)
	}
	return d.move(ctx, id, func(t *thread, p *pause) error {
		s := &stepping{how: how, inStop: p.inStop, depth: p.depth, during: p.shown.Stop}
		if len(p.shown.Frames) > 0 {
			s.line, s.script = p.shown.Frames[0].Line, p.shown.Frames[0].ScriptID
		}
		if p.inStop {
			command = debugger.StepOut.Method
			if p.depth == 0 {
				command = debugger.StepInto.Method
			}
		}
		t.endQuiet()
		t.stepping = s
		return t.callWith(ctx, command, nil, nil)
	})
}

// move is a command to a paused worker, on its goroutine.
func (d *Debugger) move(ctx context.Context, id string, f func(*thread, *pause) error) error {
	t, err := d.c.find(id)
	if err != nil {
		return err
	}
	if t.current() == nil {
		return ErrNotPaused
	}
	if err := d.drive(); err != nil {
		return err
	}
	d.c.takeSet() // what was changed before this counts
	return t.do(ctx, func() error {
		p := t.current()
		if p == nil {
			return ErrNotPaused
		}
		if err := f(t, p); err != nil {
			return wrap("moving the worker", err)
		}
		t.leave()
		return nil
	})
}

// leave ends the pause that a command moved the worker from; Debugger.resumed may come
// later. During a step that is shown only when the next pause does not follow at once.
func (t *thread) leave() {
	if t.stepping == nil {
		t.c.update(t.endPause)
		return
	}
	t.c.mu.Lock()
	t.endPause()
	t.c.mu.Unlock()
}

// stepShown is how long after a step began it is shown that the worker runs.
const stepShown = 60 * time.Millisecond

// runsOn shows that a worker runs, when a step has not led to a pause by then.
func (t *thread) runsOn(e cdp.Event) {
	if t.current() != nil || !t.shown {
		return
	}
	t.shown = false
	t.c.update(func() {})
	t.held.Show(e)
}

// do runs f on the thread's goroutine and waits for it.
func (t *thread) do(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	t.push(func() { done <- f() }, func() { done <- errThreadGone })
	select {
	case err := <-done:
		if errors.Is(err, errThreadGone) {
			return ErrNoThread
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// current is the pause that is shown, nil when there is none.
func (t *thread) current() *pause {
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	return t.pause
}

// goOn looks at a pause in the worker's own code during a step: it goes on when that is
// not where the step leads, and reports so.
func (t *thread) goOn(p *wirePaused) bool {
	s := t.stepping
	if !s.inStop || s.left || s.tries > maxTries || len(p.Frames) == 0 {
		return false
	}
	s.tries++
	depth := 0
	for _, f := range p.Frames {
		if !t.hidden(f) {
			depth++
		}
	}
	at := p.Frames[0].Location
	switch {
	case s.how == "out" && depth == s.depth:
		s.left = true
		t.moveOn(debugger.StepOut.Method)
		return true
	case s.how != "out" && depth == s.depth && at.Line+1 == s.line && at.ScriptID == s.script:
		t.moveOn(debugger.StepOver.Method)
		return true
	}
	return false
}

// goOnOwn leaves the prelude during a step.
func (t *thread) goOnOwn() bool {
	s := t.stepping
	if s.tries++; s.tries > maxTries {
		return false
	}
	t.moveOn(debugger.StepOut.Method)
	return true
}

// Pause stops a worker at the next statement it runs.
func (d *Debugger) Pause(ctx context.Context, id string) error {
	t, err := d.c.find(id)
	if err != nil {
		return err
	}
	if t.current() != nil {
		return nil
	}
	if err := d.drive(); err != nil {
		return err
	}
	return t.do(ctx, func() error {
		t.pausing = true
		if t.starting {
			return nil // it is held at its first statement
		}
		return t.callWith(ctx, debugger.Pause.Method, nil, nil)
	})
}

func (t *thread) takePausing() bool {
	was := t.pausing
	t.pausing = false
	return was
}

// takeRan reports whether it came to where RunTo leads.
func (t *thread) takeRan() bool {
	was := t.ran
	t.ran = false
	return was
}

// RunTo resumes until a place is reached, or something else stops.
func (d *Debugger) RunTo(ctx context.Context, id string, at Place) error {
	if at.Line < 1 {
		return &breakpoints.InvalidError{Field: "line", Problem: "must be 1 or more: lines count from 1"}
	}
	return d.move(ctx, id, func(t *thread, _ *pause) error {
		s := t.byURL(at.URL)
		if s == nil {
			return fmt.Errorf("debugger: the worker has no script %s", at.URL)
		}
		var r struct {
			ID string `json:"breakpointId"`
		}
		location := map[string]any{"scriptId": s.ScriptID, "lineNumber": at.Line - 1}
		if at.Column > 0 {
			location["columnNumber"] = at.Column - 1
		}
		err := t.callWith(ctx, debugger.SetBreakpoint.Method, map[string]any{"location": location}, &r)
		if err != nil && !t.lineIsSet(s, at.Line) { // two breakpoints at one place are refused
			return err
		}
		t.endQuiet()
		t.runTo = r.ID
		return t.callWith(ctx, debugger.Resume.Method, nil, nil)
	})
}

// lineIsSet reports whether a breakpoint stands at a line already.
func (t *thread) lineIsSet(s *script, line int) bool {
	for _, l := range t.lines {
		if l.at.URL == s.URL && l.at.Line == line {
			return true
		}
	}
	return false
}

// byURL finds a script of the worker by its id or URL, the newest first.
func (t *thread) byURL(url string) *script {
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	for _, s := range slices.Backward(t.order) {
		if s.ScriptID == url || s.URL == url {
			return s
		}
	}
	for _, s := range slices.Backward(t.order) {
		if breakpoints.MatchURL(url, s.URL) {
			return s
		}
	}
	return nil
}

// Restart stops a worker and starts it again, so that all that is asked for is there
// before it runs anything. It waits until the browser has done so.
func (d *Debugger) Restart(ctx context.Context, id string) error {
	t, err := d.c.find(id)
	if err != nil {
		return err
	}
	if err := d.drive(); err != nil {
		return err
	}
	d.c.mu.Lock()
	reg, version := t.reg, t.version
	d.c.mu.Unlock()
	return d.c.restart(ctx, reg, version)
}

func (c *core) restart(ctx context.Context, reg inspector.RegistrationKey, version string) error {
	for _, kind := range []inspector.ActionKind{inspector.Stop, inspector.Start} {
		r, err := c.b.Do(ctx, inspector.Action{Kind: kind, Registration: reg, Version: version}, answerWithin)
		if err != nil {
			return fmt.Errorf("debugger: restarting the worker: %w", err)
		}
		if r.Outcome == inspector.Failed {
			return fmt.Errorf("debugger: restarting the worker: %s", r.Detail)
		}
		version = ""
	}
	return nil
}

// Keep stops the watchdog of the present pause.
func (d *Debugger) Keep(ctx context.Context, id string) error {
	t, err := d.c.find(id)
	if err != nil {
		return err
	}
	err = ErrNotPaused
	d.c.update(func() {
		if p := t.pause; p != nil {
			err = nil
			if p.timer != nil {
				p.timer.Stop()
			}
			p.shown.ResumesAt = time.Time{}
		}
	})
	return err
}
