package instrument

import (
	"strconv"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
	"github.com/dop251/goja/unistring"
)

// The names of accessors' parameters.
const (
	number     = "%i"
	value      = "%v"
	written    = "%w"
	localFlags = "%f" // the program's bytes
	caught     = "%e" // what a catch clause without a name catches
	changed    = "%r" // what a probe answered: true, or the variables that it changed
	callCount  = "%a" // the number of an async function's call
)

// FlagsName and ProbeName are the names of a program's bytes and its native, EnterName
// that of the native that numbers calls of async functions.
func FlagsName(number int) string { return "%b" + strconv.Itoa(number) }
func ProbeName(number int) string { return "%p" + strconv.Itoa(number) }
func EnterName(number int) string { return "%n" + strconv.Itoa(number) }

// ThrownName is that of the native that is told what is thrown: (why, value), which
// answers the value.
func ThrownName(number int) string { return "%x" + strconv.Itoa(number) }

// Why the native of ThrownName is called.
const (
	Throws  = iota // by a throw statement
	Catches        // a catch clause begins
	Rejects        // an async function ends with it
)

func thunkName(scope int) string { return "%o" + strconv.Itoa(scope) }

// builder makes nodes that stand at one place.
type builder struct{ at file.Idx }

func (b builder) id(name string) *ast.Identifier {
	return &ast.Identifier{Name: unistring.NewFromString(name), Idx: b.at}
}

func (b builder) integer(n int) ast.Expression {
	return &ast.NumberLiteral{Idx: b.at, Literal: strconv.Itoa(n), Value: int64(n)}
}

func (b builder) call(name string, arguments ...ast.Expression) ast.Expression {
	return &ast.CallExpression{Callee: b.id(name), LeftParenthesis: b.at, ArgumentList: arguments, RightParenthesis: b.at}
}

func (b builder) answer(e ast.Expression) ast.Statement {
	return &ast.ReturnStatement{Return: b.at, Argument: e}
}

func (b builder) assign(target ast.Expression, v ast.Expression) ast.Expression {
	return &ast.AssignExpression{Operator: token.ASSIGN, Left: target, Right: v}
}

func (b builder) statement(e ast.Expression) ast.Statement {
	return &ast.ExpressionStatement{Expression: e}
}

// silent is a statement that evaluates e and has no completion value: var {} = e. The
// value must be no undefined.
func (b builder) silent(e ast.Expression) ast.Statement {
	return &ast.VariableStatement{Var: b.at, List: []*ast.Binding{{Target: &ast.ObjectPattern{LeftBrace: b.at, RightBrace: b.at}, Initializer: e}}}
}

func (b builder) and(left, right ast.Expression) ast.Expression {
	return &ast.BinaryExpression{Operator: token.LOGICAL_AND, Left: left, Right: right}
}

func (b builder) sequence(first, second ast.Expression) ast.Expression {
	return &ast.SequenceExpression{Sequence: []ast.Expression{first, second}}
}

func (b builder) parameters(names ...string) *ast.ParameterList {
	list := &ast.ParameterList{Opening: b.at, Closing: b.at}
	for _, n := range names {
		list.List = append(list.List, &ast.Binding{Target: b.id(n)})
	}
	return list
}

// block is a block around statements.
func (b builder) block(list ...ast.Statement) *ast.BlockStatement {
	return &ast.BlockStatement{LeftBrace: b.at, List: list, RightBrace: b.at}
}

// caseOf is case n: return e.
func (b builder) caseOf(n int, e ast.Expression) *ast.CaseStatement {
	return &ast.CaseStatement{Case: b.at, Test: b.integer(n), Consequent: []ast.Statement{b.answer(e)}}
}

// switchOver is switch (e) { cases }.
func (b builder) switchOver(e ast.Expression, cases []*ast.CaseStatement) ast.Statement {
	return &ast.SwitchStatement{Switch: b.at, Discriminant: e, Default: -1, Body: cases, RightBrace: b.at}
}

// fewCases is how many cases are looked through one by one.
const fewCases = 32

// dispatch is the switch over %i; many cases, which are in the order of their numbers
// from 0 without a gap, are divided into two levels.
func (b builder) dispatch(cases []*ast.CaseStatement) ast.Statement {
	if len(cases) <= fewCases || !b.dense(cases) {
		return b.switchOver(b.id(number), cases)
	}
	var groups []*ast.CaseStatement
	for i := 0; i < len(cases); i += fewCases {
		inner := b.switchOver(b.id(number), cases[i:min(i+fewCases, len(cases))])
		groups = append(groups, &ast.CaseStatement{Case: b.at, Test: b.integer(i / fewCases), Consequent: []ast.Statement{inner, &ast.ReturnStatement{Return: b.at}}})
	}
	shift := &ast.BinaryExpression{Operator: token.SHIFT_RIGHT, Left: b.id(number), Right: b.integer(5)}
	return b.switchOver(shift, groups)
}

func (b builder) dense(cases []*ast.CaseStatement) bool {
	for i, c := range cases {
		if c.Test.(*ast.NumberLiteral).Value != int64(i) {
			return false
		}
	}
	return true
}

// accessor is (%i, %v, %w) => { switch (%i) { cases } }.
func (b builder) accessor(cases []*ast.CaseStatement) ast.Expression {
	return &ast.ArrowFunctionLiteral{Start: b.at, ParameterList: b.parameters(number, value, written), Body: b.block(b.dispatch(cases))}
}

// thunk is function %oN(%i, %v) { switch (%i) { cases } }.
func (b builder) thunk(scope int, cases []*ast.CaseStatement) ast.Statement {
	return &ast.FunctionDeclaration{Function: &ast.FunctionLiteral{
		Function: b.at, Name: b.id(thunkName(scope)), ParameterList: b.parameters(number, value), Body: b.block(b.dispatch(cases)),
	}}
}

// Declare is a script that declares the names of a program. Its completion value is a
// function that sets them: (flags, probe, enter, thrown).
func Declare(number int) *ast.Program {
	b := builder{1}
	names := []string{FlagsName(number), ProbeName(number), EnterName(number), ThrownName(number)}
	parameters := []string{"%1", "%2", "%3", "%4"}
	var list []*ast.Binding
	var body []ast.Statement
	for i, n := range names {
		list = append(list, &ast.Binding{Target: b.id(n)})
		body = append(body, b.statement(b.assign(b.id(n), b.id(parameters[i]))))
	}
	set := &ast.ArrowFunctionLiteral{Start: 1, ParameterList: b.parameters(parameters...), Body: b.block(body...)}
	return &ast.Program{
		Body: []ast.Statement{&ast.LexicalDeclaration{Idx: 1, Token: token.LET, List: list}, b.statement(set)},
		File: file.NewFile("swinspect:debugger", "", 1),
	}
}
