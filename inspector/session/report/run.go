package report

import (
	"slices"
)

// Run is what a run of scripts has said so far: events folded into files and tests.
// The zero value is a run that has not said anything. It is not safe for concurrent use.
type Run struct {
	Info    RunInfo
	Files   []*File // in the order in which they began; after the run, in that of Info
	Summary *Summary
}

// File is one script.
type File struct {
	Name   string
	Tests  []*Case   // in the order in which they began
	Result *Result   // nil while it runs
	Output []*Output // outside of tests
}

// Case is one test of a script, as of its last attempt.
type Case struct {
	Test
	Result *Result // nil while it runs
	Steps  []*Step
	Output []*Output
}

// Apply folds one event in and gives the file and the test that it is about, nil when it
// is about none.
func (r *Run) Apply(e *Event) (*File, *Case) {
	switch {
	case e.Type == RunBegan && e.Run != nil:
		r.Info = *e.Run
	case e.Type == RunEnded:
		r.Summary = e.Summary
		slices.SortStableFunc(r.Files, func(a, b *File) int {
			return slices.Index(r.Info.Files, a.Name) - slices.Index(r.Info.Files, b.Name)
		})
	}
	if e.File == "" {
		return nil, nil
	}
	f := r.file(e.File)
	if e.Type == FileEnded {
		f.Result = e.Result
		if f.Result == nil {
			f.Result = &Result{Outcome: Passed}
		}
	}
	if e.Test == nil {
		if e.Output != nil {
			f.Output = append(f.Output, e.Output)
		}
		return f, nil
	}
	t := f.test(e.Test)
	switch e.Type {
	case StepBegan:
		t.Steps = append(t.Steps, e.Step)
	case StepEnded:
		if i := slices.IndexFunc(t.Steps, func(s *Step) bool { return s.ID == e.Step.ID }); i >= 0 {
			t.Steps[i] = e.Step
		}
	case Printed:
		t.Output = append(t.Output, e.Output)
	case TestEnded:
		t.Result = e.Result
	}
	return f, t
}

func (r *Run) file(name string) *File {
	if i := slices.IndexFunc(r.Files, func(f *File) bool { return f.Name == name }); i >= 0 {
		return r.Files[i]
	}
	f := &File{Name: name}
	r.Files = append(r.Files, f)
	return f
}

// test finds a test; a new attempt begins it anew.
func (f *File) test(of *Test) *Case {
	for i, t := range f.Tests {
		if t.ID != of.ID {
			continue
		}
		if t.Attempt != of.Attempt {
			t = &Case{Test: *of}
			f.Tests[i] = t
		}
		return t
	}
	t := &Case{Test: *of}
	f.Tests = append(f.Tests, t)
	return t
}

// Step is the innermost step under way, nil when there is none.
func (t *Case) Step() *Step {
	for _, s := range slices.Backward(t.Steps) {
		if s.Took == 0 && s.Problem == "" {
			return s
		}
	}
	return nil
}

// Broken reports whether a file is wrong itself, whatever its tests came to.
func (f *File) Broken() bool { return f.Result != nil && f.Result.Outcome.Bad() }

// Count is the run's summary as of now, without its time.
func (r *Run) Count() Summary {
	s := Summary{Files: len(r.Files)}
	for _, f := range r.Files {
		if f.Broken() {
			s.Broken++
		}
		for _, t := range f.Tests {
			s.Tests++
			switch {
			case t.Result == nil:
				s.NotRun++
			case t.Result.Outcome.Bad():
				s.Failed++
			case t.Result.Outcome == Flaky:
				s.Flaky++
			case t.Result.Outcome == Skipped:
				s.Skipped++
			default:
				s.Passed++
			}
		}
	}
	return s
}

// failures are those of a result's attempts and its own.
func failures(r *Result) []Failure {
	if r == nil {
		return nil
	}
	if len(r.Failures) == 0 && len(r.Attempts) > 0 { // flaky: why it failed before
		return r.Attempts[len(r.Attempts)-1].Failures
	}
	return r.Failures
}
