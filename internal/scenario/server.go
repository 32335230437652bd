package scenario

import (
	"encoding/json"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"time"
)

// Route is one answer of the server to requests for a path. A path has a list of
// them: the first request gets the first, and the last is given again and again.
type Route struct {
	Status  int               `json:"status"`  // 0: 200
	Headers map[string]string `json:"headers"` // Content-Type is derived from the path unless given
	Body    *string           `json:"body"`    // the file of the path when neither it nor File is given
	File    string            `json:"file"`    // another file, "/v2.js"
	Echo    []string          `json:"echo"`    // the body is a JSON object of these request headers, in lower case
	Chunks  []string          `json:"chunks"`  // the body in pieces, each flushed, 20 ms apart
	Delay   int               `json:"delay"`   // ms before the answer
	Hang    bool              `json:"hang"`    // no answer until the client goes away
	Drop    bool              `json:"drop"`    // the connection is closed without an answer
}

// Request is a line of the server's log.
type Request struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"` // with query
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body,omitempty"`
}

// site serves one scenario on two origins.
type site struct {
	scenario      Scenario
	first, second *httptest.Server

	mu    sync.Mutex
	count map[string]int
	log   []Request
}

func serve(s Scenario) *site {
	w := &site{scenario: s, count: map[string]int{}}
	w.first = httptest.NewServer(w)
	w.second = httptest.NewServer(w)
	return w
}

// origin is "http://localhost:PORT", which is a secure context.
func origin(s *httptest.Server) string {
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String()) // httptest's own address
	return "http://localhost:" + port
}

func (w *site) close() {
	for _, s := range []*httptest.Server{w.first, w.second} {
		s.CloseClientConnections() // handlers that hang
		s.Close()
	}
}

// ServeHTTP answers a request of the page or the worker.
func (w *site) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/favicon.ico" {
		http.NotFound(rw, r)
		return
	}
	if r.URL.Path == "/harness/log" {
		w.serveLog(rw)
		return
	}
	route := w.record(r)
	time.Sleep(time.Duration(route.Delay) * time.Millisecond)
	switch {
	case route.Hang:
		<-r.Context().Done()
	case route.Drop:
		panic(http.ErrAbortHandler)
	default:
		w.answer(rw, r, route)
	}
}

// record logs a request and picks its route.
func (w *site) record(r *http.Request) Route {
	entry := Request{Method: r.Method, Path: r.URL.RequestURI(), Headers: map[string]string{}}
	for name, values := range r.Header {
		entry.Headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	var body strings.Builder
	buffer := make([]byte, 1<<12)
	for r.Body != nil {
		n, err := r.Body.Read(buffer)
		body.Write(buffer[:n])
		if err != nil {
			break
		}
	}
	entry.Body = body.String()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !strings.HasPrefix(r.URL.Path, "/harness/") {
		w.log = append(w.log, entry)
	}
	routes := w.scenario.Routes[r.URL.RequestURI()]
	key := r.URL.RequestURI()
	if len(routes) == 0 {
		routes, key = w.scenario.Routes[r.URL.Path], r.URL.Path
	}
	if len(routes) == 0 {
		return Route{}
	}
	n := min(w.count[key], len(routes)-1)
	w.count[key]++
	return routes[n]
}

func (w *site) serveLog(rw http.ResponseWriter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	rw.Header().Set("Content-Type", "application/json")
	log := w.log
	if log == nil {
		log = []Request{}
	}
	_ = json.NewEncoder(rw).Encode(log) // the client may be gone
}

func (w *site) answer(rw http.ResponseWriter, r *http.Request, route Route) {
	name := r.URL.Path
	if route.File != "" {
		name = route.File
	}
	body, status := w.body(r, name, route)
	if t := contentType(name); t != "" {
		rw.Header().Set("Content-Type", t)
	}
	if route.Echo != nil {
		rw.Header().Set("Content-Type", "application/json")
	}
	for k, v := range route.Headers {
		if v == "" {
			rw.Header()[http.CanonicalHeaderKey(k)] = nil
			continue
		}
		rw.Header().Set(k, w.fill(v))
	}
	if route.Status != 0 {
		status = route.Status
	}
	rw.WriteHeader(status)
	for i, chunk := range route.Chunks {
		if i > 0 {
			time.Sleep(20 * time.Millisecond)
		}
		_, _ = rw.Write([]byte(chunk)) // the client may be gone
		rw.(http.Flusher).Flush()
	}
	if r.Method != http.MethodHead && status != http.StatusNoContent && status != http.StatusNotModified {
		_, _ = rw.Write(body)
	}
}

func (w *site) body(r *http.Request, name string, route Route) (body []byte, status int) {
	if route.Echo != nil {
		seen := map[string]any{"method": r.Method}
		for _, h := range route.Echo {
			if v, ok := r.Header[http.CanonicalHeaderKey(h)]; ok {
				seen[h] = strings.Join(v, ", ")
			} else {
				seen[h] = nil
			}
		}
		b, _ := json.Marshal(seen) // strings only
		return b, http.StatusOK
	}
	if route.Body != nil {
		return []byte(w.fill(*route.Body)), http.StatusOK
	}
	if route.Chunks != nil {
		return nil, http.StatusOK
	}
	if b, ok := w.scenario.Files[name]; ok {
		return []byte(w.fill(string(b))), http.StatusOK
	}
	if strings.HasSuffix(name, "/") || strings.HasSuffix(name, ".html") {
		return []byte("<!doctype html><title>" + path.Base(name) + "</title><body>"), http.StatusOK
	}
	return []byte("not found"), http.StatusNotFound
}

// fill puts the origins in.
func (w *site) fill(s string) string {
	return strings.NewReplacer("{{origin}}", origin(w.first), "{{other}}", origin(w.second)).Replace(s)
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript"
	case ".html", "":
		if strings.HasSuffix(name, "/") || path.Ext(name) == ".html" {
			return "text/html; charset=utf-8"
		}
		return "text/plain"
	case ".txt":
		return "text/plain"
	case ".json":
		return "application/json"
	}
	return mime.TypeByExtension(path.Ext(name))
}
