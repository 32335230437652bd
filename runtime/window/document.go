package window

import (
	"context"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/serviceworker"
)

// Document is a document with its window, realm and client. Of its group's loop
// alone, but for what says otherwise.
type Document struct {
	frame      *Frame
	realm      *idl.Realm // nil for a document without a browsing context
	scope      *scope
	window     *Window
	settings   *env.Settings
	client     *runtime.Client
	origin     fetch.Origin
	storageKey string
	url        *fetch.URL
	creation   *fetch.URL // what URLs resolve against before <base>
	referrer   string
	policy     string // referrer policy
	mime       string
	modified   time.Time
	loaderID   string
	secure     bool
	sandbox    *sandbox

	root   *html.Node
	nodes  map[*html.Node]*Node
	active *html.Node

	state    string // readyState
	initial  bool   // the about:blank a frame starts with
	parser   *feeder
	blockers int // what the load event waits for
	loaded   bool
	started  bool // the load event has begun
	gone     bool
	// committing is set while a frame's document is parsed in the task that commits it.
	committing bool
	current    *Node // currentScript
	deferred   []*scriptState
	ordered    []*scriptState // async=false scripts that were inserted by script
	observed   []*mutationObserver
	custom     *customElements
	version    uint64              // of the tree: counts its changes
	writing    int                 // calls of document.write under way
	fonts      *fontFaceSet        // document.fonts, once a script has asked
	muted      map[string]struct{} // URLs of scripts whose errors tell nothing
	stop       context.CancelFunc  // ends fetches of the document
	ctx        context.Context
}

type documentKey struct{}

// documentOf is the document of a window's realm.
func documentOf(r *idl.Realm) *Document { return r.Value(documentKey{}).(*Document) }

func (d *Document) node() *Node { return d.wrap(d.root) }

// base is the document base URL.
func (d *Document) base() *fetch.URL {
	if b := findFirst(d.root, func(n *html.Node) bool { _, ok := attr(n, "href"); return n.DataAtom == atom.Base && ok }); b != nil {
		href, _ := attr(b, "href")
		if u, err := fetch.ParseURL(href, d.creation); err == nil {
			return u
		}
	}
	return d.creation
}

// resolve parses a URL against the document's base; nil for a bad one.
func (d *Document) resolve(href string) *fetch.URL {
	u, err := fetch.ParseURL(strings.TrimSpace(href), d.base())
	if err != nil {
		return nil
	}
	return u
}

// visibility is document.visibilityState.
func (d *Document) visibility() string {
	p := d.frame.page
	p.context.mu.Lock()
	defer p.context.mu.Unlock()
	if p.visible {
		return "visible"
	}
	return "hidden"
}

// fetchClient is the document as the fetch algorithm sees it. From anywhere, once
// the document is set up.
func (d *Document) fetchClient() fetch.Client {
	c := fetch.Client{
		Origin: d.origin, BaseURL: d.creation, CreationURL: d.creation, ReferrerPolicy: d.policy,
		Secure: d.secure, StorageKey: d.storageKey, Offline: d.frame.page.context.Offline,
	}
	if d.client != nil {
		c.ID = d.client.ID()
	}
	if top := d.frame.page.main; top.document != nil && top.document != d {
		c.TopLevelOrigin = top.document.origin
	}
	d.frame.page.override(&c)
	return c
}

// snapshotFetchClient gives fetchClient as of now to those who are not on the loop:
// the fetches of scripts that the document registers. They are no requests of its own.
func (d *Document) snapshotFetchClient() func() fetch.Client {
	now := d.fetchClient()
	now.ID = ""
	return func() fetch.Client {
		c := now
		d.frame.page.override(&c)
		return c
	}
}

// override applies what CDP asked for.
func (p *Page) override(c *fetch.Client) {
	p.context.mu.Lock()
	o, bypass := p.overrides, p.context.bypass
	p.context.mu.Unlock()
	if bypass {
		c.BypassServiceWorker = true
	}
	if o != nil {
		o(c)
	}
}

// queue runs f as a task while the document is there.
func (d *Document) queue(source string, f func()) {
	d.frame.page.group.agent.Queue(source, func() {
		if !d.gone {
			f()
		}
	})
}

// fetchBody performs a fetch for the document in parallel, reads the body to its end,
// then runs then as a task; body is nil for a network error.
func (d *Document) fetchBody(r *fetch.Request, then func(response *fetch.Response, body []byte, err error)) {
	r.Origin = d.origin
	client := d.fetchClient()
	r.ClientID = client.ID
	d.frame.page.group.agent.Go(func(context.Context) {
		response := d.frame.page.context.fetcher.Fetch(d.ctx, r, client)
		body, err := readBody(d.ctx, response)
		d.queue("networking", func() { then(response, body, err) })
	})
}

// readBody reads a response's body, of an opaque one too.
func readBody(ctx context.Context, response *fetch.Response) ([]byte, error) {
	if response.IsNetworkError() {
		return nil, response.Err
	}
	inner := response.Unfiltered()
	if inner.Body == nil {
		return []byte{}, nil
	}
	return inner.Body.ReadAll(ctx, maxResource)
}

// maxResource bounds what a document reads into memory.
const maxResource = 256 << 20

// request is a request for a subresource.
func (d *Document) request(u *fetch.URL, destination fetch.Destination) *fetch.Request {
	r := fetch.NewRequest(u)
	r.Destination = destination
	r.Mode, r.Credentials = "no-cors", "include"
	r.UseURLCredentials = true
	r.ReferrerPolicy = d.policy
	return r
}

// cors makes a request follow a crossorigin attribute.
func cors(r *fetch.Request, w *Node) {
	v, ok := attr(w.n, "crossorigin")
	if !ok {
		return
	}
	r.Mode, r.Credentials = "cors", "same-origin"
	if strings.EqualFold(v, "use-credentials") {
		r.Credentials = "include"
	}
}

// block and unblock count what the load event waits for.
func (d *Document) block() { d.blockers++ }

func (d *Document) unblock() {
	d.blockers--
	d.maybeLoad()
}

// parsed is "the end" of parsing.
func (d *Document) parsed() {
	d.setState("interactive")
	d.runDeferred()
}

// contentLoaded fires DOMContentLoaded.
func (d *Document) contentLoaded() {
	if !d.initial {
		d.node().Fire(domEvent("DOMContentLoaded", true))
	}
	if d.realm != nil {
		serviceworker.ContainerOf(d.realm).StartMessages()
	}
	d.frame.observer().Lifecycle(d.frame, d.loaderID, "DOMContentLoaded", d.frame.browser().clock.Now())
	d.loaded = true
	d.maybeLoad()
}

// soon runs a step of the end of parsing: as a task of its own, but for a document
// in a frame that is parsed as it is committed. There DOMContentLoaded and load come
// at once, as in browsers: before anything that its scripts have asked the network for.
func (d *Document) soon(source string, f func()) {
	if d.committing {
		f()
		return
	}
	d.queue(source, f)
}

// maybeLoad fires load when nothing is left to wait for.
func (d *Document) maybeLoad() {
	if !d.loaded || d.started || d.blockers > 0 || d.gone {
		return
	}
	d.started = true
	d.soon("load", func() {
		d.setState("complete")
		// The initial about:blank is loaded from the start: it fires nothing, for its
		// window may go on to be that of the document to come.
		if d.window != nil && !d.initial {
			d.window.fireLoad()
		}
		d.frame.finished(d)
	})
}

func (d *Document) setState(state string) {
	if d.state != state {
		d.state = state
		d.node().FireSimple("readystatechange")
	}
}

// destroy ends the document: its client, realm and fetches. The frame goes on.
func (d *Document) destroy() {
	if d.gone {
		return
	}
	d.gone = true
	d.stop()
	if d.client != nil {
		d.client.Discard()
	}
	if d.realm != nil {
		d.frame.observer().RealmDestroyed(d.realm.Realm, d.frame, nil)
		d.realm.Destroy()
	}
}

// title is the text of the first title element.
func (d *Document) title() string {
	if t := d.titleElement(); t != nil {
		return strings.Join(strings.Fields(textOf(t)), " ")
	}
	return ""
}

func (d *Document) titleElement() *html.Node {
	return findFirst(d.root, func(n *html.Node) bool { return n.DataAtom == atom.Title && n.Namespace == "" })
}

// childrenChanged runs what some elements do when their text changes.
func (d *Document) childrenChanged(n *html.Node) {
	switch n.DataAtom {
	case atom.Title, atom.Head:
		if d.frame != nil && d.frame.isMain() && d.contains(n) {
			d.frame.page.setTitle(d.title())
		}
	case atom.Script:
		if w, ok := d.nodes[n]; ok && d.contains(n) {
			d.prepareScript(w)
		}
	case atom.Style:
		if d.contains(n) {
			d.styleInserted(d.wrap(n))
		}
	}
}
