package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fixture is a recording of two versions of a worker and their caches; see
// TestWriteFixture of package recording.
func fixture(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../inspector/recording/testdata/format1.swrec")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "visit.swrec")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Commands that read take a recording in the place of a browser, as of any moment.
func TestRecordingAsBrowser(t *testing.T) {
	file := fixture(t)
	for _, tt := range []struct {
		args string
		exit int
		want []string
	}{
		{"ls --attach FILE", exitOK, []string{"https://shop.example/", "#1 active"}},
		{"ls --attach FILE --at +8s", exitOK, []string{"#1 installing", "#0 active"}},
		{"ls --attach FILE --at 2026-03-01T12:00:00Z", exitOK, []string{"no service worker"}},
		{"show / --attach FILE --at +8s --json", exitOK, []string{`"installing"`}},
		{"clients / --attach FILE", exitOK, nil},
		{"cache ls / --attach FILE --at +6s", exitOK, []string{"v1"}},
		{"cache ls / v2 --attach FILE --at +9s --json", exitOK, []string{"https://shop.example/new", "Accept-Language"}},
		{"cache match / https://shop.example/app.js --attach FILE --at +9s", exitOK, []string{"v1"}},
		{"cache ls / v9 --attach FILE", exitNo, []string{"no cache"}},
		{"stop / --attach FILE", exitNo, []string{"it is a recording"}},
		{"ls --attach FILE --at noon", exitUsage, []string{`"noon"`, "+90s"}},
		{"ls --attach nowhere.swrec", exitUsage, []string{"nowhere.swrec"}},
		{"ls --at +8s", exitUsage, []string{"--at", "--attach FILE.swrec"}},
		{"diff FILE --from +6s --to +9s", exitNo, []string{"activated → redundant", `added cache "v2"`}},
		{"diff FILE --from +7s --to +7s", exitOK, []string{"nothing changed"}},
		{"fetches FILE --filter status:404 --sort -took -n 2 --json", exitOK, []string{`"status":404`}},
		{"fetches FILE --filter weather:fine", exitUsage, []string{"weather"}},
		{"fetches FILE --sort weather", exitUsage, []string{"weather"}},
		{"fetches FILE --at 2026-03-01T11:00:00Z", exitOK, []string{"none of 0"}},
		{"recordings DIR", exitOK, []string{"visit.swrec", "passive", "https://shop.example/"}},
		{"recordings DIR --json", exitOK, []string{`"fetches": 100`, `"redacted": true`}},
		{"export-har FILE", exitOK, []string{`"version":"1.2"`, "_fetchedViaServiceWorker"}},
		{"open nowhere.swrec", exitUsage, []string{"nowhere.swrec"}},
		{"open", exitUsage, []string{"needs FILE"}},
	} {
		t.Run(tt.args, func(t *testing.T) {
			line := strings.NewReplacer("FILE.swrec", "FILE.swrec", "FILE", file, "DIR", filepath.Dir(file)).Replace(tt.args)
			r := call(t, strings.Fields(line)...)
			if r.exit != tt.exit {
				t.Errorf("exit status %d, want %d\nout: %s\nerr: %s", r.exit, tt.exit, r.out, r.err)
			}
			for _, part := range tt.want {
				if !strings.Contains(strings.ReplaceAll(r.out, `": "`, `":"`)+r.out+r.err, part) {
					t.Errorf("no %q in\nout: %.2000s\nerr: %s", part, r.out, r.err)
				}
			}
		})
	}
}

// A HAR becomes a recording and a HAR again.
func TestHARCommands(t *testing.T) {
	dir := t.TempDir()
	har, rec, again := "../../inspector/recording/testdata/devtools.har", filepath.Join(dir, "site.swrec"), filepath.Join(dir, "again.har")
	says := func(r result, parts ...string) {
		t.Helper()
		r.want(t, exitOK)
		for _, part := range parts {
			if !strings.Contains(r.out, part) {
				t.Errorf("no %q in %s", part, r.out)
			}
		}
	}
	says(call(t, "import-har", har, "-o", rec), "7 requests by WebInspector", "2 responses without")
	call(t, "import-har", har, "-o", rec).want(t, exitNo, rec)
	says(call(t, "import-har", har, "-o", rec, "--force", "--json"), `"entries": 7`)
	says(call(t, "fetches", rec, "--filter", "cache:shell-v3"), `"shell-v3"`)
	call(t, "export-har", rec, "-o", again).want(t, exitOK)
	call(t, "export-har", rec, "-o", again).want(t, exitNo, "--force")
	b, err := os.ReadFile(again)
	if err != nil {
		t.Fatal(err)
	}
	var out struct {
		Log struct{ Entries []json.RawMessage }
	}
	if err := json.Unmarshal(b, &out); err != nil || len(out.Log.Entries) != 7 {
		t.Errorf("%d entries, %v", len(out.Log.Entries), err)
	}
	script := filepath.Join(dir, "sw.js")
	if err := os.WriteFile(script, []byte("addEventListener('fetch', (e) => e.respondWith(fetch(e.request)))"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := call(t, "import-har", har, "--script", script); r.exit != exitNo || !strings.Contains(r.out, "source: cache → network") {
		t.Errorf("replayed at once: exit status %d, %s %s", r.exit, r.out, r.err)
	}
	call(t, "import-har", filepath.Join(dir, "none.har")).want(t, exitUsage, "none.har")
	call(t, "import-har", "main.go", "-o", filepath.Join(dir, "x.swrec")).want(t, exitNo, "main.go", ".har")
	if _, err := os.Stat(filepath.Join(dir, "x.swrec")); err == nil {
		t.Error("a file that could not be made was left")
	}
}

// open serves the page at the recording.
func TestOpenServes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var out, errs syncBuffer
	done := make(chan int, 1)
	file := fixture(t)
	go func() {
		done <- run(ctx, []string{"open", file, "--listen", "127.0.0.1:0"}, stdio{in: strings.NewReader(""), out: &out, err: &errs, env: func(string) string { return "" }})
	}()
	deadline := time.Now().Add(20 * time.Second)
	for !strings.Contains(out.String(), "\n") && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
	}
	url := strings.TrimSpace(out.String())
	if !strings.Contains(url, "/b/") {
		t.Fatalf("printed %q, %s", url, &errs)
	}
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if res.StatusCode != http.StatusOK {
		t.Errorf("%s answers %s", url, res.Status)
	}
	cancel()
	if exit := <-done; exit != exitOK && exit != exitInterrupted {
		t.Errorf("exit status %d, %s", exit, &errs)
	}
}
