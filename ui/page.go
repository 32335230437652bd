package ui

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
	"github.com/swinspect/swinspect/ui/pages"
)

// PageContext is what a panel's handler works on: one registration as of one
// moment.
type PageContext struct {
	Server       *Server
	Browser      Browser
	State        *inspector.State        // immutable, as of Now
	Registration *inspector.Registration // nil on pages of the whole browser
	Slug         string                  // "" likewise
	Panel        *Panel
	Shell        *components.Shell
	Now          time.Time
	Live         bool // rendered again for the stream
}

// URL is the address of a panel of this registration, with a query when there
// is one: p.URL("caches", "filter", "status:404").
func (p *PageContext) URL(panel string, query ...string) string {
	u := "/b/" + p.Browser.ID()
	if p.Slug != "" {
		u += "/r/" + p.Slug
	}
	if panel != "" {
		u += "/" + panel
	}
	q := url.Values{}
	for i := 0; i+1 < len(query); i += 2 {
		q.Add(query[i], query[i+1])
	}
	if len(q) > 0 {
		u += "?" + q.Encode()
	}
	return u
}

// readable reports whether the browser can be read: it is there, or it is a recording.
func (p *PageContext) readable() bool {
	_, recorded := p.Browser.(*tape)
	return recorded || p.State.Connection.Status == inspector.Live
}

// readKey names what is read of the browser: of a recording, as of its moment.
func (p *PageContext) readKey() string {
	if t, ok := p.Browser.(*tape); ok {
		return t.ID() + "@" + strconv.FormatInt(t.Moment().UnixMicro(), 10)
	}
	return p.Browser.ID()
}

// Render answers with a page.
func (p *PageContext) Render(w http.ResponseWriter, r *http.Request, page templ.Component) {
	p.Server.render(w, r, http.StatusOK, page)
}

// Fail answers with a page that says what went wrong, inside the frame.
func (p *PageContext) Fail(w http.ResponseWriter, r *http.Request, status int, err error) {
	p.Server.render(w, r, status, pages.Problem(p.Shell, "That did not work", err.Error()))
}

// render writes a page. A page is never kept: it holds the token and the state.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, page templ.Component) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	if err := page.Render(r.Context(), w); err != nil {
		s.log.DebugContext(r.Context(), "page cut short", "path", r.URL.Path, "error", err)
	}
}

// pageContext finds what the address names. It answers by itself and returns
// nil when that is not there.
func (s *Server) pageContext(w http.ResponseWriter, r *http.Request, panel *Panel) *PageContext {
	b := s.browserOf(r.PathValue("browser"))
	if b == nil {
		s.missing(w, r, nil, "This browser is not attached any more.")
		return nil
	}
	state := b.State()
	slug := r.PathValue("slug")
	reg := state.BySlug(slug)
	if reg == nil {
		s.missing(w, r, b, "This registration has not been seen since swinspect attached.")
		return nil
	}
	p := &PageContext{
		Server: s, Browser: b, State: state, Registration: reg, Slug: slug,
		Panel: panel, Now: s.nowOf(b), Live: components.Streaming(r.Context()),
	}
	p.Shell = s.shell(r, p.Now, b, state)
	s.shellFor(p)
	return p
}

// missing answers 404 inside the frame.
func (s *Server) missing(w http.ResponseWriter, r *http.Request, b Browser, why string) {
	var state *inspector.State
	if b != nil {
		state = b.State()
	}
	now := s.opts.Now()
	if b != nil {
		now = s.nowOf(b)
	}
	sh := s.shell(r, now, b, state)
	s.render(w, r, http.StatusNotFound, pages.Problem(sh, "Not here", why))
}
