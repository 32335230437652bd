package session

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dop251/goja"
)

// site is Site of swinspect.d.ts: a web server on 127.0.0.1 of which a script changes what
// it serves.
//
// Concurrency: its methods may be called from any goroutine. It owns the server's
// goroutines; close ends them.
type site struct {
	f     *file
	stage *stage
	addr  string // host:port, the same after down and up

	mu       sync.Mutex // guards all below
	server   *http.Server
	served   chan struct{}
	folder   string // ""; none
	base     []*siteRoute
	over     []*siteRoute // the newest last
	requests []siteRequest
	closed   bool
}

// siteRoute is what is at a path or a pattern of paths.
type siteRoute struct {
	pattern string
	match   func(path string) bool
	answer  *response                            // nil: gone
	file    string                               // "" or a file to serve
	ask     func(siteRequest) (*response, error) // a script's function
}

// siteRequest is SiteRequest of swinspect.d.ts.
type siteRequest struct {
	Time    float64           `json:"time"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Path    string            `json:"path"`
	Query   map[string]string `json:"query"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

// maxRequests is how many requests a site remembers.
const maxRequests = 10_000

func (w *site) class() *class  { return siteClass }
func (w *site) String() string { return "Site " + w.origin() }
func (w *site) origin() string { return "http://" + w.addr }

// serve starts a site of a folder or routes (nil: of nothing), on the loop.
func (s *stage) serve(what goja.Value) (*site, error) {
	w := &site{f: s.f, stage: s}
	if what != nil {
		if err := w.deploy(what); err != nil {
			return nil, err
		}
	}
	if err := w.up(); err != nil {
		return nil, err
	}
	s.closes(w, func(context.Context) error { return w.close() })
	return w, nil
}

// deploy puts a folder or routes in the place of all there was; on the loop, for routes.
func (w *site) deploy(what goja.Value) error {
	if folder, ok := what.Export().(string); ok {
		full := w.f.resolvePath(folder)
		info, err := os.Stat(full)
		if err != nil {
			return fmt.Errorf("the folder of the site: %w", err)
		}
		if !info.IsDir() {
			return fmt.Errorf("the site %s is no folder", folder)
		}
		w.f.read(full)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.folder, w.base, w.over = full, nil, nil
		return nil
	}
	o, ok := what.(*goja.Object)
	if !ok {
		return fmt.Errorf("a site is a folder or an object of paths, not %s", w.f.shown(what))
	}
	var base []*siteRoute
	for _, key := range o.Keys() {
		r, err := w.route(key, o.Get(key))
		if err != nil {
			return err
		}
		base = append(base, r)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.folder, w.base, w.over = "", base, nil
	return nil
}

// route reads what is to be at a path: text, a response or a function.
func (w *site) route(key string, v goja.Value) (*siteRoute, error) {
	r := &siteRoute{pattern: key, match: pathPattern(key)}
	c := &call{f: w.f, name: key}
	if fn, ok := goja.AssertFunction(v); ok {
		r.ask = func(q siteRequest) (*response, error) { return w.f.askScript(w.stage, fn, q) }
		return r, nil
	}
	var err error
	if thrown := w.f.agent.Try(func() { r.answer = c.response(v) }); thrown != nil {
		err = thrown
	}
	return r, err
}

// pathPattern matches paths: * is any characters; one with ? also looks at the search.
func pathPattern(key string) func(string) bool {
	if !strings.HasPrefix(key, "/") && !strings.HasPrefix(key, "*") {
		key = "/" + key
	}
	p := newPattern("http://site"+key, "")
	if strings.HasPrefix(key, "*") {
		p = newPattern("http://site/"+key, "")
	}
	return func(target string) bool { return p.match("http://site" + target) }
}

func (w *site) put(r *siteRoute) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = append(slices.DeleteFunc(w.over, func(x *siteRoute) bool { return x.pattern == r.pattern }), r)
}

// putFile serves a file at a path.
func (w *site) putFile(at, file string) {
	w.put(&siteRoute{pattern: at, match: pathPattern(at), file: file})
}

// putBlank serves an empty document at a path that has nothing.
func (w *site) putBlank(at string) {
	if w.find(at) == nil && w.inFolder(at) == "" {
		w.put(&siteRoute{pattern: at, match: pathPattern(at), answer: &response{status: 200, headers: [][2]string{{"Content-Type", "text/html"}}, body: []byte("<!doctype html><title>blank</title>")}})
	}
}

// up begins to listen, at the same address as before.
func (w *site) up() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.server != nil || w.closed {
		return nil
	}
	at := w.addr
	if at == "" {
		at = "127.0.0.1:0"
	}
	ln, err := net.Listen("tcp", at) //nolint:noctx // it does not wait
	if err != nil {
		return fmt.Errorf("serving the site: %w", err)
	}
	w.addr = ln.Addr().String()
	server := &http.Server{Handler: w, ReadHeaderTimeout: 10 * time.Second}
	w.server, w.served = server, make(chan struct{})
	served := w.served
	go func() {
		defer close(served)
		_ = server.Serve(ln) // ends with Close
	}()
	return nil
}

// down refuses connections and ends those there are.
func (w *site) down() {
	w.mu.Lock()
	server, served := w.server, w.served
	w.server = nil
	w.mu.Unlock()
	if server == nil {
		return
	}
	_ = server.Close() // there is nothing to finish
	<-served
}

func (w *site) close() error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.down()
	return nil
}

// find is the route of a path; nil when there is none.
func (w *site) find(target string) *siteRoute {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range slices.Backward(w.over) {
		if r.match(target) {
			return r
		}
	}
	for _, r := range w.base {
		if r.match(target) {
			return r
		}
	}
	return nil
}

// inFolder is the file of a path in the folder, "" for none.
func (w *site) inFolder(p string) string {
	w.mu.Lock()
	folder := w.folder
	w.mu.Unlock()
	if folder == "" {
		return ""
	}
	name := strings.TrimPrefix(path.Clean("/"+p), "/")
	if strings.HasSuffix(p, "/") || name == "" {
		name = path.Join(name, "index.html")
	}
	full := filepath.Join(folder, filepath.FromSlash(name))
	if info, err := os.Stat(full); err != nil || info.IsDir() {
		return ""
	}
	return full
}

// ServeHTTP answers a request.
func (w *site) ServeHTTP(out http.ResponseWriter, in *http.Request) {
	q, err := w.note(in)
	if err != nil {
		http.Error(out, err.Error(), http.StatusBadRequest)
		return
	}
	r := w.find(in.URL.RequestURI())
	file := ""
	switch {
	case r == nil:
		file = w.inFolder(in.URL.Path)
		if file == "" {
			notFound(out)
			return
		}
	case r.file != "":
		file = r.file
	case r.ask != nil:
		answer, err := r.ask(q)
		if err != nil {
			http.Error(out, "the site's function failed: "+err.Error(), http.StatusInternalServerError)
			return
		}
		answer.write(in.Context(), out, in)
		return
	case r.answer != nil:
		r.answer.write(in.Context(), out, in)
		return
	default:
		notFound(out)
		return
	}
	w.serveFile(out, in, file)
}

// serveFile serves a file without letting the HTTP cache keep it: what a script deploys
// must be seen.
func (w *site) serveFile(out http.ResponseWriter, in *http.Request, file string) {
	data, err := os.Open(file)
	if err != nil {
		notFound(out)
		return
	}
	defer func() { _ = data.Close() }() // it was only read
	if info, err := data.Stat(); err != nil || info.IsDir() {
		notFound(out)
		return
	}
	out.Header().Set("Cache-Control", "no-cache")
	out.Header().Set("Content-Type", contentType(file))
	// Without a date: files of two deploys may have the same one, and "not modified" would
	// keep the old content.
	http.ServeContent(out, in, file, time.Time{}, data)
}

// notFound answers 404 without nosniff: what asks for a script that is gone is to see that
// it is gone, not that its type is wrong.
func notFound(out http.ResponseWriter) {
	out.Header().Set("Content-Type", "text/plain; charset=utf-8")
	out.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(out, "404 page not found\n") // the client went away
}

// contentType is that of a file or path by its extension.
func contentType(name string) string {
	switch ext := strings.ToLower(path.Ext(name)); ext {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".html", ".htm", "":
		return "text/html; charset=utf-8"
	case ".json", ".map":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	default:
		if t := mime.TypeByExtension(ext); t != "" {
			return t
		}
	}
	return "application/octet-stream"
}

// note remembers a request.
func (w *site) note(in *http.Request) (siteRequest, error) {
	body, err := io.ReadAll(io.LimitReader(in.Body, 16<<20))
	if err != nil {
		return siteRequest{}, err
	}
	q := siteRequest{
		Time: float64(time.Now().UnixMicro()) / 1000, Method: in.Method, URL: in.URL.RequestURI(), Path: in.URL.Path,
		Query: map[string]string{}, Headers: map[string]string{}, Body: string(body),
	}
	for name, values := range in.URL.Query() {
		q.Query[name] = values[0]
	}
	for name, values := range in.Header {
		q.Headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.requests) >= maxRequests {
		w.requests = slices.Delete(w.requests, 0, maxRequests/10)
	}
	w.requests = append(w.requests, q)
	return q, nil
}
