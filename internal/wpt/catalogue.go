package wpt

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// Test is one page of the suite.
type Test struct {
	URL  string `json:"url"`  // path and query, "/service-workers/…"
	Tier string `json:"tier"` // "A" to "D", or "I" for idlharness
	Long bool   `json:"long"` // <meta name=timeout content=long>
}

// Limit is how long testharness.js itself lets the test run.
func (t Test) Limit() time.Duration {
	if t.Long {
		return 60 * time.Second
	}
	return 10 * time.Second
}

// The statuses of a subtest; the first of them is what every figure counts.
const (
	Pass               = "PASS"
	Fail               = "FAIL"
	Timeout            = "TIMEOUT"
	NotRun             = "NOTRUN"
	PreconditionFailed = "PRECONDITION_FAILED"
)

// The statuses of a whole test. Those in capitals that testharness.js does not
// know are the runner's: Crash is the end of the page, NoResult a test that said
// nothing within its limit.
const (
	HarnessOK      = "OK"
	HarnessError   = "ERROR"
	HarnessTimeout = "TIMEOUT"
	Crash          = "CRASH"
	NoResult       = "NORESULT"
)

// Result is what came of one test.
type Result struct {
	URL      string        `json:"url"`
	Harness  string        `json:"harness"`
	Message  string        `json:"message,omitempty"` // why Harness is not OK
	Tests    []Subtest     `json:"tests"`
	Duration time.Duration `json:"duration,omitempty"` // nanoseconds
}

// Subtest is one named assertion of a test, with its message when it failed.
type Subtest struct {
	Name    string
	Status  string
	Message string
}

// MarshalJSON writes a subtest as [name, status] or [name, status, message].
func (s Subtest) MarshalJSON() ([]byte, error) {
	if s.Message == "" {
		return marshal([]string{s.Name, s.Status})
	}
	return marshal([]string{s.Name, s.Status, s.Message})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Subtest) UnmarshalJSON(b []byte) error {
	var parts []string
	if err := json.Unmarshal(b, &parts); err != nil {
		return err
	}
	if len(parts) < 2 || len(parts) > 3 {
		return fmt.Errorf("a subtest is [name, status] or [name, status, message], not %s", b)
	}
	*s = Subtest{Name: parts[0], Status: parts[1]}
	if len(parts) == 3 {
		s.Message = parts[2]
	}
	return nil
}

// Results are the results of a run, by URL.
type Results map[string]Result

//go:embed testdata/tests.json testdata/chromium156.json
var data embed.FS

// Catalogue lists the tests of the named tiers ("A,B"; "" for all) in the
// catalogue's order.
func Catalogue(tiers string) ([]Test, error) {
	b, err := data.ReadFile("testdata/tests.json")
	if err != nil {
		return nil, err
	}
	var all []Test
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, fmt.Errorf("wpt: testdata/tests.json: %w", err)
	}
	if tiers == "" {
		return all, nil
	}
	wanted := strings.Split(tiers, ",")
	return slices.DeleteFunc(all, func(t Test) bool { return !slices.Contains(wanted, t.Tier) }), nil
}

// Chromium156 is what Chromium 156 makes of the suite at 2057479.
func Chromium156() (Results, error) {
	b, err := data.ReadFile("testdata/chromium156.json")
	if err != nil {
		return nil, err
	}
	return decodeResults("testdata/chromium156.json", b)
}

// ReadResults reads a file that WriteResults or Chromium156's source wrote. A
// file that does not exist is an empty set.
func ReadResults(name string) (Results, error) {
	b, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return Results{}, nil
	}
	if err != nil {
		return nil, err
	}
	return decodeResults(name, b)
}

func decodeResults(name string, b []byte) (Results, error) {
	var list []Result
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("wpt: %s: %w", name, err)
	}
	out := Results{}
	for _, r := range list {
		out[r.URL] = r
	}
	return out, nil
}

// WriteResults writes the results by URL, a line per subtest, so that a change
// is a change of one line.
func WriteResults(name string, results Results) error {
	var b bytes.Buffer
	b.WriteString("[\n")
	for i, url := range sortedURLs(results) {
		if i > 0 {
			b.WriteString(",\n")
		}
		if err := results[url].encode(&b); err != nil {
			return err
		}
	}
	b.WriteString("\n]\n")
	return os.WriteFile(name, b.Bytes(), 0o644)
}

func (r Result) encode(b *bytes.Buffer) error {
	head := struct {
		URL      string `json:"url"`
		Harness  string `json:"harness"`
		Message  string `json:"message,omitempty"`
		Duration int64  `json:"duration,omitempty"`
	}{r.URL, r.Harness, r.Message, int64(r.Duration)}
	line, err := marshal(head)
	if err != nil {
		return err
	}
	b.Write(line[:len(line)-1])
	b.WriteString(`,"tests":[`)
	for i, t := range r.Tests {
		if i > 0 {
			b.WriteByte(',')
		}
		line, err := marshal(t)
		if err != nil {
			return err
		}
		b.WriteString("\n  ")
		b.Write(line)
	}
	b.WriteString("]}")
	return nil
}

// marshal is json.Marshal without the escapes that only HTML needs.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

func sortedURLs(results Results) []string {
	urls := make([]string, 0, len(results))
	for url := range results {
		urls = append(urls, url)
	}
	slices.Sort(urls)
	return urls
}
