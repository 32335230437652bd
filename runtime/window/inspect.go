package window

import "golang.org/x/net/html"

// NodeDescription is what CDP's DOM domain tells of a node.
type NodeDescription struct {
	Type                   int
	Name, LocalName, Value string
	Attributes             [][2]string
	Children               int
	URL                    string // the document's
	Frame                  *Frame // what an iframe shows
}

// Describe tells what the node is; on the loop.
func (w *Node) Describe() NodeDescription {
	d := NodeDescription{Type: nodeType(w.n), Name: nodeName(w.n), Frame: w.frame}
	switch w.n.Type {
	case html.ElementNode:
		d.LocalName = w.n.Data
		for _, a := range w.n.Attr {
			d.Attributes = append(d.Attributes, [2]string{a.Key, a.Val})
		}
	case html.TextNode, html.CommentNode:
		d.Value = w.n.Data
	case html.DocumentNode:
		if w.doc.url != nil {
			d.URL = w.doc.url.String()
		}
	}
	for c := w.n.FirstChild; c != nil; c = c.NextSibling {
		d.Children++
	}
	return d
}

// ChildNodes are the node's children; on the loop.
func (w *Node) ChildNodes() []*Node {
	var all []*Node
	for c := w.n.FirstChild; c != nil; c = c.NextSibling {
		all = append(all, w.doc.wrap(c))
	}
	return all
}

// Container is the element that the frame is in; nil for a main frame. On the loop.
func (f *Frame) Container() *Node { return f.container }

// ConnectionChanged tells the page's documents that the network is there again, or
// away: CDP's Network.emulateNetworkConditions.
func (p *Page) ConnectionChanged(online bool) {
	name := "offline"
	if online {
		name = "online"
	}
	p.group.agent.Queue(name, func() {
		for _, f := range p.Frames() {
			if d := f.document; d != nil && d.window != nil {
				d.window.FireSimple(name)
			}
		}
	})
}
