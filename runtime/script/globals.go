package script

import (
	_ "embed"
	"reflect"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
)

// Limits of natives. A browser's strings end at 2^29 code units, and an allocation
// of gigabytes fails there too.
const (
	maxStringLength = 1 << 28
	maxBufferBytes  = 1 << 30
	maxArrayLength  = 1 << 25
	maxJSONDepth    = 50_000
)

var (
	//go:embed globals.js
	globalsSource string
	//go:embed guards.js
	guardsSource string

	globalsProgram = compileOwn("swinspect:globals", globalsSource)
	guardsProgram  = compileOwn("swinspect:guards", guardsSource)
)

// InstallGlobals supplies what the language has and the interpreter lacks
// (Symbol.asyncIterator, Promise.withResolvers, groupBy, Array.fromAsync, WeakRef,
// Iterator helpers, …) and guards the natives that would end the process. New does
// it for every agent.
func InstallGlobals(rt *goja.Runtime) error {
	if _, err := rt.RunProgram(globalsProgram); err != nil {
		return err
	}
	v, err := rt.RunProgram(guardsProgram)
	if err != nil {
		return err
	}
	guard, _ := goja.AssertFunction(v)
	deep := func(c goja.FunctionCall) goja.Value {
		return rt.ToValue(bracketsDeeperThan(c.Argument(0).String(), int(c.Argument(1).ToInteger())))
	}
	body := func(c goja.FunctionCall) goja.Value {
		if text, ok := functionText(c.Argument(0).String(), c.Argument(1).String()); ok {
			return rt.ToValue(text)
		}
		return goja.Undefined()
	}
	room := func(c goja.FunctionCall) goja.Value { return rt.ToValue(memory.room(c.Argument(0).ToInteger())) }
	_, err = guard(goja.Undefined(), rt.GlobalObject(), rt.ToValue(deep), rt.ToValue(body), rt.ToValue(room),
		rt.ToValue(maxStringLength), rt.ToValue(maxBufferBytes), rt.ToValue(maxArrayLength), rt.ToValue(maxJSONDepth))
	if err != nil {
		return err
	}
	if err := guardNatives(rt); err != nil {
		return err
	}
	return installEvals(rt)
}

// compileOwn compiles a script of the engine: its functions look native.
func compileOwn(name, source string) *goja.Program {
	tree, err := goja.Parse(name, source, parser.WithDisableSourceMaps)
	if err != nil {
		panic(err)
	}
	disguise(reflect.ValueOf(tree))
	p, err := goja.CompileAST(tree, false)
	if err != nil {
		panic(err)
	}
	return p
}

// disguise sets what Function.prototype.toString answers for functions and classes
// below v.
func disguise(v reflect.Value) {
	native := func(name string) string { return "function " + name + "() { [native code] }" }
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return
		}
		switch n := v.Interface().(type) {
		case *ast.PropertyKeyed:
			if f, ok := n.Value.(*ast.FunctionLiteral); ok {
				if key, ok := n.Key.(*ast.StringLiteral); ok && key.Value == "m" {
					f.Source = native("") // stands for natives of several names
				} else if ok {
					f.Source = native(key.Value.String())
				}
			}
		case *ast.MethodDefinition:
			if key, ok := n.Key.(*ast.StringLiteral); ok {
				n.Body.Source = native(key.Value.String())
			}
		case *ast.ClassLiteral:
			if n.Name != nil {
				n.Source = native(n.Name.Name.String())
			}
		case *ast.FunctionLiteral:
			if n.Name != nil {
				n.Source = native(n.Name.Name.String())
			} else if !strings.HasSuffix(n.Source, "[native code] }") {
				n.Source = native("")
			}
		}
		if _, ok := v.Interface().(interface{ AddLine(int) }); ok {
			return
		}
		disguise(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); v.Type().Field(i).IsExported() && v.Type().Field(i).Name != "File" && mayHold(f) {
				disguise(f)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			disguise(v.Index(i))
		}
	}
}
