package assets

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// budget is what the scripts and styles of a first visit may weigh compressed.
// Everything is counted, also what only one panel loads.
const budget = 60_000

func TestWeight(t *testing.T) {
	b := Load()
	total := 0
	for _, name := range b.Names() {
		total += b.Size(name)
		t.Logf("%6d B %s", b.Size(name), name)
	}
	t.Logf("%6d B together", total)
	if total > budget {
		t.Errorf("scripts and styles weigh %d B compressed, more than %d", total, budget)
	}
}

func TestServe(t *testing.T) {
	b := Load()
	get := func(path, encoding string) *http.Response {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept-Encoding", encoding)
		w := httptest.NewRecorder()
		b.ServeHTTP(w, r)
		return w.Result()
	}
	zipped, plain := get(b.URL(StyleName), "br, gzip"), get(b.URL(StyleName), "")
	if zipped.Header.Get("Content-Encoding") != "gzip" || plain.Header.Get("Content-Encoding") != "" {
		t.Error("gzip is sent to those that accept it, and only to them")
	}
	zr, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := io.ReadAll(zr)
	c, _ := io.ReadAll(plain.Body)
	if !bytes.Equal(a, c) || len(a) == 0 {
		t.Error("the compressed style sheet is not the plain one")
	}
	if got := plain.Header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("Cache-Control %q of a hashed address", got)
	}
	if got := get("/assets/old/"+StyleName, "").Header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("Cache-Control %q of an old hash", got)
	}
	for _, path := range []string{"/assets/", b.URL(""), b.URL("assets.go"), b.URL("../assets.go"), b.URL("js/nope.js")} {
		if got := get(path, ""); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.StatusCode)
		}
	}
}

// TestImports checks that every module a script imports is there, and that no
// script evaluates text: the page's policy would stop it.
func TestImports(t *testing.T) {
	b := Load()
	imports := regexp.MustCompile(`(?m)^(?:import|export)[^'"]*?['"](\.[^'"]+)['"]`)
	for name, f := range b.files {
		if !strings.HasSuffix(name, ".js") {
			continue
		}
		for _, m := range imports.FindAllStringSubmatch(string(f.plain), -1) {
			target := strings.TrimPrefix(m[1], "./")
			dir := "js/"
			if up, ok := strings.CutPrefix(target, "../"); ok {
				target, dir = up, ""
			}
			if _, ok := b.files[dir+target]; !ok {
				t.Errorf("%s imports %s, which is not there", name, m[1])
			}
		}
		for _, word := range []string{"eval(", "new Function", "innerHTML = `", ".style.", "setAttribute('style"} {
			if strings.Contains(string(f.plain), word) && !strings.HasPrefix(name, "vendor/") {
				t.Errorf("%s has %q", name, word)
			}
		}
	}
}

func TestIconsAreTrustedMarkup(t *testing.T) {
	icons := Load().Icons()
	if !strings.HasPrefix(icons, "<symbol") || strings.Contains(icons, "<script") || strings.Contains(icons, "style=") {
		t.Errorf("the glyph sheet holds more than symbols: %.80s", icons)
	}
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`<symbol id="([^"]+)"`).FindAllStringSubmatch(icons, -1) {
		if seen[m[1]] {
			t.Errorf("glyph %s is there twice", m[1])
		}
		seen[m[1]] = true
	}
}
