package script

import (
	"time"

	"github.com/dlclark/regexp2/v2"
	"github.com/dop251/goja"
)

// maxCallStack ends every form of recursion in a few milliseconds (a deeper limit
// lets the Go stack grow by hundreds of megabytes).
const maxCallStack = 500

// RegexpTimeout bounds one match of a backtracking pattern. The interpreter takes a
// match that ran out of time for none: it must be more than a busy machine keeps a
// harmless one waiting, and less than an agent that was terminated is given.
const RegexpTimeout = 2 * time.Second

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
	a.rt.SetAsyncContextTracker(&stories{agent: a})
	if err := InstallGlobals(a.rt); err != nil {
		panic(err)
	}
	promise := a.rt.Get("Promise").(*goja.Object)
	a.promiseConstructor = promise
	a.uint8Array = a.rt.Get("Uint8Array").(*goja.Object)
	a.promisePrototype = promise.Get("prototype").(*goja.Object)
	a.resolve, _ = goja.AssertFunction(promise.Get("resolve"))
	object := a.rt.Get("Object").(*goja.Object)
	a.getOwnPropertyDescriptor, _ = goja.AssertFunction(object.Get("getOwnPropertyDescriptor"))
	made, err := a.intrinsicFunction(glue)(goja.Undefined(), a.promisePrototype.Get("then"), a.rt.ToValue(a.runMicrotask))
	if err != nil {
		panic(err)
	}
	function := func(name string) goja.Callable {
		f, _ := goja.AssertFunction(made.(*goja.Object).Get(name))
		return f
	}
	a.enqueueJob, a.react = function("enqueue"), function("react")
	a.noop = a.flusher()
}
