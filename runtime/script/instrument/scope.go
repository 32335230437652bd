package instrument

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"
)

// inline is how many names of its own function a probe's accessor holds itself.
const inline = 8

// scope is a scope while the tree is walked.
type scope struct {
	outer *scope
	fn    *function
	index int // in Table.Scopes
	names []Name
	// host are the statements that take the scope's thunk; nil: it can have none, and
	// every probe below holds its names.
	host *[]ast.Statement
	// needed is set when a probe needs the thunk.
	needed  *bool
	private []string // of a class: its private names; methods and getters without a setter too
	fixed   map[string]bool
	isClass bool
	// values says that probes pass the variables themselves (see values.go); ready is how
	// many of them have been initialised where the walk is.
	values bool
	ready  int
}

// function is a function while the tree is walked; nil stands for the script.
type function struct {
	index     int
	arguments bool // it mentions arguments
	async     bool
	// flags is set when it has the program's bytes in a variable of its own, which is
	// nearer than the global name: where a loop is.
	flags bool
}

func (w *walker) openScope(c context, kind ScopeKind, from, to int, host *[]ast.Statement, names []Name) *scope {
	s := &scope{outer: c.scope, fn: c.fn, index: len(w.table.Scopes), names: distinct(names), host: host, isClass: kind == ClassScope, needed: new(bool)}
	w.table.Scopes = append(w.table.Scopes, Scope{Kind: kind, Function: c.functionIndex(), Range: Range{from, to}, Names: s.names})
	return s
}

// without is the scope for code that does not see its thunk.
func (s *scope) without() *scope {
	other := *s
	other.host = nil
	return &other
}

// close appends the thunk to the statements that take it.
func (w *walker) closeScope(s *scope, b builder) {
	if *s.needed && s.host != nil {
		*s.host = append(*s.host, b.thunk(s.index, b.casesOf(s.names, 0, nil)))
	}
}

// casesOf are the cases that read and write names, from number first on: variable i is
// at first+2i. A constant has no second case, but where there are so many that dispatch
// wants their numbers without a gap.
func (b builder) casesOf(names []Name, first int, hidden map[int]bool) []*ast.CaseStatement {
	var cases []*ast.CaseStatement
	for i, n := range names {
		if hidden[i] {
			continue
		}
		cases = append(cases, b.caseOf(first+2*i, b.id(n.Name)))
		if n.Constant {
			if 2*len(names) > fewCases {
				cases = append(cases, b.caseOf(first+2*i+1, b.integer(0)))
			}
			continue
		}
		cases = append(cases, b.caseOf(first+2*i+1, b.assign(b.id(n.Name), b.id(value))))
	}
	return cases
}

// distinct keeps the first of names that are equal.
func distinct(names []Name) []Name {
	if len(names) < 2 {
		return names
	}
	seen := make(map[string]bool, len(names))
	out := names[:0:0]
	for _, n := range names {
		if !seen[n.Name] {
			seen[n.Name] = true
			out = append(out, n)
		}
	}
	return out
}

// bound appends the names that a binding target binds.
func bound(target ast.Expression, constant bool, names []Name) []Name {
	switch t := target.(type) {
	case *ast.Identifier:
		if t != nil {
			names = append(names, Name{t.Name.String(), constant, int(t.Idx) - 1})
		}
	case *ast.ArrayPattern:
		for _, e := range t.Elements {
			names = bound(e, constant, names)
		}
		names = bound(t.Rest, constant, names)
	case *ast.ObjectPattern:
		for _, p := range t.Properties {
			switch p := p.(type) {
			case *ast.PropertyShort:
				names = append(names, Name{p.Name.Name.String(), constant, int(p.Name.Idx) - 1})
			case *ast.PropertyKeyed:
				names = bound(p.Value, constant, names)
			}
		}
		names = bound(t.Rest, constant, names)
	case *ast.AssignExpression:
		names = bound(t.Left, constant, names)
	}
	return names
}

// declared are the names that a statement list declares for its block: let, const,
// class and function.
func declared(list []ast.Statement, names []Name) []Name {
	for _, s := range list {
		for {
			labelled, ok := s.(*ast.LabelledStatement)
			if !ok {
				break
			}
			s = labelled.Statement
		}
		switch s := s.(type) {
		case *ast.LexicalDeclaration:
			for _, b := range s.List {
				names = bound(b.Target, s.Token == token.CONST, names)
			}
		case *ast.ClassDeclaration:
			names = append(names, Name{s.Class.Name.Name.String(), false, int(s.Class.Name.Idx) - 1})
		case *ast.FunctionDeclaration:
			names = append(names, Name{s.Function.Name.Name.String(), false, int(s.Function.Name.Idx) - 1})
		}
	}
	return names
}

// variables are the names of a function's var declarations.
func variables(list []*ast.VariableDeclaration, names []Name) []Name {
	for _, d := range list {
		for _, b := range d.List {
			names = bound(b.Target, false, names)
		}
	}
	return names
}

func parameters(list *ast.ParameterList) []Name {
	var names []Name
	for _, b := range list.List {
		names = bound(b.Target, false, names)
	}
	return bound(list.Rest, false, names)
}

// declaredLexically are the top-level let, const and class names of a script.
func declaredLexically(list []ast.Statement) []Name {
	var names []Name
	for _, s := range list {
		if _, function := s.(*ast.FunctionDeclaration); !function {
			names = declared([]ast.Statement{s}, names)
		}
	}
	return names
}
