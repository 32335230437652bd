package debugger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/runtime"

	"github.com/swinspect/swinspect/cdp"
)

// EvaluateOptions say how.
type EvaluateOptions struct {
	// Silent evaluates without side effects: throws when there would be some. For watches and hovers.
	Silent bool
	// ByValue gives Value.JSON of objects too.
	ByValue bool
	// Await waits for a promise; only when the worker is not paused.
	Await bool
	// Timeout is after how long the browser is to stop the expression, a *[ThrownError];
	// 0 is never. Not every browser does.
	Timeout time.Duration
}

// ThrownError is what an evaluated expression threw.
type ThrownError struct{ Value Value }

func (e *ThrownError) Error() string { return e.Value.Text }

// Evaluate evaluates an expression in a frame of a paused worker, or globally with
// frame -1. What the expression throws is a *[ThrownError], and does not pause. When a
// breakpoint stops a worker that ran, the error is [ErrEvaluationStopped]: what is
// evaluated goes on with the worker, and nobody hears what came of it. Unless it is
// silent, it stands in the log with its result.
func (d *Debugger) Evaluate(ctx context.Context, id string, frame int, expression string, o EvaluateOptions) (Value, error) {
	t, err := d.c.find(id)
	if err != nil {
		return Value{}, err
	}
	if !o.Silent {
		if err := d.drive(); err != nil {
			return Value{}, err
		}
		d.c.update(func() { d.c.note(LogLine{Thread: id, Level: "input", Text: expression}) })
	}
	v, err := t.evaluateFor(ctx, frame, expression, o)
	if !o.Silent {
		t.touched()
		line := LogLine{Thread: id, Level: "result", Text: v.Text}
		if err != nil {
			line.Level, line.Text = "error", err.Error()
		}
		d.c.update(func() { d.c.note(line) })
	}
	return v, err
}

// evaluateFor evaluates for a driver or a watcher.
func (t *thread) evaluateFor(ctx context.Context, frame int, expression string, o EvaluateOptions) (Value, error) {
	p := t.current()
	at, err := frameOf(p, frame)
	if err != nil {
		return Value{}, err
	}
	params := map[string]any{"expression": expression, "silent": true, "objectGroup": "values"}
	if o.Silent {
		params["throwOnSideEffect"] = true
	}
	if o.Timeout > 0 {
		params["timeout"] = o.Timeout.Milliseconds()
	}
	if o.ByValue {
		params["returnByValue"] = true
	} else {
		params["generatePreview"] = true
	}
	method := runtime.Evaluate.Method
	switch {
	case at.id != "":
		method, params["callFrameId"] = debugger.EvaluateOnCallFrame.Method, at.id
	default:
		params["replMode"] = p == nil && !o.Silent
		params["awaitPromise"] = p == nil && o.Await
	}
	var r wireResult
	evaluating, end := t.untilStopped(ctx, p)
	err = t.session(evaluating, method, params, &r)
	end()
	if err != nil {
		if ctx.Err() == nil && errors.Is(context.Cause(evaluating), ErrEvaluationStopped) {
			return Value{}, ErrEvaluationStopped
		}
		return Value{}, wrap("evaluating", err)
	}
	if r.Exception != nil {
		return Value{}, &ThrownError{Value: thrownValue(r.Exception)}
	}
	v := valueOf(r.Result)
	if v.Class == "URL" && v.Object != "" {
		t.spell(ctx, &v)
	}
	if o.ByValue && r.Result != nil {
		v.JSON = r.Result.Value
	}
	return v, nil
}

// evaluatesOn is how long an evaluation that finds the worker paused may take: one that
// had not begun by then is answered in the pause.
const evaluatesOn = 300 * time.Millisecond

// untilStopped gives a context that ends when the worker stops at something new, p being
// what it is paused at: what is evaluated stopped with it. The func waits for the
// goroutine that looks.
func (t *thread) untilStopped(ctx context.Context, p *pause) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	var looking sync.WaitGroup
	looking.Go(func() {
		var late <-chan time.Time
		for {
			changed, now := t.stoppedAt()
			switch {
			case now == nil || now == p:
				late = nil
			case late == nil:
				late = time.After(evaluatesOn)
			}
			select {
			case <-changed:
			case <-late:
				cancel(ErrEvaluationStopped)
				return
			case <-ctx.Done():
				return
			}
		}
	})
	return ctx, func() { cancel(nil); looking.Wait() }
}

// stoppedAt is what the worker is paused at, and a channel closed at the next change.
func (t *thread) stoppedAt() (<-chan struct{}, *pause) {
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	return t.c.changed, t.pause
}

func thrownValue(x *wireException) Value {
	if x.Exception == nil {
		return Value{Type: "string", Text: x.Text}
	}
	v := valueOf(x.Exception)
	v.Text = firstLine(v.Text) // its stack is one of the expression
	return v
}

// frameOf is where to evaluate.
func frameOf(p *pause, frame int) (frameRef, error) {
	switch {
	case frame < 0:
		return frameRef{}, nil
	case p == nil:
		return frameRef{}, ErrNotPaused
	case frame >= len(p.frames):
		return frameRef{}, ErrNoFrame
	}
	return p.frames[frame], nil
}

// session is a command whose time the caller bounds.
func (t *thread) session(ctx context.Context, method string, params, result any) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(t.ctx, cancel)()
	err := t.held.Session.Call(ctx, method, params, result)
	if err != nil && t.ctx.Err() != nil {
		return errThreadGone
	}
	return err
}

// Properties lists those of an object, a scope's or a value's handle.
func (d *Debugger) Properties(ctx context.Context, id, object string) ([]Property, error) {
	t, err := d.c.find(id)
	if err != nil {
		return nil, err
	}
	var r struct {
		Result []struct {
			Name     string      `json:"name"`
			Value    *wireObject `json:"value"`
			Writable bool        `json:"writable"`
			Get      *wireObject `json:"get"`
			Set      *wireObject `json:"set"`
			Own      bool        `json:"isOwn"`
		} `json:"result"`
		Internal []struct {
			Name  string      `json:"name"`
			Value *wireObject `json:"value"`
		} `json:"internalProperties"`
		Exception *wireException `json:"exceptionDetails"`
	}
	err = t.callWith(ctx, runtime.GetProperties.Method, map[string]any{
		"objectId": object, "ownProperties": true, "generatePreview": true,
	}, &r)
	if err != nil {
		return nil, wrap("reading properties", err)
	}
	if r.Exception != nil {
		return nil, &ThrownError{Value: thrownValue(r.Exception)}
	}
	set := t.assigned(object)
	urls := 0
	var all []Property
	for _, p := range r.Result {
		out := Property{Name: p.Name, Writable: p.Writable, Own: p.Own}
		switch {
		case p.Get != nil && p.Get.Type == "function":
			out.Getter = true
			out.Value = Value{Type: "accessor", Text: "(…)"}
		case p.Value != nil:
			out.Value = valueOf(p.Value)
			if p.Value.Class == "URL" && urls < maxURLs {
				urls++
				t.spell(ctx, &out.Value)
			}
		default:
			out.Value = Value{Type: "undefined", Text: "not initialised"}
		}
		if v, ok := set[p.Name]; ok {
			out.Value = v
		}
		all = append(all, out)
	}
	for _, p := range r.Internal {
		if p.Value != nil {
			all = append(all, Property{Name: p.Name, Value: valueOf(p.Value), Internal: true})
		}
	}
	t.refresh(ctx, object, all)
	return all, nil
}

// maxURLs bounds the values of a list that are asked for more than their preview says.
const maxURLs = 20

// spell gives a URL's value its text, which no preview has.
func (t *thread) spell(ctx context.Context, v *Value) {
	var r wireResult
	err := t.callWith(ctx, runtime.CallFunctionOn.Method, map[string]any{
		"functionDeclaration": "function () { return this.href; }", "objectId": v.Object, "returnByValue": true, "silent": true, "throwOnSideEffect": true,
	}, &r)
	var href string
	if err == nil && r.Result != nil && json.Unmarshal(r.Result.Value, &href) == nil && href != "" {
		v.Text = "URL " + clip(href, longText)
	}
}

// assigned are the variables of a scope that were set during the pause: the browser's
// handle of a scope is a copy made before.
func (t *thread) assigned(object string) map[string]Value {
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	if t.pause == nil {
		return nil
	}
	return t.pause.set[object]
}

// Scripts lists the scripts of a worker, in the order in which they ran.
func (d *Debugger) Scripts(id string) []Script {
	d.c.mu.Lock()
	defer d.c.mu.Unlock()
	var all []Script
	for i := len(d.c.threads) - 1; i >= 0; i-- {
		t := d.c.threads[i]
		if t.target != id {
			continue
		}
		for _, s := range t.order {
			all = append(all, Script{ID: s.ScriptID, URL: s.URL, Module: s.Module, SourceMap: s.SourceMap, Lines: s.EndLine - s.StartLine + 1})
		}
		break
	}
	return all
}

// Source is the text of a script, by its id or URL.
func (d *Debugger) Source(ctx context.Context, id, script string) (string, error) {
	t, s, err := d.script(id, script)
	if err != nil {
		return "", err
	}
	var r struct {
		Source string `json:"scriptSource"`
	}
	err = t.callWith(ctx, debugger.GetScriptSource.Method, map[string]any{"scriptId": s.ScriptID}, &r)
	return r.Source, wrap("reading the source of "+s.URL, err)
}

func (d *Debugger) script(id, script string) (*thread, *script, error) {
	t, err := d.c.find(id)
	if err != nil {
		return nil, nil, err
	}
	s := t.byURL(script)
	if s == nil {
		return nil, nil, fmt.Errorf("debugger: the worker has no script %s", script)
	}
	return t, s, nil
}

// Places lists where in lines from…to of a script a breakpoint can stand.
func (d *Debugger) Places(ctx context.Context, id, script string, from, to int) ([]Place, error) {
	t, s, err := d.script(id, script)
	if err != nil {
		return nil, err
	}
	var r struct {
		Locations []wirePosition `json:"locations"`
	}
	err = t.callWith(ctx, debugger.GetPossibleBreakpoints.Method, map[string]any{
		"start": map[string]any{"scriptId": s.ScriptID, "lineNumber": max(from-1, 0)},
		"end":   map[string]any{"scriptId": s.ScriptID, "lineNumber": max(to, from)},
	}, &r)
	if err != nil {
		return nil, wrap("looking for places", err)
	}
	var all []Place
	for _, l := range r.Locations {
		all = append(all, Place{URL: s.URL, Line: l.Line + 1, Column: l.Column + 1})
	}
	return all, nil
}

// console takes what the worker says.
func (t *thread) console(e cdp.Event) {
	line := LogLine{Thread: t.target, Time: e.Time}
	if e.Method == runtime.ExceptionThrown.Method {
		p, ok := decode[struct {
			Details *wireException `json:"exceptionDetails"`
		}](e.Params)
		if !ok || p.Details == nil {
			return
		}
		line.Level, line.Text = "error", p.Details.Text
		if p.Details.Exception != nil {
			line.Text += " " + describe(p.Details.Exception)
		}
		line.URL, line.Line = p.Details.URL, p.Details.Line+1
	} else {
		p, ok := decode[struct {
			Type  string        `json:"type"`
			Args  []*wireObject `json:"args"`
			Stack *wireStack    `json:"stackTrace"`
		}](e.Params)
		if !ok {
			return
		}
		line.Level = map[string]string{"error": "error", "assert": "error", "warning": "warning"}[p.Type]
		if line.Level == "" {
			line.Level = "log"
		}
		for i, a := range p.Args {
			if i > 0 {
				line.Text += " "
			}
			line.Text += logText(a)
		}
		if p.Stack != nil && len(p.Stack.CallFrames) > 0 {
			line.URL, line.Line = p.Stack.CallFrames[0].URL, p.Stack.CallFrames[0].Line+1
		}
	}
	t.c.update(func() { t.c.note(line) })
}
