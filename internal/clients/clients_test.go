package clients

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/internal/backend"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// limit is how long one script may take on one browser.
const limit = 60 * time.Second

// browsers are the two that every script runs on.
type browsers struct{ chromium, engine *backend.Backend }

func start(t *testing.T) browsers {
	t.Helper()
	engine, err := backend.Engine(t.Context(), t.TempDir(), "--allow", "*", "--open", "about:blank")
	if err != nil {
		t.Fatal(err)
	}
	open := func(o backend.Options) *backend.Backend {
		b, err := backend.Start(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := b.Close(); err != nil {
				t.Log(err)
			}
		})
		return b
	}
	return browsers{open(backend.Options{Chromium: true, Args: []string{"--disable-back-forward-cache"}}), open(engine)}
}

// TestScripts runs each of scripts/ on both browsers; what they print must not differ.
func TestScripts(t *testing.T) {
	if _, err := os.Stat("node_modules/.package-lock.json"); err != nil {
		t.Fatal("the clients' tests need their npm packages: run `make setup`, or `npm ci --ignore-scripts` in internal/clients/")
	}
	if _, err := os.Stat("js-debug/package.json"); err != nil {
		t.Fatal("the clients' tests need VS Code's debugger: run `make setup`")
	}
	b := start(t)
	scripts, err := filepath.Glob("scripts/*-*.mjs")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(script), ".mjs"), func(t *testing.T) {
			if !alone[filepath.Base(script)] {
				t.Parallel()
			}
			site := newSite(t)
			want, err := run(t, b.chromium, script, site)
			if err != nil {
				t.Fatalf("on %s: %v\n%s", b.chromium.Product, err, want)
			}
			got, err := run(t, b.engine, script, site)
			if err != nil {
				t.Errorf("on the engine: %v", err)
			}
			compare(t, b.chromium.Product, want, got)
		})
	}
}

// alone are scripts that other clients of the same browser disturb: whoever attaches
// to a waiting target may let it go, playwright dismisses the dialogs of all pages, and
// contexts are counted over the whole browser.
var alone = map[string]bool{"cri-targets.mjs": true, "puppeteer-contexts.mjs": true, "puppeteer-page.mjs": true, "playwright-page.mjs": true, "jsdebug-worker.mjs": true}

// run is what a script prints, and how it ended.
func run(t *testing.T, b *backend.Backend, script, site string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	http := strings.Replace(b.URL, "ws://", "http://", 1)
	if i := strings.Index(http, "/devtools/"); i > 0 {
		http = http[:i]
	}
	var out, errs bytes.Buffer
	node := exec.CommandContext(ctx, "node", script, b.URL, http, site)
	node.Stdout, node.Stderr = &out, &errs
	err := node.Run()
	if ctx.Err() != nil {
		err = errors.Join(ctx.Err(), err)
	}
	if err != nil {
		err = errors.Join(err, errors.New(errs.String()))
	}
	return out.String(), err
}

// compare tells where two outputs part.
func compare(t *testing.T, product, want, got string) {
	t.Helper()
	if got == want {
		return
	}
	shown := 0
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		a, b := "(nothing)", "(nothing)"
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			if shown++; shown > 8 {
				t.Errorf("… and more")
				return
			}
			t.Errorf("line %d\n%-16s %s\n%-16s %s", i+1, product, a, "the engine", b)
		}
	}
}
