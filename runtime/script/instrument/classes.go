package instrument

import "github.com/dop251/goja/ast"

// class walks a class.
func (w *walker) class(class *ast.ClassLiteral, c context, declaration bool) {
	if w.searching() {
		return
	}
	outer := c
	var names []Name
	if class.Name != nil && !declaration {
		names = []Name{{class.Name.Name.String(), true, int(class.Name.Idx) - 1}}
	}
	own := w.hint
	if class.Name != nil {
		own = class.Name.Name.String()
	}
	w.hint = ""
	c.scope = w.openScope(c, ClassScope, w.offset(class.Class), w.offset(class.RightBrace)+1, nil, names)
	c.scope.private, c.scope.fixed = privateNames(class)
	c.marks = nil
	w.expression(class.SuperClass, context{scope: c.scope, fn: c.fn, marks: outer.marks})
	for _, element := range class.Body {
		switch e := element.(type) {
		case *ast.FieldDefinition:
			if e.Computed {
				w.expression(e.Key, c)
			}
			w.field(e, c)
		case *ast.MethodDefinition:
			if e.Computed {
				w.expression(e.Key, c)
			}
			if w.hint = keyName(e.Key, e.Computed); w.hint == "constructor" && !e.Static {
				w.hint = own
			}
			w.literal(e.Body, c, true)
		case *ast.ClassStaticBlock:
			from, to := w.offset(e.Static), w.offset(e.Block.RightBrace)+1
			fn := w.openFunction(c, Function{Range: Range{from, to}, Body: w.offset(e.Block.LeftBrace)})
			w.body(nil, nil, nil, e.Block, e.DeclarationList, context{scope: c.scope, fn: fn})
		}
	}
}

// field walks a field's initialiser, which is like a method of its own.
func (w *walker) field(e *ast.FieldDefinition, c context) {
	if e.Initializer == nil {
		return
	}
	at := start(e.Initializer)
	fn := w.openFunction(c, Function{Range: Range{w.offset(e.Idx), w.offset(at) + 1}, Body: w.offset(at)})
	c = context{scope: c.scope, fn: fn}
	w.named(e.Initializer, keyName(e.Key, e.Computed), c)
	if !anonymous(e.Initializer) {
		e.Initializer = w.beforeExpression(Statement, e.Initializer, at, c)
	}
}

// anonymous reports a function or class that takes its name from where it stands.
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

// privateNames are the private names of a class, and those that cannot be assigned.
func privateNames(class *ast.ClassLiteral) (names []string, fixed map[string]bool) {
	fixed = map[string]bool{}
	seen := map[string]bool{}
	add := func(key ast.Expression, method bool) {
		id, ok := key.(*ast.PrivateIdentifier)
		if !ok {
			return
		}
		name := id.Name.String()
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
		if method {
			fixed[name] = true
		}
	}
	for _, element := range class.Body {
		switch e := element.(type) {
		case *ast.FieldDefinition:
			add(e.Key, false)
		case *ast.MethodDefinition:
			if e.Kind != ast.PropertyKindSet {
				add(e.Key, true)
			}
		}
	}
	return names, fixed
}
