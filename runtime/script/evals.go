package script

import (
	"reflect"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
	"github.com/dop251/goja/unistring"
)

// Text for eval goes straight to the parser, which recurses. Scripts are therefore
// compiled with eval(…) as eval(ǃchecked(…)), and with any other mention of eval
// as ǃeval, an indirect eval that checks. Both names are global lexical bindings,
// which no list of properties shows, in letters that scripts do not use. Name
// resolution finds a binding eval that is the interpreter's own, because only that
// one is direct; the global's property is the checking one.
const (
	checkedName = "ǃchecked"
	evalName    = "ǃeval"
)

// mayEval is a cheap look at text that may mention eval.
func mayEval(source string) bool {
	return strings.Contains(source, "eval") || strings.Contains(source, `\u`)
}

// evals are the mentions of eval in a tree.
type evals struct {
	calls    []*ast.CallExpression // direct ones
	mentions []*ast.Identifier
	bound    bool // a variable has that name: nothing is known then
}

var expressionType = reflect.TypeFor[ast.Expression]()

func findEvals(tree *ast.Program) *evals {
	e := &evals{}
	e.find(reflect.ValueOf(tree))
	return e
}

func (e *evals) find(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return
		}
		switch n := v.Interface().(type) {
		case *file.File:
			return
		case *ast.Identifier:
			if n.Name == "eval" && v.Type() == expressionType {
				e.mentions = append(e.mentions, n)
			} else if n.Name == "eval" {
				e.bound = true
			}
			return
		case *ast.CallExpression:
			if id, ok := n.Callee.(*ast.Identifier); ok && id.Name == "eval" {
				e.calls = append(e.calls, n)
				for i := range n.ArgumentList {
					e.find(reflect.ValueOf(&n.ArgumentList[i]).Elem())
				}
				return
			}
		}
		e.find(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); v.Type().Field(i).IsExported() && mayHold(f) {
				e.find(f)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			e.find(v.Index(i))
		}
	}
}

// guardEvals has the text of direct evals checked.
func guardEvals(tree *ast.Program) {
	for _, c := range findEvals(tree).calls {
		check := &ast.CallExpression{
			Callee:          &ast.Identifier{Name: unistring.NewFromString(checkedName), Idx: c.LeftParenthesis},
			LeftParenthesis: c.LeftParenthesis, ArgumentList: c.ArgumentList, RightParenthesis: c.RightParenthesis,
		}
		c.ArgumentList = []ast.Expression{check}
	}
}

// guardMentions makes what is not a direct eval the checking one: for programs that
// run in the agent's own global.
func guardMentions(tree *ast.Program) {
	e := findEvals(tree)
	if e.bound {
		return
	}
	for _, id := range e.mentions {
		id.Name = unistring.NewFromString(evalName)
	}
}

// checkedText is source as eval may have it: with the evals in it guarded. It
// reports false for text that the parser must not see.
func checkedText(source string) (string, bool) {
	if nestsDeeperThan(source, maxNesting) {
		return "", false
	}
	if !mayEval(source) {
		return source, true
	}
	return guardText(source), true
}

// functionText guards the body of a function that Function and its kin make of text.
func functionText(parameters, body string) (string, bool) {
	if nestsDeeperThan(parameters, maxNesting) || nestsDeeperThan(body, maxNesting) {
		return "", false
	}
	if !mayEval(parameters) && !mayEval(body) {
		return body, true
	}
	before, behind := "(async function* anonymous("+parameters+"\n) {\n", "\n})"
	guarded := guardText(before + body + behind)
	if !strings.HasPrefix(guarded, before) {
		return "", false // default parameters that evaluate text: nobody writes that
	}
	return strings.TrimSuffix(strings.TrimPrefix(guarded, before), behind), true
}

// guardText writes the guards into text; text that does not parse stays as it is.
func guardText(source string) string {
	tree, err := parseText("", source, parser.WithDisableSourceMaps)
	if err != nil {
		return source
	}
	e := findEvals(tree)
	inserts := map[int]string{}
	skip := map[int]int{}
	for _, c := range e.calls {
		inserts[int(c.LeftParenthesis)] = checkedName + "(" // behind the bracket: positions count from 1
		inserts[int(c.RightParenthesis)-1] += ")"
	}
	for _, id := range e.mentions {
		if at := int(id.Idx) - 1; !e.bound && strings.HasPrefix(source[at:], "eval") {
			inserts[at] += evalName
			skip[at] = len("eval")
		}
	}
	if len(inserts) == 0 {
		return source
	}
	var b strings.Builder
	for i := 0; i <= len(source); {
		b.WriteString(inserts[i])
		if n := skip[i]; n > 0 {
			i += n
			continue
		}
		if i < len(source) {
			b.WriteByte(source[i])
		}
		i++
	}
	return b.String()
}

// bindings declares the two names and eval in the global scope.
var bindings = func() *goja.Program {
	tree, err := goja.Parse("swinspect:eval", "const "+checkedName+" = this.a, "+evalName+" = this.b, eval_ = this.c, "+stickyName+" = this.d, "+loweredName+" = {__proto__: null}", parser.WithDisableSourceMaps)
	if err != nil {
		panic(err)
	}
	list := tree.Body[0].(*ast.LexicalDeclaration).List
	list[2].Target.(*ast.Identifier).Name = "eval"
	p, err := goja.CompileAST(tree, false)
	if err != nil {
		panic(err)
	}
	return p
}()

// installEvals guards the evals of a runtime; Function and its kin are guarded by
// guards.js, with checkedText.
func installEvals(rt *goja.Runtime) error {
	global := rt.GlobalObject()
	own := global.Get("eval")
	call := own.Export().(func(goja.FunctionCall) goja.Value)
	checked := func(c goja.FunctionCall) goja.Value {
		v := c.Argument(0)
		if text, ok := v.(goja.String); ok {
			s := text.String()
			guarded, ok := checkedText(s)
			if !ok {
				panic(newError(rt, "SyntaxError", "the script is nested too deeply"))
			}
			if guarded != s {
				return rt.ToValue(guarded)
			}
		}
		return v
	}
	indirect := rt.ToValue(func(c goja.FunctionCall) goja.Value {
		c.Arguments = []goja.Value{checked(c)}
		return call(c)
	}).(*goja.Object)
	_ = indirect.DefineDataProperty("name", rt.ToValue("eval"), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	_ = indirect.DefineDataProperty("length", rt.ToValue(1), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	values := map[string]any{"a": checked, "b": indirect, "c": own, "d": newSticky(rt).dress}
	for name, v := range values {
		if err := global.Set(name, v); err != nil {
			return err
		}
	}
	if _, err := rt.RunProgram(bindings); err != nil {
		return err
	}
	for name := range values {
		if err := global.Delete(name); err != nil {
			return err
		}
	}
	return global.DefineDataProperty("eval", indirect, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
}

func newError(rt *goja.Runtime, name, message string) goja.Value {
	o, err := rt.New(rt.GlobalObject().Get(name), rt.ToValue(message))
	if err != nil {
		return rt.NewTypeError(message)
	}
	return o
}
