package main

import (
	"net"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/inspector"
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
	short := call(t, "ls", "--attach", silent.Addr().String(), "--timeout", "1ms")
	short.want(t, exitTimeout, "nothing answered at "+silent.Addr().String()+" within 1ms", "--timeout 15s")
	if strings.Contains(short.err, "debugging port") {
		t.Errorf("1 ms is no reason to doubt the port: %s", short.err)
	}
	// What is no endpoint at all is a wrong command line.
	for _, bad := range []string{"99999", "0", "://x", "gopher://x", "localhost:http", "ws://", "http://%zz"} {
		for _, command := range []string{"ls", "doctor"} {
			call(t, command, "--attach", bad).want(t, exitUsage, bad, "give a port")
		}
	}
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
		if strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: %q ends with a full stop, which the others do not", c.CommandPath(), c.Short)
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
	if double := regexp.MustCompile(`(?m)[^.]*(\?\.|!\.|[^.]\.\.|,\.|;\.|:\.)(\s|$)`).FindString(got); double != "" {
		t.Errorf("double punctuation: %q", double)
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

// Long cells are shortened, but for the last column's; a table stays aligned.
func TestTableOfLongText(t *testing.T) {
	long := "begin-" + strings.Repeat("漢x", 2500) + "-end"
	var out strings.Builder
	tab := newTable(stdio{out: &out, env: func(string) string { return "" }}, "NAME", "LAST")
	tab.row(plain(clean(long)), plain(long))
	tab.row(plain("b"), plain("c"))
	if err := tab.flush(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	cut := short(long)
	if n := len([]rune(cut)); n != widest || !strings.HasPrefix(cut, "begin-") || !strings.HasSuffix(cut, "-end") || !strings.Contains(cut, "…") {
		t.Errorf("short is %q, %d characters", cut, n)
	}
	if lines[1] != cut+"  "+long || lines[2] != "b"+strings.Repeat(" ", widest+1)+"c" {
		t.Errorf("rows are %q", lines)
	}
	if exactly := strings.Repeat("漢", widest); short(exactly) != exactly {
		t.Errorf("%d characters become %q", widest, short(exactly))
	}
	if q := quote("\x1b[2J" + long); len([]rune(q)) > widest+10 || strings.IndexFunc(q, unprintable) >= 0 {
		t.Errorf("quote gives %q", q)
	}
}

// show says a route in words, and of what was there at attach not when it began.
func TestShowVersion(t *testing.T) {
	at := time.Now()
	v := &inspector.Version{
		ID: "1", Status: "activated", Running: "running",
		Routes: []inspector.Route{{
			ID: 1, Condition: inspector.RouteCondition{RequestMethod: "GET", RequestDestination: "font"},
			Source: inspector.RouteSource{Type: "cache", CacheName: "fonts"}, Raw: `{"id":1}`,
		}},
		History: []inspector.Transition{{Time: at, Status: "activated", Running: "stopped"}, {Time: at, Status: "activated", Running: "running"}},
	}
	var out strings.Builder
	printVersion(&page{out: &out}, v)
	text := out.String()
	for _, part := range []string{"GET, destination font → cache fonts", "before swinspect attached active/stopped → " + when(at)} {
		if !strings.Contains(text, part) {
			t.Errorf("show lacks %q:\n%s", part, text)
		}
	}
	if strings.Contains(text, `{"id"`) {
		t.Errorf("show prints raw JSON:\n%s", text)
	}
	view := registrationView{Versions: make([]versionView, 1)}
	view.detail(&inspector.Registration{Versions: []*inspector.Version{v}})
	got := view.Versions[0]
	if got.History[0].Time != nil || got.History[1].Time == nil || len(got.RouteList) != 1 || got.RouteList[0].Raw != `{"id":1}` {
		t.Errorf("--json = %+v", got)
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
