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
		if id, ok := e.Callee.(*ast.Identifier); ok && id.Name == "eval" {
			w.found = true
		}
		c.note(e.Callee)
		c.noteAll(e.ArgumentList)
		w.expression(e.Callee, c)
		w.all(e.ArgumentList, c)
	case *ast.NewExpression:
		c.note(e.Callee)
		c.noteAll(e.ArgumentList)
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
		w.named(e.Right, targetName(e.Left), c)
	case *ast.ConditionalExpression:
		w.expression(e.Test, c)
		w.expression(e.Consequent, c)
		w.expression(e.Alternate, c)
	case *ast.SequenceExpression:
		w.all(e.Sequence, c)
	case *ast.UnaryExpression:
		w.expression(e.Operand, c)
	case *ast.AwaitExpression:
		c.suspend()
		w.expression(e.Argument, c)
	case *ast.YieldExpression:
		c.suspend()
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
		w.binding(e, c)
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
			if f, ok := p.Value.(*ast.FunctionLiteral); ok && p.Kind != ast.PropertyKindValue {
				w.hint = keyName(p.Key, p.Computed)
				w.literal(f, c, true)
				continue
			}
			w.named(p.Value, keyName(p.Key, p.Computed), c)
		case *ast.SpreadElement:
			w.expression(p.Expression, c)
		}
	}
}

// named walks an expression; a function without a name takes one.
func (w *walker) named(e ast.Expression, name string, c context) {
	if anonymous(e) {
		w.hint = name
	}
	w.expression(e, c)
}

func keyName(key ast.Expression, computed bool) string {
	if computed {
		return ""
	}
	switch key := key.(type) {
	case *ast.StringLiteral:
		return key.Value.String()
	case *ast.Identifier:
		return key.Name.String()
	case *ast.PrivateIdentifier:
		return "#" + key.Name.String()
	}
	return ""
}

func targetName(target ast.Expression) string {
	switch target := target.(type) {
	case *ast.Identifier:
		return target.Name.String()
	case *ast.DotExpression:
		return target.Identifier.Name.String()
	}
	return ""
}

func (c context) suspend() {
	if c.marks != nil {
		c.marks.suspends = true
	}
}

// noteAll takes the names of what is handed over and may be called.
func (c context) noteAll(list []ast.Expression) {
	for _, e := range list {
		switch e.(type) {
		case *ast.Identifier, *ast.DotExpression:
			c.note(e)
		}
	}
}

// note takes the name of what is called.
func (c context) note(callee ast.Expression) {
	if c.marks == nil {
		return
	}
	switch e := callee.(type) {
	case *ast.Identifier:
		c.marks.calls = append(c.marks.calls, e.Name.String())
	case *ast.DotExpression:
		c.marks.calls = append(c.marks.calls, e.Identifier.Name.String())
	case *ast.PrivateDotExpression:
		c.marks.calls = append(c.marks.calls, e.Identifier.Name.String())
	case *ast.OptionalChain:
		c.note(e.Expression)
	case *ast.Optional:
		c.note(e.Expression)
	case *ast.FunctionLiteral, *ast.ArrowFunctionLiteral, *ast.Binding:
		// called where it stands
		c.marks.calls = append(c.marks.calls, "")
	default:
		c.marks.calls = append(c.marks.calls, "")
	}
}
