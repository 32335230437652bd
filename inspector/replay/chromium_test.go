package replay

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/recording"
	"github.com/swinspect/swinspect/internal/testsite/drive"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recordChromium records what a real browser does while visit drives it, and opens the
// recording. base is the site's origin, of a name that is a secure context.
func recordChromium(t *testing.T, site http.Handler, full bool, visit func(c *drive.Chromium, base string)) *Recording {
	t.Helper()
	server := httptest.NewServer(site)
	defer server.Close()
	base := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	browser := drive.Start(t)
	hub := inspector.NewHub(inspector.HubOptions{})
	defer func() { _ = hub.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	b, err := hub.Attach(ctx, inspector.AttachOptions{Endpoint: browser.Endpoint()})
	if err != nil {
		t.Fatal(err)
	}
	mode := recording.Passive
	if full {
		mode = recording.Full
	}
	path := filepath.Join(t.TempDir(), "visit.swrec")
	if dir := os.Getenv("REPLAY_KEEP"); dir != "" {
		path = filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+".swrec")
		_ = os.Remove(path)
	}
	w, err := recording.Create(path, recording.Meta{Mode: mode, Target: base, Browser: b.State().Connection.Product, Began: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	rec, err := recording.Record(ctx, b, w, recording.RecordOptions{Full: full})
	if err != nil {
		t.Fatal(err)
	}
	visit(browser, base)
	if err := rec.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	for _, p := range rec.Progress().Problems {
		t.Log("recorder:", p)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, path)
}

func open(t testing.TB, path string) *Recording {
	t.Helper()
	f, err := recording.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	r, err := Load(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// replayed is Run with all results in one list.
func replayed(t testing.TB, r *Recording, o Options) ([]*Result, *Summary) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var all []*Result
	s, err := Run(ctx, r, o, func(x *Result) error { all = append(all, x); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return all, s
}

// logged writes results for a person who reads a failing test.
func logged(t testing.TB, all []*Result, s *Summary) {
	t.Helper()
	side := func(a *Answer) string {
		if a == nil {
			return "-"
		}
		return strings.Join(strings.Fields(strings.Join([]string{a.Decision, a.Source, a.Cache, strconv.Itoa(a.Status), a.Type, a.Error}, " ")), " ")
	}
	for _, x := range all {
		t.Logf("%d %s %s %s %s\n\t%s → %s %s", x.Seq, x.Verdict, x.Kind, x.Method, x.URL, side(x.Recorded), side(x.Replayed), x.Reason)
		for _, d := range x.Differences {
			t.Logf("\t%s: %q → %q [%s]", d.Field, d.Recorded, d.Replayed, d.Rule)
		}
		for _, q := range x.Asked {
			t.Logf("\tasked %s %s: %s %s", q.Method, q.URL, q.How, q.Row)
		}
		if len(x.NotCompared) > 0 {
			t.Logf("\tnot compared: %v", x.NotCompared)
		}
	}
	t.Logf("%+v", s)
}
