package session

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/inspector/session/report"
)

// fileRun runs one script, in a new interpreter whenever the last one cannot be trusted
// to have come to rest.
type fileRun struct {
	r        *runner
	name     string
	bundle   *bundle
	snaps    *snapshots
	problems []report.Failure // of the file itself
	inputs   []string

	f     *file
	top   *stage // the file's, outside of tests
	began bool   // FileBegan was told
}

func (x *fileRun) run(ctx context.Context) {
	if !callsTest.MatchString(x.bundle.text) {
		x.session(ctx)
		return
	}
	next := 0
	for {
		if !x.open(ctx) {
			x.close()
			return
		}
		last := next
		next = x.tests(ctx, next)
		x.close()
		if next >= len(x.f.tests) || next == last {
			return
		}
	}
}

// open evaluates the script, which declares its tests; false when there is nothing
// (more) to run.
func (x *fileRun) open(ctx context.Context) bool {
	first := !x.began
	x.r.emits.pause()
	f, err := x.r.newFile(x.name, x.bundle, x.snaps)
	if err != nil {
		x.broken(report.Failure{Name: "Error", Message: err.Error()})
		return false
	}
	x.f, x.top = f, f.newStage(ctx, nil, testOptions{})
	f.setStage(x.top)
	failures := x.evaluate(x.top)
	if !first {
		x.r.emits.drop()
		return len(failures) == 0
	}
	if len(failures) == 0 && len(f.tests) == 0 {
		x.r.emits.drop()
		x.close()
		x.session(ctx) // it was no test that was called
		return false
	}
	var all []*report.Test
	for _, t := range f.tests {
		if x.chosen(t) {
			all = append(all, &t.Test)
		}
	}
	x.began = true
	x.r.emits.first(&report.Event{Type: report.FileBegan, Tests: all})
	x.problems = append(x.problems, failures...)
	return len(failures) == 0 && !x.r.List
}

func (x *fileRun) broken(e report.Failure) {
	x.r.emits.first(&report.Event{Type: report.FileBegan})
	x.began = true
	x.problems = append(x.problems, e)
}

// evaluate runs the script's top level.
func (x *fileRun) evaluate(s *stage) []report.Failure {
	f := x.f
	var body goja.Callable
	err := f.do(s.context(), func() {
		v, err := f.agent.Run(f.bundle.program)
		if err != nil {
			panic(err)
		}
		body, _ = goja.AssertFunction(v)
	})
	if err == nil {
		err = f.await(s.context(), body, func(f *file) goja.Value { return f.api })
	}
	return x.outcome(s, err)
}

// outcome is what a call of the script came to, with what nobody waited for.
func (x *fileRun) outcome(s *stage, err error) []report.Failure {
	var all []report.Failure
	var thrown *thrownError
	var late *timeoutError
	switch {
	case err == nil:
		all = append(all, s.rest()...)
	case errors.As(err, &thrown):
		if thrown.skip != nil {
			return nil
		}
		all = append(all, thrown.failure)
	case errors.Is(err, errStuck) || errors.As(err, &late):
		cause := context.Cause(s.context())
		if cause == nil {
			cause = err
		}
		all = append(all, s.late(cause))
	default:
		all = append(all, report.Failure{Name: "Error", Message: words(err)})
	}
	all = append(all, s.takeProblems()...)
	if !errors.Is(err, errStuck) {
		all = append(all, x.f.unhandled(context.WithoutCancel(s.context()))...)
	}
	return all
}

// close ends the interpreter and what the file has opened.
func (x *fileRun) close() {
	if x.f == nil {
		return
	}
	if err := x.top.close(); err != nil {
		x.problems = append(x.problems, report.Failure{Name: "Error", Message: "closing what the script has opened: " + words(err)})
	}
	x.f.close()
	for _, path := range x.f.allInputs() {
		if !slices.Contains(x.inputs, path) {
			x.inputs = append(x.inputs, path)
		}
	}
}

// chosen reports whether a test is one that the run is about.
func (x *fileRun) chosen(t *testCase) bool {
	return x.r.Filter == nil || x.r.Filter(x.name, &t.Test)
}

// session runs a script without tests, as one.
func (x *fileRun) session(ctx context.Context) {
	t := &testCase{Test: report.Test{ID: 1, Name: filepath.Base(x.name), Attempt: 1}}
	if !x.chosen(t) {
		x.r.emit(&report.Event{Type: report.FileBegan})
		return
	}
	x.r.emit(&report.Event{Type: report.FileBegan, Tests: []*report.Test{&t.Test}})
	if x.r.List {
		return
	}
	x.r.emit(&report.Event{Type: report.TestBegan, Test: &t.Test})
	began := time.Now()
	result := &report.Result{}
	f, err := x.r.newFile(x.name, x.bundle, x.snaps)
	if err != nil {
		result.Failures = []report.Failure{{Name: "Error", Message: err.Error()}}
	} else {
		x.f, x.top = f, f.newStage(ctx, &t.Test, testOptions{})
		f.setStage(x.top)
		result.Failures = x.evaluate(x.top)
		x.finish(x.top, t, result)
		x.close()
	}
	result.Took = report.MillisOf(time.Since(began))
	x.ended(t, result)
}

// tests runs the tests from index next on and gives the index of that to go on with in
// another interpreter.
func (x *fileRun) tests(ctx context.Context, next int) int {
	f := x.f
	only := slices.ContainsFunc(f.tests, func(t *testCase) bool { return t.only })
	for i := next; i < len(f.tests); i++ {
		t := f.tests[i]
		if !x.chosen(t) {
			continue
		}
		if ctx.Err() != nil || x.r.bailed() {
			x.r.summary.NotRun++
			continue
		}
		if t.skip || only && !t.only {
			reason := t.reason
			if !t.skip {
				reason = "another test of the file is test.only"
			}
			t.Attempt = 1
			x.r.emit(&report.Event{Type: report.TestBegan, Test: &t.Test})
			x.ended(t, &report.Result{Outcome: report.Skipped, Reason: reason})
			continue
		}
		if stuck := x.attempts(ctx, t, i); stuck {
			x.afterAll(ctx, t.group, nil)
			return i + 1
		}
		var following *group
		for _, n := range f.tests[i+1:] {
			if x.chosen(n) {
				following = n.group
				break
			}
		}
		x.afterAll(ctx, t.group, following)
	}
	return len(f.tests)
}

// ended tells of a test's result and counts it.
func (x *fileRun) ended(t *testCase, result *report.Result) {
	test := t.Test
	x.r.emit(&report.Event{Type: report.TestEnded, Test: &test, Result: result})
	if result.Retried {
		return
	}
	x.r.summary.Tests++
	switch {
	case result.Outcome.Bad():
		x.r.summary.Failed++
	case result.Outcome == report.Flaky:
		x.r.summary.Flaky++
	case result.Outcome == report.Skipped:
		x.r.summary.Skipped++
	default:
		x.r.summary.Passed++
	}
}
