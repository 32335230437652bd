package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
)

// event is one line of `go test -json` (see `go doc test2json`).
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build-output and build-fail
	Test        string
	Elapsed     float64 // seconds
	Output      string
	FailedBuild string
}

// Report is what a run of the tests came to.
type Report struct {
	Passed, Failed, Skipped int // tests, subtests counted
	Packages                []PackageResult
	skips                   []string
	needMore                []string                 // tests that may be skipped
	left                    []string                 // those of them that were, with the reason
	output                  map[string]*bytes.Buffer // of tests and packages that are still open
}

// PackageResult is one package's outcome.
type PackageResult struct {
	Path    string
	Action  string // pass fail skip
	Seconds float64
}

// Read folds the event stream and prints, as they come, a line for every
// package and the whole output of every test that failed. A line that is no
// event (a panic of the go command, say) is printed as it is.
func Read(in io.Reader, out io.Writer, needMore ...string) (*Report, error) {
	r := &Report{needMore: needMore, output: map[string]*bytes.Buffer{}}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				fmt.Fprintf(out, "%s", line)
			} else {
				r.take(e, out)
			}
		}
		if err == io.EOF {
			return r, nil
		}
		if err != nil {
			return r, fmt.Errorf("reading the test events: %w", err)
		}
	}
}

func (r *Report) take(e event, out io.Writer) {
	key := e.Package + "\x00" + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(out, e.Output)
	case "output":
		if r.output[key] == nil {
			r.output[key] = &bytes.Buffer{}
		}
		r.output[key].WriteString(e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endPackage(e, out)
		} else {
			r.endTest(e, out)
		}
		delete(r.output, key)
	}
}

func (r *Report) endTest(e event, out io.Writer) {
	switch e.Action {
	case "pass":
		r.Passed++
	case "skip":
		if name := short(e.Package) + " " + e.Test; slices.Contains(r.needMore, name) {
			r.left = append(r.left, name+": "+r.reason(e))
			return
		}
		r.Skipped++
		r.skips = append(r.skips, short(e.Package)+" "+e.Test)
	case "fail":
		r.Failed++
		fmt.Fprintf(out, "FAIL %s %s\n", short(e.Package), e.Test)
		r.print(e, out)
	}
}

func (r *Report) endPackage(e event, out io.Writer) {
	if e.Action == "skip" {
		return // no test files
	}
	r.Packages = append(r.Packages, PackageResult{e.Package, e.Action, e.Elapsed})
	fmt.Fprintf(out, "%-4s %7.1fs  %s\n", e.Action, e.Elapsed, short(e.Package))
	if e.Action == "fail" {
		if e.FailedBuild != "" {
			fmt.Fprintf(out, "     it does not build: %s\n", e.FailedBuild)
		}
		r.print(e, out)
		for key, buf := range r.output { // tests that a crash or timeout left open
			if pkg, test, _ := strings.Cut(key, "\x00"); pkg == e.Package && test != "" {
				r.Failed++
				fmt.Fprintf(out, "%s: did not end\n%s", test, buf)
				delete(r.output, key)
			}
		}
	}
}

// reason is what a skipped test said.
func (r *Report) reason(e event) string {
	buf := r.output[e.Package+"\x00"+e.Test]
	if buf == nil {
		return "it did not say why"
	}
	for line := range strings.Lines(buf.String()) {
		if _, said, ok := strings.Cut(line, ".go:"); ok {
			_, said, _ = strings.Cut(said, ": ")
			return strings.TrimSpace(said)
		}
	}
	return "it did not say why"
}

// print writes the collected output of e's test or package.
func (r *Report) print(e event, out io.Writer) {
	if buf := r.output[e.Package+"\x00"+e.Test]; buf != nil {
		fmt.Fprint(out, buf.String())
	}
}

// OK reports whether every package passed and no test failed or was skipped.
func (r *Report) OK() bool {
	for _, p := range r.Packages {
		if p.Action != "pass" {
			return false
		}
	}
	return r.Failed == 0 && r.Skipped == 0 && r.Passed > 0 && len(r.Packages) > 0
}

// Summary prints the slowest packages, what was skipped and the counts.
func (r *Report) Summary(out io.Writer) {
	slow := append([]PackageResult(nil), r.Packages...)
	sort.Slice(slow, func(i, j int) bool { return slow[i].Seconds > slow[j].Seconds })
	fmt.Fprintf(out, "\n%d packages with tests; slowest:", len(r.Packages))
	for _, p := range slow[:min(5, len(slow))] {
		fmt.Fprintf(out, " %s %.0fs", short(p.Path), p.Seconds)
	}
	fmt.Fprintln(out)
	for _, p := range r.Packages {
		if p.Action != "pass" {
			fmt.Fprintf(out, "FAIL %s\n", short(p.Path))
		}
	}
	for _, s := range r.left {
		fmt.Fprintf(out, "not run: %s\n", s)
	}
	for _, s := range r.skips {
		fmt.Fprintf(out, "skipped, which counts as a failure here: %s\n", s)
	}
	if r.Passed == 0 {
		fmt.Fprintln(out, "no test passed: that is a failure too")
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", r.Passed, r.Failed, r.Skipped)
}

func short(pkg string) string {
	return strings.TrimPrefix(pkg, "github.com/swinspect/swinspect/")
}
