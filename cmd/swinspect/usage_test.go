package main

import (
	"net"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// What is wrong with the command line is said, with the word that is wrong, and
// leads to exit status 2 before anything is attached to.
func TestUsage(t *testing.T) {
	tests := []struct {
		name string
		env  map[string]string
		args []string
		want []string
	}{
		{"unknown command", nil, []string{"frobnicate"}, []string{`"frobnicate" is no command`}},
		{"a typo gets a suggestion", nil, []string{"skipwaiting"}, []string{"did you mean skip-waiting"}},
		{"unknown flag", nil, []string{"ls", "--frob"}, []string{"--frob", "swinspect ls --help"}},
		{"missing scope", nil, []string{"skip-waiting"}, []string{"needs SCOPE"}},
		{"empty scope", nil, []string{"show", ""}, []string{"SCOPE is empty"}},
		{"too many", nil, []string{"show", "a", "b"}, []string{`"b" is one argument too many`}},
		{"timeout that is none", nil, []string{"ls", "--timeout", "soon"}, []string{"soon"}},
		{"timeout zero", nil, []string{"ls", "--timeout", "0s"}, []string{"more than zero"}},
		{"timeout in the environment", map[string]string{"SWINSPECT_TIMEOUT": "soon"}, []string{"ls"}, []string{"SWINSPECT_TIMEOUT", "soon"}},
		{"unknown kind", nil, []string{"watch", "--kind", "weather"}, []string{"weather", "registration"}},
		{"cache without a command", nil, []string{"cache"}, []string{"ls, show, match or rm"}},
		{"cache with an unknown command", nil, []string{"cache", "wipe"}, []string{"cache wipe"}},
		{"cache match of no URL", nil, []string{"cache", "match", "/a/", "app.js"}, []string{`"app.js" is not an absolute URL`}},
		{"cache header without colon", nil, []string{"cache", "match", "/a/", "http://a/", "-H", "Accept"}, []string{`"Accept"`, "Name: value"}},
		{"cache filter", nil, []string{"cache", "ls", "/a/", "c", "--filter", "weather:sunny"}, []string{"weather", "status"}},
		{"cache filter of a lone minus", nil, []string{"cache", "ls", "/a/", "c", "--filter", "status:200 -"}, []string{"--filter", "nothing to negate"}},
		{"cache sort by what only filters", nil, []string{"cache", "ls", "/a/", "c", "--sort", "header"}, []string{"header", "status"}},
		{"cache sort", nil, []string{"cache", "ls", "/a/", "c", "--sort", "weather"}, []string{"weather", "status"}},
		{"cache show of nothing", nil, []string{"cache", "show", "/a/", "c", "http://a/", "--max", "0"}, []string{"--max 0"}},
		{"push of two payloads", nil, []string{"push", "/a/", "x", "--data-file", "-"}, []string{"not both"}},
		{"push of a file that is not there", nil, []string{"push", "/a/", "--data-file", "/nonexistent"}, []string{"/nonexistent"}},
		{"push of bad base64", nil, []string{"push", "/a/", "%%", "--base64"}, []string{"not base64"}},
		{"listen without a port", nil, []string{"serve", "--listen", "localhost"}, []string{`"localhost"`, "host:port"}},
		{"serve with an argument", nil, []string{"serve", "9222"}, []string{`"9222"`, "--attach"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := callWith(t, tt.env, "", tt.args...).want(t, exitUsage, tt.want...)
			if r.out != "" {
				t.Errorf("something on standard output: %q", r.out)
			}
		})
	}
}

// A port where nothing listens is exit status 3 and names the port; one that
// accepts and never answers is 4.
func TestUnreachable(t *testing.T) {
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	deadAddr := dead.Addr().String()
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()

	for _, args := range [][]string{{"ls"}, {"show", "/a/"}, {"skip-waiting", "/a/"}, {"cache", "ls", "/a/"}, {"watch"}, {"doctor"}, {"stop-all"}} {
		call(t, append(args, "--attach", deadAddr)...).want(t, exitUnreachable, deadAddr)
		call(t, append(args, "--attach", silent.Addr().String(), "--timeout", "200ms")...).want(t, exitTimeout, silent.Addr().String(), "200ms")
	}
	// The environment names the browser, and a flag wins over it.
	env := map[string]string{"SWINSPECT_ATTACH": deadAddr, "SWINSPECT_TIMEOUT": "0.2"}
	callWith(t, env, "", "ls").want(t, exitUnreachable, deadAddr)
	callWith(t, env, "", "ls", "--attach", silent.Addr().String()).want(t, exitTimeout, silent.Addr().String())
	call(t, "ls", "--attach", "gopher://x").want(t, exitUnreachable, "gopher://x")
	// A port with an HTTP server that is no browser is no time-out.
	call(t, "ls", "--attach", "/nonexistent/profile").want(t, exitUnreachable, "/nonexistent/profile")
}

// Every command has a description, an example that calls it, and says its exit
// status; --help exits 0 on standard output.
func TestHelp(t *testing.T) {
	root := newRoot(stdio{env: func(string) string { return "" }})
	root.InitDefaultHelpCmd()
	var check func(c *cobra.Command)
	check = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			check(sub)
		}
		if c.Hidden || c.Name() == "help" || c.Name() == "completion" || (c.HasParent() && c.Parent().Name() == "completion") {
			return
		}
		path := strings.TrimPrefix(c.CommandPath(), "swinspect")
		r := call(t, append(strings.Fields(path), "--help")...).want(t, exitOK)
		for _, part := range []string{c.Long, "Usage:", "Examples:"} {
			if !strings.Contains(r.out, part) {
				t.Errorf("%s --help lacks %q", c.CommandPath(), part)
			}
		}
		if !strings.Contains(c.Example, strings.TrimSpace(c.CommandPath())) {
			t.Errorf("no example of %s calls it: %s", c.CommandPath(), c.Example)
		}
		if c.Runnable() && c.Name() != "version" && c.Name() != "cache" && !strings.Contains(c.Long, "Exit status") {
			t.Errorf("%s --help does not say its exit status", c.CommandPath())
		}
	}
	check(root)
}

// docs/cli.md is what --help says.
func TestReference(t *testing.T) {
	got := call(t, "docs").want(t, exitOK).out
	want, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Error("docs/cli.md is stale: run make generate")
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		r := call(t, "completion", shell).want(t, exitOK)
		if !strings.Contains(r.out, "swinspect") || len(r.out) < 500 {
			t.Errorf("completion %s: %.200q", shell, r.out)
		}
	}
	r := call(t, "__complete", "watch", "--kind", "").want(t, exitOK)
	if !strings.Contains(r.out, "registration\n") {
		t.Errorf("--kind completes to %q", r.out)
	}
}

func TestVersion(t *testing.T) {
	if r := call(t, "version").want(t, exitOK); !strings.HasPrefix(r.out, "swinspect ") {
		t.Errorf("version: %q", r.out)
	}
	if v := decode[versionInfo](t, call(t, "version", "--json").want(t, exitOK)); v.Go == "" || v.Version == "" {
		t.Errorf("version --json: %+v", v)
	}
	if r := call(t, "--version").want(t, exitOK); !strings.HasPrefix(r.out, "swinspect ") {
		t.Errorf("--version: %q", r.out)
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"/shop/ ünï 漢字":             "/shop/ ünï 漢字",
		"\x1b]0;owned\x07":          `\u001b]0;owned\u0007`,
		"\u202Eevil\u0000":          `\u202eevil\u0000`,
		"a\nb\tc":                   `a\u000ab\u0009c`,
		"\u009b31m":                 `\u009b31m`,
		"broken \xff utf-8":         `broken \ufffd utf-8`,
		"line\u2028separator\u200b": `line\u2028separator\u200b`,
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestEndsWith(t *testing.T) {
	const scope = "https://a.example/shop/"
	for end, want := range map[string]bool{
		"/shop/": true, "shop/": true, "op/": false, "/": true, "a.example/shop/": true, scope: true, "": false, "/shop": false,
	} {
		if got := endsWith(scope, end); got != want {
			t.Errorf("endsWith(%q) = %v, want %v", end, got, want)
		}
	}
}
