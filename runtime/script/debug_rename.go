package script

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// sourceName is a name of lowered text as its source has it; empty for a variable that
// the lowering has made.
type sourceName struct {
	name   string
	source int
}

// variableName is a variable of a scope, with its index in the table's scope.
type variableName struct {
	name     string
	constant bool
	index    int
	// namespace is the module whose exports the variable is, when index is below 0.
	namespace int
}

// rename finds what the names of lowered text are in the sources: a bundler gives other
// names to what would collide. The source says it where the declaration is mapped to.
func (p *debugProgram) rename() {
	starts := make([][]int, len(p.sources))
	for i := range p.sources {
		starts[i] = lineStarts(p.sources[i].text)
	}
	p.modules = map[reference]int{}
	p.names = make([][]sourceName, len(p.table.Scopes))
	for i, s := range p.table.Scopes {
		p.names[i] = make([]sourceName, len(s.Names))
		for j, n := range s.Names {
			at := p.place(n.Offset)
			if at.source < 0 || at.line > len(starts[at.source]) {
				continue
			}
			text := p.sources[at.source].text[starts[at.source][at.line-1]:]
			name := identifierAt(text, at.column-1)
			switch {
			case sameName(n.Name, name):
				p.names[i][j] = sourceName{name, at.source}
			case strings.HasSuffix(strings.TrimRight(n.Name, "0123456789"), "_default"):
				p.modules[reference{at.source, "default"}] = j // export default of an expression
			}
			if name := p.names[i][j].name; name != "" && p.sharesScope(i) {
				p.modules[reference{at.source, name}] = j
			}
		}
	}
}

// identifierAt is the identifier at a column of the text's first line, in code units.
func identifierAt(text string, column int) string {
	for column > 0 && text != "" {
		r, size := utf8.DecodeRuneInString(text)
		if column--; r > 0xFFFF {
			column--
		}
		text = text[size:]
	}
	end := strings.IndexFunc(text, func(r rune) bool {
		return r != '_' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	if end < 0 {
		end = len(text)
	}
	return text[:end]
}

// sameName reports a name that was kept, or given a number at its end.
func sameName(given, name string) bool {
	rest, ok := strings.CutPrefix(given, name)
	return ok && name != "" && strings.Trim(rest, "0123456789") == ""
}

// namesOf are the variables of a scope as a source has them. The modules of a bundle
// share one scope: of that only those of the source.
func (p *debugProgram) namesOf(scope, source int) []variableName {
	table := p.table.Scopes[scope]
	out := make([]variableName, 0, len(table.Names))
	shared := p.sharesScope(scope)
	for i, n := range table.Names {
		name := n.Name
		if p.names != nil {
			x := p.names[scope][i]
			if x.name == "" || shared && x.source != source {
				continue
			}
			name = x.name
		}
		out = append(out, variableName{name: name, constant: n.Constant, index: i})
	}
	if shared {
		out = append(out, p.importsOf(source)...)
	}
	return out
}

// sharesScope reports the scope that the modules of a bundle share.
func (p *debugProgram) sharesScope(scope int) bool {
	f := p.table.Scopes[scope].Function
	return p.module && f > 0 && p.table.Functions[f].Outer == 0
}

// source is the source of the scope's frame.
func (s *FrameScope) source() int {
	if s.frame.Script == nil {
		return -1
	}
	return s.frame.Script.source
}

// imported are the variables of other modules, under the names they have there: most
// imports keep them.
func (s *FrameScope) imported() []variableName {
	if s.access == nil || s.access.Scope < 0 || s.frame.run == nil {
		return nil
	}
	p := s.frame.run.program
	if !p.sharesScope(s.access.Scope) || p.names == nil {
		return nil
	}
	var out []variableName
	for i, n := range p.table.Scopes[s.access.Scope].Names {
		if x := p.names[s.access.Scope][i]; x.name != "" && x.source != s.source() {
			out = append(out, variableName{name: x.name, constant: n.Constant, index: i})
		}
	}
	return out
}
