package wasm

import (
	"context"
	"errors"
	"math"
	"math/big"
	"strings"

	"github.com/dop251/goja"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// maxPages bounds a memory: 1 GiB.
const maxPages = 1 << 14

// compiled keeps machine code for all realms of the process: a worker that starts
// again compiles nothing.
var compiled = wazero.NewCompilationCache()

// store is the WebAssembly of one realm. Of the loop alone, but for compile.
type store struct {
	realm   *idl.Realm
	runtime wazero.Runtime
	asIntN  goja.Callable

	memories  map[*memory]struct{} // those whose buffer a script has
	functions map[*goja.Object]*function
	signature map[string]signature // all that modules have
	byRef     map[uint64]*goja.Object
	refs      map[uint64]goja.Value // of externref
	refOf     map[goja.Value]uint64
	lastRef   uint64
}

type storeKey struct{}

func storeOf(r *idl.Realm) *store {
	if s, ok := r.Value(storeKey{}).(*store); ok {
		return s
	}
	ctx := context.Background()
	s := &store{
		realm: r, memories: map[*memory]struct{}{}, functions: map[*goja.Object]*function{}, byRef: map[uint64]*goja.Object{}, signature: map[string]signature{},
		refs: map[uint64]goja.Value{}, refOf: map[goja.Value]uint64{},
		runtime: wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCloseOnContextDone(true).WithMemoryLimitPages(maxPages).WithCompilationCache(compiled)),
	}
	s.asIntN, _ = goja.AssertFunction(r.Runtime().Get("BigInt").(*goja.Object).Get("asIntN"))
	r.OnDestroy(func() { _ = s.runtime.Close(ctx) })
	r.SetValue(storeKey{}, s)
	return s
}

// compile may be called from any goroutine.
func (s *store) compile(ctx context.Context, d *description) (wazero.CompiledModule, error) {
	return s.runtime.CompileModule(ctx, d.renamed)
}

// instantiate finds imports by the names of renamed.
func (s *store) instantiate(m wazero.CompiledModule, from map[string]api.Module) (api.Module, error) {
	ctx := experimental.WithImportResolver(s.realm.Agent().Context(), func(name string) api.Module { return from[name] })
	return s.runtime.InstantiateModule(ctx, m, wazero.NewModuleConfig().WithName("").WithStartFunctions())
}

// make instantiates a module of our own.
func (s *store) make(binary []byte, from map[string]api.Module) (api.Module, error) {
	m, err := s.runtime.CompileModule(s.realm.Agent().Context(), binary)
	if err != nil {
		return nil, err
	}
	return s.instantiate(m, from)
}

// refresh detaches the buffers of memories that have grown.
func (s *store) refresh() {
	for m := range s.memories {
		m.refresh()
	}
}

// thrown carries what a script threw through the code that called it.
type thrown struct{ err error }

func (t *thrown) Error() string { return "JavaScript: " + t.err.Error() }

func (t *thrown) Unwrap() error { return t.err }

// trap is the value to throw for the error of a call.
func (s *store) trap(err error) goja.Value {
	var interrupted *goja.InterruptedError
	if errors.As(err, &interrupted) {
		panic(interrupted)
	}
	var t *thrown
	if errors.As(err, &t) {
		return script.Thrown(s.realm.Runtime(), t.err)
	}
	message, _, _ := strings.Cut(err.Error(), "\n")
	message = strings.TrimSuffix(strings.TrimPrefix(message, "wasm error: "), " (recovered by wazero)")
	if strings.Contains(message, "stack overflow") {
		return idl.RangeError(s.realm, "Maximum call stack size exceeded")
	}
	return s.error("RuntimeError", message)
}

// toWasm is ToWebAssemblyValue; it throws.
func (s *store) toWasm(v goja.Value, t api.ValueType) uint64 {
	c := idl.NewCall(s.realm, "WebAssembly")
	switch t {
	case api.ValueTypeI32:
		return api.EncodeI32(idl.Long(c, v))
	case api.ValueTypeI64:
		n, err := s.realm.Agent().Call(s.asIntN, goja.Undefined(), s.realm.Runtime().ToValue(64), v)
		if err != nil {
			panic(script.Thrown(s.realm.Runtime(), err))
		}
		if b, ok := n.Export().(*big.Int); ok {
			return uint64(b.Int64())
		}
		return 0
	case api.ValueTypeF32:
		return api.EncodeF32(float32(number(c, v)))
	case api.ValueTypeF64:
		return api.EncodeF64(number(c, v))
	case api.ValueTypeExternref:
		return s.ref(v)
	case funcref:
		if goja.IsNull(v) {
			return 0
		}
		ref, err := s.functionRef(v)
		if err != nil {
			panic(idl.TypeError(s.realm, "%s", err))
		}
		return ref
	}
	panic(idl.TypeError(s.realm, "type incompatibility when transforming from/to JS"))
}

func number(c *idl.Call, v goja.Value) float64 {
	if _, big := v.Export().(*big.Int); big {
		panic(idl.TypeError(c.Realm, "Cannot convert a BigInt value to a number"))
	}
	return v.ToFloat()
}

// toJS is ToJSValue.
func (s *store) toJS(v uint64, t api.ValueType) goja.Value {
	rt := s.realm.Runtime()
	switch t {
	case api.ValueTypeI32:
		return rt.ToValue(api.DecodeI32(v))
	case api.ValueTypeI64:
		return rt.ToValue(big.NewInt(int64(v)))
	case api.ValueTypeF32:
		return rt.ToValue(float64(api.DecodeF32(v)))
	case api.ValueTypeF64:
		f := api.DecodeF64(v)
		if math.IsNaN(f) {
			f = math.NaN()
		}
		return rt.ToValue(f)
	case api.ValueTypeExternref:
		return s.deref(v)
	case funcref:
		if v == 0 {
			return goja.Null()
		}
		if f := s.byRef[v]; f != nil {
			return f
		}
	}
	panic(idl.TypeError(s.realm, "type incompatibility when transforming from/to JS"))
}

// ref is the number of a value, kept as long as the realm: what WebAssembly holds
// cannot be seen.
func (s *store) ref(v goja.Value) uint64 {
	if goja.IsNull(v) {
		return 0
	}
	if o, ok := v.(*goja.Object); ok {
		if n := s.refOf[o]; n != 0 {
			return n
		}
	}
	s.lastRef++
	s.refs[s.lastRef] = v
	if o, ok := v.(*goja.Object); ok {
		s.refOf[o] = s.lastRef
	}
	return s.lastRef
}

func (s *store) deref(n uint64) goja.Value {
	if n == 0 {
		return goja.Null()
	}
	if v := s.refs[n]; v != nil {
		return v
	}
	return goja.Undefined()
}
