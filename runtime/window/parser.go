package window

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// feeder feeds a parsed tree into the document, node by node in tree order, as a
// parser would: a script runs when its element comes in, with nothing of what
// follows it in the document, and one that has to be fetched stops the feeding.
//
// DIVERGES: the tree was built before the first script ran, so document.write
// cannot change how what follows is parsed; it inserts at its place.
type feeder struct {
	d       *Document
	pending []feed
	blocked *Node // the script everything waits for
	insert  *html.Node
	running bool
	aborted bool
}

// feed is a parsed node that is to be put into a live parent, with its children
// after it.
type feed struct{ node, parent *html.Node }

// parse begins to feed a source into the (empty) document.
func (d *Document) parse(source string) {
	root, err := html.ParseWithOptions(strings.NewReader(source), html.ParseOptionEnableScripting(true))
	if err != nil {
		root = &html.Node{Type: html.DocumentNode}
	}
	d.parser = &feeder{d: d}
	d.parser.push(root, d.root)
	d.parser.run()
}

// push puts the children of from in front of what is pending, for parent.
func (p *feeder) push(from, parent *html.Node) {
	var all []feed
	for from.FirstChild != nil {
		child := from.FirstChild
		from.RemoveChild(child)
		all = append(all, feed{child, parent})
	}
	p.pending = append(all, p.pending...)
}

// run feeds until a script blocks or nothing is left.
func (p *feeder) run() {
	if p.running {
		return
	}
	p.running = true
	defer func() { p.running = false }()
	for len(p.pending) > 0 && p.blocked == nil && !p.aborted && !p.d.gone {
		next := p.pending[0]
		p.pending = p.pending[1:]
		p.feed(next)
	}
	if len(p.pending) == 0 && p.blocked == nil && !p.aborted && !p.d.gone && p.d.parser == p {
		p.d.parser = nil
		p.d.parsed()
	}
}

func (p *feeder) feed(f feed) {
	n := f.node
	if n.Type == html.ElementNode && (n.DataAtom == atom.Script || n.DataAtom == atom.Style || n.DataAtom == atom.Title || n.DataAtom == atom.Template) {
		// The text comes in with the element: it is prepared at its end tag.
		if n.DataAtom == atom.Script {
			s := p.d.wrap(n).scriptState()
			s.parserInserted, s.forceAsync = true, false
		}
		p.insert = n
		p.d.insertNode(f.parent, n, nil)
		p.d.childrenChanged(n)
		return
	}
	inner := &html.Node{Type: html.DocumentNode}
	for n.FirstChild != nil {
		child := n.FirstChild
		n.RemoveChild(child)
		inner.AppendChild(child)
	}
	p.d.insertNode(f.parent, n, nil)
	p.push(inner, n)
}

// resume goes on after the script that blocked.
func (p *feeder) resume(w *Node) {
	if p.blocked == w {
		p.blocked = nil
		p.run()
	}
}

// maxWrites is how deep document.write may be called by scripts that it wrote; as in
// Chromium, what is beyond is dropped.
const maxWrites = 20

// write is document.write: at the place of the script that calls it, or into a
// document opened for it.
func (d *Document) write(text string) {
	if d.writing >= maxWrites {
		return
	}
	d.writing++
	defer func() { d.writing-- }()
	p := d.parser
	if p == nil {
		d.openForWriting()
		p = d.parser
	}
	if current := d.current; current != nil && current.n.Parent != nil && d.contains(current.n) {
		parent, before := current.n.Parent, current.n.NextSibling
		for _, n := range parseFragment(text, parent) {
			d.insertNode(parent, n, before)
		}
		return
	}
	body := d.element(atom.Body)
	if body == nil {
		root, err := html.Parse(strings.NewReader(text))
		if err == nil {
			p.push(root, d.root)
			waits := p.blocked
			p.blocked = nil
			for len(p.pending) > 0 {
				next := p.pending[0]
				p.pending = p.pending[1:]
				p.feed(next)
			}
			if p.blocked == nil {
				p.blocked = waits // until document.close
			}
		}
		return
	}
	for _, n := range parseFragment(text, body) {
		d.insertNode(body, n, nil)
	}
}

// openForWriting is document.open: an empty document with a parser that waits.
func (d *Document) openForWriting() {
	if d.parser != nil && d.current != nil {
		return
	}
	for d.root.FirstChild != nil {
		d.remove(d.root.FirstChild)
	}
	d.parser = &feeder{d: d, blocked: d.node()}
	d.state = "loading"
	d.loaded, d.started = false, false
}

// closeWriting is document.close.
func (d *Document) closeWriting() {
	if p := d.parser; p != nil && p.blocked == d.node() {
		p.resume(d.node())
	}
}
