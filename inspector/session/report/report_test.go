package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the goldens anew")

var began = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const frame = `  13 |   await page.reload();
> 14 |   await expect(page).toHaveText('v2');
     |                      ^
  15 | });`

// story is a run with everything that can happen in it; its two files overlap.
func story() []*Event {
	const a, b, c = "examples/stale.session.js", "examples/lots, and odd.session.ts", "examples/broken.session.js"
	at := func(file string, line int) Place { return Place{File: file, Line: line, Column: 1} }
	fresh := &Test{ID: 1, Name: "the page is fresh after a deploy", At: at(a, 8), Attempt: 1}
	slow := &Test{ID: 2, Name: "the worker answers", At: at(a, 20), Attempt: 1}
	fine := &Test{ID: 1, Name: "fine", At: at(b, 1), Attempt: 1}
	odd := &Test{ID: 2, Name: "odd # name, 100% :: \x1b[31mred", At: at(b, 5), Attempt: 1}
	push := &Test{ID: 3, Name: "push", At: at(b, 9), Attempt: 1}
	shaky, again := &Test{ID: 4, Name: "shaky", At: at(b, 12), Attempt: 1}, &Test{ID: 4, Name: "shaky", At: at(b, 12), Attempt: 2}
	flop := Failure{Name: "TypeError", Message: "x is not a function", At: at(b, 13), Stack: []Place{{File: b, Line: 13, Column: 1, Function: "twice"}, {File: "examples/helper.js", Line: 3, Column: 5}}}
	step := &Step{ID: 1, Title: "deploy v2", At: at(a, 10)}
	inner := &Step{ID: 2, Parent: 1, Title: "the script changes", At: at(a, 11)}
	ended := func(s *Step, took Millis, problem string) *Step {
		e := *s
		e.Took, e.Problem = took, problem
		return &e
	}
	return []*Event{
		{Type: RunBegan, Run: &RunInfo{Files: []string{a, b, c}, Backend: "engine", Jobs: 2}},
		{Type: FileBegan, File: a},
		{Type: FileBegan, File: b},
		{Type: TestBegan, File: a, Test: fresh},
		{Type: TestBegan, File: b, Test: fine},
		{Type: Printed, File: b, Test: fine, Output: &Output{Level: "log", Text: "2 caches:\n  v1\n  v2"}},
		{Type: TestEnded, File: b, Test: fine, Result: &Result{Outcome: Passed, Took: 12.3, Snapshots: []string{"examples/__snapshots__/fine.snap"}}},
		{Type: StepBegan, File: a, Test: fresh, Step: step},
		{Type: StepBegan, File: a, Test: fresh, Step: inner},
		{Type: StepEnded, File: a, Test: fresh, Step: ended(inner, 3, "")},
		{Type: StepEnded, File: a, Test: fresh, Step: ended(step, 1204.5, "it failed")},
		{Type: TestEnded, File: a, Test: fresh, Result: &Result{Outcome: Failed, Took: 5230, Traces: []string{"swinspect-results/stale 1.swrec"}, Failures: []Failure{{
			Name: AssertionError, Message: "expect(page).toHaveText('v2'): it did not within 5 s\n  at first: loading\n  at last: v1 (it's <b>old</b>)",
			Expected: "'v2'", Received: "'v1'", Steps: []string{"deploy v2"}, At: Place{File: a, Line: 14, Column: 22}, Frame: frame,
			Stack: []Place{{File: a, Line: 14, Column: 22}, {File: a, Line: 10, Column: 9, Function: "deployed"}},
		}}}},
		{Type: TestBegan, File: b, Test: odd},
		{Type: TestEnded, File: b, Test: odd, Result: &Result{Outcome: Failed, Took: 88, Failures: []Failure{
			{Name: AssertionError, Message: "the keys differ", Expected: "[\n  '/a',\n  '/b',\n  '/c'\n]", Received: "[\n  '/a',\n  '/c'\n]", At: at(b, 6)},
			{Name: "Error", Message: "afterEach: too late", At: at(b, 7)},
		}}},
		{Type: TestBegan, File: b, Test: push},
		{Type: TestEnded, File: b, Test: push, Result: &Result{Outcome: Skipped, Reason: "the backend has no notifications"}},
		{Type: TestBegan, File: b, Test: shaky},
		{Type: TestEnded, File: b, Test: shaky, Result: &Result{Outcome: Failed, Took: 7, Retried: true, Failures: []Failure{flop}}},
		{Type: TestBegan, File: b, Test: again},
		{Type: TestEnded, File: b, Test: again, Result: &Result{Outcome: Flaky, Took: 9, Attempts: []Result{{Outcome: Failed, Took: 7, Failures: []Failure{flop}}}}},
		{Type: FileEnded, File: b, Result: &Result{Outcome: Passed, Took: 130}},
		{Type: FileBegan, File: c},
		{Type: FileEnded, File: c, Result: &Result{Outcome: Failed, Took: 4, Failures: []Failure{{Name: "SyntaxError", Message: "Unexpected token", At: Place{File: c, Line: 2, Column: 7}, Frame: "> 2 | let = \n    |       ^"}}}},
		{Type: TestBegan, File: a, Test: slow},
		{Type: Printed, File: a, Test: slow, Output: &Output{Level: "warning", Text: "still there"}},
		{Type: TestEnded, File: a, Test: slow, Result: &Result{Outcome: Crashed, Reason: "fatal error: out of memory", Took: 61_000}},
		{Type: FileEnded, File: a, Result: &Result{Outcome: Passed, Took: 66_300}},
		{Type: RunEnded, Summary: &Summary{Files: 3, Tests: 6, Passed: 1, Failed: 3, Flaky: 1, Skipped: 1, Broken: 1, Took: 66_400}},
	}
}

func tell(t *testing.T, p Reporter) {
	t.Helper()
	for i, e := range story() {
		e.Time = began.Add(time.Duration(i) * 10 * time.Millisecond)
		if err := p.Event(e); err != nil {
			t.Fatal(err)
		}
	}
}

// golden compares with a file of testdata, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (-update writes it anew); got:\n%s", name, got)
	}
}

func TestFormats(t *testing.T) {
	for _, format := range Formats {
		t.Run(format, func(t *testing.T) {
			var out, summary bytes.Buffer
			tell(t, New(format, &out, Options{GitHubSummary: &summary, Prefix: "web/"}))
			golden(t, format+".golden", out.Bytes())
			if format == "github" {
				golden(t, "github-summary.golden", summary.Bytes())
			}
			if format != "json" && format != "ndjson" && bytes.ContainsRune(out.Bytes(), 0x1b) {
				t.Error("an escape of a script came through")
			}
		})
	}
	t.Run("colour", func(t *testing.T) {
		var out bytes.Buffer
		tell(t, New("text", &out, Options{Colour: true, Steps: true}))
		golden(t, "colour.golden", out.Bytes())
	})
	if New("pdf", nil, Options{}) != nil {
		t.Error("pdf is a format")
	}
}

// What machines read can be read.
func TestMachinesReadIt(t *testing.T) {
	var doc, lines, suite bytes.Buffer
	tell(t, New("json", &doc, Options{}))
	var d Document
	if err := json.Unmarshal(doc.Bytes(), &d); err != nil || d.Summary.Failed != 3 || len(d.Files) != 3 || len(d.Files[1].Tests) != 4 {
		t.Errorf("%v: %+v", err, d)
	}
	tell(t, New("ndjson", &lines, Options{}))
	dec := json.NewDecoder(&lines)
	for n := range len(story()) {
		var e Event
		if err := dec.Decode(&e); err != nil || e.Type != story()[n].Type {
			t.Errorf("line %d: %v, %s", n, err, e.Type)
		}
	}
	tell(t, New("junit", &suite, Options{}))
	var s junitSuites
	if err := xml.Unmarshal(suite.Bytes(), &s); err != nil || s.Tests != 7 || s.Failures != 2 || s.Errors != 2 || s.Skipped != 1 {
		t.Errorf("%v: tests %d, failures %d, errors %d, skipped %d", err, s.Tests, s.Failures, s.Errors, s.Skipped)
	}
}

// Two files that run at the same time are two blocks of text.
func TestTextIsInBlocks(t *testing.T) {
	var out bytes.Buffer
	tell(t, New("text", &out, Options{}))
	for _, name := range []string{"examples/stale.session.js\n", "examples/lots, and odd.session.ts\n", "examples/broken.session.js\n"} {
		if n := strings.Count("\n"+out.String(), "\n"+name); n != 1 {
			t.Errorf("%q heads %d blocks", name, n)
		}
	}
}

// The counts of the fold are those of the summary.
func TestCount(t *testing.T) {
	var r Run
	for _, e := range story() {
		r.Apply(e)
	}
	got := r.Count()
	got.Took = r.Summary.Took
	if got != *r.Summary {
		t.Errorf("%+v, want %+v", got, *r.Summary)
	}
}

// A run that was cut short says so in each format, and ends well.
func TestCutShort(t *testing.T) {
	for _, format := range Formats {
		var out bytes.Buffer
		p := New(format, &out, Options{})
		events := append(story()[:8:8], &Event{Type: RunEnded, Summary: &Summary{Files: 2, Tests: 2, Passed: 1, NotRun: 1, Took: 3}})
		for _, e := range events {
			if err := p.Event(e); err != nil {
				t.Fatal(err)
			}
		}
		if format == "text" {
			golden(t, "cut-short.golden", out.Bytes())
		}
	}
}
