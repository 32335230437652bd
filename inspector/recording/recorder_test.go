package recording

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/target"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/internal/testsite/drive"
)

// recorded is a visit of the site, recorded.
type recorded struct {
	*File
	base  string
	began time.Time // of the update
}

// recordPWA records a visit of a real browser: install, requests, update, offline.
func recordPWA(t *testing.T, full bool) *recorded {
	t.Helper()
	site, base := servePWA(t)
	browser := drive.Start(t)
	hub := inspector.NewHub(inspector.HubOptions{})
	t.Cleanup(func() { _ = hub.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	b, err := hub.Attach(ctx, inspector.AttachOptions{Endpoint: browser.Endpoint()})
	must(t, err)
	path := filepath.Join(t.TempDir(), "visit.swrec")
	mode := Passive
	if full {
		mode = Full
	}
	w, err := Create(path, Meta{Mode: mode, Target: base})
	must(t, err)
	rec, err := Record(ctx, b, w, RecordOptions{Full: full})
	must(t, err)
	id, err := rec.OpenPage(ctx, "", base+"/")
	must(t, err)
	s, err := browser.Conn().Attach(ctx, target.ID(id))
	must(t, err)
	page := &drive.Page{ID: id, Session: s}
	page.Eval(t, `navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller || new Promise((f) => navigator.serviceWorker.oncontrollerchange = f)).then(() => 'ok')`)
	for _, script := range site.script() {
		page.Eval(t, script)
	}
	keptCache(t, w, path, "shell-v1")
	checkAttached(t, browser, full)
	r := &recorded{base: base, began: time.Now()}
	site.version.Store(2)
	page.Eval(t, `new Promise((f) => { navigator.serviceWorker.oncontrollerchange = () => f('ok'); navigator.serviceWorker.getRegistration().then((r) => r.update()) })`)
	keptCache(t, w, path, "shell-v2")
	// Offline is a server that breaks off.
	site.HandleFunc("/gone", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	page.Eval(t, `setTimeout(() => location.href = '/gone', 10), 'ok'`)
	time.Sleep(1200 * time.Millisecond)
	must(t, rec.Stop(ctx))
	if problems := rec.Progress().Problems; len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
	must(t, w.Close())
	r.File = openFile(t, path)
	return r
}

// checkAttached: Chromium keeps a worker that a client is attached to alive, and lets
// others idle out.
func checkAttached(t *testing.T, browser *drive.Chromium, full bool) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		workers, attached := 0, 0
		for _, i := range browser.Targets(t) {
			if i.Type == "service_worker" {
				workers++
				if i.Attached {
					attached++
				}
			}
		}
		if workers == 1 && (attached == 1) == full {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("%d of %d workers are attached to, in full mode: %v", attached, workers, full)
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// line is a row as one line: what a reader of the log sees first.
func (r *recorded) line(f *fetches.Fetch) string {
	body := f.ResponseBody.Missing
	if b, err := r.Body(context.Background(), f.ResponseBody.Hash); err == nil {
		if body = string(b); len(body) > 24 {
			body = body[:24] + "…"
		}
	}
	return strings.Join(strings.Fields(fmt.Sprintf("%s %d %s %s %s %s %s %s %q", f.Method, f.Status, f.Decision, f.Source, f.CacheName, f.Mode, f.Destination, f.Credentials, body)), " ")
}

// rows are the rows of clients by path, the last of each.
func (r *recorded) rows(t *testing.T, query string) map[string]*fetches.Fetch {
	t.Helper()
	all, _, _, err := r.Fetches().Rows(context.Background(), query, "time", 0, 0)
	must(t, err)
	by := map[string]*fetches.Fetch{}
	for _, f := range all {
		path := strings.TrimPrefix(f.URL, r.base)
		if i := strings.LastIndex(path, "/opaque"); i > 0 {
			path = path[i:]
		}
		by[path] = f
	}
	return by
}

// seen is what both modes say of each request.
var seen = map[string]string{
	"/made":         `GET 200 responded worker cors same-origin "made by v1"`,
	"/made?frame":   `GET 200 responded worker cors same-origin "made by v1"`,
	"/echo":         `POST 200 responded network cors include "hello"`,
	"/media":        `GET 206 responded network cors same-origin "0123456789"`,
	"/opaque":       `GET 200 responded network no-cors same-origin "opaque"`, // CDP shows what the page may not see
	"/redirect":     `GET 200 responded network cors same-origin "the target"`,
	"/frame.html?2": `GET 200 responded network navigate iframe include "<!doctype html>frame<scr…"`,
	"/boom":         `GET 0 respond-error none cors same-origin ""`,
	"/gone":         `GET 200 responded cache shell-v2 navigate document include "<!doctype html><title>of…"`,
	"/stream":       `GET 200 responded worker cors same-origin "one two three"`,
	"/both":         `GET 200 responded worker cors same-origin "one+two"`,
	"/fall":         `GET 200 fell-through network cors same-origin "from the server"`,
	"/style.css":    `GET 200 responded cache shell-v1 cors same-origin "body { color: teal }"`,
}

// keptCache waits until a cache is in the file: that is when it has been quiet.
func keptCache(t *testing.T, w *Writer, path, name string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		must(t, w.Flush(t.Context()))
		f, err := Open(path)
		must(t, err)
		caches, err := f.Caches(t.Context(), time.Time{})
		must(t, errors.Join(err, f.Close()))
		for ref := range caches {
			if ref.Name == name {
				return
			}
		}
	}
	t.Fatalf("the cache %s is not kept", name)
}

func TestRecordPassive(t *testing.T) { testRecord(t, false) }

func TestRecordFull(t *testing.T) { testRecord(t, true) }

func testRecord(t *testing.T, full bool) {
	r := recordPWA(t, full)
	rows := r.rows(t, "-kind:worker -kind:script")
	for path, want := range seen {
		f := rows[path]
		if f == nil {
			t.Errorf("%s was not recorded", path)
			continue
		}
		if f.Kind == fetches.KindFetch && f.IsInferred("credentials") { // a guess, and marked as one
			want = strings.NewReplacer(" include ", " ", " same-origin ", " ").Replace(want)
			f = with(f, func(f *fetches.Fetch) { f.Credentials = "" })
		}
		if got := r.line(f); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
			for _, x := range r.rows(t, "") {
				if strings.Contains(x.URL, "frame") {
					t.Logf("%+v", x)
				}
			}
		}
		if full == (f.IsInferred("mode") || f.IsInferred("credentials")) && f.Kind == fetches.KindFetch {
			t.Errorf("%s: inferred %v", path, f.Inferred)
		}
		if full && (f.Client == "" && f.ResultingClient == "" || len(f.Steps) == 0) {
			t.Errorf("%s: client %q, steps %v", path, f.Client, f.Steps)
		}
		if f.Status != 0 && (f.Timing.WorkerReady < 0 && f.Timing.FetchStart < 0 || f.Timing.End <= 0 || f.Timing.Response <= 0) {
			t.Errorf("%s: timing %+v", path, f.Timing)
		}
	}
	if f := rows["/echo"]; f != nil {
		if b, err := r.Body(t.Context(), f.RequestBody.Hash); err != nil || string(b) != "hello" {
			t.Errorf("the body that was sent is %q, %v", b, err)
		}
		if headerValue(f.RequestHeaders, "X-Mine") != "1" || headerValue(f.RequestHeaders, "Authorization") != Redacted {
			t.Errorf("headers are %v", f.RequestHeaders)
		}
	}
	if f := rows["/echo?binary"]; f == nil {
		t.Error("the binary request was not recorded")
	} else if b, err := r.Body(t.Context(), f.RequestBody.Hash); err != nil || string(b) != "\x00\xff\xfe\n" {
		t.Errorf("the bytes that were sent are %q, %v", b, err)
	}
	r.checkWorker(t, rows, full)
	r.checkLife(t)
}

// checkWorker looks at the worker's own requests: only a full recording has them.
func (r *recorded) checkWorker(t *testing.T, rows map[string]*fetches.Fetch, full bool) {
	t.Helper()
	requests := r.rows(t, "kind:worker")
	if !full {
		if len(requests) > 0 {
			t.Errorf("a passive recording has the worker's requests %v", requests)
		}
		return
	}
	for path, want := range map[string][2]string{"/part/1": {"/both", "one"}, "/part/2": {"/both", "two"}, "/echo": {"/echo", "hello"}, "/opaque": {"/opaque", "opaque"}, "/media": {"/media", "0123456789"}} {
		f, parent := requests[path], rows[want[0]]
		if f == nil || parent == nil || f.Parent != parent.ID || f.IsInferred("parent") {
			t.Errorf("the worker's %s is %+v", path, f)
			continue
		}
		if b, err := r.Body(t.Context(), f.ResponseBody.Hash); err != nil || string(b) != want[1] {
			t.Errorf("the worker's %s was answered with %q, %v", path, b, err)
		}
	}
	if f := requests["/part/2"]; f != nil {
		if b, err := r.Body(t.Context(), f.RequestBody.Hash); err != nil || string(b) != "two" {
			t.Errorf("the worker sent %q, %v", b, err)
		}
	}
	if children, err := r.Fetches().Children(t.Context(), rows["/both"].ID); err != nil || len(children) != 2 {
		t.Errorf("/both has the requests %v, %v", children, err)
	}
}

// checkLife looks at what became of the registration: scripts, versions, caches.
func (r *recorded) checkLife(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	scripts, err := r.Scripts(ctx, time.Time{})
	must(t, err)
	var sources []string
	for _, s := range scripts {
		b, err := r.Body(ctx, s.Hash)
		must(t, err)
		first, _, _ := strings.Cut(string(b), "\n")
		sources = append(sources, first)
	}
	for _, want := range []string{"const version = 'v1';", "const version = 'v2';"} {
		if !slices.Contains(sources, want) {
			t.Errorf("no script begins with %s: %q", want, sources)
		}
	}
	d, err := r.Compare(ctx, r.began, time.Time{})
	must(t, err)
	var changes []string
	for _, g := range d.Registrations {
		for _, v := range g.Versions {
			changes = append(changes, fmt.Sprintf("version %s", v.Change))
		}
	}
	for _, c := range d.Caches {
		changes = append(changes, fmt.Sprintf("%s %s %d %s", c.Change, c.Ref.Name, len(c.Entries), c.Doubt))
	}
	for _, want := range []string{"version added", "removed shell-v1 2 ", "added shell-v2 2 "} {
		if !slices.Contains(changes, want) {
			t.Errorf("what changed is %q, not %q", changes, want)
		}
	}
}

func with(f *fetches.Fetch, change func(*fetches.Fetch)) *fetches.Fetch {
	next := *f
	change(&next)
	return &next
}

func headerValue(all []inspector.Header, name string) string {
	for _, h := range all {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}
