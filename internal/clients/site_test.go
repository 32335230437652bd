package clients

import (
	"embed"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

//go:embed site
var files embed.FS

// newSite serves the folder site and a few answers that files cannot give, on an
// origin that no other test has, "http://localhost:PORT": a secure context.
func newSite(t *testing.T) string {
	t.Helper()
	folder, err := fs.Sub(files, "site")
	if err != nil {
		t.Fatal(err)
	}
	static := http.FileServerFS(folder)
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if r.URL.Path == "/index.html" { // a file server leads to / instead
			r.URL.Path = "/"
		}
		static.ServeHTTP(w, r)
	})
	mux.HandleFunc("/echo", echo)
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/data.json", http.StatusFound) })
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(5 * time.Second):
		}
	})
	mux.HandleFunc("/setcookie", func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "server", Value: "set", HttpOnly: true, SameSite: http.SameSiteLaxMode, Path: "/"})
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<title>cookie</title>") // a browser that went away
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return "http://localhost:" + at.Port()
}

// echo answers what was asked.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	headers := map[string]string{}
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(map[string]any{"method": r.Method, "body": string(body), "headers": headers}) // a browser that went away
}
