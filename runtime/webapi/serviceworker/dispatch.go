package serviceworker

import (
	"context"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/extendable"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/notifications"
)

// Dispatch is of runtime.WorkerAgent.
func (a *Agent) Dispatch(ctx context.Context, e runtime.Event) runtime.EventResult {
	if a.options.Began != nil {
		a.options.Began(e)
	}
	d := &dispatch{agent: a, concept: e, result: make(chan runtime.EventResult, 1)}
	queued := a.script.Queue("service worker event", d.run)
	if e.Queued != nil {
		e.Queued()
	}
	if !queued {
		return runtime.EventResult{Err: a.terminated(), Undelivered: true}
	}
	select {
	case r := <-d.result:
		return r
	case <-ctx.Done():
		a.script.Queue("event timeout", func() {
			if d.event != nil {
				d.event.Extendable().TimeOut()
			}
		})
		return runtime.EventResult{Err: context.Cause(ctx), Handled: true}
	case <-a.script.Done():
		select {
		case r := <-d.result:
			return r
		default:
			return runtime.EventResult{Err: a.terminated(), Undelivered: !d.began}
		}
	}
}

// dispatch is one event under way. Its fields are of the loop, and of the caller
// once the loop has ended.
type dispatch struct {
	agent   *Agent
	concept runtime.Event
	event   extendable.Like
	result  chan runtime.EventResult
	began   bool
	handled bool
}

func (d *dispatch) run() {
	d.began = true
	i, e := d.make()
	d.event = e
	d.handled = d.agent.global.Listens(e.Base().Type)
	extendable.New(d.agent.realm, i, e)
	d.agent.script.WithStory(d.concept.Trace, func() { extendable.Dispatch(&d.agent.global.Target, e, d.finished) })
}

// finished is told when no lifetime promise is left.
func (d *dispatch) finished() {
	x := d.event.Extendable()
	r := runtime.EventResult{Handled: d.handled, Thrown: thrown(x.Thrown)}
	if x.Rejected != nil {
		r.Err = &runtime.RejectedError{Reason: scriptError(d.agent.script.DescribeValue(x.Rejected))}
	}
	d.result <- r
}

// make is the event's interface and implementation.
func (d *dispatch) make() (*idl.Interface, extendable.Like) {
	r := d.agent.realm
	switch d.concept.Type {
	case "install":
		e := &installEvent{}
		e.Type = "install"
		return InstallEvent, e
	case "message":
		return ExtendableMessageEvent, newMessageEvent(r, d.concept.Message)
	}
	if i, e, ok := notifications.NewEvent(r, d.concept); ok {
		return i, e
	}
	e := &extendable.Event{}
	e.Type = d.concept.Type
	return extendable.Interface, e
}

// scriptError is an exception, or a rejection, that was reported, as the engine knows
// it.
func scriptError(e *script.Exception) *runtime.ScriptError {
	return &runtime.ScriptError{
		Name: e.Name, Message: e.Message, Stack: e.Stack, URL: e.URL, Line: e.Line, Column: e.Column, Value: e.Value, Reported: true,
	}
}

func thrown(all []*script.Exception) []error {
	var errs []error
	for _, e := range all {
		errs = append(errs, scriptError(e))
	}
	return errs
}
