// Package transform rewrites the syntax tree of a script so that it runs in a
// window that is not the runtime's global object: inside
//
//	with (%w) with (%l) { … }
//
// where %w is the window and %l holds the window's global lexical bindings and the
// names that start with % (which no script can spell). Positions and
// Function.prototype.toString stay exact: only the tree is edited, no text.
//
// A program belongs to a script's text, not to a window: it can run in any number.
package transform

import (
	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
	"github.com/dop251/goja/token"
	"github.com/dop251/goja/unistring"
)

// The names the rewritten script finds in %l.
const (
	Window  = "%w"    // the window object
	Lexical = "%l"    // the object of this list itself
	Global  = "%g"    // the runtime's own global object: what `this` is in sloppy functions
	Init    = "%init" // (name, value, isConst): initialises a global lexical binding
	Declare = "%decl" // (name): makes a variable of a name that is declared nowhere
	Eval    = "%eval" // the window's indirect eval
)

// Script is a rewritten script.
type Script struct {
	Program *goja.Program
	// Vars and Functions are its top-level var and function names, Lets its
	// top-level let and class names, Consts its const names. Whoever runs the script
	// declares them first, with the checks of GlobalDeclarationInstantiation.
	Vars, Functions, Lets, Consts []string
}

// Compile parses and rewrites a script. The error is a *goja.CompilerSyntaxError
// or a parser.ErrorList.
func Compile(url, source string, options ...parser.Option) (*Script, error) {
	tree, err := goja.Parse(url, source, options...)
	if err != nil {
		return nil, err
	}
	return Rewrite(tree)
}

// Rewrite rewrites a tree, in place, and compiles it.
func Rewrite(tree *ast.Program) (*Script, error) {
	s := &Script{}
	r := &rewriter{declared: map[unistring.String]struct{}{}}
	r.collect(tree.Body)
	strict := directive(tree.Body)
	s.declare(tree)
	if name, ok := s.duplicate(); ok {
		return nil, &goja.CompilerSyntaxError{CompilerError: goja.CompilerError{
			Message: "SyntaxError: Identifier '" + name + "' has already been declared", File: tree.File,
		}}
	}
	top := context{this: topLevel, strict: strict}
	var functions, body []ast.Statement
	for _, statement := range tree.Body {
		switch statement := statement.(type) {
		case *ast.FunctionDeclaration:
			functions = append(functions, r.function(statement, top))
		case *ast.LexicalDeclaration:
			body = append(body, r.lexical(statement, top)...)
		case *ast.ClassDeclaration:
			r.class(statement.Class, top)
			body = append(body, initialise(statement.Class.Name, statement.Class, false))
		default:
			body = append(body, r.statement(statement, top))
		}
	}
	tree.DeclarationList = nil
	tree.Body = []ast.Statement{wrap(append(functions, body...), strict)}
	p, err := goja.CompileAST(tree, false)
	if err != nil {
		return nil, err
	}
	s.Program = p
	return s, nil
}

// wrap puts the statements inside the two with statements; strict code, where with
// does not exist, in a strict function inside them.
func wrap(body []ast.Statement, strict bool) ast.Statement {
	block := ast.Statement(&ast.BlockStatement{List: body})
	if strict {
		if n := len(body); n > 0 {
			if last, ok := body[n-1].(*ast.ExpressionStatement); ok {
				body[n-1] = &ast.ReturnStatement{Return: last.Idx0(), Argument: last.Expression}
			}
		}
		use := &ast.ExpressionStatement{Expression: &ast.StringLiteral{Literal: `"use strict"`, Value: "use strict"}}
		f := &ast.FunctionLiteral{ParameterList: &ast.ParameterList{}, Body: &ast.BlockStatement{List: append([]ast.Statement{use}, body...)}}
		block = &ast.ExpressionStatement{Expression: &ast.CallExpression{Callee: f}}
	}
	return &ast.WithStatement{Object: name(Window), Body: &ast.WithStatement{Object: name(Lexical), Body: block}}
}

// declare notes the top-level names of a script.
func (s *Script) declare(tree *ast.Program) {
	functions := map[string]bool{}
	for _, statement := range tree.Body {
		switch statement := statement.(type) {
		case *ast.FunctionDeclaration:
			if n := statement.Function.Name.Name.String(); !functions[n] {
				functions[n] = true
				s.Functions = append(s.Functions, n)
			}
		case *ast.ClassDeclaration:
			s.Lets = append(s.Lets, statement.Class.Name.Name.String())
		case *ast.LexicalDeclaration:
			for _, b := range statement.List {
				names := bound(b.Target, nil)
				if statement.Token == token.CONST {
					s.Consts = append(s.Consts, names...)
				} else {
					s.Lets = append(s.Lets, names...)
				}
			}
		}
	}
	for _, d := range tree.DeclarationList {
		for _, b := range d.List {
			for _, n := range bound(b.Target, nil) {
				if !functions[n] {
					s.Vars = append(s.Vars, n)
				}
			}
		}
	}
}

// duplicate is a top-level name that is declared twice, one time by let, const or class.
func (s *Script) duplicate() (name string, found bool) {
	seen := map[string]bool{}
	for _, names := range [][]string{s.Vars, s.Functions} {
		for _, n := range names {
			seen[n] = true
		}
	}
	for _, names := range [][]string{s.Lets, s.Consts} {
		for _, n := range names {
			if seen[n] {
				return n, true
			}
			seen[n] = true
		}
	}
	return "", false
}

// function is a top-level function declaration as an assignment; the name is
// inferred from it.
func (r *rewriter) function(d *ast.FunctionDeclaration, c context) ast.Statement {
	f := d.Function
	id := f.Name
	r.functionLiteral(f, c)
	f.Name = nil
	return &ast.ExpressionStatement{Expression: &ast.AssignExpression{Operator: token.ASSIGN, Left: &ast.Identifier{Name: id.Name, Idx: id.Idx}, Right: f}}
}

// lexical is a top-level let or const as calls of %init; one with a pattern
// initialises its names with undefined and then assigns.
func (r *rewriter) lexical(d *ast.LexicalDeclaration, c context) []ast.Statement {
	var out []ast.Statement
	for _, b := range d.List {
		value := r.expression(b.Initializer, c)
		if id, ok := b.Target.(*ast.Identifier); ok {
			out = append(out, initialise(id, value, d.Token == token.CONST))
			continue
		}
		for _, n := range bound(b.Target, nil) {
			out = append(out, initialise(&ast.Identifier{Name: unistring.NewFromString(n), Idx: b.Target.Idx0()}, nil, false))
		}
		r.rewriteChildren(b.Target, c)
		out = append(out, &ast.ExpressionStatement{Expression: &ast.AssignExpression{Operator: token.ASSIGN, Left: b.Target, Right: value}})
	}
	return out
}

// initialise is %init("name", value, isConst). A function or class without a name
// gets the name, as an initialiser gives it.
func initialise(id *ast.Identifier, value ast.Expression, isConst bool) ast.Statement {
	if value == nil {
		value = &ast.UnaryExpression{Operator: token.VOID, Idx: id.Idx, Operand: &ast.NumberLiteral{Idx: id.Idx, Literal: "0", Value: int64(0)}}
	}
	if anonymous(value) {
		value = named(id, value)
	}
	return &ast.ExpressionStatement{Expression: &ast.CallExpression{
		Callee: at(Init, id.Idx), LeftParenthesis: id.Idx, RightParenthesis: id.Idx,
		ArgumentList: []ast.Expression{
			&ast.StringLiteral{Idx: id.Idx, Literal: id.Name.String(), Value: id.Name}, value,
			&ast.BooleanLiteral{Idx: id.Idx, Value: isConst},
		},
	}}
}

func anonymous(e ast.Expression) bool {
	switch e := e.(type) {
	case *ast.FunctionLiteral:
		return e.Name == nil
	case *ast.ClassLiteral:
		return e.Name == nil
	case *ast.ArrowFunctionLiteral:
		return true
	}
	return false
}

// named is ({name: value}).name: the way to have a name inferred in an expression.
func named(id *ast.Identifier, value ast.Expression) ast.Expression {
	return &ast.DotExpression{
		Left: &ast.ObjectLiteral{LeftBrace: id.Idx, RightBrace: id.Idx, Value: []ast.Property{
			&ast.PropertyKeyed{Key: &ast.StringLiteral{Idx: id.Idx, Literal: id.Name.String(), Value: id.Name}, Kind: ast.PropertyKindValue, Value: value},
		}},
		Identifier: ast.Identifier{Name: id.Name, Idx: id.Idx},
	}
}

func name(n string) *ast.Identifier { return &ast.Identifier{Name: unistring.NewFromString(n), Idx: 1} }

// directive reports whether a body begins with "use strict".
func directive(body []ast.Statement) bool {
	for _, statement := range body {
		e, ok := statement.(*ast.ExpressionStatement)
		if !ok {
			return false
		}
		s, ok := e.Expression.(*ast.StringLiteral)
		if !ok {
			return false
		}
		if s.Value == "use strict" && len(s.Literal) == len(`"use strict"`) {
			return true
		}
	}
	return false
}

// bound appends the names that a binding target binds.
func bound(target ast.Expression, names []string) []string {
	switch t := target.(type) {
	case *ast.Identifier:
		names = append(names, t.Name.String())
	case *ast.ArrayPattern:
		for _, e := range t.Elements {
			names = bound(e, names)
		}
		names = bound(t.Rest, names)
	case *ast.ObjectPattern:
		for _, p := range t.Properties {
			switch p := p.(type) {
			case *ast.PropertyShort:
				names = append(names, p.Name.Name.String())
			case *ast.PropertyKeyed:
				names = bound(p.Value, names)
			}
		}
		names = bound(t.Rest, names)
	case *ast.AssignExpression:
		names = bound(t.Left, names)
	}
	return names
}
