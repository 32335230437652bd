package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	godap "github.com/google/go-dap"

	"github.com/swinspect/swinspect/internal/dapclient"
)

// dapKindsWorker throws, answers and waits.
const dapKindsWorker = `addEventListener('install', () => skipWaiting());
addEventListener('push', (event) => {
  const text = event.data ? event.data.text() : '';
  if (text === 'throw') missing(text);
  self.last = text;
});
function missing(what) {
  throw new TypeError('no ' + what);
}
addEventListener('sync', (event) => { event.waitUntil(Promise.reject(new RangeError('nobody waits for ' + event.tag))); });
`

func TestDAPKindsOnChromium(t *testing.T) { dapKinds(t, "chromium") }

func TestDAPKindsOnTheEngine(t *testing.T) { dapKinds(t, "engine") }

// Kinds of breakpoints that editors have no word for; exceptions; the console; an old
// version's text; restarting; pausing.
func dapKinds(t *testing.T, backend string) {
	dir := t.TempDir()
	script := filepath.Join(dir, "app", "sw.js")
	if err := os.MkdirAll(filepath.Dir(script), 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(script, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(dapKindsWorker)
	c := startDAP(t)
	c.Begin("launch", map[string]any{"backend": backend, "program": script, "webRoot": dir, "breakpoints": []string{"lifecycle:activated"}}, func() {
		dapclient.Ask[*godap.SetFunctionBreakpointsResponse](c, "setFunctionBreakpoints", godap.SetFunctionBreakpointsArguments{Breakpoints: []godap.FunctionBreakpoint{{Name: "event:push"}}})
		dapclient.Ask[*godap.SetExceptionBreakpointsResponse](c, "setExceptionBreakpoints", godap.SetExceptionBreakpointsArguments{Filters: []string{"uncaught"}})
	})
	goOn := func(n int) {
		t.Helper()
		dapclient.Ask[*godap.ContinueResponse](c, "continue", godap.ContinueArguments{ThreadId: n})
	}
	stop := c.Stopped().Body
	if stop.Reason != "function breakpoint" || !strings.Contains(stop.Text, "activated") && !strings.Contains(stop.Text, "active") {
		t.Errorf("entering activated: %+v", stop)
	}
	goOn(stop.ThreadId)

	push := c.Post("evaluate", godap.EvaluateArguments{Expression: ".push throw", Context: "repl"})
	stop = c.Stopped().Body
	f := c.Frames(stop.ThreadId)[0]
	if stop.Reason != "function breakpoint" || !strings.Contains(stop.Text, "push") || f.Line != 3 || f.Source.Path != script {
		t.Errorf("at the push: %+v, %+v", stop, f)
	}
	goOn(stop.ThreadId)
	stop = c.Stopped().Body
	frames := c.Frames(stop.ThreadId)
	if stop.Reason != "exception" || frames[0].Name != "missing" || frames[0].Line != 8 || frames[1].Line != 4 {
		t.Errorf("at the exception: %+v in %+v", stop, frames)
	}
	info := dapclient.Ask[*godap.ExceptionInfoResponse](c, "exceptionInfo", godap.ExceptionInfoArguments{ThreadId: stop.ThreadId}).Body
	if info.ExceptionId != "TypeError" || info.Description != "no throw" || info.BreakMode != "unhandled" {
		t.Errorf("exceptionInfo: %+v", info)
	}
	if r := dapclient.Ask[*godap.EvaluateResponse](c, "evaluate", godap.EvaluateArguments{Expression: "text", FrameId: frames[1].Id, Context: "hover"}).Body; !strings.Contains(r.Result, "throw") {
		t.Errorf("text in the caller is %+v", r)
	}
	goOn(stop.ThreadId)
	c.Answer(push)

	// The file changes; the worker that runs does not.
	write("// newer\n" + dapKindsWorker)
	push = c.Post("evaluate", godap.EvaluateArguments{Expression: ".push fine", Context: "repl"})
	stop = c.Stopped().Body
	f = c.Frames(stop.ThreadId)[0]
	if f.Line != 3 || f.Source.SourceReference == 0 {
		t.Errorf("in the old version: %+v, %+v", f, f.Source)
	} else if text := dapclient.Ask[*godap.SourceResponse](c, "source", godap.SourceArguments{SourceReference: f.Source.SourceReference}).Body.Content; text != dapKindsWorker {
		t.Errorf("the old version says %q", text)
	}
	goOn(stop.ThreadId)
	c.Answer(push)

	// A worker that does nothing stops at what it does next.
	dapclient.Ask[*godap.SetFunctionBreakpointsResponse](c, "setFunctionBreakpoints", godap.SetFunctionBreakpointsArguments{Breakpoints: []godap.FunctionBreakpoint{}})
	dapclient.Ask[*godap.PauseResponse](c, "pause", godap.PauseArguments{ThreadId: stop.ThreadId})
	push = c.Post("evaluate", godap.EvaluateArguments{Expression: ".push later", Context: "repl"})
	if stop = c.Stopped().Body; stop.Reason != "pause" {
		t.Errorf("a pause that was asked for: %+v", stop)
	}
	goOn(stop.ThreadId)
	c.Answer(push)

	// Restarted, it runs what the file says now.
	dapclient.Ask[*godap.RestartResponse](c, "restart", map[string]any{})
	stop = c.Stopped().Body
	if !strings.Contains(stop.Text, "activ") {
		t.Errorf("after a restart: %+v", stop)
	}
	loaded := dapclient.Ask[*godap.LoadedSourcesResponse](c, "loadedSources", nil).Body.Sources
	if len(loaded) != 1 || loaded[0].Path != script || loaded[0].SourceReference != 0 {
		t.Errorf("loaded: %+v", loaded)
	}
	dapclient.Ask[*godap.TerminateResponse](c, "terminate", nil)
	dapclient.Next[*godap.TerminatedEvent](c, nil)
	dapclient.Ask[*godap.DisconnectResponse](c, "disconnect", nil)
}

// On the engine a worker is stepped back, and run back to the breakpoint before.
func TestDAPStepsBack(t *testing.T) {
	dir, script := dapFolder(t)
	c := startDAP(t)
	c.Begin("launch", map[string]any{"site": dir, "url": "/"}, func() {
		dapclient.Ask[*godap.SetBreakpointsResponse](c, "setBreakpoints", godap.SetBreakpointsArguments{
			Source: godap.Source{Path: script}, Breakpoints: []godap.SourceBreakpoint{{Line: 7}, {Line: 10}},
		})
	})
	c.Find("the offer to step back", 0, func(m godap.Message) bool {
		e, ok := m.(*godap.CapabilitiesEvent)
		return ok && e.Body.Capabilities.SupportsStepBack
	})
	n := c.Stopped().Body.ThreadId
	dapclient.Ask[*godap.ContinueResponse](c, "continue", godap.ContinueArguments{ThreadId: n})
	c.Stopped()
	if f := c.Frames(n)[0]; f.Line != 10 {
		t.Fatalf("it stopped at %+v", f)
	}
	dapclient.Ask[*godap.StepBackResponse](c, "stepBack", godap.StepBackArguments{ThreadId: n})
	c.Stopped()
	back := c.Frames(n)[0]
	if back.Line != 9 {
		t.Errorf("one step back: %+v", back)
	}
	dapclient.Ask[*godap.ReverseContinueResponse](c, "reverseContinue", godap.ReverseContinueArguments{ThreadId: n})
	c.Stopped()
	first := c.Frames(n)[0]
	if first.Line != 7 {
		t.Errorf("back to the breakpoint before: %+v", first)
	}
	if v := c.Locals(first.Id)["name"]; v.Value != "'pages-v1'" {
		t.Errorf("name was %+v", v)
	}
	dapclient.Ask[*godap.ContinueResponse](c, "continue", godap.ContinueArguments{ThreadId: n})
	dapclient.Ask[*godap.DisconnectResponse](c, "disconnect", nil)
}
