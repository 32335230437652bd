package script

import (
	"slices"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script/instrument"
)

// Why a probe is armed; the bits of its byte.
const (
	stopsHere byte = 1 << iota // a breakpoint stands there
	stepping                   // a step or a pause may end there
	keeping                    // its accessor is kept for the frames of a later pause
	throwing                   // its accessor is kept as long as that costs little
	visiting                   // somebody wants to know of every statement
)

// breakpoint is one that was set.
type breakpoint struct {
	id        string
	run       *debugRun
	probe     int
	condition string
	once      bool
}

// store writes a byte that the interpreter may be reading just now. It reads the one
// value or the other; the race detector is not told of it.
//
//go:norace
func store(to *byte, value byte) { *to = value }

// armAll arms every program anew; with mu held.
func (d *Debugger) armAll() {
	for _, run := range d.runs {
		d.arm(run)
	}
}

// arm computes the bytes of a program; with mu held.
func (d *Debugger) arm(run *debugRun) {
	want := make([]byte, len(run.flags))
	if !d.skipAll && !d.inactive {
		for _, b := range d.breakpoints {
			if b.run == run {
				want[b.probe] |= stopsHere
			}
		}
		if d.exceptions != NoExceptions {
			for i := range want {
				want[i] |= throwing
			}
		}
	}
	if !d.skipAll {
		d.armStep(run, want)
	}
	if d.visitor != nil {
		for i := range want {
			want[i] |= visiting
		}
	}
	if d.keepAll {
		for i := range want {
			want[i] |= keeping
		}
	}
	d.armKeeping(run, want)
	for i := range want {
		store(&run.flags[i], want[i])
	}
}

// install makes the names of a program's probes; on the loop.
func (d *Debugger) install(run *debugRun) {
	rt := d.agent.rt
	bytes, err := rt.New(d.helper().uint8Array, rt.ToValue(rt.NewArrayBuffer(run.flags)))
	if err != nil {
		panic(err)
	}
	yes := rt.ToValue(true)
	v, err := d.agent.Run(run.program.declare)
	if set, ok := goja.AssertFunction(v); ok && err == nil {
		_, err = d.agent.Call(set, goja.Undefined(), bytes,
			d.native(func(c goja.FunctionCall) goja.Value {
				if changed := d.hit(run, c.Arguments); changed != nil {
					return changed
				}
				return yes
			}),
			d.native(func(goja.FunctionCall) goja.Value { d.calls++; return rt.ToValue(d.calls) }),
			d.native(func(c goja.FunctionCall) goja.Value {
				v := c.Argument(1)
				d.threw(int(c.Argument(0).ToInteger()), v)
				return v
			}))
	}
	if err != nil {
		d.agent.log.Error("a script cannot be debugged", "agent", d.agent.name, "error", err)
	}
}

// ownName is what stacks call the debugger's natives.
const ownName = "swinspect:debugger"

// native makes a native of the debugger's.
func (d *Debugger) native(f func(goja.FunctionCall) goja.Value) goja.Value {
	o := d.agent.rt.ToValue(f).(*goja.Object)
	_ = o.DefineDataProperty("name", d.agent.rt.ToValue(ownName), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	return o
}

// hit is told of a probe that is armed, or of a debugger statement; on the loop.
// The answer are the variables that the probe has passed, when one was changed.
func (d *Debugger) hit(run *debugRun, arguments []goja.Value) goja.Value {
	if d.quiet > 0 || len(arguments) < 2 {
		return nil
	}
	id := int(arguments[0].ToInteger())
	if id < 0 || id >= len(run.program.table.Probes) {
		return nil
	}
	h := &hit{run: run, probe: id, arguments: arguments, depth: -1}
	d.mu.Lock()
	flags := run.flags[id]
	skip := d.skipAll
	d.mu.Unlock()
	if flags&(keeping|stepping|throwing) != 0 {
		d.keep(h)
	}
	if skip || flags != 0 && flags&^(keeping|throwing) == 0 && h.about().Kind != instrument.Debugger {
		return nil
	}
	if p := d.reason(h, flags); p != nil {
		d.pause(p, h)
	}
	return h.taken()
}

// taken are the variables that a probe has passed, when an evaluation changed one.
func (h *hit) taken() goja.Value {
	if h.frame == nil || !h.frame.changed {
		return nil
	}
	passed := h.frame.thunks[len(h.frame.thunks)-h.about().Passed:]
	values := make([]any, len(passed))
	for i, v := range passed {
		values[i] = v
	}
	return h.frame.d.agent.rt.NewArray(values...)
}

// hit is a probe that was called.
type hit struct {
	run       *debugRun
	probe     int
	arguments []goja.Value
	depth     int // how many frames; below 0: not counted yet
	frame     *Frame
}

func (h *hit) about() *instrument.Probe { return &h.run.program.table.Probes[h.probe] }

// script is where a probe is; nil for code that is no script's.
func (h *hit) script() *DebugScript {
	if s := h.run.program.places[h.probe].source; s >= 0 {
		return h.run.scripts[s]
	}
	return nil
}

// reason says why to stop at a probe; nil: not at all.
func (d *Debugger) reason(h *hit, flags byte) *Pause {
	p := &Pause{}
	d.mu.Lock()
	soon, library, inactive := d.soon, d.isLibrary(h.script()), d.inactive
	var here []*breakpoint
	if flags&stopsHere != 0 {
		for _, b := range d.breakpoints {
			if b.run == h.run && b.probe == h.probe {
				here = append(here, b)
			}
		}
	}
	d.mu.Unlock()
	slices.SortFunc(here, func(a, b *breakpoint) int { return compareIDs(a.id, b.id) })
	arrived := false // where RunTo was to
	for _, b := range here {
		if b.once {
			d.RemoveBreakpoint(b.id)
			arrived = true
			continue
		}
		if stop, problem := d.holds(h, b); stop {
			p.Hit = append(p.Hit, b.id)
			if problem != "" {
				p.ConditionError = problem
			}
		}
	}
	verdict := VisitAsUsual
	if flags&visiting != 0 {
		verdict = d.visits(h, p)
	}
	switch {
	case verdict == VisitPass:
		return nil
	case len(p.Hit) > 0:
		p.Reason = PauseOnBreakpoint
	case verdict == VisitStop:
		p.Reason = PauseOnStep
	case h.about().Kind == instrument.Debugger && !inactive:
		p.Reason = PauseOnDebugger
	case soon && !library && h.script() != nil:
		p.Reason = PauseOnRequest
	case arrived:
		p.Reason = PauseOnStep
	case flags&stepping != 0 && !library && h.script() != nil && d.stepEnds(h):
		p.Reason = PauseOnStep
	default:
		return nil
	}
	return p
}

// holds evaluates a breakpoint's condition; one that throws stops.
func (d *Debugger) holds(h *hit, b *breakpoint) (stop bool, problem string) {
	if b.condition == "" {
		return true, ""
	}
	v, err := d.frameOf(h).Evaluate(b.condition)
	if err != nil {
		return true, d.agent.Describe(err).Error()
	}
	return v.ToBoolean(), ""
}

func compareIDs(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
