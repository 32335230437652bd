package streams

import (
	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Transform is what a transform stream made by Go does. The functions may throw
// and may return a promise; enqueue gives a chunk to the readable side. Nil
// functions do nothing.
type Transform struct {
	Transform func(chunk goja.Value, enqueue func(goja.Value)) goja.Value
	Flush     func(enqueue func(goja.Value)) goja.Value
	Cancel    func(reason goja.Value)
}

// Generic is the implementation of an object that includes GenericTransformStream:
// embed it.
type Generic struct {
	transform          *goja.Object
	readable, writable goja.Value
}

// genericTransform is any implementation that embeds Generic.
type genericTransform interface{ generic() *Generic }

func (g *Generic) generic() *Generic { return g }

// NewGeneric makes the transform stream inside of an object.
func NewGeneric(r *idl.Realm, t Transform) Generic {
	s := stateOf(r)
	o := s.newTransform(t)
	return Generic{o, o.Get("readable"), o.Get("writable")}
}

// NewTransform makes a TransformStream fed by Go.
func NewTransform(r *idl.Realm, t Transform) *goja.Object { return stateOf(r).newTransform(t) }

func (s *state) newTransform(t Transform) *goja.Object {
	rt := s.realm.Runtime()
	enqueuer := func(v goja.Value) func(goja.Value) {
		f, _ := goja.AssertFunction(v)
		return func(chunk goja.Value) {
			if _, err := s.realm.Agent().Call(f, goja.Undefined(), chunk); err != nil {
				panic(err)
			}
		}
	}
	transform := rt.ToValue(func(c goja.FunctionCall) goja.Value {
		return s.promised(func() goja.Value {
			if t.Transform == nil {
				return nil
			}
			return t.Transform(c.Argument(0), enqueuer(c.Argument(1)))
		})
	})
	flush := rt.ToValue(func(c goja.FunctionCall) goja.Value {
		return s.promised(func() goja.Value {
			if t.Flush == nil {
				return nil
			}
			return t.Flush(enqueuer(c.Argument(0)))
		})
	})
	cancel := rt.ToValue(func(c goja.FunctionCall) goja.Value {
		if t.Cancel != nil {
			t.Cancel(c.Argument(0))
		}
		return goja.Undefined()
	})
	return s.call("transform", transform, flush, cancel).(*goja.Object)
}

// GenericMembers are the members of GenericTransformStream.
func GenericMembers() []idl.Member {
	return []idl.Member{
		idl.Attr("readable", func(c *idl.Call) goja.Value { return idl.This[genericTransform](c).generic().readable }, nil),
		idl.Attr("writable", func(c *idl.Call) goja.Value { return idl.This[genericTransform](c).generic().writable }, nil),
	}
}
