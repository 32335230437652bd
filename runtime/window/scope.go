package window

import (
	"errors"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/window/transform"
)

// scope is a window's global lexical environment and the names transformed
// scripts use: the inner `with` object. It implements goja.DynamicObject.
type scope struct {
	realm    *idl.Realm
	object   *goja.Object
	lexical  map[string]*binding
	vars     map[string]struct{} // var and function names
	ran      map[string]struct{} // URLs of scripts
	internal map[string]goja.Value
}

// binding is a global let, const or class.
type binding struct {
	value goja.Value // nil: not initialised yet
	fixed bool
}

func newScope(r *idl.Realm) *scope {
	s := &scope{realm: r, lexical: map[string]*binding{}, vars: map[string]struct{}{}, ran: map[string]struct{}{}}
	rt := r.Runtime()
	native := func(f func(c goja.FunctionCall) goja.Value) goja.Value { return rt.ToValue(f) }
	s.internal = map[string]goja.Value{
		transform.Window: r.Global(), transform.Global: rt.GlobalObject(),
		transform.Init:    native(s.initialise),
		transform.Declare: native(func(c goja.FunctionCall) goja.Value { s.declareImplicit(c.Argument(0).String()); return nil }),
		transform.Eval:    native(func(c goja.FunctionCall) goja.Value { return s.eval(c.Argument(0)) }),
		"eval":            ownEval(rt),
	}
	s.object = rt.NewDynamicObject(s)
	if err := s.object.SetPrototype(nil); err != nil {
		panic(err)
	}
	s.internal[transform.Lexical] = s.object
	return s
}

var evalProgram = goja.MustCompile("swinspect:eval", "eval", false)

// ownEval is the interpreter's own eval, which alone sees the caller's variables. The
// text it gets was checked: script.Parse writes that into the call.
func ownEval(rt *goja.Runtime) goja.Value {
	v, err := rt.RunProgram(evalProgram)
	if err != nil {
		panic(err)
	}
	return v
}

// Get is goja.DynamicObject's.
func (s *scope) Get(key string) goja.Value {
	if v, ok := s.internal[key]; ok {
		return v
	}
	b, ok := s.lexical[key]
	if !ok {
		return nil
	}
	if b.value == nil {
		panic(idl.NativeError(s.realm, "ReferenceError", "Cannot access '"+key+"' before initialization"))
	}
	return b.value
}

// Set is goja.DynamicObject's.
func (s *scope) Set(key string, v goja.Value) bool {
	b, ok := s.lexical[key]
	switch {
	case !ok:
		return false
	case b.value == nil:
		panic(idl.NativeError(s.realm, "ReferenceError", "Cannot access '"+key+"' before initialization"))
	case b.fixed:
		panic(idl.TypeError(s.realm, "Assignment to constant variable."))
	}
	b.value = v
	return true
}

// Has is goja.DynamicObject's.
func (s *scope) Has(key string) bool {
	if _, ok := s.lexical[key]; ok {
		return true
	}
	_, ok := s.internal[key]
	return ok
}

// Delete is goja.DynamicObject's.
func (s *scope) Delete(string) bool { return false }

// Keys is goja.DynamicObject's.
func (s *scope) Keys() []string { return nil }

func (s *scope) initialise(c goja.FunctionCall) goja.Value {
	s.lexical[c.Argument(0).String()] = &binding{value: c.Argument(1), fixed: c.Argument(2).ToBoolean()}
	return goja.Undefined()
}

// declareImplicit makes a property for a sloppy assignment to an unknown name.
func (s *scope) declareImplicit(name string) {
	if s.Has(name) || hasProperty(s.realm, s.realm.Global(), name) {
		return
	}
	_ = s.realm.Global().Set(name, goja.Undefined())
}

// compile parses and rewrites a script, once per text: the programs of all windows.
func compile(url, source string) (*transform.Script, error) {
	return compiled.get(url, source)
}

// run runs a script in the window: GlobalDeclarationInstantiation, then its code.
// The error is what it threw, or that it does not parse.
func (s *scope) run(url, source string) (goja.Value, error) {
	p, err := compile(url, source)
	if err != nil {
		return nil, err
	}
	s.ran[url] = struct{}{}
	agent := s.realm.Agent()
	if err := agent.Try(func() { s.instantiate(p) }); err != nil {
		return nil, err
	}
	g := documentOf(s.realm).frame.page.group
	old := g.shared.current
	g.shared.current = documentOf(s.realm).window
	defer func() {
		if old != nil && !old.doc.gone {
			g.shared.current = old
		}
	}()
	real := s.realm.Runtime().GlobalObject()
	_ = real.Set(transform.Window, s.realm.Global())
	_ = real.Set(transform.Lexical, s.object)
	defer func() {
		_ = real.Delete(transform.Window)
		_ = real.Delete(transform.Lexical)
	}()
	return agent.Run(p.Program)
}

// instantiate is GlobalDeclarationInstantiation.
func (s *scope) instantiate(p *transform.Script) {
	clash := func(name string) {
		panic(idl.NativeError(s.realm, "SyntaxError", "Identifier '"+name+"' has already been declared"))
	}
	window := s.realm.Global()
	for _, names := range [][]string{p.Lets, p.Consts} {
		for _, n := range names {
			if _, taken := s.lexical[n]; taken || s.isVar(n) {
				clash(n)
			}
		}
	}
	for _, names := range [][]string{p.Vars, p.Functions} {
		for _, n := range names {
			if _, taken := s.lexical[n]; taken {
				clash(n)
			}
		}
	}
	for _, n := range p.Lets {
		s.lexical[n] = &binding{}
	}
	for _, n := range p.Consts {
		s.lexical[n] = &binding{}
	}
	for _, n := range p.Vars {
		if !hasOwn(s.realm, window, n) {
			_ = window.DefineDataProperty(n, goja.Undefined(), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
		}
		s.vars[n] = struct{}{}
	}
	for _, n := range p.Functions {
		if !s.isVar(n) {
			_ = window.DefineDataProperty(n, goja.Undefined(), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
		}
		s.vars[n] = struct{}{}
	}
}

// isVar reports whether a var or function of that name was declared. The property
// does not tell: it is configurable, so that the window object can be used again.
func (s *scope) isVar(name string) bool {
	_, ok := s.vars[name]
	return ok
}

// eval is the window's indirect eval.
func (s *scope) eval(v goja.Value) goja.Value {
	if _, text := v.Export().(string); !text {
		return v
	}
	result, err := s.run("", v.String())
	if err != nil {
		panic(thrown(s.realm, err))
	}
	return result
}

// installFunction gives the window a Function of its own: functions it makes see the
// window's globals. Its prototype is the one all functions share.
func (s *scope) installFunction() {
	rt := s.realm.Runtime()
	construct := func(args []goja.Value) goja.Value {
		parameters, body := make([]string, 0, len(args)), ""
		for i, a := range args {
			if i == len(args)-1 {
				body = a.String()
			} else {
				parameters = append(parameters, a.String())
			}
		}
		v, err := s.run("", "(function anonymous("+strings.Join(parameters, ",")+"\n) {\n"+body+"\n})")
		if err != nil {
			panic(thrown(s.realm, err))
		}
		return v
	}
	f := rt.ToValue(func(c goja.ConstructorCall) *goja.Object { return construct(c.Arguments).(*goja.Object) }).(*goja.Object)
	shared := rt.GlobalObject().Get("Function").(*goja.Object).Get("prototype")
	_ = f.DefineDataProperty("prototype", shared, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE)
	_ = f.DefineDataProperty("name", rt.ToValue("Function"), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	_ = f.DefineDataProperty("length", rt.ToValue(1), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	_ = s.realm.Global().DefineDataProperty("Function", f, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	_ = s.realm.Global().DefineDataProperty("eval", s.internal[transform.Eval], goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
}

// thrown is the JavaScript value of what run gave: a SyntaxError for a script that
// does not parse.
func thrown(r *idl.Realm, err error) goja.Value {
	var ex *goja.Exception
	if errors.As(err, &ex) {
		return script.Thrown(r.Runtime(), err)
	}
	if message, ok := syntaxMessage(err); ok {
		return idl.NativeError(r, "SyntaxError", message)
	}
	return script.Thrown(r.Runtime(), err)
}

func syntaxMessage(err error) (string, bool) {
	var syntax *goja.CompilerSyntaxError
	if errors.As(err, &syntax) {
		return strings.TrimPrefix(syntax.Message, "SyntaxError: "), true
	}
	var list parser.ErrorList
	if errors.As(err, &list) && len(list) > 0 {
		return list[0].Message, true
	}
	return "", false
}

type intrinsicsKey struct{}

// intrinsic functions of the runtime, captured before any script ran.
type intrinsicSet struct{ hasOwn, has goja.Callable }

func intrinsics(r *idl.Realm) *intrinsicSet {
	if s, ok := r.Value(intrinsicsKey{}).(*intrinsicSet); ok {
		return s
	}
	global := r.Runtime().GlobalObject()
	get := func(object, name string) goja.Callable {
		f, _ := goja.AssertFunction(global.Get(object).(*goja.Object).Get(name))
		return f
	}
	s := &intrinsicSet{get("Object", "hasOwn"), get("Reflect", "has")}
	r.SetValue(intrinsicsKey{}, s)
	return s
}

func hasOwn(r *idl.Realm, o *goja.Object, name string) bool {
	v, err := r.Agent().Call(intrinsics(r).hasOwn, goja.Undefined(), o, r.Runtime().ToValue(name))
	return err == nil && v.ToBoolean()
}

func hasProperty(r *idl.Realm, o *goja.Object, name string) bool {
	v, err := r.Agent().Call(intrinsics(r).has, goja.Undefined(), o, r.Runtime().ToValue(name))
	return err == nil && v.ToBoolean()
}

// hasRun reports whether a script of that URL has run in the window.
func (s *scope) hasRun(url string) bool {
	_, ok := s.ran[url]
	return ok
}
