package serviceworker

import (
	"context"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
)

// EmptyFetchListeners is of runtime.WorkerAgent: All Fetch Listeners Are Empty.
func (a *Agent) EmptyFetchListeners() bool {
	empty := false
	_ = a.script.Do(context.Background(), "listeners", func() {
		callbacks := a.global.Callbacks("fetch")
		empty = len(callbacks) > 0
		for _, callback := range callbacks {
			empty = empty && a.emptyFunction(callback)
		}
	})
	return empty
}

// emptyFunction reports a function whose body has no statement. A class and an
// object with handleEvent are none.
func (a *Agent) emptyFunction(v goja.Value) bool {
	if _, function := goja.AssertFunction(v); !function {
		return false
	}
	source, err := a.script.Call(a.functionSource, v)
	if err != nil {
		return false
	}
	// A function and an arrow are expressions; a method is one inside of an object.
	return emptyBody("("+source.String()+")") || emptyBody("({"+source.String()+"})")
}

func emptyBody(source string) bool {
	tree, err := goja.Parse("", source, parser.WithDisableSourceMaps)
	if err != nil || len(tree.Body) != 1 {
		return false
	}
	statement, ok := tree.Body[0].(*ast.ExpressionStatement)
	if !ok {
		return false
	}
	expression := statement.Expression
	if object, ok := expression.(*ast.ObjectLiteral); ok && len(object.Value) == 1 {
		if method, ok := object.Value[0].(*ast.PropertyKeyed); ok {
			expression = method.Value
		}
	}
	switch f := expression.(type) {
	case *ast.FunctionLiteral:
		return f.Body != nil && len(f.Body.List) == 0
	case *ast.ArrowFunctionLiteral:
		block, ok := f.Body.(*ast.BlockStatement)
		return ok && len(block.List) == 0
	}
	return false
}
