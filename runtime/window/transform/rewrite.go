package transform

import (
	"reflect"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
	"github.com/dop251/goja/unistring"
)

// thisMode is what `this` stands for where a node is.
type thisMode int

const (
	topLevel thisMode = iota // the window
	sloppy                   // the window when the function was called without one
	exact                    // strict code: untouched
)

type context struct {
	this   thisMode
	strict bool
}

// rewriter edits a tree. declared are the names that any scope of the script
// declares: an assignment to another one may make a global variable.
type rewriter struct {
	declared map[unistring.String]struct{}
}

var (
	expressionType = reflect.TypeFor[ast.Expression]()
	nodeType       = reflect.TypeFor[ast.Node]()
)

func (r *rewriter) statement(s ast.Statement, c context) ast.Statement {
	r.rewriteChildren(s, c)
	return s
}

// expression rewrites an expression and returns what stands in its place.
func (r *rewriter) expression(e ast.Expression, c context) ast.Expression {
	switch e := e.(type) {
	case nil:
		return nil
	case *ast.ThisExpression:
		return this(e, c)
	case *ast.Identifier:
		if e.Name == "eval" {
			return at(Eval, e.Idx)
		}
		return e
	case *ast.FunctionLiteral:
		r.functionLiteral(e, c)
		return e
	case *ast.ArrowFunctionLiteral:
		r.arrow(e, c)
		return e
	case *ast.ClassLiteral:
		r.class(e, c)
		return e
	case *ast.CallExpression:
		r.call(e, c)
		return e
	case *ast.AssignExpression:
		return r.assignment(e, c)
	case *ast.PropertyKeyed:
		if e.Computed {
			e.Key = r.expression(e.Key, c)
		}
		e.Value = r.expression(e.Value, c)
		return e
	}
	r.rewriteChildren(e, c)
	return e
}

// call keeps the callee of a direct eval: its code must see the caller's names.
func (r *rewriter) call(e *ast.CallExpression, c context) {
	if id, ok := e.Callee.(*ast.Identifier); !ok || id.Name != "eval" {
		e.Callee = r.expression(e.Callee, c)
	}
	for i := range e.ArgumentList {
		e.ArgumentList[i] = r.expression(e.ArgumentList[i], c)
	}
}

// this in sloppy code is the window where it would be the runtime's global.
func this(e *ast.ThisExpression, c context) ast.Expression {
	switch c.this {
	case topLevel:
		return at(Window, e.Idx)
	case exact:
		return e
	}
	return &ast.ConditionalExpression{
		Test:       &ast.BinaryExpression{Operator: token.STRICT_EQUAL, Left: &ast.ThisExpression{Idx: e.Idx}, Right: at(Global, e.Idx), Comparison: true},
		Consequent: at(Window, e.Idx), Alternate: e,
	}
}

// assignment to a name that nothing declares would land on the runtime's global:
// %decl makes it a property of the window first.
func (r *rewriter) assignment(e *ast.AssignExpression, c context) ast.Expression {
	e.Right = r.expression(e.Right, c)
	id, plain := e.Left.(*ast.Identifier)
	if !plain {
		e.Left = r.expression(e.Left, c)
		return e
	}
	if _, declared := r.declared[id.Name]; declared || c.strict || e.Operator != token.ASSIGN {
		return e
	}
	declare := &ast.CallExpression{Callee: at(Declare, id.Idx), LeftParenthesis: id.Idx, RightParenthesis: id.Idx, ArgumentList: []ast.Expression{
		&ast.StringLiteral{Idx: id.Idx, Literal: id.Name.String(), Value: id.Name},
	}}
	return &ast.SequenceExpression{Sequence: []ast.Expression{declare, e}}
}

func (r *rewriter) functionLiteral(f *ast.FunctionLiteral, c context) {
	strict := c.strict || directive(f.Body.List)
	inner := context{this: sloppy, strict: strict}
	if strict {
		inner.this = exact
	}
	r.rewriteChildren(f.ParameterList, inner)
	r.rewriteChildren(f.Body, inner)
}

func (r *rewriter) arrow(f *ast.ArrowFunctionLiteral, c context) {
	if block, ok := f.Body.(*ast.BlockStatement); ok && directive(block.List) {
		c.strict = true
	}
	r.rewriteChildren(f.ParameterList, c)
	if body, ok := f.Body.(*ast.ExpressionBody); ok {
		body.Expression = r.expression(body.Expression, c)
		return
	}
	r.rewriteChildren(f.Body, c)
}

// class: its body is strict, and this in it is its own.
func (r *rewriter) class(class *ast.ClassLiteral, c context) {
	class.SuperClass = r.expression(class.SuperClass, context{this: c.this, strict: true})
	inner := context{this: exact, strict: true}
	for _, element := range class.Body {
		switch element := element.(type) {
		case *ast.FieldDefinition:
			if element.Computed {
				element.Key = r.expression(element.Key, context{this: c.this, strict: true})
			}
			element.Initializer = r.expression(element.Initializer, inner)
		case *ast.MethodDefinition:
			if element.Computed {
				element.Key = r.expression(element.Key, context{this: c.this, strict: true})
			}
			r.functionLiteral(element.Body, inner)
		case *ast.ClassStaticBlock:
			r.rewriteChildren(element.Block, inner)
		}
	}
}

// rewriteChildren rewrites every expression below a node, whatever kind it is.
func (r *rewriter) rewriteChildren(n ast.Node, c context) {
	v := reflect.ValueOf(n)
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		r.fields(v.Elem(), c)
	}
}

func (r *rewriter) fields(v reflect.Value, c context) {
	t := v.Type()
	for i := range t.NumField() {
		// DeclarationList names the bindings of the body once more.
		if name := t.Field(i).Name; name != "DeclarationList" && name != "File" {
			r.value(v.Field(i), c)
		}
	}
}

func (r *rewriter) value(v reflect.Value, c context) {
	switch v.Kind() {
	case reflect.Interface:
		r.dynamic(v, c)
	case reflect.Slice:
		for i := range v.Len() {
			r.value(v.Index(i), c)
		}
	case reflect.Pointer:
		if v.IsNil() || !v.CanInterface() {
			return
		}
		switch n := v.Interface().(type) {
		case *ast.Identifier, *ast.TemplateElement:
		case *ast.FunctionLiteral:
			r.functionLiteral(n, c)
		case *ast.ClassLiteral:
			r.class(n, c)
		default:
			if v.Elem().Kind() == reflect.Struct {
				r.fields(v.Elem(), c)
			}
		}
	case reflect.Struct:
		if v.Type() != reflect.TypeFor[ast.Identifier]() && v.Type() != reflect.TypeFor[ast.PrivateIdentifier]() {
			r.fields(v, c)
		}
	}
}

// dynamic rewrites a field of an interface type: an expression may be replaced.
func (r *rewriter) dynamic(v reflect.Value, c context) {
	if v.IsNil() || !v.Type().Implements(nodeType) {
		return
	}
	e, isExpression := v.Interface().(ast.Expression)
	if !isExpression {
		r.rewriteChildren(v.Interface().(ast.Node), c)
		return
	}
	if v.Type() == expressionType {
		v.Set(reflect.ValueOf(r.expression(e, c)))
		return
	}
	if id, plain := e.(*ast.Identifier); plain && id != nil {
		return // the name of a binding
	}
	if keyed, ok := e.(*ast.PropertyKeyed); ok {
		r.expression(keyed, c)
		return
	}
	r.rewriteChildren(e, c)
}

// collect notes every name that is declared anywhere below the statements.
func (r *rewriter) collect(body []ast.Statement) {
	for _, s := range body {
		r.collectIn(reflect.ValueOf(s))
	}
}

func (r *rewriter) collectIn(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			r.collectIn(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			r.collectIn(v.Index(i))
		}
	case reflect.Pointer:
		if v.IsNil() || v.Elem().Kind() != reflect.Struct {
			return
		}
		switch n := v.Interface().(type) {
		case *file.File:
			return
		case *ast.Binding:
			r.note(n.Target)
		case *ast.CatchStatement:
			r.note(n.Parameter)
		case *ast.ForDeclaration:
			r.note(n.Target)
		case *ast.ParameterList:
			r.note(n.Rest)
		case *ast.FunctionLiteral:
			r.noteName(n.Name)
		case *ast.ClassLiteral:
			r.noteName(n.Name)
		}
		r.collectIn(v.Elem())
	case reflect.Struct:
		t := v.Type()
		for i := range t.NumField() {
			if t.Field(i).IsExported() && t.Field(i).Name != "DeclarationList" {
				r.collectIn(v.Field(i))
			}
		}
	}
}

func (r *rewriter) note(target ast.Expression) {
	for _, n := range bound(target, nil) {
		r.declared[unistring.NewFromString(n)] = struct{}{}
	}
}

func (r *rewriter) noteName(id *ast.Identifier) {
	if id != nil {
		r.declared[id.Name] = struct{}{}
	}
}

func at(n string, idx file.Idx) *ast.Identifier {
	return &ast.Identifier{Name: unistring.NewFromString(n), Idx: idx}
}
