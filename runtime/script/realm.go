package script

import (
	"context"

	"github.com/dop251/goja"
)

// Realm is a global object and what belongs to it. A worker's agent has one,
// whose global is the runtime's own; a window group's agent has one per document.
// Realms belong to their agent's loop.
type Realm struct {
	agent  *Agent
	global *goja.Object
	values map[any]any
	ends   []func()
	gone   bool

	// Report is HTML's "report the exception": whoever makes the realm sets it. It
	// is called on the loop with what a listener or a callback threw.
	Report func(e *Exception)

	// Entered, when set, is told on the loop that code of the realm is about to run:
	// a window group keeps track of whose turn it is.
	Entered func()

	// Sourced, when set, is told on the loop of each script that is about to run.
	Sourced func(Source)
}

// Source is a script as it was fetched, before anything was lowered.
type Source struct {
	URL    string // of an inline script, its document's
	Text   func() string
	Module bool
}

// Source says that a script is about to run.
func (r *Realm) Source(s Source) {
	if r.Sourced != nil {
		r.Sourced(s)
	}
}

// Enter says that code of the realm is about to run.
func (r *Realm) Enter() {
	if r.Entered != nil {
		r.Entered()
	}
}

// NewRealm makes a realm over global; nil means the runtime's native global.
func (a *Agent) NewRealm(global *goja.Object) *Realm {
	if global == nil {
		global = a.rt.GlobalObject()
	}
	r := &Realm{agent: a, global: global, values: map[any]any{}}
	a.realms[r] = struct{}{}
	return r
}

// Agent is the realm's agent.
func (r *Realm) Agent() *Agent { return r.agent }

// Runtime is the interpreter the realm lives in.
func (r *Realm) Runtime() *goja.Runtime { return r.agent.rt }

// Global is the realm's global object.
func (r *Realm) Global() *goja.Object { return r.global }

// Value is what a package keeps per realm under a key of its own (as with
// context.Context, an unexported type or the address of a package variable).
func (r *Realm) Value(key any) any { return r.values[key] }

// SetValue keeps a value for Value.
func (r *Realm) SetValue(key, value any) { r.values[key] = value }

// OnDestroy runs f on the loop when the realm's document or worker goes away.
func (r *Realm) OnDestroy(f func()) { r.ends = append(r.ends, f) }

// Destroy ends the realm: its Async results are dropped. On the loop.
func (r *Realm) Destroy() {
	if r.gone {
		return
	}
	delete(r.agent.realms, r)
	r.destroy()
}

func (r *Realm) destroy() {
	r.gone = true
	for _, f := range r.ends {
		f()
	}
	r.ends = nil
}

// Gone reports whether the realm was destroyed.
func (r *Realm) Gone() bool { return r.gone }

// Promise is a pending promise and how to settle it; on the loop only.
type Promise struct {
	Value   goja.Value
	resolve func(any) error
	reject  func(any) error
}

// NewPromise makes a pending promise.
func (r *Realm) NewPromise() *Promise {
	p, resolve, reject := r.agent.rt.NewPromise()
	return &Promise{Value: r.agent.rt.ToValue(p), resolve: resolve, reject: reject}
}

// Resolve settles the promise with v (nil: undefined); later calls do nothing.
func (p *Promise) Resolve(v goja.Value) {
	if v == nil {
		v = goja.Undefined()
	}
	_ = p.resolve(v)
}

// Reject settles the promise with a reason.
func (p *Promise) Reject(reason goja.Value) { _ = p.reject(reason) }

// ReportError describes what Call, Run or Try gave as an error and reports it.
func (r *Realm) ReportError(err error) *Exception {
	e := r.agent.Describe(err)
	if r.Report != nil {
		r.Report(e)
	}
	return e
}

// Async runs work in a goroutine and then finish as a task on the loop, with the
// promise to settle; finish may panic with a JavaScript value to reject. It
// returns the promise. When the realm or the agent ends first, the promise stays
// pending, as in a browser. source is the task source.
func (r *Realm) Async(source string, work func(ctx context.Context) error, finish func(p *Promise, err error)) goja.Value {
	p := r.NewPromise()
	r.Background(source, work, func(err error) {
		if thrown := r.agent.Try(func() { finish(p, err) }); thrown != nil {
			p.Reject(Thrown(r.agent.rt, thrown))
		}
	})
	return p.Value
}

// Background is Async without a promise: then runs as a task when work is done.
func (r *Realm) Background(source string, work func(ctx context.Context) error, then func(err error)) {
	r.agent.Go(func(ctx context.Context) {
		err := work(ctx)
		r.agent.Queue(source, func() {
			if !r.gone {
				r.Enter()
				then(err)
			}
		})
	})
}
