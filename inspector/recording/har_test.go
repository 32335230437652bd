package recording

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/inspector/fetches"
)

// importHAR imports a HAR and opens the recording it makes.
func importHAR(t testing.TB, path string, opts ...Options) (*File, *HARReport) {
	t.Helper()
	w := create(t, opts...)
	report, err := ImportHAR(context.Background(), path, w)
	must(t, err)
	return reopen(t, w), report
}

func rowsOf(t testing.TB, f *File) []*fetches.Fetch {
	t.Helper()
	rows, _, _, err := f.Fetches().Rows(context.Background(), "", "", 0, 0)
	must(t, err)
	return rows
}

func TestImportDevToolsHAR(t *testing.T) {
	ctx := context.Background()
	f, report := importHAR(t, "testdata/devtools.har")
	if report.Entries != 7 || report.Pages != 1 || report.Workers != 1 || len(report.Skipped) > 0 {
		t.Errorf("report is %+v", report)
	}
	checkDevToolsRows(t, rowsOf(t, f))
	for m, err := range f.Messages(ctx, time.Time{}) {
		must(t, err)
		for _, secret := range []string{"abc123", "topsecret", "a=1", "b=2"} {
			if strings.Contains(string(m.Params)+string(m.Result), secret) {
				t.Errorf("%s holds %s: %s%s", m.Method, secret, m.Params, m.Result)
			}
		}
	}
}

func checkDevToolsRows(t *testing.T, rows []*fetches.Fetch) {
	t.Helper()
	if len(rows) != 6 { // the WebSocket is no row
		t.Fatalf("%d rows", len(rows))
	}
	redirect, page, post, worker, image, gone := rows[0], rows[1], rows[2], rows[3], rows[4], rows[5]
	if redirect.Status != 302 || page.RedirectedFrom != redirect.ID || page.Kind != fetches.KindNavigation {
		t.Errorf("redirect is %+v,\npage %+v", redirect, page)
	}
	if page.Decision != fetches.Responded || page.Source != fetches.FromCache || page.CacheName != "shell-v3" || page.ResponseBody.Hash != HashOf([]byte("<!doctype html>hello")) {
		t.Errorf("page is %+v", page)
	}
	if ms := page.Timing.RespondWithSettled.Milliseconds(); ms != 9 {
		t.Errorf("respondWith settled after %d ms", ms)
	}
	if post.Method != "POST" || post.Source != fetches.FromNetwork || post.RequestBody.Hash != HashOf([]byte(`{"a":"b"}`)) || post.ResponseBody.Hash != HashOf([]byte{0xff, 0, 0xfe, 1}) {
		t.Errorf("post is %+v", post)
	}
	if worker.Kind != fetches.KindWorker || worker.Parent != post.ID || worker.ResponseBody.Missing != "not in the HAR" {
		t.Errorf("the worker's request is %+v", worker)
	}
	if image.Source != fetches.FromHTTPCache || image.ResponseBody.Missing == "" {
		t.Errorf("image is %+v", image)
	}
	if gone.Error != "net::ERR_NAME_NOT_RESOLVED" || gone.Status != 0 || !gone.Done {
		t.Errorf("the failed one is %+v", gone)
	}
}

// A HAR written of a recording of a HAR says the same.
func TestHARRoundTrip(t *testing.T) {
	ctx := context.Background()
	f, _ := importHAR(t, "testdata/devtools.har", Options{KeepSecrets: true})
	path := filepath.Join(t.TempDir(), "again.har")
	var b bytes.Buffer
	must(t, WriteHAR(ctx, f, &b))
	must(t, os.WriteFile(path, b.Bytes(), 0o600))
	again, report := importHAR(t, path, Options{KeepSecrets: true})
	if report.Entries != 7 || len(report.Skipped) > 0 || report.Pages != 1 {
		t.Errorf("report is %+v", report)
	}
	checkDevToolsRows(t, rowsOf(t, again))
	want := entriesOf(t, "testdata/devtools.har")
	got := entriesOf(t, path)
	for i := range want {
		a, b := want[i], got[i]
		if a.Request.URL != b.Request.URL || a.Response.Status != b.Response.Status || a.Started != b.Started || a.Type != b.Type || a.Pageref != b.Pageref {
			t.Errorf("entry %d:\n got %+v\nwant %+v", i, b, a)
		}
		if d := float64(a.Time - b.Time); (d > 0.6 || d < -0.6) && a.Response.Status != 302 {
			t.Errorf("%s took %v, want %v", a.Request.URL, b.Time, a.Time)
		}
		if a.Response.CacheName != b.Response.CacheName || a.Response.WorkerSource != b.Response.WorkerSource || a.Response.ViaServiceWorker != b.Response.ViaServiceWorker {
			t.Errorf("%s: response is %+v", a.Request.URL, b.Response)
		}
		if a.Response.Error != b.Response.Error || a.FromCache != b.FromCache || len(a.WebSocket) != len(b.WebSocket) {
			t.Errorf("%s: entry is %+v", a.Request.URL, b)
		}
	}
}

func entriesOf(t *testing.T, path string) []*harEntry {
	t.Helper()
	file, err := os.Open(path)
	must(t, err)
	defer file.Close()
	var all []*harEntry
	_, err = readHAR(file, func(_ int, e *harEntry) error {
		all = append(all, e)
		return nil
	}, func(n int, err error) { t.Errorf("entry %d: %v", n, err) })
	must(t, err)
	return all
}

// Playwright's recordHar with content "attach" makes a zip of the HAR and its bodies.
func TestImportPlaywrightZip(t *testing.T) {
	const har = `{"log":{"version":"1.2","creator":{"name":"Playwright","version":"1.65.0"},"browser":{"name":"chromium","version":"156.0"},"pages":[
	{"startedDateTime":"2026-03-01T12:00:00.000Z","id":"page@1","title":"Shop","pageTimings":{"onContentLoad":5,"onLoad":9}}],"entries":[
	{"_frameref":"frame@1","_monotonicTime":1.5,"startedDateTime":"2026-03-01T12:00:00.001Z","time":8.5,"request":{"method":"GET","url":"https://shop.example/","httpVersion":"HTTP/2.0","cookies":[],"headers":[{"name":"accept","value":"*/*"}],"queryString":[],"headersSize":120,"bodySize":0},
	 "response":{"status":200,"statusText":"OK","httpVersion":"HTTP/2.0","cookies":[],"headers":[{"name":"content-type","value":"text/html"}],"content":{"size":5,"mimeType":"text/html","compression":0,"_file":"0a1b.html"},"headersSize":50,"bodySize":5,"redirectURL":"","_transferSize":55},
	 "cache":{},"timings":{"dns":-1,"connect":-1,"ssl":-1,"send":0,"wait":8,"receive":0.5},"pageref":"page@1","serverIPAddress":"127.0.0.1","_serverPort":8080,"_securityDetails":{}},
	{"startedDateTime":"2026-03-01T12:00:00.010Z","time":-1,"request":{"method":"GET","url":"https://shop.example/lost.js","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":0},
	 "response":{"status":-1,"statusText":"","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"content":{"size":-1,"mimeType":"x-unknown"},"headersSize":-1,"bodySize":-1,"redirectURL":"","_transferSize":-1,"_failureText":"net::ERR_ABORTED"},
	 "cache":{},"timings":{"send":-1,"wait":-1,"receive":-1},"pageref":"page@1","_wasAborted":true},
	{"startedDateTime":"2026-03-01T12:00:00.020Z","time":1,"_apiRequest":true,"request":{"method":"PUT","url":"https://shop.example/api","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":2,"postData":{"mimeType":"text/plain","params":[],"text":"hi"}},
	 "response":{"status":204,"statusText":"No Content","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"content":{"size":5,"mimeType":"x-unknown","_sha1":"feed.bin"},"headersSize":-1,"bodySize":-1,"redirectURL":""},"cache":{},"timings":{"send":0,"wait":1,"receive":0}}
	]}}`
	path := filepath.Join(t.TempDir(), "run.zip")
	file, err := os.Create(path)
	must(t, err)
	z := zip.NewWriter(file)
	for name, content := range map[string]string{"har.har": har, "0a1b.html": "hello"} {
		w, err := z.Create(name)
		must(t, err)
		_, err = w.Write([]byte(content))
		must(t, err)
	}
	must(t, errors.Join(z.Close(), file.Close()))
	f, report := importHAR(t, path)
	if report.Entries != 3 || report.Creator != "Playwright 1.65.0" || report.Workers != 0 || report.Missing != 1 {
		t.Errorf("report is %+v", report)
	}
	rows := rowsOf(t, f)
	if len(rows) != 3 || rows[0].ResponseBody.Hash != HashOf([]byte("hello")) || rows[1].Error != "net::ERR_ABORTED" || !strings.Contains(rows[2].ResponseBody.Missing, "feed.bin") {
		t.Errorf("rows are %+v %+v %+v", rows[0], rows[1], rows[2])
	}
	if body, err := f.Body(context.Background(), rows[0].ResponseBody.Hash); err != nil || string(body) != "hello" {
		t.Errorf("body %q, %v", body, err)
	}
}

func TestImportBadHAR(t *testing.T) {
	const entry = `{"startedDateTime":"2026-03-01T12:00:00Z","time":1,"request":{"method":"GET","url":"https://a.example/"},"response":{"status":200,"content":{"size":2,"text":"ok"}},"timings":{}}`
	for _, c := range []struct {
		name, har, want  string
		entries, skipped int
	}{
		{"no JSON", "hello", "not a HAR", 0, 0},
		{"empty", "", "not a HAR", 0, 0},
		{"another JSON", `{"logs":{}}`, `it has no "log"`, 0, 0},
		{"no entries", `{"log":{}}`, "", 0, 0},
		{"breaks off", `{"log":{"entries":[` + entry + `,{"startedDate`, "", 1, 0},
		{"breaks off at once", `{"log":{"entries":[{"star`, "breaks off", 0, 0},
		{"bad entries", `{"log":{"entries":[{}, 7, null, "x", {"request":{"url":"https://a/"},"startedDateTime":"yesterday"},` + entry + `]}}`, "", 1, 5},
		{"byte order mark", "\xef\xbb\xbf" + `{"log":{"entries":[` + entry + `],"pages":7,"creator":[]}}`, "", 1, 0},
		{"numbers in quotes", `{"log":{"entries":[` + strings.Replace(entry, `"time":1`, `"time":"1.5","connection":443`, 1) + `]}}`, "", 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.har")
			must(t, os.WriteFile(path, []byte(c.har), 0o600))
			report, err := ImportHAR(context.Background(), path, create(t))
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
					t.Errorf("error is %v, want %q and the path", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if report.Entries != c.entries || len(report.Skipped) != c.skipped {
				t.Errorf("report is %+v", report)
			}
		})
	}
}
