package instrument

import "github.com/dop251/goja/ast"

// An accessor is a closure: the variables it mentions are moved from the stack to the
// heap, and those of a loop are copied there in every turn. In a loop that holds no
// function nobody else has them, so that probes can pass the values and take them back
// when they were changed:
//
//	%f[7] && (%r = %p1(7, accessor, i, x)) !== true && (i = %r[0], x = %r[1])
//
// A variable is passed when its declaration has been reached, which in such a block the
// text says. The variables of switch statements, where it does not, have accessors.

// passed makes the variables of a scope ones that are passed, if they may be; ready is
// how many of them there are at its start.
func (s *scope) passed(c context, ready int) *scope {
	s.values, s.ready = c.values, ready
	return s
}

// reached notes that a statement of the scope's list has run.
func (s *scope) reached(statement ast.Statement) {
	if s != nil && s.values {
		s.ready = min(s.ready+len(declared([]ast.Statement{statement}, nil)), len(s.names))
	}
}

// takeBack is (%r = call) !== true && (assignments).
func (b builder) takeBack(call ast.Expression, passed []Name) ast.Expression {
	var assignments []ast.Expression
	for i, n := range passed {
		if !n.Constant && n.Name != "" {
			from := &ast.BracketExpression{Left: b.id(changed), Member: b.integer(i), LeftBracket: b.at, RightBracket: b.at}
			assignments = append(assignments, b.assign(b.id(n.Name), from))
		}
	}
	if len(assignments) == 0 {
		return call
	}
	took := &ast.BinaryExpression{
		Operator: notEqual, Left: b.assign(b.id(changed), call), Right: &ast.BooleanLiteral{Idx: b.at, Literal: "true", Value: true}, Comparison: true,
	}
	return b.and(took, &ast.SequenceExpression{Sequence: assignments})
}

// searching reports whether functions are only looked for.
func (w *walker) searching() bool {
	w.found = w.found || w.dry
	return w.dry
}

// holdsFunctions reports functions, classes and direct evals in a statement.
func (w *walker) holdsFunctions(s ast.Statement) bool {
	w.dry, w.found = true, false
	w.search(s)
	w.dry, w.hint = false, ""
	return w.found
}

func (w *walker) search(s ast.Statement) {
	if w.found {
		return
	}
	c := context{}
	switch s := s.(type) {
	case *ast.BlockStatement:
		w.searchAll(s.List)
	case *ast.IfStatement:
		w.expression(s.Test, c)
		w.search(s.Consequent)
		w.search(s.Alternate)
	case *ast.LabelledStatement:
		w.search(s.Statement)
	case *ast.SwitchStatement:
		w.expression(s.Discriminant, c)
		for _, one := range s.Body {
			w.expression(one.Test, c)
			w.searchAll(one.Consequent)
		}
	case *ast.TryStatement:
		w.searchAll(s.Body.List)
		if s.Catch != nil {
			w.expression(s.Catch.Parameter, c)
			w.searchAll(s.Catch.Body.List)
		}
		if s.Finally != nil {
			w.searchAll(s.Finally.List)
		}
	case *ast.ExpressionStatement:
		w.expression(s.Expression, c)
	case *ast.VariableStatement:
		w.bindings(s.List, c)
	case *ast.LexicalDeclaration:
		w.bindings(s.List, c)
	case *ast.ReturnStatement:
		w.expression(s.Argument, c)
	case *ast.ThrowStatement:
		w.expression(s.Argument, c)
	case nil, *ast.EmptyStatement, *ast.BranchStatement, *ast.DebuggerStatement:
	default:
		w.searchLoop(s, c)
	}
}

func (w *walker) searchLoop(s ast.Statement, c context) {
	switch s := s.(type) {
	case *ast.WhileStatement:
		w.expression(s.Test, c)
		w.search(s.Body)
	case *ast.DoWhileStatement:
		w.expression(s.Test, c)
		w.search(s.Body)
	case *ast.ForStatement:
		switch i := s.Initializer.(type) {
		case *ast.ForLoopInitializerExpression:
			w.expression(i.Expression, c)
		case *ast.ForLoopInitializerVarDeclList:
			w.bindings(i.List, c)
		case *ast.ForLoopInitializerLexicalDecl:
			w.bindings(i.LexicalDeclaration.List, c)
		}
		w.expression(s.Test, c)
		w.expression(s.Update, c)
		w.search(s.Body)
	case *ast.ForInStatement:
		w.searchInto(s.Into)
		w.expression(s.Source, c)
		w.search(s.Body)
	case *ast.ForOfStatement:
		w.searchInto(s.Into)
		w.expression(s.Source, c)
		w.search(s.Body)
	default: // functions, classes, with
		w.found = true
	}
}

func (w *walker) searchInto(into ast.ForInto) {
	switch i := into.(type) {
	case *ast.ForIntoVar:
		w.binding(i.Binding, context{})
	case *ast.ForDeclaration:
		w.expression(i.Target, context{})
	case *ast.ForIntoExpression:
		w.expression(i.Expression, context{})
	}
}

func (w *walker) searchAll(list []ast.Statement) {
	for _, s := range list {
		w.search(s)
	}
}
