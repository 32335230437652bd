package script

import (
	"time"

	"github.com/dlclark/regexp2/v2"
	"github.com/dop251/goja"
)

// maxCallStack ends every form of recursion in a few milliseconds (a deeper limit
// lets the Go stack grow by hundreds of megabytes).
const maxCallStack = 500

// RegexpTimeout bounds one match of a backtracking pattern.
const RegexpTimeout = 200 * time.Millisecond

func init() { regexp2.DefaultMatchTimeout = RegexpTimeout }

// configure sets limits, sources of time and chance, and captures the intrinsics
// that Go code relies on before any script can replace them.
func (a *Agent) configure(o Options) {
	a.rt.SetMaxCallStackSize(maxCallStack)
	a.rt.SetTimeSource(func() time.Time { return a.clock.Now() })
	if o.Rand != nil {
		a.rt.SetRandSource(o.Rand)
	}
	a.rt.SetPromiseRejectionTracker(a.trackRejection)
	promise := a.rt.Get("Promise").(*goja.Object)
	a.promiseConstructor = promise
	a.promisePrototype = promise.Get("prototype").(*goja.Object)
	a.then, _ = goja.AssertFunction(a.promisePrototype.Get("then"))
	a.resolve, _ = goja.AssertFunction(promise.Get("resolve"))
	object := a.rt.Get("Object").(*goja.Object)
	a.getOwnPropertyDescriptor, _ = goja.AssertFunction(object.Get("getOwnPropertyDescriptor"))
	p, resolve, _ := a.rt.NewPromise()
	_ = resolve(goja.Undefined())
	a.resolved = a.rt.ToValue(p)
	a.reaction, a.reaction1 = a.intrinsicFunction(trampoline), a.intrinsicFunction(trampoline1)
	flush := a.rt.ToValue(func(goja.FunctionCall) goja.Value { a.flush(); return goja.Undefined() })
	noop, _ := a.reaction(goja.Undefined(), flush)
	a.noop, _ = goja.AssertFunction(noop)
}
