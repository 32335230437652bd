// Package drive opens pages of a real Chromium in tests, as a user would, over a
// connection of its own: what a test does is not done by the code under test.
package drive

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/cdp/chromium"
)

// Chromium is a browser started for tests. Its methods may be called from any
// goroutine.
type Chromium struct {
	Process *chromium.Process
	conn    *cdp.Conn
}

// Options say how to start a browser for tests.
type Options struct {
	UserDataDir string // kept by the caller; "" for a throwaway profile
	Port        int    // 0 for a free one
	Args        []string
}

// Launch starts a browser that swinspect did not start: nothing of the code
// under test knows of it.
func Launch(ctx context.Context, o Options) (*Chromium, error) {
	headless := true
	p, err := chromium.Launch(ctx, chromium.Options{
		Headless: &headless, Port: o.Port, UserDataDir: o.UserDataDir, Args: o.Args, Stderr: stderr(),
	})
	if err != nil {
		return nil, err
	}
	c := &Chromium{Process: p}
	t, err := cdp.DialWebSocket(ctx, p.Endpoint().WebSocketURL)
	if err != nil {
		p.Kill()
		return nil, err
	}
	c.conn = cdp.NewConn(t)
	return c, nil
}

func stderr() io.Writer {
	if os.Getenv("DRIVE_STDERR") != "" {
		return os.Stderr
	}
	return nil
}

// Start launches a browser that ends with the test.
func Start(t testing.TB) *Chromium { return StartWith(t, Options{}) }

// StartWith is Start with options.
func StartWith(t testing.TB, o Options) *Chromium {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	c, err := Launch(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// Close ends the browser.
func (c *Chromium) Close() {
	_ = c.conn.Close()
	_ = c.Process.Close()
}

// Kill ends the browser without its consent, as a crash would.
func (c *Chromium) Kill() {
	c.Process.Kill()
	_ = c.Process.Wait()
	_ = c.conn.Close()
}

// Endpoint is what a user would attach to: host and port.
func (c *Chromium) Endpoint() string {
	ws := c.Process.Endpoint().WebSocketURL
	host, _, _ := strings.Cut(strings.TrimPrefix(ws, "ws://"), "/")
	return host
}

// Conn is the test's own connection.
func (c *Chromium) Conn() *cdp.Conn { return c.conn }

// Targets lists all targets of the browser.
func (c *Chromium) Targets(t testing.TB) []*target.Info {
	t.Helper()
	res, err := cdproto.Call(context.Background(), c.conn.Root(), target.GetTargets, target.GetTargetsParams{})
	if err != nil {
		t.Fatal(err)
	}
	return res.TargetInfos
}

// NewContext makes an incognito browser context and returns its id.
func (c *Chromium) NewContext(t testing.TB) string {
	t.Helper()
	res, err := cdproto.Call(context.Background(), c.conn.Root(), target.CreateBrowserContext, target.CreateBrowserContextParams{})
	if err != nil {
		t.Fatal(err)
	}
	return string(res.BrowserContextID)
}

// DisposeContext ends a browser context.
func (c *Chromium) DisposeContext(t testing.TB, id string) {
	t.Helper()
	_, err := cdproto.Call(context.Background(), c.conn.Root(), target.DisposeBrowserContext,
		target.DisposeBrowserContextParams{BrowserContextID: cdproto.BrowserContextID(id)})
	if err != nil {
		t.Fatal(err)
	}
}

// Page is an open tab.
type Page struct {
	c       *Chromium
	ID      string
	Session *cdp.Session
}

// Open opens a tab of the default context and waits until the page says that it
// is ready (see package testsite); a page that says an error fails the test.
func (c *Chromium) Open(t testing.TB, url string) *Page { t.Helper(); return c.OpenIn(t, "", url) }

// OpenIn is Open in another browser context.
func (c *Chromium) OpenIn(t testing.TB, browserContext, url string) *Page {
	t.Helper()
	p := c.OpenAny(t, browserContext, url)
	if state := p.State(t); state != "ready" {
		t.Fatalf("page %s: %s", url, state)
	}
	return p
}

// OpenAny opens a tab and does not look at it.
func (c *Chromium) OpenAny(t testing.TB, browserContext, url string) *Page {
	t.Helper()
	res, err := cdproto.Call(context.Background(), c.conn.Root(), target.CreateTarget, target.CreateTargetParams{
		URL: url, BrowserContextID: cdproto.BrowserContextID(browserContext),
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.conn.Attach(context.Background(), res.TargetID)
	if err != nil {
		t.Fatal(err)
	}
	return &Page{c: c, ID: string(res.TargetID), Session: s}
}

// State waits until the page says how it went: "ready" or "error: …".
func (p *Page) State(t testing.TB) string {
	t.Helper()
	const expr = `new Promise((resolve) => {
		const look = () => {
			const state = document.documentElement && document.documentElement.dataset.state;
			state ? resolve(state) : setTimeout(look, 20);
		};
		look();
	})`
	deadline := time.Now().Add(120 * time.Second)
	for time.Now().Before(deadline) {
		// A navigation that commits meanwhile destroys the context of the promise.
		state, err := p.eval(context.Background(), expr)
		if err == nil {
			return state
		}
		time.Sleep(30 * time.Millisecond)
	}
	t.Fatalf("page %s never became ready", p.ID)
	return ""
}

// Eval evaluates an expression, awaits it if it is a promise, and returns its
// value: a string as it is, anything else as JSON.
func (p *Page) Eval(t testing.TB, expr string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	v, err := p.eval(ctx, expr)
	if err != nil {
		t.Fatalf("eval %.80s: %v", expr, err)
	}
	return v
}

func (p *Page) eval(ctx context.Context, expr string) (string, error) {
	byValue, await := true, true
	res, err := cdproto.Call(ctx, p.Session, runtime.Evaluate, runtime.EvaluateParams{
		Expression: expr, ReturnByValue: &byValue, AwaitPromise: &await,
	})
	if err != nil {
		return "", err
	}
	if res.ExceptionDetails != nil {
		return "", fmt.Errorf("%s", res.ExceptionDetails.Text+describe(res.ExceptionDetails.Exception))
	}
	if res.Result == nil {
		return "", nil
	}
	var s string
	if jsonv2.Unmarshal(res.Result.Value, &s) == nil {
		return s, nil
	}
	return string(res.Result.Value), nil
}

func describe(o *runtime.RemoteObject) string {
	if o == nil {
		return ""
	}
	return ": " + o.Description
}

// Reload loads the page again and waits until it is ready.
func (p *Page) Reload(t testing.TB) {
	t.Helper()
	p.Eval(t, "void (document.documentElement.dataset.state = '')")
	p.Eval(t, "window.beforeReload = true")
	if _, err := cdproto.Call(context.Background(), p.Session, page.Reload, page.ReloadParams{}); err != nil {
		t.Fatal(err)
	}
	for range 500 {
		if v, err := p.eval(context.Background(), "String(window.beforeReload)"); err == nil && v == "undefined" {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if state := p.State(t); state != "ready" {
		t.Fatalf("reload of %s: %s", p.ID, state)
	}
}

// Close closes the tab.
func (p *Page) Close(t testing.TB) {
	t.Helper()
	if _, err := cdproto.Call(context.Background(), p.c.conn.Root(), target.CloseTarget, target.CloseTargetParams{TargetID: target.ID(p.ID)}); err != nil {
		t.Fatal(err)
	}
}
