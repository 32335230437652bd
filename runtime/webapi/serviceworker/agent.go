package serviceworker

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/workerscope"
)

// Options start a service worker's agent.
type Options struct {
	Worker *runtime.Worker
	// Script are the agent's own: clock, chance, limits.
	Script script.Options
	// Settings are the environment's: Engine, Fetch, Caches, UserAgent, Online,
	// Console and the like. NewAgent fills in what follows from the worker: Kind,
	// ID, URLs, Origin, StorageKey, Secure, Worker.
	Settings env.Settings
	// FetchClient is the environment as the fetch algorithm sees it; of the settings
	// alone when nil.
	FetchClient func() fetch.Client
	// Uncaught is told, on the loop, of exceptions and rejections nobody handled.
	Uncaught func(*workerscope.Uncaught)
	// Prepare, when set, runs on the loop when the realm is complete and no script
	// has run: a debugger's hook.
	Prepare func(r *idl.Realm)
	// Began, when set, is told of each event (a runtime.Event or runtime.FetchEvent) that
	// is about to be dispatched, on the dispatcher's goroutine.
	Began func(event any)
}

// Agent is a running service worker: the runtime.WorkerAgent over a script.Agent.
//
// Its goroutines are the script.Agent's. Its methods may be called from anywhere;
// those that wait must not be called on the loop.
type Agent struct {
	environment
	script  *script.Agent
	options Options
	worker  *runtime.Worker

	// Of the loop.
	realm    *idl.Realm
	global   *global
	extended map[*fetchDispatch]struct{} // events that answered and go on
	// functionSource is Function.prototype.toString as it was before any script.
	functionSource goja.Callable

	// listened are the events that the script's evaluation left listeners for.
	listened atomic.Pointer[map[string]bool]
}

var _ runtime.WorkerAgent = (*Agent)(nil)

// NewAgent starts the agent and makes realm and global (Run Service Worker 3 to
// 9): it runs no script yet.
func NewAgent(ctx context.Context, o Options) (*Agent, error) {
	a := &Agent{options: o, worker: o.Worker, extended: map[*fetchDispatch]struct{}{}}
	if o.Script.Name == "" {
		o.Script.Name = o.Worker.ScriptURL().String()
	}
	a.script = script.New(o.Script)
	if err := a.script.Do(ctx, "set up", func() { a.setUp() }); err != nil {
		a.script.Terminate(err)
		<-a.script.Done()
		return nil, err
	}
	return a, nil
}

// setUp is Setup ServiceWorkerGlobalScope.
func (a *Agent) setUp() {
	w := a.worker
	s := a.options.Settings
	u := w.ScriptURL()
	s.Kind, s.Secure, s.Worker = env.ServiceWorker, true, w
	s.Origin, s.StorageKey = u.Origin(), w.Registration().StorageKey()
	if s.ID == "" {
		s.ID = "worker-" + w.ID()
	}
	s.CreationURL, s.BaseURL = w.ScriptURL, w.ScriptURL
	s.Fetch = a.raced(s.Fetch)
	realm := a.script.NewRealm(nil)
	env.Attach(realm, &s)
	a.realm = idl.Of(realm)
	a.environment = environment{objectsOf(a.realm)}
	a.global = &global{concept: w}
	a.environment.o.own.begin(w, w.State(), w.Registration().Snapshot())
	a.global.Uncaught = a.options.Uncaught
	a.global.ImportScripts = a.importScripts
	a.realm.SetValue(globalKey{}, a.global)
	a.realm.OnDestroy(a.closeExtended)
	function := a.script.Runtime().Get("Function").(*goja.Object).Get("prototype").(*goja.Object)
	a.functionSource, _ = goja.AssertFunction(function.Get("toString"))
	Install(a.realm, a.global)
	a.global.OnListener = func(event string) { a.global.late(event, a.warn) }
	if a.options.Prepare != nil {
		a.options.Prepare(a.realm)
	}
}

// FetchClient is what the worker's own fetches, those of importScripts included,
// are made as.
func (a *Agent) FetchClient() fetch.Client {
	if a.options.FetchClient != nil {
		return a.options.FetchClient()
	}
	u := a.worker.ScriptURL()
	return fetch.Client{
		ID: "worker-" + a.worker.ID(), Origin: u.Origin(), BaseURL: u, CreationURL: u, Secure: true,
		StorageKey: a.worker.Registration().StorageKey(),
	}
}

// raced makes fetch(event.request) find the response of the race between network
// and fetch handler.
func (a *Agent) raced(perform func(context.Context, *fetch.Request) *fetch.Response) func(context.Context, *fetch.Request) *fetch.Response {
	engine := a.options.Settings.Engine
	return func(ctx context.Context, r *fetch.Request) *fetch.Response {
		if r.ID != "" {
			if response := engine.LookupRaceResponse(ctx, a.worker, r.ID); response != nil {
				return response
			}
			r.ID = ""
		}
		return perform(ctx, r)
	}
}

// warn writes to the worker's console.
func (a *Agent) warn(message string) {
	if console := env.Of(a.realm.Realm).Console; console != nil {
		console("warning", []goja.Value{a.realm.Runtime().ToValue(message)})
	}
}

// closeExtended ends the events that went on when the agent ended.
func (a *Agent) closeExtended() {
	for d := range a.extended {
		close(d.extended)
	}
	clear(a.extended)
}

// Listens is of runtime.WorkerAgent. Of the script's first evaluation it knows the
// answer: a task of its own would wait behind those the script has queued.
func (a *Agent) Listens(event string) bool {
	if known := a.listened.Load(); known != nil {
		return (*known)[event]
	}
	listens := false
	_ = a.script.Do(context.Background(), "listeners", func() { listens = a.global.Listens(event) })
	return listens
}

// evaluated is told that the script has run.
func (a *Agent) evaluated() {
	a.global.evaluated = true
	events := a.global.ListenedTo()
	a.listened.Store(&events)
}

// Terminate is of runtime.WorkerAgent.
func (a *Agent) Terminate(reason error) { a.script.Terminate(reason) }

// Done is of runtime.WorkerAgent.
func (a *Agent) Done() <-chan struct{} { return a.script.Done() }

// Err is of runtime.WorkerAgent.
func (a *Agent) Err() error {
	err := a.script.Err()
	var slow *script.TaskTimeoutError
	if errors.As(err, &slow) {
		return &runtime.TimeoutError{What: slow.Source, Limit: slow.Limit.String(), CPU: true}
	}
	return err
}

// terminated is the error of what the end of the agent cut off.
func (a *Agent) terminated() error { return &runtime.TerminatedError{Reason: a.Err()} }

// Script is the agent's loop, for debuggers.
func (a *Agent) Script() *script.Agent { return a.script }

// Realm is the worker's realm; of the loop.
func (a *Agent) Realm() *idl.Realm { return a.realm }
