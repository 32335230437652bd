package dap

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	godap "github.com/google/go-dap"

	"github.com/swinspect/swinspect/inspector/debugger"
)

// handles are the numbers by which the protocol names frames and values. They are good
// until the worker goes on, and are never given twice. The session's mu guards them.
type handles struct {
	last int
	of   map[int]any // frameRef, *valueRef
}

// frameRef is a frame of a pause.
type frameRef struct {
	thread string
	pause  uint64
	index  int
}

// valueRef is something with variables: a scope, or a value.
type valueRef struct {
	thread string
	frame  int    // -1: of no frame
	scope  int    // -1: a value
	object string // the debugger's handle
	path   string // a JavaScript expression that leads to it; "" none
	getter bool   // path is evaluated when asked for
	extra  []debugger.Property
}

func (h *handles) init() { h.of = map[int]any{} }

func (h *handles) add(v any) int {
	h.last++
	h.of[h.last] = v
	return h.last
}

// dropHandles forgets the frames and values of a worker.
func (x *session) dropHandles(thread string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for n, v := range x.handles.of {
		switch v := v.(type) {
		case frameRef:
			if v.thread == thread {
				delete(x.handles.of, n)
			}
		case *valueRef:
			if v.thread == thread {
				delete(x.handles.of, n)
			}
		}
	}
}

// frame finds a frame by its number.
func (x *session) frame(n int) (at *Debuggee, t *debugger.Thread, index int, err error) {
	if at, err = x.debuggee(); err != nil {
		return nil, nil, 0, err
	}
	x.mu.Lock()
	ref, ok := x.handles.of[n].(frameRef)
	x.mu.Unlock()
	if !ok {
		return nil, nil, 0, fmt.Errorf("frame %d: %w", n, debugger.ErrNoFrame)
	}
	t = at.Debugger.State().Thread(ref.thread)
	if t == nil || t.Pause == nil || t.Pause.ID != ref.pause || ref.index >= len(t.Pause.Frames) {
		return nil, nil, 0, fmt.Errorf("frame %d: %w", n, debugger.ErrStaleValue)
	}
	return at, t, ref.index, nil
}

// entry is a line of the stack: a frame, or the label that says how what follows led
// to what is above.
type entry struct {
	frame int
	label string
}

func entries(frames []debugger.Frame) []entry {
	var all []entry
	for i := range frames {
		if frames[i].Async != "" {
			all = append(all, entry{frame: i, label: frames[i].Async})
		}
		all = append(all, entry{frame: i})
	}
	return all
}

func (x *session) stackTrace(ctx context.Context, a *godap.StackTraceArguments) (any, error) {
	at, t, err := x.paused(a.ThreadId)
	if err != nil {
		return nil, err
	}
	all := entries(t.Pause.Frames)
	body := godap.StackTraceResponseBody{TotalFrames: len(all), StackFrames: []godap.StackFrame{}}
	from := min(max(a.StartFrame, 0), len(all))
	to := len(all)
	if a.Levels > 0 {
		to = min(from+a.Levels, to)
	}
	for _, e := range all[from:to] {
		f := &t.Pause.Frames[e.frame]
		x.mu.Lock()
		id := x.handles.add(frameRef{t.ID, t.Pause.ID, e.frame})
		x.mu.Unlock()
		if e.label != "" {
			body.StackFrames = append(body.StackFrames, godap.StackFrame{Id: id, Name: e.label, PresentationHint: "label"})
			continue
		}
		source, at := x.where(ctx, at, t.ID, f)
		s := godap.StackFrame{Id: id, Name: frameName(f), Source: source, Line: x.lineOut(at.Line), Column: x.columnOut(at.Column)}
		if f.Library {
			s.PresentationHint = "subtle"
		}
		body.StackFrames = append(body.StackFrames, s)
	}
	return body, nil
}

// where is what the editor shows for a frame: the original source when there is a
// file of it here, else the script.
func (x *session) where(ctx context.Context, at *Debuggee, thread string, f *debugger.Frame) (*godap.Source, debugger.Place) {
	if f.Original != nil {
		x.mu.Lock()
		file := x.paths.file(f.Original.URL)
		x.mu.Unlock()
		if file != "" {
			return x.fileSource(file), *f.Original
		}
	}
	if source, place, ok := x.original(ctx, at, scriptKey{thread, f.ScriptID}, f.Line, f.Column); ok {
		return source, place
	}
	source := x.sourceOf(ctx, at, thread, f.ScriptID, f.URL)
	if f.Library && source != nil {
		source.PresentationHint = "deemphasize"
	}
	return source, debugger.Place{URL: f.URL, Line: f.Line, Column: f.Column}
}

func frameName(f *debugger.Frame) string {
	switch {
	case f.Function != "":
		return f.Function
	case f.Async != "":
		return "(anonymous)"
	}
	for _, s := range f.Scopes {
		if s.Type == "local" {
			return "(anonymous)"
		}
	}
	return "(script)"
}

// scopeHints are the protocol's words for kinds of scopes.
var scopeHints = map[string]string{"local": "locals", "block": "locals", "catch": "locals", "closure": "", "script": "globals", "module": "globals", "global": "globals"}

func (x *session) scopes(_ context.Context, a *godap.ScopesArguments) (any, error) {
	_, t, index, err := x.frame(a.FrameId)
	if err != nil {
		return nil, err
	}
	f := &t.Pause.Frames[index]
	body := godap.ScopesResponseBody{Scopes: []godap.Scope{}}
	for i, s := range f.Scopes {
		ref := &valueRef{thread: t.ID, frame: f.Index, scope: i, object: s.Object}
		if i == 0 {
			ref.extra = receiver(f)
		}
		name := strings.ToUpper(s.Type[:min(1, len(s.Type))]) + s.Type[min(1, len(s.Type)):]
		if s.Name != "" {
			name += ": " + s.Name
		}
		x.mu.Lock()
		n := x.handles.add(ref)
		x.mu.Unlock()
		body.Scopes = append(body.Scopes, godap.Scope{Name: name, PresentationHint: scopeHints[s.Type], VariablesReference: n, Expensive: s.Type == "global"})
	}
	return body, nil
}

// receiver is what a frame has beside its scopes.
func receiver(f *debugger.Frame) []debugger.Property {
	var all []debugger.Property
	if f.Return != nil {
		all = append(all, debugger.Property{Name: "return value", Value: *f.Return, Internal: true})
	}
	if f.This != nil {
		all = append(all, debugger.Property{Name: "this", Value: *f.This})
	}
	return all
}

var errorName = regexp.MustCompile(`^(?:Uncaught (?:\(in promise\) )?)?([A-Z]\w*): `)

// splitError takes "TypeError: x is not a function\n    at …" apart.
func splitError(text string) (kind, message string) {
	message, _, _ = strings.Cut(text, "\n    at ")
	if m := errorName.FindStringSubmatch(message); m != nil {
		return m[1], strings.TrimSpace(message[len(m[0]):])
	}
	return "exception", message
}

// Lines and columns count from 1 here; a client may count from 0.
func (x *session) lineOut(n int) int   { return out(n, x.counts().LinesStartAt1) }
func (x *session) columnOut(n int) int { return out(n, x.counts().ColumnsStartAt1) }
func (x *session) lineIn(n int) int    { return in(n, x.counts().LinesStartAt1) }
func (x *session) columnIn(n int) int  { return in(n, x.counts().ColumnsStartAt1) }

func (x *session) counts() godap.InitializeRequestArguments {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.client
}

func out(n int, from1 bool) int {
	if from1 || n == 0 {
		return n
	}
	return n - 1
}

func in(n int, from1 bool) int {
	if from1 {
		return n
	}
	return n + 1
}
