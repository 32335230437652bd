package debugger

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/runtime"
)

// touched notes that something was evaluated during a pause that may have changed
// variables: the browser's handles of scopes are copies made before.
func (t *thread) touched() {
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	if t.pause != nil {
		t.pause.touched = true
	}
}

// copiedScopes are the types of scopes of which the handle is a copy.
var copiedScopes = []string{"local", "block", "catch", "closure", "module", "script"}

// scopeOf finds the scope that a handle is of, in a pause that was touched: its frame,
// and the handles of the scopes inside it.
func (t *thread) scopeOf(object string) (frame string, inner []string, ok bool) {
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	if t.pause == nil || !t.pause.touched {
		return "", nil, false
	}
	for i, f := range t.pause.frames {
		j := slices.Index(f.scopes, object)
		if j < 0 || f.id == "" || i >= len(t.pause.shown.Frames) {
			continue
		}
		scopes := t.pause.shown.Frames[i].Scopes
		return f.id, f.scopes[:j], j < len(scopes) && slices.Contains(copiedScopes, scopes[j].Type)
	}
	return "", nil, false
}

var variableName = regexp.MustCompile(`^[\p{L}_$][\p{L}\p{N}_$]*$`)

// maxFresh bounds how many variables are read anew.
const maxFresh = 500

// refresh gives the variables of a scope the values that they have by now. Those that a
// scope inside hides cannot be read and stay as they were.
func (t *thread) refresh(ctx context.Context, object string, all []Property) {
	frame, inner, ok := t.scopeOf(object)
	if !ok || len(all) > maxFresh {
		return
	}
	hidden := map[string]bool{"this": true, "arguments": true, "__proto__": true}
	for _, handle := range inner {
		for _, name := range t.namesOf(ctx, handle) {
			hidden[name] = true
		}
	}
	var b strings.Builder
	b.WriteString("(() => { const swinspect$fresh = {};")
	for _, p := range all {
		if !p.Internal && !p.Getter && !hidden[p.Name] && variableName.MatchString(p.Name) {
			b.WriteString(" try { swinspect$fresh." + p.Name + " = " + p.Name + "; } catch {}") // not initialised yet
		}
	}
	b.WriteString(" return swinspect$fresh; })()")
	r, err := t.inFrameWith(ctx, frame, b.String(), map[string]any{"silent": true, "objectGroup": "values"})
	if err != nil || r.Exception != nil || r.Result.ObjectID == "" {
		return // the values of before are better than none
	}
	fresh := t.valuesOf(ctx, r.Result.ObjectID)
	for i := range all {
		if v, ok := fresh[all[i].Name]; ok && !all[i].Internal {
			all[i].Value = v
		}
	}
}

// namesOf are the names of an object's own properties.
func (t *thread) namesOf(ctx context.Context, object string) []string {
	var r wireResult
	err := t.callWith(ctx, runtime.CallFunctionOn.Method, map[string]any{
		"functionDeclaration": "function () { return Object.getOwnPropertyNames(this); }", "objectId": object, "returnByValue": true, "silent": true,
	}, &r)
	var names []string
	if err != nil || r.Result == nil || json.Unmarshal(r.Result.Value, &names) != nil {
		return nil
	}
	return names
}

// valuesOf are the values of an object's own properties.
func (t *thread) valuesOf(ctx context.Context, object string) map[string]Value {
	var r struct {
		Result []struct {
			Name  string      `json:"name"`
			Value *wireObject `json:"value"`
		} `json:"result"`
	}
	err := t.callWith(ctx, runtime.GetProperties.Method, map[string]any{"objectId": object, "ownProperties": true, "generatePreview": true}, &r)
	if err != nil {
		return nil
	}
	all := map[string]Value{}
	for _, p := range r.Result {
		if p.Value != nil {
			all[p.Name] = valueOf(p.Value)
		}
	}
	return all
}
