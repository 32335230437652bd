package scenario

import (
	"context"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/internal/backend"
)

var (
	endpoint = flag.String("endpoint", "", "a DevTools endpoint to run TestEndpoint on")
	engine   = flag.String("engine", "", `a command that prints "DevTools listening on ws://…" to run TestEndpoint on`)
	only     = flag.String("only", "", "regular expression that a scenario's name must match")
	update   = flag.Bool("update", false, "write the answers that came into the scenarios without one")
)

// TestMain lets eight scenarios run at a time, whatever the number of cores: they
// wait for the browser most of the time.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// limit is how long one scenario may take.
const limit = 45 * time.Second

func TestChromium(t *testing.T) {
	runAll(t, backend.Options{Chromium: true})
}

func TestEngine(t *testing.T) {
	o, err := backend.Engine(t.Context(), t.TempDir(), "--allow-origin", "*")
	if err != nil {
		t.Fatal(err)
	}
	runAll(t, o)
}

// TestEndpoint runs on something else, when a flag names it.
func TestEndpoint(t *testing.T) {
	switch {
	case *endpoint != "":
		runAll(t, backend.Options{Endpoint: *endpoint})
	case *engine != "":
		runAll(t, backend.Options{Command: strings.Fields(*engine), Stderr: os.Stderr})
	}
}

func runAll(t *testing.T, o backend.Options) {
	b, err := backend.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Log(err)
		}
	})
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(*only)
	for _, s := range all {
		if match.MatchString(s.Name) {
			t.Run(s.Name, func(t *testing.T) {
				t.Parallel()
				run(t, b, s)
			})
		}
	}
}

func run(t *testing.T, b *backend.Backend, s Scenario) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	got, err := Run(ctx, b, s)
	if err != nil {
		t.Fatalf("%s\n%s", s.Prose, Explain(err))
	}
	want := s.Want(b.Product)
	if want == nil && *update {
		if err := SetAnswer("testdata", s.Name, "answer.json", got); err != nil {
			t.Error(err)
		}
		return
	}
	if !Equal(got, want) {
		t.Errorf("%s\n got %s\nwant %s", s.Prose, got, strings.Join(strings.Fields(string(want)), " "))
	}
}
