package fetches

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	cdptarget "github.com/chromedp/cdproto/target"
	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/assets/demo"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/internal/testsite/drive"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What a real browser says of the demo's requests is read as it was.
func TestChromiumFetches(t *testing.T) {
	site := httptest.NewServer(demo.New())
	defer site.Close()
	base := strings.Replace(site.URL, "127.0.0.1", "localhost", 1)
	browser := drive.Start(t)
	hub := inspector.NewHub(inspector.HubOptions{})
	defer hub.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	b, err := hub.Attach(ctx, inspector.AttachOptions{Endpoint: browser.Endpoint()})
	if err != nil {
		t.Fatal(err)
	}
	l := NewLog(Options{})
	_, untap := b.Tap(l.Apply)
	defer untap()
	c, err := b.Capture(ctx, inspector.CaptureOptions{Bodies: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	id, err := c.OpenPage(ctx, "", base+"/")
	if err != nil {
		t.Fatal(err)
	}
	session, err := browser.Conn().Attach(ctx, cdptarget.ID(id))
	if err != nil {
		t.Fatal(err)
	}
	page := &drive.Page{ID: id, Session: session}
	for page.Eval(t, "location.protocol") != "http:" {
		time.Sleep(50 * time.Millisecond)
	}
	page.Eval(t, `navigator.serviceWorker.ready.then(() => new Promise(f => setTimeout(f, 1500))).then(() => "ok")`)
	page.Eval(t, `setTimeout(() => location.reload(), 10), "ok"`)
	time.Sleep(1500 * time.Millisecond)
	page.Eval(t, `fetch("/missing.txt", {method: "POST", body: "hello"}).then(r => r.text())`)
	page.Eval(t, `new Promise(f => setTimeout(f, 500)).then(() => "ok")`)
	c.Settle(ctx)
	got := map[string]string{} // the last request of each URL
	for _, f := range l.All() {
		what := fmt.Sprintf("%s %s %d %s %s %s", f.Kind, f.Method, f.Status, f.Decision, f.Source, f.CacheName)
		got[strings.TrimPrefix(f.URL, base)] = strings.TrimSpace(what)
		if f.Done && f.ResponseBody.Hash == "" {
			t.Errorf("no body: %+v", f)
		}
	}
	for path, want := range map[string]string{
		"/":                              "navigation GET 200 responded network",
		"/style.css":                     "fetch GET 200 route-matched cache shell-v1",
		"/app.js":                        "fetch GET 200 responded cache shell-v1",
		"/api/tides?station=all":         "fetch GET 200 responded network",
		"/photos/harbour.svg?size=small": "fetch GET 200 responded cache photos",
		"/news/latest.json":              "fetch GET 200 route-matched network",
		"/missing.txt":                   "fetch POST 404 fell-through network",
	} {
		if got[path] != want {
			t.Errorf("%s: %q, want %q", path, got[path], want)
		}
	}
	if post := l.All()[len(l.All())-1]; post.RequestBody.Hash != Hash([]byte("hello")) {
		t.Errorf("the body that was sent: %+v", post)
	}
}
