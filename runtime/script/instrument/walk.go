package instrument

import (
	"reflect"
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
	"github.com/dop251/goja/unistring"
)

// walker edits a tree.
type walker struct {
	table *Table
	text  string
	// hint is the name that the function or class which comes next takes from where it
	// stands.
	hint string
	// dry is set while a loop is searched for functions; found says that there is one.
	dry, found bool
}

// context is where a node is.
type context struct {
	scope *scope
	fn    *function
	// marks takes what the statement around does; nil: nobody asks.
	marks *marks
	// values is set in loops without functions.
	values bool
}

// marks are what a statement does itself, not in functions in it.
type marks struct {
	calls    []string
	suspends bool
}

func (c context) functionIndex() int {
	if c.fn == nil {
		return 0
	}
	return c.fn.index
}

// Program puts probes into a tree, in place. number must be another one for every
// program that runs in the same runtime; text is what was parsed.
func Program(tree *ast.Program, number int, text string) *Table {
	w := &walker{table: &Table{Number: number}, text: text}
	w.table.Functions = []Function{{Outer: -1, Range: Range{0, len(text)}}}
	w.table.Lexical = declaredLexically(tree.Body)
	tree.Body = w.statements(tree.Body, context{}, true)
	return w.table
}

func (w *walker) offset(at file.Idx) int { return min(max(int(at)-1, 0), len(w.text)) }

// openFunction adds a function to the table.
func (w *walker) openFunction(c context, f Function) *function {
	f.Outer = c.functionIndex()
	if f.Name == "" {
		f.Name = w.hint
	}
	w.hint = ""
	w.table.Functions = append(w.table.Functions, f)
	return &function{index: len(w.table.Functions) - 1, async: f.Async}
}

// literal walks a function that has its own this.
func (w *walker) literal(f *ast.FunctionLiteral, c context, declaration bool) {
	if f == nil || f.Body == nil || w.searching() {
		return
	}
	name := ""
	if f.Name != nil {
		name = f.Name.Name.String()
	}
	from, to := w.offset(f.Function), w.offset(f.Body.RightBrace)+1
	fn := w.openFunction(c, Function{Name: name, Range: Range{from, to}, Body: w.offset(f.Body.LeftBrace), Async: f.Async, Generator: f.Generator})
	names := parameters(f.ParameterList)
	fn.arguments = usesArguments(f, names)
	var own []Name
	if name != "" && !declaration {
		own = []Name{{name, true, int(f.Name.Idx) - 1}}
	}
	w.body(f.ParameterList, names, own, f.Body, f.DeclarationList, context{scope: c.scope, fn: fn})
}

// body walks parameters and a block body.
func (w *walker) body(list *ast.ParameterList, names, own []Name, block *ast.BlockStatement, vars []*ast.VariableDeclaration, c context) {
	from, to := w.offset(block.LeftBrace), w.offset(block.RightBrace)+1
	if list != nil {
		from = w.offset(list.Opening)
	}
	all := declared(block.List, variables(vars, names))
	all = append(all, own...)
	outer := c
	c.scope = w.openScope(c, FunctionScope, from, to, &block.List, all)
	if list != nil && hasExpressions(list) {
		// They do not see the body's declarations.
		inner := c.scope.without()
		inner.names = append(append([]Name(nil), names...), own...)
		w.parameterList(list, context{scope: w.reindex(inner, outer, from, to), fn: c.fn})
	}
	directives := directiveCount(block.List)
	start := []ast.Statement{}
	b := builder{block.LeftBrace + 1}
	if c.fn.arguments {
		start = append(start, b.statement(b.id("arguments")))
	}
	if c.fn.flags = hasLoop(block.List); c.fn.flags {
		start = append(start,
			&ast.LexicalDeclaration{Idx: b.at, Token: constToken, List: []*ast.Binding{{Target: b.id(localFlags), Initializer: b.id(FlagsName(w.table.Number))}}},
			&ast.LexicalDeclaration{Idx: b.at, Token: token.LET, List: []*ast.Binding{{Target: b.id(changed)}}})
	}
	if c.fn.async {
		start = append(start, &ast.LexicalDeclaration{Idx: b.at, Token: constToken, List: []*ast.Binding{{Target: b.id(callCount), Initializer: b.call(EnterName(w.table.Number), b.integer(c.fn.index))}}})
	}
	statements := w.statements(block.List[directives:], c, false)
	if n := len(block.List); n == 0 || !leaves(block.List[n-1]) {
		_, end := w.before(End, block.RightBrace, c)
		statements = append(statements, end)
	}
	before := append(append([]ast.Statement(nil), block.List[:directives]...), start...)
	block.List = statements
	w.closeScope(c.scope, b)
	if c.fn.async {
		block.List = []ast.Statement{w.tellRejected(block.List, b)}
	}
	block.List = append(before, block.List...)
}

// reindex gives a scope's copy that has names of its own its own place in the table.
func (w *walker) reindex(s *scope, c context, from, to int) *scope {
	s.index = len(w.table.Scopes)
	w.table.Scopes = append(w.table.Scopes, Scope{Kind: FunctionScope, Function: s.fn.index, Range: Range{from, to}, Names: s.names})
	return s
}

// leaves reports a statement behind which nothing runs.
func leaves(s ast.Statement) bool {
	switch s.(type) {
	case *ast.ReturnStatement, *ast.ThrowStatement:
		return true
	}
	return false
}

func directiveCount(list []ast.Statement) int {
	n := 0
	for n < len(list) {
		e, ok := list[n].(*ast.ExpressionStatement)
		if !ok {
			break
		}
		if _, ok := e.Expression.(*ast.StringLiteral); !ok {
			break
		}
		n++
	}
	return n
}

// hasExpressions reports parameters with defaults or patterns.
func hasExpressions(list *ast.ParameterList) bool {
	for _, b := range list.List {
		if _, plain := b.Target.(*ast.Identifier); !plain || b.Initializer != nil {
			return true
		}
	}
	_, plain := list.Rest.(*ast.Identifier)
	return list.Rest != nil && !plain
}

func (w *walker) parameterList(list *ast.ParameterList, c context) {
	for _, b := range list.List {
		w.binding(b, c)
	}
	w.expression(list.Rest, c)
}

// arrow walks an arrow function.
func (w *walker) arrow(f *ast.ArrowFunctionLiteral, c context) {
	if w.searching() {
		return
	}
	from := w.offset(f.Start)
	fn := w.openFunction(c, Function{Range: Range{from, from + len(f.Source)}, Async: f.Async, Arrow: true, Body: w.offset(f.Body.Idx0())})
	names := parameters(f.ParameterList)
	c = context{scope: c.scope, fn: fn}
	switch body := f.Body.(type) {
	case *ast.BlockStatement:
		w.body(f.ParameterList, names, nil, body, f.DeclarationList, c)
	case *ast.ExpressionBody:
		at := start(body.Expression)
		c.scope = w.openScope(c, FunctionScope, from, from+len(f.Source), nil, names)
		w.parameterList(f.ParameterList, c)
		var m marks
		c.marks = &m
		w.expression(body.Expression, c)
		c.marks = nil
		id, call := w.probe(Return, at, c)
		w.mark(id, m)
		b := builder{at}
		e := b.sequence(w.armed(id, at, call, c), body.Expression)
		if !f.Async {
			body.Expression = e
			return
		}
		enter := &ast.LexicalDeclaration{Idx: at, Token: constToken, List: []*ast.Binding{{Target: b.id(callCount), Initializer: b.call(EnterName(w.table.Number), b.integer(fn.index))}}}
		f.Body = b.block(enter, w.tellRejected([]ast.Statement{b.answer(e)}, b))
	}
}

// usesArguments reports a function whose own code, arrows in it included, mentions
// arguments and means the object.
func usesArguments(f *ast.FunctionLiteral, names []Name) bool {
	if !strings.Contains(f.Source, "arguments") {
		return false
	}
	for _, n := range declared(f.Body.List, variables(f.DeclarationList, names)) {
		if n.Name == "arguments" {
			return false
		}
	}
	return mentions(reflect.ValueOf(f.Body), "arguments") || mentions(reflect.ValueOf(f.ParameterList), "arguments")
}

// mentions reports an identifier below v, not looking into functions that have their
// own arguments.
func mentions(v reflect.Value, name unistring.String) bool {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return false
		}
		switch n := v.Interface().(type) {
		case *ast.FunctionLiteral, *ast.ClassLiteral, *file.File:
			return false
		case *ast.Identifier:
			return n.Name == name
		}
		return mentions(v.Elem(), name)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); v.Type().Field(i).IsExported() && v.Type().Field(i).Name != "DeclarationList" && mentions(f, name) {
				return true
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if mentions(v.Index(i), name) {
				return true
			}
		}
	}
	return false
}
