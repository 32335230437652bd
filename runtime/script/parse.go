package script

import (
	"reflect"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
	"github.com/dop251/goja/unistring"
)

// Parse parses a classic script. Syntax that the interpreter lacks is lowered
// first, with positions mapped back to source; a byte order mark is dropped. The
// error is a *goja.CompilerSyntaxError.
func Parse(url, source string) (*ast.Program, error) {
	source = strings.TrimPrefix(source, "\uFEFF")
	if !utf8.ValidString(source) {
		source = strings.ToValidUTF8(source, "\uFFFD")
	}
	if nestsDeeperThan(source, maxNesting) {
		return nil, syntaxError(url, source, "the script is nested too deeply", 0)
	}
	tree, err := parseText(url, source, parser.WithDisableSourceMaps)
	if err != nil || asyncGenerator.MatchString(source) && hasAsyncGenerator(tree) {
		lowered, ok := lower(url, source)
		if ok {
			if mapped, again := parseText(url, lowered, parser.WithSourceMapLoader(inlineMap)); again == nil {
				hideHelpers(mapped, source)
				tree, err = mapped, nil
			}
		}
		if err != nil {
			return nil, asSyntaxError(url, source, err)
		}
	}
	if mayEval(source) {
		guardEvals(tree)
	}
	guardSyntax(tree, source)
	if strings.Contains(source, "arguments") && strings.Contains(source, "=>") {
		guardArguments(reflect.ValueOf(tree))
	}
	return tree, nil
}

// parseText parses; that the parser panics over some texts makes them wrong ones.
func parseText(url, source string, options ...parser.Option) (tree *ast.Program, err error) {
	defer func() {
		if p := recover(); p != nil {
			tree, err = nil, shown("Invalid or unexpected token")
		}
	}()
	return parser.ParseFile(nil, url, source, 0, options...)
}

// asyncGenerator finds what may be an async generator, which the parser takes and
// the compiler does not.
var asyncGenerator = regexp.MustCompile(`\basync\s*(?:function\s*)?\*`)

func hasAsyncGenerator(tree *ast.Program) bool {
	found := false
	walk(reflect.ValueOf(tree), func(f *ast.FunctionLiteral) { found = found || f.Async && f.Generator })
	return found
}

// asSyntaxError is what Parse gives for an error of the parser.
func asSyntaxError(url, source string, err error) error {
	if list, ok := err.(parser.ErrorList); ok && len(list) > 0 { //nolint:errorlint // the parser's own
		first := list[0]
		e := syntaxError(url, source, first.Message, 0)
		e.Offset = offsetOf(source, first.Position.Line, first.Position.Column)
		return e
	}
	return syntaxError(url, source, err.Error(), 0)
}

func syntaxError(url, source, message string, offset int) *goja.CompilerSyntaxError {
	return &goja.CompilerSyntaxError{CompilerError: goja.CompilerError{Message: message, File: file.NewFile(url, source, 1), Offset: offset}}
}

// offsetOf is the offset of a line and column, both from 1.
func offsetOf(source string, line, column int) int {
	offset := 0
	for ; line > 1; line-- {
		next := strings.IndexByte(source[offset:], '\n')
		if next < 0 {
			break
		}
		offset += next + 1
	}
	return min(offset+max(column-1, 0), len(source))
}

// guardArguments puts the statement `arguments` at the start of functions in which
// only an arrow uses it: without, the interpreter panics when the arrow runs.
func guardArguments(v reflect.Value) {
	walk(v, func(f *ast.FunctionLiteral) {
		if f.Body == nil || declaresArguments(f) || !arrowUsesArguments(reflect.ValueOf(f.Body), false) {
			return
		}
		at := f.Body.LeftBrace + 1
		use := &ast.ExpressionStatement{Expression: &ast.Identifier{Name: "arguments", Idx: at}}
		directives := 0
		for directives < len(f.Body.List) && isDirective(f.Body.List[directives]) {
			directives++
		}
		list := append([]ast.Statement(nil), f.Body.List[:directives]...)
		f.Body.List = append(append(list, use), f.Body.List[directives:]...)
	})
}

func isDirective(s ast.Statement) bool {
	e, ok := s.(*ast.ExpressionStatement)
	if !ok {
		return false
	}
	_, ok = e.Expression.(*ast.StringLiteral)
	return ok
}

// declaresArguments reports a let, const or class of that name in the function's
// body, which must not be touched before it is there.
func declaresArguments(f *ast.FunctionLiteral) bool {
	for _, s := range f.Body.List {
		if d, ok := s.(*ast.LexicalDeclaration); ok {
			for _, b := range d.List {
				if id, ok := b.Target.(*ast.Identifier); ok && id.Name == "arguments" {
					return true
				}
			}
		}
	}
	return false
}

// arrowUsesArguments reports an arrow's use of arguments below v, not looking into
// functions that have their own.
func arrowUsesArguments(v reflect.Value, inArrow bool) bool {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return false
		}
		switch n := v.Interface().(type) {
		case *ast.FunctionLiteral, *file.File:
			return false
		case *ast.ArrowFunctionLiteral:
			inArrow = true
		case *ast.Identifier:
			return inArrow && n.Name == unistring.String("arguments")
		}
		return arrowUsesArguments(v.Elem(), inArrow)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); v.Type().Field(i).IsExported() && mayHold(f) && arrowUsesArguments(f, inArrow) {
				return true
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if arrowUsesArguments(v.Index(i), inArrow) {
				return true
			}
		}
	}
	return false
}

// walk calls f for every function literal below v.
func walk(v reflect.Value, f func(*ast.FunctionLiteral)) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return
		}
		switch n := v.Interface().(type) {
		case *file.File, *ast.Identifier:
			return
		case *ast.FunctionLiteral:
			f(n)
		}
		walk(v.Elem(), f)
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Field(i); v.Type().Field(i).IsExported() && mayHold(field) {
				walk(field, f)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), f)
		}
	}
}

// mayHold reports whether a value can have nodes below it; DeclarationList holds
// what stands elsewhere as well.
func mayHold(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer, reflect.Struct:
		return true
	case reflect.Slice:
		k := v.Type().Elem().Kind()
		return (k == reflect.Interface || k == reflect.Pointer || k == reflect.Struct) && v.Type().Elem() != reflect.TypeFor[*ast.VariableDeclaration]()
	}
	return false
}
