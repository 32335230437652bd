package runtime

import (
	"context"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// jobType is a job type.
type jobType string

const (
	jobRegister   jobType = "register"
	jobUpdate     jobType = "update"
	jobUnregister jobType = "unregister"
)

// Party is who asks something of the engine: a *Client, or a *Worker (whose global
// it is); nil for the user agent itself.
type Party interface{ party() }

func (c *Client) party() {}
func (w *Worker) party() {}

// job is a job.
type job struct {
	id             uint64
	typ            jobType
	storageKey     string
	scope          *fetch.URL
	scriptURL      *fetch.URL
	workerType     string
	updateViaCache string
	client         Party
	referrer       *fetch.URL
	settle         jobPromise // nil: no promise
	settled        bool
	queue          *jobQueue
	equivalents    []*job
	forceBypass    bool
	// skipComparison installs even what is byte-identical: CDP's force update.
	skipComparison bool
	soft           bool          // of Soft Update
	trace          uint64        // what its steps hang on
	done           chan struct{} // closed by Finish Job
}

// jobPromise settles a job's promise: value is a *Registration or a bool.
type jobPromise func(value any, err error)

// jobQueueKey is the key of the scope to job queue map. DIVERGES: with the storage
// key, or jobs of one storage key would coalesce with those of another.
type jobQueueKey struct{ storageKey, scope string }

// jobQueue is a job queue.
type jobQueue struct {
	key  jobQueueKey
	jobs []*job
}

// createJob is Create Job.
func (e *Engine) createJob(typ jobType, storageKey string, scope, scriptURL *fetch.URL, promise jobPromise, client Party) *job {
	// Create Job 1 to 7
	e.jobSeq++
	j := &job{
		id: e.jobSeq, typ: typ, storageKey: storageKey, scope: scope, scriptURL: scriptURL,
		settle: promise, client: client, workerType: "classic", updateViaCache: "imports", done: make(chan struct{}),
	}
	// Create Job 8
	switch c := client.(type) {
	case *Client:
		j.referrer = c.URL()
	case *Worker:
		j.referrer = c.scriptURL
	}
	// Create Job 9
	return j
}

// equivalent is when two jobs are equivalent.
func (j *job) equivalent(k *job) bool {
	if j.typ != k.typ || j.scope.WithoutFragment() != k.scope.WithoutFragment() {
		return false
	}
	if j.typ == jobUnregister {
		return true
	}
	return j.scriptURL.String() == k.scriptURL.String() && j.workerType == k.workerType &&
		j.updateViaCache == k.updateViaCache && j.skipComparison == k.skipComparison
}

// scheduleJob is Schedule Job.
func (e *Engine) scheduleJob(j *job) {
	if e.closed {
		e.rejectJobPromise(j, &Exception{Name: "AbortError", Message: ErrClosed.Error()})
		close(j.done)
		return
	}
	e.beginJob(j)
	// Schedule Job 2 to 4
	key := jobQueueKey{j.storageKey, j.scope.String()}
	q := e.jobQueues[key]
	if q == nil {
		q = &jobQueue{key: key}
		e.jobQueues[key] = q
	}
	// Schedule Job 5: nothing is under way for this scope.
	if len(q.jobs) == 0 {
		j.queue = q
		q.jobs = append(q.jobs, j)
		e.runJob(q)
		return
	}
	// Schedule Job 6: the same thing twice is done once.
	last := q.jobs[len(q.jobs)-1]
	if j.equivalent(last) && !last.settled {
		last.equivalents = append(last.equivalents, j)
		e.trace(traceEvent{algorithm: "Schedule Job", step: "6.2", job: j.id, parent: j.trace, decision: "joined an equivalent job that has not settled", verdict: "coalesced"})
		return
	}
	j.queue = q
	q.jobs = append(q.jobs, j)
}

// beginJob is the first step of a job's story.
func (e *Engine) beginJob(j *job) {
	t := traceEvent{job: j.id, details: map[string]string{"scope": j.scope.WithoutFragment()}}
	switch {
	case j.typ == jobRegister:
		t.algorithm, t.step, t.decision = "Start Register", "15", "a register job was scheduled"
	case j.typ == jobUnregister:
		t.algorithm, t.decision = "Unregister", "an unregister job was scheduled"
	case j.soft:
		t.algorithm, t.step, t.decision = "Soft Update", "6", "the user agent looks for an update"
	default:
		t.algorithm, t.decision = "Update", "an update job was scheduled"
	}
	if j.scriptURL != nil {
		t.details["script"] = j.scriptURL.String()
	}
	if r := e.getRegistration(j.storageKey, j.scope); r != nil {
		t.details["registration"] = r.id
	}
	if c, ok := j.client.(*Client); ok {
		t.details["client"] = c.id
	}
	j.trace = e.trace(t)
}

// runJob is Run Job.
func (e *Engine) runJob(q *jobQueue) {
	// Run Job 2.1
	j := q.jobs[0]
	// Run Job 2.2 to 2.4: SKIPPED: the wait for DOMContentLoaded, which a browser may
	// leave out.
	e.inParallel(func() {
		switch j.typ {
		case jobRegister:
			e.register(j)
		case jobUpdate:
			e.update(j)
		case jobUnregister:
			e.unregister(j)
		}
	})
}

// finishJob is Finish Job.
func (e *Engine) finishJob(j *job) {
	// Finish Job 1 to 3
	q := j.queue
	q.jobs = q.jobs[1:]
	close(j.done)
	for _, k := range j.equivalents {
		close(k.done)
	}
	// Finish Job 4
	if len(q.jobs) > 0 {
		e.runJob(q)
		return
	}
	delete(e.jobQueues, q.key)
}

// resolveJobPromise is Resolve Job Promise.
func (e *Engine) resolveJobPromise(j *job, value any) { settleJobPromise(j, value, nil) }

// rejectJobPromise is Reject Job Promise.
func (e *Engine) rejectJobPromise(j *job, err *Exception) {
	if !j.settled {
		e.trace(traceEvent{algorithm: "Reject Job Promise", job: j.id, parent: j.trace, decision: err.Message, verdict: err.Name})
	}
	settleJobPromise(j, nil, err)
}

// settleJobPromise hands value or err on: whoever made the promise queues the task.
func settleJobPromise(j *job, value any, err error) {
	// A promise settles once: Reject Job Promise 1 after an earlier one does nothing.
	if j.settled {
		return
	}
	j.settled = true
	// Resolve Job Promise 1, Reject Job Promise 1
	if j.settle != nil {
		j.settle(value, err)
	}
	// Resolve Job Promise 2, Reject Job Promise 2
	for _, k := range j.equivalents {
		k.settled = true
		if k.settle != nil {
			k.settle(value, err)
		}
	}
}

// waitJob runs schedule, which hands its settle function to a job, and waits until
// the job's promise settles or ctx ends.
func waitJob[T any](ctx context.Context, e *Engine, schedule func(settle func(T, error))) (T, error) {
	type result struct {
		value T
		err   error
	}
	settled := make(chan result, 1)
	schedule(func(v T, err error) { settled <- result{v, err} })
	select {
	case r := <-settled:
		return r.value, r.err
	case <-ctx.Done():
		var zero T
		return zero, context.Cause(ctx)
	case <-e.ctx.Done():
		var zero T
		return zero, ErrClosed
	}
}

// promise makes a job's promise of a typed function.
func promise[T any](settle func(T, error)) jobPromise {
	return func(value any, err error) {
		v, _ := value.(T)
		settle(v, err)
	}
}
