package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/session/report"
)

// timeoutError is something that did not come in time.
type timeoutError struct {
	what string // "waited 5s for …: …"
	test bool   // it is the test's time that is over
}

func (e *timeoutError) Error() string { return e.what }

// skipError ends a test as skipped.
type skipError struct{ reason string }

func (e *skipError) Error() string { return "skipped: " + e.reason }

// errOver ends what a stage has left when it is over.
var errOver = errors.New("the test is over")

// assertion is an expectation that does not hold.
type assertion struct {
	message, expected, received string
}

func (e *assertion) Error() string { return e.message }

// pageError is what a script in a page or worker threw.
type pageError struct{ name, text string }

func (e *pageError) Error() string { return e.text }

// needsError is something that the backend cannot do.
type needsError struct{ what, capability, product string }

func (e *needsError) Error() string {
	return fmt.Sprintf("%s cannot be done by %s: it has no %q (ask browser.has(%[3]q), or skip with browser.needs(%[3]q))", e.what, e.product, e.capability)
}

// errorName is the name that scripts see of an error.
func errorName(err error) string {
	var timeout *timeoutError
	var wrong *assertion
	var page *pageError
	var needs *needsError
	switch {
	case errors.As(err, &timeout):
		return "TimeoutError"
	case errors.As(err, &wrong):
		return report.AssertionError
	case errors.As(err, &page):
		return page.name
	case errors.As(err, &needs):
		return "NotSupportedError"
	}
	return "Error"
}

// words are an error for people: without the names of packages.
func words(err error) string {
	var refused *inspector.RefusedError
	var gone *inspector.GoneError
	var call *cdp.CallError
	switch {
	case errors.As(err, &refused):
		return refused.Reason
	case errors.As(err, &gone):
		return "the browser is gone: " + gone.Reason
	case errors.As(err, &call):
		return strings.TrimSuffix(call.Message, ".") + " (" + call.Method + ")"
	case errors.Is(err, cdp.ErrSessionGone):
		return "the page or worker is gone"
	case errors.Is(err, cdp.ErrClosed):
		return "the browser is gone"
	case errors.Is(err, inspector.ErrDetached):
		return "the browser was closed"
	case errors.Is(err, context.DeadlineExceeded):
		return "it took too long"
	}
	return strings.TrimPrefix(err.Error(), "inspector: ")
}

// thrown is what is kept on an error that scripts see.
type thrown struct {
	err error
	at  []report.Place
}

// throwable is an error for scripts, with the place of the call that led to it.
func (f *file) throwable(err error, at []report.Place) goja.Value {
	var ex *goja.Exception
	if errors.As(err, &ex) {
		return ex.Value()
	}
	message, name := err.Error(), errorName(err)
	if name == "Error" {
		message = words(err)
	}
	var stack strings.Builder
	fmt.Fprintf(&stack, "%s: %s", name, message)
	for _, p := range at {
		fmt.Fprintf(&stack, "\n    at %s", placeText(p))
	}
	v, failed := f.agent.Call(f.makeError, goja.Undefined(), f.rt.ToValue(name), f.rt.ToValue(message), f.rt.ToValue(stack.String()))
	if failed != nil {
		return f.rt.NewGoError(err)
	}
	f.keep(v.(*goja.Object), &thrown{err, at})
	return v
}

func placeText(p report.Place) string {
	at := fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
	if p.Function != "" {
		return p.Function + " (" + at + ")"
	}
	return at
}

func (f *file) thrownOf(v goja.Value) *thrown {
	t, _ := f.goValue(v).(*thrown)
	return t
}

// isSkip is the skip() that a value is, nil for others.
func (f *file) isSkip(v goja.Value) *skipError {
	var skip *skipError
	if t := f.thrownOf(v); t != nil && errors.As(t.err, &skip) {
		return skip
	}
	return nil
}

// isLate reports whether a value is the end of what a test has left behind.
func (f *file) isLate(v goja.Value) bool {
	t := f.thrownOf(v)
	return t != nil && errors.Is(t.err, errOver)
}

// failureOf says what was thrown, on the loop.
func (f *file) failureOf(v goja.Value) report.Failure {
	var e report.Failure
	if t := f.thrownOf(v); t != nil {
		e = report.Failure{Name: errorName(t.err), Message: t.err.Error(), Stack: t.at}
		if e.Name == "Error" {
			e.Message = words(t.err)
		}
		var wrong *assertion
		if errors.As(t.err, &wrong) {
			e.Expected, e.Received = wrong.expected, wrong.received
		}
	} else {
		d := f.agent.DescribeValue(v)
		e = report.Failure{Name: d.Name, Message: d.Message, Stack: f.placesOf(d.Stack)}
		if d.Name == "" {
			e.Name, e.Message = "Error", "something that is no Error was thrown: "+f.shown(v)
		}
	}
	if s := f.current(); s != nil {
		e.Steps = s.stepsOf(v)
	}
	return f.framed(e)
}

// framed gives a failure its place and the code around it.
func (f *file) framed(e report.Failure) report.Failure {
	if len(e.Stack) > 0 && e.At.Line == 0 {
		e.At = e.Stack[0]
	}
	if e.At.Line > 0 {
		e.Frame = codeFrame(f.resolveShown(e.At.File), e.At.Line, e.At.Column)
	}
	return e
}

// resolveShown is the path of a file as it was shown.
func (f *file) resolveShown(name string) string { return name }

// stackRow finds a place in the interpreter's stacks and in those of throwable.
var stackRow = regexp.MustCompile(`^\s*at (?:(.*?) \()?(.*?):(\d+):(\d+)(?:\(\d+\))?\)?\s*$`)

func (f *file) placesOf(stack string) []report.Place {
	var places []report.Place
	for row := range strings.Lines(stack) {
		m := stackRow.FindStringSubmatch(strings.TrimRight(row, "\n"))
		if m == nil || !strings.HasPrefix(m[2], "file:") {
			continue
		}
		line, _ := strconv.Atoi(m[3])   // digits
		column, _ := strconv.Atoi(m[4]) // digits
		places = append(places, report.Place{File: shortPath(pathOf(m[2]), f.name), Line: line, Column: column, Function: functionName(m[1])})
	}
	return places
}

// codeFrame shows the lines around a place, with a mark below it.
func codeFrame(path string, line, column int) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
	if line > len(lines) {
		return ""
	}
	const around = 2
	first, last := max(line-around, 1), min(line+around, len(lines))
	width := len(strconv.Itoa(last))
	var b strings.Builder
	for n := first; n <= last; n++ {
		mark := " "
		if n == line {
			mark = ">"
		}
		text := []rune(lines[n-1])
		if len(text) > 200 {
			text = append(text[:199:199], '…')
		}
		fmt.Fprintf(&b, "%s %*d | %s\n", mark, width, n, string(text))
		if n == line && column > 0 {
			pad := make([]rune, 0, column)
			for i := range column - 1 {
				if i < len(text) && text[i] == '\t' {
					pad = append(pad, '\t')
				} else {
					pad = append(pad, ' ')
				}
			}
			fmt.Fprintf(&b, "  %*s | %s^\n", width, "", string(pad))
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// spanText is a duration for people.
func spanText(d time.Duration) string {
	if d >= time.Second {
		return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s"
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
}
