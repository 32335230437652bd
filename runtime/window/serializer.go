package window

import (
	"strings"

	"github.com/dop251/goja"
	"golang.org/x/net/html"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// xmlSerializer is XMLSerializer. DIVERGES: nodes are written as HTML, not as XML; a
// doctype, which clients read through it, is the same in both.
var xmlSerializer = &idl.Interface{
	Name: "XMLSerializer", New: func(*idl.Call) any { return &struct{ serializer int }{} },
	Members: []idl.Member{
		idl.Method("serializeToString", 1, func(c *idl.Call) goja.Value {
			n := nodeArg(c, 0).n
			if n.Type == html.DoctypeNode {
				return c.Value("<!DOCTYPE " + n.Data + ">")
			}
			var b strings.Builder
			_ = html.Render(&b, n) // a strings.Builder takes everything
			return c.Value(b.String())
		}),
	},
}

// shadowRoot is there for scripts that ask whether a node is one: none is.
var shadowRoot = &idl.Interface{Name: "ShadowRoot", Parent: fragmentElement}
