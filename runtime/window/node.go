package window

import (
	"strings"

	"github.com/dop251/goja"
	"golang.org/x/net/html"

	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// Node is the JavaScript side of a node: the concept is the html.Node. A document
// has at most one Node per html.Node, made when a script first sees it or when the
// node does something (a script, a frame, an image).
type Node struct {
	dom.Target
	n   *html.Node
	doc *Document

	frame *Frame // of an iframe in a document
	// navigated is set when an iframe goes elsewhere than its initial about:blank.
	navigated bool
	script    *scriptState
	value     *string // of a form control, when it differs from the attribute
	check     *bool
	files     goja.Value
	sheet     goja.Value
	image     imageState
	loads     uint64 // the newest load of a subresource: an older one is dropped
	tokens    map[string]*goja.Object
	lists     map[string]goja.Value // live collections
	custom    *customElement        // its definition, once it is upgraded
	data      *goja.Object          // dataset
	style     *goja.Object
	// content is a template's.
	content *Node
}

// wrap is the Node of an html.Node.
func (d *Document) wrap(n *html.Node) *Node {
	if n == nil {
		return nil
	}
	if w, ok := d.nodes[n]; ok {
		return w
	}
	w := &Node{n: n, doc: d}
	d.nodes[n] = w
	w.Bind(d.realm, idl.Wrap(d.realm, interfaceOf(n), w))
	w.Parent = w.eventParent
	w.attributeHandlers()
	return w
}

// object is the JavaScript value of an html.Node; null for nil.
func (d *Document) object(n *html.Node) goja.Value {
	if n == nil {
		return goja.Null()
	}
	return d.wrap(n).Object()
}

// eventParent is "get the parent" of a node: the next node up that a script has
// seen; from the document, the window (but not for load).
func (w *Node) eventParent(e *dom.Event) *dom.Target {
	for n := w.n.Parent; n != nil; n = n.Parent {
		if parent, ok := w.doc.nodes[n]; ok {
			return &parent.Target
		}
	}
	if w.n == w.doc.root && e.Type != "load" && w.doc.window != nil {
		return &w.doc.window.Target
	}
	return nil
}

// connected reports whether the node is in its document's tree.
func (w *Node) connected() bool { return w.doc.contains(w.n) }

func (d *Document) contains(n *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if n == d.root {
			return true
		}
	}
	return false
}

func (w *Node) attribute(name string) string {
	v, _ := attr(w.n, name)
	return v
}

func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name && a.Namespace == "" {
			return a.Val, true
		}
	}
	return "", false
}

func setAttr(n *html.Node, name, value string) {
	for i := range n.Attr {
		if n.Attr[i].Key == name {
			n.Attr[i].Val = value
			return
		}
	}
	n.Attr = append(n.Attr, html.Attribute{Key: name, Val: value})
}

func removeAttr(n *html.Node, name string) {
	for i := range n.Attr {
		if n.Attr[i].Key == name {
			n.Attr = append(n.Attr[:i:i], n.Attr[i+1:]...)
			return
		}
	}
}

func node(c *idl.Call) *Node { return idl.This[*Node](c) }

// nodeArg is an argument that must be a node; one of another document is adopted
// when it is inserted.
func nodeArg(c *idl.Call, i int) *Node { return idl.As[*Node](c, c.Arg(i), nodeInterface) }

var nodeInterface = &idl.Interface{Name: "Node", Parent: dom.EventTarget}

func init() {
	nodeInterface.Members = []idl.Member{
		idl.Const("ELEMENT_NODE", 1), idl.Const("TEXT_NODE", 3), idl.Const("COMMENT_NODE", 8),
		idl.Const("DOCUMENT_NODE", 9), idl.Const("DOCUMENT_TYPE_NODE", 10), idl.Const("DOCUMENT_FRAGMENT_NODE", 11),
		nodeAttr("nodeType", func(w *Node) any { return nodeType(w.n) }),
		nodeAttr("nodeName", func(w *Node) any { return nodeName(w.n) }),
		nodeAttr("baseURI", func(w *Node) any { return w.doc.base().String() }),
		nodeAttr("isConnected", func(w *Node) any { return w.connected() }),
		idl.Attr("ownerDocument", func(c *idl.Call) goja.Value {
			w := node(c)
			if w.n == w.doc.root {
				return goja.Null()
			}
			return w.doc.object(w.doc.root)
		}, nil),
		nodeLink("parentNode", func(n *html.Node) *html.Node { return n.Parent }),
		nodeLink("parentElement", func(n *html.Node) *html.Node {
			if n.Parent != nil && n.Parent.Type == html.ElementNode {
				return n.Parent
			}
			return nil
		}),
		nodeLink("firstChild", func(n *html.Node) *html.Node { return n.FirstChild }),
		nodeLink("lastChild", func(n *html.Node) *html.Node { return n.LastChild }),
		nodeLink("previousSibling", func(n *html.Node) *html.Node { return n.PrevSibling }),
		nodeLink("nextSibling", func(n *html.Node) *html.Node { return n.NextSibling }),
		idl.Attr("childNodes", func(c *idl.Call) goja.Value {
			w := node(c)
			return w.liveOf("childNodes", nodeList, func() []*html.Node { return children(w.n, false) })
		}, nil),
		idl.Attr("nodeValue", nodeValue, setNodeValue),
		idl.Attr("textContent", func(c *idl.Call) goja.Value {
			w := node(c)
			if w.n.Type == html.DocumentNode && w.n == w.doc.root {
				return goja.Null()
			}
			return c.Value(textOf(w.n))
		}, setTextContent),
		idl.Method("hasChildNodes", 0, func(c *idl.Call) goja.Value { return c.Value(node(c).n.FirstChild != nil) }),
		idl.Method("contains", 1, func(c *idl.Call) goja.Value {
			w := node(c)
			other, ok := idl.Unwrap[*Node](c.Arg(0))
			return c.Value(ok && inclusiveAncestor(w.n, other.n))
		}),
		idl.Method("getRootNode", 0, func(c *idl.Call) goja.Value {
			w := node(c)
			n := w.n
			for n.Parent != nil {
				n = n.Parent
			}
			return w.doc.object(n)
		}),
		idl.Method("isSameNode", 1, func(c *idl.Call) goja.Value { return c.Value(c.This.SameAs(c.Arg(0))) }),
		idl.Method("appendChild", 1, func(c *idl.Call) goja.Value {
			w, child := node(c), nodeArg(c, 0)
			w.insert(c, child, nil)
			return child.Object()
		}),
		idl.Method("insertBefore", 2, func(c *idl.Call) goja.Value {
			w, child := node(c), nodeArg(c, 0)
			var before *html.Node
			if !idl.IsNullish(c.Arg(1)) {
				before = nodeArg(c, 1).n
			}
			w.insert(c, child, before)
			return child.Object()
		}),
		idl.Method("removeChild", 1, func(c *idl.Call) goja.Value {
			w, child := node(c), nodeArg(c, 0)
			if child.n.Parent != w.n {
				panic(c.Exception("NotFoundError", "The node to be removed is not a child of this node."))
			}
			w.doc.remove(child.n)
			return child.Object()
		}),
		idl.Method("replaceChild", 2, func(c *idl.Call) goja.Value {
			w, child, old := node(c), nodeArg(c, 0), nodeArg(c, 1)
			if old.n.Parent != w.n {
				panic(c.Exception("NotFoundError", "The node to be replaced is not a child of this node."))
			}
			before := old.n.NextSibling
			w.doc.remove(old.n)
			w.insert(c, child, before)
			return old.Object()
		}),
		idl.Method("cloneNode", 0, func(c *idl.Call) goja.Value { w := node(c); return w.doc.object(cloneNode(w.n, c.Bool(0))) }),
		idl.Method("normalize", 0, func(c *idl.Call) goja.Value { node(c); return nil }),
	}
}

func nodeAttr(name string, get func(w *Node) any) idl.Member {
	return idl.Attr(name, func(c *idl.Call) goja.Value { return c.Value(get(node(c))) }, nil)
}

func nodeLink(name string, get func(n *html.Node) *html.Node) idl.Member {
	return idl.Attr(name, func(c *idl.Call) goja.Value { w := node(c); return w.doc.object(get(w.n)) }, nil)
}

func nodeType(n *html.Node) int {
	switch n.Type {
	case html.ElementNode:
		return 1
	case html.TextNode:
		return 3
	case html.CommentNode:
		return 8
	case html.DoctypeNode:
		return 10
	}
	if n.Data == fragmentData {
		return 11
	}
	return 9
}

// fragmentData marks the html.Node of a DocumentFragment.
const fragmentData = "#document-fragment"

func nodeName(n *html.Node) string {
	switch n.Type {
	case html.ElementNode:
		if n.Namespace == "" {
			return strings.ToUpper(n.Data)
		}
		return n.Data
	case html.TextNode:
		return "#text"
	case html.CommentNode:
		return "#comment"
	case html.DoctypeNode:
		return n.Data
	}
	if n.Data == fragmentData {
		return fragmentData
	}
	return "#document"
}

func nodeValue(c *idl.Call) goja.Value {
	if n := node(c).n; n.Type == html.TextNode || n.Type == html.CommentNode {
		return c.Value(n.Data)
	}
	return goja.Null()
}

func setNodeValue(c *idl.Call) goja.Value {
	if n := node(c).n; n.Type == html.TextNode || n.Type == html.CommentNode {
		n.Data = nullString(c, 0)
	}
	return nil
}

func setTextContent(c *idl.Call) goja.Value {
	w := node(c)
	if w.n.Type == html.TextNode || w.n.Type == html.CommentNode {
		return setNodeValue(c)
	}
	w.setText(nullString(c, 0))
	return nil
}

// setText replaces the children by a text.
func (w *Node) setText(text string) {
	for w.n.FirstChild != nil {
		w.doc.remove(w.n.FirstChild)
	}
	if text != "" {
		w.doc.insertNode(w.n, &html.Node{Type: html.TextNode, Data: text}, nil)
	}
	w.doc.childrenChanged(w.n)
}

// nullString is an argument of a [LegacyNullToEmptyString] kind.
func nullString(c *idl.Call, i int) string {
	if goja.IsNull(c.Arg(i)) {
		return ""
	}
	return c.String(i)
}

func textOf(n *html.Node) string {
	if n.Type == html.TextNode || n.Type == html.CommentNode {
		return n.Data
	}
	var b strings.Builder
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Type == html.TextNode {
				b.WriteString(c.Data)
			} else if c.Type != html.CommentNode {
				walk(c)
			}
		}
	}
	walk(n)
	return b.String()
}

func inclusiveAncestor(n, of *html.Node) bool {
	for ; of != nil; of = of.Parent {
		if of == n {
			return true
		}
	}
	return false
}

// children of a node; with elements, only those.
func children(n *html.Node, elements bool) []*html.Node {
	var all []*html.Node
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if !elements || c.Type == html.ElementNode {
			all = append(all, c)
		}
	}
	return all
}

func cloneNode(n *html.Node, deep bool) *html.Node {
	c := &html.Node{Type: n.Type, DataAtom: n.DataAtom, Data: n.Data, Namespace: n.Namespace, Attr: append([]html.Attribute(nil), n.Attr...)}
	if deep {
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			c.AppendChild(cloneNode(child, true))
		}
	}
	return c
}

// maxDepth bounds a document's tree. What walks trees recurses, and a Go stack that
// overflows ends the process; pages stay below a few hundred.
const maxDepth = 5_000

// insert is pre-insert: with the checks of the standard, and maxDepth.
func (w *Node) insert(c *idl.Call, child *Node, before *html.Node) {
	if t := nodeType(w.n); t != 1 && t != 9 && t != 11 {
		panic(c.Exception("HierarchyRequestError", "This node type does not support this method."))
	}
	if inclusiveAncestor(child.n, w.n) {
		panic(c.Exception("HierarchyRequestError", "The new child element contains the parent."))
	}
	if depth := depthOf(w.n); depth+heightOf(child.n, maxDepth-depth) > maxDepth {
		panic(c.Exception("HierarchyRequestError", "The tree is nested too deeply."))
	}
	if before != nil && before.Parent != w.n {
		panic(c.Exception("NotFoundError", "The node before which the new node is to be inserted is not a child of this node."))
	}
	if before == child.n {
		before = child.n.NextSibling
	}
	child.doc.remove(child.n)
	w.doc.adopt(child)
	if nodeType(child.n) == 11 {
		for _, n := range children(child.n, false) {
			child.n.RemoveChild(n)
			w.doc.insertNode(w.n, n, before)
		}
	} else {
		w.doc.insertNode(w.n, child.n, before)
	}
	w.doc.childrenChanged(w.n)
}

// adopt moves a detached node, and what is below it, to the document.
func (d *Document) adopt(w *Node) {
	if w.doc == d {
		return
	}
	old := w.doc
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if known, ok := old.nodes[n]; ok {
			delete(old.nodes, n)
			known.doc = d
			d.nodes[n] = known
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(w.n)
}

// insertNode puts a node into its place and runs the insertion steps of all that
// came into the document with it.
func (d *Document) insertNode(parent, n, before *html.Node) {
	parent.InsertBefore(n, before)
	d.changed()
	d.observe(parent, n, nil)
	if d.contains(parent) {
		d.inserted(n)
	}
}

// inserted runs insertion steps in tree order.
func (d *Document) inserted(n *html.Node) {
	if n.Type == html.ElementNode {
		d.elementInserted(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		d.inserted(c)
	}
}

// remove takes a node out of its parent and runs the removing steps.
func (d *Document) remove(n *html.Node) {
	parent := n.Parent
	if parent == nil {
		return
	}
	connected := d.contains(n)
	parent.RemoveChild(n)
	d.changed()
	d.observe(parent, nil, n)
	if connected {
		d.removed(n)
	}
}

func (d *Document) removed(n *html.Node) {
	if w, ok := d.nodes[n]; ok && w.frame != nil {
		f := w.frame
		w.frame = nil
		f.detach()
	} else if ok && w.custom != nil {
		w.react(w.custom.disconnected)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		d.removed(c)
	}
}
