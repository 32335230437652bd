package script

import (
	"github.com/swinspect/swinspect/runtime/script/instrument"
)

type stepKind byte

const (
	stepInto stepKind = iota
	stepOver
	stepOut
	stepToAwait
)

// step is a step under way. It does not change once it is made.
type step struct {
	kind     stepKind
	run      *debugRun
	function int
	depth    int   // frames when it began
	call     int64 // of an async function: which call; else 0
	job      *job
	story    uint64
	// waits says that the statement it began at awaits: the caller goes on meanwhile.
	waits bool
	// to is the function that waits for this one: where stepToAwait ends.
	to functionOf
	// in are the functions whose statements may end it; nil: all.
	in map[functionOf]bool
}

// functionOf is a function of a program.
type functionOf struct {
	run      *debugRun
	function int
}

// outlives reports a step that goes on when its task ends: at an await, and into
// whatever runs next.
func (s *step) outlives() bool {
	return s.kind == stepInto || s.kind == stepToAwait || s.kind == stepOver && s.call != 0
}

// armStep arms the statements where a step or a pause may end; with mu held.
func (d *Debugger) armStep(run *debugRun, want []byte) {
	switch {
	case d.soon || d.step != nil && d.step.in == nil:
		for i := range want {
			want[i] |= stepping
		}
	case d.step != nil:
		for f := range d.step.in {
			if f.run == run {
				for _, id := range run.program.table.Functions[f.function].Probes {
					want[id] |= stepping
				}
			}
		}
	}
}

// StepInto stops at the next statement.
func (d *Debugger) StepInto() error {
	return d.goOn(func(*Pause) *step { return &step{kind: stepInto} })
}

// StepOver stops at the next statement of the same call, also behind an await, or of
// its caller.
func (d *Debugger) StepOver() error {
	return d.goOn(func(p *Pause) *step { return d.stepFrom(p, stepOver) })
}

// StepOut stops at the next statement of the caller; of the function that waits for
// this one when nothing called it.
func (d *Debugger) StepOut() error {
	return d.goOn(func(p *Pause) *step { return d.stepFrom(p, stepOut) })
}

// ToAwait goes on until the function that waits for this one resumes.
func (d *Debugger) ToAwait() error {
	return d.goOn(func(p *Pause) *step { return d.stepFrom(p, stepToAwait) })
}

// stepFrom makes a step from where the agent is paused; with mu held. Leaving a function
// is a step over the statement that called it.
func (d *Debugger) stepFrom(p *Pause, kind stepKind) *step {
	top := p.Frames[0]
	if top.run == nil || top.probe < 0 {
		return &step{kind: stepInto}
	}
	var callers []*Frame
	for _, f := range p.Frames[1:] {
		if f.run != nil && !d.isLibrary(f.Script) {
			callers = append(callers, f)
		}
	}
	s := d.over(p, top, callers)
	k := top.run.program.table.Probes[top.probe].Kind
	atEnd := k == instrument.Return || k == instrument.End
	if kind == stepToAwait || len(callers) == 0 && (kind == stepOut || atEnd && s.call != 0) || kind == stepOver && s.call != 0 && atEnd && s.waits {
		if to, ok := p.waiting(); ok {
			return &step{kind: stepToAwait, to: to, story: p.story, in: map[functionOf]bool{to: true}}
		}
	}
	switch {
	case kind == stepOver && !atEnd:
	case len(callers) > 0:
		return d.over(p, callers[0], callers[1:])
	case kind != stepOver:
		s.kind = stepOut
	}
	return s
}

// over makes a step over the statement of a frame.
func (d *Debugger) over(p *Pause, f *Frame, callers []*Frame) *step {
	s := &step{kind: stepOver, run: f.run, function: f.function, depth: f.depth, call: f.call, job: p.job, story: p.story, in: map[functionOf]bool{{f.run, f.function}: true}}
	for _, c := range callers {
		s.in[functionOf{c.run, c.function}] = true
	}
	if f.probe >= 0 {
		s.waits = f.run.program.table.Probes[f.probe].Suspends
	}
	if s.waits && s.call == 0 && f.run.program.table.Functions[f.function].Async {
		// Which call it is, is not known: any of the same event's.
		s.kind, s.to = stepToAwait, functionOf{f.run, f.function}
	}
	return s
}

// waiting is the function that waits for the one at the bottom of the stack.
func (p *Pause) waiting() (functionOf, bool) {
	for s := p.Async; s != nil; s = s.Parent {
		for _, f := range s.Frames {
			if f.run != nil {
				return functionOf{f.run, f.function}, true
			}
		}
	}
	return functionOf{}, false
}

// stepEnds reports whether the step ends at a probe; on the loop.
func (d *Debugger) stepEnds(h *hit) bool {
	d.mu.Lock()
	s := d.step
	d.mu.Unlock()
	if s == nil {
		return false
	}
	function := functionOf{h.run, h.about().Function}
	early := s == d.earlier // it began before what a client evaluates now
	switch s.kind {
	case stepInto:
		return !early
	case stepToAwait:
		return function == s.to && d.agent.Story() == s.story && (!early || d.job != nil)
	}
	if early && (s.call == 0 || function != functionOf{s.run, s.function}) {
		return false
	}
	depth := d.depthOf(h)
	sameJob := d.job == s.job
	if s.kind == stepOut {
		return sameJob && depth < s.depth
	}
	if s.call == 0 {
		return depth <= s.depth
	}
	if function.run == s.run && function.function == s.function {
		return d.callOf(h) == s.call
	}
	return sameJob && depth < s.depth && !s.waits
}
