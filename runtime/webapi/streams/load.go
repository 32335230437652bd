package streams

import (
	_ "embed"
	"io"
	"sync"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

//go:embed third_party/streams.js
var source string

// program is compiled when the first realm needs it.
var program = sync.OnceValue(func() *goja.Program {
	return goja.MustCompile("swinspect:streams", source, true)
})

// names of the interfaces that the implementation defines.
var names = []string{
	"ReadableStream", "ReadableStreamDefaultReader", "ReadableStreamBYOBReader", "ReadableStreamDefaultController",
	"ReadableByteStreamController", "ReadableStreamBYOBRequest", "WritableStream", "WritableStreamDefaultWriter",
	"WritableStreamDefaultController", "TransformStream", "TransformStreamDefaultController",
	"ByteLengthQueuingStrategy", "CountQueuingStrategy",
}

// Install exposes the interfaces on the realm's global.
func Install(r *idl.Realm) {
	l := stateOf(r)
	for _, name := range names {
		idl.Lazy(r, name, func() goja.Value { return l.exports().Get(name) })
	}
	idl.Expose(r, TextEncoderStream, TextDecoderStream)
	buffer.Install(r)
}

// state is what the package keeps per realm.
type state struct {
	realm      *idl.Realm
	intrinsics []goja.Value
	loaded     *goja.Object
	functions  map[string]goja.Callable
	open       map[io.Closer]struct{} // what feeds streams that are not at their end
}

type stateKey struct{}

func stateOf(r *idl.Realm) *state {
	if s, ok := r.Value(stateKey{}).(*state); ok {
		return s
	}
	s := &state{realm: r, functions: map[string]goja.Callable{}, open: map[io.Closer]struct{}{}}
	s.capture()
	r.SetValue(stateKey{}, s)
	r.OnDestroy(func() {
		for c := range s.open {
			_ = c.Close()
		}
	})
	return s
}

// capture takes the language's intrinsics before a script can replace them; in the
// order of the program's parameters.
func (s *state) capture() {
	rt := s.realm.Runtime()
	global := rt.GlobalObject()
	promise := global.Get("Promise").(*goja.Object)
	s.intrinsics = []goja.Value{promise, promise.Get("prototype").(*goja.Object).Get("then")}
	for _, name := range []string{"Symbol", "Object", "TypeError", "RangeError", "Number", "Math", "ArrayBuffer", "Uint8Array", "DataView", "Function", "Error"} {
		s.intrinsics = append(s.intrinsics, global.Get(name))
	}
}

// exports are the classes and abstract operations.
func (s *state) exports() *goja.Object {
	if s.loaded != nil {
		return s.loaded
	}
	rt := s.realm.Runtime()
	v, err := s.realm.Agent().Run(program())
	if err != nil {
		panic(err)
	}
	make, _ := goja.AssertFunction(v)
	arguments := append(s.intrinsics,
		s.realm.Constructor(idl.DOMException), s.realm.Constructor(dom.AbortController),
		rt.ToValue(transferArrayBuffer(s.realm)), rt.ToValue(isDetached), rt.ToValue(giveSlot))
	if v, err = s.realm.Agent().Call(make, goja.Undefined(), arguments...); err != nil {
		panic(err)
	}
	s.loaded, s.intrinsics = v.(*goja.Object), nil
	return s.loaded
}

// call calls an abstract operation; what it throws is thrown on.
func (s *state) call(operation string, arguments ...goja.Value) goja.Value {
	v, err := s.try(operation, arguments...)
	if err != nil {
		panic(err)
	}
	return v
}

// try calls an abstract operation.
func (s *state) try(operation string, arguments ...goja.Value) (goja.Value, error) {
	f, ok := s.functions[operation]
	if !ok {
		if f, ok = goja.AssertFunction(s.exports().Get(operation)); !ok {
			panic("streams: no operation " + operation)
		}
		s.functions[operation] = f
	}
	return s.realm.Agent().Call(f, goja.Undefined(), arguments...)
}

// transferArrayBuffer is TransferArrayBuffer: the bytes go to a new ArrayBuffer and
// the old one is detached.
func transferArrayBuffer(r *idl.Realm) func(goja.FunctionCall) goja.Value {
	return func(call goja.FunctionCall) goja.Value {
		b, ok := buffer.Transfer(call.Argument(0))
		if !ok {
			panic(idl.TypeError(r, "The ArrayBuffer cannot be transferred"))
		}
		return buffer.New(r, b)
	}
}

func isDetached(call goja.FunctionCall) goja.Value {
	if b, ok := buffer.ArrayBuffer(call.Argument(0)); ok && b.Detached() {
		return valueTrue
	}
	return valueFalse
}

var (
	scratch    = goja.New()
	valueTrue  = scratch.ToValue(true)
	valueFalse = scratch.ToValue(false)
)
