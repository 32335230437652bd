package runtime

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/swinspect/swinspect/runtime/clock"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// The values of WorkerInfo.Running.
const (
	stopped  = "stopped"
	starting = "starting"
	running  = "running"
	stopping = "stopping"
)

// Worker is a service worker. A pointer to it is its identity. Its exported
// methods may be called from anywhere; those that block say so.
//
// Source: https://w3c.github.io/ServiceWorker/#service-worker-concept
type Worker struct {
	engine       *Engine
	id           string
	registration *Registration
	scriptURL    *fetch.URL
	typ          string // "classic" or "module"

	state   atomic.Pointer[State]
	running atomic.Pointer[string]

	// Guarded by the engine's lock.
	script        *Script
	resources     resourceMap
	used          map[string]struct{} // set of used scripts
	imported      bool                // classic scripts imported flag
	skipWaiting   bool
	skipped       []func()            // settle the promises of skipWaiting()
	eventTypes    map[string]struct{} // set of event types to handle
	evaluated     bool                // the script's has ever been evaluated flag
	emptyFetch    bool                // all fetch listeners are empty flag
	routes        []compiledRule
	everInstalled bool             // it entered installing
	races         map[string]*race // race response map, by request id

	run                   *run // nil while stopped
	holds                 int
	interactions          int // notification clicks being handled: it may open windows
	lastUse               time.Time
	idle                  clock.Timer
	startCause, stopCause string
	story                 uint64        // what its script runs for: the trace of its start, of its installation
	activated             chan struct{} // closed when the state leaves activating; nil before
	messages              []*pendingMessage
	delivering            bool
	handing               bool // a message has left the queue, its event has not begun
}

// run is one running of a worker, from its start until its agent has ended.
type run struct {
	agent   WorkerAgent
	ctx     context.Context // ends with the run
	cancel  context.CancelCauseFunc
	forced  bool          // force bypass cache for import scripts flag
	ready   chan struct{} // closed when the start is decided: status, or err
	err     error         // why it did not start; nil: it runs
	status  error         // abrupt completion of the script: the start status
	pending int           // size of the set of extended events
	reason  error         // why it was, or is being, terminated
	ended   chan struct{} // closed when the agent is done, or given up
	grace   clock.Timer   // gives it up
	story   uint64        // the trace of its termination
}

// ID is the worker's number in its engine, in decimal: CDP's versionId.
func (w *Worker) ID() string { return w.id }

// Registration is the containing service worker registration.
func (w *Worker) Registration() *Registration { return w.registration }

// ScriptURL is the script URL.
func (w *Worker) ScriptURL() *fetch.URL { return w.scriptURL }

// Type is "classic" or "module".
func (w *Worker) Type() string { return w.typ }

// State is the worker's state now.
func (w *Worker) State() State { return *w.state.Load() }

// Running is "stopped", "starting", "running" or "stopping".
func (w *Worker) Running() string { return *w.running.Load() }

// Script is the script resource.
func (w *Worker) Script() *Script { return w.script }
