package wasm

import (
	"context"
	"errors"
	"strings"

	"github.com/dop251/goja"
	"github.com/tetratelabs/wazero"

	"github.com/swinspect/swinspect/runtime/webapi/buffer"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// wasmModule is the implementation of WebAssembly.Module.
type wasmModule struct {
	*description
	compiled wazero.CompiledModule
}

// Module is WebAssembly.Module.
var Module = &idl.Interface{Name: "Module", Tag: "WebAssembly.Module", Length: 1}

func init() {
	Module.New = func(c *idl.Call) any {
		s := storeOf(c.Realm)
		m, err := s.newModule(c.Realm.Agent().Context(), source(c, "WebAssembly.Module()"))
		if err != nil {
			panic(s.compileError("WebAssembly.Module()", err))
		}
		return m
	}
	entry := func(c *idl.Call, module *string, name string, k kind) goja.Value {
		o := c.Runtime().NewObject()
		if module != nil {
			_ = o.Set("module", *module)
		}
		_ = o.Set("name", name)
		_ = o.Set("kind", k.name())
		return o
	}
	Module.Members = []idl.Member{
		idl.Static("exports", 1, func(c *idl.Call) goja.Value {
			var list []any
			for _, e := range idl.As[*wasmModule](c, c.Arg(0), Module).exports {
				list = append(list, entry(c, nil, e.name, e.kind))
			}
			return c.Runtime().NewArray(list...)
		}),
		idl.Static("imports", 1, func(c *idl.Call) goja.Value {
			var list []any
			for _, im := range idl.As[*wasmModule](c, c.Arg(0), Module).imports {
				list = append(list, entry(c, &im.module, im.name, im.kind))
			}
			return c.Runtime().NewArray(list...)
		}),
		idl.Static("customSections", 2, func(c *idl.Call) goja.Value {
			m, name := idl.As[*wasmModule](c, c.Arg(0), Module), c.String(1)
			var list []any
			for _, s := range m.customs {
				if s.name == name {
					list = append(list, buffer.New(c.Realm, append([]byte(nil), s.data...)))
				}
			}
			return c.Runtime().NewArray(list...)
		}),
	}
}

// source is a copy of the bytes that the first argument holds; it throws.
func source(c *idl.Call, what string) []byte {
	b, ok := buffer.Copy(c.Realm, c.Arg(0))
	if !ok {
		panic(idl.TypeError(c.Realm, "%s: Argument 0 must be a buffer source", what))
	}
	return b
}

// newModule compiles; any goroutine may call it.
func (s *store) newModule(ctx context.Context, b []byte) (*wasmModule, error) {
	d, err := describe(b)
	if err != nil {
		// The compiler knows better what is wrong.
		if _, worse := s.runtime.CompileModule(ctx, b); worse != nil {
			err = worse
		}
		return nil, err
	}
	compiled, err := s.compile(ctx, d)
	if err != nil {
		return nil, err
	}
	return &wasmModule{d, compiled}, nil
}

func (s *store) compileError(what string, err error) goja.Value {
	message, _, _ := strings.Cut(err.Error(), "\n")
	return s.error("CompileError", what+": "+message)
}

// instantiationError is what to throw when instantiation failed: what the start
// function threw, its trap, or a LinkError.
func (s *store) instantiationError(err error) goja.Value {
	var t *thrown
	var interrupted *goja.InterruptedError
	if errors.As(err, &t) || errors.As(err, &interrupted) || strings.Contains(err.Error(), "wasm error:") {
		message := err
		if _, after, found := strings.Cut(err.Error(), "wasm error: "); found && t == nil && interrupted == nil {
			message = errors.New(after)
		}
		return s.trap(message)
	}
	if strings.Contains(err.Error(), "out of bounds") {
		return s.trap(err)
	}
	return s.error("LinkError", "WebAssembly.Instance(): "+err.Error())
}
