package replay

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/recording"
	"github.com/swinspect/swinspect/runtime/devtools"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/window"
)

const engineSite, engineOther = "https://pwa.example", "https://other.example"

// recordEngine records the embedded engine while a page visits the PWA, as `swinspect
// record --site` does.
func recordEngine(t *testing.T, site *pwa, visit func(eval func(string) string)) *Recording {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	network := fetch.Sites(map[string]http.RoundTripper{engineSite: fetch.Function(site.network), engineOther: fetch.Handler(otherHandler)}, nil)
	server := devtools.New(devtools.Options{Browser: window.BrowserOptions{Network: network}, Product: "swinspect/test"})
	defer server.Close()
	client, end := cdp.Pipe()
	var wg sync.WaitGroup
	defer wg.Wait()
	serving, stop := context.WithCancel(ctx)
	defer stop()
	wg.Go(func() { _ = server.ServeBrowser(serving, end) }) // it ends when the client hangs up
	hub := inspector.NewHub(inspector.HubOptions{})
	defer func() { _ = hub.Close() }()
	b, err := hub.Attach(ctx, inspector.AttachOptions{Name: "engine", Dial: func(context.Context) (cdp.Transport, cdp.Endpoint, error) {
		return client, cdp.Endpoint{Input: "engine", Instance: "engine", Product: "swinspect", Kind: "engine"}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := recording.Create(filepath.Join(t.TempDir(), "engine.swrec"), recording.Meta{Mode: recording.Engine, Target: engineSite, Browser: "swinspect/test", Began: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	rec, err := recording.Record(ctx, b, w, recording.RecordOptions{Full: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.OpenPage(ctx, "", engineSite+"/"); err != nil {
		t.Fatal(err)
	}
	var page *window.Page
	for page == nil && ctx.Err() == nil {
		time.Sleep(20 * time.Millisecond)
		for _, p := range server.Browser().DefaultContext().Pages() {
			if strings.HasPrefix(p.URL(), engineSite) {
				page = p
			}
		}
	}
	if page == nil {
		t.Fatal("the page did not open")
	}
	for evaluate(ctx, t, page, "return typeof ready") == "ok undefined" {
		time.Sleep(20 * time.Millisecond)
	}
	visit(func(expression string) string { return evaluate(ctx, t, page, expression) })
	if err := rec.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, w.Path())
}

// network is the site's as the engine reaches it.
func (p *pwa) network(r *http.Request) (*http.Response, error) {
	if p.away.Load() {
		return nil, errors.New("connection refused")
	}
	return fetch.Handler(p).RoundTrip(r)
}

// evaluate runs an async function body in a page and waits for what it returns.
func evaluate(ctx context.Context, t *testing.T, page *window.Page, body string) string {
	t.Helper()
	var result string
	run := func(source string) {
		err := page.Agent().Do(ctx, "test", func() {
			v, err := page.MainFrame().Evaluate("", source)
			if err != nil {
				result = "error: " + err.Error()
			} else if v != nil {
				result = v.String()
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	run(`globalThis.asked = ''; (async () => { ` + body + ` })().then(v => asked = 'ok ' + v, e => asked = 'error: ' + e); ''`)
	for ctx.Err() == nil {
		if run(`globalThis.asked`); result != "" {
			if !strings.HasPrefix(result, "ok") {
				t.Fatalf("%s: %s", body, result)
			}
			return result
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s: %v", body, ctx.Err())
	return ""
}

// A recording of the engine answers alike: it is the same engine.
func TestPWAOfEngine(t *testing.T) {
	site := &pwa{other: engineOther}
	site.version.Store(1)
	r := recordEngine(t, site, func(eval func(string) string) {
		eval(`await ready; while (!navigator.serviceWorker.controller) await new Promise(f => setTimeout(f, 20)); await new Promise(f => setTimeout(f, 1200))`)
		session := `for (const [url, init] of [
			['/synth?a=1'], ['/broken'], ['/moved'], ['/stream'], ['/left'], ['/routed/x'], ['/api/list'], ['/api/list'], ['/echo', { method: 'POST', body: 'hello' }],
			['/range.txt', { headers: { Range: 'bytes=10-19' } }], ['` + engineOther + `/dot.svg', { mode: 'no-cors' }], ['/nothing'], ['/style.css'],
		]) { try { await (await fetch(url, init)).text() } catch {} }`
		eval(session)
		site.version.Store(2)
		eval(`const r = await navigator.serviceWorker.getRegistration(); const changed = new Promise(f => navigator.serviceWorker.oncontrollerchange = f); await r.update(); await changed; await new Promise(f => setTimeout(f, 1200))`)
		eval(session)
		site.away.Store(true)
		eval(`for (const url of ['/app.js', '/api/list', '/synth?a=1']) try { await (await fetch(url)).text() } catch {}`)
	})
	all, s := replayed(t, r, Options{})
	if !s.OK() || s.NotReplayable > 0 || s.Events < 25 {
		t.Error("not all are equal or explained")
	}
	again, _ := replayed(t, r, Options{Overlap: true, KillBetween: true})
	for i, x := range again {
		if x.Verdict != all[i].Verdict {
			t.Errorf("overlapping, and killed between: %s is %s", x.URL, x.Verdict)
		}
	}
	if t.Failed() {
		logged(t, all, s)
	}
	changedScript(t, r, site)
}
