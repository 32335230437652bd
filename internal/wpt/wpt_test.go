package wpt

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/internal/backend"
)

var (
	server   = flag.String("server", os.Getenv("SWINSPECT_WPT_SERVER"), "where the suite is served, https://web-platform.test:8443")
	endpoint = flag.String("endpoint", "", "the DevTools endpoint to run on: ws://…, a port …")
	launch   = flag.Bool("chromium", false, "run on a Chromium launched for it")
	engine   = flag.String("engine", "", `run on the engine: "default", or a command that prints "DevTools listening on ws://…"; {spki} stands for the server's key`)
	tier     = flag.String("tier", "A,B", "tiers to run")
	only     = flag.String("only", "", "regular expression that a test's URL must match")
	jobs     = flag.Int("jobs", 2, "tests at a time")
	update   = flag.Bool("update", false, "write what came out to the expectations")
	expect   = flag.String("expect", "testdata/engine.json", "the expectations")
	output   = flag.String("results", "", "file for all results, with messages and durations")
	verbose  = flag.Bool("each", false, "print each test as it ends")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestWebPlatform runs the suite. It fails for what the expectations say passes
// and does not.
func TestWebPlatform(t *testing.T) {
	if *server == "" {
		t.Skip("no -server: the web-platform-tests are run against a server of theirs, docs/wpt.md says how")
	}
	tests := chosen(t)
	s := &suite{t: t, options: options(t)}
	s.start()
	defer s.close()
	got := s.run(tests)
	chromium, err := Chromium156()
	if err != nil {
		t.Fatal(err)
	}
	want := expectations(t, chromium)
	report(t, s.product, tests, got, chromium, want)
}

func chosen(t *testing.T) []Test {
	t.Helper()
	tests, err := Catalogue(*tier)
	if err != nil {
		t.Fatal(err)
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(tests, func(t Test) bool { return !match.MatchString(t.URL) })
}

// options say what to run on.
func options(t *testing.T) backend.Options {
	t.Helper()
	spki, err := SPKI(t.Context(), *server)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case *endpoint != "":
		return backend.Options{Endpoint: *endpoint}
	case *launch:
		return backend.Options{Chromium: true, Args: ChromiumArgs(spki)}
	case *engine == "default":
		o, err := backend.Engine(t.Context(), t.TempDir(), EngineArgs(spki)...)
		if err != nil {
			t.Fatal(err)
		}
		return o
	case *engine != "":
		return backend.Options{Command: strings.Fields(strings.ReplaceAll(*engine, "{spki}", spki)), Stderr: os.Stderr}
	}
	t.Fatal("one of -endpoint, -chromium and -engine says what to run on")
	return backend.Options{}
}

func expectations(t *testing.T, chromium Results) Results {
	t.Helper()
	if *launch {
		return chromium
	}
	want, err := ReadResults(*expect)
	if err != nil {
		t.Fatal(err)
	}
	return want
}

// suite is one run; a backend that ends under a test is started anew.
type suite struct {
	t       *testing.T
	options backend.Options
	product string

	mu  sync.Mutex
	now *backend.Backend
}

func (s *suite) start() {
	b, err := backend.Start(s.t.Context(), s.options)
	if err != nil {
		s.t.Fatal(err)
	}
	s.now, s.product = b, b.Product
}

func (s *suite) close() {
	if err := s.now.Close(); err != nil {
		s.t.Logf("closing: %v", err)
	}
}

func (s *suite) run(tests []Test) Results {
	got := Results{}
	queue := make(chan Test)
	var wg sync.WaitGroup
	for range *jobs {
		wg.Go(func() {
			for test := range queue {
				r := s.one(test)
				s.mu.Lock()
				got[test.URL] = r
				if *verbose {
					fmt.Printf("%-8s %3d/%-3d %6s %s\n", r.Harness, passes(r), len(r.Tests), r.Duration, r.URL)
				}
				s.mu.Unlock()
			}
		})
	}
	for _, test := range tests {
		queue <- test
	}
	close(queue)
	wg.Wait()
	return got
}

func passes(r Result) int {
	n := 0
	for _, s := range r.Tests {
		if s.Status == Pass {
			n++
		}
	}
	return n
}

func (s *suite) one(test Test) Result {
	s.mu.Lock()
	b := s.now
	s.mu.Unlock()
	r, err := (&Runner{Backend: b, Server: strings.TrimSuffix(*server, "/")}).Run(context.Background(), test)
	if err == nil {
		return r
	}
	r.Harness, r.Message = Crash, err.Error()
	if errors.Is(err, cdp.ErrClosed) && *endpoint == "" {
		s.restart(b)
	}
	return r
}

func (s *suite) restart(dead *backend.Backend) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now != dead {
		return // by another
	}
	fmt.Println("the backend ended and is started anew")
	_ = dead.Close() // it has ended
	b, err := backend.Start(context.Background(), s.options)
	if err != nil {
		s.t.Errorf("starting anew: %v", err)
		return
	}
	s.now = b
}

func report(t *testing.T, product string, tests []Test, got, chromium, want Results) {
	t.Helper()
	var b bytes.Buffer
	Report(&b, product, Count(tests, got, chromium))
	missing, _ := Compare(tests, got, chromium)
	List(&b, "Chromium 156 passes, this does not", missing)
	lost, won := Compare(tests, got, want)
	List(&b, "new passes", won)
	fmt.Print(b.String())
	if *output != "" {
		if err := WriteResults(*output, got); err != nil {
			t.Error(err)
		}
	}
	if *update {
		if err := Update(*expect, got); err != nil {
			t.Error(err)
		}
		return
	}
	for _, d := range lost {
		t.Errorf("%s: %q: %s, expected %s: %s", d.URL, d.Name, d.Got, d.Want, d.Message)
	}
}
