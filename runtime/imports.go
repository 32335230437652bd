package runtime

import (
	"context"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// ImportScript is importScripts' fetch of one script, by the rules of the script
// resource map; the error is a *Exception (NetworkError). It blocks the caller: for
// the worker's own agent, that is what importScripts does.
func (w *Worker) ImportScript(ctx context.Context, u *fetch.URL) (*Script, error) {
	return w.importFrom(ctx, u, "classic")
}

// FetchModule fetches one module of a module worker's graph, as ImportScript does
// (DIVERGES: the specification fetches the graph in Update, and again at each
// start from memory; so does this, but at the first start). The top-level script is
// answered from memory like any other.
func (w *Worker) FetchModule(ctx context.Context, u *fetch.URL) (*Script, error) {
	return w.importFrom(ctx, u, "module")
}

func (w *Worker) importFrom(ctx context.Context, u *fetch.URL, kind string) (*Script, error) {
	e := w.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	// ServiceWorkerGlobalScope.importScripts() 2 and 3
	key := u.WithoutFragment()
	stored := w.resources.get(key)
	state := w.State()
	// ServiceWorkerGlobalScope.importScripts() 4: after installation nothing new.
	if state != StateParsed && state != StateInstalling {
		return e.imported(w, key, stored, "4.1")
	}
	// ServiceWorkerGlobalScope.importScripts() 5
	if stored != nil {
		w.used[key] = struct{}{}
		return e.imported(w, key, stored, "5.2")
	}
	// ServiceWorkerGlobalScope.importScripts() 6 to 8
	r := w.registration
	request := importRequest(withoutFragment(u), kind)
	if r.updateViaCache == "none" || w.run != nil && w.run.forced || e.stale(r) {
		request.Cache = "no-cache"
	}
	// ServiceWorkerGlobalScope.importScripts() 9
	script, response := e.fetchScript(ctx, request, e.workerClient(w))
	// ServiceWorkerGlobalScope.importScripts() 10
	e.checked(r, response)
	// ServiceWorkerGlobalScope.importScripts() 11
	if script.bad != nil {
		return e.imported(w, key, script, "11")
	}
	// ServiceWorkerGlobalScope.importScripts() 12 to 14
	w.resources.set(key, script)
	w.used[key] = struct{}{}
	if kind == "classic" {
		w.imported = true
	}
	// ServiceWorkerGlobalScope.importScripts() 15
	return e.imported(w, key, script, "15")
}

// imported answers an import from s; nil or a bad one is a NetworkError.
func (e *Engine) imported(w *Worker, u string, s *Script, step string) (*Script, error) {
	details := map[string]string{"url": u}
	var why string
	switch {
	case s == nil:
		why = "it was not imported while the worker was installed"
	case s.bad != nil:
		why = s.bad.Error()
	default:
		e.trace(traceEvent{algorithm: "ServiceWorkerGlobalScope.importScripts()", step: step, worker: w, parent: w.story, decision: "the script was imported", verdict: "imported", details: details})
		return s, nil
	}
	e.trace(traceEvent{algorithm: "ServiceWorkerGlobalScope.importScripts()", step: step, worker: w, parent: w.story, decision: "the script cannot be imported: " + why, verdict: "import-failed", details: details})
	return nil, &Exception{Name: "NetworkError", Message: "Failed to execute 'importScripts' on 'WorkerGlobalScope': The script at '" + u + "' failed to load: " + why + "."}
}

// workerClient is as whom a worker fetches: as its agent says, or by its URL.
func (e *Engine) workerClient(w *Worker) fetch.Client {
	if w.run != nil {
		if agent, ok := w.run.agent.(interface{ FetchClient() fetch.Client }); ok {
			var env fetch.Client
			e.await(func() { env = agent.FetchClient() })
			return env
		}
	}
	origin := w.scriptURL.Origin()
	return fetch.Client{Origin: origin, BaseURL: w.scriptURL, CreationURL: w.scriptURL, StorageKey: w.registration.storageKey, Secure: w.scriptURL.Scheme() == "https"}
}

// ModuleRecord is a parsed module, as Is Async Module looks at it.
type ModuleRecord interface {
	// Async reports a top-level await.
	Async() bool
	// Requested are the URLs of the modules it asks for, resolved.
	Requested() []string
}

// IsAsyncModule is Is Async Module: whether a module, or one that it needs, has a
// top-level await. moduleMap answers nil for a URL that has no record.
func IsAsyncModule(record ModuleRecord, moduleMap func(url string) ModuleRecord) bool {
	return isAsyncModule(record, moduleMap, map[string]struct{}{})
}

func isAsyncModule(record ModuleRecord, moduleMap func(string) ModuleRecord, seen map[string]struct{}) bool {
	// Is Async Module 1
	if record == nil {
		return false
	}
	// Is Async Module 2
	if record.Async() {
		return true
	}
	// Is Async Module 3
	for _, u := range record.Requested() {
		if _, again := seen[u]; again {
			continue
		}
		// Is Async Module 3.3
		seen[u] = struct{}{}
		next := moduleMap(u)
		if next == nil {
			return false
		}
		if isAsyncModule(next, moduleMap, seen) {
			return true
		}
	}
	// Is Async Module 4
	return false
}
