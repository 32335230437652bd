package ui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp/jsonv2"

	"github.com/swinspect/swinspect/inspector"
)

// A story is a browser told in messages: what it would have sent, folded as if
// it had. Its panels are the real ones.
type story struct {
	t       testing.TB
	now     time.Time
	state   *inspector.State
	changes []inspector.Change
	mu      sync.Mutex
	changed chan struct{}
	did     []inspector.Action
	failing error // what every read answers

	listings map[string]*inspector.Listing
	bodies   map[string]*inspector.Body
	scripts  map[string][]*inspector.Script
	reads    int // of scripts
}

const (
	storyInstance = "1f0c2a"
	storyContext  = "CTX0"
	shop          = "https://shop.example/"
)

var storyStart = time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)

func newStory(t testing.TB) *story {
	s := &story{
		t: t, now: storyStart, state: new(inspector.State), changed: make(chan struct{}),
		listings: map[string]*inspector.Listing{}, bodies: map[string]*inspector.Body{}, scripts: map[string][]*inspector.Script{},
	}
	s.note(inspector.NoteAttached{Endpoint: "127.0.0.1:9222", Product: "Chrome/156.0.8078.79"})
	s.note(inspector.NoteContexts{Contexts: []inspector.NoteContext{{ID: storyContext, Default: true}}})
	s.event("ServiceWorker.workerRegistrationUpdated", `{"registrations":[]}`)
	s.event("ServiceWorker.workerVersionUpdated", `{"versions":[]}`)
	return s
}

func (s *story) after(d time.Duration) *story {
	s.now = s.now.Add(d)
	return s
}

func (s *story) note(n inspector.Note) {
	s.apply(inspector.NewNote(s.now, storyInstance, storyContext, n))
}

func (s *story) event(method, params string) {
	s.apply(inspector.Message{
		Time: s.now, Kind: inspector.KindEvent, Instance: storyInstance, Context: storyContext,
		Method: method, Params: jsonv2.Value(params),
	})
}

func (s *story) apply(m inspector.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var cs []inspector.Change
	s.state, cs = inspector.Apply(s.state, m)
	s.changes = append(s.changes, cs...)
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *story) registered(id, scope string) {
	s.event("ServiceWorker.workerRegistrationUpdated", fmt.Sprintf(`{"registrations":[{"registrationId":%q,"scopeURL":%s,"isDeleted":false,"storageKey":%s}]}`, id, wire(scope), wire(originOf(scope))))
}

func originOf(scope string) string {
	parts := strings.SplitN(scope, "/", 4)
	return strings.Join(parts[:3], "/") + "/"
}

// wire is a string as CDP sends it.
func wire(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// version tells a version: status, running status, clients.
func (s *story) version(registration, id, status, running string, clients ...string) {
	list, _ := jsonv2.Marshal(clients)
	if clients == nil {
		list = jsonv2.Value("[]")
	}
	s.event("ServiceWorker.workerVersionUpdated", fmt.Sprintf(
		`{"versions":[{"versionId":%q,"registrationId":%q,"scriptURL":%q,"runningStatus":%q,"status":%q,"controlledClients":%s}]}`,
		id, registration, shop+"sw.js", running, status, list))
}

func (s *story) target(id, kind, url, title string) {
	s.event("Target.targetCreated", fmt.Sprintf(`{"targetInfo":{"targetId":%q,"type":%q,"url":%s,"title":%s,"attached":false,"canAccessOpener":false,"browserContextId":%q}}`, id, kind, wire(url), wire(title), storyContext))
}

func (s *story) workerError(registration, version, message, url string, line int) {
	s.event("ServiceWorker.workerErrorReported", fmt.Sprintf(
		`{"errorMessage":{"errorMessage":%s,"registrationId":%q,"versionId":%q,"sourceURL":%s,"lineNumber":%d,"columnNumber":3}}`,
		wire(message), registration, version, wire(url), line))
}

func (s *story) receipt(id uint64, kind inspector.ActionKind, outcome inspector.Outcome, took time.Duration, detail string) {
	r := inspector.Receipt{
		ID: id, Outcome: outcome, SentAt: s.now, Detail: detail, Subject: shop,
		Action: inspector.Action{Kind: kind, Registration: storyKey("1")},
	}
	if outcome != inspector.Sent {
		r.EndedAt = s.now.Add(took)
	}
	s.note(inspector.NoteReceipt{Receipt: r})
}

func storyKey(id string) inspector.RegistrationKey {
	return inspector.RegistrationKey{Instance: storyInstance, Context: storyContext, ID: id}
}

// shopStory is a shop whose version 7 is active, 8 failed to install and 9
// waits for two windows.
func shopStory(t testing.TB) *story {
	s := newStory(t)
	s.registered("1", shop)
	for _, step := range [][2]string{{"new", "starting"}, {"installing", "running"}, {"installed", "running"}, {"activating", "running"}, {"activated", "running"}} {
		s.after(300*time.Millisecond).version("1", "7", step[0], step[1])
	}
	s.target("T1", "page", shop+"basket", "Basket")
	s.target("T2", "page", shop+"c/wetsuits?size=m", "Wetsuits")
	s.after(time.Second).version("1", "7", "activated", "running", "T1", "T2")
	s.after(90*time.Second).version("1", "7", "activated", "stopped", "T1", "T2")
	s.after(20 * time.Second)
	s.receipt(1, inspector.Update, inspector.Confirmed, 214*time.Millisecond, "new version #8")
	s.version("1", "8", "new", "starting")
	s.after(80*time.Millisecond).version("1", "8", "installing", "running")
	s.after(400*time.Millisecond).workerError("1", "8", "Uncaught (in promise) TypeError: cache.addAll: 404 for /img/size-chart.avif", shop+"sw.js", 12)
	s.version("1", "8", "redundant", "stopping")
	s.after(10*time.Millisecond).version("1", "8", "redundant", "stopped")
	s.after(2*time.Minute).version("1", "9", "new", "starting")
	s.after(50*time.Millisecond).version("1", "9", "installing", "running")
	s.after(900*time.Millisecond).version("1", "9", "installed", "running")
	s.after(40 * time.Second)
	return s
}

// The rest makes a story a [Browser] and a [Hub].

func (s *story) ID() string   { return "1" }
func (s *story) Name() string { return "" }
func (s *story) State() *inspector.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

func (s *story) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

func (s *story) Changes(after uint64) []inspector.Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []inspector.Change
	for _, c := range s.changes {
		if c.Seq > after {
			out = append(out, c)
		}
	}
	return out
}

func (s *story) Do(_ context.Context, a inspector.Action, _ time.Duration) (inspector.Receipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.did = append(s.did, a)
	return inspector.Receipt{Action: a, Outcome: inspector.Confirmed}, s.failing
}

func (s *story) Begin(ctx context.Context, a inspector.Action) (inspector.Receipt, error) {
	return s.Do(ctx, a, 0)
}

func (s *story) Caches(_ context.Context, ref inspector.StorageRef, _ bool) (*inspector.Storage, error) {
	if st := s.State().Storage(ref); st != nil {
		return st, s.failing
	}
	return &inspector.Storage{Ref: ref}, s.failing
}

func (s *story) Entries(_ context.Context, ref inspector.CacheRef, _ bool) (*inspector.Listing, error) {
	if s.failing != nil {
		return nil, s.failing
	}
	if l := s.listings[ref.Name]; l != nil {
		return l, nil
	}
	return nil, errors.New("no such cache " + ref.Name)
}

func (s *story) Lookup(_ context.Context, ref inspector.CacheRef, url string) (*inspector.CacheEntry, error) {
	if l := s.listings[ref.Name]; l != nil {
		for i := range l.Entries {
			if l.Entries[i].URL == url {
				return &l.Entries[i], nil
			}
		}
	}
	return nil, s.failing
}

func (s *story) Body(_ context.Context, _ inspector.CacheRef, url string, _ []inspector.Header, limit int64) (*inspector.Body, error) {
	b := s.bodies[url]
	if b == nil {
		return nil, errors.New("unable to read cached response: not found")
	}
	cut := *b
	if limit > 0 && int64(len(cut.Data)) > limit {
		cut.Data, cut.Truncated = cut.Data[:limit], true
	}
	return &cut, nil
}

func (s *story) Measure(context.Context, inspector.CacheRef, []string) error { return s.failing }

func (s *story) Usage(_ context.Context, ref inspector.StorageRef) (*inspector.Usage, error) {
	if st := s.State().Storage(ref); st != nil {
		return st.Usage, s.failing
	}
	return nil, s.failing
}

func (s *story) Scripts(_ context.Context, k inspector.RegistrationKey, version string) ([]*inspector.Script, error) {
	s.mu.Lock()
	s.reads++
	scripts, err := s.scripts[version], s.failing
	s.mu.Unlock()
	if err == nil && scripts != nil {
		s.note(inspector.NoteScripts{Registration: k, Version: version, Scripts: scripts})
	}
	return scripts, err
}

func (s *story) Facts(context.Context, inspector.RegistrationKey) error { return s.failing }

type storyHub struct{ s *story }

func (h storyHub) Browsers() []Browser      { return []Browser{h.s} }
func (h storyHub) Detach(string) error      { return nil }
func (h storyHub) Changed() <-chan struct{} { return make(chan struct{}) }
func (h storyHub) Browser(id string) Browser {
	if id != h.s.ID() {
		return nil
	}
	return h.s
}

func (s *story) server() *Server {
	srv := New(Options{Hub: storyHub{s}, Token: "tok", Now: func() time.Time { return s.now }})
	s.t.Cleanup(srv.Close)
	return srv
}

// get asks for a page of the shop: panel and query.
func (s *story) get(srv *Server, panel string) *httptest.ResponseRecorder {
	reg := s.State().Registration(storyKey("1"))
	return s.ask(srv, http.MethodGet, "/b/1/r/"+reg.Slug(s.State())+"/"+panel, "")
}

func (s *story) ask(srv *Server, method, path, form string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form))
	r.Host = "127.0.0.1:7777"
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, r)
	return w
}

// page asks for a page that must be there and checks what holds for every page.
func (s *story) page(srv *Server, panel string) string {
	s.t.Helper()
	w := s.get(srv, panel)
	body := w.Body.String()
	if w.Code != http.StatusOK {
		s.t.Fatalf("%s: %d %s", panel, w.Code, body)
	}
	checkMarkup(s.t, body)
	return body
}
