package script

import (
	"slices"

	"github.com/dop251/goja"
)

// Only the frame that stops has an accessor to its variables: the interpreter has none
// for its callers. Statements that may be calling when a breakpoint is hit are
// therefore watched as well: each leaves its accessor in the slot of its depth.
//
// Which ones is guessed from names: those that mention a function in which a breakpoint
// stands, or hold it, and so on outwards; and those that were on the stack of a pause.
// One that runs very often in a task is left alone until the next task.

// slot is the statement that ran last at a depth of the stack.
type slot struct {
	run       *debugRun
	probe     int
	arguments []goja.Value
}

// fits reports whether a slot is the one that a frame left.
func (s slot) fits(f *Frame) bool {
	return s.run != nil && f.run == s.run && f.probe == s.probe
}

// vacate empties the slots: a job begins, in which a call may go on that left its
// accessor at another depth.
func (d *Debugger) vacate() {
	clear(d.slots)
	d.slots = d.slots[:0]
}

const (
	maxKept    = 400    // statements watched in a program
	maxCallers = 40     // a name that more statements call says nothing
	maxFired   = 20_000 // how often one may run in a task before it is left alone
	maxCold    = 200    // the same for one that is watched on no particular grounds
)

// keep leaves a probe's accessor in its slot; on the loop.
func (d *Debugger) keep(h *hit) {
	depth := d.depthOf(h)
	for len(d.slots) <= depth {
		d.slots = append(d.slots, slot{})
	}
	d.slots[depth] = slot{h.run, h.probe, slices.Clone(h.arguments)} // they are on the interpreter's stack
	h.run.fired[h.probe]++
	switch h.run.fired[h.probe] {
	case 1:
		d.fired = append(d.fired, slot{run: h.run, probe: h.probe})
	case maxCold:
		d.disarm(h, throwing)
	case maxFired:
		d.disarm(h, keeping)
	}
}

// disarm takes a reason from one probe.
func (d *Debugger) disarm(h *hit, reason byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	store(&h.run.flags[h.probe], h.run.flags[h.probe]&^reason)
}

// rest lets the statements of a task that is over begin anew; on the loop.
func (d *Debugger) rest() {
	d.vacate()
	tired := false
	for _, x := range d.fired {
		tired = tired || x.run.fired[x.probe] >= maxCold
		x.run.fired[x.probe] = 0
	}
	d.fired = d.fired[:0]
	if tired {
		d.mu.Lock()
		d.armAll()
		d.mu.Unlock()
	}
}

// armKeeping arms the watched statements; with mu held. While there are scripts of the
// debugger's own, which anything may call, all that call something are watched.
func (d *Debugger) armKeeping(run *debugRun, want []byte) {
	for id := range run.kept {
		want[id] |= keeping
	}
	if !d.prelude {
		return
	}
	for id, p := range run.program.table.Probes {
		if len(p.Calls) > 0 {
			want[id] |= throwing
		}
	}
}

// watchCallers looks for the statements from which a breakpoint may be reached; with mu
// held.
func (d *Debugger) watchCallers() {
	seen := map[functionOf]bool{}
	var queue []functionOf
	add := func(f functionOf) {
		if !seen[f] {
			seen[f] = true
			queue = append(queue, f)
		}
	}
	for _, run := range d.runs {
		run.kept = map[int]bool{}
		for id := range run.seen {
			run.kept[id] = true
		}
	}
	for _, b := range d.breakpoints {
		add(functionOf{b.run, b.run.program.table.Probes[b.probe].Function})
	}
	for len(queue) > 0 {
		f := queue[0]
		queue = queue[1:]
		table := f.run.program.table
		if g := table.Functions[f.function]; g.Outer >= 0 {
			if id := f.run.program.holder(f.function); id >= 0 && len(f.run.kept) < maxKept {
				f.run.kept[id] = true
				add(functionOf{f.run, g.Outer})
			}
			if g.Name == "" {
				continue
			}
			for _, run := range d.runs {
				callers := run.program.callers(g.Name)
				if len(callers) > maxCallers {
					continue
				}
				for _, id := range callers {
					if len(run.kept) < maxKept {
						run.kept[id] = true
						add(functionOf{run, run.program.table.Probes[id].Function})
					}
				}
			}
		}
	}
}

// watchStack watches the statements on the stack of a pause from now on; with mu held.
func (d *Debugger) watchStack(p *Pause) {
	for _, f := range p.Frames {
		if f.run == nil || f.probe < 0 {
			continue
		}
		if f.run.seen == nil {
			f.run.seen = map[int]bool{}
		}
		if len(f.run.seen) < maxKept {
			f.run.seen[f.probe] = true
			if f.run.kept == nil {
				f.run.kept = map[int]bool{}
			}
			f.run.kept[f.probe] = true
		}
	}
}

// callers are the probes of statements that call a function of that name.
func (p *debugProgram) callers(name string) []int {
	p.index.Do(func() {
		p.calling = map[string][]int{}
		for id, probe := range p.table.Probes {
			for _, n := range probe.Calls {
				p.calling[n] = append(p.calling[n], id)
			}
		}
	})
	return p.calling[name]
}

// holder is the probe of the statement in which a function is written, if that calls
// something; below 0: none.
func (p *debugProgram) holder(function int) int {
	f := p.table.Functions[function]
	holder, best := -1, -1
	for _, id := range p.table.Functions[f.Outer].Probes {
		if o := p.table.Probes[id].Offset; o <= f.From && o > best {
			best, holder = o, id
		}
	}
	if holder >= 0 && len(p.table.Probes[holder].Calls) == 0 {
		return -1
	}
	return holder
}
