package instrument

import "github.com/dop251/goja/ast"

// expression walks an expression, or a pattern, for the functions in it and for the
// names of what it calls. No expression is replaced.
func (w *walker) expression(e ast.Expression, c context) {
	switch e := e.(type) {
	case nil:
	case *ast.FunctionLiteral:
		w.literal(e, c, false)
	case *ast.ArrowFunctionLiteral:
		w.arrow(e, c)
	case *ast.ClassLiteral:
		w.class(e, c, false)
	case *ast.CallExpression:
		c.note(e.Callee)
		w.expression(e.Callee, c)
		w.all(e.ArgumentList, c)
	case *ast.NewExpression:
		c.note(e.Callee)
		w.expression(e.Callee, c)
		w.all(e.ArgumentList, c)
	case *ast.DotExpression:
		w.expression(e.Left, c)
	case *ast.PrivateDotExpression:
		w.expression(e.Left, c)
	case *ast.BracketExpression:
		w.expression(e.Left, c)
		w.expression(e.Member, c)
	case *ast.BinaryExpression:
		w.expression(e.Left, c)
		w.expression(e.Right, c)
	case *ast.AssignExpression:
		w.expression(e.Left, c)
		w.expression(e.Right, c)
	case *ast.ConditionalExpression:
		w.expression(e.Test, c)
		w.expression(e.Consequent, c)
		w.expression(e.Alternate, c)
	case *ast.SequenceExpression:
		w.all(e.Sequence, c)
	case *ast.UnaryExpression:
		w.expression(e.Operand, c)
	case *ast.AwaitExpression:
		w.expression(e.Argument, c)
	case *ast.YieldExpression:
		w.expression(e.Argument, c)
	case *ast.SpreadElement:
		w.expression(e.Expression, c)
	case *ast.OptionalChain:
		w.expression(e.Expression, c)
	case *ast.Optional:
		w.expression(e.Expression, c)
	case *ast.TemplateLiteral:
		if e.Tag != nil {
			c.note(e.Tag)
		}
		w.expression(e.Tag, c)
		w.all(e.Expressions, c)
	case *ast.ArrayLiteral:
		w.all(e.Value, c)
	case *ast.ArrayPattern:
		w.all(e.Elements, c)
		w.expression(e.Rest, c)
	case *ast.ObjectLiteral:
		w.properties(e.Value, c)
	case *ast.ObjectPattern:
		w.properties(e.Properties, c)
		w.expression(e.Rest, c)
	case *ast.Binding:
		w.expression(e.Target, c)
		w.expression(e.Initializer, c)
	}
}

func (w *walker) all(list []ast.Expression, c context) {
	for _, e := range list {
		w.expression(e, c)
	}
}

func (w *walker) properties(list []ast.Property, c context) {
	for _, p := range list {
		switch p := p.(type) {
		case *ast.PropertyShort:
			w.expression(p.Initializer, c)
		case *ast.PropertyKeyed:
			if p.Computed {
				w.expression(p.Key, c)
			}
			if f, ok := p.Value.(*ast.FunctionLiteral); ok {
				w.literal(f, c, p.Kind != ast.PropertyKindValue)
				continue
			}
			w.expression(p.Value, c)
		case *ast.SpreadElement:
			w.expression(p.Expression, c)
		}
	}
}

// note takes the name of what is called.
func (c context) note(callee ast.Expression) {
	if c.calls == nil {
		return
	}
	switch e := callee.(type) {
	case *ast.Identifier:
		*c.calls = append(*c.calls, e.Name.String())
	case *ast.DotExpression:
		*c.calls = append(*c.calls, e.Identifier.Name.String())
	case *ast.PrivateDotExpression:
		*c.calls = append(*c.calls, e.Identifier.Name.String())
	case *ast.OptionalChain:
		c.note(e.Expression)
	case *ast.Optional:
		c.note(e.Expression)
	case *ast.FunctionLiteral, *ast.ArrowFunctionLiteral, *ast.Binding:
		// called where it stands
		*c.calls = append(*c.calls, "")
	default:
		*c.calls = append(*c.calls, "")
	}
}
