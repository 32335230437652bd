package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/inspector/session/report"
)

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
