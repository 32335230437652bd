package script

import (
	"sort"
	"strconv"

	"github.com/swinspect/swinspect/runtime/script/instrument"
)

// Locations lists where script can stop in [from, to), in order. A zero line of to is
// the end of the script.
func (d *Debugger) Locations(s *DebugScript, from, to Location) []BreakLocation {
	var out []BreakLocation
	p := s.run.program
	order := p.sources[s.source].order
	for _, id := range order[p.at(s.source, place{line: from.Line, column: from.Column}):] {
		at := p.places[id]
		if to.Line > 0 && !at.before(place{line: to.Line, column: to.Column}) {
			break
		}
		if n := len(out); n > 0 && out[n-1].Line == at.line && out[n-1].Column == at.column {
			continue
		}
		out = append(out, BreakLocation{at.line, at.column, kindOf(p.table.Probes[id].Kind)})
	}
	return out
}

// FunctionLocations is Locations of the innermost function around a place, without
// those of functions in it: CDP's restrictToFunction.
func (d *Debugger) FunctionLocations(s *DebugScript, line, column int) []BreakLocation {
	p := s.run.program
	at := place{s.source, line, max(column, 1)}
	function := 0
	for i, f := range p.table.Functions {
		if from, to := p.functions[i], p.place(f.To); i > 0 && from.source == s.source && !at.before(from) && at.before(to) {
			function = i
		}
	}
	var out []BreakLocation
	for _, id := range p.sources[s.source].order {
		if p.table.Probes[id].Function == function {
			at := p.places[id]
			out = append(out, BreakLocation{at.line, at.column, kindOf(p.table.Probes[id].Kind)})
		}
	}
	return out
}

func kindOf(k instrument.ProbeKind) string {
	switch k {
	case instrument.Debugger:
		return "debuggerStatement"
	case instrument.Return, instrument.End:
		return "return"
	}
	return ""
}

// at is the index in a source's order of the first probe at or behind a place.
func (p *debugProgram) at(source int, at place) int {
	order := p.sources[source].order
	return sort.Search(len(order), func(i int) bool { return !p.places[order[i]].before(at) })
}

// SetBreakpoint sets one at the first place at or behind line and column.
func (d *Debugger) SetBreakpoint(s *DebugScript, line, column int, condition string) (id string, at Location, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	b, at, err := d.set(s, line, column, condition)
	if err != nil {
		return "", at, err
	}
	return b.id, at, nil
}

func (d *Debugger) set(s *DebugScript, line, column int, condition string) (*breakpoint, Location, error) {
	p := s.run.program
	order := p.sources[s.source].order
	i := p.at(s.source, place{line: line, column: column})
	if i == len(order) {
		return nil, Location{}, ErrNoLocation
	}
	d.lastID++
	b := &breakpoint{id: strconv.Itoa(d.lastID), run: s.run, probe: order[i], condition: condition}
	d.breakpoints[b.id] = b
	d.watchCallers()
	d.armAll()
	found := p.places[order[i]]
	return b, Location{s, found.line, found.column}, nil
}

// RemoveBreakpoint removes one; an unknown id is nothing.
func (d *Debugger) RemoveBreakpoint(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.breakpoints[id]; known {
		delete(d.breakpoints, id)
		d.watchCallers()
		d.armAll()
	}
}

// RunTo resumes and stops at the first place at or behind line and column.
func (d *Debugger) RunTo(s *DebugScript, line, column int) error {
	d.mu.Lock()
	if d.paused == nil {
		d.mu.Unlock()
		return ErrNotPaused
	}
	b, _, err := d.set(s, line, column, "")
	if err == nil {
		b.once = true
	}
	d.mu.Unlock()
	if err != nil {
		return err
	}
	return d.Resume()
}
