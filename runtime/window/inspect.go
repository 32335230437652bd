package window

import (
	"context"
	"strings"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"

	"github.com/swinspect/swinspect/runtime/fetch"
)

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

// ParentNode is the node's parent; nil for none. On the loop.
func (w *Node) ParentNode() *Node { return w.doc.wrap(w.n.Parent) }

// InitialURL is where a page that a script opened goes first; empty for about:blank.
func (p *Page) InitialURL() string { return p.initialURL }

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

// withinDocument navigates to a fragment of the document shown; false when u leads
// elsewhere.
func (f *Frame) withinDocument(ctx context.Context, u *fetch.URL) bool {
	if !u.HasFragment() {
		return false
	}
	within := false
	err := f.page.group.agent.Do(ctx, "navigate", func() {
		if d := f.document; d != nil && !d.initial && u.WithoutFragment() == d.url.WithoutFragment() {
			within = true
			f.toFragment(u, u.String() == d.url.String())
		}
	})
	return err == nil && within
}

// QueryAll are the nodes below that a selector matches; on the loop.
func (w *Node) QueryAll(selector string) ([]*Node, error) {
	s, err := cascadia.ParseGroup(selector)
	if err != nil {
		return nil, err
	}
	return w.doc.wrapAll(cascadia.QueryAll(w.n, s)), nil
}

// Search are the elements below that a selector or an XPath expression matches, else
// those whose own text contains the query; on the loop.
func (w *Node) Search(query string) []*Node {
	if found, err := w.QueryAll(query); err == nil && len(found) > 0 {
		return found
	}
	if r, err := evaluateXPath(query, w, xpathOrderedSnapshot); err == nil && len(r.nodes) > 0 {
		return w.doc.wrapAll(r.nodes)
	}
	return w.doc.wrapAll(descendants(w.n, func(n *html.Node) bool {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Type == html.TextNode && strings.Contains(c.Data, query) {
				return true
			}
		}
		return false
	}))
}

func (d *Document) wrapAll(nodes []*html.Node) []*Node {
	out := make([]*Node, len(nodes))
	for i, n := range nodes {
		out[i] = d.wrap(n)
	}
	return out
}
