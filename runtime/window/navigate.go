package window

import (
	"context"
	"errors"
	"strings"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
)

var (
	errSuperseded   = errors.New("another navigation took its place")
	errMixedContent = errors.New("net::ERR_BLOCKED_BY_CLIENT: mixed content")
	errNoRedirect   = errors.New("a redirect leads nowhere")
)

// navigation is what a navigation is asked for.
type navigation struct {
	url      *fetch.URL
	referrer string
	policy   string
	method   string
	body     []byte
	mime     string // of the body
	srcdoc   *string
	source   *Document // who navigates; nil: the user
	byUser   bool
	reload   bool
	forced   bool // bypasses service workers and the HTTP cache
	history  bool // back or forward
	replace  bool
	index    int      // of the history entry, when history is set
	sandbox  *sandbox // the frame's flags when it starts
}

// navigated is a navigation's outcome, told when it is committed.
type navigated struct {
	result NavigateResult
}

// start begins a navigation; what is sent on the channel is its outcome.
func (f *Frame) start(n navigation) <-chan navigated {
	done := make(chan navigated, 1)
	ctx, cancel := context.WithCancelCause(f.page.group.agent.Context())
	f.navMu.Lock()
	if f.pending != nil {
		f.pending(errSuperseded)
	}
	f.pending = cancel
	f.navMu.Unlock()
	f.observer().FrameStartedLoading(f)
	// Who controls a document without a URL of its own is known now.
	source := f.sourceOf(n)
	n.sandbox = f.sandboxFlags()
	if !f.page.group.agent.Go(func(context.Context) { done <- f.navigate(ctx, n, source) }) {
		done <- navigated{NavigateResult{FrameID: f.id, Err: ErrClosed}}
	}
	return done
}

// await waits for an outcome.
func (f *Frame) await(ctx context.Context, done <-chan navigated) (NavigateResult, error) {
	select {
	case n := <-done:
		return n.result, nil
	case <-ctx.Done():
		return NavigateResult{}, context.Cause(ctx)
	}
}

// inheritance is what a document takes over from another: about:blank, srcdoc and
// blob: documents have no origin or controller of their own.
type inheritance struct {
	origin     fetch.Origin
	storageKey string
	base       *fetch.URL
	creation   *fetch.URL
	policy     string
	secure     bool
	controller *runtime.Worker
	client     fetch.Client
}

// sourceOf is what the document that navigates, or the one around the frame, hands
// on. On the loop or, for a navigation by the user, from anywhere.
func (f *Frame) sourceOf(n navigation) *inheritance {
	d := n.source
	if d == nil {
		return nil
	}
	return d.inheritance()
}

func (d *Document) inheritance() *inheritance {
	i := &inheritance{
		origin: d.origin, storageKey: d.storageKey, base: d.base(), creation: d.creation, policy: d.policy, secure: d.secure, client: d.fetchClient(),
	}
	if d.client != nil {
		i.controller = d.client.Controller()
	}
	return i
}

// loaded is a response ready to become a document.
type loadedDocument struct {
	url      *fetch.URL
	response *fetch.Response // nil for about: documents
	body     []byte
	client   *runtime.Client // reserved; nil: made at commit
	err      error           // shows an error page
	referrer string
	sandbox  *sandbox
}

// navigate fetches and commits. It runs in parallel.
func (f *Frame) navigate(ctx context.Context, n navigation, source *inheritance) navigated {
	l, skip := f.obtain(ctx, n, source)
	out := NavigateResult{FrameID: f.id}
	if l != nil && errors.Is(l.err, errMixedContent) {
		out.Err = l.err
		f.page.group.agent.Queue("navigation", func() { f.settled(nil) })
		return navigated{out}
	}
	if ctx.Err() != nil || skip {
		if l != nil && l.client != nil {
			l.client.Discard()
		}
		out.Err, out.Download = context.Cause(ctx), skip
		f.page.group.agent.Queue("navigation", func() { f.settled(nil) })
		return navigated{out}
	}
	out.Err = l.err
	done := make(chan struct{})
	if !f.page.group.agent.Queue("navigation and traversal", func() {
		defer close(done)
		if ctx.Err() != nil || f.isDetached() {
			if l.client != nil {
				l.client.Discard()
			}
			return
		}
		f.navMu.Lock()
		f.pending = nil
		f.navMu.Unlock()
		l.sandbox = n.sandbox
		f.commit(n, l, source)
		// A script of the document may have removed the frame again.
		if d := f.document; d != nil {
			out.LoaderID = d.loaderID
		}
	}) {
		out.Err = ErrClosed
		return navigated{out}
	}
	select {
	case <-done:
	case <-f.page.group.agent.Done():
		out.Err = ErrClosed
	}
	return navigated{out}
}

// obtain gets what is to be shown; skip is true when nothing is (204, a download).
func (f *Frame) obtain(ctx context.Context, n navigation, source *inheritance) (l *loadedDocument, skip bool) {
	if n.srcdoc != nil {
		return &loadedDocument{url: n.url, body: []byte(*n.srcdoc)}, false
	}
	switch n.url.Scheme() {
	case "about":
		return &loadedDocument{url: n.url}, false
	case "javascript":
		return nil, true
	case "http", "https", "blob", "data", "file":
		if f.mixed(n.url) {
			return &loadedDocument{url: n.url, err: errMixedContent}, true
		}
		return f.fetchDocument(ctx, n, source)
	}
	return &loadedDocument{url: n.url, err: errors.New("net::ERR_UNKNOWN_URL_SCHEME")}, false
}

// fetchDocument is "create navigation params by fetching".
func (f *Frame) fetchDocument(ctx context.Context, n navigation, source *inheritance) (*loadedDocument, bool) {
	r := f.navigationRequest(n, source)
	as := fetch.Client{Offline: f.page.context.Offline}
	if source != nil {
		as = source.client
	}
	f.page.override(&as)
	if n.sandbox != nil && !n.sandbox.sameOrigin {
		// The document will have an opaque origin, which no registration belongs to.
		r.ServiceWorkers = "none"
	}
	if n.forced {
		r.ServiceWorkers, r.Cache = "none", "reload"
	}
	fetcher := f.page.context.fetcher
	reserved := f.reserve(r.CurrentURL())
	r.ReservedClientID = reserved.ID()
	response := fetcher.Fetch(ctx, r, as)
	for hops := 0; response.Type == "opaqueredirect"; hops++ {
		location, ok := redirectTarget(r, response)
		if !ok {
			response = fetch.NetworkError(errNoRedirect)
			break
		}
		if hops == 20 {
			response = fetch.NetworkError(errors.New("net::ERR_TOO_MANY_REDIRECTS"))
			break
		}
		if !location.Origin().Same(reserved.Origin()) {
			reserved.Discard()
			reserved = f.reserve(location)
			r.ReservedClientID = reserved.ID()
		} else {
			reserved.SetURL(location)
		}
		response = fetcher.FollowRedirect(ctx, r, response, as)
	}
	l := &loadedDocument{url: r.CurrentURL(), response: response, client: reserved, referrer: r.Referrer}
	if u := response.Unfiltered().URL(); u != nil && !response.IsNetworkError() && !response.Unfiltered().FromServiceWorker {
		l.url = u
	}
	if response.IsNetworkError() {
		reserved.Discard()
		l.client, l.err = nil, navigationError(response.Err)
		return l, false
	}
	inner := response.Unfiltered()
	if inner.Status == 204 || inner.Status == 205 || attachment(inner) {
		return l, true
	}
	body, err := readBody(ctx, response)
	if err != nil {
		reserved.Discard()
		l.client, l.err = nil, err
		return l, false
	}
	l.body = body
	return l, false
}

func navigationError(err error) error {
	if err == nil {
		return errors.New("net::ERR_FAILED")
	}
	return err
}

func attachment(r *fetch.Response) bool {
	v, _ := r.Headers.Get("Content-Disposition")
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(v)), "attachment")
}

// redirectTarget is where a redirect leads, with the fragment it keeps.
func redirectTarget(r *fetch.Request, response *fetch.Response) (*fetch.URL, bool) {
	inner := response.Unfiltered()
	v, ok := inner.Headers.Get("Location")
	if !ok {
		return nil, false
	}
	u, err := fetch.ParseURL(v, r.CurrentURL())
	if err != nil || !u.IsHTTP() {
		return nil, false
	}
	// A redirect without a fragment keeps the one there was.
	if old := r.CurrentURL(); !u.HasFragment() && old.HasFragment() {
		if kept, err := fetch.ParseURL(u.String()+"#"+old.Fragment(), nil); err == nil {
			u = kept
		}
	}
	return u, true
}

func (f *Frame) navigationRequest(n navigation, source *inheritance) *fetch.Request {
	r := fetch.NewRequest(n.url)
	r.Mode, r.Credentials, r.Redirect = "navigate", "include", "manual"
	r.UseURLCredentials = true
	r.Destination = "document"
	if !f.isMain() {
		r.Destination = "iframe"
	}
	r.ReloadNavigation, r.HistoryNavigation = n.reload, n.history
	r.UserActivated = n.byUser
	r.Referrer = "no-referrer"
	if n.referrer != "" {
		r.Referrer = n.referrer
	} else if source != nil {
		r.Referrer, r.Origin = "client", source.origin
		r.ReferrerPolicy = source.policy
		r.ClientID = source.client.ID
	}
	if n.policy != "" {
		r.ReferrerPolicy = n.policy
	}
	f.navMu.Lock()
	r.ReplacesClientID = f.replaces
	f.navMu.Unlock()
	if n.reload {
		r.Cache = "no-cache"
	} else if n.history {
		r.Cache = "force-cache"
	}
	if n.method != "" && n.method != "GET" {
		r.Method = n.method
		r.Body = fetch.BytesBody(n.body)
		r.Headers.Set("Content-Type", n.mime)
	}
	r.Headers.Set("Upgrade-Insecure-Requests", "1")
	return r
}

// reserve makes the reserved client of a navigation to u.
func (f *Frame) reserve(u *fetch.URL) *runtime.Client {
	o := f.clientOptions()
	o.URL, o.Origin = u, u.Origin()
	o.StorageKey = f.storageKeyFor(o.Origin)
	o.Secure = o.Origin.PotentiallyTrustworthy()
	return f.page.context.engine.NewClient(o)
}

func (f *Frame) clientOptions() runtime.ClientOptions {
	o := runtime.ClientOptions{Type: runtime.ClientWindow, FrameType: "top-level", Window: &windowControl{f}}
	if f.page.opener != nil {
		o.FrameType = "auxiliary"
	}
	if f.parentFrame() != nil {
		o.FrameType = "nested"
		o.Ancestors = f.ancestors()
	}
	return o
}

// storageKeyFor is a document's storage key: its origin, and the top-level site when
// that is another.
func (f *Frame) storageKeyFor(o fetch.Origin) string {
	key := o.String()
	top, ok := f.topOrigin()
	if f.parentFrame() == nil || !ok || o.IsOpaque() || sameSite(o, top) {
		return key
	}
	return key + "/^0" + site(top)
}

// decode is a document's text: UTF-8 unless its headers say otherwise.
func decode(body []byte, response *fetch.Response) string {
	if response != nil {
		if m, ok := fetch.ExtractMIMEType(response.Unfiltered().Headers); ok {
			label, _ := m.Parameter("charset")
			if text, ok := decodeAs(body, label); ok {
				return text
			}
		}
	}
	return fetchapi.DecodeUTF8(body)
}

// mixed reports a frame in a secure document that is to show an insecure one: the
// navigation is blocked and the frame stays as it is.
func (f *Frame) mixed(u *fetch.URL) bool {
	if f.parentFrame() == nil || u.Scheme() != "http" || u.Origin().PotentiallyTrustworthy() {
		return false
	}
	top, ok := f.topOrigin()
	return ok && top.Scheme() == "https"
}
