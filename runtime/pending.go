package runtime

import (
	"context"
	"errors"

	"github.com/swinspect/swinspect/runtime/fetch"
)

var errPending = errors.New("not built yet")

type jobQueueKey struct{}
type jobQueue struct{}
type pendingMessage struct{}

func (w *Worker) handles(string) bool   { return true }
func (e *Engine) workerChanged(*Worker) {}

// Party is who asks something of the engine: a *Client, or a *Worker (whose global
// it is); nil for the user agent itself.
type Party interface{ party() }

func (c *Client) party() {}
func (w *Worker) party() {}

// RegisterOptions are the arguments of Start Register. A URL that could not be
// parsed is told by its *Err flag.
type RegisterOptions struct {
	ScriptURL      *fetch.URL // nil: failure
	Scope          *fetch.URL // nil: the default
	ScopeFailed    bool       // a scope was given and could not be parsed
	Type           string     // "classic" or "module"
	UpdateViaCache string     // "imports", "all" or "none"
	Referrer       *fetch.URL // nil: the client's creation URL
}

// StartRegister is Start Register: it schedules a register job and returns. settle
// is called once, with the engine's lock held, when the job's promise settles: it
// must only queue a task (that is how the promise keeps its place before the
// events that follow it), and may call Snapshot and State.
func (e *Engine) StartRegister(c *Client, o RegisterOptions, settle func(*Registration, error)) {}

// Register is StartRegister for a caller that waits.
func (e *Engine) Register(ctx context.Context, c *Client, scriptURL, scope *fetch.URL, workerType, updateViaCache string, referrer *fetch.URL) (*Registration, error) {
	return nil, errPending
}

// StartUpdate is ServiceWorkerRegistration.update(); settle is as StartRegister's.
func (e *Engine) StartUpdate(from Party, r *Registration, settle func(*Registration, error)) {}

// Update is StartUpdate for a caller that waits.
func (e *Engine) Update(ctx context.Context, from Party, r *Registration) error { return errPending }

// StartUnregister is ServiceWorkerRegistration.unregister(); settle is as StartRegister's.
func (e *Engine) StartUnregister(from Party, r *Registration, settle func(bool, error)) {}

// Unregister is StartUnregister for a caller that waits.
func (e *Engine) Unregister(ctx context.Context, from Party, r *Registration) (bool, error) {
	return false, errPending
}

// GetRegistration is Match Service Worker Registration; nil for none. It does not block.
func (e *Engine) GetRegistration(storageKey string, u *fetch.URL) *Registration { return nil }

// GetRegistrations are the registrations of a storage key, in the order of the
// registration map. It does not block.
func (e *Engine) GetRegistrations(storageKey string) []*Registration { return nil }

// SkipWaiting is ServiceWorkerGlobalScope.skipWaiting(); it blocks until Try Activate is through.
func (e *Engine) SkipWaiting(ctx context.Context, w *Worker) {}

// Claim is Clients.claim(). It does not block.
func (e *Engine) Claim(w *Worker) error { return errPending }

// MatchClients is Clients.matchAll(), in its order. It does not block.
func (e *Engine) MatchClients(w *Worker, o MatchOptions) []ClientView { return nil }

// GetClient is Clients.get(); nil for none. It blocks while the client is being made.
func (e *Engine) GetClient(ctx context.Context, w *Worker, id string) (*ClientView, error) {
	return nil, errPending
}

// OpenWindow is Clients.openWindow(); nil for a window of another origin. It blocks.
func (e *Engine) OpenWindow(ctx context.Context, w *Worker, u *fetch.URL) (*ClientView, error) {
	return nil, errPending
}

// FocusClient is WindowClient.focus(). It blocks.
func (e *Engine) FocusClient(ctx context.Context, w *Worker, c *Client) (*ClientView, error) {
	return nil, errPending
}

// NavigateClient is WindowClient.navigate(); nil for a document of another origin. It blocks.
func (e *Engine) NavigateClient(ctx context.Context, w *Worker, c *Client, u *fetch.URL) (*ClientView, error) {
	return nil, errPending
}

// View is a client as a service worker sees it: the source of a message. It does not block.
func (c *Client) View() ClientView { return ClientView{} }

// PostToWorker is ServiceWorker.postMessage() after serialisation: m.Source is set
// by the engine. It does not block; messages of one worker keep their order.
func (e *Engine) PostToWorker(from Party, w *Worker, m Message) {}

// PostToClient is Client.postMessage() after serialisation. It does not block.
func (e *Engine) PostToClient(from *Worker, c *Client, m Message) {}

// NewClient adds a client. It does not block, nor do the client's own methods.
func (e *Engine) NewClient(o ClientOptions) *Client { return nil }

// ClientByID is nil for a client that is not there (any more).
func (e *Engine) ClientByID(id string) *Client { return nil }

// SetEnvironment gives a reserved client its environment settings object.
func (c *Client) SetEnvironment(env Environment) {}

// ExecutionReady sets the execution ready flag.
func (c *Client) ExecutionReady() {}

// Discard is Handle Service Worker Client Unload and the environment discarding steps.
func (c *Client) Discard() {}

// SetURL sets the creation URL (a redirected navigation, history.pushState).
func (c *Client) SetURL(u *fetch.URL) {}

// SetController sets the active service worker without events: nil for none.
func (c *Client) SetController(w *Worker) {}

// SetVisibility sets the visibility state: "visible" or "hidden".
func (c *Client) SetVisibility(state string) {}

// SetFocus says whether the client's document has focus.
func (c *Client) SetFocus(focused bool) {}

// HandleFetch is Handle Fetch: fetch.Fetcher's hook of that name. nil means that
// the network answers. It blocks.
func (e *Engine) HandleFetch(ctx context.Context, r *fetch.Request, env fetch.Client) *fetch.Response {
	return nil
}

// FireFunctionalEvent is Fire Functional Event: it blocks until the event's
// lifetime promises have settled. ev.ID is set by the engine.
func (e *Engine) FireFunctionalEvent(ctx context.Context, r *Registration, ev Event) (EventResult, error) {
	return EventResult{}, errPending
}

// DispatchPush, DispatchSync, DispatchPeriodicSync and DispatchNotification fire
// the functional events of those standards; each blocks until the event is over.
func (e *Engine) DispatchPush(ctx context.Context, r *Registration, data []byte) error {
	return errPending
}

// DispatchSync fires sync; see DispatchPush.
func (e *Engine) DispatchSync(ctx context.Context, r *Registration, tag string, lastChance bool) error {
	return errPending
}

// DispatchPeriodicSync fires periodicsync; see DispatchPush.
func (e *Engine) DispatchPeriodicSync(ctx context.Context, r *Registration, tag string) error {
	return errPending
}

// DispatchNotification fires notificationclick, or notificationclose with closed; see DispatchPush.
func (e *Engine) DispatchNotification(ctx context.Context, r *Registration, notification any, action string, closed bool) error {
	return errPending
}

// SoftUpdate is Soft Update: it schedules an update job and returns.
func (e *Engine) SoftUpdate(r *Registration, forceBypassCache bool) {}

// SetForceUpdateOnPageLoad is CDP's command: every navigation first updates, installs
// anew even a byte-identical worker, and activates it.
func (e *Engine) SetForceUpdateOnPageLoad(on bool) {}

// StartWorker runs a worker (CDP's startWorker). It blocks.
func (e *Engine) StartWorker(ctx context.Context, w *Worker, cause string) error { return errPending }

// StopWorker terminates a worker and waits until it has ended. It blocks.
func (e *Engine) StopWorker(ctx context.Context, w *Worker, reason error) error { return errPending }

// StopAll stops every worker. It blocks.
func (e *Engine) StopAll(ctx context.Context, reason error) {}

// RegistrationByID is nil for none; so are the others.
func (e *Engine) RegistrationByID(id string) *Registration { return nil }

// RegistrationByScope finds a registration by its serialised scope, in any storage
// key, the first-party one before others.
func (e *Engine) RegistrationByScope(scope string) *Registration { return nil }

// WorkerByID is the worker of that id that is not gone.
func (e *Engine) WorkerByID(id string) *Worker { return nil }

// Registrations, Workers and Clients are everything there is, by age.
func (e *Engine) Registrations() []RegistrationInfo { return nil }

// Workers are the workers that are not gone.
func (e *Engine) Workers() []WorkerInfo { return nil }

// Clients are the clients that are not gone.
func (e *Engine) Clients() []ClientInfo { return nil }

// Close terminates every worker and waits for all goroutines of the engine.
func (e *Engine) Close() {}

// Shutdown is Handle User Agent Shutdown, then Close.
func (e *Engine) Shutdown(ctx context.Context) {}

// ImportScript is importScripts' fetch of one script, by the rules of the script
// resource map; the error is a *Exception (NetworkError). It blocks the caller: for
// the worker's own agent, that is what importScripts does.
func (w *Worker) ImportScript(ctx context.Context, u *fetch.URL) (*Script, error) {
	return nil, errPending
}

// FetchModule fetches one module of a module worker's graph, as ImportScript does;
// the top-level one is Script.
func (w *Worker) FetchModule(ctx context.Context, u *fetch.URL) (*Script, error) {
	return nil, errPending
}

// Hold keeps the worker from being stopped when idle, until release is called: a
// debugger is attached. It does not block.
func (w *Worker) Hold() (release func()) { return func() {} }

// SetNavigationPreload is NavigationPreloadManager's enable and disable. The error
// is a *Exception (InvalidStateError). It does not block.
func (r *Registration) SetNavigationPreload(enabled bool) error { return nil }

// SetNavigationPreloadHeader is NavigationPreloadManager's setHeaderValue.
func (r *Registration) SetNavigationPreloadHeader(value string) error { return nil }
