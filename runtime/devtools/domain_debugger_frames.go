package devtools

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/runtime"
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/runtime/script"
)

// frameCommands are the commands about the frames of a pause.
func frameCommands(t *table) {
	handle(t, debugger.EvaluateOnCallFrame, evaluateOnCallFrame)
	handle(t, debugger.SetVariableValue, setVariableValue)
}

// callFrameOnWire is debugger.CallFrame with the URL, empty as V8's: clients expect it.
type callFrameOnWire struct {
	CallFrameID      debugger.CallFrameID  `json:"callFrameId"`
	FunctionName     string                `json:"functionName"`
	FunctionLocation *debugger.Location    `json:"functionLocation,omitzero"`
	Location         *debugger.Location    `json:"location"`
	URL              string                `json:"url"`
	ScopeChain       []*scopeOnWire        `json:"scopeChain"`
	This             *runtime.RemoteObject `json:"this"`
	ReturnValue      *runtime.RemoteObject `json:"returnValue,omitzero"`
	CanBeRestarted   bool                  `json:"canBeRestarted"`
}

// scopeOnWire is debugger.Scope as Chromium 156 writes it.
type scopeOnWire struct {
	Type          debugger.ScopeType    `json:"type"`
	Object        *runtime.RemoteObject `json:"object"`
	Name          string                `json:"name,omitzero"`
	StartLocation *debugger.Location    `json:"startLocation,omitzero"`
	EndLocation   *debugger.Location    `json:"endLocation,omitzero"`
	Empty         bool                  `json:"empty,omitzero"`
}

// callFrames are the frames of a pause as a session sees them. On the loop.
func (g *debuggee) callFrames(x *session, p *script.Pause, pauses int64) []*callFrameOnWire {
	all := make([]*callFrameOnWire, 0, len(p.Frames))
	for _, f := range p.Frames {
		at := g.sourced(f.Script)
		if at == nil {
			continue
		}
		frame := &callFrameOnWire{
			CallFrameID: frameID(pauses, f.Index), FunctionName: f.Function, Location: location(at, f.Line, f.Column),
			ScopeChain: []*scopeOnWire{}, This: g.object(x, f.This()),
		}
		if f.FunctionLine > 0 {
			frame.FunctionLocation = location(at, f.FunctionLine, f.FunctionColumn)
		}
		if f.AtReturn && f.Return != nil {
			frame.ReturnValue = g.object(x, f.Return)
		}
		for _, s := range f.Scopes {
			frame.ScopeChain = append(frame.ScopeChain, g.scope(x, at, s))
		}
		all = append(all, frame)
	}
	return all
}

func (g *debuggee) sourced(d *script.DebugScript) *sourced {
	g.server.mu.Lock()
	defer g.server.mu.Unlock()
	return g.scripts[d]
}

// object is a value that a pause shows; undefined when there is none.
func (g *debuggee) object(x *session, v goja.Value) *runtime.RemoteObject {
	r, err := x.wrap(g.rs.worlds[0], orUndefined(v), wrapOptions{group: pauseGroup})
	if err != nil {
		return &runtime.RemoteObject{Type: runtime.RemoteObjectTypeUndefined}
	}
	return r
}

// scopeKinds are what CDP calls the kinds that it has other names for.
var scopeKinds = map[script.ScopeKind]debugger.ScopeType{script.ClassScope: debugger.ScopeTypeBlock}

func (g *debuggee) scope(x *session, at *sourced, s *script.FrameScope) *scopeOnWire {
	kind, known := scopeKinds[s.Kind]
	if !known {
		kind = debugger.ScopeType(s.Kind)
	}
	out := &scopeOnWire{Type: kind, Name: s.Name}
	if s.Line > 0 {
		out.StartLocation, out.EndLocation = location(at, s.Line, s.Column), location(at, s.EndLine, s.EndColumn)
	}
	if s.Object != nil {
		out.Object = g.object(x, s.Object)
		return out
	}
	out.Empty = len(s.Variables()) == 0
	w := g.rs.worlds[0]
	out.Object = &runtime.RemoteObject{
		Type: runtime.RemoteObjectTypeObject, ClassName: "Object", Description: "Object",
		ObjectID: x.objects.addScope(s, g.snapshot(s), w),
	}
	return out
}

// snapshot is an object with a scope's variables, for functions that are called on it.
func (g *debuggee) snapshot(s *script.FrameScope) goja.Value {
	rt := g.rs.realm.Runtime()
	o := rt.CreateObject(nil)
	for _, v := range s.Variables() {
		if v.Value != nil {
			_ = o.Set(v.Name, v.Value)
		}
	}
	return o
}

// scopeProperties are a scope's variables as properties; one without a value has none.
func (s *session) scopeProperties(h heldObject, preview bool) []*runtime.PropertyDescriptor {
	out := []*runtime.PropertyDescriptor{}
	for _, v := range h.scope.Variables() {
		d := &runtime.PropertyDescriptor{Name: v.Name, Configurable: true, Enumerable: true, IsOwn: true}
		if v.Value != nil {
			r, err := s.wrap(h.world, v.Value, wrapOptions{group: h.group, preview: preview})
			if err != nil {
				continue
			}
			d.Value, d.Writable = r, true
		}
		out = append(out, d)
	}
	return out
}

// asyncStack is how script came to run, to a depth.
func (g *debuggee) asyncStack(a *script.AsyncStack, depth int64) *runtime.StackTrace {
	if a == nil || depth <= 0 {
		return nil
	}
	t := &runtime.StackTrace{Description: a.Description, CallFrames: []*runtime.CallFrame{}, Parent: g.asyncStack(a.Parent, depth-1)}
	for _, f := range a.Frames {
		frame := &runtime.CallFrame{FunctionName: f.Function, LineNumber: int64(max(f.Line-1, 0)), ColumnNumber: int64(max(f.Column-1, 0))}
		if x := g.sourced(f.Script); x != nil {
			frame.ScriptID, frame.URL = cdproto.ScriptID(x.id), x.source.URL
		}
		t.CallFrames = append(t.CallFrames, frame)
	}
	return t
}

// inFrame runs f on the loop with a frame of the pause, and waits for what it tells done.
func (s *session) inFrame(id debugger.CallFrameID, f func(g *debuggee, frame *script.Frame, done chan outcome)) (func(context.Context) (outcome, error), error) {
	s.server.mu.Lock()
	g, err := s.held()
	if err != nil {
		s.server.mu.Unlock()
		return nil, err
	}
	p, pauses := g.pause, g.pauses
	s.server.mu.Unlock()
	isolate, rest, _ := strings.Cut(string(id), ".")
	pause, index, found := strings.Cut(rest, ".")
	n, bad := strconv.Atoi(index)
	if !found || isolate != "1" || bad != nil || pause != strconv.FormatInt(pauses, 10) {
		return nil, failed("Cannot find context with specified id")
	}
	var frame *script.Frame
	for _, x := range p.Frames {
		if x.Index == n {
			frame = x
		}
	}
	if frame == nil {
		return nil, failed("Could not find call frame with given id")
	}
	done := make(chan outcome, 1)
	g.d.Post(func() {
		s.server.mu.Lock()
		over := g.pause != p
		s.server.mu.Unlock()
		if over {
			done <- outcome{err: errNotPaused}
			return
		}
		f(g, frame, done)
	})
	return func(ctx context.Context) (outcome, error) { return s.run(ctx, g.rs.worlds[0], done) }, nil
}

func evaluateOnCallFrame(_ context.Context, s *session, p debugger.EvaluateOnCallFrameParams) (debugger.EvaluateOnCallFrameResult, error) {
	o := newWrap(p.ObjectGroup, p.ReturnByValue, p.GeneratePreview, nil)
	wait, err := s.inFrame(p.CallFrameID, func(g *debuggee, f *script.Frame, done chan outcome) {
		v, err := evaluateIn(g, f, p.Expression, on(p.ThrowOnSideEffect))
		if errors.Is(err, script.ErrNotCaptured) {
			done <- outcome{err: failed("%v", err)}
			return
		}
		s.settle(g.rs.worlds[0], v, err, false, o, done)
	})
	if err != nil {
		return debugger.EvaluateOnCallFrameResult{}, err
	}
	return later(s, func(ctx context.Context) (debugger.EvaluateOnCallFrameResult, error) {
		r, err := wait(ctx)
		return debugger.EvaluateOnCallFrameResult{Result: r.result, ExceptionDetails: r.exception}, err
	})
}

// evaluateIn evaluates in a frame; with pure, only what has no side effects.
func evaluateIn(g *debuggee, f *script.Frame, source string, pure bool) (goja.Value, error) {
	if pure {
		return g.rs.pure(source, f.Evaluate)
	}
	return f.Evaluate(source)
}

func setVariableValue(_ context.Context, s *session, p debugger.SetVariableValueParams) (cdproto.Empty, error) {
	wait, err := s.inFrame(p.CallFrameID, func(g *debuggee, f *script.Frame, done chan outcome) {
		done <- outcome{err: s.assign(g, f, p)}
	})
	if err != nil {
		return none, err
	}
	return later(s, func(ctx context.Context) (cdproto.Empty, error) {
		_, err := wait(ctx)
		return none, err
	})
}

func (s *session) assign(g *debuggee, f *script.Frame, p debugger.SetVariableValueParams) error {
	if p.ScopeNumber < 0 || int(p.ScopeNumber) >= len(f.Scopes) {
		return failed("Could not find scope with given number")
	}
	v, err := s.argument(g.rs, p.NewValue)
	if err != nil {
		return err
	}
	scope := f.Scopes[p.ScopeNumber]
	if scope.Object != nil {
		return failed("Internal error")
	}
	variables := scope.Variables()
	i := slices.IndexFunc(variables, func(v script.Variable) bool { return v.Name == p.VariableName })
	switch {
	case i < 0:
		return &cdp.MessageError{Code: cdp.CodeInternalError, Message: "Internal error"}
	case variables[i].Constant: // DIVERGES from V8, which changes it
		return failed("Assignment to constant variable.")
	}
	if err := scope.Set(p.VariableName, v); err != nil {
		return failed("%v", g.rs.realm.Agent().Describe(err))
	}
	return nil
}

// globalLexicalScopeNames is known of a worker that is paused; goja does not tell it of
// others.
func globalLexicalScopeNames(_ context.Context, s *session, _ runtime.GlobalLexicalScopeNamesParams) (runtime.GlobalLexicalScopeNamesResult, error) {
	r := runtime.GlobalLexicalScopeNamesResult{Names: []string{}}
	s.server.mu.Lock()
	g, err := s.held()
	if err != nil || len(g.pause.Frames) == 0 {
		s.server.mu.Unlock()
		return r, nil //nolint:nilerr // not paused
	}
	id := frameID(g.pauses, g.pause.Frames[0].Index)
	s.server.mu.Unlock()
	wait, err := s.inFrame(id, func(_ *debuggee, f *script.Frame, done chan outcome) {
		for _, scope := range f.Scopes {
			if scope.Kind != script.ScriptScope {
				continue
			}
			for _, v := range scope.Variables() {
				r.Names = append(r.Names, v.Name)
			}
		}
		done <- outcome{}
	})
	if err != nil {
		return r, nil //nolint:nilerr // not paused any more
	}
	return later(s, func(ctx context.Context) (runtime.GlobalLexicalScopeNamesResult, error) {
		_, err := wait(ctx)
		return r, err
	})
}
