//go:build record

package inspector

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp/jsonv2"
	"golang.org/x/tools/txtar"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/cdp/chromium"
)

// The transcriber drives a real Chromium through a scenario and writes what it
// said to testdata/transcripts:
//
//	go test -tags record -run TestRecord ./inspector
//
// Recorded are the events the fold reads, without swinspect's own targets and
// without what is not a page, frame or worker. Ports, target ids and times are
// made the same in every recording.
type transcriber struct {
	t        *testing.T
	ctx      context.Context
	site     *fixture
	profile  string
	proc     *chromium.Process
	conn     *cdp.Conn
	sub      *cdp.Subscription
	root     *cdp.Session
	watch    *cdp.Session
	hidden   string // target id of the watcher
	context  string // browser context id
	contexts []string
	instance int
	start    time.Time
	messages []Message
	state    *State
	snap     map[string]*NoteSnapshot // by session id
	own      map[string]bool
	worker   map[string]string // session id → target id of sessions on workers
	receipts uint64
}

var recordBase = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newTranscriber(t *testing.T) *transcriber {
	r := &transcriber{t: t, ctx: t.Context(), site: newFixture(t), profile: t.TempDir(), state: new(State), start: time.Now()}
	r.launch()
	return r
}

// launch starts the browser (again) and attaches to it.
func (r *transcriber) launch() {
	r.t.Helper()
	proc, err := chromium.Launch(r.ctx, chromium.Options{UserDataDir: r.profile})
	r.must(err)
	r.proc = proc
	r.t.Cleanup(func() { _ = proc.Close() })
	tr, err := proc.Transport(r.ctx)
	r.must(err)
	r.conn = cdp.NewConn(tr)
	conn := r.conn
	r.t.Cleanup(func() { _ = conn.Close() })
	r.instance++
	r.snap, r.own, r.worker = map[string]*NoteSnapshot{}, map[string]bool{}, map[string]string{}
	r.root, r.sub = r.conn.Root(), r.conn.Listen(1<<16)
	r.context = ""
	r.note(NoteAttached{Endpoint: "9222", Product: proc.Endpoint().Product, UserAgent: "Mozilla/5.0"})
	r.hidden = r.createTarget(map[string]any{"url": "about:blank", "hidden": true})
	r.own[r.hidden] = true
	r.note(NoteOwnTarget{TargetID: r.hidden})
	var info struct {
		TargetInfo struct {
			BrowserContextID string `json:"browserContextId"`
		} `json:"targetInfo"`
	}
	r.call(r.root, "Target.getTargetInfo", map[string]any{"targetId": r.hidden}, &info)
	r.context = info.TargetInfo.BrowserContextID
	r.contexts = append(r.contexts, r.context)
	r.note(NoteContexts{Contexts: []NoteContext{{ID: r.context, Default: true}}})
	r.call(r.root, "Target.setDiscoverTargets", map[string]any{"discover": true}, nil)
	r.watch = r.attach(r.hidden)
	r.call(r.watch, "ServiceWorker.enable", nil, nil)
	r.settle(300 * time.Millisecond)
}

func (r *transcriber) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *transcriber) call(s *cdp.Session, method string, params, result any) {
	r.t.Helper()
	r.must(s.Call(r.ctx, method, params, result))
}

func (r *transcriber) createTarget(params map[string]any) string {
	var res struct {
		TargetID string `json:"targetId"`
	}
	r.call(r.root, "Target.createTarget", params, &res)
	return res.TargetID
}

func (r *transcriber) attach(target string) *cdp.Session {
	var res struct {
		SessionID string `json:"sessionId"`
	}
	r.call(r.root, "Target.attachToTarget", map[string]any{"targetId": target, "flatten": true}, &res)
	return r.conn.Session(res.SessionID)
}

func (r *transcriber) fold(m Message) {
	m.Time = recordBase.Add(m.Time.Sub(r.start).Round(time.Millisecond))
	m.Instance = fmt.Sprintf("browser-%d", r.instance)
	r.messages = append(r.messages, m)
	r.state, _ = Apply(r.state, m)
}

func (r *transcriber) note(n Note) {
	r.fold(NewNote(time.Now(), "", r.context, n))
}

// receipt notes an action as the live half does.
func (r *transcriber) receipt(a Action, o Outcome, detail string) {
	now := recordBase.Add(time.Since(r.start).Round(time.Millisecond))
	if o == Sent {
		r.receipts++
	}
	rc := Receipt{ID: r.receipts, Action: a, Outcome: o, SentAt: now, Deadline: now.Add(5 * time.Second), Detail: detail}
	if o != Sent {
		rc.SentAt = r.state.Receipts[len(r.state.Receipts)-1].SentAt
		rc.EndedAt = now
	}
	r.note(NoteReceipt{rc})
}

// event takes one event of the wire in.
func (r *transcriber) event(e cdp.Event) {
	if n := r.snap[e.SessionID]; n != nil && strings.HasPrefix(e.Method, "ServiceWorker.") {
		switch e.Method {
		case "ServiceWorker.workerRegistrationUpdated":
			n.Registrations = e.Params
		case "ServiceWorker.workerVersionUpdated":
			n.Versions = e.Params
		}
		return
	}
	m := Message{Time: e.Time, Kind: KindEvent, Method: e.Method, Params: e.Params}
	switch {
	case eventHandlers[e.Method] == nil:
		return
	case e.SessionID == r.watch.ID():
		m.Context, m.Target = r.context, r.hidden
	case r.worker[e.SessionID] != "":
		m.Context, m.Target = r.context, r.worker[e.SessionID]
	case strings.HasPrefix(e.Method, "Target."):
		if r.noise(e) {
			return
		}
	default:
		return
	}
	r.fold(m)
}

// noise reports whether a target event is of no interest.
func (r *transcriber) noise(e cdp.Event) bool {
	var p struct {
		TargetID   string `json:"targetId"`
		TargetInfo struct {
			TargetID string `json:"targetId"`
			Type     string `json:"type"`
			URL      string `json:"url"`
		} `json:"targetInfo"`
	}
	if cdp.Decode(e.Params, &p) != nil || r.own[p.TargetID] || r.own[p.TargetInfo.TargetID] {
		return true
	}
	if p.TargetID != "" {
		return r.state.Target(TargetKey{fmt.Sprintf("browser-%d", r.instance), p.TargetID}) == nil
	}
	switch p.TargetInfo.Type {
	case "page", "iframe", "worker", "shared_worker", "service_worker":
		return strings.HasPrefix(p.TargetInfo.URL, "chrome")
	}
	return true
}

// settle takes events in for a while.
func (r *transcriber) settle(d time.Duration) {
	r.t.Helper()
	r.wait(d, nil)
}

// until takes events in until the state is as wanted.
func (r *transcriber) until(what string, ok func(s *State) bool) {
	r.t.Helper()
	if !r.wait(40*time.Second, ok) {
		r.t.Fatalf("never: %s\n%s", what, dump(r.messages))
	}
}

func (r *transcriber) wait(d time.Duration, ok func(s *State) bool) bool {
	deadline := time.After(d)
	for ok == nil || !ok(r.state) {
		select {
		case e, open := <-r.sub.C():
			if !open {
				return false
			}
			r.event(e)
		case <-deadline:
			return false
		}
	}
	return true
}

// snapshot asks for the whole truth on a session of its own.
func (r *transcriber) snapshot() {
	r.t.Helper()
	s := r.attach(r.hidden)
	n := &NoteSnapshot{}
	r.snap[s.ID()] = n
	r.call(s, "ServiceWorker.enable", nil, nil)
	r.settle(150 * time.Millisecond)
	r.note(*n)
	r.must(s.Detach(r.ctx))
	delete(r.snap, s.ID())
	r.settle(50 * time.Millisecond)
}

// tab is a page of the user.
type tab struct {
	r  *transcriber
	id string
	s  *cdp.Session
}

func (r *transcriber) open(url string) *tab {
	r.t.Helper()
	id := r.createTarget(map[string]any{"url": "about:blank"})
	p := &tab{r, id, r.attach(id)}
	r.call(p.s, "Page.enable", nil, nil)
	p.navigate(url)
	return p
}

func (p *tab) navigate(url string) {
	p.r.t.Helper()
	loaded := p.s.Listen(16, "Page.loadEventFired")
	defer loaded.Close()
	p.r.call(p.s, "Page.navigate", map[string]any{"url": url}, nil)
	select {
	case <-loaded.C():
	case <-time.After(10 * time.Second):
		p.r.t.Fatalf("%s did not load", url)
	}
	p.r.settle(300 * time.Millisecond)
}

func (p *tab) close() {
	p.r.call(p.r.root, "Target.closeTarget", map[string]any{"targetId": p.id}, nil)
}

// eval evaluates an expression, waiting for a promise; it hands back the string.
func (p *tab) eval(expression string) string {
	p.r.t.Helper()
	var res struct {
		Result struct {
			Value jsonv2.Value `json:"value"`
		} `json:"result"`
		ExceptionDetails *struct {
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	p.r.call(p.s, "Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}, &res)
	if res.ExceptionDetails != nil {
		return "exception: " + res.ExceptionDetails.Exception.Description
	}
	return strings.Trim(string(res.Result.Value), `"`)
}

var (
	hexID    = regexp.MustCompile(`\b[0-9A-F]{32}\b`)
	respTime = regexp.MustCompile(`"(scriptResponseTime|scriptLastModified)":([0-9.]+)`)
)

// write stores the transcript under its name.
func (r *transcriber) write(name, prose string) {
	r.t.Helper()
	var b strings.Builder
	ids := map[string]string{}
	for _, m := range r.messages {
		line, err := jsonv2.Marshal(m)
		r.must(err)
		text := hexID.ReplaceAllStringFunc(string(line), func(id string) string {
			if ids[id] == "" {
				ids[id] = fmt.Sprintf("T%d", len(ids)+1)
				if slices.Contains(r.contexts, id) {
					ids[id] = fmt.Sprintf("CONTEXT%d", slices.Index(r.contexts, id)+1)
				}
			}
			return ids[id]
		})
		text = strings.ReplaceAll(text, r.site.port, "8000")
		text = respTime.ReplaceAllStringFunc(text, func(s string) string {
			key, value, _ := strings.Cut(s, ":")
			seconds, _ := strconv.ParseFloat(value, 64)
			if seconds == 0 {
				return s
			}
			at := recordBase.Add(time.Duration(seconds*1e9 - float64(r.start.UnixNano())).Round(time.Millisecond))
			return fmt.Sprintf("%s:%.3f", key, float64(at.UnixNano())/1e9)
		})
		b.WriteString(text + "\n")
	}
	a := &txtar.Archive{Comment: []byte(prose + "\n"), Files: []txtar.File{{Name: "messages", Data: []byte(b.String())}}}
	file := filepath.Join("testdata/transcripts", name+".txtar")
	r.must(os.MkdirAll(filepath.Dir(file), 0o755))
	r.must(os.WriteFile(file, txtar.Format(a), 0o644))
	_, messages := readTranscript(r.t, file)
	setFile(a, "state", dump(messages))
	r.must(os.WriteFile(file, txtar.Format(a), 0o644))
	if testing.Verbose() {
		r.t.Logf("%s\n%s", name, getFile(a, "state"))
	}
}

// fixture is a fixture server whose answers the scenario sets. It listens on one
// port of the loopback: http://localhost:PORT and http://127.0.0.1:PORT are two
// sites.
type fixture struct {
	mu    sync.Mutex
	files map[string]answer
	port  string
}

type answer struct {
	status int
	typ    string
	body   string
	delay  time.Duration
}

func newFixture(t *testing.T) *fixture {
	s := &fixture{files: map[string]answer{}}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	_, s.port, _ = net.SplitHostPort(srv.Listener.Addr().String())
	s.page("/", "<!doctype html><title>Home</title>")
	return s
}

func (s *fixture) set(path string, a answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path] = a
}

func (s *fixture) page(path, body string) {
	s.set(path, answer{200, "text/html; charset=utf-8", body, 0})
}

func (s *fixture) script(path, body string) {
	s.set(path, answer{200, "text/javascript", body, 0})
}

func (s *fixture) a(path string) string { return "http://localhost:" + s.port + path }
func (s *fixture) b(path string) string { return "http://127.0.0.1:" + s.port + path }

func (s *fixture) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	a, ok := s.files[r.URL.Path]
	s.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	if a.delay > 0 {
		time.Sleep(a.delay)
	}
	w.Header().Set("Content-Type", a.typ)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body))
}
