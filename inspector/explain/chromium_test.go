package explain

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/internal/testsite/drive"
)

// vary is a site whose worker keeps /hello, which varies on Accept-Language, and
// answers what it does not have with 504.
func vary(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/sw.js":
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = fmt.Fprint(w, `
			addEventListener("install", e => { skipWaiting(); e.waitUntil((async () => {
				const c = await caches.open("v1");
				const q = new Request("/hello", {headers: {"Accept-Language": "de"}});
				await c.put(q, await fetch(q));
			})()) });
			addEventListener("activate", e => e.waitUntil(clients.claim()));
			addEventListener("fetch", e => { if (e.request.url.includes("hello")) e.respondWith(caches.match(e.request).then(r => r || new Response("", {status: 504}))) });`)
	case "/hello":
		w.Header().Set("Vary", "Accept-Language")
		_, _ = fmt.Fprint(w, "hallo")
	default:
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprint(w, `<!doctype html><title>vary</title>`)
	}
}

// A real browser's miss by Vary is explained with the field and both values, live.
func TestChromiumVary(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(vary))
	defer site.Close()
	base := strings.Replace(site.URL, "127.0.0.1", "localhost", 1)
	browser := drive.Start(t)
	hub := inspector.NewHub(inspector.HubOptions{})
	defer func() { _ = hub.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	b, err := hub.Attach(ctx, inspector.AttachOptions{Endpoint: browser.Endpoint()})
	if err != nil {
		t.Fatal(err)
	}
	log := fetches.NewLog(fetches.Options{})
	_, untap := b.Tap(log.Apply)
	defer untap()
	c, err := b.Capture(ctx, inspector.CaptureOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	page := browser.OpenAny(t, "", base+"/")
	for page.Eval(t, "document.title") != "vary" {
		time.Sleep(50 * time.Millisecond)
	}
	page.Eval(t, `(async () => { await navigator.serviceWorker.register("/sw.js"); await new Promise(f => navigator.serviceWorker.controller ? f() : navigator.serviceWorker.oncontrollerchange = f); return "ok" })()`)
	if got := page.Eval(t, `fetch("/hello", {headers: {"Accept-Language": "en"}}).then(r => String(r.status))`); got != "504" {
		t.Fatal("the worker answered", got)
	}
	var missed *fetches.Fetch
	for missed == nil || !missed.Done {
		if ctx.Err() != nil {
			t.Fatalf("no row of it: %+v", log.All())
		}
		for _, r := range log.All() {
			if r.Status == 504 {
				missed = r
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	chain := Fetch(missed, Live(ctx, b, log, missed))
	l := link(t, chain, "Query Cache")
	want := Candidate{
		Name: base + "/hello", Cache: "v1", Result: inspector.Fail, Step: "vary", Header: "accept-language", Request: "en", Stored: "de",
		Why: `its response varies on accept-language: asked with "en", stored with "de"`,
	}
	if len(l.Candidates) != 1 || l.Candidates[0] != want || chain.Verdict != "responded" {
		t.Errorf("%+v\nrow %+v", chain, missed)
	}
	asked := Predict(ctx, b, Asked{URL: base + "/hello", Instance: missed.Instance, Context: missed.Context, Headers: []inspector.Header{{Name: "Accept-Language", Value: "de"}}})
	if l := link(t, asked, "Query Cache"); l.Verdict != "cache-hit" {
		t.Errorf("predicted: %+v", asked)
	}
}
