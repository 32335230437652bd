package instrument

import (
	"slices"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
)

// maxPrivate bounds the private names that one accessor holds.
const maxPrivate = 8

// probe makes a probe for code of the context and gives its number and its call.
func (w *walker) probe(kind ProbeKind, at file.Idx, c context) (id int, call ast.Expression) {
	id = len(w.table.Probes)
	b := builder{at}
	p := Probe{Kind: kind, Offset: w.offset(at), Function: c.functionIndex(), This: -1, Activation: -1}
	var cases []*ast.CaseStatement
	arguments := []ast.Expression{b.integer(id), nil}
	next := 0
	var passed []Name
	seen := map[string]bool{}
	for s := c.scope; s != nil; s = s.outer {
		if len(s.names) > 0 {
			a := Access{Scope: s.index, Thunk: -1, First: next, Values: s.values, Ready: s.ready}
			for i, n := range s.names {
				if seen[n.Name] {
					if a.Hidden == nil {
						a.Hidden = map[int]bool{}
					}
					a.Hidden[i] = true
				}
			}
			if s.values {
				a.First = len(passed)
				for i, n := range s.names[:s.ready] {
					if a.Hidden[i] {
						n.Name = "" // an inner scope covers it
					}
					passed = append(passed, n)
				}
			} else if s.host != nil && (s.fn != c.fn || len(s.names) > inline || a.Hidden != nil) {
				s.need()
				a.Thunk, a.First, a.Hidden = len(arguments)-2, 0, nil
				arguments = append(arguments, b.id(thunkName(s.index)))
			} else {
				cases = append(cases, b.casesOf(s.names, next, a.Hidden)...)
				next += 2 * len(s.names)
			}
			p.Access = append(p.Access, a)
			for _, n := range s.names {
				seen[n.Name] = true
			}
		}
		if s.isClass && len(p.Private) == 0 {
			cases, next = w.privates(&p, s, b, cases, next)
		}
	}
	p.This = next
	cases = append(cases, b.caseOf(next, &ast.ThisExpression{Idx: at}))
	next++
	if c.fn != nil && c.fn.async {
		p.Activation = next
		cases = append(cases, b.caseOf(next, b.id(callCount)))
		next++
	}
	if c.fn != nil && c.fn.arguments {
		p.Arguments = next
		cases = append(cases, b.caseOf(next, b.id("arguments")))
	}
	arguments[1] = b.accessor(cases)
	for i := range p.Access {
		if p.Access[i].Values {
			p.Access[i].First += len(arguments) - 2
		}
	}
	p.Passed = len(passed)
	for _, n := range passed {
		if n.Name == "" {
			arguments = append(arguments, b.integer(0))
		} else {
			arguments = append(arguments, b.id(n.Name))
		}
	}
	w.table.Probes = append(w.table.Probes, p)
	f := &w.table.Functions[p.Function]
	f.Probes = append(f.Probes, id)
	return id, b.takeBack(b.call(ProbeName(w.table.Number), arguments...), passed)
}

// privates adds the accessor's cases for the private names of a class.
func (w *walker) privates(p *Probe, s *scope, b builder, cases []*ast.CaseStatement, next int) ([]*ast.CaseStatement, int) {
	if len(s.private) == 0 {
		return cases, next
	}
	p.Private, p.FirstPrivate = s.private[:min(len(s.private), maxPrivate)], next
	for _, name := range p.Private {
		field := func() ast.Expression {
			return &ast.PrivateDotExpression{Left: b.id(value), Identifier: ast.PrivateIdentifier{Identifier: *b.id(name)}}
		}
		cases = append(cases, b.caseOf(next, field()))
		if !s.fixed[name] {
			cases = append(cases, b.caseOf(next+1, b.assign(field(), b.id(written))))
		}
		next += 2
	}
	return cases, next
}

// need asks for the thunk of a scope, which may be a copy (see without).
func (s *scope) need() { *s.needed = true }

// armed is %b[id] && call.
func (w *walker) armed(id int, at file.Idx, call ast.Expression, c context) ast.Expression {
	b := builder{at}
	name := FlagsName(w.table.Number)
	if c.fn != nil && c.fn.flags {
		name = localFlags
	}
	flag := &ast.BracketExpression{Left: b.id(name), Member: b.integer(id), LeftBracket: at, RightBracket: at}
	return b.and(flag, call)
}

// before is the statement that stands before another one.
func (w *walker) before(kind ProbeKind, at file.Idx, c context) (int, ast.Statement) {
	id, call := w.probe(kind, at, c)
	e := call
	if kind != Debugger {
		e = w.armed(id, at, call, c)
	}
	if c.fn == nil {
		return id, builder{at}.silent(e)
	}
	return id, builder{at}.statement(e)
}

// beforeExpression is (probe, e).
func (w *walker) beforeExpression(kind ProbeKind, e ast.Expression, at file.Idx, c context) ast.Expression {
	id, call := w.probe(kind, at, c)
	return builder{at}.sequence(w.armed(id, at, call, c), e)
}

// mark notes what a probe's statement does.
func (w *walker) mark(id int, m marks) {
	slices.Sort(m.calls)
	p := &w.table.Probes[id]
	p.Calls, p.Suspends = slices.Compact(m.calls), m.suspends
}
