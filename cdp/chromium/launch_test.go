package chromium

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
)

// launch starts a browser that the test ends.
func launch(t *testing.T, o Options) *Process {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	p, err := Launch(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func connect(t *testing.T, p *Process) *cdp.Conn {
	t.Helper()
	transport, err := p.Transport(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := cdp.NewConn(transport)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestLaunch(t *testing.T) {
	for name, o := range map[string]Options{"port": {}, "pipe": {Pipe: true}} {
		t.Run(name, func(t *testing.T) {
			p := launch(t, o)
			profile := p.UserDataDir()
			if p.Endpoint().Instance == "" || !strings.Contains(p.Endpoint().Product, "/") {
				t.Errorf("endpoint %+v", p.Endpoint())
			}
			c := connect(t, p)
			v, err := cdproto.Call(t.Context(), c.Root(), browser.GetVersion, cdproto.Empty{})
			if err != nil || v.Product != p.Endpoint().Product {
				t.Fatalf("Browser.getVersion: %+v, %v", v, err)
			}
			drive(t, c)
			p.Kill()
			select {
			case <-c.Done():
			case <-time.After(10 * time.Second):
				t.Fatal("the connection did not notice the end of the browser")
			}
			if err := c.Err(); !errors.Is(err, cdp.ErrClosed) || err == cdp.ErrClosed {
				t.Errorf("cause %v: want one that matches ErrClosed and says more", err)
			}
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			if left := processesOn(t, profile); len(left) > 0 {
				t.Errorf("processes left behind: %v", left)
			}
			if _, err := os.Stat(profile); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the throwaway profile is still there: %v", err)
			}
		})
	}
}

// drive exercises sessions on the real thing: attach, typed call, typed error,
// lone surrogates, detach.
func drive(t *testing.T, c *cdp.Conn) {
	t.Helper()
	ctx := t.Context()
	created, err := cdproto.Call(ctx, c.Root(), target.CreateTarget, target.CreateTargetParams{URL: "about:blank"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Attach(ctx, created.TargetID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cdproto.Call(ctx, s, serviceworker.Enable, cdproto.Empty{}); err != nil {
		t.Error(err)
	}
	_, err = cdproto.Call(ctx, c.Root(), serviceworker.Enable, cdproto.Empty{})
	if failed, ok := errors.AsType[*cdp.CallError](err); !ok || failed.Code != cdp.CodeMethodNotFound {
		t.Errorf("ServiceWorker.enable on the browser session: %v", err)
	}
	res, err := cdproto.Call(ctx, s, runtime.Evaluate, runtime.EvaluateParams{Expression: `"lone \ud800 surrogate"`})
	if err != nil || !strings.Contains(string(res.Result.Value), "lone \uFFFD surrogate") {
		t.Errorf("a lone surrogate: %s, %v", res.Result.Value, err)
	}
	if err := c.Session("bogus").Call(ctx, runtime.Enable.Method, nil, nil); !errors.Is(err, cdp.ErrSessionGone) {
		t.Errorf("a session that never was: %v", err)
	}
	events := c.Listen(0, target.DetachedFromTarget.Method)
	if err := s.Detach(ctx); err != nil {
		t.Error(err)
	}
	if err := s.Call(ctx, runtime.Evaluate.Method, nil, nil); !errors.Is(err, cdp.ErrSessionGone) {
		t.Errorf("a call after detach: %v", err)
	}
	<-events.C()
	events.Close()
}

// processesOn are the processes whose command line names the profile. A zombie
// that waits for somebody else has none.
func processesOn(t *testing.T, profile string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, file := range files {
		if b, err := os.ReadFile(file); err == nil && strings.Contains(string(b), profile) {
			left = append(left, strings.ReplaceAll(string(b), "\x00", " "))
		}
	}
	return left
}

// TestCloseEndsGently: a browser that is asked to end saves its profile.
func TestCloseEndsGently(t *testing.T) {
	p := launch(t, Options{UserDataDir: t.TempDir(), Pipe: true})
	connect(t, p)
	if _, err := p.Transport(t.Context()); err == nil {
		t.Error("the one pipe was handed out twice")
	}
	start := time.Now()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took >= termWithin {
		t.Errorf("it had to be killed after %s", took)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
	if left := processesOn(t, p.UserDataDir()); len(left) > 0 {
		t.Errorf("processes left behind: %v", left)
	}
}

// BenchmarkCall measures Browser.getVersion on the real thing.
func BenchmarkCall(b *testing.B) {
	for name, o := range map[string]Options{"port": {}, "pipe": {Pipe: true}} {
		b.Run(name, func(b *testing.B) {
			p, err := Launch(b.Context(), o)
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = p.Close() }()
			transport, err := p.Transport(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			c := cdp.NewConn(transport)
			defer func() { _ = c.Close() }()
			for b.Loop() {
				if _, err := cdproto.Call(b.Context(), c.Root(), browser.GetVersion, cdproto.Empty{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
