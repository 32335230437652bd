package serviceworker

import (
	"context"
	"sync/atomic"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/extendable"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// alwaysClosed is the Extended of events that were over when they had answered.
var alwaysClosed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// DispatchFetch is of runtime.WorkerAgent.
func (a *Agent) DispatchFetch(ctx context.Context, f runtime.FetchEvent) runtime.FetchResult {
	if a.options.Began != nil {
		a.options.Began(f)
	}
	d := &fetchDispatch{agent: a, event: a.newFetchEvent(f), trace: f.Trace, result: make(chan runtime.FetchResult, 1)}
	if !a.script.Queue("handle fetch", d.run) {
		return runtime.FetchResult{Err: a.terminated(), Undelivered: true, Extended: alwaysClosed, Settle: func(error) {}}
	}
	select {
	case r := <-d.result:
		return r
	case <-ctx.Done():
		a.script.Queue("abort", d.aborted)
		return d.abandoned(context.Cause(ctx))
	case <-a.script.Done():
		select {
		case r := <-d.result:
			return r
		default:
			r := d.abandoned(a.terminated())
			r.Undelivered = !d.began.Load()
			return r
		}
	}
}

// fetchDispatch is one fetch event under way. Its fields are of the loop, and of
// the caller once the loop has ended.
type fetchDispatch struct {
	agent    *Agent
	event    *fetchEvent
	trace    uint64                   // the event's story
	result   chan runtime.FetchResult // one, when it is known
	began    atomic.Bool              // asked when the loop is given up as well
	sent     bool
	over     bool
	extended chan struct{}
}

func (d *fetchDispatch) run() {
	d.began.Store(true)
	e := d.event
	e.respond = d.send
	extendable.New(d.agent.realm, FetchEvent, e)
	d.agent.script.WithStory(d.trace, func() { extendable.Dispatch(&d.agent.global.Target, e, d.finished) })
	if !e.responded.Load() {
		d.send(nil, nil)
	}
}

// aborted is told that nobody waits for the response any more: the fetch was
// aborted, or the event took too long.
func (d *fetchDispatch) aborted() {
	e := d.event
	if e.request == nil {
		return
	}
	if r, ok := idl.Unwrap[*fetchapi.Request](e.request); ok {
		r.Signal().Abort(nil)
	}
}

// send tells the caller; what comes later than a time-out is dropped by the channel.
func (d *fetchDispatch) send(response *fetch.Response, err error) {
	if d.sent {
		return
	}
	d.sent = true
	e := d.event
	r := runtime.FetchResult{
		Response: response, Err: err, Responded: e.responded.Load(), Prevented: e.Canceled, BodyUsed: e.bodyUsed(),
		Thrown: thrown(e.Thrown), Extended: alwaysClosed, Settle: func(err error) { e.settle(d.agent.script, err) },
	}
	if !d.over {
		d.extended = make(chan struct{})
		r.Extended = d.extended
		d.agent.extended[d] = struct{}{}
	}
	d.result <- r
}

// finished is told when no lifetime promise is left.
func (d *fetchDispatch) finished() {
	d.over = true
	if e := d.event; e.responded.Load() && !e.answered && e.Rejected != nil {
		e.answer(nil, &runtime.RejectedError{Reason: scriptError(d.agent.script.DescribeValue(e.Rejected))})
	}
	if d.extended != nil {
		close(d.extended)
		delete(d.agent.extended, d)
	}
}

// abandoned is the result of an event that nobody waits for any longer. Without
// respondWith the network may still answer.
func (d *fetchDispatch) abandoned(err error) runtime.FetchResult {
	return runtime.FetchResult{Err: err, Responded: d.event.responded.Load(), Extended: alwaysClosed, Settle: func(error) {}}
}
