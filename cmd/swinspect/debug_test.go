package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swinspect/swinspect/breakpoints"
)

func TestBreak(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, ".swinspect"), 0o755); err != nil {
		t.Fatal(err)
	}
	at := []string{"--project", dir}
	in := func(args ...string) []string { return append(append([]string{"break"}, args...), at...) }
	call(t, in("list")...).want(t, exitOK, "no breakpoints")
	if r := call(t, in("add", "line:sw.js:68", `if=url.pathname === "/"`)...).want(t, exitOK); r.out != `1  line:sw.js:68 if="url.pathname === \"/\""`+"\n" {
		t.Errorf("%q", r.out)
	}
	call(t, in("add", `cache:miss cache=pages-* log="missed {url}"`)...).want(t, exitOK)
	call(t, in("off", "2")...).want(t, exitOK)
	all := decode[[]breakpoints.Breakpoint](t, call(t, in("list", "--json")...))
	if len(all) != 2 || !all[1].Disabled || all[1].Log != "missed {url}" {
		t.Errorf("%+v", all)
	}
	exported := call(t, in("export")...).want(t, exitOK).out
	call(t, in("add", "lines:x")...).want(t, exitUsage, "use one of line, event", "break --help")
	call(t, in("remove", "9")...).want(t, exitNo, "no breakpoint 9")
	call(t, in("remove", "all")...).want(t, exitOK)
	callWith(t, nil, exported, in("import", "-")...).want(t, exitOK, "2 breakpoints")
	callWith(t, nil, "nonsense", in("import", "-")...).want(t, exitNo, "standard input: it is no list of breakpoints")
	if all = decode[[]breakpoints.Breakpoint](t, call(t, in("list", "--json")...)); len(all) != 2 || all[0].ID != "3" {
		t.Errorf("%+v", all)
	}
}

// What a command line has wrong is said, with status 2, and nothing is done by half.
func TestBreakMistakes(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, ".swinspect", "breakpoints.json")
	if err := os.Mkdir(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	in := func(args ...string) []string { return append(append([]string{"break"}, args...), "--project", dir) }
	for _, word := range []string{"add", "remove", "on", "off", "import"} {
		call(t, in(word)...).want(t, exitUsage, "swinspect break "+word+" needs ")
	}
	call(t, in("lst")...).want(t, exitUsage, `"lst" is no command of swinspect break`)
	call(t, "break", "--project", filepath.Join(dir, "none"), "list").want(t, exitUsage, "there is no folder", "none")
	write(file, "")
	call(t, in("add", "event:install")...).want(t, exitOK)
	call(t, in("add", "start")...).want(t, exitOK)
	call(t, in("remove", "1", "2", "99")...).want(t, exitNo, "no breakpoint 99")
	call(t, in("off", "1", "99")...).want(t, exitNo, "no breakpoint 99")
	if all := decode[[]breakpoints.Breakpoint](t, call(t, in("list", "--json")...)); len(all) != 2 || all[0].Disabled {
		t.Errorf("%+v", all)
	}
	bad := filepath.Join(dir, "bad.json")
	write(bad, "[]")
	if r := call(t, in("import", bad)...).want(t, exitNo, bad+": it is no list of breakpoints as `swinspect break export` writes it"); strings.Contains(r.err, "Go ") {
		t.Error(r.err)
	}
	write(bad, `{"format": 1, "breakpoints": [{"kind": 5}]}`)
	call(t, in("import", bad)...).want(t, exitNo, bad, "breakpoints.kind is of another kind, number")
	write(bad, `{"format": 1, "breakpoints": [{"kind": "lines"}]}`)
	call(t, in("import", bad)...).want(t, exitUsage, bad, "breakpoint 1 of the file")
	write(file, "{")
	call(t, in("list")...).want(t, exitNo, file, "mend it, or move it away to start afresh")
}

// A browser that was named and is not there is not replaced by another without a word.
func TestNamedBrowserMissing(t *testing.T) {
	dir := t.TempDir()
	gone := filepath.Join(dir, "gone")
	t.Setenv("SWINSPECT_BROWSER", gone)
	script := filepath.Join(dir, "a.session.js")
	if err := os.WriteFile(script, []byte("test('a', () => {})"), 0o644); err != nil {
		t.Fatal(err)
	}
	call(t, "run", script, "--backend", "chromium").want(t, exitUnreachable, gone)
	call(t, "debug", "--project", dir, "--launch", "http://localhost:1/").want(t, exitUnreachable, gone)
	call(t, "doctor", "--browsers").want(t, exitNo, gone)
	call(t, "run", script, "--backend", "firefox").want(t, exitUsage, `--backend "firefox"`, "engine, chromium or the endpoint")
}

const debugWorker = `const VERSION = 1;
self.addEventListener('install', (event) => {
  let local = 42;
  event.waitUntil((async () => {
    const cache = await caches.open('v' + VERSION);
    const hit = await cache.match('/x');
    console.log('installed', hit, local);
  })());
});
`

// The terminal debugger on the engine, told what to do through a pipe.
func TestDebug(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"index.html": "<!doctype html><script>navigator.serviceWorker.register('/sw.js')</script>", "sw.js": debugWorker} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	script := "locals\nset local = 43\nnext\nnext\nprint local + VERSION\nbreak 6\ncontinue\nwhere\nover\nprint hit\nback\nthreads\nbreakpoints\nnonsense\nhelp\ncontinue\ncontinue\nexit\n"
	args := []string{"debug", "--site", dir, "--project", dir, "--break", "event:install", "--timeout", "20s", "--for", "40s"}
	env := map[string]string{"SWINSPECT_ENGINE_CHILD": "1", "XDG_STATE_HOME": dir}
	r := callWith(t, env, script, args...).want(t, exitOK, `"nonsense" is no command`)
	at := 0
	for _, part := range []string{
		"stopped: install event  (worker #", "holds up the install of #", "=>    3:   let local = 42;", "local = not initialised",
		"=>    4:   event.waitUntil", "2  line:", ":6", "stopped: line 6 of /sw.js", "* 0  (anonymous)", "stopped: stepped", "undefined", "in the past, statement ",
		"paused", "(1 hits)", "continue, c", "log ",
	} {
		i := strings.Index(r.out[at:], part)
		if i < 0 {
			t.Fatalf("%q is not said after %q\n%s%s", part, r.out[:at], r.out[at:], r.err)
		}
		at += i
	}
	r = callWith(t, env, "", "debug", "--site", dir, "--project", dir, "--break", "cache:miss", "--json", "--count", "1", "--for", "40s").want(t, exitOK)
	if !strings.Contains(r.out, `"words":"cache.match missed 'v1' for /x"`) {
		t.Errorf("%s", r.out)
	}
	call(t, "debug", "--break", "nothing", "--demo").want(t, exitUsage, "use one of line")
	call(t, "debug", "--demo", "--attach", "9").want(t, exitUsage, "debug: --attach, --launch, and --site or --demo exclude each other")
}
