package dap

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/swinspect/swinspect/breakpoints"
)

// A file leads to the URL of its script and back, and never out of its folder.
func TestPaths(t *testing.T) {
	dir := t.TempDir()
	write := func(name string) string {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	sw, lib, built, spaced, other := write("dist/sw.js"), write("dist/lib/a.js"), write("build/app.js"), write("dist/my sw.js"), write("secret.js")
	p := newPaths(&Common{WebRoot: filepath.Join(dir, "dist"), PathMappings: map[string]string{"https://app.example/static/*": filepath.Join(dir, "build") + "/*"}}, nil)
	for _, tt := range []struct{ file, pattern, url string }{
		{sw, "/sw.js", "http://localhost:8080/sw.js?v=3#x"},
		{lib, "/lib/a.js", "https://app.example/lib/a.js"},
		{spaced, "/my%20sw.js", "https://app.example/my%20sw.js"},
		{built, "https://app.example/static/app.js*", "https://app.example/static/app.js?x"},
		{"https://app.example/x.js", "https://app.example/x.js", "https://app.example/x.js"},
	} {
		pattern, mapped := p.pattern(tt.file)
		if pattern != tt.pattern || !mapped || !breakpoints.MatchURL(pattern, tt.url) {
			t.Errorf("%s: pattern %q, mapped %v", tt.file, pattern, mapped)
		}
		if !isURL(tt.file) && p.file(tt.url) != tt.file {
			t.Errorf("%s: file %q", tt.url, p.file(tt.url))
		}
	}
	if pattern, mapped := p.pattern(other); pattern != "secret.js" || mapped {
		t.Errorf("outside: %q %v", pattern, mapped)
	}
	for _, url := range []string{"https://app.example/../secret.js", "https://app.example/%2e%2e/secret.js", "https://app.example/..%2fsecret.js", "https://app.example/lib", "https://app.example/", "::", "https://app.example/%zz", "blob:https://app.example/sw.js"} {
		if got := p.file(url); got != "" {
			t.Errorf("%s leads to %s", url, got)
		}
	}
	if got := fromURI("file:///C:/x/my%20sw.js"); filepath.ToSlash(got) != "C:/x/my sw.js" {
		t.Errorf("fromURI: %s", got)
	}
	if got := toURI("/x/my sw.js"); got != "file:///x/my%20sw.js" || fromURI(got) != filepath.FromSlash("/x/my sw.js") {
		t.Errorf("toURI: %s", got)
	}
}
