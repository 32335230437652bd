package ui

import (
	"net/http"
	"net/url"
	"strings"
)

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /assets/", s.assets)
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("GET /start", s.start)
	mux.HandleFunc("GET /events", s.events)
	mux.HandleFunc("POST /attach", s.attach)
	mux.HandleFunc("POST /launch", s.launch)
	mux.HandleFunc("POST /look", s.lookAgain)
	mux.HandleFunc("POST /prefs", s.setPrefs)
	mux.HandleFunc("GET /b/{browser}", s.browser)
	mux.HandleFunc("POST /b/{browser}/do", s.do)
	mux.HandleFunc("POST /b/{browser}/detach", s.detach)
	mux.HandleFunc("POST /b/{browser}/r/{slug}/read", s.read)
	s.recordingRoutes(mux)
	s.replayRoutes(mux)
	s.scriptRoutes(mux)
	s.debugRoutesOfBrowser(mux)
	for i := range s.panels {
		p := &s.panels[i]
		mux.HandleFunc("GET "+p.pattern(), s.panel(p))
		for _, route := range p.Routes {
			mux.HandleFunc(route.Method+" "+p.pattern()+route.Path, s.panelRoute(p, route.Handler))
		}
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.missing(w, r, nil, "There is no page "+r.URL.Path+".")
	})
	return mux
}

// localPath is p when it is a path on this server, else "/": what comes with a
// form never leads elsewhere.
func localPath(p string) string {
	if !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") || strings.ContainsAny(p, "\\\r\n\t") {
		return "/"
	}
	u, err := url.Parse(p)
	if err != nil || u.Host != "" || u.Scheme != "" {
		return "/"
	}
	return p
}
