package runtime

import (
	"context"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// State is the state of a service worker.
type State string

// The states, in the order in which a worker passes through them.
const (
	StateParsed     State = "parsed"
	StateInstalling State = "installing"
	StateInstalled  State = "installed"
	StateActivating State = "activating"
	StateActivated  State = "activated"
	StateRedundant  State = "redundant"
)

// Slot is where a registration holds a worker.
type Slot string

// The slots of a registration.
const (
	SlotInstalling Slot = "installing"
	SlotWaiting    Slot = "waiting"
	SlotActive     Slot = "active"
)

// ClientType is a service worker client's type.
type ClientType string

// The types of client.
const (
	ClientWindow       ClientType = "window"
	ClientWorker       ClientType = "worker"
	ClientSharedWorker ClientType = "sharedworker"
)

// Environment is an environment settings object as the engine sees it: a
// document or a worker of any kind. Every method queues a task on the
// environment's agent and returns at once; an environment whose agent has ended
// ignores it. Attributes of the JavaScript objects change in that task and in no
// other way, as the specification has it.
type Environment interface {
	// UpdateRegistration sets the attribute of every ServiceWorkerRegistration
	// object of r; w is nil for null.
	UpdateRegistration(r *Registration, slot Slot, w *Worker)
	// UpdateWorkerState sets state on the ServiceWorker object of w, when there is
	// one, and fires statechange at it.
	UpdateWorkerState(w *Worker, state State)
	// FireUpdateFound fires updatefound at the ServiceWorkerRegistration object of r.
	FireUpdateFound(r *Registration)
	// SetController sets what navigator.serviceWorker.controller answers; with
	// notify it then fires controllerchange (Notify Controller Change).
	SetController(w *Worker, notify bool)
	// Ready settles the ready promise with r, when somebody asked for it.
	Ready(r *Registration)
	// PostMessage delivers a message: to a client at its ServiceWorkerContainer
	// (through the client message queue), to a service worker as an
	// ExtendableMessageEvent.
	PostMessage(m Message)
}

// Message is a postMessage on its way: Data is the serialised value, opaque to
// the engine (runtime/webapi/messaging makes and reads it).
type Message struct {
	Data   any
	Origin string
	// Source is who sent it: a *Worker or a *Client.
	Source any
}

// Agents starts what runs scripts.
type Agents interface {
	// StartWorker makes the agent, realm and global scope of w (Setup
	// ServiceWorkerGlobalScope 8), without running anything. cause says why, for traces.
	StartWorker(ctx context.Context, w *Worker, cause string) (WorkerAgent, error)
	// OpenWindow is clients.openWindow(): a new top-level browsing context at u.
	// It returns the client that resulted, or nil when it ended up cross-origin.
	OpenWindow(ctx context.Context, opener *Worker, u *fetch.URL) (*Client, error)
}

// WorkerAgent is a running service worker. Its methods block until the agent has
// done what they say or has ended (*TerminatedError); none is called with the
// engine's lock held.
type WorkerAgent interface {
	Environment
	// Evaluate runs the worker's script (Run Service Worker 9.4 and 9.5) and reports
	// an abrupt completion as an error (*ScriptError). A module worker's graph is
	// fetched here, with Worker.FetchModule; one that fails to load, or that is
	// asynchronous (IsAsyncModule), is an error as well.
	Evaluate(ctx context.Context) error
	// Listens reports whether the global has a listener for an event's type.
	Listens(event string) bool
	// EmptyFetchListeners is All Fetch Listeners Are Empty: every one of them is a
	// function with an empty body, and there is at least one.
	EmptyFetchListeners() bool
	// Dispatch creates the event, fires it and waits until its extend lifetime
	// promises have settled.
	Dispatch(ctx context.Context, e Event) EventResult
	// DispatchFetch is the worker's half of Create Fetch Event and Dispatch: it
	// returns when the response is known (or was not given); Extended is closed
	// when the event's lifetime promises have settled too.
	DispatchFetch(ctx context.Context, e FetchEvent) FetchResult
	// Terminate ends the agent: running script is interrupted. It returns at once;
	// Done is closed when nothing of it runs any more.
	Terminate(reason error)
	Done() <-chan struct{}
	// Err is why the agent ended; nil while it runs.
	Err() error
}

// Event is an event other than fetch to dispatch at a worker.
type Event struct {
	// Type is "install", "activate", "message", "push", "sync", "periodicsync",
	// "notificationclick", "notificationclose", "pushsubscriptionchange",
	// "backgroundfetchsuccess", …
	Type string
	// Data is the payload of push (nil for none).
	Data []byte
	// Tag and LastChance are those of sync; Tag also that of periodicsync.
	Tag        string
	LastChance bool
	// Notification and Action are those of notificationclick and notificationclose.
	Notification any
	Action       string
	// Message is that of message.
	Message *Message
	// ID names the event in traces; Trace is the Seq its steps have as Parent.
	ID    string
	Trace uint64
	// Queued, when set, is to be called as soon as the event's task is queued at the
	// agent, so that the next message can follow in order; calling it late or never
	// only makes the next one wait.
	Queued func()
}

// EventResult says how an event ended.
type EventResult struct {
	// Err is nil when every lifetime promise was fulfilled; a rejection
	// (*RejectedError), a time-out (*TimeoutError), or the end of the worker
	// (*TerminatedError).
	Err error
	// Thrown is what a listener threw; the event goes on in spite of it.
	Thrown []error
	// Handled is false when nothing listened.
	Handled bool
	// Undelivered is set when the agent ended before the event was dispatched: the
	// engine dispatches functional events again when the worker next runs.
	Undelivered bool
}

// FetchEvent is what a fetch event is made of.
type FetchEvent struct {
	// ID names the event in traces; Trace is the Seq its steps have as Parent.
	ID                                            string
	Trace                                         uint64
	Request                                       *fetch.Request
	ClientID, ResultingClientID, ReplacesClientID string
	Preload                                       *Preload // nil: preloadResponse resolves with undefined
	IsReload                                      bool
}

// Preload is a navigation preload under way; Response blocks until it is there.
type Preload struct {
	Response func(ctx context.Context) *fetch.Response
}

// FetchResult is what a fetch event gave.
type FetchResult struct {
	// Response is what respondWith gave; nil when it was not called.
	Response *fetch.Response
	// Responded is whether respondWith was called; Prevented whether
	// preventDefault was, which without respondWith means a network error.
	Responded, Prevented bool
	// Err is why a respondWith that was called gave no response: rejected, not a
	// Response, a used body, time-out, terminated.
	Err error
	// BodyUsed is whether the request's body was used, or is locked, by the worker.
	BodyUsed bool
	// Undelivered is set when the agent ended before the event was dispatched.
	Undelivered bool
	// Thrown is what a listener threw.
	Thrown []error
	// Extended is closed when the event is over (its lifetime promises settled).
	Extended <-chan struct{}
	// Settle tells the event whether the response was used: resolves or rejects
	// its handled promise. Call it once.
	Settle func(err error)
}
