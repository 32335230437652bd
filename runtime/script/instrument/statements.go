package instrument

import (
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
)

const (
	constToken = token.CONST
	notEqual   = token.STRICT_NOT_EQUAL
)

// statements walks a list and puts the probes between. directives says that the list
// may begin with some.
func (w *walker) statements(list []ast.Statement, c context, directives bool) []ast.Statement {
	out := make([]ast.Statement, 0, 2*len(list))
	if directives {
		n := directiveCount(list)
		out, list = append(out, list[:n]...), list[n:]
	}
	for _, s := range list {
		out = w.statement(s, c, out)
		c.scope.reached(s)
	}
	return out
}

// statement appends a statement with what stands before it.
func (w *walker) statement(s ast.Statement, c context, out []ast.Statement) []ast.Statement {
	if parts := split(s); parts != nil {
		for _, part := range parts {
			out = w.statement(part, c, out)
			c.scope.reached(part)
		}
		return out
	}
	kind, at, stops := w.place(s)
	if !stops {
		w.inside(s, c)
		return append(out, s)
	}
	// The probe is made first: numbers go by the order of the text.
	id, probe := w.before(kind, at, c)
	out = append(out, probe)
	if kind == Debugger {
		return out
	}
	var m marks
	c.marks = &m
	w.inside(s, c)
	w.mark(id, m)
	return append(out, s)
}

// place is where script stops for a statement, if it does.
func (w *walker) place(s ast.Statement) (ProbeKind, file.Idx, bool) {
	switch s := s.(type) {
	case *ast.EmptyStatement, *ast.BlockStatement, *ast.FunctionDeclaration, *ast.BadStatement:
		return 0, 0, false
	case *ast.DebuggerStatement:
		return Debugger, s.Debugger, true
	case *ast.ReturnStatement:
		return Return, s.Return, true
	case *ast.ThrowStatement:
		return Throw, s.Throw, true
	case *ast.VariableStatement:
		return initialised(s.List)
	case *ast.LexicalDeclaration:
		return initialised(s.List)
	case *ast.IfStatement:
		return Statement, w.ifAt(s), true
	case *ast.ExpressionStatement:
		return Statement, start(s.Expression), true
	case *ast.LabelledStatement:
		_, at, stops := w.place(s.Statement)
		return Statement, at, stops
	case *ast.TryStatement, *ast.WhileStatement, *ast.DoWhileStatement:
		return 0, 0, false // its first statement does, its test does
	}
	return Statement, s.Idx0(), true
}

// start is where an expression begins: Idx0 but for tagged templates, whose own points
// behind the tag.
func start(e ast.Expression) file.Idx {
	for {
		switch n := e.(type) {
		case *ast.TemplateLiteral:
			if n.Tag == nil {
				return n.OpenQuote
			}
			e = n.Tag
		case *ast.CallExpression:
			e = n.Callee
		case *ast.DotExpression:
			e = n.Left
		case *ast.PrivateDotExpression:
			e = n.Left
		case *ast.BracketExpression:
			e = n.Left
		case *ast.BinaryExpression:
			e = n.Left
		case *ast.AssignExpression:
			e = n.Left
		case *ast.ConditionalExpression:
			e = n.Test
		case *ast.SequenceExpression:
			e = n.Sequence[0]
		case *ast.OptionalChain:
			e = n.Expression
		case *ast.Optional:
			e = n.Expression
		default:
			return e.Idx0()
		}
	}
}

// initialised is where a declaration stops: at the value, as V8 does, and not at all
// when there is none.
func initialised(list []*ast.Binding) (ProbeKind, file.Idx, bool) {
	for _, b := range list {
		if b.Initializer != nil {
			return Statement, start(b.Initializer), true
		}
	}
	return 0, 0, false
}

// split makes a declaration of several names with values one for each.
func split(s ast.Statement) []ast.Statement {
	var out []ast.Statement
	switch s := s.(type) {
	case *ast.VariableStatement:
		if len(s.List) > 1 {
			for _, b := range s.List {
				out = append(out, &ast.VariableStatement{Var: s.Var, List: []*ast.Binding{b}})
			}
		}
	case *ast.LexicalDeclaration:
		if len(s.List) > 1 {
			for _, b := range s.List {
				out = append(out, &ast.LexicalDeclaration{Idx: s.Idx, Token: s.Token, List: []*ast.Binding{b}})
			}
		}
	}
	return out
}

// ifAt is where the word if stands, which the tree does not say: the last one in front
// of the test with nothing but a bracket, space and comments between.
func (w *walker) ifAt(s *ast.IfStatement) file.Idx {
	test := w.offset(start(s.Test))
	for end := test; ; {
		i := strings.LastIndex(w.text[:end], "if")
		if i < 0 || test-i > 1<<12 {
			return start(s.Test)
		}
		if reaches(w.text[i+2:test]) && (i == 0 || !wordByte(w.text[i-1])) {
			return file.Idx(i + 1)
		}
		end = i
	}
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// reaches reports text of brackets, space and comments only.
func reaches(text string) bool {
	for text != "" {
		switch {
		case strings.HasPrefix(text, "//"):
			_, rest, found := strings.Cut(text, "\n")
			if !found {
				return false
			}
			text = rest
		case strings.HasPrefix(text, "/*"):
			_, rest, found := strings.Cut(text, "*/")
			if !found {
				return false
			}
			text = rest
		case strings.ContainsRune(" \t\r\n(\u00a0", rune(text[0])):
			text = text[1:]
		default:
			return false
		}
	}
	return true
}

// inside walks what a statement is made of.
func (w *walker) inside(s ast.Statement, c context) {
	switch s := s.(type) {
	case *ast.BlockStatement:
		w.block(s, c, BlockScope, nil, 0)
	case *ast.ExpressionStatement:
		w.expression(s.Expression, c)
	case *ast.VariableStatement:
		w.bindings(s.List, c)
	case *ast.LexicalDeclaration:
		w.bindings(s.List, c)
	case *ast.FunctionDeclaration:
		w.literal(s.Function, c, true)
	case *ast.ClassDeclaration:
		w.class(s.Class, c, true)
	case *ast.ReturnStatement:
		w.expression(s.Argument, c)
	case *ast.ThrowStatement:
		w.expression(s.Argument, c)
		s.Argument = w.thrown(Throws, s.Throw, s.Argument)
	case *ast.IfStatement:
		w.expression(s.Test, c)
		c.marks = nil
		s.Consequent = w.branch(s.Consequent, c)
		if s.Alternate != nil {
			s.Alternate = w.branch(s.Alternate, c)
		}
	case *ast.LabelledStatement:
		w.inside(s.Statement, c)
	case *ast.SwitchStatement:
		w.cases(s, c)
	case *ast.TryStatement:
		w.try(s, c)
	case *ast.WithStatement:
		w.expression(s.Object, c) // not the body: names in it may be anybody's
	default:
		w.loop(s, c)
	}
}

func (w *walker) bindings(list []*ast.Binding, c context) {
	for _, b := range list {
		w.binding(b, c)
	}
}

func (w *walker) binding(b *ast.Binding, c context) {
	w.expression(b.Target, c)
	name := ""
	if id, ok := b.Target.(*ast.Identifier); ok {
		name = id.Name.String()
	}
	w.named(b.Initializer, name, c)
}

// block walks a block; head are names that the statement around declares for it.
// with first, script stops there before its first statement.
func (w *walker) block(s *ast.BlockStatement, c context, kind ScopeKind, head []Name, first file.Idx) {
	c.marks = nil
	from, to := w.offset(s.LeftBrace), w.offset(s.RightBrace)+1
	b := builder{s.LeftBrace}
	names := declared(s.List, nil)
	outer := c.scope
	if len(head) > 0 {
		c.scope = w.openScope(c, kind, from, to, &s.List, head).passed(c, len(head))
	}
	headScope := c.scope
	if len(names) > 0 {
		c.scope = w.openScope(c, BlockScope, from, to, &s.List, names).passed(c, 0)
	}
	var turn []ast.Statement
	if first > 0 {
		_, probe := w.before(Statement, first, c)
		turn = []ast.Statement{probe}
	}
	s.List = append(turn, w.statements(s.List, c, false)...)
	if c.scope != headScope {
		w.closeScope(c.scope, b)
	}
	if headScope != outer {
		w.closeScope(headScope, b)
	}
}

// branch is a statement that belongs to another one, as a block.
func (w *walker) branch(s ast.Statement, c context) ast.Statement {
	return w.branchWith(s, c, nil, BlockScope, 0)
}

// branchWith is branch with names that the statement around declares, and a place to
// stop at before anything else; 0: none.
func (w *walker) branchWith(s ast.Statement, c context, head []Name, kind ScopeKind, first file.Idx) ast.Statement {
	block, ok := s.(*ast.BlockStatement)
	if !ok {
		if _, empty := s.(*ast.EmptyStatement); empty {
			return s
		}
		at := s.Idx0()
		if i, ok := s.(*ast.IfStatement); ok {
			at = w.ifAt(i)
		}
		block = &ast.BlockStatement{LeftBrace: at, List: []ast.Statement{s}, RightBrace: at}
	}
	w.block(block, c, kind, head, first)
	return block
}

func (w *walker) cases(s *ast.SwitchStatement, c context) {
	w.expression(s.Discriminant, c)
	c.marks = nil
	if len(s.Body) == 0 {
		return
	}
	var names []Name
	for _, one := range s.Body {
		names = declared(one.Consequent, names)
	}
	outer := c.scope
	if len(names) > 0 {
		c.scope = w.openScope(c, BlockScope, w.offset(s.Switch), w.offset(s.RightBrace)+1, &s.Body[0].Consequent, names)
	}
	for _, one := range s.Body {
		w.expression(one.Test, c)
		one.Consequent = w.statements(one.Consequent, c, false)
	}
	if c.scope != outer {
		w.closeScope(c.scope, builder{s.Switch})
	}
}

func (w *walker) try(s *ast.TryStatement, c context) {
	if s.Catch != nil {
		w.table.Tries = append(w.table.Tries, Try{c.functionIndex(), Range{w.offset(s.Body.LeftBrace), w.offset(s.Body.RightBrace) + 1}})
	}
	w.block(s.Body, c, BlockScope, nil, 0)
	if s.Catch != nil {
		var head []Name
		if s.Catch.Parameter != nil {
			head = bound(s.Catch.Parameter, false, nil)
			w.expression(s.Catch.Parameter, c)
		}
		w.block(s.Catch.Body, c, CatchScope, head, 0)
		w.tellCaught(s.Catch)
	}
	if s.Finally != nil {
		w.block(s.Finally, c, BlockScope, nil, 0)
	}
}
