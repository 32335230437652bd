package script

import (
	"errors"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
	"github.com/dop251/goja/unistring"
)

// evaluateLimit is how long an evaluation may compute when nobody says.
const evaluateLimit = 5 * time.Second

// The names that an evaluation finds in its scope object.
const (
	evaluateThis  = "%this"
	evaluateField = "%field" // (name, object): a private field
	evaluateWrite = "%write" // (name, object, value)
	scopeName     = "%scope" // a global binding: the scope object of the evaluation
)

// debugHelpers are values that the debugger makes before any script runs.
type debugHelpers struct {
	uint8Array *goja.Object
	nothing    goja.Callable // does nothing
}

// scopeBinding declares the global binding %scope and gives the function that sets it.
var scopeBinding = func() *goja.Program {
	tree, err := goja.Parse("swinspect:debugger", "let scope_; f => { if (f) scope_ = f }", parser.WithDisableSourceMaps)
	if err != nil {
		panic(err)
	}
	name := unistring.NewFromString(scopeName)
	replaceExpressions(reflect.ValueOf(tree), func(e ast.Expression) ast.Expression {
		if id, ok := e.(*ast.Identifier); ok && id.Name == "scope_" {
			return &ast.Identifier{Name: name, Idx: id.Idx}
		}
		return nil
	})
	tree.Body[0].(*ast.LexicalDeclaration).List[0].Target.(*ast.Identifier).Name = name
	p, err := goja.CompileAST(tree, false)
	if err != nil {
		panic(err)
	}
	return p
}()

func (d *Debugger) helper() *debugHelpers {
	if d.helpers != nil {
		return d.helpers
	}
	rt := d.agent.rt
	enter := func(goja.FunctionCall) goja.Value {
		if n := len(d.watched); n > 0 {
			return d.watched[n-1].object()
		}
		return rt.NewObject()
	}
	v, err := d.agent.Run(scopeBinding)
	if err != nil {
		panic(err)
	}
	h := &debugHelpers{uint8Array: d.agent.uint8Array}
	h.nothing, _ = goja.AssertFunction(v)
	if _, err := d.agent.Call(h.nothing, goja.Undefined(), d.native(enter)); err != nil {
		panic(err)
	}
	d.helpers = h
	return h
}

// Evaluate runs an expression or statements in the frame's scope and gives the
// completion value. What it throws is the error; one that computes for too long is
// stopped: *TaskTimeoutError. ErrNotCaptured is a frame whose variables were not kept.
func (f *Frame) Evaluate(source string) (goja.Value, error) {
	if !f.Captured {
		return nil, ErrNotCaptured
	}
	p, err := f.compile(source)
	if err != nil {
		return nil, err
	}
	return f.run1(p)
}

// assign is name = v among the global names.
func (f *Frame) assign(name string, v goja.Value) (goja.Value, error) {
	f.d.watched = append(f.d.watched, &Frame{Captured: false, frame: frame{d: f.d, assigned: v}})
	defer f.d.leaveWatched()
	p, err := withScope(&ast.Program{Body: []ast.Statement{&ast.ExpressionStatement{Expression: &ast.AssignExpression{
		Operator: assignToken, Left: &ast.Identifier{Name: unistring.NewFromString(name), Idx: 1}, Right: &ast.Identifier{Name: assignedName, Idx: 1},
	}}}})
	if err != nil {
		return nil, err
	}
	return f.d.limited(p)
}

func (d *Debugger) leaveWatched() { d.watched = d.watched[:len(d.watched)-1] }

// run1 runs a program whose names are looked for in the frame first.
func (f *Frame) run1(p *goja.Program) (goja.Value, error) {
	d := f.d
	d.helper()
	d.watched = append(d.watched, f)
	defer d.leaveWatched()
	return d.limited(p)
}

// lookup reads a global name.
func (d *Debugger) lookup(name string) (goja.Value, error) {
	p := d.lookups[name]
	if p == nil {
		var err error
		p, err = goja.CompileAST(&ast.Program{
			Body: []ast.Statement{&ast.ExpressionStatement{Expression: &ast.Identifier{Name: unistring.NewFromString(name), Idx: 1}}},
			File: emptyFile(),
		}, false)
		if err != nil {
			return nil, err
		}
		d.lookups[name] = p
	}
	return d.limited(p)
}

// limited runs a program for the debugger's limit at most.
func (d *Debugger) limited(p *goja.Program) (goja.Value, error) {
	late := &TaskTimeoutError{Limit: d.options.EvaluateLimit, Source: "an evaluation"}
	var mu sync.Mutex
	over, fired := false, false
	timer := time.AfterFunc(d.options.EvaluateLimit, func() {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			fired = true
			d.agent.rt.Interrupt(late)
		}
	})
	a := d.agent
	v, err := d.quietly(func() (goja.Value, error) {
		a.depth++
		defer a.leave()
		return a.rt.RunProgram(p)
	})
	timer.Stop()
	mu.Lock()
	over = true
	mu.Unlock()
	if fired {
		a.calm()
	}
	var interrupted *goja.InterruptedError
	if errors.As(err, &interrupted) {
		if interrupted.Value() == late {
			return nil, late
		}
		panic(interrupted)
	}
	return v, err
}

// calm takes an interrupt back that was the debugger's, and no other's.
func (a *Agent) calm() {
	a.rt.ClearInterrupt()
	a.mu.Lock()
	reason := a.terminated
	if reason == nil {
		reason = a.overrun
	}
	a.mu.Unlock()
	if reason != nil {
		a.rt.Interrupt(reason)
	}
}

// privateAccess finds .#name in the text of an evaluation.
var privateAccess = regexp.MustCompile(`#[\p{L}_$]`)

// compile compiles the text of an evaluation.
func (f *Frame) compile(source string) (*goja.Program, error) {
	tree, err := f.parse(source)
	if err != nil {
		return nil, err
	}
	tree.DeclarationList = nil // var assigns in the frame's scope, or globally
	rewriteEvaluation(tree)
	return withScope(tree)
}

// parse parses the text of an evaluation; one with private names as the body of a class
// that has them.
func (f *Frame) parse(source string) (*ast.Program, error) {
	private := f.run.program.table.Probes[f.probe].Private
	if len(private) == 0 || !privateAccess.MatchString(source) {
		return Parse("", source)
	}
	var b strings.Builder
	b.WriteString("(class {")
	for _, name := range private {
		b.WriteString("#" + strings.TrimPrefix(name, "#") + ";")
	}
	tree, err := Parse("", b.String()+"static {"+source+"\n}})")
	if err != nil {
		return nil, err
	}
	statement, _ := tree.Body[0].(*ast.ExpressionStatement)
	if statement == nil || len(tree.Body) != 1 {
		return nil, syntaxError("", source, "Unexpected token '}'", 0)
	}
	class, _ := statement.Expression.(*ast.ClassLiteral)
	if class == nil || len(class.Body) == 0 {
		return nil, syntaxError("", source, "Unexpected token '}'", 0)
	}
	block, _ := class.Body[len(class.Body)-1].(*ast.ClassStaticBlock)
	if block == nil {
		return nil, syntaxError("", source, "Unexpected token '}'", 0)
	}
	tree.Body = block.Block.List
	return tree, nil
}

// withScope is with (%scope()) { … }.
func withScope(tree *ast.Program) (*goja.Program, error) {
	id := &ast.Identifier{Name: unistring.NewFromString(scopeName), Idx: 1}
	call := &ast.CallExpression{Callee: id, LeftParenthesis: 1, RightParenthesis: 1}
	if tree.File == nil {
		tree.File = emptyFile()
	}
	tree.Body = []ast.Statement{&ast.WithStatement{With: 1, Object: call, Body: &ast.BlockStatement{LeftBrace: 1, List: tree.Body, RightBrace: 1}}}
	return goja.CompileAST(tree, false)
}

// rewriteEvaluation gives an evaluation the frame's this and its private names.
func rewriteEvaluation(tree *ast.Program) {
	evaluation{}.walk(reflect.ValueOf(&tree.Body).Elem())
}

// evaluation rewrites a tree; own says that it is in a function with its own this.
type evaluation struct{ own bool }

func (r evaluation) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() || isFile(v) {
			return
		}
		if v.Kind() == reflect.Interface && v.CanSet() {
			if e, ok := v.Interface().(ast.Expression); ok {
				if other := r.replace(e); other != nil && reflect.TypeOf(other).AssignableTo(v.Type()) {
					v.Set(reflect.ValueOf(other))
					return
				}
			}
		}
		switch v.Interface().(type) {
		case *ast.FunctionLiteral:
			r.own = true
		case *ast.ClassLiteral:
			return // has its own this and its own private names
		}
		r.walk(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Field(i); v.Type().Field(i).IsExported() && mayHold(field) {
				r.walk(field)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			r.walk(v.Index(i))
		}
	}
}

// replace is what stands for an expression; nil: itself.
func (r evaluation) replace(e ast.Expression) ast.Expression {
	switch e := e.(type) {
	case *ast.ThisExpression:
		if !r.own {
			return &ast.Identifier{Name: unistring.NewFromString(evaluateThis), Idx: e.Idx}
		}
	case *ast.AssignExpression:
		if target, ok := e.Left.(*ast.PrivateDotExpression); ok && e.Operator == assignToken {
			r.walk(reflect.ValueOf(&target.Left).Elem())
			r.walk(reflect.ValueOf(&e.Right).Elem())
			return fieldCall(evaluateWrite, target, e.Right)
		}
	case *ast.PrivateDotExpression:
		r.walk(reflect.ValueOf(&e.Left).Elem())
		return fieldCall(evaluateField, e)
	}
	return nil
}

// fieldCall is name("#field", object, …).
func fieldCall(name string, e *ast.PrivateDotExpression, more ...ast.Expression) ast.Expression {
	idx := e.Idx0()
	field := &ast.StringLiteral{Idx: idx, Literal: e.Identifier.Name.String(), Value: e.Identifier.Name}
	return &ast.CallExpression{
		Callee: &ast.Identifier{Name: unistring.NewFromString(name), Idx: idx}, LeftParenthesis: idx,
		ArgumentList: append([]ast.Expression{field, e.Left}, more...), RightParenthesis: idx,
	}
}
