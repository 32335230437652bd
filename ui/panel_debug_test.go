package ui

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector/debugger"
)

// told is a debugger whose state is told: what a real one said in a pause.
type told struct {
	signal
	mu    sync.Mutex
	state *debugger.State
	did   []string
	props map[string][]debugger.Property
	err   error
}

func (d *told) note(what ...string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.did = append(d.did, strings.Join(what, " "))
	return d.err
}

func (d *told) done() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.did...)
}

func (d *told) Start(context.Context) error                    { return d.note("start") }
func (d *told) Stop(context.Context) error                     { return d.note("stop") }
func (d *told) Close()                                         {}
func (d *told) Restart(_ context.Context, thread string) error { return d.note("restart", thread) }
func (d *told) Settle(context.Context) error                   { return nil }
func (d *told) State() *debugger.State {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}
func (d *told) Drive() { _ = d.note("drive") }
func (d *told) SetActive(_ context.Context, on bool) error {
	return d.note("active", map[bool]string{true: "on", false: "off"}[on])
}
func (d *told) Resume(_ context.Context, thread string) error    { return d.note("resume", thread) }
func (d *told) Step(_ context.Context, thread, how string) error { return d.note("step", thread, how) }
func (d *told) StepBack(_ context.Context, thread string, _ bool) error {
	return d.note("back", thread)
}
func (d *told) Pause(_ context.Context, thread string) error { return d.note("pause", thread) }
func (d *told) RunTo(_ context.Context, thread string, at debugger.Place) error {
	return d.note("runto", thread, at.URL)
}
func (d *told) Keep(_ context.Context, thread string) error { return d.note("keep", thread) }
func (d *told) Evaluate(_ context.Context, thread string, _ int, expression string, _ debugger.EvaluateOptions) (debugger.Value, error) {
	return debugger.Value{Type: "string", Text: "'" + expression + "'"}, d.note("evaluate", thread, expression)
}
func (d *told) SetVariable(_ context.Context, thread string, _, _ int, name, expression string) (debugger.Value, error) {
	return debugger.Value{}, d.note("set", thread, name, expression)
}
func (d *told) Properties(_ context.Context, _, object string) ([]debugger.Property, error) {
	return d.props[object], nil
}
func (d *told) Scripts(string) []debugger.Script {
	return []debugger.Script{{ID: "7", URL: shop + "sw.js", Lines: 14}, {ID: "8", URL: shop + "lib/routes.js", Lines: 1}}
}
func (d *told) Source(_ context.Context, _, script string) (string, error) {
	if script == "8" {
		return "const ROUTES = [];\n", nil
	}
	return shopWorker, nil
}

// pausedStory is the shop with version 7 paused in its fetch handler.
func pausedStory(t testing.TB) (*story, *told, *breakpoints.Set) {
	s := shopStory(t)
	set := breakpoints.NewSet()
	for _, b := range []breakpoints.Breakpoint{
		{Kind: breakpoints.Line, Line: &breakpoints.LineAt{URL: shop + "sw.js", Line: 10, Text: "event.respondWith(fetch(event.request));"}},
		{Kind: breakpoints.Cache, Cache: &breakpoints.CacheAt{Operation: "miss", Cache: "pages-*"}, Condition: "hit"},
		{Kind: breakpoints.Event, Event: &breakpoints.EventAt{Type: "install"}, Disabled: true},
		{Kind: breakpoints.Fetch, Fetch: &breakpoints.FetchAt{URL: "/api/*", At: "respondWith"}, Log: "got {event.request.url}"},
	} {
		if _, err := set.Add(b); err != nil {
			t.Fatal(err)
		}
	}
	str := func(text string) debugger.Value { return debugger.Value{Type: "string", Text: text} }
	d := &told{props: map[string][]debugger.Property{
		"scope": {
			{Name: "event", Value: debugger.Value{Type: "object", Class: "FetchEvent", Text: "FetchEvent GET " + shop, Object: "event"}, Own: true},
			{Name: "name", Value: str("'" + hostileText + "'"), Writable: true, Own: true},
		},
		"event":  {{Name: "request", Value: debugger.Value{Type: "object", Text: "Request", Object: "request"}}, {Name: "isTrusted", Getter: true}},
		"global": {{Name: "self", Value: str("self")}},
	}}
	d.state = &debugger.State{On: true, Active: true, Driver: "the page", Threads: []*debugger.Thread{
		{ID: "T7", Registration: storyKey("1"), Scope: shop, Version: "7", URL: shop + "sw.js", Status: "paused", Pause: &debugger.Pause{
			ID: 3, Since: s.now, ResumesAt: s.now.Add(4*time.Minute + 31*time.Second), Holding: []string{"1 fetch of " + shop, "skipWaiting of #9"},
			Stop: breakpoints.Stop{Reason: "line", Breakpoints: []string{"1"}, Words: "line 10 of sw.js " + hostileText, Event: "fetch", URL: shop + "x", Hits: 5},
			Frames: []debugger.Frame{
				{Index: 0, Function: "onFetch" + hostileText, ScriptID: "7", URL: shop + "sw.js", Line: 10, Column: 3, Scopes: []debugger.Scope{{Type: "local", Name: "onFetch", Object: "scope"}, {Type: "global", Object: "global"}}},
				{Index: 1, Function: "", ScriptID: "7", URL: shop + "sw.js", Line: 8, Column: 1, Async: "await"},
			},
		}},
		{ID: "T9", Registration: storyKey("1"), Scope: shop, Version: "9", URL: shop + "sw.js", Status: "running"},
	}}
	d.state.Log = []debugger.LogLine{{Seq: 1, Time: s.now, Thread: "T7", Level: "log", Text: hostileText, Breakpoint: "4"}, {Seq: 2, Time: s.now, Thread: "T7", Level: "input", Text: "1 + 1"}}
	for _, b := range set.All() {
		d.state.Breakpoints = append(d.state.Breakpoints, &debugger.Status{Breakpoint: b, Hits: 5, Settings: []breakpoints.Setting{{Breakpoint: b.ID, Target: "T7", Version: "7"}}})
	}
	d.state.Breakpoints[3].Settings[0].Problem = "the worker ran already " + hostileText
	return s, d, set
}

func (s *story) debugServer(d *told, set *breakpoints.Set) *Server {
	srv := s.server()
	srv.opts.Debug = func(Browser) Debugger { return d }
	srv.opts.Breakpoints = set
	return srv
}

func TestDebugShowsThePause(t *testing.T) {
	s, d, set := pausedStory(t)
	page := s.page(s.debugServer(d, set), "debug")
	for _, want := range []string{
		"Paused:", "Holding up:", "<b>skipWaiting of #9</b>", "resumes by itself in", "4 min 31 s", "5th hit", `id="L10"`, "ln ip",
		"event: FetchEvent GET", "await", "sw.js:8", "(anonymous)", `aria-label="event install, before its first handler"`, "not set: the worker ran already",
		"Step back: only on the engine", "kept alive by swinspect",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	for _, bad := range []string{"<script>alert", "<img", " style=", " onclick="} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %s: %s", bad, around(page, bad))
		}
	}
}

func TestDebugOpensObjects(t *testing.T) {
	s, d, set := pausedStory(t)
	srv := s.debugServer(d, set)
	if page := s.page(srv, "debug?x="+url.QueryEscape("local/event,global")); !strings.Contains(page, "isTrusted") || !strings.Contains(page, "(getter)") || !strings.Contains(page, ">self<") {
		t.Error("what was opened is not on the page")
	}
	if page := s.page(srv, "debug?x=local"); strings.Contains(page, "FetchEvent GET "+shop+"</span>") && strings.Contains(page, `id="v-local/event"`) {
		t.Error("a scope that was closed is open")
	}
	if page := s.page(srv, "debug?set="+url.QueryEscape("local/name")); !strings.Contains(page, "New value of name") {
		t.Error("no form to change a variable")
	}
}

// What the address says of an earlier pause does not count in this one.
func TestDebugFollowsThePause(t *testing.T) {
	s, d, set := pausedStory(t)
	srv := s.debugServer(d, set)
	old := s.page(srv, "debug?script="+url.QueryEscape(shop+"lib/routes.js")+"&p=2&frame=2.1")
	if !strings.Contains(old, "ln ip") {
		t.Error("the paused line is not in view")
	}
	now := s.page(srv, "debug?script="+url.QueryEscape(shop+"lib/routes.js")+"&p=3")
	if strings.Contains(now, "ln ip") || !strings.Contains(now, "ROUTES") {
		t.Error("the chosen script is not in view")
	}
	if outer := s.page(srv, "debug?frame=3.1"); !strings.Contains(outer, "ln called") {
		t.Error("the chosen frame's line is not marked")
	}
}

func TestAPausedWorkerIsOnEveryPage(t *testing.T) {
	s, d, set := pausedStory(t)
	srv := s.debugServer(d, set)
	s.page(srv, "debug") // somebody opened the debugger
	for _, panel := range []string{"", "/caches", "/timeline"} {
		page := s.ask(srv, http.MethodGet, s.path("1")+panel, "").Body.String()
		for _, want := range []string{"paused-badge", "#7 in fetch", "#7 is paused", "skipWaiting of #9", `value="resume"`} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: %q is not on the page", panel, want)
			}
		}
	}
	if page := s.ask(srv, http.MethodGet, "/start", "").Body.String(); !strings.Contains(page, "paused-badge") {
		t.Error("the start page does not say that a worker is paused")
	}
}

func TestDebugPosts(t *testing.T) {
	s, d, set := pausedStory(t)
	srv := s.debugServer(d, set)
	post := func(route string, pairs ...string) int {
		t.Helper()
		form := url.Values{"token": {"tok"}, "back": {s.path("1") + "/debug"}}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return s.ask(srv, http.MethodPost, s.path("1")+"/debug/"+route, form.Encode()).Code
	}
	if code := post("do", "what", "keep", "thread", "T7"); code != http.StatusSeeOther {
		t.Errorf("keep: %d", code)
	}
	post("evaluate", "expression", "1 + 1", "thread", "T7", "frame", "0")
	post("set", "thread", "T7", "frame", "0", "scope", "0", "name", "name", "expression", "'x'")
	post("watch", "expression", "event.type")
	if got := strings.Join(d.done(), "|"); got != "keep T7|evaluate T7 1 + 1|set T7 name 'x'" {
		t.Errorf("done: %s", got)
	}
	if page := s.page(srv, "debug"); !strings.Contains(page, "event.type") {
		t.Error("the watch is not on the page")
	}
	// A line with a breakpoint loses it, one without gets one that knows its text.
	post("breakpoint", "op", "line", "line", "10", "url", shop+"sw.js", "version", "7")
	post("breakpoint", "op", "line", "line", "9", "url", shop+"sw.js", "version", "7")
	all := set.All()
	if len(all) != 4 || all[3].Line == nil || all[3].Line.Line != 9 || !strings.HasPrefix(all[3].Line.Text, "if (event.request.mode") {
		t.Errorf("breakpoints: %+v", all)
	}
	post("breakpoint", "op", "list", "toggle", "2")
	post("breakpoint", "op", "list", "remove", "3")
	post("breakpoint", "op", "add", "kind", "lifecycle", "state", "installed", "once", "on", "skip", "2")
	post("breakpoint", "op", "save", "id", "4", "kind", "fetch", "url", "/v2/*", "when", "request")
	if b, _ := set.Get("2"); !b.Disabled {
		t.Error("2 is not switched off")
	}
	if _, there := set.Get("3"); there {
		t.Error("3 is still there")
	}
	if b, _ := set.Get("6"); b.Lifecycle == nil || !b.Once || b.Skip != 2 {
		t.Errorf("added: %+v", b)
	}
	if b, _ := set.Get("4"); b.Fetch == nil || b.Fetch.URL != "/v2/*" || b.Fetch.At != "request" || b.Log != "" {
		t.Errorf("saved: %+v", b)
	}
	if post("breakpoint", "op", "add", "kind", "exception", "which", "some"); len(set.All()) != 4 {
		t.Errorf("an invalid one was added: %+v", set.All())
	}
}

func TestRecordingsHaveNoDebugger(t *testing.T) {
	s := shopStory(t)
	if page := s.page(s.server(), "debug"); !strings.Contains(page, "cannot be debugged here") {
		t.Error("the page does not say that there is no debugger")
	}
}

// A browser without a registration has a debugger too.
func TestDebugOfABrowser(t *testing.T) {
	s, d, set := pausedStory(t)
	srv := s.debugServer(d, set)
	page := s.ask(srv, http.MethodGet, "/b/1/debug", "").Body.String()
	for _, want := range []string{"Debugger of Chrome 156", "Paused:", "ln ip", "/ #7", `action="/b/1/debug/do"`} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	page = s.ask(srv, http.MethodGet, "/b/1/debug?thread=T9", "").Body.String()
	if strings.Contains(page, "ln ip") {
		t.Error("another worker than the chosen one is in view")
	}
}
