package report

import "time"

// EventType says what an [Event] is about, and which of its fields are there.
type EventType string

// The events of a run, in the order in which they come: a run begins, its files begin,
// tests within them, steps within those; each ends before what it is in does. The
// events of one file are in order, files may overlap.
const (
	RunBegan  EventType = "run"      // Run
	FileBegan EventType = "file"     // File; Tests, those that are chosen by the filter
	TestBegan EventType = "test"     // File, Test
	StepBegan EventType = "step"     // File, Test, Step
	StepEnded EventType = "step-end" // File, Test, Step
	Printed   EventType = "output"   // File, Output; Test when one was running
	TestEnded EventType = "test-end" // File, Test, Result
	FileEnded EventType = "file-end" // File, Inputs, Result: what is wrong with the file itself, if anything
	RunEnded  EventType = "run-end"  // Summary
)

// Event is one thing that a run of scripts says, a line of NDJSON: what child processes
// tell their parent, and what a page is told. Paths of files are as they were given on the
// command line; places count lines and columns from 1.
type Event struct {
	Type    EventType `json:"type"`
	Time    time.Time `json:"time"`
	File    string    `json:"file,omitempty"`
	Run     *RunInfo  `json:"run,omitempty"`
	Test    *Test     `json:"test,omitempty"`
	Step    *Step     `json:"step,omitempty"`
	Output  *Output   `json:"output,omitempty"`
	Result  *Result   `json:"result,omitempty"`
	Summary *Summary  `json:"summary,omitempty"`
	Tests   []*Test   `json:"tests,omitempty"`  // of FileBegan: all it has, in order
	Inputs  []string  `json:"inputs,omitempty"` // of FileEnded: files and folders that it read
}

// Millis is a time span in milliseconds.
type Millis float64

// MillisOf is d in milliseconds, to the microsecond.
func MillisOf(d time.Duration) Millis { return Millis(float64(d.Microseconds()) / 1000) }

// Duration is m for Go.
func (m Millis) Duration() time.Duration {
	return time.Duration(float64(m) * float64(time.Millisecond))
}

// RunInfo is what a run was asked to do.
type RunInfo struct {
	Files   []string `json:"files"`
	Backend string   `json:"backend"` // "engine", "chromium" or an endpoint
	Jobs    int      `json:"jobs"`    // files at a time
	Program string   `json:"program,omitempty"`
}

// Test is one test of a file.
type Test struct {
	// ID is the same in each run of an unchanged file: its number in the file, from 1.
	ID   int    `json:"id"`
	Name string `json:"name"`
	At   Place  `json:"at,omitzero"` // of the call of test()
	// Attempt counts from 1; more with retries.
	Attempt int `json:"attempt,omitempty"`
}

// Step is a part of a test that the script named.
type Step struct {
	ID     int    `json:"id"`               // within the test's attempt, from 1
	Parent int    `json:"parent,omitempty"` // the step it is within, 0 for none
	Title  string `json:"title"`            // in the script's own words
	API    bool   `json:"api,omitempty"`    // a call of the API, not a step() of the script
	At     Place  `json:"at,omitzero"`
	// With StepEnded:
	Took    Millis `json:"took,omitempty"`
	Problem string `json:"problem,omitempty"`
}

// Output is what a script printed.
type Output struct {
	Level string `json:"level"` // log, info, warn, error, debug
	Text  string `json:"text"`
	At    Place  `json:"at,omitzero"`
}

// Outcome is how a test, or a file, went.
type Outcome string

// The outcomes.
const (
	Passed   Outcome = "passed"
	Failed   Outcome = "failed"   // it threw, or an expectation did not hold
	TimedOut Outcome = "timedout" // it took longer than it may
	Skipped  Outcome = "skipped"
	Flaky    Outcome = "flaky"   // it passed after it had failed
	Crashed  Outcome = "crashed" // the process that ran it ended
)

// Bad reports whether an outcome fails a run.
func (o Outcome) Bad() bool { return o == Failed || o == TimedOut || o == Crashed }

// Result is how a test's attempt or a file ended.
type Result struct {
	Outcome  Outcome   `json:"outcome"`
	Took     Millis    `json:"took,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Failures []Failure `json:"failures,omitempty"`
	// Traces are the files with the recordings of the test.
	Traces []string `json:"traces,omitempty"`
	// Attempts are those before, oldest first, on the last attempt's result.
	Attempts []Result `json:"attempts,omitempty"`
	// Retried is on the result of an attempt after which another one comes.
	Retried bool `json:"retried,omitempty"`
	// Snapshots that were written, by file name.
	Snapshots []string `json:"snapshots,omitempty"`
}

// Failure is one thing that went wrong.
type Failure struct {
	// Name is the error's: AssertionError for an expectation that did not hold,
	// TimeoutError, SyntaxError, TypeError …; CrashError when the process ended.
	Name string `json:"name,omitempty"`
	// Message says it in one or more lines, without place and stack.
	Message string `json:"message"`
	// Expected and Received are the two sides of a comparison as text, both empty when
	// it was none.
	Expected string `json:"expected,omitempty"`
	Received string `json:"received,omitempty"`
	// Steps are those it was in, outermost first.
	Steps []string `json:"steps,omitempty"`

	At    Place   `json:"at,omitzero"` // in the user's script
	Frame string  `json:"frame,omitempty"`
	Stack []Place `json:"stack,omitempty"` // innermost first, of user scripts
}

// Names of errors that reports tell apart.
const (
	AssertionError = "AssertionError"
	CrashError     = "CrashError"
)

// Place is a place in a file.
type Place struct {
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Function string `json:"function,omitempty"`
}

// Summary is how a run went.
type Summary struct {
	Files   int    `json:"files"`
	Tests   int    `json:"tests"` // that ran or were skipped
	Passed  int    `json:"passed"`
	Failed  int    `json:"failed"` // timed out and crashed ones too
	Flaky   int    `json:"flaky"`
	Skipped int    `json:"skipped"`
	NotRun  int    `json:"notRun,omitempty"` // because the run ended early
	Broken  int    `json:"broken"`           // files that are wrong themselves
	Took    Millis `json:"took"`
}

// OK reports whether nothing failed.
func (s *Summary) OK() bool { return s.Failed == 0 && s.Broken == 0 }
