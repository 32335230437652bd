package debugger

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/internal/backend"
)

func TestMain(m *testing.M) {
	code := m.Run()
	for _, b := range started {
		if b.backend != nil {
			_ = b.backend.Close()
		}
	}
	if code == 0 {
		if err := goleak.Find(goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// one is a backend that was started once.
type one struct {
	once    sync.Once
	backend *backend.Backend
	err     error
}

var started = map[string]*one{"chromium": {}, "engine": {}}

// engines of the tests; the engine's is added by those who can debug it.
func startBackend(t testing.TB, name string) *backend.Backend {
	t.Helper()
	o := started[name]
	o.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		options := backend.Options{Chromium: true}
		if name == "engine" {
			dir, err := os.MkdirTemp("", "debugger")
			if err != nil {
				o.err = err
				return
			}
			// A program that is built already spares the minutes that building takes.
			if built := os.Getenv("SWINSPECT_TEST_BINARY"); built != "" {
				options = backend.Options{Command: []string{built, "engine", "--listen", "127.0.0.1:0", "--allow", "*"}, Stderr: os.Stderr}
			} else if options, o.err = backend.Engine(ctx, dir, "--allow", "*"); o.err != nil {
				return
			}
		}
		o.backend, o.err = backend.Start(ctx, options)
	})
	if o.err != nil {
		t.Fatal(o.err)
	}
	return o.backend
}

// world is a page with a site of its own and a debugger beside it.
type world struct {
	testing.TB
	backend *backend.Backend
	site    *site
	hub     *inspector.Hub
	b       *inspector.Browser
	set     *breakpoints.Set
	d       *Debugger
	page    *backend.Page
}

// site is what the page loads; files can be changed.
type site struct {
	mu    sync.Mutex
	files map[string]string
	*httptest.Server
}

func newSite(t testing.TB, worker string) *site {
	s := &site{files: map[string]string{"/sw.js": worker}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s
}

func (s *site) put(path, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path] = text
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	text, ok := s.files[r.URL.Path]
	s.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	switch {
	case strings.HasSuffix(r.URL.Path, ".js") && ok:
		w.Header().Set("Content-Type", "text/javascript")
	case strings.HasPrefix(r.URL.Path, "/missing"):
		w.WriteHeader(http.StatusNotFound)
		return
	default:
		w.Header().Set("Content-Type", "text/html")
	}
	if !ok {
		text = "<!doctype html><title>page</title>from the server"
	}
	_, _ = w.Write([]byte(text))
}

// base is the site's origin as browsers treat as secure.
func (s *site) base() string { return strings.Replace(s.URL, "127.0.0.1", "localhost", 1) }

// newWorld attaches a debugger and opens a page of a site with a worker.
func newWorld(t testing.TB, name, worker string, bps ...string) *world {
	t.Helper()
	w := newWorldOff(t, name, worker, bps...)
	w.must(w.d.Start(w.ctx()))
	w.goTo("/")
	return w
}

func newWorldOff(t testing.TB, name, worker string, bps ...string) *world {
	t.Helper()
	w := &world{TB: t, backend: startBackend(t, name), site: newSite(t, worker), set: breakpoints.NewSet()}
	w.add(bps...)
	page, err := w.backend.NewPage(w.ctx())
	w.must(err)
	w.page = page
	t.Cleanup(func() {
		if w.page != nil {
			_ = w.page.Close()
		}
	})
	w.hub, w.b = w.attach()
	w.d = New(w.b, w.set, Options{Name: "test"})
	t.Cleanup(w.d.Close)
	return w
}

// close lets go of the browser, then disposes of the page's context: a context that is
// disposed of while it has hidden targets of clients makes Chromium 156 end now and then.
func (w *world) close() {
	w.Helper()
	w.d.Close()
	w.must(w.hub.Close())
	w.must(w.page.Close())
	w.page = nil
}

func (w *world) attach() (*inspector.Hub, *inspector.Browser) {
	w.Helper()
	hub := inspector.NewHub(inspector.HubOptions{})
	w.Cleanup(func() { _ = hub.Close() })
	b, err := hub.Attach(w.ctx(), inspector.AttachOptions{Endpoint: w.backend.URL})
	w.must(err)
	return hub, b
}

func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	w.Cleanup(cancel)
	return ctx
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) add(bps ...string) {
	w.Helper()
	for _, text := range bps {
		b, err := breakpoints.Parse(text)
		w.must(err)
		_, err = w.set.AddOwn(b)
		w.must(err)
	}
}

// goTo opens a path of the site.
func (w *world) goTo(path string) {
	w.Helper()
	w.must(w.page.Navigate(w.ctx(), w.site.base()+path))
}

// js evaluates in the page, and waits for a promise.
func (w *world) js(expression string) string {
	w.Helper()
	v, err := w.page.Evaluate(w.ctx(), expression)
	if err != nil {
		w.Fatalf("%.100s: %v", expression, err)
	}
	return strings.Trim(string(v), `"`)
}

// begin evaluates in the page and does not wait; what comes of it is told by the func.
func (w *world) begin(expression string) func() string {
	done := make(chan string, 1)
	ctx := w.ctx()
	go func() {
		v, err := w.page.Evaluate(ctx, expression)
		if err != nil {
			done <- "error: " + err.Error()
			return
		}
		done <- strings.Trim(string(v), `"`)
	}()
	return func() string {
		w.Helper()
		select {
		case v := <-done:
			return v
		case <-time.After(20 * time.Second):
			w.Fatalf("the page is still busy with %.100s\n%s", expression, w.describe())
			return ""
		}
	}
}

const register = `navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready).then(() => 'ok', String)`

// control registers and waits until the worker controls the page.
const control = `navigator.serviceWorker.register('/sw.js').then(() => new Promise((f) => navigator.serviceWorker.controller ? f() : navigator.serviceWorker.oncontrollerchange = f)).then(() => 'ok', String)`

// paused waits for a pause after the one with that number.
func (w *world) paused(after uint64) *Thread {
	w.Helper()
	var found *Thread
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	_, err := w.d.WaitFor(ctx, func(s *State) bool {
		for _, t := range s.Paused() {
			if t.Pause.ID > after && strings.HasPrefix(t.URL, w.site.base()) {
				found = t
				return true
			}
		}
		return false
	})
	if err != nil {
		w.Fatalf("waiting for a pause: %v\n%s", err, w.describe())
	}
	return found
}

// describe says where the debugger is.
func (w *world) describe() string {
	s := w.d.State()
	text := fmt.Sprintf("on %v problem %q\n", s.On, s.Problem)
	for _, t := range s.Threads {
		if !strings.HasPrefix(t.URL, w.site.base()) {
			continue
		}
		text += fmt.Sprintf("  %s %s #%s %s %s\n", t.ID[:4], t.Status, t.Version, t.URL, t.Words)
		if p := t.Pause; p != nil {
			text += fmt.Sprintf("    %+v\n", p.Stop)
			for _, f := range p.Frames {
				text += fmt.Sprintf("      %s %s:%d:%d %s\n", f.Function, f.URL, f.Line, f.Column, f.Async)
			}
		}
	}
	for _, b := range s.Breakpoints {
		text += fmt.Sprintf("  %s hits %d %s %+v\n", b.Breakpoint, b.Hits, b.Problem, b.Settings)
	}
	for _, l := range s.Log {
		text += fmt.Sprintf("  log %s %s %s\n", l.Level, l.Breakpoint, l.Text)
	}
	return text
}

// top is where a pause is: function@path:line.
func top(t *Thread) string {
	if len(t.Pause.Frames) == 0 {
		return "nowhere"
	}
	f := t.Pause.Frames[0]
	at := f.URL[max(0, strings.LastIndexByte(f.URL, 0x2f)):]
	text := fmt.Sprintf("%s@%s:%d", f.Function, at, f.Line)
	if f.Async != "" {
		text += " async"
	}
	return text
}

func (w *world) resume(t *Thread) {
	w.Helper()
	w.must(w.d.Resume(w.ctx(), t.ID))
}

func (w *world) eval(t *Thread, frame int, expression string) string {
	w.Helper()
	v, err := w.d.Evaluate(w.ctx(), t.ID, frame, expression, EvaluateOptions{})
	if err != nil {
		w.Fatalf("%s: %v", expression, err)
	}
	return v.Text
}
