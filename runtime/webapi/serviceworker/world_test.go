package serviceworker

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dop251/goja"
	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime"
	"github.com/swinspect/swinspect/runtime/cache"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/env"
	"github.com/swinspect/swinspect/runtime/webapi/fetchapi"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
	"github.com/swinspect/swinspect/runtime/webapi/messaging"
	"github.com/swinspect/swinspect/runtime/webapi/streams"
	"github.com/swinspect/swinspect/runtime/webapi/workerscope"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is an engine with a site and a fetcher of its own, real workers, and pages
// that are realms with a container and little else.
type world struct {
	t       testing.TB
	engine  *runtime.Engine
	fetcher *fetch.Fetcher

	mu     sync.Mutex
	files  map[string]string // by path; served as JavaScript when it ends in .js
	log    []string
	permit map[string]string
	cpu    time.Duration // how long a worker's task may compute
}

func newWorld(t testing.TB, files map[string]string) *world {
	t.Helper()
	w := &world{t: t, files: files, permit: map[string]string{}, cpu: 2 * time.Second}
	w.fetcher = fetch.NewFetcher(fetch.FetcherOptions{Network: fetch.Function(w.serve), HTTPCacheBytes: -1})
	w.engine = runtime.New(runtime.Options{Agents: w, Fetcher: w.fetcher})
	w.fetcher.HandleFetch = w.engine.HandleFetch
	t.Cleanup(w.engine.Close)
	return w
}

func (w *world) serve(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	body, ok := w.files[r.URL.Path]
	w.mu.Unlock()
	response := &http.Response{StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Request: r}
	if !ok {
		response.StatusCode, body = 404, "not found"
	}
	kind := "text/plain"
	if strings.HasSuffix(r.URL.Path, ".js") {
		kind = "text/javascript"
	}
	response.Header.Set("Content-Type", kind)
	response.Body = io.NopCloser(strings.NewReader(body))
	return response, nil
}

func (w *world) say(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, fmt.Sprintf(format, args...))
}

// byAgent puts each agent's lines together: the order between agents is not fixed.
func byAgent(lines []string) string {
	sorted := slices.Clone(lines)
	who := func(line string) string { name, _, _ := strings.Cut(line, ":"); return name }
	slices.SortStableFunc(sorted, func(a, b string) int { return strings.Compare(who(a), who(b)) })
	return strings.Join(sorted, "\n")
}

// expect waits until the log is what it should be.
func (w *world) expect(lines ...string) {
	w.t.Helper()
	want := byAgent(lines)
	got := ""
	for range 400 {
		w.mu.Lock()
		got = byAgent(w.log)
		w.mu.Unlock()
		if got == want {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	w.t.Errorf("the log is\n%s\nwant\n%s", got, want)
}

const site = "https://site.test"

func (w *world) settings() env.Settings {
	return env.Settings{
		Engine: w.engine, UserAgent: "Mozilla/5.0 test",
		Permission: func(name string) string { w.mu.Lock(); defer w.mu.Unlock(); return w.permit[name] },
		Console: func(level string, args []goja.Value) {
			w.say("console %s: %s", level, args[0])
		},
	}
}

// StartWorker is of runtime.Agents.
func (w *world) StartWorker(ctx context.Context, worker *runtime.Worker, cause string) (runtime.WorkerAgent, error) {
	s := w.settings()
	key := worker.Registration().StorageKey()
	s.Caches = func() (*cache.Storage, error) { return w.engine.CacheStorage(key), nil }
	client := fetch.Client{ID: "worker-" + worker.ID(), Origin: worker.ScriptURL().Origin(), BaseURL: worker.ScriptURL(), CreationURL: worker.ScriptURL(), Secure: true}
	s.Fetch = func(ctx context.Context, r *fetch.Request) *fetch.Response { return w.fetcher.Fetch(ctx, r, client) }
	return NewAgent(ctx, Options{
		Worker: worker, Settings: s, Script: script.Options{TaskCPU: w.cpu},
		Uncaught: func(u *workerscope.Uncaught) { w.say("uncaught: %s", u.Error()) },
		Prepare:  func(r *idl.Realm) { w.addLog(r, "sw") },
	})
}

// OpenWindow is of runtime.Agents.
func (w *world) OpenWindow(ctx context.Context, opener *runtime.Worker, u *fetch.URL) (*runtime.Client, error) {
	return w.page(u.Path()).client, nil
}

func (w *world) addLog(r *idl.Realm, who string) {
	_ = r.Global().Set("log", func(call goja.FunctionCall) goja.Value {
		texts := make([]string, len(call.Arguments))
		for i, v := range call.Arguments {
			texts[i] = v.String()
		}
		w.say("%s: %s", who, strings.Join(texts, " "))
		return goja.Undefined()
	})
}

// page is a window client without a document.
type page struct {
	world  *world
	agent  *script.Agent
	realm  *idl.Realm
	client *runtime.Client
	fetch  fetch.Client
}

func (p *page) Focus(context.Context) error { p.client.SetFocus(true); return nil }
func (p *page) Navigate(context.Context, *runtime.Worker, *fetch.URL) (*runtime.Client, error) {
	return p.client, nil
}
func (p *page) Activated() bool { return true }

type pageGlobal struct{ dom.Target }

var pageInterface = &idl.Interface{Name: "TestWindow", Parent: dom.EventTarget}

// page navigates a new window to a path of the site: through Handle Fetch, for the
// controller.
func (w *world) page(path string) *page {
	w.t.Helper()
	u := fetch.MustParseURL(site + path)
	p := &page{world: w, agent: script.New(script.Options{})}
	p.client = w.engine.NewClient(runtime.ClientOptions{
		URL: u, Type: runtime.ClientWindow, FrameType: "top-level", Origin: u.Origin(), StorageKey: u.Origin().String(), Secure: true, Window: p,
	})
	p.fetch = fetch.Client{ID: p.client.ID(), Origin: u.Origin(), BaseURL: u, CreationURL: u, Secure: true}
	navigation := fetch.NewRequest(u)
	navigation.Mode, navigation.Destination, navigation.Redirect = "navigate", "document", "manual"
	navigation.ReservedClientID = p.client.ID()
	response := w.fetcher.Fetch(w.t.Context(), navigation, p.fetch)
	if response.IsNetworkError() {
		w.say("navigation failed: %v", response.Err)
	}
	w.t.Cleanup(p.close)
	err := p.agent.Do(w.t.Context(), "set up", func() {
		realm := p.agent.NewRealm(nil)
		s := w.settings()
		s.Kind, s.ID, s.Origin, s.StorageKey, s.Secure, s.Client = env.Window, p.client.ID(), u.Origin(), u.Origin().String(), true, p.client
		s.CreationURL, s.BaseURL = func() *fetch.URL { return u }, func() *fetch.URL { return u }
		s.Fetch = func(ctx context.Context, r *fetch.Request) *fetch.Response { return w.fetcher.Fetch(ctx, r, p.fetch) }
		env.Attach(realm, &s)
		p.realm = idl.Of(realm)
		idl.Expose(p.realm, dom.Interfaces...)
		global := &pageGlobal{}
		global.Bind(p.realm, realm.Global())
		idl.Global(p.realm, pageInterface, global)
		messaging.Install(p.realm, global)
		streams.Install(p.realm)
		fetchapi.Install(p.realm)
		container, environment := InstallContainer(p.realm)
		container.SetController(p.client.Controller())
		navigator := realm.Runtime().NewObject()
		_ = navigator.Set("serviceWorker", container.Object())
		_ = realm.Global().Set("navigator", navigator)
		w.addLog(p.realm, "page")
		realm.Report = func(e *script.Exception) { w.say("page threw: %s", e.Error()) }
		p.client.SetEnvironment(environment)
		p.client.ExecutionReady()
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (p *page) close() {
	p.client.Discard()
	p.agent.Terminate(nil)
	<-p.agent.Done()
}

// run runs an async function's body in the page and waits for its promise.
func (p *page) run(body string) string {
	p.world.t.Helper()
	result := make(chan string, 1)
	err := p.agent.Do(p.world.t.Context(), "script", func() {
		v, err := p.agent.Run(goja.MustCompile("page.js", "(async () => {"+body+"\n})()", false))
		if err != nil {
			result <- "threw " + err.Error()
			return
		}
		p.agent.Then(v, func(v goja.Value) { result <- v.String() }, func(v goja.Value) { result <- "rejected " + p.agent.DescribeValue(v).Error() })
	})
	if err != nil {
		p.world.t.Fatal(err)
	}
	select {
	case s := <-result:
		return s
	case <-time.After(10 * time.Second):
		p.world.t.Error("the page's script did not end")
		return "timeout"
	}
}

// activated registers /sw.js and waits until it is activated.
const activated = `
	const r = await navigator.serviceWorker.register("/sw.js");
	const w = r.installing || r.waiting || r.active;
	await new Promise(ok => { if (w.state === "activated") ok(); w.addEventListener("statechange", () => w.state === "activated" && ok()) });
`
