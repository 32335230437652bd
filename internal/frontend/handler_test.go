package frontend

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// What the front end's build makes is made of its sources.
func TestMade(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	h := httptest.NewServer(New(fstest.MapFS{
		"entrypoint_template.html":     file(`<script type="module" src="./entrypoints/%ENTRYPOINT_NAME%/%ENTRYPOINT_NAME%.js"></script>`),
		"entrypoints/app/app.ts":       file("export const enum Kind { A = 1 }\nexport class C { declare kind: Kind; #n: number = 1; }\n"),
		"entrypoints/broken/broken.ts": file("let let = ;"),
		"ui/a.css":                     file("a { content: \"`${x}\\\\\" }\n"),
		"ui/plain.js":                  file("export default 1;\n"),
		"Images/photo.png":             file("PNG"),
		"Images/src/arrow-down.svg":    file("<svg/>"),
	}))
	defer h.Close()
	get := func(name string) (int, string, string) {
		t.Helper()
		response, err := h.Client().Get(h.URL + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, response.Header.Get("Content-Type"), string(body)
	}
	for name, want := range map[string][2]string{
		"app.html":                     {"text/html", `src="./entrypoints/app/app.js"`},
		"entrypoints/app/app.js":       {"text/javascript", "export class C {\n  #n = 1;\n}"},
		"ui/a.css.js":                  {"text/javascript", `export default "a { content: \"` + "`" + `${x}\\\\\" }\n"`},
		"ui/a.css":                     {"text/css", "a {"},
		"ui/plain.js":                  {"text/javascript", "export default 1"},
		"Images/photo.png":             {"image/png", "PNG"},
		"Images/arrow-down.svg":        {"image/svg+xml", "<svg/>"},
		"Images/Images.js":             {"text/javascript", `--image-file-arrow-down: url("${new URL('./arrow-down.svg', import.meta.url)}");`},
		"core/i18n/locales.js":         {"text/javascript", "export const LOCALES = ['en-US'];"},
		"core/i18n/locales/en-US.json": {"application/json", "{}"},
		"ui/styling.skill.js":          {"text/javascript", "export const skill"},
	} {
		for range 2 { // made, and remembered
			status, kind, body := get(name)
			if status != http.StatusOK || kind != want[0] || !strings.Contains(body, want[1]) {
				t.Errorf("%s: %d %s %q, want %q", name, status, kind, body, want)
			}
		}
	}
	for name, want := range map[string]int{"none.html": 404, "none.js": 404, "none.css.js": 404, "../doc.go": 404, "entrypoints/broken/broken.js": 500} {
		if status, _, body := get(name); status != want {
			t.Errorf("%s: %d %q, want %d", name, status, body, want)
		}
	}
}

// imports are the modules that a module needs at once.
var imports = regexp.MustCompile(`(?m)^(?:import|export)\b(?:[^'"();=]*\bfrom\b)?\s*["'](\.[^"']+)["'];?$`)

// TestModules walks through the modules of the entry points that tests open: each is
// there, and is JavaScript.
func TestModules(t *testing.T) {
	h := New(os.DirFS(folder(t)))
	seen := map[string]bool{}
	var walk func(name, from string)
	walk = func(name, from string) {
		if seen[name] {
			return
		}
		seen[name] = true
		content, err := h.content(name)
		if err != nil {
			t.Errorf("%s imports %s: %v", from, name, err)
			return
		}
		for _, m := range imports.FindAllSubmatch(content, -1) {
			walk(path.Join(path.Dir(name), string(m[1])), name)
		}
	}
	for _, entry := range []string{"worker_app", "devtools_app"} {
		walk("entrypoints/"+entry+"/"+entry+".js", "the page")
	}
	if len(seen) < 300 {
		t.Errorf("only %d modules", len(seen))
	}
}

// folder is where the npm package has its front end.
func folder(t testing.TB) string {
	t.Helper()
	const folder = "node_modules/chrome-devtools-frontend/front_end"
	if _, err := os.Stat(folder); err != nil {
		t.Fatal("this test needs its npm package: run `make setup`, or `npm ci --ignore-scripts` in internal/frontend/")
	}
	return folder
}
