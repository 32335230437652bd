package runtime

import (
	"strconv"
	"sync"

	"github.com/swinspect/swinspect/runtime/cache"
)

// traceEvent is a step on its way into the trace: built on the stack, with the
// objects it is about instead of their names.
type traceEvent struct {
	algorithm, step   string
	decision, verdict string
	parent            uint64
	registration      *Registration
	worker            *Worker
	client            *Client
	request           string // a request's id
	job               uint64
	details           map[string]string
}

func (t *traceEvent) subject() string {
	switch {
	case t.request != "":
		return "request:" + t.request
	case t.job != 0:
		return "job:" + strconv.FormatUint(t.job, 10)
	case t.worker != nil:
		return "worker:" + t.worker.id
	case t.client != nil:
		return "client:" + t.client.id
	case t.registration != nil:
		return "registration:" + t.registration.id
	}
	return ""
}

// about is what the first step of a story tells of what it is about.
func (t *traceEvent) about() map[string]string {
	switch {
	case t.worker != nil:
		return map[string]string{"version": t.worker.id, "registration": t.worker.registration.id, "scope": t.worker.registration.scopeKey, "script": t.worker.scriptURL.String()}
	case t.registration != nil:
		return map[string]string{"registration": t.registration.id, "scope": t.registration.scopeKey}
	}
	return nil
}

// defaultTraceEvents is how many events are kept when Options do not say.
const defaultTraceEvents = 10_000

// tracer keeps the last events in a ring.
type tracer struct {
	mu   sync.Mutex
	seq  uint64
	size int
	ring []TraceEvent // event seq n stands at (n-1) % size
}

func (t *tracer) init(size int) {
	if size == 0 {
		size = defaultTraceEvents
	}
	t.size = max(size, 0)
}

// trace records a step and returns its Seq, the parent of what follows from it.
// Called with the engine's lock held.
func (e *Engine) trace(t traceEvent) uint64 {
	if t.parent == 0 && t.details == nil {
		t.details = t.about()
	}
	event := TraceEvent{
		Time: e.clock.Now(), Algorithm: t.algorithm, Step: t.step, Subject: t.subject(),
		Parent: t.parent, Decision: t.decision, Verdict: t.verdict, Details: t.details,
	}
	return e.record(event)
}

// Note adds a step that was taken elsewhere (a cache lookup, a fetch) to the trace
// and returns its Seq. It sets Seq and, when zero, Time. It may be called from
// anywhere but an Observer.
func (e *Engine) Note(event TraceEvent) uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if event.Time.IsZero() {
		event.Time = e.clock.Now()
	}
	return e.record(event)
}

func (e *Engine) record(event TraceEvent) uint64 {
	t := &e.tracer
	t.mu.Lock()
	t.seq++
	event.Seq = t.seq
	if t.size > 0 {
		if len(t.ring) < t.size {
			t.ring = append(t.ring, event)
		} else {
			t.ring[(event.Seq-1)%uint64(t.size)] = event
		}
	}
	t.mu.Unlock()
	if e.observer != nil {
		e.observer.Trace(event)
	}
	return event.Seq
}

// noteLookup traces a query of a cache as part of the story that asked: each entry
// that was looked at, and the step that rejected it. Lookups of nobody's story (a
// page's own, an inspector's) are not told.
func (e *Engine) noteLookup(l *cache.Lookup) {
	if l.Options.Story == 0 {
		return
	}
	t := TraceEvent{
		Algorithm: "Query Cache", Verdict: "cache-hit", Decision: "an entry of " + l.Cache + " matches", Parent: l.Options.Story,
		Details: map[string]string{"cache": l.Cache, "url": l.Request.URL().String()},
	}
	if !l.Hit() {
		t.Verdict, t.Decision = "cache-miss", "no entry of "+l.Cache+" has this URL"
		for i, c := range l.Candidates {
			if i == 0 {
				t.Algorithm, t.Step = "Request Matches Cached Item", c.Step
				t.Decision = c.URL + " in " + l.Cache + " does not match: " + c.Why
			}
			tellCandidate(t.Details, i, c)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	t.Time = e.clock.Now()
	e.record(t)
}

// tellCandidate puts an entry that was turned away into the details of a step: the
// first under plain names, further ones with their number behind.
func tellCandidate(details map[string]string, i int, c cache.Candidate) {
	number := ""
	if i > 0 {
		number = " " + strconv.Itoa(i+1)
	}
	details["candidate"+number] = c.URL
	details["rejected by"+number] = c.By
	if c.Header != "" {
		details["header"+number] = c.Header
	}
	details["asked"+number], details["stored"+number] = c.Asked, c.Stored
	if i > 0 {
		details["why"+number] = c.Why
	}
}

// Trace is what was recorded after the event numbered after, oldest first, at most
// limit events (0: all). Older events may be gone: the first Seq tells.
func (e *Engine) Trace(after uint64, limit int) []TraceEvent {
	t := &e.tracer
	t.mu.Lock()
	defer t.mu.Unlock()
	first := t.seq - uint64(len(t.ring)) // what is kept begins at first+1
	from := max(after, first)
	if from >= t.seq {
		return nil
	}
	n := t.seq - from
	if limit > 0 {
		n = min(n, uint64(limit))
	}
	events := make([]TraceEvent, 0, n)
	for seq := from + 1; seq <= from+n; seq++ {
		events = append(events, t.ring[(seq-1)%uint64(t.size)])
	}
	return events
}
