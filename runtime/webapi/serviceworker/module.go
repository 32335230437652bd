package serviceworker

import (
	"context"
	"errors"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
)

// evaluateModule fetches and links the worker's module graph, off the loop, and
// runs it.
func (a *Agent) evaluateModule(ctx context.Context) error {
	program, err := script.CompileModule(ctx, a.worker.ScriptURL().String(), a.loadModule)
	state, registration := a.worker.State(), a.worker.Registration().Snapshot()
	var failure error
	done := a.script.Do(ctx, "run the service worker", func() {
		a.environment.o.own.begin(a.worker, state, registration)
		switch {
		case err != nil:
			failure = a.linkFailure(err)
		default:
			if _, err := a.script.Run(program); err != nil {
				failure = scriptError(a.realm.ReportError(err))
			}
		}
		a.evaluated()
	})
	if done != nil {
		return a.cutOff(done)
	}
	return failure
}

// loadModule fetches one module: the top-level one is the worker's script.
func (a *Agent) loadModule(ctx context.Context, url string) ([]byte, string, error) {
	source := a.worker.Script()
	if source == nil || url != a.worker.ScriptURL().String() {
		u, err := fetch.ParseURL(url, nil)
		if err != nil {
			return nil, "", err
		}
		if source, err = a.worker.FetchModule(ctx, u); err != nil {
			return nil, "", err
		}
	}
	final := source.Final
	if final == nil {
		final = source.URL
	}
	if final == nil {
		return source.Source, url, nil
	}
	return source.Source, final.String(), nil
}

// linkFailure is what a graph that could not be made throws. What was thrown while
// it was compiled is reported like any exception of the script.
func (a *Agent) linkFailure(err error) error {
	var syntax *goja.CompilerSyntaxError
	if errors.As(err, &syntax) {
		return scriptError(a.realm.ReportError(err))
	}
	return &runtime.ScriptError{Name: "TypeError", Message: err.Error(), URL: a.worker.ScriptURL().String()}
}
