package dap

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	godap "github.com/google/go-dap"

	"github.com/swinspect/swinspect/breakpoints"
)

// configuredPoints sets the breakpoints of the configuration.
func (x *session) configuredPoints(at *Debuggee) {
	x.mu.Lock()
	c := x.common
	x.mu.Unlock()
	var now []*point
	if c.StopOnEntry {
		now = append(now, x.scoped(breakpoints.Breakpoint{Kind: breakpoints.Start}))
	}
	for _, short := range c.Breakpoints {
		b, err := breakpoints.Parse(short)
		p := x.scoped(b)
		if err != nil {
			p.problem = err.Error()
		}
		now = append(now, p)
	}
	for i, b := range x.replace(at, configGroup, now) {
		if b.Message != "" && !b.Verified {
			x.say("important", fmt.Sprintf("swinspect: breakpoints[%d]: %s\n", i, b.Message))
		}
	}
}

// scoped makes a point, restricted to the scope of the configuration.
func (x *session) scoped(b breakpoints.Breakpoint) *point {
	x.mu.Lock()
	defer x.mu.Unlock()
	if b.Scope == "" && x.common != nil {
		b.Scope = x.common.Scope
	}
	return &point{want: b}
}

func (x *session) setBreakpoints(ctx context.Context, a *godap.SetBreakpointsArguments) (any, error) {
	at, err := x.debuggee()
	if err != nil {
		return nil, err
	}
	if a.Source.Path == "" && a.Source.SourceReference == 0 {
		return nil, errors.New("the source has neither a path nor a sourceReference")
	}
	if len(a.Breakpoints) == 0 {
		for _, line := range a.Lines { // as old clients do
			a.Breakpoints = append(a.Breakpoints, godap.SourceBreakpoint{Line: line})
		}
	}
	path := fromURI(a.Source.Path)
	if path != "" && !isURL(path) {
		path = filepath.Clean(path)
	}
	x.mu.Lock()
	pattern, mapped := x.paths.pattern(path)
	x.mu.Unlock()
	lines := fileLines(path)
	source := a.Source
	var now []*point
	for _, want := range a.Breakpoints {
		p := x.scoped(breakpoints.Breakpoint{Kind: breakpoints.Line, Condition: want.Condition, Log: want.LogMessage})
		p.source = &source
		line := x.lineIn(want.Line)
		p.want.Line = &breakpoints.LineAt{URL: pattern, Line: line}
		if want.Column != 0 {
			p.want.Line.Column = x.columnIn(want.Column)
		}
		p.hits(want.HitCondition)
		if !isURL(path) {
			p.file = path
			if line >= 1 && line <= len(lines) {
				p.want.Line.Text = strings.TrimSpace(lines[line-1])
			}
			p.targets = x.targets(ctx, at, path, line, p.want.Line.Column)
			if mapped && len(p.targets) > 0 && len(lines) > 0 { // it may be served as it is, too
				p.targets = append(p.targets, target{want: p.want})
			}
			p.unmapped = !mapped && len(p.targets) == 0
		}
		if p.problem == "" {
			p.dress()
		}
		now = append(now, p)
	}
	return godap.SetBreakpointsResponseBody{Breakpoints: x.replace(at, "source\x00"+path+"\x00"+strconv.Itoa(a.Source.SourceReference), now)}, nil
}

// maxFile is the size up to which a file is read for what its lines say.
const maxFile = 8 << 20

// fileLines are the lines of a script on this machine; none for what is compiled, whose
// lines are not those that run.
func fileLines(path string) []string {
	switch filepath.Ext(path) {
	case ".js", ".mjs", ".cjs":
	default:
		return nil
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return strings.Split(plain(string(b)), "\n")
}

// hits sets how often a breakpoint is passed: "5" and ">= 5" from the fifth hit on,
// "> 5" from the sixth, "== 5" the fifth alone.
func (p *point) hits(condition string) {
	condition = strings.TrimSpace(condition)
	if condition == "" {
		return
	}
	number := strings.TrimLeft(condition, "<>=%!")
	operator := condition[:len(condition)-len(number)]
	n, err := strconv.Atoi(strings.TrimSpace(number))
	switch {
	case err != nil || n < 0:
		p.problem = fmt.Sprintf("the hit condition %q is not understood: write 5, >= 5, > 5 or == 5", condition)
	case operator == "" || operator == ">=":
		p.want.Skip = max(n-1, 0)
	case operator == ">":
		p.want.Skip = n
	case operator == "==" || operator == "=" || operator == "===":
		p.want.Skip, p.want.Once = max(n-1, 0), true
	default:
		p.problem = fmt.Sprintf("the hit condition %q is not understood: write 5, >= 5, > 5 or == 5", condition)
	}
}

// setFunctionBreakpoints takes every kind of breakpoint in its short form as a
// function's name.
func (x *session) setFunctionBreakpoints(_ context.Context, a *godap.SetFunctionBreakpointsArguments) (any, error) {
	at, err := x.debuggee()
	if err != nil {
		return nil, err
	}
	var now []*point
	for _, want := range a.Breakpoints {
		b, err := breakpoints.Parse(want.Name)
		p := x.scoped(b)
		if want.Condition != "" {
			p.want.Condition = want.Condition
		}
		p.hits(want.HitCondition)
		if err != nil {
			p.problem = err.Error()
		}
		now = append(now, p)
	}
	return godap.SetFunctionBreakpointsResponseBody{Breakpoints: x.replace(at, functionGroup, now)}, nil
}

// exceptionFilters are the kinds of exception breakpoints.
var exceptionFilters = []godap.ExceptionBreakpointsFilter{
	{Filter: "all", Label: "All exceptions", Description: "Stops wherever something is thrown, caught or not.", SupportsCondition: true},
	{Filter: "uncaught", Label: "Uncaught exceptions", Description: "Stops at what is thrown and not caught: an install that fails, a script that does not evaluate.", SupportsCondition: true},
	{Filter: "rejection", Label: "Unhandled rejections", Description: "Stops when a promise is rejected that nobody handles.", SupportsCondition: true},
	{Filter: "respondWith", Label: "Failed respondWith", Description: "Stops when the promise given to respondWith is rejected, or fulfilled with what is no Response.", SupportsCondition: true},
}

func (x *session) setExceptionBreakpoints(_ context.Context, a *godap.SetExceptionBreakpointsArguments) (any, error) {
	at, err := x.debuggee()
	if err != nil {
		return nil, err
	}
	var now []*point
	add := func(which, condition string) {
		p := x.scoped(breakpoints.Breakpoint{Kind: breakpoints.Exception, Exception: &breakpoints.ExceptionAt{Which: which}, Condition: condition})
		if !slices.ContainsFunc(exceptionFilters, func(f godap.ExceptionBreakpointsFilter) bool { return f.Filter == which }) {
			p.problem = fmt.Sprintf("there is no exception filter %q", which)
		}
		now = append(now, p)
	}
	for _, f := range a.Filters {
		add(f, "")
	}
	for _, f := range a.FilterOptions {
		add(f.FilterId, f.Condition)
	}
	return godap.SetExceptionBreakpointsResponseBody{Breakpoints: x.replace(at, exceptionGroup, now)}, nil
}
