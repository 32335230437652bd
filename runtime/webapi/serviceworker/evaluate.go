package serviceworker

import (
	"context"
	"fmt"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Evaluate is of runtime.WorkerAgent: Run Service Worker's evaluation of the
// script, whose abrupt completion is reported and returned.
func (a *Agent) Evaluate(ctx context.Context) error {
	if a.worker.Type() == "module" {
		return a.evaluateModule(ctx)
	}
	state, registration := a.worker.State(), a.worker.Registration().Snapshot()
	var failure error
	err := a.script.Do(ctx, "run the service worker", func() {
		a.environment.o.own.begin(a.worker, state, registration)
		failure = a.runClassic()
		a.evaluated()
	})
	if err != nil {
		return a.cutOff(err)
	}
	return failure
}

// cutOff says what an evaluation that did not come to its end came to.
func (a *Agent) cutOff(err error) error {
	if a.script.Err() != nil {
		return a.terminated()
	}
	return err
}

// runClassic compiles and runs the script resource.
func (a *Agent) runClassic() error {
	source := a.worker.Script()
	if source == nil {
		return &runtime.ScriptError{Name: "NetworkError", Message: "the script was not fetched"}
	}
	program, err := a.script.Compile(a.worker.ScriptURL().String(), source.Source)
	if err == nil {
		a.realm.Source(script.Source{URL: a.worker.ScriptURL().String(), Text: text(source)})
		_, err = a.script.Run(program)
	}
	if err != nil {
		return scriptError(a.realm.ReportError(err))
	}
	return nil
}

// text is the text of a script resource, which is kept once.
func text(s *runtime.Script) func() string { return func() string { return string(s.Source) } }

// importScripts is ServiceWorkerGlobalScope's: every URL is parsed before the first
// script is fetched, and each runs before the next is fetched.
//
// Source: https://html.spec.whatwg.org/#import-scripts-into-worker-global-scope
func (a *Agent) importScripts(c *idl.Call, urls []string) {
	if a.worker.Type() == "module" {
		panic(c.Fail("Module scripts don't support importScripts()."))
	}
	parsed := make([]*fetch.URL, len(urls))
	for i, input := range urls {
		u, err := fetch.ParseURL(input, a.global.Settings().BaseURL())
		if err != nil {
			panic(c.Exception("SyntaxError", "The URL '%s' is invalid.", input))
		}
		parsed[i] = u
	}
	for _, u := range parsed {
		a.importScript(c, u)
	}
}

func (a *Agent) importScript(c *idl.Call, u *fetch.URL) {
	var source *runtime.Script
	var err error
	a.blocking(func(ctx context.Context) { source, err = a.worker.ImportScript(ctx, u) })
	if err != nil {
		// The engine knows which step refused; a script sees a NetworkError.
		panic(c.Exception("NetworkError", "The script at '%s' failed to load.", u))
	}
	program, err := a.script.Compile(u.String(), source.Source)
	if err == nil {
		a.realm.Source(script.Source{URL: u.String(), Text: text(source)})
		_, err = a.script.Run(program)
	}
	if err == nil {
		return
	}
	// Import scripts into worker global scope 5: an exception goes on to the caller,
	// but that of a script whose errors are muted says nothing.
	if source.Muted {
		panic(idl.DOMError(c.Realm, "NetworkError", "Script error."))
	}
	e := a.script.Describe(err)
	if e.Value == nil {
		panic(placed(c.Realm, e))
	}
	panic(e.Value)
}

// placed is the error of a script that does not parse: its place is in that script.
func placed(r *idl.Realm, e *script.Exception) goja.Value {
	v := idl.NativeError(r, e.Name, e.Message)
	if o, ok := v.(*goja.Object); ok && e.Line > 0 {
		stack := fmt.Sprintf("%s\n\tat %s:%d:%d(0)\n", e.Error(), e.URL, e.Line, e.Column)
		_ = o.DefineDataProperty("stack", r.Runtime().ToValue(stack), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	}
	return v
}

// blocking holds up the loop while f waits for the engine.
func (a *Agent) blocking(f func(ctx context.Context)) {
	a.script.Blocking(func() { f(a.script.Context()) })
}
