package serviceworker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
)

// evaluateModule fetches and links the worker's module graph, off the loop, and
// runs it.
func (a *Agent) evaluateModule(ctx context.Context) error {
	graph := modules{agent: a}
	program, err := a.script.CompileModule(ctx, a.worker.ScriptURL().String(), graph.load)
	state, registration := a.worker.State(), a.worker.Registration().Snapshot()
	var failure error
	done := a.script.Do(ctx, "run the service worker", func() {
		a.environment.o.own.begin(a.worker, state, registration)
		switch {
		case err != nil:
			failure = a.linkFailure(err)
		default:
			graph.tell()
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

// modules are the scripts of a graph while it is fetched.
type modules struct {
	agent *Agent
	mu    sync.Mutex
	texts []script.Source
}

// load is a script.ModuleLoader.
func (m *modules) load(ctx context.Context, url string) ([]byte, string, error) {
	source, final, err := m.agent.loadModule(ctx, url)
	if err == nil {
		m.mu.Lock()
		m.texts = append(m.texts, script.Source{URL: final, Text: func() string { return string(source) }, Module: true})
		m.mu.Unlock()
	}
	return source, final, err
}

// tell names the modules that are about to run, the top-level one first.
func (m *modules) tell() {
	top := m.agent.worker.ScriptURL().String()
	slices.SortStableFunc(m.texts, func(a, b script.Source) int {
		switch {
		case a.URL == b.URL:
			return 0
		case a.URL == top:
			return -1
		case b.URL == top:
			return 1
		}
		return strings.Compare(a.URL, b.URL)
	})
	for _, s := range m.texts {
		m.agent.realm.Source(s)
	}
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
