package breakpoints

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

func TestMatchURL(t *testing.T) {
	for _, c := range []struct {
		pattern, url string
		want         bool
	}{
		{"", "https://a.example/x", true},
		{"*", "https://a.example/x", true},
		{"/api/*", "https://a.example/api/x?y=1", true},
		{"/api/*", "https://a.example/v2/api/x", false},
		{"/app.js", "https://a.example/app.js", true},
		{"/app.js", "https://a.example/app.js?v=2#x", true},
		{"/app.js?v=2", "https://a.example/app.js?v=2", true},
		{"/app.js?v=2", "https://a.example/app.js?v=3", false},
		{"/", "https://a.example/", true},
		{"/", "https://a.example/x", false},
		{"sw.js", "https://a.example/shop/sw.js", true},
		{"sw.js", "https://a.example/sw.js?x", true},
		{"sw.js", "https://a.example/xsw.js", false},
		{"shop/sw.js", "https://a.example/shop/sw.js", true},
		{"https://a.example/sw.js", "https://a.example/sw.js", true},
		{"https://a.example/sw.js", "https://a.example/sw.js?x", false},
		{"https://*.example/*.js", "https://a.example/b/c.js", true},
		{"*/sw.js", "https://a.example/sw.js", true},
		{"http://[::1]:80/*", "http://[::1]:80/x", true},
		{"/a+b(c).js", "https://a.example/a+b(c).js", true},
		{"/日本*", "https://a.example/日本語", true},
		{"/x", "chrome-extension://abc/x", true},
	} {
		if got := MatchURL(c.pattern, c.url); got != c.want {
			t.Errorf("MatchURL(%q, %q) = %v: %s", c.pattern, c.url, got, URLRegexp(c.pattern))
		}
	}
	if !MatchName("pages-v?", "pages-v1") || MatchName("pages-v?", "pages-v12") || !MatchName("*", "") || MatchName("a.c", "abc") {
		t.Error("names")
	}
}

var shorts = []string{
	"line:sw.js:68", "line:https://a.example:8080/sw.js:68:12", `line:sw.js:68 text="a \"b\" \\ c" if="n > 3"`,
	"event:fetch", "event:*", "lifecycle:waiting", "lifecycle:controllerchange", "exception:uncaught", "exception:respondWith",
	"fetch:/api/* at=respondWith method=POST mode=cors destination=script client=https://a.example/*",
	"fetch", "cache", "cache:miss cache=pages-* url=/app.js", "start once", `event:push log="got {event.data} {{x}}" skip=2 once scope=/shop/ disabled`,
}

func TestShortForm(t *testing.T) {
	for _, s := range shorts {
		b, err := Parse(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		if got := b.String(); got != s {
			t.Errorf("%s is printed as %s", s, got)
		}
		if b.Words() == "" {
			t.Errorf("%s has no words", s)
		}
	}
}

func TestWords(t *testing.T) {
	for s, want := range map[string]string{
		"cache:miss cache=pages-*": "cache miss in pages-*", "cache": "cache operation",
		"lifecycle:waiting": "a version enters waiting", "line:sw.js:68:2": "line 68, column 2 of sw.js",
		"fetch:/api/* at=respondWith method=post": "POST answer to a fetch event for /api/*",
		"event:install if=x once":                 "install event, if x, once", "start": "start of a worker", "exception:all": "anything thrown",
	} {
		b, err := Parse(s)
		if err != nil || b.Words() != want {
			t.Errorf("%s: %q, %v, want %q", s, b.Words(), err, want)
		}
	}
}

func TestCheckNamesFieldAndFix(t *testing.T) {
	for s, want := range map[string]string{
		"":                     "kind: is missing: use one of line, event",
		"lines:x:1":            `kind: is "lines": use one of line`,
		"line:sw.js":           "line: wants URL:LINE",
		"line::3":              "line.url: is missing",
		"line:sw.js:0":         "line.line: must be 1 or more",
		"lifecycle:done":       `lifecycle.state: is "done": use one of installing`,
		"lifecycle":            "lifecycle.state: is missing",
		"fetch at=end":         `fetch.at: is "end"`,
		"cache:read":           `cache.operation: is "read": use one of open, match, hit`,
		"exception:none":       "exception.which",
		"event:a skip=-1":      "skip: is below 0",
		"event:a skip=x":       `skip: is "x": give a number`,
		"event:a colour=red":   "colour: is not known for event: use if, log",
		"event:a log={":        "log: a { without its }",
		"event:a log={}":       "log: {} is empty",
		"event:a log=}":        "log: a } without its {",
		`event:a if="x`:        `text: a " without its partner`,
		"start:now":            "start: takes nothing",
		"event:a if":           "if: wants a value",
		"event:a once=perhaps": "once: is a word",
	} {
		_, err := Parse(s)
		invalid, ok := errors.AsType[*InvalidError](err)
		if !ok || !strings.Contains(invalid.Error(), want) {
			t.Errorf("%q: %v, want %s", s, err, want)
		}
	}
}

func TestTemplate(t *testing.T) {
	parts, err := Template("a {x + 1} {{b}} {`}${y}`} {({k: 1}).k}!")
	if err != nil {
		t.Fatal(err)
	}
	if got := Expand(parts, func(e string) string { return "<" + e + ">" }); got != "a <x + 1> {b} <`}${y}`> <({k: 1}).k>!" {
		t.Error(got)
	}
}

// What was parsed is printed so that it is read as the same, and matching is the same in
// regular expressions.
func FuzzParse(f *testing.F) {
	for _, s := range shorts {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, err := Parse(s)
		if err != nil {
			if _, ok := errors.AsType[*InvalidError](err); !ok {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		again, err := Parse(b.String())
		if err != nil || again.String() != b.String() || !same(again, b) {
			t.Fatalf("%q is printed as %q, read as %+v, %v", s, b.String(), again, err)
		}
		_ = b.Words()
		for _, p := range []string{b.Scope, s} {
			if _, err := regexp.Compile(URLRegexp(p)); err != nil && strings.ToValidUTF8(p, "") == p {
				t.Fatalf("%q: %v", p, err)
			}
			MatchURL(p, "https://a.example/x?y")
		}
	})
}

func TestSetKeepsIDsAndTells(t *testing.T) {
	s := NewSet()
	changed := s.Changed()
	a, err := s.Add(Breakpoint{Kind: Event, Event: &EventAt{Type: "fetch"}})
	if err != nil || a.ID != "1" {
		t.Fatal(a, err)
	}
	<-changed
	if err := s.Remove("1"); err != nil {
		t.Fatal(err)
	}
	if b, _ := s.Add(Breakpoint{Kind: Start}); b.ID != "2" {
		t.Errorf("id %s", b.ID)
	}
	if err := s.Remove("2", "7"); err == nil || len(s.All()) != 1 {
		t.Error("some were removed beside an unknown one", err, s.All())
	}
	if err := s.Remove("2", "2"); err != nil || len(s.All()) != 0 {
		t.Error(err, s.All())
	}
	if err := s.Update(Breakpoint{ID: "9", Kind: Start}); err == nil {
		t.Error("an unknown breakpoint was updated")
	}
	l, _ := s.Add(Breakpoint{Kind: Line, Line: &LineAt{URL: "sw.js", Line: 3}})
	s.Describe(map[string]string{l.ID: "let x"})
	if b, _ := s.Get(l.ID); b.Line.Text != "let x" {
		t.Errorf("%+v", b.Line)
	}
}

func TestSetInProject(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, ".swinspect"), 0o755); err != nil {
		t.Fatal(err)
	}
	deep := filepath.Join(dir, "a", "b")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := OpenSet(deep)
	if err != nil || s.Path() != filepath.Join(dir, ".swinspect", "breakpoints.json") {
		t.Fatal(s.Path(), err)
	}
	if _, err := s.Add(Breakpoint{Kind: Start}); err != nil {
		t.Fatal(err)
	}
	o, err := OpenSet(dir)
	if err != nil || len(o.All()) != 1 {
		t.Fatal(o.All(), err)
	}
	data, err := o.Export()
	if err != nil {
		t.Fatal(err)
	}
	in := NewSet()
	if added, err := in.Import(data, false); err != nil || len(added) != 1 || added[0].Kind != Start {
		t.Fatal(added, err)
	}
	if _, err := in.Import([]byte(`{"breakpoints":[{"kind":"start"},{"kind":"x"}]}`), true); err == nil || len(in.All()) != 1 {
		t.Error("a broken file was taken over")
	}
	// A file that is no longer one is never written over.
	if err := os.WriteFile(s.Path(), []byte("not json"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(Breakpoint{Kind: Start}); err == nil {
		t.Error("written over")
	}
	if data, _ := os.ReadFile(s.Path()); string(data) != "not json" {
		t.Errorf("%s", data)
	}
}

func TestSetInStateDirectory(t *testing.T) {
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	a, err := OpenSet(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenSet(t.TempDir())
	if err != nil || a.Path() == b.Path() || !strings.HasPrefix(a.Path(), state) {
		t.Fatal(a.Path(), b.Path(), err)
	}
	if entries, _ := os.ReadDir(state); len(entries) != 0 {
		t.Error("opening made files")
	}
}

// Processes do not lose each other's changes.
func TestSetOfManyProcesses(t *testing.T) {
	if dir := os.Getenv("SET_TEST_DIR"); dir != "" {
		s, err := OpenSet(dir)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			if _, err := s.Add(Breakpoint{Kind: Line, Line: &LineAt{URL: os.Getenv("SET_TEST_NAME"), Line: i + 1}}); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, ".swinspect"), 0o755); err != nil {
		t.Fatal(err)
	}
	mine, err := OpenSet(dir)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run", "^TestSetOfManyProcesses$")
			cmd.Env = append(os.Environ(), "SET_TEST_DIR="+dir, fmt.Sprintf("SET_TEST_NAME=p%d.js", i))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	for i := range 20 {
		if _, err := mine.Add(Breakpoint{Kind: Line, Line: &LineAt{URL: "mine.js", Line: i + 1}}); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	if _, err := mine.Refresh(); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, b := range mine.All() {
		ids[b.ID] = true
	}
	if len(ids) != 80 {
		t.Errorf("%d of 80 breakpoints are left", len(ids))
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".swinspect", "*")); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}
