package ui

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/explain"
	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/ui/components"
	"github.com/swinspect/swinspect/ui/pages"
)

// fetchesRoutes are the panel's other addresses.
var fetchesRoutes = []PanelRoute{
	{"GET", "/body", fetchBody},
	{"POST", "/watch", fetchWatchPost},
	{"POST", "/resend", fetchResend},
}

// fetchSource is where the rows of a page come from.
type fetchSource interface {
	fetches.Table
	// Body gives a body of a row by its hash.
	Body(ctx context.Context, hash string) ([]byte, error)
}

// taped is a Browser that keeps its own fetches: a recording.
type taped interface {
	FetchSource(ctx context.Context) (fetchSource, error)
	// World is what a row can be explained with.
	World(ctx context.Context, f *fetches.Fetch) (explain.World, error)
}

// liveFetches is the log of a browser that is being watched.
type liveFetches struct {
	*fetches.Log
	bodies *bodyStore
}

func (l liveFetches) Body(_ context.Context, hash string) ([]byte, error) { return l.bodies.get(hash) }

// fetchCount is the number on the tab: the requests that were seen, once anybody
// looked.
func fetchCount(p *PageContext) (int, bool) {
	if w := p.Server.watched(p.Browser.ID()); w != nil {
		n, dropped := w.log.Len()
		return n + dropped, n > 0
	}
	return 0, false
}

// fetchesPage is one request for the panel.
type fetchesPage struct {
	s      *Server
	r      *http.Request
	p      *PageContext
	source fetchSource
	watch  *fetchWatch // nil for a recording
	tape   taped       // nil for a live browser
	view   pages.FetchesView
}

func fetchesPanel(s *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	if components.Canonical(w, r, "filter") {
		return
	}
	f := newFetchesPage(s, r, p)
	f.rows()
	f.drawer()
	p.Shell.PageClass = "fill fetches"
	p.Shell.Panes, p.Shell.Split = true, true
	p.Shell.Modules = append(p.Shell.Modules, "js/panel.js", "js/fetches.js")
	p.Render(w, r, pages.Fetches(p.Shell, f.view))
}

func newFetchesPage(s *Server, r *http.Request, p *PageContext) *fetchesPage {
	a := components.AddressOf(r.URL)
	a.Path = p.URL("fetches")
	f := &fetchesPage{s: s, r: r, p: p}
	f.view = pages.FetchesView{
		Address: a, Own: components.Origin(p.Registration.Scope), Scope: p.Registration.Scope, Everyone: a.Query.Get("all") != "",
		Filter: components.NewFilter(a, "filter", "Filter requests", "is:intercepted source:cache", fetches.Keys),
		Head:   pages.NewFetchesHead(a), PostURL: a.Path,
	}
	f.view.Filter.Suggest = pages.FilterTerms()
	if t, ok := p.Browser.(taped); ok {
		f.tape = t
		f.view.Watch = pages.WatchView{Recorded: true, State: "on"}
		source, err := t.FetchSource(r.Context())
		if err != nil {
			f.view.Error = err.Error()
		}
		f.source = source
		f.view.Export = "/b/" + p.Browser.ID() + "/har"
		return f
	}
	f.watch = s.watch(p.Browser)
	if f.watch == nil {
		return f
	}
	f.source = liveFetches{f.watch.log, f.watch.bodies}
	if !p.Live && p.State.Connection.Status == inspector.Live && f.watch.first() {
		s.watchStart(f.watch)
	}
	state, problem := f.watch.status()
	_, dropped := f.watch.log.Len()
	f.view.Watch = pages.WatchView{Can: true, State: string(state), Problem: problem, Dropped: dropped}
	return f
}

// query is what the rows must hold: the filter, and the scope.
func (f *fetchesPage) query() string {
	q := f.view.Filter.Query.String()
	if !f.view.Everyone {
		q = `scope:=` + quoteFilter(f.view.Scope) + " " + q
	}
	return strings.TrimSpace(q)
}

// quoteFilter is a value of the filter language that means exactly its text.
func quoteFilter(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// rows fills the table: one window of it.
func (f *fetchesPage) rows() {
	v := &f.view
	if f.source == nil {
		return
	}
	ctx, sort := f.r.Context(), v.Head.Sort.String()
	from, err := strconv.Atoi(v.Address.Query.Get("from"))
	v.Follow = err != nil && f.tape == nil && v.Head.Sort == v.Head.Default
	if err != nil || from < 0 {
		from = 0
	}
	rows, matching, total, err := f.source.Rows(ctx, f.query(), sort, from, pages.FetchWindow)
	if v.Follow && err == nil && matching > pages.FetchWindow {
		from = matching - pages.FetchWindow
		rows, matching, total, err = f.source.Rows(ctx, f.query(), sort, from, pages.FetchWindow)
	}
	if err == nil && from >= matching && matching > 0 { // the filter left fewer
		from = max(0, matching-pages.FetchWindow)
		rows, matching, total, err = f.source.Rows(ctx, f.query(), sort, from, pages.FetchWindow)
	}
	if err != nil {
		v.Error = err.Error()
		return
	}
	if len(rows) == 0 && f.tape == nil && f.p.Shell.Head.CanAct {
		v.Reload = reloadable(f.p.State.Clients(f.p.Registration))
	}
	v.Rows, v.Total = rows, total
	v.Window = components.Window{From: from, To: from + len(rows), Total: matching, Size: pages.FetchWindow}
	v.Axis = pages.NewWaterfall(rows, f.p.Now)
}

// maxReload is how many clients the empty page offers to reload.
const maxReload = 4

func reloadable(clients []inspector.Client) []inspector.Client {
	var out []inspector.Client
	for _, c := range clients {
		if c.Target != nil && c.Target.Type == "page" && len(out) < maxReload {
			out = append(out, c)
		}
	}
	return out
}

// drawer shows the chosen fetch.
func (f *fetchesPage) drawer() {
	q := f.view.Address.Query
	id := q.Get("fetch")
	if id == "" || f.source == nil {
		return
	}
	ctx := f.r.Context()
	fetch, err := f.source.Fetch(ctx, id)
	if err != nil || fetch == nil {
		return
	}
	d := &pages.FetchView{Fetch: fetch, Tab: "explain"}
	for _, t := range pages.FetchTabs {
		if q.Get("tab") == t.Name {
			d.Tab = t.Name
		}
	}
	f.view.Drawer = d
	d.Children, _ = f.source.Children(ctx, id) // without them the chain is shorter, no less true
	if fetch.Parent != "" {
		d.Parent, _ = f.source.Fetch(ctx, fetch.Parent)
	}
	d.Curl, d.FetchCall = pages.Copies(fetch, f.text(fetch.RequestBody))
	switch d.Tab {
	case "explain":
		f.explain(d)
	case "timing":
		d.Timing = pages.NewTiming(fetch)
	case "request":
		d.Body = f.body(fetch, fetch.RequestBody, "request")
	case "response":
		d.Body = f.body(fetch, fetch.ResponseBody, "response")
	}
	if q.Get("edit") != "" {
		d.Edit = f.resendForm(fetch)
	}
}

// explain fills in the chain.
func (f *fetchesPage) explain(d *pages.FetchView) {
	fetch := d.Fetch
	world := explain.World{State: f.p.State, Children: d.Children, CachesProblem: ""}
	traced := len(fetch.Steps) > 0 && fetch.Steps[0].Subject != ""
	switch {
	case traced:
		if f.tape == nil {
			d.Story = f.p.URL("explain", "story", strconv.FormatUint(fetch.Steps[0].Seq, 10))
		}
	case f.tape != nil:
		if w, err := f.tape.World(f.r.Context(), fetch); err == nil {
			world = w
		}
	case f.view.Address.Query.Get("look") != "":
		f.lookAt(d, &world)
	case fetch.Decision == fetches.Responded && fetch.Source != fetches.FromCache || fetch.Decision == fetches.FellThrough:
		d.Look = string(f.view.Address.With("look", "1"))
	}
	chain := explain.Fetch(fetch, world)
	if d.Look != "" {
		chain.Links = withoutLookups(chain.Links)
	}
	d.Verdict, d.Chain = chain.Answer, pages.FetchChain(fetch, chain)
	d.Engine = !traced && f.canEngine()
}

// withoutLookups leaves out what the caches would have said: nobody asked them.
func withoutLookups(all []explain.Link) []explain.Link {
	var rest []explain.Link
	for _, l := range all {
		if l.Algorithm != "Query Cache" || l.Known != inspector.Inferred {
			rest = append(rest, l)
		}
	}
	return rest
}

// lookAt reads the caches of the registration for the chain.
func (f *fetchesPage) lookAt(d *pages.FetchView, world *explain.World) {
	at := f.r.Clone(f.r.Context())
	at.URL.RawQuery = ""
	c := newCachesPage(f.s, at, f.p)
	c.readStorage()
	items, _ := pages.SelectCaches(c.storage, c.view.Address)
	world.CachesFrom = "as they are now"
	d.Looking = c.view.Reading
	for i := range items {
		got := c.listing(&items[i])
		switch {
		case got.Value != nil && got.Value.TooBig:
			world.CachesProblem = "The cache " + strconv.Quote(items[i].Cache.Name) + " is too large to be listed."
		case got.Value != nil:
			world.Caches = append(world.Caches, explain.Cache{Name: items[i].Cache.Name, Entries: got.Value.Entries})
		case got.Err != nil:
			world.CachesProblem = got.Err.Error()
		default:
			d.Looking = true
		}
	}
	if c.view.Error != "" {
		world.CachesProblem = c.view.Error
	}
}

// text is a body when it is there and is text.
func (f *fetchesPage) text(b fetches.Body) []byte {
	if b.Hash == "" || b.Size > maxForm/2 {
		return nil
	}
	data, err := f.source.Body(f.r.Context(), b.Hash)
	if err != nil || !pages.IsText(data) {
		return nil
	}
	return data
}

// body says where a body can be seen; nil when there is none.
func (f *fetchesPage) body(fetch *fetches.Fetch, b fetches.Body, of string) *pages.BodyView {
	if b.Hash == "" {
		switch {
		case b.Missing != "":
			return &pages.BodyView{Missing: "The body is not there: " + b.Missing + "."}
		case b.Size == 0 || of == "request":
			return nil
		}
		return &pages.BodyView{Missing: "The body was not read (yet)."}
	}
	u := f.p.URL("fetches/body", "fetch", fetch.ID, "of", of)
	return &pages.BodyView{Preview: u, Save: u + "&as=download", Size: b.Size}
}

// fetchBody answers with a body of a fetch: as a download, or as a document of its own
// for the preview's sandboxed frame.
func fetchBody(s *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	f := newFetchesPage(s, r, p)
	q := r.URL.Query()
	var fetch *fetches.Fetch
	if f.source != nil {
		fetch, _ = f.source.Fetch(r.Context(), q.Get("fetch")) // not there is answered below
	}
	if fetch == nil {
		s.missing(w, r, p.Browser, "This request is not known any more.")
		return
	}
	b, mime := fetch.ResponseBody, fetch.MIME
	if q.Get("of") == "request" {
		b, mime = fetch.RequestBody, pages.HeaderValue(fetch.RequestHeaders, "content-type")
	}
	data, err := f.source.Body(r.Context(), b.Hash)
	if q.Get("as") == "download" {
		if err != nil {
			p.Fail(w, r, http.StatusNotFound, err)
			return
		}
		saveBytes(w, r, fetch.URL, data)
		return
	}
	body := &inspector.Body{Data: data, Size: int64(len(data)), Type: mime}
	if len(data) > maxPreview {
		body.Data, body.Truncated = data[:maxPreview], true
	}
	pages.PreviewHeaders(w.Header())
	preview := pages.NewPreview(fetch.URL, body, err)
	preview.Theme = p.Shell.Theme
	s.render(w, r, http.StatusOK, pages.PreviewDocument(preview))
}

// watchSettle is how long a form waits to see whether the watching began.
const watchSettle = 3 * time.Second

// fetchWatchPost begins or ends the watching.
func fetchWatchPost(s *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	watch := s.watch(p.Browser)
	if watch == nil {
		s.missing(w, r, p.Browser, "The requests of this browser cannot be watched.")
		return
	}
	if r.PostFormValue("on") == "on" {
		s.watchStart(watch)
		for until := time.Now().Add(watchSettle); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
			if state, problem := watch.status(); state == watchOn || problem != "" {
				break
			}
		}
	} else {
		watch.stop()
	}
	s.reads.raise() // nothing of the browser changes: the pages are told so
	s.done(w, r, "")
}
