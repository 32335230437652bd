package script

// LocationsInFunction is Locations without what is in other functions than the one
// around from.
func (d *Debugger) LocationsInFunction(s *DebugScript, from, to Location) []BreakLocation {
	var out []BreakLocation
	p := s.run.program
	function := p.functionAt(s.source, place{s.source, from.Line, from.Column})
	order := p.sources[s.source].order
	for _, id := range order[p.at(s.source, place{line: from.Line, column: from.Column}):] {
		at := p.places[id]
		if to.Line > 0 && !at.before(place{line: to.Line, column: to.Column}) {
			break
		}
		if p.table.Probes[id].Function == function {
			out = append(out, BreakLocation{at.line, at.column, kindOf(p.table.Probes[id].Kind)})
		}
	}
	return out
}

// functionAt is the index of the innermost function of a source around a place; functions
// come in the order of the text, outer ones before those in them.
func (p *debugProgram) functionAt(source int, at place) int {
	found := 0
	for i, f := range p.table.Functions {
		start := p.functions[i]
		if start.source != source || at.before(start) {
			continue
		}
		if end := p.place(f.To); end.source == source && at.before(end) {
			found = i
		}
	}
	return found
}
