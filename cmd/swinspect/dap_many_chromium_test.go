package main

import (
	"context"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	godap "github.com/google/go-dap"

	"github.com/swinspect/swinspect/internal/dapclient"
	"github.com/swinspect/swinspect/internal/testsite/drive"
)

// listenDAP runs swinspect dap --listen in this process and gives its address.
func listenDAP(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs syncBuffer
	ended := make(chan int, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		ended <- run(ctx, append([]string{"dap", "--listen", "127.0.0.1:0"}, args...), stdio{in: strings.NewReader(""), out: &out, err: &errs, env: func(string) string { return "" }})
	}()
	t.Cleanup(func() {
		cancel()
		if exit := <-ended; exit != exitOK || errs.String() != "" {
			t.Errorf("exit %d, standard error: %s", exit, &errs)
		}
	})
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if m := regexp.MustCompile(`listening at: (\S+)`).FindStringSubmatch(out.String()); m != nil {
			return m[1]
		}
	}
	t.Fatalf("it does not listen: %s %s", &out, &errs)
	return ""
}

// editor connects to it.
func editor(t *testing.T, address string) *dapclient.Client {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return dapclient.New(t, c)
}

// Two editors on one browser: both see the stop, one drives, the other can take over,
// and when both are gone the worker goes on.
func TestDAPManyEditors(t *testing.T) {
	dir, script := dapFolder(t)
	site, err := serveDAPSite(t.Context(), dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := site.close(); err != nil {
			t.Error(err)
		}
	}()
	browser := drive.Start(t)
	page := browser.Open(t, site.origin+"/")
	address := listenDAP(t, "--token", "secret")
	one, two := editor(t, address), editor(t, address)
	configuration := map[string]any{"endpoint": browser.Endpoint(), "webRoot": dir, "token": "secret"}
	one.Begin("attach", configuration, func() {
		dapclient.Ask[*godap.SetBreakpointsResponse](one, "setBreakpoints", godap.SetBreakpointsArguments{Source: godap.Source{Path: script}, Breakpoints: []godap.SourceBreakpoint{{Line: 15}}})
	})
	two.Begin("attach", configuration, nil)
	dapclient.Next[*godap.BreakpointEvent](one, func(e *godap.BreakpointEvent) bool { return e.Body.Breakpoint.Verified })

	answers := make(chan string, 1)
	ask := func(n string) {
		go func() {
			answers <- page.Eval(t, "navigator.serviceWorker.ready.then(r => new Promise(f => { navigator.serviceWorker.onmessage = e => f(e.data); r.active.postMessage("+n+") }))")
		}()
	}
	ask("21")
	stop, seen := one.Stopped().Body, two.Stopped().Body
	if len(stop.HitBreakpointIds) != 1 || len(seen.HitBreakpointIds) != 0 || seen.Text != stop.Text {
		t.Errorf("one: %+v, two: %+v", stop, seen)
	}
	frame := one.Frames(stop.ThreadId)[0]
	if frame.Source.Path != script || frame.Line != 15 {
		t.Errorf("it stopped at %+v", frame)
	}
	dapclient.Ask[*godap.EvaluateResponse](one, "evaluate", godap.EvaluateArguments{Expression: "i = 30", FrameId: frame.Id, Context: "repl"})
	two.Refuse("continue", godap.ContinueArguments{ThreadId: seen.ThreadId}, "drives the debugger", ".drive")
	if v := two.Locals(two.Frames(seen.ThreadId)[0].Id)["i"]; v.Value != "30" {
		t.Errorf("the other editor sees i as %+v", v)
	}
	dapclient.Ask[*godap.EvaluateResponse](two, "evaluate", godap.EvaluateArguments{Expression: ".drive", Context: "repl"})
	dapclient.Ask[*godap.ContinueResponse](two, "continue", godap.ContinueArguments{ThreadId: seen.ThreadId})
	dapclient.Next[*godap.ContinuedEvent](one, nil)
	if got := <-answers; got != "60" {
		t.Errorf("the page was answered %s", got)
	}

	ask("4")
	one.Stopped()
	two.Stopped()
	if err := two.Close(); err != nil { // without a word
		t.Fatal(err)
	}
	select {
	case got := <-answers:
		t.Fatalf("the worker went on with %s while an editor is there", got)
	case <-time.After(300 * time.Millisecond):
	}
	dapclient.Ask[*godap.DisconnectResponse](one, "disconnect", nil)
	if got := <-answers; got != "8" {
		t.Errorf("after the disconnect the page was answered %s", got)
	}
	// The browser lives on and is debugged by nobody.
	ask("5")
	if got := <-answers; got != "10" {
		t.Errorf("the page was answered %s", got)
	}
}

// What is launched by a client of a port stays when it says so, and another joins it.
func TestDAPJoinsWhatWasLaunched(t *testing.T) {
	dir, script := dapFolder(t)
	address := listenDAP(t)
	one := editor(t, address)
	one.Begin("launch", map[string]any{"backend": "chromium", "program": script}, nil)
	one.Output("activating → active")
	dapclient.Ask[*godap.DisconnectResponse](one, "disconnect", map[string]any{"terminateDebuggee": false})
	two := editor(t, address)
	two.Begin("attach", map[string]any{"webRoot": dir, "stopOnEntry": true}, nil)
	dapclient.Ask[*godap.EvaluateResponse](two, "evaluate", godap.EvaluateArguments{Expression: ".stop", Context: "repl"})
	n := two.Post("evaluate", godap.EvaluateArguments{Expression: ".push hello", Context: "repl"})
	stop := two.Stopped().Body
	if stop.Reason != "entry" {
		t.Errorf("the start of a worker: %+v", stop)
	}
	if f := two.Frames(stop.ThreadId)[0]; f.Line != 1 || f.Source.Path != script {
		t.Errorf("it stopped at %+v", f)
	}
	dapclient.Ask[*godap.ContinueResponse](two, "continue", godap.ContinueArguments{ThreadId: stop.ThreadId})
	if r, ok := two.Answer(n).(*godap.EvaluateResponse); !ok {
		t.Errorf(".push: %+v", r)
	}
	dapclient.Ask[*godap.TerminateThreadsResponse](two, "terminateThreads", godap.TerminateThreadsArguments{ThreadIds: []int{stop.ThreadId}})
	dapclient.Next[*godap.ThreadEvent](two, func(e *godap.ThreadEvent) bool { return e.Body.Reason == "exited" })
	restarted := launchedAgain(t, address, script)
	dapclient.Ask[*godap.RestartResponse](restarted, "restart", nil)
	dapclient.Ask[*godap.TerminateResponse](restarted, "terminate", nil)
	dapclient.Next[*godap.TerminatedEvent](restarted, nil)
	dapclient.Ask[*godap.DisconnectResponse](two, "disconnect", map[string]any{"terminateDebuggee": true})
}

// launchedAgain launches the same again and waits until it runs.
func launchedAgain(t *testing.T, address, script string) *dapclient.Client {
	t.Helper()
	c := editor(t, address)
	c.Begin("launch", map[string]any{"backend": "chromium", "program": script}, nil)
	c.Output("activating → active")
	return c
}

func TestDAPUsage(t *testing.T) {
	call(t, "dap", "--listen", "localhost").want(t, exitUsage, "host:port")
	call(t, "dap", "--listen", "0.0.0.0:0").want(t, exitUsage, "--token")
	call(t, "dap", "site").want(t, exitUsage, "one argument too many")
	r := callWith(t, nil, "GET / HTTP/1.1\r\n\r\n", "dap").want(t, exitNo, "Debug Adapter Protocol")
	if !strings.Contains(r.out, "is this a client") {
		t.Errorf("standard output: %s", r.out)
	}
	callWith(t, nil, "", "dap").want(t, exitOK)
}
