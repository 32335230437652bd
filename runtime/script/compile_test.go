package script

import (
	"strings"
	"testing"

	"github.com/dop251/goja"
)

// value runs a script in a fresh agent's runtime and shows its value; promises are
// settled first.
func value(t *testing.T, source string) string {
	t.Helper()
	a := New(Options{})
	defer func() { a.Terminate(nil); <-a.Done() }()
	shown := ""
	show := func() {
		p, err := Compile("https://a.test/sw.js", []byte(source))
		var v goja.Value
		if err == nil {
			v, err = a.Run(p)
		}
		if err != nil {
			shown = a.Describe(err).Error()
			return
		}
		if promise, ok := v.Export().(*goja.Promise); ok && promise.State() != goja.PromiseStatePending {
			v = promise.Result()
			if promise.State() == goja.PromiseStateRejected {
				shown = "rejected: " + v.String()
				return
			}
		}
		shown = v.String()
	}
	if err := a.Do(t.Context(), "test", show); err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return shown
}

func TestSyntax(t *testing.T) {
	for source, want := range map[string]string{
		"\uFEFF1 + 1": "2",
		"(function(){ var g = () => arguments[0]; return g() })(7)":                                                            "7",
		"(function(){ 'use strict'; return (() => () => arguments.length)()() })(1, 2)":                                        "2",
		"({ m() { return [3].map(x => x + arguments[0]) } }).m(4) + ''":                                                        "7",
		"(function(){ let f = () => arguments; let arguments = 5; return f() })()":                                             "5",
		"async function* g() { yield 1; yield 2 }; (async () => { let s = 0; for await (const x of g()) s += x; return s })()": "3",
		"import('./x.js')":     "rejected: TypeError: import() is disallowed on ServiceWorkerGlobalScope by the HTML specification. See https://github.com/w3c/ServiceWorker/issues/1356.",
		"let x = 1; let x = 2": "SyntaxError: Identifier 'x' has already been declared",
		"typeof (class { #a = 1; static { this.b = 2 } }).b": "number",
	} {
		if got := value(t, source); got != want {
			t.Errorf("%s\n gave %s\n want %s", source, got, want)
		}
	}
	if got := value(t, "var = 1"); !strings.HasPrefix(got, "SyntaxError") {
		t.Error(got)
	}
	if got := value(t, strings.Repeat("(", 2_000_000)); !strings.HasPrefix(got, "SyntaxError: the script is nested too deeply") {
		t.Error(got)
	}
}

func TestPositionsOfLoweredScripts(t *testing.T) {
	if got := value(t, "async function* g() {}\n\n  function boom() {\n    throw new Error('x') }\ntry { boom() } catch (e) { e.stack }"); !strings.Contains(got, "sw.js:4:") {
		t.Error(got)
	}
}

func TestProgramsAreKept(t *testing.T) {
	a, err := Compile("https://a.test/1.js", []byte("1"))
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := Compile("https://a.test/1.js", []byte("1")); a != b {
		t.Error("compiled twice")
	}
	if b, _ := Compile("https://a.test/2.js", []byte("1")); a == b {
		t.Error("the same program under another URL")
	}
}

// Texts over which the parser panics are wrong ones.
func TestTextsThatTheParserDoesNotLike(t *testing.T) {
	for _, source := range []string{"const{A00![...{", "A000000000000!#00!const{A00![...{"} {
		if _, err := Compile("https://x.test/bad.js", []byte(source)); err == nil {
			t.Errorf("%q compiles", source)
		}
	}
}
