package instrument

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
)

// loop walks the statements that repeat.
func (w *walker) loop(s ast.Statement, c context) {
	c.values = c.values || c.fn != nil && c.fn.flags && !w.holdsFunctions(s)
	switch s := s.(type) {
	case *ast.WhileStatement:
		s.Test = w.test(s.Test, c)
		s.Body = w.branch(s.Body, c)
	case *ast.DoWhileStatement:
		s.Body = w.branch(s.Body, c)
		s.Test = w.test(s.Test, c)
	case *ast.ForStatement:
		w.forLoop(s, c)
	case *ast.ForInStatement:
		s.Body = w.forEach(s.Into, s.Source, s.Body, s.For, c)
	case *ast.ForOfStatement:
		s.Body = w.forEach(s.Into, s.Source, s.Body, s.For, c)
	}
}

// test is an expression that runs once in every turn of a loop.
func (w *walker) test(e ast.Expression, c context) ast.Expression {
	var m marks
	c.marks = &m
	w.expression(e, c)
	c.marks = nil
	id, call := w.probe(Statement, start(e), c)
	w.mark(id, m)
	return builder{start(e)}.sequence(w.armed(id, start(e), call, c), e)
}

func (w *walker) forLoop(s *ast.ForStatement, c context) {
	var head []Name
	lexical, isLexical := s.Initializer.(*ast.ForLoopInitializerLexicalDecl)
	if isLexical {
		for _, b := range lexical.LexicalDeclaration.List {
			head = bound(b.Target, lexical.LexicalDeclaration.Token == token.CONST, head)
		}
	}
	inner := c
	if len(head) > 0 {
		inner.scope = w.openScope(c, BlockScope, w.offset(s.For), w.offset(s.For)+1, nil, head).passed(c, len(head))
	}
	switch i := s.Initializer.(type) {
	case *ast.ForLoopInitializerExpression:
		w.expression(i.Expression, inner)
	case *ast.ForLoopInitializerVarDeclList:
		w.bindings(i.List, inner)
	case *ast.ForLoopInitializerLexicalDecl:
		w.bindings(i.LexicalDeclaration.List, inner)
	}
	if s.Update == nil && s.Test != nil {
		s.Test = w.test(s.Test, inner)
	} else {
		w.expression(s.Test, inner)
	}
	if s.Update != nil {
		s.Update = w.test(s.Update, inner)
	}
	c.marks = nil
	s.Body = w.branchWith(s.Body, c, head, BlockScope, 0)
}

func (w *walker) forEach(into ast.ForInto, source ast.Expression, body ast.Statement, at file.Idx, c context) ast.Statement {
	w.expression(source, c)
	c.marks = nil
	var head []Name
	turn := at
	switch i := into.(type) {
	case *ast.ForIntoVar:
		turn = start(i.Binding.Target)
		w.bindings([]*ast.Binding{i.Binding}, c)
	case *ast.ForDeclaration:
		turn = start(i.Target)
		head = bound(i.Target, i.IsConst, nil)
		inner := c
		inner.scope = w.openScope(c, BlockScope, w.offset(at), w.offset(at)+1, nil, head)
		w.expression(i.Target, inner)
	case *ast.ForIntoExpression:
		turn = start(i.Expression)
		w.expression(i.Expression, c)
	}
	return w.branchWith(body, c, head, BlockScope, turn)
}

// hasLoop reports a loop among statements, not in functions in them.
func hasLoop(list []ast.Statement) bool {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.ForStatement, *ast.ForInStatement, *ast.ForOfStatement, *ast.WhileStatement, *ast.DoWhileStatement:
			return true
		case *ast.BlockStatement:
			if hasLoop(s.List) {
				return true
			}
		case *ast.IfStatement:
			if hasLoop([]ast.Statement{s.Consequent, s.Alternate}) {
				return true
			}
		case *ast.LabelledStatement:
			if hasLoop([]ast.Statement{s.Statement}) {
				return true
			}
		case *ast.TryStatement:
			if hasLoop(s.Body.List) || s.Catch != nil && hasLoop(s.Catch.Body.List) || s.Finally != nil && hasLoop(s.Finally.List) {
				return true
			}
		case *ast.SwitchStatement:
			for _, one := range s.Body {
				if hasLoop(one.Consequent) {
					return true
				}
			}
		}
	}
	return false
}
