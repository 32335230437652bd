package session

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
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

// attempts runs a test until it passes or may not be tried again. stuck says that the
// script goes on after its end.
func (x *fileRun) attempts(ctx context.Context, t *testCase, index int) (stuck bool) {
	var before []report.Result
	for attempt := 1; ; attempt++ {
		t.Attempt = attempt
		result, stuck := x.attempt(ctx, t)
		again := result.Outcome.Bad() && attempt <= t.options.retries(x.r) && ctx.Err() == nil
		result.Attempts = before
		if result.Outcome == report.Passed && len(before) > 0 {
			result.Outcome = report.Flaky
		}
		result.Retried = again
		x.ended(t, result)
		if !again {
			return stuck
		}
		before = append(slices.Clone(before), *result)
		if stuck {
			x.close()
			if !x.open(ctx) || index >= len(x.f.tests) {
				return false
			}
			x.f.tests[index].Test, t = t.Test, x.f.tests[index]
		}
	}
}

// attempt runs a test once.
func (x *fileRun) attempt(ctx context.Context, t *testCase) (result *report.Result, stuck bool) {
	f, began := x.f, time.Now()
	test := t.Test
	x.r.emit(&report.Event{Type: report.TestBegan, Test: &test})
	result = &report.Result{}
	for _, g := range t.group.chain() {
		x.beforeAll(ctx, g)
		if g.failure != nil {
			result.Failures = append(result.Failures, *g.failure)
			result.Outcome = report.Failed
			return result, false
		}
	}
	s := f.newStage(ctx, &test, t.options)
	f.setStage(s)
	fixtures, err := s.fixtures(t)
	var skip *skipError
	if err == nil {
		for _, g := range t.group.chain() {
			err = x.hooks(s, g, "beforeEach", fixtures, err)
		}
		if err == nil {
			body, _ := goja.AssertFunction(t.body)
			err = f.await(s.context(), body, fixtures)
		}
	}
	result.Failures = x.outcome(s, err)
	var thrown *thrownError
	if errors.As(err, &thrown) {
		skip = thrown.skip
	}
	stuck = errors.Is(err, errStuck)
	if s.context().Err() != nil {
		s.renew(ctx, t.options.wait(x.r))
	}
	for _, g := range slices.Backward(t.group.chain()) {
		if fixtures == nil || stuck {
			break
		}
		if err := x.hooks(s, g, "afterEach", fixtures, nil); err != nil {
			result.Failures = append(result.Failures, x.outcome(s, err)...)
			stuck = errors.Is(err, errStuck)
		}
	}
	if skip != nil && len(result.Failures) == 0 {
		result.Outcome, result.Reason = report.Skipped, skip.reason
	}
	x.finish(s, t, result)
	f.setStage(x.top)
	result.Took = report.MillisOf(time.Since(began))
	return result, stuck
}

// finish decides how a test went, and closes what it has opened.
func (x *fileRun) finish(s *stage, t *testCase, result *report.Result) {
	if result.Outcome == "" {
		result.Outcome = outcomeOf(result.Failures)
		if t.fails {
			if result.Outcome == report.Passed {
				result.Outcome = report.Failed
				result.Failures = []report.Failure{x.f.framed(report.Failure{Name: report.AssertionError, Message: "it was expected to fail (test.fails), and passes", At: t.At})}
			} else {
				result.Outcome, result.Failures = report.Passed, nil
			}
		}
	}
	s.stopRecorders(result.Outcome.Bad())
	result.Traces, result.Snapshots = s.traces, s.written
	if err := s.close(); err != nil && !result.Outcome.Bad() {
		result.Outcome = report.Failed
		result.Failures = append(result.Failures, report.Failure{Name: "Error", Message: "closing what the test has opened: " + words(err)})
	}
}

func outcomeOf(failures []report.Failure) report.Outcome {
	switch {
	case len(failures) == 0:
		return report.Passed
	case failures[0].Name == "TimeoutError" && strings.Contains(failures[0].Message, " took longer than "):
		return report.TimedOut
	}
	return report.Failed
}

func (x *fileRun) hooks(s *stage, g *group, kind string, fixtures any, err error) error {
	for _, hook := range g.hooks[kind] {
		if err == nil {
			err = x.f.await(s.context(), hook, fixtures)
		}
	}
	return err
}

// beforeAll runs those hooks of a group, once.
func (x *fileRun) beforeAll(ctx context.Context, g *group) {
	if g.begun {
		return
	}
	g.begun = true
	x.f.setStage(x.top)
	x.top.renew(ctx, x.r.timeout())
	if failures := x.outcome(x.top, x.hooks(x.top, g, "beforeAll", nil, nil)); len(failures) > 0 {
		g.failure = &failures[0]
		g.failure.Message = "beforeAll: " + g.failure.Message
	}
}

// afterAll runs those hooks of the groups that are over.
func (x *fileRun) afterAll(ctx context.Context, of, following *group) {
	for _, g := range slices.Backward(of.chain()) {
		if !g.begun || following != nil && slices.Contains(following.chain(), g) {
			continue
		}
		x.f.setStage(x.top)
		x.top.renew(ctx, x.r.timeout())
		for _, e := range x.outcome(x.top, x.hooks(x.top, g, "afterAll", nil, nil)) {
			e.Message = "afterAll: " + e.Message
			x.problems = append(x.problems, e)
		}
	}
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

// fixtures opens what a test and its hooks ask for.
func (s *stage) fixtures(t *testCase) (any, error) {
	var names []string
	everything := false
	_ = s.f.do(s.context(), func() { // when the agent has ended, the test says so
		fns := []goja.Value{t.body}
		for _, g := range t.group.chain() {
			fns = append(fns, g.asks...)
		}
		for _, fn := range fns {
			n, all := s.f.wants(fn)
			names, everything = append(names, n...), everything || all
		}
	})
	for _, name := range names {
		if !slices.Contains(fixtureNames, name) {
			return nil, &thrownError{failure: s.f.framed(report.Failure{Name: "TypeError", At: t.At,
				Message: fmt.Sprintf("there is no fixture %q: a test is given %s", name, strings.Join(fixtureNames, ", "))})}
		}
	}
	return s.openFixtures(names, everything, t)
}

// fixtureNames are what a test is given: Fixtures of swinspect.d.ts.
var fixtureNames = []string{"browser", "site", "page", "network", "clock", "caches", "fetches"}
