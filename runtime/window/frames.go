package window

import (
	"slices"
	"strings"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

type iface = idl.Interface

// sandbox are the flags of an iframe that matter here.
type sandbox struct{ scripts, sameOrigin bool }

// sandboxFlags are the flags of a frame's next document: its element's, and what
// the document around it has not. nil: there are none.
func (f *Frame) sandboxFlags() *sandbox {
	if f.container == nil {
		return nil
	}
	var outer *sandbox
	if parent := f.parentFrame(); parent != nil && parent.document != nil {
		outer = parent.document.sandbox
	}
	v, ok := attr(f.container.n, "sandbox")
	if !ok {
		return outer
	}
	own := sandboxOf(strings.Fields(strings.ToLower(v)))
	if outer != nil {
		own.scripts, own.sameOrigin = own.scripts && outer.scripts, own.sameOrigin && outer.sameOrigin
	}
	return own
}

// sandboxOf are the flags that a list of tokens leaves.
func sandboxOf(tokens []string) *sandbox {
	return &sandbox{scripts: slices.Contains(tokens, "allow-scripts"), sameOrigin: slices.Contains(tokens, "allow-same-origin")}
}

// scripting reports whether the document's own scripts run: not in a sandbox
// without allow-scripts.
func (d *Document) scripting() bool { return d.sandbox == nil || d.sandbox.scripts }

// maxFrames is how many frames a page has at most; as in Chromium, elements beyond
// stay empty.
const maxFrames = 1000

// count is how many frames there are from f down.
func (f *Frame) count() int {
	n := 1
	for _, c := range f.Children() {
		n += c.count()
	}
	return n
}

// repeats reports that u is the URL of two of the documents around: a page that
// shows itself, without an end.
func (f *Frame) repeats(u *fetch.URL) bool {
	n := 0
	for p := f.parentFrame(); p != nil; p = p.parentFrame() {
		if p.document != nil && u.IsHTTP() && p.document.url.WithoutFragment() == u.WithoutFragment() {
			n++
		}
	}
	return n >= 2
}

// frameInserted gives an iframe that came into the document its frame.
func (d *Document) frameInserted(w *Node) {
	if w.frame != nil || d.realm == nil || d.frame.page.main.count() >= maxFrames {
		return
	}
	w.frame = d.frame.attachChild(w)
	w.frame.commitBlank(d)
	d.loadFrame(w, true)
}

// loadFrame is "process the iframe attributes".
func (d *Document) loadFrame(w *Node, initial bool) {
	f := w.frame
	n := navigation{url: aboutBlank, source: d, replace: initial || !f.document.loaded}
	if policy := w.attribute("referrerpolicy"); policy != "" {
		n.policy = policy
	}
	if source, ok := attr(w.n, "srcdoc"); ok {
		n.srcdoc = &source
		n.url = fetch.MustParseURL("about:srcdoc")
	} else if src := strings.TrimSpace(w.attribute("src")); src != "" {
		u := d.resolve(src)
		if u == nil {
			u = aboutBlank
		}
		if f.repeats(u) {
			u = aboutBlank
		}
		n.url = u
	}
	w.navigated = n.url != aboutBlank || n.srcdoc != nil
	if initial && !w.navigated {
		// The initial about:blank stays, and its load event is synchronous.
		w.FireSimple("load")
		return
	}
	if n.url.Scheme() == "javascript" {
		f.runJavaScriptURL(n.url)
		return
	}
	f.startIn(d, n)
}

// startIn starts a navigation that delays the load event of the document around.
func (f *Frame) startIn(outer *Document, n navigation) {
	if f.container != nil && !f.blocks && !outer.started {
		f.blocks = true
		outer.block()
	}
	f.start(n)
}

// runJavaScriptURL evaluates a javascript: URL in the frame's document.
func (f *Frame) runJavaScriptURL(u *fetch.URL) {
	d := f.document
	if !d.scripting() {
		return
	}
	source := unescape(strings.TrimPrefix(u.String(), "javascript:"))
	d.queue("javascript: URL", func() {
		v, e := d.evaluate(d.url.String(), source)
		if e != nil {
			if d.realm.Report != nil {
				d.realm.Report(e)
			}
			return
		}
		if text, ok := v.Export().(string); ok {
			d.openForWriting()
			d.write(text)
			d.closeWriting()
		}
	})
}

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := hexDigit(s[i+1]), hexDigit(s[i+2])
			if hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

func (f *Frame) setName(name string) {
	f.page.context.mu.Lock()
	f.name = name
	f.page.context.mu.Unlock()
}

// contentWindow is the window in an iframe.
func (w *Node) contentWindow() goja.Value {
	if w.frame == nil || w.frame.document == nil || w.frame.document.window == nil {
		return goja.Null()
	}
	return w.frame.document.realm.Global()
}

// contentDocument is null across origins.
func (w *Node) contentDocument(c *idl.Call) goja.Value {
	if w.frame == nil || w.frame.document == nil {
		return goja.Null()
	}
	d := w.frame.document
	if !d.origin.Same(documentOf(c.Realm).origin) {
		return goja.Null()
	}
	return d.node().Object()
}

// navigateFrom navigates the frame on behalf of a document's script.
func (f *Frame) navigateFrom(by *Document, u *fetch.URL, replace bool) {
	d := f.document
	if d != nil && u.HasFragment() && u.WithoutFragment() == d.url.WithoutFragment() {
		f.toFragment(u, replace)
		return
	}
	if u.Scheme() == "javascript" {
		f.runJavaScriptURL(u)
		return
	}
	n := navigation{url: u, source: by, replace: replace}
	if f.container != nil {
		f.container.navigated = true
		f.startIn(f.container.doc, n)
		return
	}
	f.start(n)
}

// followLink is "follow the hyperlink".
func (d *Document) followLink(w *Node, href string) {
	u := d.resolve(href)
	if u == nil {
		return
	}
	target := w.attribute("target")
	if f := d.chooseFrame(target); f != nil {
		f.navigateFrom(d, u, false)
		return
	}
	rel := " " + strings.ToLower(w.attribute("rel")) + " "
	d.openPage(u, target, strings.Contains(rel, " noopener ") || strings.Contains(rel, " noreferrer "))
}

// chooseFrame is the frame a target names; nil means a new page.
func (d *Document) chooseFrame(target string) *Frame {
	f := d.frame
	switch strings.ToLower(target) {
	case "", "_self":
		return f
	case "_parent":
		if p := f.parentFrame(); p != nil {
			return p
		}
		return f
	case "_top":
		return f.top()
	case "_blank":
		return nil
	}
	for _, p := range f.page.context.Pages() {
		if p.group != f.page.group {
			continue
		}
		for _, other := range p.Frames() {
			if other.Name() == target {
				return other
			}
		}
	}
	return nil
}
