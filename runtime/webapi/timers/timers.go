// Package timers is setTimeout and its relatives, queueMicrotask and reportError,
// on the agent's clock.
//
// Source: https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html
package timers

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/clock"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Evaluate is what a realm runs a timer's string with; hang it on the realm under
// EvaluateKey. A realm without one throws a TypeError for strings.
type Evaluate func(source string) error

// EvaluateKey is the key of an Evaluate on a realm.
type EvaluateKey struct{}

// interfaceOf names the operations in messages.
var interfaceOf = &idl.Interface{Name: "WindowOrWorkerGlobalScope"}

// active are a realm's timers: of its loop alone.
type active struct {
	realm *idl.Realm
	next  int32
	known map[int32]*timer
	// nesting is the level of the timer whose callback runs.
	nesting int
}

type timer struct {
	id      int32
	repeat  bool
	wait    time.Duration
	due     time.Time
	nesting int
	run     func()
	pending clock.Timer
}

// Install puts the operations on the realm's global; impl is the global's
// implementation.
func Install(r *idl.Realm, impl any) {
	a := &active{realm: r, known: map[int32]*timer{}}
	r.OnDestroy(a.clear)
	set := func(repeat bool) idl.Native {
		return func(c *idl.Call) goja.Value { return c.Value(a.set(c, repeat)) }
	}
	clearTimer := func(c *idl.Call) goja.Value {
		if c.Has(0) {
			a.cancel(idl.Long(c, c.Arg(0)))
		}
		return nil
	}
	idl.Mixin(r, interfaceOf, impl,
		idl.Method("setTimeout", 1, set(false)), idl.Method("setInterval", 1, set(true)),
		idl.Method("clearTimeout", 0, clearTimer), idl.Method("clearInterval", 0, clearTimer),
		idl.Method("queueMicrotask", 1, func(c *idl.Call) goja.Value {
			f := idl.Callback(c, c.Arg(0))
			r.Agent().Microtask(func() {
				if _, err := r.Agent().Call(f, goja.Undefined()); err != nil {
					r.ReportError(err)
				}
			})
			return nil
		}),
		idl.Method("reportError", 1, func(c *idl.Call) goja.Value {
			e := r.Agent().DescribeValue(c.Arg(0))
			if r.Report != nil {
				r.Report(e)
			}
			return nil
		}),
	)
}

// set is the timer initialisation steps.
func (a *active) set(c *idl.Call, repeat bool) int32 {
	description := "setTimeout"
	if repeat {
		description = "setInterval"
	}
	run := a.realm.Agent().Later(description, a.handler(c))
	ms := float64(0)
	if c.Has(1) {
		ms = float64(idl.Long(c, c.Arg(1)))
	}
	a.next++
	t := &timer{id: a.next, repeat: repeat, nesting: a.nesting + 1, run: run}
	// A timer that a timer's callback set, five levels deep, waits 4 ms at least.
	if a.nesting > 5 {
		ms = math.Max(ms, 4)
	}
	t.wait = time.Duration(math.Max(ms, 0)) * time.Millisecond
	a.known[t.id] = t
	a.start(t)
	return t.id
}

// handler is what the timer runs: a function with its arguments, or a string.
func (a *active) handler(c *idl.Call) func() {
	agent := a.realm.Agent()
	if f, ok := goja.AssertFunction(c.Arg(0)); ok {
		var args []goja.Value
		if len(c.Args) > 2 {
			args = append(args, c.Args[2:]...)
		}
		return func() {
			if _, err := agent.Call(f, a.realm.Global(), args...); err != nil {
				a.realm.ReportError(err)
			}
		}
	}
	source := c.String(0)
	evaluate, ok := a.realm.Value(EvaluateKey{}).(Evaluate)
	if !ok {
		panic(c.Fail("parameter 1 is not of type 'Function'."))
	}
	return func() {
		if err := evaluate(source); err != nil {
			a.realm.ReportError(err)
		}
	}
}

func (a *active) start(t *timer) {
	agent := a.realm.Agent()
	t.due = agent.Clock().Now().Add(t.wait)
	if t.wait == 0 {
		agent.Queue("timer", func() { a.tick(t) })
		return
	}
	t.pending = agent.Clock().AfterFunc(t.wait, func() {
		agent.Queue("timer", func() { a.tick(t) })
	})
}

// tick fires t, and before it those that were due earlier: the clock's goroutines
// may come out of order.
func (a *active) tick(t *timer) {
	if a.known[t.id] != t {
		return
	}
	var earlier []*timer
	for _, o := range a.known {
		if o != t && o.wait > 0 && (o.due.Before(t.due) || o.due.Equal(t.due) && o.id < t.id) {
			earlier = append(earlier, o)
		}
	}
	slices.SortFunc(earlier, func(x, y *timer) int {
		return cmp.Or(x.due.Compare(y.due), cmp.Compare(x.id, y.id))
	})
	for _, o := range append(earlier, t) {
		if o.pending != nil {
			o.pending.Stop()
		}
		a.fire(o)
	}
}

func (a *active) fire(t *timer) {
	if a.known[t.id] != t || a.realm.Gone() {
		return
	}
	a.nesting = t.nesting
	a.realm.Enter()
	t.run()
	a.nesting = 0
	if !t.repeat {
		if a.known[t.id] == t {
			delete(a.known, t.id)
		}
		return
	}
	if a.known[t.id] == t {
		if t.nesting++; t.nesting > 5 {
			t.wait = max(t.wait, 4*time.Millisecond)
		}
		a.start(t)
	}
}

func (a *active) cancel(id int32) {
	if t := a.known[id]; t != nil {
		delete(a.known, id)
		if t.pending != nil {
			t.pending.Stop()
		}
	}
}

// clear stops every timer: the realm is going.
func (a *active) clear() {
	for id := range a.known {
		a.cancel(id)
	}
}
