package window

import (
	"github.com/dop251/goja"
	"golang.org/x/net/html"

	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

// nodeList and htmlCollection are the interfaces of lists of nodes.
//
// DIVERGES: lists are arrays to Array.isArray, and have Array's members besides.
var (
	nodeList       = &idl.Interface{Name: "NodeList", Members: []idl.Member{listItem}, Setup: likeArray}
	htmlCollection = &idl.Interface{Name: "HTMLCollection", Members: []idl.Member{listItem, listNamed}, Setup: likeArray}
)

var listItem = idl.Method("item", 1, func(c *idl.Call) goja.Value {
	v := c.This.(*goja.Object).Get(c.Arg(0).String())
	if v == nil {
		return goja.Null()
	}
	return v
})

var listNamed = idl.Method("namedItem", 1, func(c *idl.Call) goja.Value {
	name := c.String(0)
	array := c.This.(*goja.Object)
	for i := range array.Get("length").ToInteger() {
		w, ok := idl.Unwrap[*Node](array.Get(c.Value(i).String()))
		if ok && (w.attribute("id") == name || w.attribute("name") == name) {
			return w.Object()
		}
	}
	return goja.Null()
})

func likeArray(r *idl.Realm, _, prototype *goja.Object) {
	array := r.Runtime().GlobalObject().Get("Array").(*goja.Object).Get("prototype").(*goja.Object)
	if err := prototype.SetPrototype(array); err != nil {
		panic(err)
	}
}

// list is a NodeList that stays as it is.
func (d *Document) list(nodes []*html.Node) goja.Value {
	items := make([]any, len(nodes))
	for i, n := range nodes {
		items[i] = d.object(n)
	}
	return d.asList(d.realm.Runtime().NewArray(items...), nodeList)
}

func (d *Document) asList(array *goja.Object, i *idl.Interface) goja.Value {
	if err := array.SetPrototype(d.realm.Prototype(i)); err != nil {
		panic(err)
	}
	return array
}

// live is a collection that follows the tree: find is asked again once it changed.
func (d *Document) live(i *idl.Interface, find func() []*html.Node) goja.Value {
	return d.asList(d.realm.Runtime().NewDynamicArray(&liveList{d: d, find: find}), i)
}

// liveOf is the live collection of a node that has one of a name: always the same.
func (w *Node) liveOf(name string, i *idl.Interface, find func() []*html.Node) goja.Value {
	if v, ok := w.lists[name]; ok {
		return v
	}
	if w.lists == nil {
		w.lists = map[string]goja.Value{}
	}
	v := w.doc.live(i, find)
	w.lists[name] = v
	return v
}

// liveList implements goja.DynamicArray.
type liveList struct {
	d     *Document
	find  func() []*html.Node
	nodes []*html.Node
	at    uint64 // the version of the document that nodes is of
}

func (l *liveList) now() []*html.Node {
	if l.at != l.d.version+1 {
		l.nodes, l.at = l.find(), l.d.version+1
	}
	return l.nodes
}

// Len is goja.DynamicArray's, as are the others.
func (l *liveList) Len() int { return len(l.now()) }

// Get gives nil for what is not there.
func (l *liveList) Get(i int) goja.Value {
	if nodes := l.now(); i >= 0 && i < len(nodes) {
		return l.d.object(nodes[i])
	}
	return nil
}

// Set refuses: a collection is changed by changing the tree.
func (l *liveList) Set(int, goja.Value) bool { return false }

// SetLen refuses.
func (l *liveList) SetLen(int) bool { return false }

// changed notes that collections have to look again.
func (d *Document) changed() { d.version++ }

// depthOf counts a node's ancestors and itself.
func depthOf(n *html.Node) int {
	depth := 0
	for ; n != nil; n = n.Parent {
		depth++
	}
	return depth
}

// heightOf is how deep the tree below a node is, itself included; it stops counting
// beyond limit. It does not recurse.
func heightOf(root *html.Node, limit int) int {
	height, depth := 1, 1
	for n := root; ; {
		if n.FirstChild != nil {
			n = n.FirstChild
			depth++
			if height = max(height, depth); height > limit {
				return height
			}
			continue
		}
		for n != root && n.NextSibling == nil {
			n = n.Parent
			depth--
		}
		if n == root {
			return height
		}
		n = n.NextSibling
	}
}
