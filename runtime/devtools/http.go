package devtools

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/target"
	"github.com/gorilla/websocket"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/runtime/window"
)

// ServeHTTP answers the endpoints that Chromium has at its debugging port: /, /json/…
// and WebSockets at /devtools/browser/ID and /devtools/page/ID.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.allowedHost(r.Host) {
		http.Error(w, "Host header is specified and is not an IP address or localhost.", http.StatusInternalServerError)
		return
	}
	if !s.authorised(r) {
		http.Error(w, "This endpoint asks for its token (?token= or Authorization: Bearer).", http.StatusUnauthorized)
		return
	}
	path := strings.TrimSuffix(r.URL.Path, "/")
	switch {
	case strings.HasPrefix(path, "/devtools/"):
		s.upgrade(w, r, path)
	case path == "":
		s.index(w, r)
	case path == "/json" || path == "/json/list":
		s.list(w, r)
	case path == "/json/version":
		s.version(w, r)
	case path == "/json/protocol":
		writeJSON(w, s.protocolDescription())
	case path == "/json/new":
		s.newTab(w, r)
	case strings.HasPrefix(path, "/json/activate/"):
		s.about(w, strings.TrimPrefix(path, "/json/activate/"), "Target activated", func(*subject) {})
	case strings.HasPrefix(path, "/json/close/"):
		s.about(w, strings.TrimPrefix(path, "/json/close/"), "Target is closing", func(t *subject) { s.closeTarget(t) })
	default:
		http.NotFound(w, r)
	}
}

// allowedHost: a page that had its own name point here (DNS rebinding) is refused.
func (s *Server) allowedHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.Trim(name, "[]")
	return name == "" || name == "localhost" || strings.HasSuffix(name, ".localhost") || net.ParseIP(name) != nil || slices.Contains(s.options.Hosts, name)
}

func (s *Server) authorised(r *http.Request) bool {
	if s.options.Token == "" {
		return true
	}
	given := r.URL.Query().Get("token")
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		given = bearer
	}
	return subtle.ConstantTimeCompare([]byte(given), []byte(s.options.Token)) == 1
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "   ")
	_ = e.Encode(v) // a client that went away
}

// socketURL is a WebSocket's address as the client reached us.
func (s *Server) socketURL(r *http.Request, path string) string {
	u := "ws://" + r.Host + path
	if s.options.Token != "" {
		u += "?token=" + url.QueryEscape(s.options.Token)
	}
	return u
}

func (s *Server) version(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, map[string]string{
		"Browser": s.product(), "Protocol-Version": "1.3", "User-Agent": s.browser.UserAgent(), "V8-Version": runtime.Version(), "WebKit-Version": "0",
		"webSocketDebuggerUrl": s.socketURL(r, "/devtools/browser/"+s.id),
	})
}

// listed is a target in /json/list.
type listed struct {
	Description string `json:"description"`
	FrontendURL string `json:"devtoolsFrontendUrl"`
	ID          string `json:"id"`
	ParentID    string `json:"parentId,omitempty"`
	Title       string `json:"title"`
	Type        string `json:"type"`
	URL         string `json:"url"`
	SocketURL   string `json:"webSocketDebuggerUrl"`
}

func (s *Server) listedTarget(r *http.Request, i *target.Info) listed {
	socket := s.socketURL(r, "/devtools/page/"+string(i.TargetID))
	return listed{
		ID: string(i.TargetID), ParentID: string(i.ParentID), Title: i.Title, Type: i.Type, URL: i.URL,
		SocketURL: socket, FrontendURL: frontendURL(i.Type, socket),
	}
}

// frontendOrigin is that of the DevTools front end inside every Chromium. No web page
// has it, so it may open WebSockets.
const frontendOrigin = "devtools://devtools"

// frontendURL opens that front end on a target: it is typed into the address bar, and
// chrome://inspect opens it too. (Chromium's own leads to a server of the front end's
// many versions, which is not there offline.)
func frontendURL(kind, socket string) string {
	app := "devtools_app"
	switch kind {
	case kindWorker, kindSharedWorker, kindServiceWorker:
		app = "worker_app"
	case kindPage:
	default:
		return ""
	}
	at := strings.TrimPrefix(socket, "ws://")
	if strings.Contains(at, "?") {
		at = url.QueryEscape(at)
	}
	return frontendOrigin + "/bundled/" + app + ".html?ws=" + at
}

// index is what a person who looks at the debugging port sees: the targets, and the
// address of a debugger for each. A browser follows no link to a front end from a page,
// so that the addresses are there to be copied.
func (s *Server) index(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	fmt.Fprintf(w, "%s\n\nTo debug a target in Chrome, open its address, or add %s at chrome://inspect, Configure….\n", s.product(), r.Host)
	for _, x := range s.listed(r) {
		if x.FrontendURL != "" {
			fmt.Fprintf(w, "\n%s %s\n  %s\n", strings.ReplaceAll(x.Type, "_", " "), x.URL, x.FrontendURL)
		}
	}
}

// list is /json/list: the newest first.
func (s *Server) list(w http.ResponseWriter, r *http.Request) { writeJSON(w, s.listed(r)) }

func (s *Server) listed(r *http.Request) []listed {
	forTab := r.URL.Query().Has("for_tab")
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []listed{}
	for _, t := range slices.Backward(s.order) {
		if (t.kind == kindTab) == forTab || !forTab && t.kind != kindTab {
			out = append(out, s.listedTarget(r, s.info(t)))
		}
	}
	return out
}

func (s *Server) newTab(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPut {
		http.Error(w, fmt.Sprintf("Using unsafe HTTP verb %s to invoke /json/new. This action supports only PUT verb.", r.Method), http.StatusMethodNotAllowed)
		return
	}
	at, _, _ := strings.Cut(r.URL.RawQuery, "&token=")
	if raw, err := url.QueryUnescape(at); err == nil {
		at = raw
	}
	if strings.HasPrefix(at, "token=") {
		at = ""
	}
	p, err := s.browser.DefaultContext().NewPage(r.Context(), at, window.PageOptions{})
	if err != nil {
		http.Error(w, "Could not create new page", http.StatusInternalServerError)
		return
	}
	s.mu.Lock()
	t := s.targets[p.ID()]
	var out listed
	if t != nil {
		if at != "" {
			t.url = at
		}
		out = s.listedTarget(r, s.info(t))
	}
	s.mu.Unlock()
	writeJSON(w, out)
}

func (s *Server) about(w http.ResponseWriter, id, answer string, do func(*subject)) {
	t := s.find(target.ID(id))
	if t == nil {
		http.Error(w, "No such target id: "+id, http.StatusNotFound)
		return
	}
	fmt.Fprint(w, answer)
	do(t)
}

// upgrade opens a WebSocket on the browser or on a target.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request, path string) {
	kind, id, _ := strings.Cut(strings.TrimPrefix(path, "/devtools/"), "/")
	var on *subject
	switch {
	case kind == "browser" && id == s.id:
	case kind == "page":
		if on = s.find(target.ID(id)); on == nil {
			http.Error(w, "No such target id: "+id, http.StatusInternalServerError)
			return
		}
	default:
		http.NotFound(w, r)
		return
	}
	if origin := r.Header.Get("Origin"); origin != "" && origin != frontendOrigin && !slices.Contains(s.options.Origins, origin) && !slices.Contains(s.options.Origins, "*") {
		http.Error(w, fmt.Sprintf("Rejected an incoming WebSocket connection from the %s origin. Use the command line flag --remote-allow-origins=%s to allow connections from this origin.", origin, origin), http.StatusForbidden)
		return
	}
	upgrader := websocket.Upgrader{ReadBufferSize: 64 << 10, WriteBufferSize: 64 << 10, CheckOrigin: func(*http.Request) bool { return true }}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader answered
	}
	ws.SetReadLimit(cdp.MaxMessageSize)
	if err := s.serve(context.WithoutCancel(r.Context()), &socket{ws: ws, writing: make(chan struct{}, 1)}, on); err != nil {
		s.log.Debug("client gone", "err", err)
	}
}

// Handler is the Server's HTTP side: see ServeHTTP.
func (s *Server) Handler() http.Handler { return s }
