package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime/clock"
	"github.com/swinspect/swinspect/runtime/fetch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// play is an engine whose network, workers and pages are played by the test. What
// happens to workers and pages is written down, line by line, in log.
type play struct {
	t      testing.TB
	engine *Engine

	mu      sync.Mutex
	lines   []string
	network map[string]*resource
	asked   []*fetch.Request
	scripts map[string]*part // by the script's source
	agents  map[string]*agent
}

// resource is what the played network answers.
type resource struct {
	body    string
	status  int
	headers fetch.HeaderList
	local   bool // from the HTTP cache
	err     error
	wait    chan struct{} // answers once closed
	moved   bool          // redirects
}

// part is how a worker with a certain script behaves. Nil functions do nothing.
type part struct {
	listens  []string
	imports  []string // importScripts at evaluation
	empty    bool
	evaluate func(ctx context.Context, a *agent) error
	event    func(ctx context.Context, a *agent, ev Event) EventResult
	fetch    func(ctx context.Context, a *agent, ev FetchEvent) FetchResult
}

func newPlay(t testing.TB, o Options) *play {
	p := &play{t: t, network: map[string]*resource{}, scripts: map[string]*part{}, agents: map[string]*agent{}}
	o.Agents, o.Fetcher = p, p
	if o.Clock == nil {
		o.Clock = clock.Real()
	}
	o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	p.engine = New(o)
	t.Cleanup(p.engine.Close)
	return p
}

func (p *play) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = append(p.lines, fmt.Sprintf(format, args...))
}

// log is what was written down since the last call.
func (p *play) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := strings.Join(p.lines, "\n")
	p.lines = nil
	return s
}

// serve puts a script on the network.
func (p *play) serve(u, body string) *resource {
	r := &resource{body: body, status: 200, headers: fetch.HeaderList{{Name: "Content-Type", Value: "text/javascript"}}}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.network[u] = r
	return r
}

func (p *play) plays(source string, role *part) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.scripts[source] = role
}

// requests are the URLs asked for so far, and the cache mode of each.
func (p *play) requests() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for _, r := range p.asked {
		all = append(all, r.CurrentURL().String()+" "+string(r.Cache))
	}
	p.asked = nil
	return strings.Join(all, "\n")
}

func (p *play) Fetch(ctx context.Context, r *fetch.Request, env fetch.Client) *fetch.Response {
	p.mu.Lock()
	p.asked = append(p.asked, r.Clone())
	res := p.network[r.CurrentURL().WithoutFragment()]
	p.mu.Unlock()
	if res == nil {
		return fetch.NetworkError(errors.New("no such host"))
	}
	if res.wait != nil {
		select {
		case <-res.wait:
		case <-ctx.Done():
			return fetch.NetworkError(context.Cause(ctx))
		}
	}
	if res.err != nil {
		return fetch.NetworkError(res.err)
	}
	response := &fetch.Response{
		Type: "basic", URLList: r.URLList, Status: res.status, Headers: res.headers.Clone(), Body: fetch.BytesBody([]byte(res.body)), Source: "network",
	}
	if res.local {
		response.Source = "http-cache"
	}
	if res.moved && r.Redirect == "manual" {
		return fetch.FilterOpaqueRedirect(response)
	}
	return response
}

func (p *play) StartWorker(ctx context.Context, w *Worker, cause string) (WorkerAgent, error) {
	p.mu.Lock()
	role := p.scripts[string(w.Script().Source)]
	p.mu.Unlock()
	if role == nil {
		role = &part{}
	}
	a := &agent{page: page{play: p, name: "worker" + w.ID()}, worker: w, part: role, done: make(chan struct{})}
	a.ctx, a.cancel = context.WithCancelCause(context.Background())
	p.say("%s starts: %s", a.name, cause)
	p.mu.Lock()
	p.agents[w.ID()] = a
	p.mu.Unlock()
	return a, nil
}

func (p *play) OpenWindow(ctx context.Context, opener *Worker, u *fetch.URL) (*Client, error) {
	c := p.engine.NewClient(ClientOptions{URL: u, Type: ClientWindow, Origin: u.Origin(), StorageKey: u.Origin().String(), Secure: true})
	c.ExecutionReady()
	return c, nil
}

func (p *play) agent(w *Worker) *agent {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.agents[w.ID()]
}

// page is an environment that writes down what it is told.
type page struct {
	play *play
	name string
}

func (e *page) UpdateRegistration(r *Registration, slot Slot, w *Worker) {
	id := "null"
	if w != nil {
		id = w.ID()
	}
	e.play.say("%s: %s = %s", e.name, slot, id)
}
func (e *page) UpdateWorkerState(w *Worker, state State) {
	e.play.say("%s: worker%s %s", e.name, w.ID(), state)
}
func (e *page) FireUpdateFound(r *Registration) { e.play.say("%s: updatefound", e.name) }
func (e *page) SetController(w *Worker, notify bool) {
	id := "null"
	if w != nil {
		id = w.ID()
	}
	e.play.say("%s: controller = %s", e.name, id)
}
func (e *page) Ready(r *Registration) { e.play.say("%s: ready", e.name) }
func (e *page) PostMessage(m Message) { e.play.say("%s: message %v", e.name, m.Data) }

// agent is a played worker.
type agent struct {
	page
	worker *Worker
	part   *part
	ctx    context.Context
	cancel context.CancelCauseFunc
	once   sync.Once
	done   chan struct{}
}

func (a *agent) UpdateRegistration(*Registration, Slot, *Worker) {}
func (a *agent) UpdateWorkerState(*Worker, State)                {}
func (a *agent) FireUpdateFound(*Registration)                   {}

func (a *agent) Evaluate(ctx context.Context) error {
	for _, u := range a.part.imports {
		if _, err := a.worker.ImportScript(ctx, fetch.MustParseURL(u)); err != nil {
			return &ScriptError{Name: "NetworkError", Message: err.Error()}
		}
	}
	if a.part.evaluate != nil {
		return a.part.evaluate(ctx, a)
	}
	return nil
}

func (a *agent) Listens(event string) bool {
	for _, l := range a.part.listens {
		if l == event {
			return true
		}
	}
	return false
}

func (a *agent) EmptyFetchListeners() bool { return a.part.empty }

func (a *agent) Dispatch(ctx context.Context, ev Event) EventResult {
	if a.ctx.Err() != nil {
		return EventResult{Err: &TerminatedError{Reason: a.Err()}, Undelivered: true}
	}
	data := ""
	if ev.Message != nil {
		data = fmt.Sprint(" ", ev.Message.Data)
	}
	a.play.say("%s: %s%s", a.name, ev.Type, data)
	if ev.Queued != nil {
		ev.Queued()
	}
	if a.part.event == nil {
		return EventResult{}
	}
	result := make(chan EventResult, 1)
	go func() { result <- a.part.event(ctx, a, ev) }()
	select {
	case r := <-result:
		return r
	case <-ctx.Done():
		return EventResult{Err: context.Cause(ctx)}
	case <-a.ctx.Done():
		return EventResult{Err: &TerminatedError{Reason: context.Cause(a.ctx)}}
	}
}

func (a *agent) DispatchFetch(ctx context.Context, ev FetchEvent) FetchResult {
	if a.ctx.Err() != nil {
		return FetchResult{Err: &TerminatedError{Reason: a.Err()}, Undelivered: true}
	}
	if a.part.fetch == nil {
		return FetchResult{}
	}
	return a.part.fetch(ctx, a, ev)
}

func (a *agent) Terminate(reason error) {
	a.once.Do(func() {
		a.play.say("%s ends: %v", a.name, reason)
		a.cancel(reason)
		close(a.done)
	})
}
func (a *agent) Done() <-chan struct{} { return a.done }
func (a *agent) Err() error            { return context.Cause(a.ctx) }

const origin = "https://a.test"

// open adds a page of the site.
func (p *play) open(name, path string) *Client {
	u := fetch.MustParseURL(origin + path)
	c := p.engine.NewClient(ClientOptions{
		ID: name, Environment: &page{play: p, name: name}, URL: u, Type: ClientWindow, Origin: u.Origin(), StorageKey: origin, Secure: true,
	})
	c.ExecutionReady()
	return c
}

// navigate is a navigation to path that ends in a page.
func (p *play) navigate(name, path string) (*Client, *fetch.Response) {
	u := fetch.MustParseURL(origin + path)
	c := p.engine.NewClient(ClientOptions{ID: name, URL: u, Type: ClientWindow, Origin: u.Origin(), StorageKey: origin, Secure: true})
	r := fetch.NewRequest(u)
	r.Mode, r.Destination, r.Redirect, r.ReservedClientID, r.ID = "navigate", "document", "manual", c.ID(), "nav-"+name
	response := p.engine.HandleFetch(context.Background(), r, fetch.Client{})
	c.SetEnvironment(&page{play: p, name: name})
	c.ExecutionReady()
	return c, response
}

// get is a subresource request of a page.
func (p *play) get(c *Client, path string) *fetch.Response {
	r := fetch.NewRequest(fetch.MustParseURL(origin + path))
	r.ClientID, r.ID = c.ID(), "get-"+path
	return p.engine.HandleFetch(context.Background(), r, fetch.Client{})
}

// register registers /sw.js, or the script named, for its folder or the scope named.
func (p *play) register(c *Client, paths ...string) (*Registration, error) {
	paths = append(paths, []string{"/sw.js", ""}[len(paths):]...)
	var scope *fetch.URL
	if len(paths[1]) > 0 {
		scope = fetch.MustParseURL(origin + paths[1])
	}
	return p.engine.Register(context.Background(), c, fetch.MustParseURL(origin+paths[0]), scope, "classic", "imports", nil)
}

func (p *play) mustRegister(c *Client, paths ...string) *Registration {
	p.t.Helper()
	r, err := p.register(c, paths...)
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

// until waits for a condition.
func (p *play) until(what string, is func() bool) {
	p.t.Helper()
	for range 2000 {
		if is() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	p.t.Fatalf("never: %s; so far:\n%s", what, p.log())
}

// activated waits until the registration's active worker is activated and no job is under way.
func (p *play) activated(r *Registration) *Worker {
	p.t.Helper()
	p.until("activated", func() bool {
		s := r.Snapshot()
		return s.ActiveState == StateActivated && s.Waiting == nil && s.Installing == nil
	})
	return r.Snapshot().Active
}

func (p *play) expect(want string) {
	p.t.Helper()
	lines := strings.Split(strings.TrimSpace(want), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	if got, want := p.log(), strings.Join(lines, "\n"); got != want {
		p.t.Errorf("it went\n%s\nand should have gone\n%s", got, want)
	}
}

func respond(body string) func(context.Context, *agent, FetchEvent) FetchResult {
	extended := make(chan struct{})
	close(extended)
	return func(context.Context, *agent, FetchEvent) FetchResult {
		return FetchResult{Responded: true, Response: &fetch.Response{Type: "default", Status: 200, Body: fetch.BytesBody([]byte(body))}, Extended: extended}
	}
}

func text(r *fetch.Response) string {
	if r == nil {
		return "network"
	}
	if r.IsNetworkError() {
		return "error: " + r.Err.Error()
	}
	b, _ := r.Unfiltered().Body.ReadAll(context.Background(), 0)
	return string(b)
}
