package window

import (
	"strings"

	"github.com/andybalholm/cascadia"
	"github.com/dop251/goja"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

var elementInterface = &idl.Interface{Name: "Element", Parent: nodeInterface}

func init() {
	elementInterface.Members = append([]idl.Member{
		nodeAttr("tagName", func(w *Node) any { return nodeName(w.n) }),
		nodeAttr("localName", func(w *Node) any { return w.n.Data }),
		nodeAttr("namespaceURI", func(w *Node) any { return namespaceURI(w.n) }),
		reflectString("id", "id"), reflectString("className", "class"), reflectString("slot", "slot"),
		idl.Attr("classList", func(c *idl.Call) goja.Value { return node(c).tokenList("class") }, nil),
		idl.Attr("attributes", func(c *idl.Call) goja.Value { return node(c).attributes() }, nil),
		idl.Method("getAttribute", 1, func(c *idl.Call) goja.Value {
			if v, ok := attr(node(c).n, strings.ToLower(c.String(0))); ok {
				return c.Value(v)
			}
			return goja.Null()
		}),
		idl.Method("getAttributeNames", 0, func(c *idl.Call) goja.Value {
			var names []any
			for _, a := range node(c).n.Attr {
				names = append(names, a.Key)
			}
			return c.Runtime().NewArray(names...)
		}),
		idl.Method("setAttribute", 2, func(c *idl.Call) goja.Value {
			node(c).setAttribute(strings.ToLower(c.String(0)), c.String(1))
			return nil
		}),
		idl.Method("setAttributeNS", 3, func(c *idl.Call) goja.Value { node(c).setAttribute(c.String(1), c.String(2)); return nil }),
		idl.Method("removeAttribute", 1, func(c *idl.Call) goja.Value { node(c).dropAttribute(strings.ToLower(c.String(0))); return nil }),
		idl.Method("hasAttribute", 1, func(c *idl.Call) goja.Value {
			_, ok := attr(node(c).n, strings.ToLower(c.String(0)))
			return c.Value(ok)
		}),
		idl.Method("toggleAttribute", 1, func(c *idl.Call) goja.Value {
			w, name := node(c), strings.ToLower(c.String(0))
			_, has := attr(w.n, name)
			want := !has
			if c.Has(1) {
				want = c.Bool(1)
			}
			if want && !has {
				w.setAttribute(name, "")
			} else if !want {
				w.dropAttribute(name)
			}
			return c.Value(want)
		}),
		idl.Attr("innerHTML", func(c *idl.Call) goja.Value { w := node(c); return c.Value(innerHTML(w.container())) }, func(c *idl.Call) goja.Value {
			w := node(c)
			w.setInnerHTML(nullString(c, 0))
			return nil
		}),
		idl.Attr("outerHTML", func(c *idl.Call) goja.Value {
			var b strings.Builder
			_ = html.Render(&b, node(c).n)
			return c.Value(b.String())
		}, nil),
		idl.Method("insertAdjacentHTML", 2, func(c *idl.Call) goja.Value {
			w := node(c)
			for _, n := range parseFragment(c.String(1), w.n) {
				w.insertAdjacent(c, c.String(0), n)
			}
			return nil
		}),
		idl.Method("insertAdjacentElement", 2, func(c *idl.Call) goja.Value {
			w, child := node(c), nodeArg(c, 1)
			child.doc.remove(child.n)
			w.doc.adopt(child)
			w.insertAdjacent(c, c.String(0), child.n)
			return child.Object()
		}),
		idl.Method("matches", 1, func(c *idl.Call) goja.Value { return c.Value(selector(c, 0).Match(node(c).n)) }),
		idl.Method("closest", 1, func(c *idl.Call) goja.Value {
			w, s := node(c), selector(c, 0)
			for n := w.n; n != nil && n.Type == html.ElementNode; n = n.Parent {
				if s.Match(n) {
					return w.doc.object(n)
				}
			}
			return goja.Null()
		}),
		idl.Method("checkVisibility", 0, func(c *idl.Call) goja.Value { return c.Value(node(c).connected()) }),
		idl.Method("getBoundingClientRect", 0, func(c *idl.Call) goja.Value { node(c); return rect(c) }),
		idl.Method("getClientRects", 0, func(c *idl.Call) goja.Value { node(c); return c.Runtime().NewArray(rect(c)) }),
		idl.Method("scrollIntoView", 0, func(c *idl.Call) goja.Value { node(c); return nil }),
		idl.Method("attachShadow", 1, func(c *idl.Call) goja.Value {
			w := node(c)
			return w.doc.object(&html.Node{Type: html.DocumentNode, Data: fragmentData})
		}),
	}, append(append(parentMembers(), childMembers()...), zeroes("clientWidth", "clientHeight", "clientTop", "clientLeft", "scrollWidth", "scrollHeight", "scrollTop", "scrollLeft")...)...)
}

// zeroes are the measures of a layout that does not exist.
func zeroes(names ...string) []idl.Member {
	members := make([]idl.Member, 0, len(names))
	for _, name := range names {
		members = append(members, idl.Attr(name,
			func(c *idl.Call) goja.Value { node(c); return c.Value(0) },
			func(c *idl.Call) goja.Value { node(c); return nil }))
	}
	return members
}

func rect(c *idl.Call) goja.Value {
	o := c.Runtime().NewObject()
	for _, k := range []string{"x", "y", "width", "height", "top", "left", "right", "bottom"} {
		_ = o.Set(k, 0)
	}
	return o
}

func namespaceURI(n *html.Node) string {
	switch n.Namespace {
	case "svg":
		return "http://www.w3.org/2000/svg"
	case "math":
		return "http://www.w3.org/1998/Math/MathML"
	}
	return "http://www.w3.org/1999/xhtml"
}

// reflectString is an attribute that reflects a content attribute.
func reflectString(name, content string) idl.Member {
	return idl.Attr(name,
		func(c *idl.Call) goja.Value { return c.Value(node(c).attribute(content)) },
		func(c *idl.Call) goja.Value { node(c).setAttribute(content, c.String(0)); return nil })
}

// reflectURL is one whose value is resolved against the document's base.
func reflectURL(name, content string) idl.Member {
	return idl.Attr(name,
		func(c *idl.Call) goja.Value {
			w := node(c)
			v, ok := attr(w.n, content)
			if !ok {
				return c.Value("")
			}
			if u := w.doc.resolve(v); u != nil {
				return c.Value(u.String())
			}
			return c.Value(v)
		},
		func(c *idl.Call) goja.Value { node(c).setAttribute(content, c.String(0)); return nil })
}

// reflectBool is one that is there or not.
func reflectBool(name, content string) idl.Member {
	return idl.Attr(name,
		func(c *idl.Call) goja.Value { _, ok := attr(node(c).n, content); return c.Value(ok) },
		func(c *idl.Call) goja.Value {
			if w := node(c); c.Bool(0) {
				w.setAttribute(content, "")
			} else {
				w.dropAttribute(content)
			}
			return nil
		})
}

func (w *Node) setAttribute(name, value string) {
	old, had := attr(w.n, name)
	setAttr(w.n, name, value)
	w.doc.changed()
	w.attributeChanged(name)
	if w.custom != nil {
		rt, before := w.Realm().Runtime(), goja.Null()
		if had {
			before = rt.ToValue(old)
		}
		w.reactAttribute(name, before, rt.ToValue(value))
	}
}

func (w *Node) dropAttribute(name string) {
	if old, ok := attr(w.n, name); ok {
		removeAttr(w.n, name)
		w.doc.changed()
		w.attributeChanged(name)
		if w.custom != nil {
			w.reactAttribute(name, w.Realm().Runtime().ToValue(old), goja.Null())
		}
	}
}

func (w *Node) attributes() goja.Value {
	rt := w.doc.realm.Runtime()
	var items []any
	for _, a := range w.n.Attr {
		o := rt.NewObject()
		_ = o.Set("name", a.Key)
		_ = o.Set("value", a.Val)
		items = append(items, o)
	}
	return rt.NewArray(items...)
}

// container is where the children of an element are: a template's in its content.
func (w *Node) container() *html.Node { return w.n }

func innerHTML(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		_ = html.Render(&b, c)
	}
	return b.String()
}

// setInnerHTML parses a fragment and puts it in the place of the children. Scripts
// in it do not run, as the standard has it.
func (w *Node) setInnerHTML(source string) {
	for w.n.FirstChild != nil {
		w.doc.remove(w.n.FirstChild)
	}
	for _, n := range parseFragment(source, w.n) {
		w.doc.deaden(n)
		w.doc.insertNode(w.n, n, nil)
	}
	w.doc.childrenChanged(w.n)
}

// deaden marks the scripts of a parsed fragment as already started.
func (d *Document) deaden(n *html.Node) {
	if n.Type == html.ElementNode && n.DataAtom == atom.Script {
		d.wrap(n).script = &scriptState{started: true}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		d.deaden(c)
	}
}

func parseFragment(source string, in *html.Node) []*html.Node {
	context := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	if in.Type == html.ElementNode {
		context = &html.Node{Type: html.ElementNode, Data: in.Data, DataAtom: in.DataAtom, Namespace: in.Namespace}
	}
	nodes, err := html.ParseFragment(strings.NewReader(source), context)
	if err != nil {
		return []*html.Node{{Type: html.TextNode, Data: source}}
	}
	return nodes
}

func (w *Node) insertAdjacent(c *idl.Call, where string, n *html.Node) {
	switch strings.ToLower(where) {
	case "beforebegin":
		if w.n.Parent != nil {
			w.doc.insertNode(w.n.Parent, n, w.n)
		}
	case "afterbegin":
		w.doc.insertNode(w.n, n, w.n.FirstChild)
	case "beforeend":
		w.doc.insertNode(w.n, n, nil)
	case "afterend":
		if w.n.Parent != nil {
			w.doc.insertNode(w.n.Parent, n, w.n.NextSibling)
		}
	default:
		panic(c.Exception("SyntaxError", "The value provided ('%s') is not one of 'beforebegin', 'afterbegin', 'beforeend', or 'afterend'.", where))
	}
}

// selector parses a selector argument.
func selector(c *idl.Call, i int) cascadia.SelectorGroup {
	s, err := cascadia.ParseGroup(c.String(i))
	if err != nil {
		panic(c.Exception("SyntaxError", "'%s' is not a valid selector.", c.String(i)))
	}
	return s
}

// parentMembers are those of ParentNode.
func parentMembers() []idl.Member {
	return []idl.Member{
		idl.Attr("children", func(c *idl.Call) goja.Value {
			w := node(c)
			return w.liveOf("children", htmlCollection, func() []*html.Node { return children(w.n, true) })
		}, nil),
		idl.Attr("firstElementChild", func(c *idl.Call) goja.Value { w := node(c); return edge(w, children(w.n, true), true) }, nil),
		idl.Attr("lastElementChild", func(c *idl.Call) goja.Value { w := node(c); return edge(w, children(w.n, true), false) }, nil),
		nodeAttr("childElementCount", func(w *Node) any { return len(children(w.n, true)) }),
		idl.Method("querySelector", 1, func(c *idl.Call) goja.Value { w := node(c); return w.doc.object(cascadia.Query(w.n, selector(c, 0))) }),
		idl.Method("querySelectorAll", 1, func(c *idl.Call) goja.Value { w := node(c); return w.doc.list(cascadia.QueryAll(w.n, selector(c, 0))) }),
		idl.Method("getElementsByTagName", 1, func(c *idl.Call) goja.Value {
			w, name := node(c), strings.ToLower(c.String(0))
			return w.doc.live(htmlCollection, func() []*html.Node {
				return descendants(w.n, func(n *html.Node) bool { return name == "*" || n.Data == name })
			})
		}),
		idl.Method("getElementsByClassName", 1, func(c *idl.Call) goja.Value {
			w, names := node(c), strings.Fields(c.String(0))
			return w.doc.live(htmlCollection, func() []*html.Node {
				return descendants(w.n, func(n *html.Node) bool { return hasClasses(n, names) })
			})
		}),
		idl.Method("append", 0, func(c *idl.Call) goja.Value { w := node(c); w.insertAll(c, w.n, nil); return nil }),
		idl.Method("prepend", 0, func(c *idl.Call) goja.Value { w := node(c); w.insertAll(c, w.n, w.n.FirstChild); return nil }),
		idl.Method("replaceChildren", 0, func(c *idl.Call) goja.Value {
			w := node(c)
			for w.n.FirstChild != nil {
				w.doc.remove(w.n.FirstChild)
			}
			w.insertAll(c, w.n, nil)
			return nil
		}),
	}
}

// childMembers are those of ChildNode and NonDocumentTypeChildNode.
func childMembers() []idl.Member {
	return []idl.Member{
		idl.Attr("previousElementSibling", func(c *idl.Call) goja.Value { return sibling(node(c), false) }, nil),
		idl.Attr("nextElementSibling", func(c *idl.Call) goja.Value { return sibling(node(c), true) }, nil),
		idl.Method("remove", 0, func(c *idl.Call) goja.Value { w := node(c); w.doc.remove(w.n); return nil }),
		idl.Method("before", 0, func(c *idl.Call) goja.Value {
			if w := node(c); w.n.Parent != nil {
				w.insertAll(c, w.n.Parent, w.n)
			}
			return nil
		}),
		idl.Method("after", 0, func(c *idl.Call) goja.Value {
			if w := node(c); w.n.Parent != nil {
				w.insertAll(c, w.n.Parent, w.n.NextSibling)
			}
			return nil
		}),
		idl.Method("replaceWith", 0, func(c *idl.Call) goja.Value {
			if w := node(c); w.n.Parent != nil {
				parent, before := w.n.Parent, w.n.NextSibling
				w.doc.remove(w.n)
				w.insertAll(c, parent, before)
			}
			return nil
		}),
	}
}

func edge(w *Node, nodes []*html.Node, first bool) goja.Value {
	switch {
	case len(nodes) == 0:
		return goja.Null()
	case first:
		return w.doc.object(nodes[0])
	}
	return w.doc.object(nodes[len(nodes)-1])
}

func sibling(w *Node, next bool) goja.Value {
	n := w.n
	for {
		if next {
			n = n.NextSibling
		} else {
			n = n.PrevSibling
		}
		if n == nil || n.Type == html.ElementNode {
			return w.doc.object(n)
		}
	}
}

// insertAll inserts the arguments of append, before and their like: nodes and strings.
func (w *Node) insertAll(c *idl.Call, parent, before *html.Node) {
	target := w.doc.wrap(parent)
	for i := range c.Args {
		child, ok := idl.Unwrap[*Node](c.Arg(i))
		if !ok {
			child = w.doc.wrap(&html.Node{Type: html.TextNode, Data: c.String(i)})
		}
		target.insert(c, child, before)
	}
}

func descendants(n *html.Node, keep func(n *html.Node) bool) []*html.Node {
	var all []*html.Node
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Type == html.ElementNode && keep(c) {
				all = append(all, c)
			}
			walk(c)
		}
	}
	walk(n)
	return all
}

func hasClasses(n *html.Node, names []string) bool {
	class, _ := attr(n, "class")
	have := strings.Fields(class)
	for _, name := range names {
		found := false
		for _, h := range have {
			found = found || h == name
		}
		if !found {
			return false
		}
	}
	return len(names) > 0
}
