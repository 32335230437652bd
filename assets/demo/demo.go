// Package demo is Tideline, the small web app that swinspect opens with: a page, a
// worker whose new version is waiting, caches, static routes, a second worker
// with an update to install. It is served from memory.
package demo

import (
	"bytes"
	"embed"
	"encoding/json"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// Origin is where the demo lives; no network knows the name.
const Origin = "https://tideline.example"

//go:embed site
var files embed.FS

// Site is a running demo: its server's half. It answers any number of goroutines.
//
// Each worker script is at version 1 when it is fetched first and at version 2
// from then on: a deploy between a visit and the next look at the script.
type Site struct {
	mu      sync.Mutex
	fetched map[string]bool
}

// New is a demo that nobody has visited.
func New() *Site { return &Site{fetched: map[string]bool{}} }

// ServeHTTP answers for Origin.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/api/"):
		api(w, r)
	case r.URL.Path == "/news/latest.json":
		answer(w, "application/json", []byte(`{"headline":"Spring tide on Sunday"}`))
	default:
		s.file(w, r)
	}
}

// file serves what is in the folder, with the version a worker script is at.
func (s *Site) file(w http.ResponseWriter, r *http.Request) {
	name := path.Clean(r.URL.Path)
	switch name {
	case "/":
		name = "/index.html"
	case "/help":
		name = "/help/index.html"
	case "/stations":
		name = "/stations.html"
	}
	data, err := fs.ReadFile(files, "site"+name)
	if err != nil {
		http.Error(w, "Tideline has no "+r.URL.Path, http.StatusNotFound)
		return
	}
	data = bytes.ReplaceAll(data, []byte("__VERSION__"), []byte(strconv.Itoa(s.version(name))))
	w.Header().Set("Cache-Control", "no-cache")
	answer(w, contentType(name), data)
}

// version is 2 for a worker script that was fetched before, and for everything
// once the main worker's was.
func (s *Site) version(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	worker := path.Base(name) == "sw.js"
	version := 1
	if s.fetched[name] || !worker && s.fetched["deployed"] {
		version = 2
	}
	if worker {
		s.fetched["deployed"] = s.fetched["deployed"] || version == 2
		s.fetched[name] = true
	}
	return version
}

// tide is a row of the table.
type tide struct {
	Station string `json:"station"`
	High    string `json:"high"`
	Low     string `json:"low"`
}

// api answers in the language asked for, and says so: a cache that forgets Vary
// would serve the wrong one.
func api(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept-Language")
	var v any
	switch r.URL.Path {
	case "/api/tides":
		v = []tide{{"North quay", "06:12", "12:25"}, {"Lighthouse", "06:31", "12:44"}, {"Old bridge", "07:02", "13:19"}}
	case "/api/forecast":
		v = map[string]string{"wind": "SW 4", "sea": "slight"}
		if strings.HasPrefix(r.Header.Get("Accept-Language"), "de") {
			v = map[string]string{"wind": "SW 4", "sea": "leicht bewegt"}
		}
	default:
		http.Error(w, "Tideline has no "+r.URL.Path, http.StatusNotFound)
		return
	}
	data, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, "application/json", data)
}

func answer(w http.ResponseWriter, contentType string, data []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data) // a client that hangs up is no error of ours
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".webmanifest":
		return "application/manifest+json"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.TypeByExtension(path.Ext(name))
}
