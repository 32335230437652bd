package dap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	godap "github.com/google/go-dap"

	"github.com/swinspect/swinspect/inspector/debugger"
)

// manyElements is from how many elements on a list is shown in pieces.
const manyElements = 100

var (
	identifier = regexp.MustCompile(`^[\p{L}_$][\p{L}\p{N}_$]*$`)
	length     = regexp.MustCompile(`\((\d{1,9})\)`)
)

// shownValue is a value as several responses have it.
type shownValue struct {
	text, kind     string
	ref            int
	indexed, named int
}

// value makes a value known to the client. mu is not held.
func (x *session) value(v debugger.Value, ref valueRef) shownValue {
	s := shownValue{text: v.Text, kind: v.Type}
	if v.Class != "" && v.Type == "object" {
		s.kind = v.Class
	}
	if v.Object == "" {
		return s
	}
	ref.object, ref.scope = v.Object, -1
	x.mu.Lock()
	defer x.mu.Unlock()
	s.ref = x.handles.add(&ref)
	if v.Subtype == "array" || v.Subtype == "typedarray" {
		if m := length.FindStringSubmatch(v.Text); m != nil && x.client.SupportsVariablePaging {
			if n, err := strconv.Atoi(m[1]); err == nil && n >= manyElements {
				s.indexed, s.named = n, 1
			}
		}
	}
	return s
}

// ref finds what has variables by its number.
func (x *session) ref(n int) (*Debuggee, *valueRef, error) {
	at, err := x.debuggee()
	if err != nil {
		return nil, nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	r, ok := x.handles.of[n].(*valueRef)
	if !ok {
		return nil, nil, fmt.Errorf("value %d: %w", n, debugger.ErrStaleValue)
	}
	return at, r, nil
}

func (x *session) variables(ctx context.Context, a *godap.VariablesArguments) (any, error) {
	at, ref, err := x.ref(a.VariablesReference)
	if err != nil {
		return nil, err
	}
	if ref.getter {
		v, err := at.Debugger.Evaluate(ctx, ref.thread, ref.frame, ref.path, debugger.EvaluateOptions{})
		if err != nil {
			return nil, err
		}
		return godap.VariablesResponseBody{Variables: []godap.Variable{x.variable(ref, debugger.Property{Value: v, Writable: true})}}, nil
	}
	all, err := at.Debugger.Properties(ctx, ref.thread, ref.object)
	if err != nil {
		return nil, err
	}
	all = append(ref.extra[:len(ref.extra):len(ref.extra)], all...)
	body := godap.VariablesResponseBody{Variables: []godap.Variable{}}
	for i, n := 0, 0; i < len(all); i++ {
		if a.Filter != "" && (a.Filter == "indexed") != isIndex(all[i].Name) {
			continue
		}
		if n++; n <= a.Start || (a.Count > 0 && n > a.Start+a.Count) {
			continue
		}
		body.Variables = append(body.Variables, x.variable(ref, all[i]))
	}
	return body, nil
}

func isIndex(name string) bool {
	_, err := strconv.ParseUint(name, 10, 32)
	return err == nil
}

// variable is a property of what ref stands for.
func (x *session) variable(of *valueRef, p debugger.Property) godap.Variable {
	path := of.child(p)
	hint := &godap.VariablePresentationHint{}
	if p.Internal {
		hint.Kind, hint.Visibility = "virtual", "internal"
	}
	if !p.Writable && !p.Internal && !p.Getter {
		hint.Attributes = append(hint.Attributes, "readOnly")
	}
	if p.Value.Type == "function" {
		hint.Kind = "method"
	}
	v := godap.Variable{Name: p.Name, EvaluateName: path}
	if p.Getter && path != "" {
		hint.Lazy = true
		x.mu.Lock()
		v.VariablesReference = x.handles.add(&valueRef{thread: of.thread, frame: of.frame, scope: -1, path: path, getter: true})
		x.mu.Unlock()
		v.Value = "(getter)"
	} else {
		s := x.value(p.Value, valueRef{thread: of.thread, frame: of.frame, path: path})
		v.Value, v.Type, v.VariablesReference, v.IndexedVariables, v.NamedVariables = s.text, s.kind, s.ref, s.indexed, s.named
	}
	if hint.Kind != "" || hint.Visibility != "" || hint.Attributes != nil || hint.Lazy {
		v.PresentationHint = hint
	}
	return v
}

// child is the expression that leads to a property, "" when there is none.
func (r *valueRef) child(p debugger.Property) string {
	switch {
	case p.Internal:
		return ""
	case p.Name == "" && r.getter:
		return r.path
	case r.scope >= 0:
		if p.Name == "this" || identifier.MatchString(p.Name) {
			return p.Name
		}
		return ""
	case r.path == "":
		return ""
	case identifier.MatchString(p.Name):
		return r.path + "." + p.Name
	case isIndex(p.Name):
		return r.path + "[" + p.Name + "]"
	}
	b, err := json.Marshal(p.Name)
	if err != nil {
		return ""
	}
	return r.path + "[" + string(b) + "]"
}

// setVariable gives a variable or a property the value of an expression.
func (x *session) setVariable(ctx context.Context, a *godap.SetVariableArguments) (any, error) {
	at, ref, err := x.ref(a.VariablesReference)
	if err != nil {
		return nil, err
	}
	path := ref.child(debugger.Property{Name: a.Name})
	var v debugger.Value
	switch {
	case ref.scope >= 0 && a.Name != "this":
		v, err = at.Debugger.SetVariable(ctx, ref.thread, ref.frame, ref.scope, a.Name, a.Value)
	case path == "" || a.Name == "this":
		err = fmt.Errorf("%s cannot be set from here", a.Name)
	default:
		v, err = at.Debugger.Evaluate(ctx, ref.thread, ref.frame, path+" = ("+a.Value+"\n)", debugger.EvaluateOptions{})
	}
	if err != nil {
		return nil, err
	}
	s := x.value(v, valueRef{thread: ref.thread, frame: ref.frame, path: path})
	return godap.SetVariableResponseBody{Value: s.text, Type: s.kind, VariablesReference: s.ref, IndexedVariables: s.indexed, NamedVariables: s.named}, nil
}

// evaluatesIn is where an expression without a frame is evaluated: the worker that
// stopped last, else the only one.
func (x *session) evaluatesIn(at *Debuggee, frame int) (thread string, index int, err error) {
	if frame != 0 {
		_, t, index, err := x.frame(frame)
		if err != nil {
			return "", 0, err
		}
		return t.ID, index, nil
	}
	x.mu.Lock()
	focused := x.threads.focused
	x.mu.Unlock()
	s := at.Debugger.State()
	if t := s.Thread(focused); t != nil && t.Status != "stopped" {
		return t.ID, -1, nil
	}
	switch all := live(s); len(all) {
	case 0:
		return "", 0, errors.New("no worker runs")
	case 1:
		return all[0].ID, -1, nil
	default:
		return "", 0, fmt.Errorf("%d workers run: pause one, so that it is clear which is meant", len(all))
	}
}

func (x *session) evaluate(ctx context.Context, a *godap.EvaluateArguments) (any, error) {
	at, err := x.debuggee()
	if err != nil {
		return nil, err
	}
	if a.Context == "repl" && isCommand(a.Expression) {
		text, err := x.command(ctx, at, a.Expression)
		return godap.EvaluateResponseBody{Result: text}, err
	}
	thread, index, err := x.evaluatesIn(at, a.FrameId)
	if err != nil {
		return nil, err
	}
	o := debugger.EvaluateOptions{
		Silent:  a.Context == "watch" || a.Context == "hover" || a.Context == "variables",
		ByValue: a.Context == "clipboard",
	}
	if t := at.Debugger.State().Thread(thread); t != nil && t.Pause == nil {
		o.Await = !o.Silent
	} else if index < 0 {
		index = 0 // of the worker that is paused
	}
	v, err := at.Debugger.Evaluate(ctx, thread, index, a.Expression, o)
	if err != nil {
		return nil, err
	}
	if o.ByValue && len(v.JSON) > 0 {
		return godap.EvaluateResponseBody{Result: pretty(v.JSON), Type: v.Type}, nil
	}
	path := ""
	if identifier.MatchString(a.Expression) || o.Silent {
		path = "(" + a.Expression + "\n)" // it can be evaluated again
	}
	s := x.value(v, valueRef{thread: thread, frame: index, path: path})
	return godap.EvaluateResponseBody{Result: s.text, Type: s.kind, VariablesReference: s.ref, IndexedVariables: s.indexed, NamedVariables: s.named}, nil
}

// pretty is JSON for people; a string is itself.
func pretty(b json.RawMessage) string {
	var text string
	if json.Unmarshal(b, &text) == nil {
		return text
	}
	var v any
	if json.Unmarshal(b, &v) == nil {
		if b, err := json.MarshalIndent(v, "", "  "); err == nil {
			return string(b)
		}
	}
	return string(b)
}

// setExpression gives what an expression leads to the value of another.
func (x *session) setExpression(ctx context.Context, a *godap.SetExpressionArguments) (any, error) {
	at, err := x.debuggee()
	if err != nil {
		return nil, err
	}
	thread, index, err := x.evaluatesIn(at, a.FrameId)
	if err != nil {
		return nil, err
	}
	if identifier.MatchString(a.Expression) && a.Expression != "this" {
		v, err := setNamed(ctx, at.Debugger, thread, index, a.Expression, a.Value)
		if err != nil {
			return nil, err
		}
		s := x.value(v, valueRef{thread: thread, frame: index, path: a.Expression})
		return godap.SetExpressionResponseBody{Value: s.text, Type: s.kind, VariablesReference: s.ref, IndexedVariables: s.indexed, NamedVariables: s.named}, nil
	}
	v, err := at.Debugger.Evaluate(ctx, thread, index, a.Expression+" = ("+a.Value+"\n)", debugger.EvaluateOptions{})
	if err != nil {
		return nil, err
	}
	s := x.value(v, valueRef{thread: thread, frame: index, path: a.Expression})
	return godap.SetExpressionResponseBody{Value: s.text, Type: s.kind, VariablesReference: s.ref, IndexedVariables: s.indexed, NamedVariables: s.named}, nil
}

// setNamed gives the innermost variable of a name the value of an expression: an
// assignment would make a new one where there is none.
func setNamed(ctx context.Context, d Debugger, thread string, frame int, name, expression string) (debugger.Value, error) {
	var scopes []debugger.Scope
	if t := d.State().Thread(thread); t != nil && t.Pause != nil && len(t.Pause.Frames) > 0 {
		frame = max(0, min(frame, len(t.Pause.Frames)-1))
		scopes = t.Pause.Frames[frame].Scopes
	}
	for i, s := range scopes {
		if s.Type == "global" {
			return d.SetVariable(ctx, thread, frame, i, name, expression)
		}
		all, err := d.Properties(ctx, thread, s.Object)
		if err != nil {
			return debugger.Value{}, err
		}
		if slices.ContainsFunc(all, func(p debugger.Property) bool { return !p.Internal && p.Name == name }) {
			return d.SetVariable(ctx, thread, frame, i, name, expression)
		}
	}
	if _, err := d.Evaluate(ctx, thread, frame, name, debugger.EvaluateOptions{}); err != nil {
		return debugger.Value{}, err
	}
	return d.Evaluate(ctx, thread, frame, name+" = ("+expression+"\n)", debugger.EvaluateOptions{})
}

// dotted is the end of an expression that can be completed: what it is of, and the
// name's beginning.
var dotted = regexp.MustCompile(`([\p{L}_$][\p{L}\p{N}_$]*(?:\.[\p{L}_$][\p{L}\p{N}_$]*)*)\.([\p{L}\p{N}_$]*)$|([\p{L}_$][\p{L}\p{N}_$]*)$`)

// maxCompletions bounds an answer: nobody reads more.
const maxCompletions = 500

func (x *session) completions(ctx context.Context, a *godap.CompletionsArguments) (any, error) {
	at, err := x.debuggee()
	if err != nil {
		return nil, err
	}
	text := []rune(a.Text)
	if end := x.columnIn(a.Column) - 1; end >= 0 && end < len(text) {
		text = text[:end]
	}
	body := godap.CompletionsResponseBody{Targets: []godap.CompletionItem{}}
	if isCommand(string(text)) {
		for _, name := range commandNames() {
			body.Targets = append(body.Targets, godap.CompletionItem{Label: "." + name, Text: "." + name, Start: 0, Length: len(text)})
		}
		return body, nil
	}
	m := dotted.FindStringSubmatch(string(text))
	if m == nil {
		return body, nil
	}
	thread, index, err := x.evaluatesIn(at, a.FrameId)
	if err != nil {
		return nil, err
	}
	t := at.Debugger.State().Thread(thread)
	if t == nil {
		return body, nil
	}
	var objects []string
	if m[1] != "" {
		v, err := at.Debugger.Evaluate(ctx, thread, index, m[1], debugger.EvaluateOptions{Silent: true})
		if err != nil {
			return body, nil // nothing is known of it
		}
		objects = []string{v.Object}
	} else if t.Pause != nil {
		for _, s := range t.Pause.Frames[max(0, min(index, len(t.Pause.Frames)-1))].Scopes {
			objects = append(objects, s.Object)
		}
	}
	prefix := m[2] + m[3]
	for _, object := range objects {
		if object == "" {
			continue
		}
		all, err := at.Debugger.Properties(ctx, thread, object)
		if err != nil {
			continue // one scope less
		}
		body.Targets = append(body.Targets, completing(all, prefix, x.completionStart(len(text)-len([]rune(prefix))))...)
	}
	body.Targets = body.Targets[:min(len(body.Targets), maxCompletions)]
	return body, nil
}

// completionStart is a position in the text as the client counts: the protocol has it
// follow columnsStartAt1.
func (x *session) completionStart(n int) int { return x.columnOut(n + 1) }
