package script

import (
	"reflect"
	"regexp"
	"strings"
	"sync"

	"github.com/dlclark/regexp2/v2"
	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/unistring"
)

// The interpreter looks for a sticky pattern as far as the string goes and throws
// away what it finds behind lastIndex, and makes a copy of the string after every
// failure: a tokenizer needs time by the square of its input. Sticky literals are
// therefore compiled as ǃsticky(/…/y), which gives the object an exec and a test
// that look at lastIndex only.
const stickyName = "ǃsticky"

// maxSubject is how many code units a string may have that is kept between matches.
const maxSubject = 1 << 22

// guardSticky wraps the sticky literals of a tree. Those with names of groups or in
// Unicode mode stay the interpreter's.
func guardSticky(tree *ast.Program) {
	replaceExpressions(reflect.ValueOf(tree), func(e ast.Expression) ast.Expression {
		literal, ok := e.(*ast.RegExpLiteral)
		if !ok || !strings.Contains(literal.Flags, "y") || stickyPattern(literal.Pattern, literal.Flags) == nil {
			return nil
		}
		return &ast.CallExpression{
			Callee:          &ast.Identifier{Name: unistring.NewFromString(stickyName), Idx: literal.Idx},
			LeftParenthesis: literal.Idx, ArgumentList: []ast.Expression{literal}, RightParenthesis: literal.Idx1(),
		}
	})
}

// mayStick is a cheap look at text that may have a sticky literal.
var mayStick = regexp.MustCompile(`/[dgimsuv]*y`)

// guardSyntax is guardSticky for text that may need it.
func guardSyntax(tree *ast.Program, source string) {
	if mayStick.MatchString(source) {
		guardSticky(tree)
	}
}

// replaceExpressions puts what f gives for an expression below v, unless it is nil,
// in its place.
func replaceExpressions(v reflect.Value, f func(ast.Expression) ast.Expression) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return
		}
		if v.Kind() == reflect.Interface && v.CanSet() {
			if e, ok := v.Interface().(ast.Expression); ok {
				if other := f(e); other != nil && reflect.TypeOf(other).AssignableTo(v.Type()) {
					v.Set(reflect.ValueOf(other))
					return
				}
			}
		}
		if isFile(v) {
			return
		}
		replaceExpressions(v.Elem(), f)
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Field(i); v.Type().Field(i).IsExported() && mayHold(field) {
				replaceExpressions(field, f)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			replaceExpressions(v.Index(i), f)
		}
	}
}

// isFile reports the source file, which trees hold and walks leave alone.
func isFile(v reflect.Value) bool {
	_, ok := v.Interface().(interface{ AddLine(int) })
	return ok
}

// stickyPatterns are compiled patterns by source and flags. Safe for concurrent use.
var stickyPatterns = struct {
	sync.Mutex
	of map[[2]string]*regexp2.Regexp
}{of: map[[2]string]*regexp2.Regexp{}}

// maxStickyPatterns bounds what is kept of them.
const maxStickyPatterns = 1000

// stickyPattern is a pattern that matches where it starts or not at all; nil for one
// that is left to the interpreter.
func stickyPattern(source, flags string) *regexp2.Regexp {
	if strings.ContainsAny(flags, "udv") || strings.Contains(strings.NewReplacer("(?<=", "", "(?<!", "").Replace(source), "(?<") {
		return nil
	}
	key := [2]string{source, flags}
	stickyPatterns.Lock()
	defer stickyPatterns.Unlock()
	if p, ok := stickyPatterns.of[key]; ok {
		return p
	}
	options := regexp2.ECMAScript
	for flag, option := range map[string]regexp2.RegexOptions{"m": regexp2.Multiline, "s": regexp2.Singleline, "i": regexp2.IgnoreCase} {
		if strings.Contains(flags, flag) {
			options |= option
		}
	}
	p, err := regexp2.Compile(`\G(?:`+source+`)`, options)
	if err != nil {
		p = nil
	}
	if len(stickyPatterns.of) >= maxStickyPatterns {
		clear(stickyPatterns.of)
	}
	stickyPatterns.of[key] = p
	return p
}

// sticky is what sticky patterns of a runtime share; of its goroutine alone.
type sticky struct {
	rt      *goja.Runtime
	exec    func(goja.FunctionCall) goja.Value // RegExp.prototype.exec
	source  func(goja.FunctionCall) goja.Value // the getters of RegExp.prototype
	flags   func(goja.FunctionCall) goja.Value
	subject goja.String // the string matched last
	units   []rune      // its code units
}

// newSticky captures the natives of a runtime.
func newSticky(rt *goja.Runtime) *sticky {
	prototype := rt.Get("RegExp").(*goja.Object).Get("prototype").(*goja.Object)
	s := &sticky{rt: rt}
	s.exec, _ = prototype.Get("exec").Export().(func(goja.FunctionCall) goja.Value)
	describe, _ := goja.AssertFunction(rt.Get("Object").(*goja.Object).Get("getOwnPropertyDescriptor"))
	getter := func(name string) func(goja.FunctionCall) goja.Value {
		d, err := describe(goja.Undefined(), prototype, rt.ToValue(name))
		if err != nil {
			return nil
		}
		f, _ := d.(*goja.Object).Get("get").Export().(func(goja.FunctionCall) goja.Value)
		return f
	}
	s.source, s.flags = getter("source"), getter("flags")
	return s
}

// dress gives a pattern that a literal made its exec and test.
func (s *sticky) dress(c goja.FunctionCall) goja.Value {
	re, ok := c.Argument(0).(*goja.Object)
	if !ok || s.exec == nil || s.source == nil || s.flags == nil {
		return c.Argument(0)
	}
	this := goja.FunctionCall{This: re}
	pattern := stickyPattern(s.source(this).String(), s.flags(this).String())
	if pattern == nil {
		return re
	}
	exec := func(c goja.FunctionCall) goja.Value {
		if c.This != goja.Value(re) {
			return s.exec(c)
		}
		return s.match(re, pattern, c.Argument(0))
	}
	test := func(c goja.FunctionCall) goja.Value {
		return s.rt.ToValue(!goja.IsNull(exec(c)))
	}
	for name, f := range map[string]func(goja.FunctionCall) goja.Value{"exec": exec, "test": test} {
		method := s.rt.ToValue(f).(*goja.Object)
		_ = method.DefineDataProperty("name", s.rt.ToValue(name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
		_ = method.DefineDataProperty("length", s.rt.ToValue(1), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
		_ = re.DefineDataProperty(name, method, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	}
	return re
}

// match is RegExpBuiltinExec of a sticky pattern.
func (s *sticky) match(re *goja.Object, pattern *regexp2.Regexp, subject goja.Value) goja.Value {
	text, ok := subject.(goja.String)
	if !ok {
		text = subject.ToString().(goja.String)
	}
	at := re.Get("lastIndex").ToNumber().ToInteger()
	var found *regexp2.Match
	if at = max(at, 0); at <= int64(text.Length()) {
		var err error
		if found, err = pattern.FindRunesMatchStartingAt(s.unitsOf(text), int(at)); err != nil {
			panic(newError(s.rt, "RangeError", "the regular expression takes too long"))
		}
	}
	last := 0
	if found != nil {
		last = found.RuneIndex + found.RuneLength
	}
	if err := re.Set("lastIndex", last); err != nil {
		panic(err)
	}
	if found == nil {
		return goja.Null()
	}
	var values []any
	for _, g := range found.Groups() {
		if len(g.Captures) == 0 {
			values = append(values, goja.Undefined())
			continue
		}
		values = append(values, text.Substring(g.RuneIndex, g.RuneIndex+g.RuneLength))
	}
	result := s.rt.NewArray(values...)
	for _, p := range []struct {
		name  string
		value any
	}{{"index", found.RuneIndex}, {"input", text}, {"groups", goja.Undefined()}} {
		_ = result.DefineDataProperty(p.name, s.rt.ToValue(p.value), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
	}
	return result
}

// unitsOf is a string's code units; those of the string asked for last are kept.
func (s *sticky) unitsOf(text goja.String) []rune {
	if s.subject != nil && s.subject.Length() == text.Length() && s.subject.SameAs(text) {
		return s.units
	}
	n := text.Length()
	units := make([]rune, n)
	for i := range n {
		units[i] = rune(text.CharAt(i))
	}
	s.subject, s.units = nil, nil
	if n <= maxSubject {
		s.subject, s.units = text, units
	}
	return units
}
