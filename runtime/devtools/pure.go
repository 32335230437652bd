package devtools

import (
	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
	"github.com/dop251/goja/token"
)

// pure evaluates an expression of which it is known that it has no side effects: V8's
// throwOnSideEffect. DIVERGES from V8, which looks at what runs: nothing of the script
// runs here, so that calls, user-defined getters and proxies are refused. name gives the
// value of a name or of this. On the loop.
func (rs *realmState) pure(source string, name func(string) (goja.Value, error)) (goja.Value, error) {
	tree, err := parser.ParseFile(nil, nameOf(source), source, 0, parser.WithDisableSourceMaps)
	if err != nil {
		return name(source) // for its SyntaxError
	}
	e := &pureEvaluation{rs: rs, name: name}
	var v goja.Value = goja.Undefined()
	for _, s := range tree.Body {
		statement, ok := s.(*ast.ExpressionStatement)
		if !ok {
			return nil, e.refuse()
		}
		if v, err = e.value(statement.Expression); err != nil {
			return nil, err
		}
	}
	return v, nil
}

type pureEvaluation struct {
	rs      *realmState
	name    func(string) (goja.Value, error)
	shorted bool // an optional chain has come to its end
}

// refuse is V8's error.
func (e *pureEvaluation) refuse() error {
	rt := e.rs.realm.Runtime()
	o, err := rt.New(rt.GlobalObject().Get("EvalError"), rt.ToValue("Possible side-effect in debug-evaluate"))
	if err != nil {
		return failed("Possible side-effect in debug-evaluate")
	}
	return rt.Try(func() { panic(o) })
}

func (e *pureEvaluation) value(x ast.Expression) (goja.Value, error) {
	rt := e.rs.realm.Runtime()
	switch x := x.(type) {
	case *ast.Identifier:
		if !e.rs.plainGlobal(x.Name.String()) {
			return nil, e.refuse()
		}
		return e.name(x.Name.String())
	case *ast.ThisExpression:
		return e.name("this")
	case *ast.NullLiteral:
		return goja.Null(), nil
	case *ast.BooleanLiteral:
		return rt.ToValue(x.Value), nil
	case *ast.NumberLiteral:
		return rt.ToValue(x.Value), nil
	case *ast.StringLiteral:
		return rt.ToValue(x.Value.String()), nil
	case *ast.TemplateLiteral:
		return e.template(x)
	case *ast.DotExpression:
		return e.member(x.Left, rt.ToValue(x.Identifier.Name.String()))
	case *ast.BracketExpression:
		key, err := e.value(x.Member)
		if err != nil {
			return nil, err
		}
		return e.member(x.Left, key)
	case *ast.OptionalChain:
		v, err := e.value(x.Expression)
		if e.shorted {
			e.shorted = false
			return goja.Undefined(), nil
		}
		return v, err
	case *ast.Optional:
		v, err := e.value(x.Expression)
		if err == nil && !e.shorted && (goja.IsUndefined(v) || goja.IsNull(v)) {
			e.shorted = true
		}
		return v, err
	case *ast.ConditionalExpression:
		return e.conditional(x)
	case *ast.SequenceExpression:
		var v goja.Value
		var err error
		for _, part := range x.Sequence {
			if v, err = e.value(part); err != nil {
				return nil, err
			}
		}
		return v, nil
	case *ast.UnaryExpression:
		return e.unary(x)
	case *ast.BinaryExpression:
		return e.binary(x)
	}
	return nil, e.refuse()
}

func (e *pureEvaluation) conditional(x *ast.ConditionalExpression) (goja.Value, error) {
	test, err := e.value(x.Test)
	if err != nil {
		return nil, err
	}
	if test.ToBoolean() {
		return e.value(x.Consequent)
	}
	return e.value(x.Alternate)
}

func (e *pureEvaluation) template(x *ast.TemplateLiteral) (goja.Value, error) {
	if x.Tag != nil {
		return nil, e.refuse()
	}
	text := ""
	for i, part := range x.Elements {
		text += part.Parsed.String()
		if i < len(x.Expressions) {
			v, err := e.value(x.Expressions[i])
			if err != nil {
				return nil, err
			}
			if _, object := v.(*goja.Object); object {
				return nil, e.refuse()
			}
			text += v.String()
		}
	}
	return e.rs.realm.Runtime().ToValue(text), nil
}

// member reads a property without running script.
func (e *pureEvaluation) member(left ast.Expression, key goja.Value) (goja.Value, error) {
	base, err := e.value(left)
	if err != nil || e.shorted {
		return goja.Undefined(), err
	}
	if _, object := key.(*goja.Object); object {
		return nil, e.refuse()
	}
	found, err := e.rs.realm.Agent().Call(e.rs.helper.read, goja.Undefined(), base, key, e.rs.hints())
	if err != nil {
		return nil, err
	}
	if list, ok := found.(*goja.Object); ok {
		return list.Get("0"), nil
	}
	return nil, e.refuse()
}

// operators are those that script cannot see being applied to values that are no
// objects; with objects, only the ones of identity.
var operators = map[token.Token]string{
	token.PLUS: "+", token.MINUS: "-", token.MULTIPLY: "*", token.SLASH: "/", token.REMAINDER: "%", token.EXPONENT: "**",
	token.AND: "&", token.OR: "|", token.EXCLUSIVE_OR: "^", token.SHIFT_LEFT: "<<", token.SHIFT_RIGHT: ">>", token.UNSIGNED_SHIFT_RIGHT: ">>>",
	token.LESS: "<", token.GREATER: ">", token.LESS_OR_EQUAL: "<=", token.GREATER_OR_EQUAL: ">=",
	token.EQUAL: "==", token.NOT_EQUAL: "!=", token.STRICT_EQUAL: "===", token.STRICT_NOT_EQUAL: "!==",
}

func (e *pureEvaluation) unary(x *ast.UnaryExpression) (goja.Value, error) {
	rt := e.rs.realm.Runtime()
	if id, ok := x.Operand.(*ast.Identifier); ok && x.Operator == token.TYPEOF {
		if !e.rs.plainGlobal(id.Name.String()) {
			return nil, e.refuse()
		}
		return e.name("typeof " + id.Name.String())
	}
	if x.Postfix || x.Operator == token.INCREMENT || x.Operator == token.DECREMENT || x.Operator == token.DELETE {
		return nil, e.refuse()
	}
	v, err := e.value(x.Operand)
	if err != nil {
		return nil, err
	}
	switch x.Operator {
	case token.NOT:
		return rt.ToValue(!v.ToBoolean()), nil
	case token.VOID:
		return goja.Undefined(), nil
	}
	if _, object := v.(*goja.Object); object && x.Operator != token.TYPEOF {
		return nil, e.refuse()
	}
	return e.rs.realm.Agent().Call(e.rs.helper.operate, goja.Undefined(), rt.ToValue("unary "+x.Operator.String()), v)
}

func (e *pureEvaluation) binary(x *ast.BinaryExpression) (goja.Value, error) {
	left, err := e.value(x.Left)
	if err != nil {
		return nil, err
	}
	switch x.Operator {
	case token.LOGICAL_AND:
		if !left.ToBoolean() {
			return left, nil
		}
		return e.value(x.Right)
	case token.LOGICAL_OR:
		if left.ToBoolean() {
			return left, nil
		}
		return e.value(x.Right)
	case token.COALESCE:
		if !goja.IsUndefined(left) && !goja.IsNull(left) {
			return left, nil
		}
		return e.value(x.Right)
	}
	operator, known := operators[x.Operator]
	if !known {
		return nil, e.refuse()
	}
	right, err := e.value(x.Right)
	if err != nil {
		return nil, err
	}
	_, one := left.(*goja.Object)
	_, other := right.(*goja.Object)
	if identity := x.Operator == token.STRICT_EQUAL || x.Operator == token.STRICT_NOT_EQUAL; (one || other) && !identity {
		return nil, e.refuse()
	}
	return e.rs.realm.Agent().Call(e.rs.helper.operate, goja.Undefined(), e.rs.realm.Runtime().ToValue(operator), left, right)
}

// plainGlobal reports that a name is no property of the global with a getter that
// script has written.
func (rs *realmState) plainGlobal(name string) bool {
	rt := rs.realm.Runtime()
	found, err := rs.realm.Agent().Call(rs.helper.read, goja.Undefined(), rs.realm.Global(), rt.ToValue(name), rs.hints())
	return err == nil && !goja.IsNull(found)
}

// hints is hint as a function.
func (rs *realmState) hints() goja.Value {
	rt := rs.realm.Runtime()
	return rt.ToValue(func(c goja.FunctionCall) goja.Value { return rt.ToValue(hint(c.Argument(0))) })
}
