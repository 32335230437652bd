package debugger

import (
	"context"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/runtime"
)

// SetVariable gives a variable of a scope the value of an expression. A name that the
// scope does not have, and a variable that cannot be changed, are an [AssignError].
func (d *Debugger) SetVariable(ctx context.Context, id string, frame, scope int, name, expression string) (Value, error) {
	t, err := d.c.find(id)
	if err != nil {
		return Value{}, err
	}
	p := t.current()
	if p == nil {
		return Value{}, ErrNotPaused
	}
	at, err := frameOf(p, max(frame, 0))
	if err != nil {
		return Value{}, err
	}
	if err := d.drive(); err != nil {
		return Value{}, err
	}
	if scope < 0 || scope >= len(at.scopes) {
		return Value{}, ErrNoFrame
	}
	if err := d.declared(ctx, t, at, scope, name); err != nil {
		return Value{}, err
	}
	r, err := t.inFrameWith(ctx, at.id, "("+expression+"\n)", map[string]any{"silent": true, "objectGroup": "values", "generatePreview": true})
	if err != nil {
		return Value{}, wrap("evaluating", err)
	}
	if r.Exception != nil {
		return Value{}, &ThrownError{Value: thrownValue(r.Exception)}
	}
	if err := t.assign(ctx, at, scope, name, r.Result); err != nil {
		return Value{}, err
	}
	v := valueOf(r.Result)
	d.c.update(func() {
		if p.set == nil {
			p.set = map[string]map[string]Value{}
		}
		handle := at.scopes[scope]
		if p.set[handle] == nil {
			p.set[handle] = map[string]Value{}
		}
		p.set[handle][name] = v
	})
	return v, nil
}

// AssignError says why a variable was not set.
type AssignError struct{ Name, Problem string }

func (e *AssignError) Error() string { return "debugger: " + e.Problem }

// maxNamed bounds the variables that an error lists.
const maxNamed = 20

// ofObject reports whether a scope's variables are the properties of an object, and its
// handle that object, not a copy of the variables.
func ofObject(kind string) bool { return kind == "global" || kind == "with" }

// declared reports a name that a scope does not have.
func (d *Debugger) declared(ctx context.Context, t *thread, at frameRef, scope int, name string) error {
	if ofObject(at.kinds[scope]) {
		return t.inObject(ctx, at.scopes[scope], name)
	}
	all, err := d.Properties(ctx, t.target, at.scopes[scope])
	if err != nil {
		return err
	}
	var names []string
	for _, p := range all {
		switch {
		case p.Internal:
		case p.Name == name:
			return nil
		default:
			names = append(names, p.Name)
		}
	}
	problem := "there is no variable " + clip(name, 60) + " in this scope"
	if n := len(names); n > maxNamed {
		names = append(names[:maxNamed], fmt.Sprintf("… (%d more)", n-maxNamed))
	}
	if len(names) > 0 {
		problem += ": " + strings.Join(names, ", ")
	}
	return &AssignError{name, problem}
}

// inObject reports a name that an object has no property of.
func (t *thread) inObject(ctx context.Context, object, name string) error {
	var r wireResult
	err := t.callWith(ctx, runtime.CallFunctionOn.Method, map[string]any{
		"functionDeclaration": "function (n) { return n in this; }", "objectId": object,
		"arguments": []any{map[string]any{"value": name}}, "silent": true, "returnByValue": true,
	}, &r)
	switch {
	case err != nil:
		return wrap("looking for "+name, err)
	case r.Exception != nil:
		return &ThrownError{Value: thrownValue(r.Exception)}
	case r.Result == nil || string(r.Result.Value) != "true":
		return &AssignError{name, "there is no variable " + clip(name, 60) + " in the global scope"}
	}
	return nil
}

// assign sets a variable: the browser does it for the scopes of functions and scripts,
// for those of objects an assignment does.
func (t *thread) assign(ctx context.Context, at frameRef, scope int, name string, o *wireObject) error {
	value := map[string]any{}
	switch {
	case o.ObjectID != "":
		value["objectId"] = o.ObjectID
	case o.Unserializable != "":
		value["unserializableValue"] = o.Unserializable
	case len(o.Value) > 0:
		value["value"] = o.Value
	}
	err := t.callWith(ctx, debugger.SetVariableValue.Method, map[string]any{
		"scopeNumber": at.index[scope], "variableName": name, "newValue": value, "callFrameId": at.id,
	}, nil)
	if err == nil {
		return nil
	}
	refused, ok := asCallError(err)
	switch {
	case !ok:
		return wrap("setting "+name, err)
	case strings.Contains(refused, "constant"):
		return &AssignError{name, name + " is a const and cannot be set here"}
	case !ofObject(at.kinds[scope]):
		return &AssignError{name, name + " cannot be set here: " + refused}
	}
	var r wireResult
	set := t.callWith(ctx, runtime.CallFunctionOn.Method, map[string]any{
		"functionDeclaration": "function (n, v) { if (!Reflect.set(this, n, v)) throw new TypeError(n + ' cannot be set'); }",
		"objectId":            at.scopes[scope], "arguments": []any{map[string]any{"value": name}, value}, "silent": true,
	}, &r)
	if set != nil {
		return wrap("setting "+name, err)
	}
	if r.Exception != nil {
		return &ThrownError{Value: thrownValue(r.Exception)}
	}
	return nil
}
