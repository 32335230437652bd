package window

import (
	"github.com/dop251/goja"
	"golang.org/x/net/html"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// nodeList is the interface of lists of nodes.
//
// DIVERGES: lists are arrays of the moment, not live; they have the members of
// NodeList and HTMLCollection on top of Array's.
var nodeList = &idl.Interface{
	Name: "NodeList",
	Members: []idl.Member{
		idl.Method("item", 1, func(c *idl.Call) goja.Value {
			v := c.This.(*goja.Object).Get(c.Arg(0).String())
			if v == nil {
				return goja.Null()
			}
			return v
		}),
		idl.Method("namedItem", 1, func(c *idl.Call) goja.Value {
			name := c.String(0)
			array := c.This.(*goja.Object)
			for i := range array.Get("length").ToInteger() {
				w, ok := idl.Unwrap[*Node](array.Get(c.Value(i).String()))
				if ok && (w.attribute("id") == name || w.attribute("name") == name) {
					return w.Object()
				}
			}
			return goja.Null()
		}),
	},
	Setup: func(r *idl.Realm, _, prototype *goja.Object) {
		array := r.Runtime().GlobalObject().Get("Array").(*goja.Object).Get("prototype").(*goja.Object)
		if err := prototype.SetPrototype(array); err != nil {
			panic(err)
		}
	},
}

// list is a NodeList of nodes.
func (d *Document) list(nodes []*html.Node) goja.Value {
	items := make([]any, len(nodes))
	for i, n := range nodes {
		items[i] = d.object(n)
	}
	array := d.realm.Runtime().NewArray(items...)
	if err := array.SetPrototype(d.realm.Prototype(nodeList)); err != nil {
		panic(err)
	}
	return array
}
