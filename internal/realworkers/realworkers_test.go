package realworkers

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/notifications"
	"github.com/swinspect/swinspect/runtime/window"
)

const origin = "https://app.example"

// built is the folder with a site per library.
func built(tb testing.TB) string {
	tb.Helper()
	if _, err := os.Stat("node_modules/.package-lock.json"); err != nil {
		tb.Fatal("realworkers needs its npm packages: run `make setup`, or `npm ci --ignore-scripts --legacy-peer-deps` in internal/realworkers/")
	}
	out := tb.TempDir()
	build := exec.CommandContext(tb.Context(), "node", "build.mjs", out)
	if text, err := build.CombinedOutput(); err != nil {
		tb.Fatalf("building the workers: %v\n%s", err, text)
	}
	return out
}

// told passes on what pages and workers say, for a test that fails.
type told struct {
	window.NoObserver
	tb testing.TB
}

func (o told) Console(_ *script.Realm, level string, args []goja.Value) {
	text := make([]string, len(args))
	for i, a := range args {
		text[i] = a.String()
	}
	o.tb.Logf("console.%s: %s", level, strings.Join(text, " "))
}

func (o told) Exception(_ *script.Realm, e *script.Exception, _ bool) {
	o.tb.Logf("uncaught: %s\n%s", e.Error(), e.Stack)
}

// open shows a site in a browser of its own and returns what its page tells.
func open(t *testing.T, dir string) (*window.Browser, json.RawMessage) {
	t.Helper()
	site := fetch.Folder(os.DirFS(dir), origin)
	b := window.NewBrowser(window.BrowserOptions{Network: site, Observer: told{tb: t}})
	t.Cleanup(b.Close)
	b.DefaultContext().SetPermission("notifications", "granted")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	p, err := b.DefaultContext().NewPage(ctx, origin+"/", window.PageOptions{Wait: true})
	if err != nil {
		t.Fatal(err)
	}
	for ctx.Err() == nil {
		if title := p.Title(); title != "" && title != "working" {
			return b, json.RawMessage(title)
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the page of %s did not come to an end: title %q, workers %+v", filepath.Base(dir), p.Title(), b.DefaultContext().Engine().Workers())
	return nil, nil
}

func TestPrecachingWorkers(t *testing.T) {
	out := built(t)
	for _, name := range []string{"workbox-generate", "workbox-inject", "serwist", "angular"} {
		t.Run(name, func(t *testing.T) {
			_, result := open(t, filepath.Join(out, name))
			var got struct {
				Entries []string
				CSS     string
				Page    bool
				State   *bool
			}
			if err := json.Unmarshal(result, &got); err != nil {
				t.Fatalf("%s: %v", result, err)
			}
			entries := strings.Join(got.Entries, " ")
			for _, want := range []string{"/index.html", "/style.css", "/page.js"} {
				if !strings.Contains(entries, want) {
					t.Errorf("%s was not precached: %s", want, entries)
				}
			}
			if !strings.Contains(got.CSS, "navy") || !got.Page {
				t.Errorf("the worker did not answer: %s", result)
			}
			if got.State != nil && !*got.State {
				t.Error("Angular's driver is not in state NORMAL")
			}
		})
	}
	t.Run("msw", func(t *testing.T) {
		_, result := open(t, filepath.Join(out, "msw"))
		if want := `{"user":{"name":"Ada"},"data":{"from":"network"}}`; string(result) != want {
			t.Errorf("got %s, want %s", result, want)
		}
	})
	t.Run("firebase", func(t *testing.T) { firebase(t, filepath.Join(out, "firebase")) })
}

// firebase: a push message for the background becomes a notification.
func firebase(t *testing.T, dir string) {
	b, result := open(t, dir)
	if want := `{"scope":"` + origin + `/"}`; string(result) != want {
		t.Fatalf("got %s, want %s", result, want)
	}
	for _, p := range b.DefaultContext().Pages() {
		p.Close(t.Context())
	}
	e := b.DefaultContext().Engine()
	r := e.GetRegistration(origin, fetch.MustParseURL(origin+"/"))
	push := `{"from":"1","fcmMessageId":"m","data":{"title":"Hello","body":"World"}}`
	if err := e.DispatchPush(t.Context(), r, []byte(push)); err != nil {
		t.Fatal(err)
	}
	shown := notifications.Of(r).Notifications("")
	if len(shown) != 1 || shown[0].Title != "Hello" || shown[0].Body != "World" {
		t.Errorf("notifications: %+v", shown)
	}
}
