package demo

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func get(t *testing.T, s *Site, path string) (int, string, http.Header) {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, Origin+path, nil))
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(body), w.Header()
}

func TestADeployComesBetweenTwoLooks(t *testing.T) {
	s := New()
	_, app, _ := get(t, s, "/app.js")
	_, first, _ := get(t, s, "/sw.js")
	_, second, _ := get(t, s, "/sw.js")
	if !strings.Contains(first, "VERSION = '1'") || !strings.Contains(second, "VERSION = '2'") || !strings.Contains(app, "version 1") {
		t.Error("the worker's versions are wrong")
	}
	if _, help, _ := get(t, s, "/help/sw.js"); !strings.Contains(help, "help-v1") {
		t.Error("the help pages' worker was deployed with the other")
	}
}

func TestEverythingIsServed(t *testing.T) {
	s := New()
	for path, contentType := range map[string]string{
		"/": "text/html; charset=utf-8", "/stations": "text/html; charset=utf-8", "/help/": "text/html; charset=utf-8",
		"/offline.html": "text/html; charset=utf-8", "/strategies.js": "text/javascript; charset=utf-8", "/style.css": "text/css; charset=utf-8",
		"/manifest.webmanifest": "application/manifest+json", "/icon.svg": "image/svg+xml", "/photos/harbour.svg": "image/svg+xml",
		"/api/tides": "application/json", "/news/latest.json": "application/json", "/help/help.js": "text/javascript; charset=utf-8",
	} {
		if code, _, h := get(t, s, path); code != 200 || h.Get("Content-Type") != contentType {
			t.Errorf("%s: %d %s", path, code, h.Get("Content-Type"))
		}
	}
	if code, _, _ := get(t, s, "/missing.txt"); code != 404 {
		t.Errorf("missing: %d", code)
	}
}
