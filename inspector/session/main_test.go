package session_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/cdp/chromium"
	"github.com/swinspect/swinspect/inspector/session"
	"github.com/swinspect/swinspect/inspector/session/report"
	"github.com/swinspect/swinspect/runtime/clock"
	"github.com/swinspect/swinspect/runtime/devtools"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/window"
)

func TestMain(m *testing.M) {
	code := m.Run()
	browsers.close()
	if code == 0 {
		if err := goleak.Find(goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// host opens engines in this process, and one Chromium for all tests.
type host struct {
	mu      sync.Mutex
	process *chromium.Process
	engines atomic.Int64
}

var browsers = &host{}

func (h *host) close() {
	if h.process != nil {
		_ = h.process.Close() // a throwaway
	}
}

func (h *host) Open(ctx context.Context, o session.OpenOptions) (*session.Backend, error) {
	switch o.Backend {
	case "engine":
		return h.engine(o), nil
	case "chromium":
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.process != nil && o.Fresh {
			_ = h.process.Close() // it does not obey
			h.process = nil
		}
		if h.process == nil {
			yes := true
			p, err := chromium.Launch(ctx, chromium.Options{Headless: &yes})
			if err != nil {
				return nil, err
			}
			h.process = p
		}
		return h.at("chromium", h.process.Endpoint()), nil
	}
	e, err := cdp.Resolve(ctx, o.Backend)
	if err != nil {
		return nil, err
	}
	return h.at(o.Backend, e), nil
}

func (h *host) at(name string, e cdp.Endpoint) *session.Backend {
	return &session.Backend{
		Name: name, Shared: true, Close: func() error { return nil },
		Dial: func(ctx context.Context) (cdp.Transport, cdp.Endpoint, error) {
			t, err := cdp.DialWebSocket(ctx, e.WebSocketURL)
			return t, e, err
		},
	}
}

func (h *host) engine(o session.OpenOptions) *session.Backend {
	now := clock.NewRunning(o.Clock)
	network := fetch.Live(fetch.LiveOptions{AllowedOrigins: []string{"*"}})
	server := devtools.New(devtools.Options{Browser: window.BrowserOptions{Network: network, Clock: now}, Product: "swinspect/test", Logger: slog.New(slog.DiscardHandler)})
	endpoint := cdp.Endpoint{Instance: "engine-" + strconv.FormatInt(h.engines.Add(1), 10)}
	var wg sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	return &session.Backend{
		Name: "engine",
		Dial: func(context.Context) (cdp.Transport, cdp.Endpoint, error) {
			ours, theirs := cdp.Pipe()
			wg.Go(func() { _ = server.ServeBrowser(ctx, theirs) }) // ends with its client
			return ours, endpoint, nil
		},
		Close: func() error {
			stop()
			wg.Wait()
			server.Close()
			now.Close()
			network.CloseIdleConnections()
			return nil
		},
	}
}

// told is what a run said.
type told struct {
	events  []*report.Event
	summary *report.Summary
}

// ended are the results of tests by name.
func (x *told) ended() map[string]*report.Result {
	all := map[string]*report.Result{}
	for _, e := range x.events {
		if e.Type == report.TestEnded {
			all[e.Test.Name] = e.Result
		}
	}
	return all
}

func (x *told) file() *report.Result {
	for _, e := range x.events {
		if e.Type == report.FileEnded {
			return e.Result
		}
	}
	return nil
}

func (x *told) output() string {
	var lines []string
	for _, e := range x.events {
		if e.Type == report.Printed {
			lines = append(lines, e.Output.Text)
		}
	}
	return strings.Join(lines, "\n")
}

// run runs a script given as text, or files of a folder of them by name.
func run(t testing.TB, source string, change ...func(*session.Options)) *told {
	t.Helper()
	return runFiles(t, map[string]string{"script.ts": source}, change...)
}

func runFiles(t testing.TB, files map[string]string, change ...func(*session.Options)) *told {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	x := &told{}
	o := session.Options{Files: []string{filepath.Join(dir, "script.ts")}, Host: browsers, Backend: "engine", WaitTimeout: 3 * time.Second, Steps: true, Emit: func(e *report.Event) { x.events = append(x.events, e) }}
	for _, c := range change {
		c(&o)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var err error
	if x.summary, err = session.Run(ctx, o); err != nil {
		t.Errorf("run: %v", err)
	}
	return x
}

// passes fails the test when anything of a run did.
func (x *told) passes(t testing.TB) {
	t.Helper()
	if f := x.file(); f == nil || len(f.Failures) > 0 {
		t.Errorf("the file: %s", failureText(f))
	}
	for _, e := range x.events {
		if e.Type == report.TestEnded && e.Result.Outcome.Bad() && !e.Result.Retried {
			t.Errorf("%s %s: %s", e.Test.Name, e.Result.Outcome, failureText(e.Result))
		}
	}
	if x.summary.Tests == 0 {
		t.Error("no test ran")
	}
	if os.Getenv("SWINSPECT_STEPS") != "" {
		for _, e := range x.events {
			if e.Step != nil && e.Type == report.StepEnded {
				t.Logf("%7.1f ms %s", float64(e.Step.Took), e.Step.Title)
			}
			if e.Type == report.TestEnded {
				t.Logf("%7.1f ms TEST %s", float64(e.Result.Took), e.Test.Name)
			}
		}
	}
	if t.Failed() && x.output() != "" {
		t.Log(x.output())
	}
}

func failureText(r *report.Result) string {
	if r == nil {
		return "nothing was said"
	}
	var b strings.Builder
	for _, f := range r.Failures {
		fmt.Fprintf(&b, "\n%s: %s\n  at %s:%d:%d\n%s\n", f.Name, f.Message, filepath.Base(f.At.File), f.At.Line, f.At.Column, f.Frame)
	}
	return b.String()
}
