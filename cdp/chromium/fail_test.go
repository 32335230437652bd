package chromium

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/cdp"
)

// script is an executable that stands in for a browser which does not start.
func script(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "browser")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLaunchFails(t *testing.T) {
	for name, test := range map[string]struct {
		options Options
		reason  string
		output  string
	}{
		"no such executable": {Options{Path: "/no/such/browser"}, "no such file", ""},
		"it ends":            {Options{Path: script(t, "echo 'Missing X server' >&2; exit 3")}, "it ended at once: exit status 3", "Missing X server"},
		"it ends, on a pipe": {Options{Path: script(t, "echo 'Missing X server' >&2; exit 3"), Pipe: true}, "it ended at once: exit status 3", "Missing X server"},
		"the profile is in use": {
			Options{Path: script(t, "echo 'Opening in existing browser session.'"), UserDataDir: t.TempDir()},
			"another browser is running on ", "Opening in existing browser session.",
		},
		"the default profile": {
			Options{Path: script(t, "echo 'DevTools remote debugging requires a non-default data directory. Specify this using --user-data-dir.' >&2; sleep 60")},
			"Chrome 136 and later", "requires a non-default data directory",
		},
		"it never listens":   {Options{Path: script(t, "echo hm; echo 'dbus/bus.cc noise' >&2; sleep 60")}, "did not say where it listens", "hm"},
		"it closes the pipe": {Options{Path: script(t, "exec 3<&- 4>&-; sleep 60"), Pipe: true}, "does not answer on the pipe", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			within := 20 * time.Second
			if name == "it never listens" {
				within = time.Second
			}
			ctx, cancel := context.WithTimeout(t.Context(), within)
			defer cancel()
			p, err := Launch(ctx, test.options)
			failed, ok := errors.AsType[*LaunchError](err)
			if p != nil || !ok {
				t.Fatalf("got %v, %v", p, err)
			}
			if !strings.Contains(failed.Error(), test.reason) || !strings.Contains(strings.Join(failed.Output, "\n"), test.output) {
				t.Errorf("got %v", err)
			}
			if strings.Contains(failed.Error(), "noise") {
				t.Errorf("noise in the error: %v", err)
			}
			if left, err := filepath.Glob(filepath.Join(os.TempDir(), "*")); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestOutput(t *testing.T) {
	var passed bytes.Buffer
	o := newOutput(&passed)
	for _, part := range []string{"one\nDevTools lis", "tening on ws://127.0.0.1:1/devtools/browser/x\r\nDevTools listening on ws://again\n", strings.Repeat("long", 5000), "\nrest"} {
		if n, err := o.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	if url := <-o.endpoint; url != "ws://127.0.0.1:1/devtools/browser/x" {
		t.Errorf("endpoint %q", url)
	}
	lines := o.lines()
	if lines[0] != "one" || lines[len(lines)-1] != "rest" || !strings.HasPrefix(passed.String(), "one\n") {
		t.Errorf("%.80q", lines)
	}
	for range 100 {
		_, _ = o.Write([]byte("more\n"))
	}
	if len(o.lines()) > keepLines {
		t.Errorf("%d lines kept", len(o.lines()))
	}
}

func TestArguments(t *testing.T) {
	yes, no := true, false
	for name, test := range map[string]struct {
		options Options
		has     []string
		hasNot  []string
	}{
		"port":      {Options{Port: 9333, Headless: &yes, URL: "http://a/"}, []string{"--remote-debugging-port=9333", "--headless=new", "--user-data-dir=/d"}, []string{"--remote-debugging-pipe", "about:blank"}},
		"pipe":      {Options{Pipe: true, Headless: &no}, []string{"--remote-debugging-pipe", "about:blank"}, []string{"--remote-debugging-port=0", "--headless=new"}},
		"ours last": {Options{Args: []string{"--lang=de"}}, []string{"--lang=de", "--no-first-run"}, nil},
	} {
		args := test.options.arguments("/d")
		for _, want := range test.has {
			if !slices.Contains(args, want) {
				t.Errorf("%s: %s is missing in %v", name, want, args)
			}
		}
		for _, not := range test.hasNot {
			if slices.Contains(args, not) {
				t.Errorf("%s: %s in %v", name, not, args)
			}
		}
		if root := os.Geteuid() == 0; root != slices.Contains(args, "--no-sandbox") {
			t.Errorf("%s: --no-sandbox as root=%v: %v", name, root, args)
		}
	}
}

func TestFindNamesTheVariable(t *testing.T) {
	path := script(t, "")
	t.Setenv("SWINSPECT_BROWSER", path)
	found, err := Find()
	if err != nil || found[0].Path != path {
		t.Errorf("%+v, %v", found, err)
	}
	t.Setenv("SWINSPECT_BROWSER", path+"-gone")
	missing := (*MissingError)(nil)
	if _, err := Find(); !errors.As(err, &missing) || missing.Path != path+"-gone" {
		t.Errorf("a browser that is not there: %v", err)
	}
	if _, err := Launch(t.Context(), Options{}); !errors.As(err, &missing) {
		t.Errorf("another browser was started: %v", err)
	}
}

// TestRestart is what a reconnecting inspector meets: the browser is killed and
// comes back on the same port with the same profile, as another instance.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	first := launch(t, Options{UserDataDir: dir})
	c := connect(t, first)
	port := strings.Split(strings.TrimPrefix(first.Endpoint().WebSocketURL, "ws://127.0.0.1:"), "/")[0]
	if _, err := cdp.Resolve(t.Context(), dir); err != nil {
		t.Errorf("by its directory: %v", err)
	}
	first.Kill()
	<-c.Done()
	if _, err := cdp.Resolve(t.Context(), port); err == nil {
		t.Error("a browser that was killed still listens")
	}
	if _, err := cdp.Resolve(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "has ended") {
		t.Errorf("the directory of a browser that was killed: %v", err)
	}
	number := 0
	for _, digit := range port {
		number = number*10 + int(digit-'0')
	}
	second := launch(t, Options{UserDataDir: dir, Port: number})
	ep, err := cdp.Resolve(t.Context(), port)
	if err != nil || ep.Instance == first.Endpoint().Instance || ep.Instance != second.Endpoint().Instance {
		t.Errorf("first %+v, second %+v, resolved %+v, %v", first.Endpoint(), second.Endpoint(), ep, err)
	}
	if byDir, err := cdp.Resolve(t.Context(), dir); err != nil || byDir.Instance != ep.Instance {
		t.Errorf("by its directory: %+v, %v", byDir, err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	if err := second.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "Default")); err != nil {
		t.Errorf("a profile that was given was removed: %v", err)
	}
}

func TestDiscoverFindsALaunchedBrowser(t *testing.T) {
	p := launch(t, Options{})
	for _, f := range cdp.Discover(t.Context()) {
		if f.State == cdp.StateReady && f.Resolved.Instance == p.Endpoint().Instance {
			if f.Pid == 0 {
				t.Errorf("without its process: %+v", f)
			}
			return
		}
	}
	t.Errorf("not found: %+v", cdp.Discover(t.Context()))
}

// TestResolveDirectory: with an explicit port Chromium writes no
// DevToolsActivePort, and on a pipe there is none; its process tells.
func TestResolveDirectory(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	p := launch(t, Options{Port: port})
	if ep, err := cdp.Resolve(t.Context(), p.UserDataDir()); err != nil || ep.Instance != p.Endpoint().Instance {
		t.Errorf("explicit port: %+v, %v", ep, err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	p = launch(t, Options{Pipe: true})
	_, err = cdp.Resolve(t.Context(), p.UserDataDir())
	if failed, ok := errors.AsType[*cdp.ResolveError](err); !ok || !strings.Contains(failed.Reason, "is on a pipe") {
		t.Errorf("pipe: %v", err)
	}
}
