package fetchapi

import (
	"context"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Install exposes the interfaces and fetch() on the realm's global. FileReaderSync
// is for dedicated and shared workers.
func Install(r *idl.Realm) {
	stateOf(r)
	idl.Expose(r, HeadersInterface, RequestInterface, ResponseInterface, FormDataInterface, BlobInterface, FileInterface, FileReaderInterface)
	if kind := env.Of(r.Realm).Kind; kind == env.DedicatedWorker || kind == env.SharedWorker {
		idl.Expose(r, FileReaderSyncInterface)
	}
	idl.Mixin(r, &idl.Interface{Name: globalName(r)}, nil, idl.PromiseMethod("fetch", 1, fetchMethod))
}

func globalName(r *idl.Realm) string {
	if kind := env.Of(r.Realm).Kind; kind != env.Window {
		return string(kind) + "GlobalScope"
	}
	return "Window"
}

// state is what the package keeps per realm.
type state struct {
	realm     *idl.Realm
	parseJSON goja.Callable
	stringify goja.Callable
	random    goja.Callable
	ownKeys   goja.Callable
	property  goja.Callable // Object.getOwnPropertyDescriptor
	ctx       context.Context
	revokes   bool // the realm's end revokes its blob URLs
}

type stateKey struct{}

// stateOf captures the intrinsics that the package uses when it is first asked.
func stateOf(r *idl.Realm) *state {
	if s, ok := r.Value(stateKey{}).(*state); ok {
		return s
	}
	global := r.Runtime().GlobalObject()
	s := &state{realm: r}
	s.parseJSON, _ = goja.AssertFunction(global.Get("JSON").(*goja.Object).Get("parse"))
	s.stringify, _ = goja.AssertFunction(global.Get("JSON").(*goja.Object).Get("stringify"))
	s.random, _ = goja.AssertFunction(global.Get("Math").(*goja.Object).Get("random"))
	s.ownKeys, _ = goja.AssertFunction(global.Get("Reflect").(*goja.Object).Get("ownKeys"))
	s.property, _ = goja.AssertFunction(global.Get("Object").(*goja.Object).Get("getOwnPropertyDescriptor"))
	ctx, cancel := context.WithCancel(r.Agent().Context())
	s.ctx = ctx
	r.OnDestroy(cancel)
	r.SetValue(stateKey{}, s)
	return s
}
