package window

import (
	"context"
	"strings"
	"time"

	"golang.org/x/net/html"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
)

var aboutBlank = fetch.MustParseURL("about:blank")

// commitBlank gives a new frame its initial about:blank document, at once.
func (f *Frame) commitBlank(creator *Document) {
	var source *inheritance
	if creator != nil {
		source = creator.inheritance()
	}
	d := f.newDocument(&loadedDocument{url: aboutBlank, sandbox: f.sandboxFlags()}, source, nil)
	d.initial = true
	f.install(d)
	d.parse("")
}

// commit shows a document in the place of the one before; on the loop.
func (f *Frame) commit(n navigation, l *loadedDocument, source *inheritance) {
	old := f.document
	f.unload()
	d := f.newDocument(l, source, n.srcdoc)
	if n.source == nil && n.referrer == "" {
		d.referrer = ""
	}
	f.history.committed(d, n, old)
	f.install(d)
	d.client.SetFetchClient(d.snapshotFetchClient())
	d.committing = !f.isMain()
	d.parse(f.text(l))
	d.committing = false
}

// text is what is parsed: the body, or a page around what is no HTML.
func (f *Frame) text(l *loadedDocument) string {
	if l.err != nil {
		return "<!doctype html><html><head><title>" + html.EscapeString(l.url.Host()) + "</title></head><body><p>" + html.EscapeString(l.err.Error()) + "</p></body></html>"
	}
	if l.response == nil {
		return string(l.body)
	}
	text := decode(l.body, l.response)
	m, ok := fetch.ExtractMIMEType(l.response.Unfiltered().Headers)
	switch essence := m.Essence(); {
	case !ok && looksLikeHTML(text), essence == "text/html", essence == "application/xhtml+xml":
		return text
	case strings.HasPrefix(essence, "image/"):
		return `<!doctype html><html><head></head><body><img src="` + html.EscapeString(l.url.String()) + `"></body></html>`
	}
	return "<!doctype html><html><head></head><body><pre>" + html.EscapeString(text) + "</pre></body></html>"
}

func looksLikeHTML(text string) bool {
	head := strings.ToLower(strings.TrimSpace(text[:min(len(text), 512)]))
	return strings.HasPrefix(head, "<")
}

// newDocument makes a document with its window, realm and client.
func (f *Frame) newDocument(l *loadedDocument, source *inheritance, srcdoc *string) *Document {
	d := &Document{
		frame: f, url: l.url, creation: l.url, nodes: map[*html.Node]*Node{}, root: &html.Node{Type: html.DocumentNode},
		state: "loading", mime: "text/html", modified: f.browser().clock.Now(), loaderID: f.browser().newID(), client: l.client,
	}
	var cancel context.CancelFunc
	d.ctx, cancel = context.WithCancel(f.page.group.agent.Context())
	d.stop = cancel
	f.placeDocument(d, l, source, srcdoc)
	d.sandbox = l.sandbox
	if l.response != nil {
		d.sandboxByPolicy(l.response.Unfiltered())
	}
	if d.sandbox != nil && !d.sandbox.sameOrigin {
		d.origin = fetch.OpaqueOrigin()
		d.storageKey = "null"
		if d.client != nil {
			d.client.Discard()
			d.client = nil
		}
	}
	d.secure = f.isSecure(d)
	if l.response != nil {
		d.headers(l.response.Unfiltered())
	}
	if d.client == nil {
		d.client = f.makeClient(d, source, l)
	}
	d.referrer = documentReferrer(l)
	d.makeRealm()
	return d
}

// placeDocument decides a document's origin, base and storage key.
func (f *Frame) placeDocument(d *Document, l *loadedDocument, source *inheritance, srcdoc *string) {
	inherit := source
	if srcdoc != nil || d.url.Scheme() == "about" {
		if parent := f.parentFrame(); parent != nil && parent.document != nil && (srcdoc != nil || source == nil) {
			inherit = parent.document.inheritance()
		}
		if inherit == nil {
			d.origin = fetch.OpaqueOrigin()
			d.storageKey = "null"
			return
		}
		d.origin, d.storageKey, d.policy = inherit.origin, inherit.storageKey, inherit.policy
		d.creation = inherit.base
		return
	}
	if l.err != nil {
		d.origin, d.storageKey = fetch.OpaqueOrigin(), "null"
		d.creation = l.url
		return
	}
	d.origin = d.url.Origin()
	d.storageKey = f.storageKeyFor(d.origin)
	if d.url.Scheme() == "blob" && inherit != nil {
		d.origin, d.storageKey = inherit.origin, inherit.storageKey
	}
}

// makeClient makes the client of a document that had no reserved one: it takes over
// its creator's controller.
func (f *Frame) makeClient(d *Document, source *inheritance, l *loadedDocument) *runtime.Client {
	o := f.clientOptions()
	o.URL, o.Origin, o.StorageKey, o.Secure = d.url, d.origin, d.storageKey, d.secure
	inherits := d.url.Scheme() == "about" || d.url.Scheme() == "blob"
	if parent := f.parentFrame(); parent != nil && source == nil && parent.document != nil && parent.document.client != nil && inherits {
		o.Controller = parent.document.client.Controller()
	}
	if source != nil && inherits && l.err == nil {
		o.Controller = source.controller
	}
	if d.origin.IsOpaque() {
		o.Controller = nil
	}
	return f.page.context.engine.NewClient(o)
}

func (f *Frame) isSecure(d *Document) bool {
	if d.url.Scheme() == "data" {
		return false
	}
	if d.origin.IsOpaque() && !d.url.IsHTTP() {
		if parent := f.parentFrame(); parent != nil && parent.document != nil {
			return parent.document.secure
		}
		return d.url.Origin().PotentiallyTrustworthy()
	}
	if parent := f.parentFrame(); parent != nil && parent.document != nil && !parent.document.secure {
		return false
	}
	return d.origin.PotentiallyTrustworthy() || d.origin.IsOpaque() && d.url.Origin().PotentiallyTrustworthy()
}

// headers reads what a response says of its document.
func (d *Document) headers(r *fetch.Response) {
	if v, ok := r.Headers.Get("Referrer-Policy"); ok {
		for _, p := range strings.Split(v, ",") {
			if p = strings.TrimSpace(p); p != "" {
				d.policy = p
			}
		}
	}
	if m, ok := fetch.ExtractMIMEType(r.Headers); ok {
		d.mime = m.Essence()
	}
	if v, ok := r.Headers.Get("Last-Modified"); ok {
		if t, err := time.Parse(time.RFC1123, v); err == nil {
			d.modified = t
		}
	}
}

func documentReferrer(l *loadedDocument) string {
	if l.response == nil {
		return ""
	}
	if l.referrer == "client" || l.referrer == "no-referrer" {
		return ""
	}
	return l.referrer
}

// install makes the document the frame's and tells everybody.
func (f *Frame) install(d *Document) {
	f.document = d
	replaces := ""
	if d.client != nil {
		replaces = d.client.ID()
	}
	f.navMu.Lock()
	f.replaces = replaces
	f.navMu.Unlock()
	c := f.page.context
	c.mu.Lock()
	f.url, f.loaderID, f.realm, f.origin = d.url.String(), d.loaderID, d.realm.Realm, d.origin
	scripts := f.page.scripts
	c.mu.Unlock()
	o := f.observer()
	o.RealmCreated(d.realm.Realm, f, nil)
	o.Lifecycle(f, d.loaderID, "init", f.browser().clock.Now())
	o.FrameNavigated(f)
	o.Lifecycle(f, d.loaderID, "commit", f.browser().clock.Now())
	if f.isMain() {
		f.page.setTitle("")
		o.PageChanged(f.page)
	}
	d.client.ExecutionReady()
	d.client.SetVisibility(d.visibility())
	if f.isMain() {
		d.client.SetFocus(d.visibility() == "visible")
	}
	for _, s := range scripts {
		if _, e := d.evaluate("", s.source); e != nil && d.realm.Report != nil {
			d.realm.Report(e)
		}
	}
}

// unload takes the frame's document out of use, frames in it first.
func (f *Frame) unload() {
	d := f.document
	if d == nil || d.gone {
		return
	}
	for _, child := range f.Children() {
		child.detach()
	}
	if d.window != nil && !d.initial {
		d.window.Fire(pageTransition, &dom.Event{Type: "pagehide"})
		d.window.FireSimple("unload")
	}
	if d.parser != nil {
		d.parser.aborted = true
	}
	d.destroy()
}

// finished is called when the document of the frame has fired load (or will not).
func (f *Frame) finished(d *Document) {
	f.observer().Lifecycle(f, d.loaderID, "load", f.browser().clock.Now())
	f.settled(d)
	f.observer().Lifecycle(f, d.loaderID, "networkIdle", f.browser().clock.Now())
}

// settled ends the loading of a frame: its element gets load, the document around it
// may go on.
func (f *Frame) settled(d *Document) {
	if d != nil && d.initial && f.container != nil && f.container.navigated {
		return // what the frame is waiting for is still to come
	}
	f.observer().FrameStoppedLoading(f)
	if f.container == nil {
		return
	}
	outer := f.container.doc
	if f.blocks {
		f.blocks = false
		defer outer.unblock()
	}
	if d != nil && !outer.gone {
		f.container.FireSimple("load")
	}
}

var pageTransition = &iface{Name: "PageTransitionEvent", Parent: dom.EventInterface, Length: 1, New: newPlainEvent}

// sandboxByPolicy applies the sandbox directive of a Content-Security-Policy.
func (d *Document) sandboxByPolicy(r *fetch.Response) {
	v, _ := r.Headers.Get("Content-Security-Policy")
	for policy := range strings.FieldsFuncSeq(v, func(r rune) bool { return r == ';' || r == ',' }) {
		fields := strings.Fields(strings.ToLower(policy))
		if len(fields) == 0 || fields[0] != "sandbox" {
			continue
		}
		s := sandboxOf(fields[1:])
		if d.sandbox != nil {
			s.scripts, s.sameOrigin = s.scripts && d.sandbox.scripts, s.sameOrigin && d.sandbox.sameOrigin
		}
		d.sandbox = s
	}
}
