package wasm

import (
	"context"
	"errors"
	"strconv"

	"github.com/dop251/goja"
	"github.com/tetratelabs/wazero/api"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// function is an exported function.
type function struct {
	call      api.Function
	signature signature
	module    api.Module // and name: where it can be imported from; nil for nowhere
	name      string
	ref       uint64 // its reference, once known
}

// export makes the function object of an exported function; of one reference there
// is one object.
func (s *store) export(f *function, index int) *goja.Object {
	native := func(c goja.FunctionCall) goja.Value { return s.call(f, c) }
	o := idl.Function(s.realm, strconv.Itoa(index), len(f.signature.params), native).(*goja.Object)
	s.functions[o] = f
	return o
}

// call calls into WebAssembly; the agent's end ends it too.
func (s *store) call(f *function, c goja.FunctionCall) goja.Value {
	params := make([]uint64, len(f.signature.params))
	for i, t := range f.signature.params {
		params[i] = s.toWasm(c.Argument(i), t)
	}
	for _, t := range f.signature.results {
		if t == vector {
			panic(idl.TypeError(s.realm, "type incompatibility when transforming from/to JS"))
		}
	}
	results, err := f.call.Call(s.realm.Agent().Context(), params...)
	s.refresh()
	if err != nil {
		panic(s.trap(err))
	}
	switch len(f.signature.results) {
	case 0:
		return goja.Undefined()
	case 1:
		return s.toJS(results[0], f.signature.results[0])
	}
	list := make([]any, len(results))
	for i, v := range results {
		list[i] = s.toJS(v, f.signature.results[i])
	}
	return s.realm.Runtime().NewArray(list...)
}

// host is a JavaScript function as WebAssembly calls it.
func (s *store) host(f goja.Callable, sig signature) api.GoModuleFunc {
	agent := s.realm.Agent()
	return func(_ context.Context, _ api.Module, stack []uint64) {
		s.refresh()
		err := agent.Try(func() {
			args := make([]goja.Value, len(sig.params))
			for i, t := range sig.params {
				args[i] = s.toJS(stack[i], t)
			}
			v, err := agent.Call(f, goja.Undefined(), args...)
			if err != nil {
				panic(&thrown{err})
			}
			switch len(sig.results) {
			case 0:
			case 1:
				stack[0] = s.toWasm(v, sig.results[0])
			default:
				c := idl.NewCall(s.realm, "WebAssembly")
				values := idl.Sequence(c, v)
				if len(values) != len(sig.results) {
					panic(idl.TypeError(s.realm, "multi-return length mismatch"))
				}
				for i, t := range sig.results {
					stack[i] = s.toWasm(values[i], t)
				}
			}
		})
		if err != nil {
			panic(&thrown{err})
		}
	}
}

var errNoExport = errors.New("WebAssembly objects are opaque: function-typed object expected")

// functionRef is the reference of a function object.
func (s *store) functionRef(v goja.Value) (uint64, error) {
	o, _ := v.(*goja.Object)
	f := s.functions[o]
	if f == nil {
		return 0, errNoExport
	}
	if f.ref == 0 {
		if f.module == nil {
			return 0, errNoExport
		}
		m, err := s.make(reference(f.name, f.signature), map[string]api.Module{"s": f.module})
		if err != nil {
			return 0, err
		}
		refs, err := m.ExportedFunction("r").Call(s.realm.Agent().Context())
		if err != nil {
			return 0, err
		}
		f.ref = refs[0]
		s.byRef[f.ref] = o
	}
	return f.ref, nil
}
