package script

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// Exception is what is to be said about a thrown value.
type Exception struct {
	Name, Message string // Name is empty for a thrown value that is no Error
	Stack         string
	URL           string
	Line, Column  int // from 1; 0 when unknown
	Value         goja.Value
	// Overflow is set when the stack was full. The interpreter then gives up all of
	// the outermost call or job: no script could catch it.
	Overflow bool
}

func (e *Exception) Error() string {
	if e.Name == "" {
		return e.Message
	}
	if e.Message == "" {
		return e.Name
	}
	return e.Name + ": " + e.Message
}

// parserError is how the parser words an error: its place is part of the text, and so
// is how many more there are.
var parserError = regexp.MustCompile(`^(.*): Line (\d+):(\d+) (.*?)(?: \(and \d+ more errors\))?$`)

// Describe says what an error of Call, Run, Try or Compile is: a thrown value,
// its message, and where. It runs no script: getters are not called.
func (a *Agent) Describe(err error) *Exception {
	var syntax *goja.CompilerSyntaxError
	if errors.As(err, &syntax) {
		e := &Exception{Name: "SyntaxError", Message: strings.TrimPrefix(syntax.Message, "SyntaxError: ")}
		if m := parserError.FindStringSubmatch(e.Message); m != nil {
			e.URL, e.Message = m[1], m[4]
			e.Line, _ = strconv.Atoi(m[2])
			e.Column, _ = strconv.Atoi(m[3])
		} else if syntax.File != nil {
			at := syntax.File.Position(syntax.Offset)
			e.URL, e.Line, e.Column = at.Filename, at.Line, at.Column
		}
		return e
	}
	var overflow *goja.StackOverflowError
	if errors.As(err, &overflow) {
		e := a.DescribeValue(Thrown(a.rt, err))
		e.Overflow = true
		return e
	}
	var ex *goja.Exception
	if !errors.As(err, &ex) {
		return &Exception{Name: "Error", Message: err.Error(), Value: Thrown(a.rt, err)}
	}
	e := a.DescribeValue(ex.Value())
	if e.Line > 0 {
		return e // where the error was made, as browsers have it
	}
	for _, frame := range ex.Stack() {
		if at := frame.Position(); frame.SrcName() != "" && !strings.HasPrefix(frame.SrcName(), "swinspect:") && frame.SrcName() != "<native>" {
			e.URL, e.Line, e.Column = at.Filename, at.Line, at.Column
			break
		}
	}
	if e.Stack == "" {
		e.Stack = ex.String()
	}
	return e
}

// DescribeValue is Describe for a value, a promise's reason for instance.
func (a *Agent) DescribeValue(v goja.Value) *Exception {
	e := &Exception{Value: v}
	o, ok := v.(*goja.Object)
	if !ok {
		if v == nil {
			v = goja.Undefined()
		}
		e.Message = safeString(v)
		return e
	}
	e.Name, e.Message, e.Stack = a.dataString(o, "name"), a.dataString(o, "message"), a.dataString(o, "stack")
	if describe := a.DescribePlatform; describe != nil && e.Name == "" && e.Message == "" {
		e.Name, e.Message, e.Stack = describe(o)
	}
	if e.Name == "" && e.Message == "" {
		e.Message = safeString(o)
	}
	if e.Stack != "" {
		e.URL, e.Line, e.Column = topFrame(e.Stack)
	}
	return e
}
