package ui

import "net/http"

// Panel is one view of a registration: a tab and its page.
type Panel struct {
	Name  string // last part of the URL; "" is the overview
	Title string
	Key   string // letter after G
	// Count is the number on the tab; ok false shows none. It may be nil.
	Count   func(p *PageContext) (n int, ok bool)
	Handler PanelHandler
	Routes  []PanelRoute // more addresses below the panel's
}

// PanelHandler renders a page with [PageContext.Render]. For the stream it runs
// again, see the package comment.
type PanelHandler func(s *Server, w http.ResponseWriter, r *http.Request, p *PageContext)

// PanelRoute is one more address of a panel, e.g. {"GET", "/body", …}.
type PanelRoute struct {
	Method  string
	Path    string
	Handler PanelHandler
}

// panelTable is every view of a registration in the order of the tabs. A new
// panel is a row here.
func panelTable() []Panel {
	return []Panel{
		{Name: "", Title: "Overview", Key: "O", Handler: overview},
		{Name: "timeline", Title: "Timeline", Key: "T", Handler: timeline},
		{Name: "caches", Title: "Caches", Key: "C", Count: cacheCount, Handler: caches, Routes: cachesRoutes},
		{Name: "fetches", Title: "Fetches", Key: "F", Count: fetchCount, Handler: fetchesPanel, Routes: fetchesRoutes},
		{Name: "source", Title: "Source", Key: "S", Handler: source, Routes: sourceRoutes},
		{Name: "errors", Title: "Errors", Key: "E", Count: errorCount, Handler: errorsPanel},
		{Name: "routes", Title: "Routes", Key: "R", Count: routeCount, Handler: routesPanel},
		{Name: "debug", Title: "Debug", Key: "D", Count: pausedCount, Handler: debugPanel, Routes: debugRoutes},
		{Name: "explain", Title: "Explain", Key: "X", Handler: explainPanel},
	}
}

func (p *Panel) pattern() string {
	if p.Name == "" {
		return "/b/{browser}/r/{slug}"
	}
	return "/b/{browser}/r/{slug}/" + p.Name
}

// panel answers a panel's page.
func (s *Server) panel(p *Panel) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if ctx := s.pageContext(w, r, p); ctx != nil {
			p.Handler(s, w, r, ctx)
		}
	}
}

// panelRoute answers another address of a panel.
func (s *Server) panelRoute(p *Panel, h PanelHandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if ctx := s.pageContext(w, r, p); ctx != nil {
			h(s, w, r, ctx)
		}
	}
}
