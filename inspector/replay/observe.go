package replay

import (
	"slices"
	"strings"
	"sync"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/cache"
)

// observer keeps what the engine tells of the events that run. The engine calls it
// with its lock held.
type observer struct {
	mu      sync.Mutex
	flights map[string]*flight // by request id
	stories map[uint64]*flight // by the Seq of the first step
	last    *flight            // what an error or a write without a story belongs to
	pending map[string]int     // events of each worker that are not over
	starts  map[string]bool    // workers that are being started
	states  func(runtime.RegistrationInfo)
}

// flight is an event on its way.
type flight struct {
	id     string
	steps  []inspector.TraceStep
	info   *runtime.FetchInfo
	empty  string // "no-fetch-handler" or "empty-fetch-handler"
	thrown []string
	writes []Write
	asked  []Asked
	root   uint64
	over   bool // it is no longer followed
}

func newObserver() *observer {
	return &observer{flights: map[string]*flight{}, stories: map[uint64]*flight{}, pending: map[string]int{}, starts: map[string]bool{}}
}

// begin follows a request.
func (o *observer) begin(id string) *flight {
	f := &flight{id: id, steps: make([]inspector.TraceStep, 0, 8)}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.flights[id] = f
	o.last = f
	return f
}

// end forgets a request.
func (o *observer) end(f *flight) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f.over = true
	delete(o.flights, f.id)
	delete(o.stories, f.root)
}

// take is what is known of a flight now.
func (o *observer) take(f *flight) flight {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := *f
	now.steps, now.thrown, now.writes, now.asked = slices.Clip(f.steps), slices.Clip(f.thrown), slices.Clip(f.writes), slices.Clip(f.asked)
	return now
}

// over reports whether no worker has an event that is not over.
func (o *observer) over() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, n := range o.pending {
		if n > 0 {
			return false
		}
	}
	return true
}

// starting reports whether a worker is being started.
func (o *observer) starting() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.starts) > 0
}

// Registration implements runtime.Observer.
func (o *observer) Registration(r runtime.RegistrationInfo) {
	if o.states != nil {
		o.states(r)
	}
}

// Client implements runtime.Observer.
func (o *observer) Client(runtime.ClientInfo) {}

// Worker implements runtime.Observer.
func (o *observer) Worker(w runtime.WorkerInfo) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pending[w.ID] = w.PendingEvents
	if w.Running == "starting" {
		o.starts[w.ID] = true
	} else {
		delete(o.starts, w.ID)
	}
	if w.Running == "stopped" || w.State == runtime.StateRedundant {
		delete(o.pending, w.ID)
	}
}

// WorkerError implements runtime.Observer.
func (o *observer) WorkerError(e runtime.WorkerErrorInfo) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last != nil && len(o.last.thrown) < 20 {
		o.last.thrown = append(o.last.thrown, e.Message)
	}
}

// maxSteps bounds the steps that are kept of an event.
const maxSteps = 400

// Trace implements runtime.Observer.
func (o *observer) Trace(t runtime.TraceEvent) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f := o.stories[t.Parent]
	if t.Parent == 0 {
		id, ok := strings.CutPrefix(t.Subject, "request:")
		if f = o.flights[id]; !ok || f == nil {
			return
		}
		if f.root == 0 {
			f.root = t.Seq
			o.stories[t.Seq] = f
		}
	}
	if f == nil || len(f.steps) >= maxSteps {
		return
	}
	if t.Verdict == "no-fetch-handler" || t.Verdict == "empty-fetch-handler" {
		f.empty = t.Verdict
	}
	f.steps = append(f.steps, inspector.TraceStep{
		Seq: t.Seq, Time: t.Time, Algorithm: t.Algorithm, Step: t.Step, Subject: t.Subject, Parent: t.Parent, Decision: t.Decision, Verdict: t.Verdict, Details: t.Details,
	})
}

// FetchHandled implements runtime.FetchObserver.
func (o *observer) FetchHandled(i runtime.FetchInfo) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if f := o.flights[i.RequestID]; f != nil {
		f.info = &i
	}
}

// changed notes a write into a cache.
func (o *observer) changed(c cache.Change) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f := o.last
	if f == nil || f.over || len(f.writes) > 1000 {
		return
	}
	if c.List {
		f.writes = append(f.writes, Write{Cache: c.Cache, Operation: "list"})
	}
	for _, u := range c.Added {
		f.writes = append(f.writes, Write{Cache: c.Cache, URL: u, Operation: "put"})
	}
	for _, u := range c.Deleted {
		f.writes = append(f.writes, Write{Cache: c.Cache, URL: u, Operation: "delete"})
	}
}

// ask notes a request to the network.
func (o *observer) ask(a Asked) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last != nil && len(o.last.asked) < 1000 {
		o.last.asked = append(o.last.asked, a)
	}
}
