package debugging

import (
	"flag"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/internal/backend"
	"github.com/swinspect/swinspect/runtime/devtools"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/runtime/window"
)

var (
	only   = flag.String("only", "", "regular expression that a scenario's name must match")
	update = flag.Bool("update", false, "write testdata from what Chromium does")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestChromium(t *testing.T) { runAll(t, backend.Options{Chromium: true}, *update) }

// TestEngine runs on the engine in this process, so that -race sees it.
func TestEngine(t *testing.T) {
	live := fetch.Live(fetch.LiveOptions{AllowedOrigins: []string{"*"}})
	defer live.CloseIdleConnections()
	engine := devtools.New(devtools.Options{Browser: window.BrowserOptions{Network: live}})
	defer engine.Close()
	listener := httptest.NewServer(engine.Handler())
	defer listener.Close()
	runAll(t, backend.Options{Endpoint: listener.URL}, false)
}

func runAll(t *testing.T, o backend.Options, write bool) {
	b, err := backend.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.Close(); err != nil {
			t.Log(err)
		}
	}()
	wanted := regexp.MustCompile(*only)
	for _, s := range scenarios {
		if !wanted.MatchString(s.name) {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			got := drive(t, b, s.files, s.run)
			file := filepath.Join("testdata", s.name+".txt")
			if write {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// scenario is what happens on a site of its own.
type scenario struct {
	name  string
	files map[string]string
	run   func(d *driver)
}
