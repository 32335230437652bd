package surface

import (
	"context"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/internal/backend"
)

var update = flag.Bool("update", false, "write testdata/chromium.txt")

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "surface")
	if err != nil {
		panic(err)
	}
	binary = dir
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir) // a temporary folder
		os.Exit(code)
	}))
}

// binary is the folder of the engine that all tests run.
var binary string

var built = sync.OnceValues(func() (backend.Options, error) {
	return backend.Engine(context.Background(), binary, "--allow-origin", "*")
})

var vendored = regexp.MustCompile(`^(Readable|Writable|Transform|ByteLength|Count)[A-Za-z]*(Stream|Strategy|Reader|Writer|Controller|Request)`)

const golden = "testdata/chromium.txt"

// TestChromium checks that the file says what Chromium shows.
func TestChromium(t *testing.T) {
	t.Parallel()
	got := describe(t, backend.Options{Chromium: true})
	if *update {
		if err := os.WriteFile(golden, []byte(Text(got)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range Compare(got, want(t)) {
		t.Error(d)
	}
}

// TestEngine checks that the engine shows the same, but for the departures.
func TestEngine(t *testing.T) {
	t.Parallel()
	o, err := built()
	if err != nil {
		t.Fatal(err)
	}
	got, departures := describe(t, o), departures(t)
	for _, section := range got {
		// What several standards add to WorkerGlobalScope comes in their order; the
		// stream classes are JavaScript.
		name := section[0][0]
		if m := Misplaced(section); len(m) > 0 && name != "WorkerGlobalScope" && !vendored.MatchString(name) {
			t.Errorf("not in order: %s", strings.Join(m, " "))
		}
	}
	for _, d := range Compare(got, want(t)) {
		if i := slices.Index(departures, d); i >= 0 {
			departures = slices.Delete(departures, i, i+1)
			continue
		}
		t.Error(d)
	}
	for _, d := range departures {
		t.Errorf("is no departure any more: %s", d)
	}
}

func describe(t *testing.T, o backend.Options) []Section {
	t.Helper()
	b, err := backend.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.Close(); err != nil {
			t.Log(err)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	sections, err := Run(ctx, b)
	if err != nil {
		t.Fatal(err)
	}
	return sections
}

func want(t *testing.T) []Section {
	t.Helper()
	text, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	return Parse(string(text))
}

// departures are the lines of the file that are no comments.
func departures(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/departures.txt")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}
