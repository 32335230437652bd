package enginebench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/swinspect/swinspect/internal/backend"
)

// chromium starts a browser on one CPU.
func (l *lab) chromium(b *testing.B) *backend.Backend {
	b.Helper()
	return l.browser(b, backend.Options{Chromium: true})
}

// engine starts the built `swinspect engine` on one CPU.
func (l *lab) engine(b *testing.B) *backend.Backend {
	b.Helper()
	return l.browser(b, backend.Options{
		Command: []string{l.binary, "engine", "--listen", "127.0.0.1:0", "--allow", "*", "--open", "about:blank"},
	})
}

func (l *lab) browser(b *testing.B, o backend.Options) *backend.Backend {
	b.Helper()
	var started *backend.Backend
	err := onOneCPU(func() (err error) {
		started, err = backend.Start(b.Context(), o)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := started.Close(); err != nil {
			b.Error(err)
		}
	})
	return started
}

// open shows the site's page in a browser context of its own.
func (l *lab) open(b *testing.B, on *backend.Backend) *backend.Page {
	b.Helper()
	p, err := on.NewPage(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := p.Close(); err != nil {
			b.Error(err)
		}
	})
	if err := p.Navigate(b.Context(), l.origin+"/"); err != nil {
		b.Fatal(err)
	}
	evaluate[any](b, p, library)
	return p
}

// library is what the benchmarks call in a page.
const library = `
const bench = {
  // register resolves when the worker is active.
  async register(url, scope = '/') {
    const r = await navigator.serviceWorker.register(url, { scope });
    const w = r.installing ?? r.waiting ?? r.active;
    if (w.state !== 'activated') await new Promise((done, failed) => w.addEventListener('statechange', () => {
      if (w.state === 'activated') done();
      if (w.state === 'redundant') failed(new Error('redundant'));
    }));
    return r;
  },
  async fetches(n, inFlight) {
    let left = n;
    const lane = async () => {
      while (left-- > 0) if (await (await fetch('/api/x')).text() !== 'x') throw new Error('wrong answer');
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
  },
  async timed(f) {
    const began = performance.now();
    await f();
    return performance.now() - began;
  },
};
globalThis.bench = bench; undefined`

// evaluate runs an expression in a page.
func evaluate[T any](b *testing.B, p *backend.Page, expression string) (value T) {
	b.Helper()
	raw, err := p.Evaluate(b.Context(), expression)
	if err != nil {
		b.Fatalf("%.200s: %v", expression, err)
	}
	if err := json.Unmarshal(raw, &value); err != nil {
		b.Fatalf("%s: %v", raw, err)
	}
	return value
}

// rival is rivals.mjs at work; it is one goroutine's.
type rival struct {
	in  io.WriteCloser
	out *bufio.Reader
}

// rival starts one on one CPU.
func (l *lab) rival(b *testing.B, name, kind string) *rival {
	b.Helper()
	if _, err := os.Stat("node_modules/.package-lock.json"); err != nil {
		b.Fatal("the rivals' npm packages are missing: run `make bench`, or `npm ci` in internal/enginebench/")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "node", "rivals.mjs", name, l.origin, kind)
	cmd.Stderr = os.Stderr
	cmd.WaitDelay = closing
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(errors.Join(err, ctx.Err()))
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := onOneCPU(cmd.Start); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close() // which ends it
		_ = cmd.Wait() // how it ended says nothing
		cancel()
	})
	r := &rival{in: in, out: bufio.NewReader(out)}
	r.expect(b, "ready")
	return r
}

func (r *rival) expect(b *testing.B, word string) {
	b.Helper()
	line, err := r.out.ReadString('\n')
	if err != nil || line != word+"\n" {
		b.Fatalf("the rival said %q, not %q: %v", line, word, err)
	}
}

// fetches makes the rival answer n fetch events.
func (r *rival) fetches(b *testing.B, n int) {
	b.Helper()
	if _, err := fmt.Fprintln(r.in, n); err != nil {
		b.Fatal(err)
	}
	r.expect(b, "done")
}
