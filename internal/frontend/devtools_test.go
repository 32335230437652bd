package frontend

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/internal/backend"
	"github.com/swinspect/swinspect/internal/testsite/drive"
)

//go:embed site
var files embed.FS

// newSite serves the folder site at "http://localhost:PORT".
func newSite(t *testing.T) string {
	t.Helper()
	folder, err := fs.Sub(files, "site")
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(http.FileServerFS(folder))
	t.Cleanup(h.Close)
	at, err := url.Parse(h.URL)
	if err != nil {
		t.Fatal(err)
	}
	return "http://localhost:" + at.Port()
}

// packaged serves the front end of the npm package and gives its address.
func packaged(t *testing.T) string {
	t.Helper()
	h := httptest.NewServer(New(os.DirFS(folder(t))))
	t.Cleanup(h.Close)
	return h.URL + "/"
}

// bundled is the front end inside every Chromium with a window.
const bundled = "devtools://devtools/bundled/"

// debuggee is a browser whose worker is looked at.
type debuggee struct {
	name, host string // host is HOST:PORT
	*backend.Backend
}

// engine starts `swinspect engine`; front ends of the origins may attach.
func engine(t *testing.T, origins ...string) debuggee {
	t.Helper()
	args := []string{"--allow", "*", "--open", "about:blank"}
	for _, o := range origins {
		args = append(args, "--remote-allow-origins", o)
	}
	o, err := backend.Engine(t.Context(), t.TempDir(), args...)
	if err != nil {
		t.Fatal(err)
	}
	b, err := backend.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Log(err)
		}
	})
	at, err := url.Parse(b.URL)
	if err != nil {
		t.Fatal(err)
	}
	return debuggee{"engine", at.Host, b}
}

// tab is a page of a debuggee.
type tab struct {
	t testing.TB
	*backend.Page
}

// open opens a page in the default context and waits for its load event.
func (d debuggee) open(t testing.TB, address string) tab {
	t.Helper()
	p, err := d.OpenPage(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	loaded := p.Listen(0, "Page.loadEventFired")
	defer loaded.Close()
	if err := p.Navigate(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	select {
	case <-loaded.C():
	case <-time.After(patience):
		t.Fatalf("%s: %s does not load", d.name, address)
	}
	return tab{t, p}
}

// evaluate gives the value of an expression in the page, after its promise: a string
// as it is, anything else as JSON.
func (p tab) evaluate(expression string) string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	raw, err := p.Evaluate(ctx, expression)
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return string(raw)
	}
	return s
}

// listed is a target of /json/list.
type listed struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	URL         string `json:"url"`
	FrontendURL string `json:"devtoolsFrontendUrl"`
	Socket      string `json:"webSocketDebuggerUrl"`
}

// target finds a target as tools do.
func (d debuggee) target(t testing.TB, kind, address string) listed {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+d.host+"/json/list", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	defer http.DefaultClient.CloseIdleConnections()
	var all []listed
	if err := json.NewDecoder(response.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	for _, x := range all {
		if x.Type == kind && x.URL == address {
			return x
		}
	}
	t.Fatalf("%s: no %s %s among %v", d.name, kind, address, all)
	return listed{}
}

// TestDevTools debugs a worker in Chrome's front end: the npm package's and the one
// that Chromium brings, on a Chromium and on the engine. What it shows is the same.
// Attached to a page, it debugs the workers of that.
func TestDevTools(t *testing.T) {
	npm := packaged(t)
	own := strings.TrimSuffix(npm, "/")
	c := drive.StartWith(t, drive.Options{Args: []string{"--remote-allow-origins=" + own}})
	chromium := debuggee{"Chromium", c.Endpoint(), &backend.Backend{Conn: c.Conn()}}
	ours := engine(t, own)
	t.Run("a worker", func(t *testing.T) {
		var want string
		t.Run("npm package on Chromium", func(t *testing.T) { want = worker(t, c, npm, chromium) })
		t.Run("npm package on the engine", func(t *testing.T) { compare(t, want, worker(t, c, npm, ours)) })
		t.Run("Chromium's own on the engine", func(t *testing.T) { compare(t, want, worker(t, c, bundled, ours)) })
	})
	t.Run("a page of the engine", func(t *testing.T) { install(t, c, npm, ours) })
}

func compare(t *testing.T, want, got string) {
	t.Helper()
	if want != "" && got != want {
		t.Errorf("the front end shows on Chromium:\n%s\nbut on the engine:\n%s", want, got)
	}
}

// lines collects what the front end shows.
type lines struct{ strings.Builder }

func (l *lines) say(args ...any) { fmt.Fprintln(l, args...) }

// shown is the address of a target's front end: ours, or the one it names itself.
func (d debuggee) shown(frontend, app string, x listed) string {
	if frontend == bundled && x.FrontendURL != "" {
		return x.FrontendURL
	}
	return frontend + app + ".html?ws=" + strings.TrimPrefix(x.Socket, "ws://")
}

// worker attaches the front end to the site's worker, stops it at a line, looks around,
// steps and lets it go on.
func worker(t *testing.T, c *drive.Chromium, frontend string, d debuggee) string {
	t.Helper()
	site := newSite(t) // the front end remembers the breakpoints of the others
	app := d.open(t, site+"/")
	app.evaluate(register)
	p := open(t, c, d.shown(frontend, "worker_app", d.target(t, "service_worker", site+"/sw.js"))+"&panel=sources")
	out := &lines{}
	p.click(".navigator-domain-tree-item .tree-element-title", "localhost")
	p.press("ArrowRight", 39)
	p.click(".navigator-file-tree-item .tree-element-title", "sw.js")
	p.wait(".cm-line", "async function answer(request)", 0)
	out.say("source:", p.wait(".cm-line", "", 0).Words)

	p.click(".cm-lineNumbers .cm-gutterElement", "11")
	p.wait(".cm-breakpoint", "11", 0)
	p.wait(".breakpoint-item", "", 0)
	out.say("breakpoints:", p.texts(".breakpoint-item"))
	app.evaluate(`void (self.answer = fetch('/made').then((r) => r.text()))`)
	p.wait(".paused-message", "Paused on breakpoint", 0)
	p.paused(out, "const { pathname }")
	for _, line := range []string{"const known", "const words", "return new Response"} {
		p.press("F10", 121)
		p.paused(out, line)
	}
	if folder := os.Getenv("SHOTS"); folder != "" && d.name == "engine" && frontend != bundled {
		if err := os.WriteFile(filepath.Join(folder, "devtools.png"), p.picture(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.click(".tabbed-pane-header-tab", "Console")
	p.ask(out, "pathname + words.length")
	p.ask(out, "nobody")
	p.click(".tabbed-pane-header-tab", "Sources")
	p.press("F8", 119)
	p.until(`swinspect.found('.cm-executionLine', '').length === 0`)
	out.say("answered:", app.evaluate(`self.answer`))
	p.click(".tabbed-pane-header-tab", "Console")
	p.ask(out, "self.registration.active.state")
	return strings.ReplaceAll(out.String(), site, "SITE")
}

// install attaches the front end to a page and stops another worker of it while that
// is installed for the first time.
func install(t *testing.T, c *drive.Chromium, frontend string, d debuggee) {
	t.Helper()
	site := newSite(t)
	app := d.open(t, site+"/")
	app.evaluate(register)
	p := open(t, c, d.shown(frontend, "devtools_app", d.target(t, "page", site+"/"))+"&panel=sources")
	out := &lines{}
	p.click(".navigator-worker-tree-item .tree-element-title", "sw.js")
	p.press("ArrowRight", 39)
	p.press("ArrowDown", 40)
	p.press("ArrowRight", 39)
	p.click(".navigator-file-tree-item .tree-element-title", "sw.js")
	p.wait(".cm-line", "skipWaiting();", 0)
	p.click(".cm-lineNumbers .cm-gutterElement", "5")
	p.wait(".cm-breakpoint", "5", 0)
	p.wait(".breakpoint-item", "", 0)
	app.evaluate(`void (self.other = navigator.serviceWorker.register('/sw.js', {scope: '/other/'}))`)
	p.wait(".cm-executionLine", "skipWaiting();", 0)
	p.wait(".name-and-value", "InstallEvent", 0)
	out.say("at:", p.text(".cm-executionLine"), "of", p.texts(".call-frame-item"))
	out.say("installing:", app.evaluate(`self.other.then((r) => r.installing.state)`))
	p.press("F8", 119)
	out.say("then:", app.evaluate(`self.other.then((r) => new Promise((done) => { const w = r.installing ?? r.waiting ?? r.active; const look = () => w.state === 'activated' ? done(w.state) : 0; w.onstatechange = look; look() }))`))
	p.click(".tabbed-pane-header-tab", "Application")
	p.click(".tree-element-title", "Service workers")
	p.wait(".service-worker-version-string", "activated and is running", 0)
	if want := "at: skipWaiting(); of [(anonymous) sw.js:5]\ninstalling: installing\nthen: activated\n"; out.String() != want {
		t.Errorf("it went like this:\n%s", out)
	}
}

// register registers the site's worker and waits until it controls the page.
const register = `(async () => {
	await navigator.serviceWorker.register('/sw.js');
	if (!navigator.serviceWorker.controller) await new Promise((done) => navigator.serviceWorker.addEventListener('controllerchange', done, {once: true}));
})()`

// paused waits until the script is held at a line, and tells what the sidebar shows.
func (p *panel) paused(out *lines, line string) {
	p.t.Helper()
	p.wait(".cm-executionLine", line, 0)
	p.wait(".call-frame-item", "answer", 0)
	p.wait(".object-properties-section", "pathname", 0)
	out.say("at:", p.text(".cm-executionLine"))
	out.say("  stack:", p.texts(".call-frame-item"))
	out.say("  scopes:", p.texts(".scope-chain-sidebar-pane-section-title"), p.texts(".name-and-value"))
}

// uncaught is an exception in the console, before its stack.
var uncaught = regexp.MustCompile(`Uncaught .*? is not defined`)

// ask evaluates an expression in the console.
func (p *panel) ask(out *lines, expression string) {
	p.t.Helper()
	before := len(p.texts(".console-user-command-result"))
	p.click("devtools-text-editor", "")
	p.write(expression)
	p.press("Enter", 13)
	answer := p.wait(".console-user-command-result", "", before).Words
	for began := time.Now(); strings.TrimSpace(answer) == "Uncaught" && time.Since(began) < patience; {
		time.Sleep(20 * time.Millisecond) // what was thrown is shown after that it was
		answer = p.texts(".console-user-command-result")[before]
	}
	if threw := uncaught.FindString(answer); threw != "" {
		answer = threw
	}
	out.say(expression, "is", answer)
}
