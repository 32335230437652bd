package testsite

import (
	"embed"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed www
var www embed.FS

// special are the paths that are not a file of www; one that ends in a slash
// stands for everything below it.
var special = map[string]func(*Site, http.ResponseWriter, *http.Request){
	"/redirect/sw.js":   redirectScript,
	"/missing/sw.js":    func(_ *Site, w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) },
	"/vanish/sw.js":     breakable("vanish", func(w http.ResponseWriter) { http.Error(w, "gone", http.StatusNotFound) }),
	"/badupdate/sw.js":  breakable("badupdate", func(w http.ResponseWriter) { script(w, "let let = ;") }),
	"/vary/answer":      varyAnswer,
	"/bytes/":           someBytes,
	"/hostile/headers":  hostileHeaders,
	"/delay/":           delayed,
	"/status/":          status,
	"/hostile/page.svg": hostileImage,
}

// ServeHTTP serves the fixtures.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.hits[r.URL.Path]++
	s.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	if h := s.special(r.URL.Path); h != nil {
		h(s, w, r)
		return
	}
	if r.URL.Path == "/" {
		index(w)
		return
	}
	s.file(w, r)
}

func (s *Site) special(p string) func(*Site, http.ResponseWriter, *http.Request) {
	if h, ok := special[p]; ok {
		return h
	}
	for prefix, h := range special {
		if strings.HasSuffix(prefix, "/") && strings.HasPrefix(p, prefix) {
			return h
		}
	}
	return nil
}

// file serves a file of www: the page of a fixture for every path below it that
// is no file, so that each scope has pages.
func (s *Site) file(w http.ResponseWriter, r *http.Request) {
	fixture, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	name := "www" + path.Clean(r.URL.Path)
	body, err := www.ReadFile(name)
	if err != nil {
		name = "www/" + fixture + "/index.html"
		if body, err = www.ReadFile(name); err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
	}
	switch path.Ext(name) {
	case ".js":
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	case ".css":
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
	case ".json":
		w.Header().Set("Content-Type", "application/json")
	case ".svg":
		w.Header().Set("Content-Type", "image/svg+xml")
	}
	// The scope that a script may register is not limited by its folder.
	w.Header().Set("Service-Worker-Allowed", "/")
	_, _ = w.Write([]byte(s.expand(fixture, string(body))))
}

// expand fills in what scripts and pages need to know of the site.
func (s *Site) expand(fixture, text string) string {
	return strings.NewReplacer(
		"__VERSION__", strconv.Itoa(s.version(fixture)),
		"__OTHER_SITE__", s.OtherSite(),
		"__SITE__", s.Origin(0),
	).Replace(text)
}

// breakable serves the fixture's own sw.js until it is broken.
func breakable(fixture string, broken func(http.ResponseWriter)) func(*Site, http.ResponseWriter, *http.Request) {
	return func(s *Site, w http.ResponseWriter, r *http.Request) {
		if s.isBroken(fixture) {
			broken(w)
			return
		}
		s.file(w, r)
	}
}

func script(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	_, _ = w.Write([]byte(text))
}

func redirectScript(_ *Site, w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/simple/sw.js", http.StatusFound)
}

func varyAnswer(_ *Site, w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept-Language, X-Variant")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintf(w, "language %s, variant %s\n", r.Header.Get("Accept-Language"), r.Header.Get("X-Variant"))
}

// someBytes answers /bytes/N with N bytes.
func someBytes(_ *Site, w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(path.Base(r.URL.Path))
	if err != nil || n < 0 || n > 256<<20 {
		http.Error(w, "bad size", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	chunk := []byte(strings.Repeat("0123456789abcdef", 4096))
	for n > 0 {
		part := chunk[:min(n, len(chunk))]
		if _, err := w.Write(part); err != nil {
			return
		}
		n -= len(part)
	}
}

// delayed answers /delay/MS after that many milliseconds.
func delayed(_ *Site, w http.ResponseWriter, r *http.Request) {
	ms, err := strconv.Atoi(path.Base(r.URL.Path))
	if err != nil {
		http.Error(w, "bad delay", http.StatusBadRequest)
		return
	}
	select {
	case <-time.After(time.Duration(ms) * time.Millisecond):
	case <-r.Context().Done():
		return
	}
	_, _ = fmt.Fprintf(w, "after %d ms\n", ms)
}

// status answers /status/CODE with that code.
func status(_ *Site, w http.ResponseWriter, r *http.Request) {
	code, err := strconv.Atoi(path.Base(r.URL.Path))
	if err != nil || code < 200 || code > 599 {
		code = http.StatusBadRequest
	}
	http.Error(w, http.StatusText(code), code)
}

func hostileHeaders(_ *Site, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("X-Markup", `<img src=x onerror="window.hacked=1">`)
	w.Header().Set("X-Script", `</script><script>window.hacked=1</script>`)
	_, _ = w.Write([]byte("<!doctype html><script>window.hacked=1;top.hacked=1</script><img src=x onerror='top.hacked=1'>"))
}

func hostileImage(_ *Site, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "image/svg+xml")
	_, _ = w.Write([]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="top.hacked=1"><script>top.hacked=1</script></svg>`))
}

// index lists the fixtures.
func index(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	var b strings.Builder
	b.WriteString("<!doctype html><title>swinspect fixtures</title><h1>Fixtures</h1><ul>")
	for _, f := range Fixtures() {
		fmt.Fprintf(&b, "<li><a href=\"/%s/\">%s</a>", f, f)
	}
	b.WriteString("</ul>")
	_, _ = w.Write([]byte(b.String()))
}

// Fixtures are the names of all fixtures, sorted.
func Fixtures() []string {
	dirs, err := www.ReadDir("www")
	if err != nil {
		return nil
	}
	var names []string
	for _, d := range dirs {
		if d.IsDir() {
			names = append(names, d.Name())
		}
	}
	slices.Sort(names)
	return names
}

// cut splits s before sep; the second part keeps it.
func cut(s, sep string) (before, from string) {
	if i := strings.Index(s, sep); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}
