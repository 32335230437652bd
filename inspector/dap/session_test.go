package dap

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	godap "github.com/google/go-dap"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector/debugger"
	"github.com/swinspect/swinspect/internal/dapclient"
)

const origin = "https://app.example"

// worker is a thread of the stage that runs a script.
func worker() *debugger.Thread {
	return &debugger.Thread{ID: "T1", Scope: origin + "/shop/", Version: "12", URL: origin + "/shop/sw.js", Status: "running"}
}

// at is a pause of that worker.
func at(id uint64, stop breakpoints.Stop) *debugger.Pause {
	return &debugger.Pause{ID: id, Stop: stop, Frames: []debugger.Frame{
		{Index: 0, Function: "onFetch", ScriptID: "7", URL: origin + "/shop/sw.js", Line: 3, Column: 5,
			This:   &debugger.Value{Type: "object", Class: "ServiceWorkerGlobalScope", Text: "ServiceWorkerGlobalScope", Object: "self"},
			Scopes: []debugger.Scope{{Type: "local", Object: "locals"}, {Type: "global", Object: "self"}}},
		{Index: 1, Function: "later", ScriptID: "8", URL: origin + "/lib.js", Line: 1, Column: 1, Async: "await", Library: true},
	}}
}

// play begins a session on a stage with one running worker and files in a folder.
func play(t *testing.T, configuration map[string]any, points func(c *client)) (*stage, *client, string) {
	t.Helper()
	dir := t.TempDir()
	text := "// shop\nself.x = 1\nonfetch = () => {}\n"
	if err := os.MkdirAll(filepath.Join(dir, "shop"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "shop", "sw.js"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	g := newStage()
	g.scripts["T1"] = []debugger.Script{{ID: "7", URL: origin + "/shop/sw.js", Lines: 3}}
	g.texts["7"] = text
	g.props["locals"] = []debugger.Property{
		{Name: "n", Value: debugger.Value{Type: "number", Text: "1"}, Writable: true, Own: true},
		{Name: "list", Value: debugger.Value{Type: "object", Subtype: "array", Text: "Array(250)", Object: "list"}, Writable: true, Own: true},
		{Name: "later", Value: debugger.Value{Type: "undefined", Text: "not initialised"}, Own: true},
	}
	for i := range 250 {
		g.props["list"] = append(g.props["list"], debugger.Property{Name: itoa(i), Value: debugger.Value{Type: "number", Text: itoa(i * i)}, Writable: true, Own: true})
	}
	g.props["list"] = append(g.props["list"],
		debugger.Property{Name: "length", Value: debugger.Value{Type: "number", Text: "250"}, Own: true},
		debugger.Property{Name: "not a name", Value: debugger.Value{Type: "object", Text: "{…}", Object: "inner"}, Getter: true, Own: true},
		debugger.Property{Name: "[[Prototype]]", Value: debugger.Value{Type: "object", Text: "Array", Object: "proto"}, Internal: true})
	if configuration == nil {
		configuration = map[string]any{"url": origin + "/"}
	}
	if configuration["webRoot"] == nil {
		configuration["webRoot"] = dir
	}
	c := dial(t, Options{Backend: g})
	g.become(func(s *debugger.State) { s.Threads = append(s.Threads, worker()) })
	c.Begin("launch", configuration, func() {
		if points != nil {
			points(c)
		}
	})
	return g, c, dir
}

func itoa(n int) string { return string(appendInt(nil, n)) }

func appendInt(b []byte, n int) []byte {
	if n >= 10 {
		b = appendInt(b, n/10)
	}
	return append(b, byte('0'+n%10))
}

// A stop, its stack with the async label, scopes, variables in pieces, and on.
func TestStop(t *testing.T) {
	g, c, dir := play(t, nil, nil)
	<-g.opened
	started := dapclient.Next[*godap.ThreadEvent](c.Client, nil)
	n := started.Body.ThreadId
	threads := dapclient.Ask[*godap.ThreadsResponse](c.Client, "threads", nil).Body.Threads
	if len(threads) != 1 || threads[0].Id != n || threads[0].Name != "app.example/shop/ #12 sw.js" {
		t.Fatalf("threads: %+v", threads)
	}
	c.Refuse("stackTrace", godap.StackTraceArguments{ThreadId: n}, "not paused")
	c.Refuse("stackTrace", godap.StackTraceArguments{ThreadId: 99}, "no worker")
	g.become(func(s *debugger.State) {
		s.Threads[0].Pause = at(1, breakpoints.Stop{Reason: "cache", Words: "cache.match missed 'v2' for /app.js"})
		s.Threads[0].Pause.CanStepBack = true
	})
	if caps := dapclient.Next[*godap.CapabilitiesEvent](c.Client, nil); !caps.Body.Capabilities.SupportsStepBack {
		t.Error("stepping back is not offered")
	}
	stop := c.Stopped()
	if b := stop.Body; b.Reason != "function breakpoint" || b.ThreadId != n || b.Description != "Paused: cache.match missed 'v2' for /app.js" || b.AllThreadsStopped {
		t.Errorf("stopped: %+v", b)
	}
	frames := c.Frames(n)
	if len(frames) != 3 || frames[0].Name != "onFetch" || frames[0].Line != 3 || frames[0].Column != 5 ||
		frames[1].PresentationHint != "label" || frames[1].Name != "await" || frames[2].PresentationHint != "subtle" {
		t.Fatalf("frames: %+v", frames)
	}
	if s := frames[0].Source; s == nil || s.Path != filepath.Join(dir, "shop", "sw.js") || s.SourceReference != 0 {
		t.Errorf("the source is %+v", s)
	}
	paged := dapclient.Ask[*godap.StackTraceResponse](c.Client, "stackTrace", godap.StackTraceArguments{ThreadId: n, StartFrame: 1, Levels: 1}).Body
	if paged.TotalFrames != 3 || len(paged.StackFrames) != 1 || paged.StackFrames[0].Name != "await" {
		t.Errorf("a page of the stack: %+v", paged)
	}
	scopes := dapclient.Ask[*godap.ScopesResponse](c.Client, "scopes", godap.ScopesArguments{FrameId: frames[0].Id}).Body.Scopes
	if len(scopes) != 2 || scopes[0].Name != "Local" || scopes[0].Expensive || !scopes[1].Expensive {
		t.Fatalf("scopes: %+v", scopes)
	}
	locals := c.Locals(frames[0].Id)
	if locals["n"].Value != "1" || locals["this"].Type != "ServiceWorkerGlobalScope" || locals["later"].Value != "not initialised" || locals["list"].IndexedVariables != 250 {
		t.Errorf("locals: %+v", locals)
	}
	list := locals["list"].VariablesReference
	piece := dapclient.Ask[*godap.VariablesResponse](c.Client, "variables", godap.VariablesArguments{VariablesReference: list, Filter: "indexed", Start: 200, Count: 3}).Body.Variables
	if len(piece) != 3 || piece[0].Name != "200" || piece[0].EvaluateName != "list[200]" {
		t.Errorf("a piece: %+v", piece)
	}
	named := dapclient.Ask[*godap.VariablesResponse](c.Client, "variables", godap.VariablesArguments{VariablesReference: list, Filter: "named"}).Body.Variables
	if len(named) != 3 || named[0].PresentationHint.Attributes[0] != "readOnly" || !named[1].PresentationHint.Lazy || named[1].EvaluateName != `list["not a name"]` || named[2].PresentationHint.Visibility != "internal" {
		t.Fatalf("named: %+v", named)
	}
	lazy := dapclient.Ask[*godap.VariablesResponse](c.Client, "variables", godap.VariablesArguments{VariablesReference: named[1].VariablesReference}).Body.Variables
	if len(lazy) != 1 || !strings.Contains(lazy[0].Value, `evaluate T1 0 list["not a name"]`) {
		t.Errorf("a getter: %+v", lazy)
	}
	set := dapclient.Ask[*godap.SetVariableResponse](c.Client, "setVariable", godap.SetVariableArguments{VariablesReference: scopes[0].VariablesReference, Name: "n", Value: "2"})
	if !strings.Contains(set.Body.Value, "set T1 0 0 n 2") {
		t.Errorf("setVariable: %+v", set.Body)
	}
	set = dapclient.Ask[*godap.SetVariableResponse](c.Client, "setVariable", godap.SetVariableArguments{VariablesReference: list, Name: "3", Value: "n"})
	if !strings.Contains(set.Body.Value, "list[3] = (n") {
		t.Errorf("setVariable of an element: %+v", set.Body)
	}
	dapclient.Ask[*godap.NextResponse](c.Client, "next", godap.NextArguments{ThreadId: n})
	g.become(func(s *debugger.State) { s.Threads[0].Pause = nil })
	g.become(func(s *debugger.State) { s.Threads[0].Pause = at(2, breakpoints.Stop{Reason: "step", Words: "step"}) })
	if b := c.Stopped().Body; b.Reason != "step" {
		t.Errorf("after a step: %+v", b)
	}
	c.Refuse("scopes", godap.ScopesArguments{FrameId: frames[0].Id}, "no such frame")
	c.Refuse("variables", godap.VariablesArguments{VariablesReference: list}, "a pause that is over")
	dapclient.Ask[*godap.ContinueResponse](c.Client, "continue", godap.ContinueArguments{ThreadId: n})
	g.become(func(s *debugger.State) { s.Threads[0].Pause = nil })
	g.become(func(s *debugger.State) { s.Threads[0].Pause = at(3, breakpoints.Stop{Reason: "line", Words: "line 3"}) })
	c.Stopped()
	// Somebody else lets it go: the client must be told.
	g.become(func(s *debugger.State) { s.Threads[0].Pause = nil })
	if e := dapclient.Next[*godap.ContinuedEvent](c.Client, nil); e.Body.ThreadId != n {
		t.Errorf("continued: %+v", e.Body)
	}
	g.become(func(s *debugger.State) { s.Threads = nil })
	if e := dapclient.Next[*godap.ThreadEvent](c.Client, nil); e.Body.Reason != "exited" {
		t.Errorf("thread: %+v", e.Body)
	}
	dapclient.Ask[*godap.DisconnectResponse](c.Client, "disconnect", map[string]any{})
	if !<-g.release {
		t.Error("what was launched is not ended")
	}
	if got := len(g.set.All()); got != 0 {
		t.Errorf("%d breakpoints are left", got)
	}
}

// Breakpoints of files, unverified until a worker has them; those that stay keep their
// ids; moved ones say so and stay where they are in the editor.
func TestBreakpoints(t *testing.T) {
	var first []godap.Breakpoint
	var path string
	set := func(c *client, points ...godap.SourceBreakpoint) []godap.Breakpoint {
		return dapclient.Ask[*godap.SetBreakpointsResponse](c.Client, "setBreakpoints", godap.SetBreakpointsArguments{Source: godap.Source{Path: path}, Breakpoints: points}).Body.Breakpoints
	}
	dir := t.TempDir()
	path = filepath.Join(dir, "shop", "sw.js")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("one\n  two()\nthree\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	g, c, _ := play(t, map[string]any{"url": origin + "/", "webRoot": dir, "scope": "/shop/"}, func(c *client) {
		first = set(c, godap.SourceBreakpoint{Line: 2, Condition: "n > 3"}, godap.SourceBreakpoint{Line: 3, LogMessage: "n is {n}", HitCondition: "> 2"}, godap.SourceBreakpoint{Line: 1, HitCondition: "% 2"})
	})
	if len(first) != 3 || first[0].Verified || first[0].Message == "" || first[0].Line != 2 || !strings.Contains(first[2].Message, "== 5") {
		t.Fatalf("set: %+v", first)
	}
	all := g.set.All()
	if len(all) != 2 || all[0].Line.URL != "/shop/sw.js" || all[0].Line.Text != "two()" || all[0].Condition != "n > 3" || all[0].Scope != "/shop/" || all[1].Skip != 2 || all[1].Log != "n is {n}" {
		t.Fatalf("the set: %+v", all)
	}
	again := set(c, godap.SourceBreakpoint{Line: 2, Condition: "n > 3"})
	if again[0].Id != first[0].Id || len(g.set.All()) != 1 || g.set.All()[0].ID != all[0].ID {
		t.Errorf("set again: %+v %+v", again, g.set.All())
	}
	g.become(func(s *debugger.State) {
		s.Breakpoints[0].Settings = []breakpoints.Setting{{Breakpoint: all[0].ID, Target: "T1", Line: 2, Column: 3}}
	})
	if b := dapclient.Next[*godap.BreakpointEvent](c.Client, nil).Body.Breakpoint; b.Id != first[0].Id || !b.Verified || b.Line != 2 || b.Column != 3 {
		t.Errorf("verified: %+v", b)
	}
	g.become(func(s *debugger.State) {
		s.Breakpoints[0].Settings = []breakpoints.Setting{{Breakpoint: all[0].ID, Target: "T1", Line: 9, Moved: "two() is in line 9 now"}}
	})
	if b := dapclient.Next[*godap.BreakpointEvent](c.Client, nil).Body.Breakpoint; !b.Verified || b.Line != 2 || b.Message != "two() is in line 9 now" {
		t.Errorf("moved: %+v", b)
	}
	g.become(func(s *debugger.State) {
		s.Threads[0].Pause = at(1, breakpoints.Stop{Reason: "line", Words: "sw.js:9", Breakpoints: []string{all[0].ID}})
	})
	if hit := c.Stopped().Body.HitBreakpointIds; !slices.Equal(hit, []int{first[0].Id}) {
		t.Errorf("hit %v", hit)
	}
	functions := dapclient.Ask[*godap.SetFunctionBreakpointsResponse](c.Client, "setFunctionBreakpoints", godap.SetFunctionBreakpointsArguments{Breakpoints: []godap.FunctionBreakpoint{
		{Name: "cache:miss cache=pages-*", HitCondition: "2"}, {Name: "lifecycle:waiting"}, {Name: "weather:sunny"},
	}}).Body.Breakpoints
	if len(functions) != 3 || !functions[0].Verified || !functions[1].Verified || functions[2].Verified || functions[2].Message == "" {
		t.Errorf("function breakpoints: %+v", functions)
	}
	exceptions := dapclient.Ask[*godap.SetExceptionBreakpointsResponse](c.Client, "setExceptionBreakpoints", godap.SetExceptionBreakpointsArguments{
		Filters: []string{"respondWith"}, FilterOptions: []godap.ExceptionFilterOptions{{FilterId: "uncaught", Condition: "true"}, {FilterId: "sunny"}},
	}).Body.Breakpoints
	if len(exceptions) != 3 || !exceptions[0].Verified || exceptions[2].Verified {
		t.Errorf("exception breakpoints: %+v", exceptions)
	}
	if got := len(g.set.All()); got != 5 {
		t.Errorf("%d are set: %+v", got, g.set.All())
	}
	places := dapclient.Ask[*godap.BreakpointLocationsResponse](c.Client, "breakpointLocations", godap.BreakpointLocationsArguments{Source: godap.Source{Path: path}, Line: 1, EndLine: 3}).Body.Breakpoints
	if len(places) != 3 || places[2].Line != 3 {
		t.Errorf("places: %+v", places)
	}
	dapclient.Ask[*godap.RestartResponse](c.Client, "restart", nil)
	if !<-g.release || len(g.set.All()) != 5 {
		t.Errorf("after a restart %+v are set", g.set.All())
	}
	dapclient.Ask[*godap.TerminateResponse](c.Client, "terminate", nil)
	dapclient.Next[*godap.TerminatedEvent](c.Client, nil)
	if <-g.release; len(g.set.All()) != 0 {
		t.Errorf("after the end %+v are set", g.set.All())
	}
	c.Refuse("threads", nil, "nothing is being debugged")
}

// A worker that runs what the file no longer says is shown with its own text.
func TestSourceOfAnOldVersion(t *testing.T) {
	g, c, dir := play(t, nil, nil)
	if err := os.WriteFile(filepath.Join(dir, "shop", "sw.js"), []byte("// newer\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	g.become(func(s *debugger.State) {
		s.Threads[0].Pause = at(1, breakpoints.Stop{Reason: "pause", Words: "asked for"})
	})
	frames := c.Frames(c.Stopped().Body.ThreadId)
	s := frames[0].Source
	if s == nil || s.SourceReference == 0 || s.Path != origin+"/shop/sw.js" || !strings.Contains(s.Origin, "not what sw.js says now") {
		t.Fatalf("the source is %+v", s)
	}
	if text := dapclient.Ask[*godap.SourceResponse](c.Client, "source", godap.SourceArguments{SourceReference: s.SourceReference}).Body.Content; !strings.Contains(text, "// shop") {
		t.Errorf("it says %q", text)
	}
	c.Refuse("source", godap.SourceArguments{SourceReference: 99}, "no source 99")
	c.Refuse("source", godap.SourceArguments{Source: &godap.Source{Path: "/etc/hostname"}}, "no source")
	loaded := dapclient.Ask[*godap.LoadedSourcesResponse](c.Client, "loadedSources", nil).Body.Sources
	if len(loaded) != 1 || loaded[0].SourceReference != s.SourceReference {
		t.Errorf("loaded: %+v", loaded)
	}
}

// The debug console: expressions, errors, completions, commands.
func TestConsole(t *testing.T) {
	g, c, _ := play(t, nil, nil)
	evaluate := func(expression, context string, frame int) string {
		t.Helper()
		return dapclient.Ask[*godap.EvaluateResponse](c.Client, "evaluate", godap.EvaluateArguments{Expression: expression, Context: context, FrameId: frame}).Body.Result
	}
	if got := evaluate("caches", "repl", 0); !strings.Contains(got, "evaluate T1 -1 caches silent=false await=true") {
		t.Errorf("in a running worker: %s", got)
	}
	g.become(func(s *debugger.State) {
		s.Threads[0].Pause = at(1, breakpoints.Stop{Reason: "exception", Words: "thrown", Error: "TypeError: x is {odd}\n    at y"})
		s.Log = []debugger.LogLine{{Seq: 1, Level: "log", Text: "n is 1", URL: origin + "/shop/sw.js", Line: 2}, {Seq: 2, Level: "error", Text: "bad"}, {Seq: 3, Level: "result", Text: "own"}}
	})
	n := c.Stopped().Body.ThreadId
	if o := c.Output("n is 1"); o.Body.Category != "stdout" || o.Body.Line != 2 || !strings.HasSuffix(o.Body.Source.Path, "sw.js") {
		t.Errorf("a line of the log: %+v", o.Body)
	}
	if o := c.Output("bad"); o.Body.Category != "stderr" {
		t.Errorf("an error of the log: %+v", o.Body)
	}
	info := dapclient.Ask[*godap.ExceptionInfoResponse](c.Client, "exceptionInfo", godap.ExceptionInfoArguments{ThreadId: n}).Body
	if info.ExceptionId != "TypeError" || info.Description != "x is {odd}" || !strings.Contains(info.Details.StackTrace, "onFetch") {
		t.Errorf("exceptionInfo: %+v %+v", info, info.Details)
	}
	frame := c.Frames(n)[0].Id
	if got := evaluate("n", "hover", frame); !strings.Contains(got, "evaluate T1 0 n silent=true await=false") {
		t.Errorf("hover: %s", got)
	}
	if got := evaluate("n", "clipboard", frame); got != "{\n  \"a\": [\n    1\n  ]\n}" {
		t.Errorf("clipboard: %s", got)
	}
	g.mu.Lock()
	g.answer = func(call string) (debugger.Value, error) {
		switch {
		case strings.Contains(call, "throws"):
			return debugger.Value{}, &debugger.ThrownError{Value: debugger.Value{Text: "Error: {it} throws"}}
		case strings.HasPrefix(call, "step"):
			return debugger.Value{}, &debugger.DrivenError{By: "the page"}
		case strings.Contains(call, " list "):
			return debugger.Value{Type: "object", Object: "list"}, nil
		}
		return debugger.Value{}, nil
	}
	g.mu.Unlock()
	c.Refuse("evaluate", godap.EvaluateArguments{Expression: "throws", Context: "repl", FrameId: frame}, "Error: {it} throws")
	c.Refuse("next", godap.NextArguments{ThreadId: n}, "the page drives", ".drive")
	if got := evaluate(".drive", "repl", frame); !strings.Contains(got, "drives") {
		t.Errorf(".drive: %s", got)
	}
	if got := evaluate(".break cache:miss cache=pages-*", "repl", frame); !strings.Contains(got, "is set") {
		t.Errorf(".break: %s", got)
	}
	g.become(func(*debugger.State) {})
	if got := evaluate(".breaks", "repl", 0); !strings.Contains(got, "cache:miss") {
		t.Errorf(".breaks: %s", got)
	}
	c.Refuse("evaluate", godap.EvaluateArguments{Expression: ".frobnicate", Context: "repl"}, ".help lists")
	items := dapclient.Ask[*godap.CompletionsResponse](c.Client, "completions", godap.CompletionsArguments{FrameId: frame, Text: "x + list.le", Column: 12}).Body.Targets
	if len(items) != 1 || items[0].Label != "length" || items[0].Start != 10 || items[0].Length != 2 {
		t.Errorf("completions: %+v", items)
	}
	items = dapclient.Ask[*godap.CompletionsResponse](c.Client, "completions", godap.CompletionsArguments{FrameId: frame, Text: "l", Column: 2}).Body.Targets
	if len(items) < 2 || items[0].Label != "list" || items[1].Label != "later" {
		t.Errorf("completions of names: %+v", items)
	}
	// cancel ends what waits.
	seq := c.Post("evaluate", godap.EvaluateArguments{Expression: "wait", Context: "repl", FrameId: frame})
	dapclient.Ask[*godap.CancelResponse](c.Client, "cancel", godap.CancelArguments{RequestId: seq})
	if r, ok := c.Answer(seq).(*godap.ErrorResponse); !ok || r.Message != "cancelled" {
		t.Errorf("a cancelled request: %+v", r)
	}
	// So does disconnect: it need not wait for what is under way.
	seq = c.Post("evaluate", godap.EvaluateArguments{Expression: "wait", Context: "repl", FrameId: frame})
	time.Sleep(10 * time.Millisecond)
	dapclient.Ask[*godap.DisconnectResponse](c.Client, "disconnect", map[string]any{"terminateDebuggee": false})
	c.Answer(seq)
	if <-g.release {
		t.Error("it was ended in spite of terminateDebuggee: false")
	}
}

// Requests out of order, and ones that nobody knows.
func TestOutOfOrder(t *testing.T) {
	g := newStage()
	c := dial(t, Options{Backend: g, Token: "secret"})
	c.Refuse("launch", map[string]any{}, "before initialize")
	c.Refuse("threads", nil, "before launch or attach")
	c.Refuse("initialize", map[string]any{"pathFormat": "smoke"}, "smoke")
	dapclient.Ask[*godap.InitializeResponse](c.Client, "initialize", map[string]any{"linesStartAt1": false, "columnsStartAt1": false, "pathFormat": "uri"})
	c.Refuse("initialize", nil, "too late")
	c.Refuse("frobnicate", nil, "frobnicate")
	c.Refuse("configurationDone", nil, "before launch")
	c.Refuse("launch", map[string]any{}, "nothing to launch")
	c.Refuse("launch", map[string]any{"url": "x", "backend": "netscape"}, "netscape")
	c.Refuse("launch", map[string]any{"url": 7}, "url: it takes a string")
	c.Refuse("launch", []int{1}, "arguments")
	c.Refuse("launch", map[string]any{"url": "https://a.example/", "watchdog": "soon"}, "soon")
	c.Refuse("launch", map[string]any{"url": "https://a.example/"}, "token")
	c.Refuse("launch", map[string]any{"url": "https://fails.example/", "token": "secret"}, "no browser {here}")
	c.Refuse("attach", map[string]any{"port": 9222}, "token")
	seq := c.Post("attach", map[string]any{"port": 9222, "token": "secret", "sitee": "x", "breakpoints": "lifecycle:dancing"})
	if r, ok := c.Answer(seq).(*godap.AttachResponse); !ok {
		t.Fatalf("attach: %+v", r)
	}
	c.Output(`"sitee", which nobody reads`)
	c.Output("breakpoints[0]: ")
	c.Refuse("attach", map[string]any{"port": 9222}, "too late")
	c.Refuse("setBreakpoints", godap.SetBreakpointsArguments{}, "neither a path nor")
	c.Refuse("setBreakpoints", []string{}, "arguments")
	got := dapclient.Ask[*godap.SetBreakpointsResponse](c.Client, "setBreakpoints", map[string]any{"source": map[string]any{"path": "file:///x/my%20sw.js"}, "lines": []int{4}}).Body.Breakpoints
	if len(got) != 1 || got[0].Line != 4 || !strings.Contains(got[0].Message, "webRoot") {
		t.Errorf("from 0: %+v", got)
	}
	if all := g.set.All(); len(all) != 1 || all[0].Line.Line != 5 || all[0].Line.URL != "my%20sw.js" {
		t.Errorf("set: %+v", all)
	}
	c.Refuse("restart", nil, "launched")
	c.Refuse("continue", godap.ContinueArguments{ThreadId: 3}, "no worker")
	c.Refuse("pause", godap.PauseArguments{}, "no worker")
	c.Refuse("evaluate", godap.EvaluateArguments{Expression: "1"}, "no worker runs")
	dapclient.Ask[*godap.ConfigurationDoneResponse](c.Client, "configurationDone", nil)
	c.Refuse("configurationDone", nil, "too late")
	close(g.ended)
	dapclient.Next[*godap.TerminatedEvent](c.Client, nil)
	dapclient.Ask[*godap.DisconnectResponse](c.Client, "disconnect", nil)
	if <-g.release {
		t.Error("what was attached to is ended")
	}
}

// A client that hangs up lets go as if it had disconnected.
func TestHangUp(t *testing.T) {
	g, c, _ := play(t, nil, nil)
	g.become(func(s *debugger.State) { s.Threads[0].Pause = at(1, breakpoints.Stop{Reason: "pause"}) })
	c.Stopped()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-g.release:
	case <-time.After(dapclient.Within):
		t.Fatal("the browser was not given back")
	}
}

var errExample = errors.New("example")

// What is not the protocol ends the session with a word about it; what is no request,
// but can be read, does not.
func TestBadMessages(t *testing.T) {
	for _, bad := range []string{"POST / HTTP/1.1\r\n", "Content-Length: x\r\n\r\n", "Content-Length: 99999999999\r\n\r\n", "\r\n\r\n", strings.Repeat("x", 9000)} {
		c := dial(t, Options{Backend: newStage()})
		if _, err := c.Write([]byte(bad)); err != nil && !strings.Contains(err.Error(), "closed pipe") {
			t.Fatal(err)
		}
		c.Output("the Debug Adapter Protocol:")
		err := <-c.served
		if p := (*ProtocolError)(nil); !errors.As(err, &p) {
			t.Errorf("%.20q: %v", bad, err)
		}
		c.served <- errExample
	}
	c := dial(t, Options{Backend: newStage()})
	for _, odd := range []string{"{", "7", `{"seq":"x","type":"request"}`, `{"seq":1,"type":"event","event":"x"}`, `null`, `{"seq":3,"type":"response"}`, `{"seq":5,"type":"request","command":"threads","arguments":7}`} {
		if err := godap.WriteBaseMessage(c.Client, []byte(odd)); err != nil {
			t.Fatal(err)
		}
	}
	c.Skip(10)
	dapclient.Ask[*godap.InitializeResponse](c.Client, "initialize", nil)
	c.Output("cannot be read")
}
