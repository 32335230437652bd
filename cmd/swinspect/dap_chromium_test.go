package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	godap "github.com/google/go-dap"

	"github.com/swinspect/swinspect/internal/dapclient"
)

// dapWorker is what the tests debug.
const dapWorker = `const VERSION = 'v1';
addEventListener('install', (event) => {
  event.waitUntil(fill());
});
async function fill() {
  const name = 'pages-' + VERSION;
  const cache = await caches.open(name);
  const kept = await cache.match('/missing');
  const answer = kept === undefined ? 42 : 0;
  console.log('filled', answer);
  for (let i = 0; i < 5; i++) note(i);
  return answer;
}
function note(i) {
  return i * 2;
}
addEventListener('message', (event) => { event.source.postMessage(note(event.data)); });
`

// dapFolder is a site with that worker.
func dapFolder(t *testing.T) (dir, script string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{
		"index.html": `<!doctype html><title>site</title><script>
navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready).then(() => { document.documentElement.dataset.state = 'ready' });
</script>`,
		"sw.js": dapWorker,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir, filepath.Join(dir, "sw.js")
}

// duplex is the client's end of a program's standard input and output.
type duplex struct {
	io.Reader
	io.WriteCloser
}

// startDAP runs swinspect dap in this process, as an editor starts it.
func startDAP(t *testing.T) *dapclient.Client {
	t.Helper()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	var errs syncBuffer
	ended := make(chan int, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		ended <- run(ctx, []string{"dap"}, stdio{in: inR, out: outW, err: &errs, env: func(string) string { return "" }})
		_ = outW.Close()
	}()
	t.Cleanup(func() {
		defer cancel()
		if exit := <-ended; exit != exitOK || errs.String() != "" {
			t.Errorf("exit %d, standard error: %s", exit, &errs)
		}
	})
	return dapclient.New(t, duplex{outR, inW})
}

func TestDAPOnChromium(t *testing.T) { dapSession(t, "chromium") }

func TestDAPOnTheEngine(t *testing.T) { dapSession(t, "engine") }

// Break in install of a first registration, read a variable, step over an await, stop
// where a cache has no answer, at a condition, log, set a variable, and let go.
func dapSession(t *testing.T, backend string) {
	dir, script := dapFolder(t)
	c := startDAP(t)
	var set []godap.Breakpoint
	c.Begin("launch", map[string]any{"backend": backend, "site": dir, "url": "/", "webRoot": dir, "stateEvents": true}, func() {
		set = dapclient.Ask[*godap.SetBreakpointsResponse](c, "setBreakpoints", godap.SetBreakpointsArguments{
			Source: godap.Source{Path: script},
			Breakpoints: []godap.SourceBreakpoint{
				{Line: 7}, {Line: 15, Condition: "i === 3"}, {Line: 12, LogMessage: "the answer is {answer}"},
			},
		}).Body.Breakpoints
		points := dapclient.Ask[*godap.SetFunctionBreakpointsResponse](c, "setFunctionBreakpoints", godap.SetFunctionBreakpointsArguments{
			Breakpoints: []godap.FunctionBreakpoint{{Name: "cache:miss cache=pages-*"}},
		}).Body.Breakpoints
		if len(points) != 1 || !points[0].Verified {
			t.Errorf("function breakpoints: %+v", points)
		}
	})
	stop := c.Stopped().Body
	n := stop.ThreadId
	frames := c.Frames(n)
	if stop.Reason != "breakpoint" || len(stop.HitBreakpointIds) != 1 || stop.HitBreakpointIds[0] != set[0].Id || frames[0].Line != 7 || frames[0].Name != "fill" || frames[0].Source.Path != script {
		t.Fatalf("the first stop: %+v in %+v, source %+v", stop, frames, frames[0].Source)
	}
	if v := c.Locals(frames[0].Id)["name"]; !strings.Contains(v.Value, "pages-v1") {
		t.Errorf("name is %+v", v)
	}
	c.Find("the breakpoint to be verified", 0, func(m godap.Message) bool {
		e, ok := m.(*godap.BreakpointEvent)
		return ok && e.Body.Breakpoint.Id == set[1].Id && e.Body.Breakpoint.Verified
	})
	dapclient.Ask[*godap.NextResponse](c, "next", godap.NextArguments{ThreadId: n})
	if stop := c.Stopped().Body; stop.Reason != "step" {
		t.Errorf("after a step: %+v", stop)
	}
	if f := c.Frames(n)[0]; f.Line != 8 || f.Name != "fill" {
		t.Errorf("after a step over an await: %+v", f)
	}
	dapclient.Ask[*godap.ContinueResponse](c, "continue", godap.ContinueArguments{ThreadId: n})
	stop = c.Stopped().Body
	if stop.Reason != "function breakpoint" || !strings.Contains(stop.Text, "pages-v1") || !strings.Contains(stop.Text, "/missing") {
		t.Errorf("at the miss: %+v", stop)
	}
	dapclient.Ask[*godap.ContinueResponse](c, "continue", godap.ContinueArguments{ThreadId: n})
	stop = c.Stopped().Body
	frames = c.Frames(n)
	if stop.Reason != "breakpoint" || frames[0].Name != "note" || frames[0].Line != 15 || len(frames) < 2 || frames[1].Name != "fill" {
		t.Fatalf("at the condition: %+v in %+v", stop, frames)
	}
	c.Output("filled")
	if r := dapclient.Ask[*godap.EvaluateResponse](c, "evaluate", godap.EvaluateArguments{Expression: "i * 10", FrameId: frames[0].Id, Context: "watch"}).Body; r.Result != "30" {
		t.Errorf("i * 10 is %+v", r)
	}
	c.Refuse("evaluate", godap.EvaluateArguments{Expression: "nowhere", FrameId: frames[0].Id, Context: "repl"}, "ReferenceError", "nowhere")
	scopes := dapclient.Ask[*godap.ScopesResponse](c, "scopes", godap.ScopesArguments{FrameId: frames[0].Id}).Body.Scopes
	if v := dapclient.Ask[*godap.SetVariableResponse](c, "setVariable", godap.SetVariableArguments{VariablesReference: scopes[0].VariablesReference, Name: "i", Value: "5 + 1"}).Body; v.Value != "6" {
		t.Errorf("setVariable: %+v", v)
	}
	// What an expression changes is seen in the variables.
	dapclient.Ask[*godap.EvaluateResponse](c, "evaluate", godap.EvaluateArguments{Expression: "i = i + 1; i--", FrameId: frames[0].Id, Context: "repl"})
	dapclient.Ask[*godap.EvaluateResponse](c, "evaluate", godap.EvaluateArguments{Expression: "name", FrameId: frames[1].Id, Context: "repl"})
	if v := c.Locals(frames[0].Id)["i"]; v.Value != "6" {
		t.Errorf("i is %+v", v)
	}
	if v := c.Locals(frames[1].Id)["name"]; v.Value != "'pages-v1'" {
		t.Errorf("name in the caller is %+v", v)
	}
	if r := dapclient.Ask[*godap.EvaluateResponse](c, "evaluate", godap.EvaluateArguments{Expression: "({a: [i]})", FrameId: frames[0].Id, Context: "clipboard"}).Body; strings.Join(strings.Fields(r.Result), "") != `{"a":[6]}` {
		t.Errorf("clipboard: %+v", r)
	}
	dapclient.Ask[*godap.StepOutResponse](c, "stepOut", godap.StepOutArguments{ThreadId: n})
	c.Stopped()
	if f := c.Frames(n)[0]; f.Name != "fill" || f.Line != 11 {
		t.Errorf("after stepping out: %+v", f)
	}
	locations := dapclient.Ask[*godap.BreakpointLocationsResponse](c, "breakpointLocations", godap.BreakpointLocationsArguments{Source: godap.Source{Path: script}, Line: 13, EndLine: 15}).Body.Breakpoints
	if len(locations) == 0 {
		t.Error("no breakpoint locations")
	}
	dapclient.Ask[*godap.ContinueResponse](c, "continue", godap.ContinueArguments{ThreadId: n})
	c.Output("the answer is 42")
	c.Output("installing → ")
	c.Output("activating → active")
	workers := dapclient.Ask[*godap.EvaluateResponse](c, "evaluate", godap.EvaluateArguments{Expression: ".workers", Context: "repl"}).Body.Result
	if !strings.Contains(workers, "activated") {
		t.Errorf(".workers: %s", workers)
	}
	dapclient.Ask[*godap.DisconnectResponse](c, "disconnect", map[string]any{})
}
