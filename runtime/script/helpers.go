package script

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"
	"github.com/dop251/goja/unistring"
)

// Lowered scripts begin with the helpers of esbuild, global variables that no browser
// would have. They become properties of an object behind a global lexical binding,
// which no list of properties shows; scripts have equal helpers under equal names.
const loweredName = "ǃlowered"

// helperName is what a helper is called.
var helperName = regexp.MustCompile(`^__[a-zA-Z]+[0-9]*$`)

// hideHelpers rewrites the tree of a lowered script. A helper is a variable at its
// start whose name the script that was lowered, in source, does not mention.
func hideHelpers(tree *ast.Program, source string) {
	hidden := map[unistring.String]bool{}
	for i, statement := range tree.Body {
		if isDirective(statement) {
			continue
		}
		name, binding := helperOf(statement, source)
		if binding == nil {
			break
		}
		hidden[name] = true
		id := binding.Target.(*ast.Identifier)
		tree.Body[i] = &ast.ExpressionStatement{Expression: &ast.AssignExpression{Operator: token.ASSIGN, Left: helper(id), Right: binding.Initializer}}
	}
	if len(hidden) == 0 {
		return
	}
	tree.DeclarationList = slices.DeleteFunc(tree.DeclarationList, func(d *ast.VariableDeclaration) bool {
		id, ok := d.List[0].Target.(*ast.Identifier)
		return ok && len(d.List) == 1 && hidden[id.Name]
	})
	replaceExpressions(reflect.ValueOf(&tree.Body).Elem(), func(e ast.Expression) ast.Expression {
		if id, ok := e.(*ast.Identifier); ok && hidden[id.Name] {
			return helper(id)
		}
		return nil
	})
}

// helper is the expression that stands for a helper's name.
func helper(id *ast.Identifier) *ast.DotExpression {
	return &ast.DotExpression{Left: &ast.Identifier{Name: unistring.NewFromString(loweredName), Idx: id.Idx}, Identifier: *id}
}

func helperOf(statement ast.Statement, source string) (unistring.String, *ast.Binding) {
	v, ok := statement.(*ast.VariableStatement)
	if !ok || len(v.List) != 1 || v.List[0].Initializer == nil {
		return "", nil
	}
	id, ok := v.List[0].Target.(*ast.Identifier)
	if !ok || !helperName.MatchString(id.Name.String()) || mentions(source, id.Name.String()) {
		return "", nil
	}
	return id.Name, v.List[0]
}

// mentions reports whether a name stands anywhere in source, as part of another too.
func mentions(source, name string) bool {
	return strings.Contains(source, name)
}
