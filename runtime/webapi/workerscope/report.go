package workerscope

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Uncaught is an exception, or a rejection, that nobody handled.
type Uncaught struct {
	*script.Exception
	InPromise bool
	// Promise is that of a rejection.
	Promise *goja.Promise
}

// report makes exceptions and rejections events at the global.
func (s *Scope) report(r *idl.Realm) {
	reporting := false
	r.Report = func(e *script.Exception) {
		// Report an exception 3: one thrown by a handler of error itself is not
		// reported there again.
		if reporting {
			s.uncaught(&Uncaught{Exception: e})
			return
		}
		reporting = true
		defer func() { reporting = false }()
		value := e.Value
		if value == nil {
			value = goja.Null()
		}
		handled := !s.Fire(dom.ErrorEvent, &dom.Failure{
			Event:   dom.Event{Type: "error", Cancelable: true},
			Message: runtime.Uncaught(e, false), Filename: e.URL, Line: e.Line, Column: e.Column, Value: value,
		})
		if !handled {
			s.uncaught(&Uncaught{Exception: e})
		}
	}
	agent := r.Agent()
	agent.OnUnhandledRejection = func(p *goja.Promise) {
		if s.rejection("unhandledrejection", p, true) {
			s.uncaught(&Uncaught{Exception: agent.DescribeValue(p.Result()), InPromise: true, Promise: p})
		}
	}
	agent.OnRejectionHandled = func(p *goja.Promise) { s.rejection("rejectionhandled", p, false) }
}

// rejection fires one of the events about rejections; it reports false when a
// listener prevented the default.
func (s *Scope) rejection(event string, p *goja.Promise, cancelable bool) bool {
	if !s.Listens(event) {
		return true
	}
	return s.Fire(dom.PromiseRejectionEvent, &dom.Rejection{
		Event: dom.Event{Type: event, Cancelable: cancelable}, Promise: s.Realm().Runtime().ToValue(p), Reason: p.Result(),
	})
}

func (s *Scope) uncaught(e *Uncaught) {
	if s.Uncaught != nil {
		s.Uncaught(e)
	}
}
