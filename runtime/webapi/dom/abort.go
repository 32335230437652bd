package dom

import (
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Signal is the implementation of an AbortSignal.
type Signal struct {
	Target
	Aborted    bool
	Reason     goja.Value
	algorithms []*func()
	dependents []*Signal
	sources    []*Signal
}

// NewSignal makes a signal that was not aborted.
func NewSignal(r *idl.Realm) *Signal {
	s := &Signal{Reason: goja.Undefined()}
	s.Bind(r, idl.Wrap(r, AbortSignal, s))
	return s
}

// Add adds an abort algorithm; remove takes it away again. It must not be called
// on an aborted signal.
func (s *Signal) Add(f func()) (remove func()) {
	p := &f
	s.algorithms = append(s.algorithms, p)
	return func() {
		for i, other := range s.algorithms {
			if other == p {
				s.algorithms = append(s.algorithms[:i:i], s.algorithms[i+1:]...)
				return
			}
		}
	}
}

// Abort signals abort with a reason (nil: an AbortError), dependents included.
func (s *Signal) Abort(reason goja.Value) {
	if s.Aborted {
		return
	}
	if reason == nil || goja.IsUndefined(reason) {
		reason = idl.DOMError(s.Realm(), "AbortError", "signal is aborted without reason")
	}
	s.Aborted, s.Reason = true, reason
	var dependents []*Signal
	for _, d := range s.dependents {
		if !d.Aborted {
			d.Aborted, d.Reason = true, reason
			dependents = append(dependents, d)
		}
	}
	s.run()
	for _, d := range dependents {
		d.run()
	}
}

func (s *Signal) run() {
	algorithms := s.algorithms
	s.algorithms = nil
	for _, f := range algorithms {
		(*f)()
	}
	s.FireSimple("abort")
}

// follow makes s abort when any of the others does.
func (s *Signal) follow(others []*Signal) {
	for _, o := range others {
		if o.Aborted {
			s.Aborted, s.Reason = true, o.Reason
			return
		}
	}
	for _, o := range others {
		roots := o.sources
		if len(roots) == 0 {
			roots = []*Signal{o}
		}
		for _, root := range roots {
			s.sources = append(s.sources, root)
			root.dependents = append(root.dependents, s)
		}
	}
}

// Any makes a signal that depends on others, as AbortSignal.any and new Request do.
func Any(r *idl.Realm, others []*Signal) *Signal {
	s := NewSignal(r)
	s.follow(others)
	return s
}

// AbortSignal is the interface of that name.
var AbortSignal = &idl.Interface{Name: "AbortSignal", Parent: EventTarget}

// AbortController is the interface of that name.
var AbortController = &idl.Interface{
	Name: "AbortController",
	New:  func(c *idl.Call) any { return &controller{NewSignal(c.Realm)} },
	Members: []idl.Member{
		idl.Attr("signal", func(c *idl.Call) goja.Value { return idl.This[*controller](c).signal.Object() }, nil),
		idl.Method("abort", 0, func(c *idl.Call) goja.Value { idl.This[*controller](c).signal.Abort(c.Arg(0)); return nil }),
	},
}

type controller struct{ signal *Signal }

func init() {
	AbortSignal.Members = []idl.Member{
		idl.Static("abort", 0, func(c *idl.Call) goja.Value {
			s := NewSignal(c.Realm)
			s.Abort(c.Arg(0))
			return s.Object()
		}),
		idl.Static("timeout", 1, signalTimeout),
		idl.Static("any", 1, signalAny),
		idl.Attr("aborted", func(c *idl.Call) goja.Value { return c.Value(idl.This[*Signal](c).Aborted) }, nil),
		idl.Attr("reason", func(c *idl.Call) goja.Value { return idl.This[*Signal](c).Reason }, nil),
		idl.Method("throwIfAborted", 0, func(c *idl.Call) goja.Value {
			if s := idl.This[*Signal](c); s.Aborted {
				panic(s.Reason)
			}
			return nil
		}),
		Handler("abort"),
	}
}

func signalTimeout(c *idl.Call) goja.Value {
	ms := idl.Enforce(c, c.Arg(0), 0, idl.MaxSafeInteger)
	s := NewSignal(c.Realm)
	agent := c.Realm.Agent()
	wait := time.Duration(min(ms, float64(1<<52)/1e3)) * time.Millisecond
	timer := agent.Clock().AfterFunc(wait, func() {
		agent.Queue("timer", func() { s.Abort(idl.DOMError(c.Realm, "TimeoutError", "signal timed out")) })
	})
	c.Realm.OnDestroy(func() { timer.Stop() })
	return s.Object()
}

func signalAny(c *idl.Call) goja.Value {
	var signals []*Signal
	for _, v := range idl.Sequence(c, c.Arg(0)) {
		signals = append(signals, idl.As[*Signal](c, v, AbortSignal))
	}
	return Any(c.Realm, signals).Object()
}
