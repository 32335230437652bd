package instrument

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
)

// thrown is %x(why, value).
func (w *walker) thrown(why int, at file.Idx, value ast.Expression) ast.Expression {
	b := builder{at}
	return b.call(ThrownName(w.table.Number), b.integer(why), value)
}

// tellCaught has a catch clause tell what it catches before anything else. A pattern,
// or no name, needs one.
func (w *walker) tellCaught(s *ast.CatchStatement) {
	b := builder{s.Catch}
	name, plain := s.Parameter.(*ast.Identifier)
	tell := func(id ast.Expression) ast.Statement {
		return b.silent(b.sequence(w.thrown(Catches, s.Catch, id), b.integer(0)))
	}
	if plain {
		s.Body.List = append([]ast.Statement{tell(b.id(name.Name.String()))}, s.Body.List...)
		return
	}
	list := []ast.Statement{tell(b.id(caught))}
	if s.Parameter != nil {
		list = append(list, &ast.LexicalDeclaration{Idx: s.Catch, Token: token.LET, List: []*ast.Binding{{Target: s.Parameter, Initializer: b.id(caught)}}}, s.Body)
	} else {
		list = append(list, s.Body.List...)
	}
	s.Parameter = b.id(caught)
	s.Body = &ast.BlockStatement{LeftBrace: s.Body.LeftBrace, List: list, RightBrace: s.Body.RightBrace}
}

// tellRejected is try { list } catch (%e) { throw %x(Rejects, %e) }.
func (w *walker) tellRejected(list []ast.Statement, b builder) ast.Statement {
	rethrow := &ast.ThrowStatement{Throw: b.at, Argument: w.thrown(Rejects, b.at, b.id(caught))}
	return &ast.TryStatement{Try: b.at, Body: b.block(list...), Catch: &ast.CatchStatement{Catch: b.at, Parameter: b.id(caught), Body: b.block(rethrow)}}
}
