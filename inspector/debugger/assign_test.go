package debugger

import (
	"errors"
	"strings"
	"testing"
)

// What is set is a variable of the scope that can be changed, or it is said why not.
func TestSetVariable(t *testing.T) {
	everyBackend(t, func(t *testing.T, name string) {
		w := newWorld(t, name, worker, "fetch:/api/*")
		w.js(control)
		done := w.begin(`fetch('/api/x').then((r) => r.text())`)
		p := w.paused(0)
		refused := func(scope int, variable string, parts ...string) {
			t.Helper()
			_, err := w.d.SetVariable(w.ctx(), p.ID, 0, scope, variable, "'q'")
			if _, ok := errors.AsType[*AssignError](err); !ok {
				t.Fatalf("%s was set, or not for what it is: %v", variable, err)
			}
			for _, part := range parts {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%v: not %q", err, part)
				}
			}
		}
		scopes := p.Pause.Frames[0].Scopes
		refused(0, "nosuch", "there is no variable nosuch in this scope: ", "url")
		refused(len(scopes)-1, "nosuch", "there is no variable nosuch in the global scope")
		for i, s := range scopes {
			if s.Type != "script" {
				continue
			}
			// A browser may change a const; then it is changed.
			_, err := w.d.SetVariable(w.ctx(), p.ID, 0, i, "VERSION", "'q'")
			now, _ := w.d.Evaluate(w.ctx(), p.ID, 0, "VERSION", EvaluateOptions{})
			if err == nil && now.Text != "'q'" || err != nil && (now.Text != "1" || err.Error() != "debugger: VERSION is a const and cannot be set here") {
				t.Errorf("setting a const: %v, and it is %s", err, now.Text)
			}
		}
		if _, err := w.d.SetVariable(w.ctx(), p.ID, 0, len(scopes)-1, "onerror", "null"); err != nil {
			t.Errorf("a property of the global object: %v", err)
		}
		w.resume(p)
		_ = done()
	})
}
