package realworkers

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/runtime/window"
)

// builtPages is the folder with the sites of pages.mjs.
func builtPages(tb testing.TB) string {
	tb.Helper()
	out := tb.TempDir()
	build := exec.CommandContext(tb.Context(), "node", "pages.mjs", out)
	if text, err := build.CombinedOutput(); err != nil {
		tb.Fatalf("building the pages: %v\n%s", err, text)
	}
	return out
}

// result is what a page told in its title, once it has ended.
func result[T any](t *testing.T, title json.RawMessage) (v T) {
	t.Helper()
	if err := json.Unmarshal(title, &v); err != nil {
		t.Fatalf("%s: %v", title, err)
	}
	return v
}

// again shows the site in a second page of a browser, alone, so that no other one asks
// for its update too; ready is called once it is.
func again(t *testing.T, b *window.Browser, ready func()) json.RawMessage {
	t.Helper()
	for _, p := range b.DefaultContext().Pages() {
		p.Close(t.Context())
	}
	p, err := b.DefaultContext().NewPage(t.Context(), origin+"/", window.PageOptions{Wait: true})
	if err != nil {
		t.Fatal(err)
	}
	for range 6000 {
		switch title := p.Title(); title {
		case "", "working":
		case "ready":
			ready()
			ready = func() {}
		default:
			return json.RawMessage(title)
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the page did not come to an end: title %q, workers %+v", p.Title(), b.DefaultContext().Engine().Workers())
	return nil
}

// TestPages shows pages as they are built for browsers; each registers its worker.
// What they tell is what Chromium 156 makes of them.
func TestPages(t *testing.T) {
	if _, err := os.Stat("node_modules/.package-lock.json"); err != nil {
		t.Fatal("realworkers needs its npm packages: run `make setup`")
	}
	out := builtPages(t)
	t.Run("workbox-window", func(t *testing.T) { workboxWindow(t, filepath.Join(out, "workbox-window")) })
	for _, name := range []string{"react", "zone"} {
		t.Run(name, func(t *testing.T) {
			_, title := open(t, filepath.Join(out, name))
			want, err := os.ReadFile(filepath.Join("testdata", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := string(title), strings.TrimSpace(string(want)); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// workboxWindow: the first visit installs; the second finds an update, asks for it
// to be activated and is told when it controls the page.
func workboxWindow(t *testing.T, dir string) {
	type told struct {
		Told   []string
		Active string
		Same   bool
	}
	b, title := open(t, dir)
	first := result[told](t, title)
	if got, want := strings.Join(first.Told, ", "), "installed, activating, controlling, activated"; got != want {
		t.Errorf("the first visit was told %s, want %s", got, want)
	}
	sw := filepath.Join(dir, "sw.js")
	text, err := os.ReadFile(sw)
	if err != nil {
		t.Fatal(err)
	}
	second := result[told](t, again(t, b, func() {
		if err := os.WriteFile(sw, append(text, "\n// version 2\n"...), 0o644); err != nil {
			t.Error(err)
		}
	}))
	if got, want := strings.Join(second.Told, ", "), "installed update, waiting update, redundant update, activating update, controlling update, activated update"; got != want {
		t.Errorf("the second visit was told %s, want %s", got, want)
	}
	if !first.Same || second.Active != origin+"/sw.js" {
		t.Errorf("the second visit: %+v", second)
	}
}
