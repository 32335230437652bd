package devtools

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/script"
)

// evalSource is the interpreter's name of a script without one.
const evalSource = "<eval>"

// frameLine is a frame in a stack's text: "at f (https://x/sw.js:3:5(12))".
var frameLine = regexp.MustCompile(`^\s*at (?:(.*?) \()?(.*?):(\d+):(\d+)(?:\(\d+\))?\)?\s*$`)

// ownFrame reports whether a frame's source is not a page's or a worker's script.
func ownFrame(source string) bool {
	return source == "<native>" || strings.HasPrefix(source, "swinspect:")
}

// sourceURL is a frame's source as clients see it.
func sourceURL(source string) string {
	if source == evalSource {
		return ""
	}
	return source
}

// callFrame is a frame on the wire; line and column count from 1.
func callFrame(function, source string, line, column int64) *runtime.CallFrame {
	if function == "<anonymous>" {
		function = ""
	}
	return &runtime.CallFrame{FunctionName: function, ScriptID: "0", URL: sourceURL(source), LineNumber: max(line-1, 0), ColumnNumber: max(column-1, 0)}
}

// stackTrace reads a stack's text.
func stackTrace(stack string) *runtime.StackTrace {
	trace := &runtime.StackTrace{CallFrames: []*runtime.CallFrame{}}
	for row := range strings.Lines(stack) {
		m := frameLine.FindStringSubmatch(strings.TrimRight(row, "\n"))
		if m == nil || ownFrame(m[2]) {
			continue
		}
		line, _ := strconv.ParseInt(m[3], 10, 64)
		column, _ := strconv.ParseInt(m[4], 10, 64)
		trace.CallFrames = append(trace.CallFrames, callFrame(m[1], m[2], line, column))
	}
	if len(trace.CallFrames) == 0 {
		return nil
	}
	return trace
}

// named gives the frames of a stack the ids of the scripts that the realm ran, the last
// one of a URL.
func (s *Server) named(rs *realmState, t *runtime.StackTrace) *runtime.StackTrace {
	if t == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range t.CallFrames {
		for _, x := range slices.Backward(rs.sources) {
			if x.source.URL == f.URL {
				f.ScriptID = cdproto.ScriptID(x.id)
				break
			}
		}
	}
	return t
}

// callStack is where the script is now; on the loop.
func callStack(r *script.Realm) *runtime.StackTrace {
	trace := &runtime.StackTrace{CallFrames: []*runtime.CallFrame{}}
	for _, f := range r.Runtime().CaptureCallStack(20, nil) {
		if name := f.SrcName(); !ownFrame(name) {
			at := f.Position()
			trace.CallFrames = append(trace.CallFrames, callFrame(f.FuncName(), name, int64(at.Line), int64(at.Column)))
		}
	}
	return trace
}

// instruction is the interpreter's offset in a frame: "sw.js:3:5(12)".
var instruction = regexp.MustCompile(`(:\d+:\d+)\(\d+\)(\)?)$`)

// v8Stack is a stack's text as V8 writes it, which clients take apart: frames after
// four spaces, no instruction offsets, no newline at the end.
func v8Stack(stack string) string {
	var b strings.Builder
	for row := range strings.Lines(strings.TrimRight(stack, "\n")) {
		row = strings.TrimRight(row, "\n")
		if frame, ok := strings.CutPrefix(row, "\tat "); ok {
			if strings.Contains(frame, "swinspect:") {
				continue
			}
			frame = instruction.ReplaceAllString(frame, "$1$2")
			frame = strings.Replace(frame, evalSource+":", "<anonymous>:", 1)
			row = "    at " + strings.Replace(frame, "(native)", "(<anonymous>)", 1)
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(row)
	}
	return b.String()
}

var (
	syntaxPlace = regexp.MustCompile(`^(?:SyntaxError: )*(?:.*?: Line \d+:\d+ )?|(?: \(and \d+ more errors\))|(?: at [^ ]*:\d+:\d+)$`)
	syntaxToken = regexp.MustCompile(`^Unexpected token (\S+)$`)
)

// thrown is the value of an error that a script ended with: one that does not compile
// has a SyntaxError of the realm. On the loop.
func (rs *realmState) thrown(err error) goja.Value {
	rt := rs.realm.Runtime()
	if syntax, ok := errors.AsType[*goja.CompilerSyntaxError](err); ok {
		message := syntaxToken.ReplaceAllString(syntaxPlace.ReplaceAllString(syntax.Message, ""), "Unexpected token '$1'")
		if o, err := rt.New(rt.GlobalObject().Get("SyntaxError"), rt.ToValue(message)); err == nil {
			return o
		}
	}
	return script.Thrown(rt, err)
}

var sourceURLComment = regexp.MustCompile(`(?m)^[ \t]*//[#@][ \t]sourceURL=[ \t]*(\S*?)[ \t]*$`)

// nameOf is the name that a script gives itself with a sourceURL comment.
func nameOf(source string) string {
	tail := source[max(len(source)-4096, 0):]
	if all := sourceURLComment.FindAllStringSubmatch(tail, -1); len(all) > 0 {
		return all[len(all)-1][1]
	}
	return ""
}
