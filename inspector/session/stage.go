package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/dop251/goja"

	"github.com/swinspect/swinspect/inspector/session/report"
)

// stage is what calls of the API belong to: an attempt of a test, or the file outside of
// its tests. What is opened in a stage is closed with it.
//
// Concurrency: methods may be called from any goroutine unless they say otherwise.
type stage struct {
	f    *file
	test *report.Test // nil outside of tests
	o    testOptions

	mu        sync.Mutex // guards the fields below
	ctx       context.Context
	cancel    context.CancelCauseFunc
	timer     *time.Timer
	until     time.Time // when timer ends it
	ops       []*op     // under way, oldest first
	last      *op
	ids       int
	steps     []*openStep // step()s under way, outermost first
	problems  []report.Failure
	closers   []closer
	written   []string
	traces    []string
	recorders []Recorder
	snapshots int
	browser   *browserContext // of the fixtures
	site      *site
	looped    []report.Place // where the script was stopped
	held      []*breakpoint  // those whose handlers run

	stepsAt map[*goja.Object][]string // of the loop: the steps that an error passed through
}

// closer closes something that a stage has opened.
type closer struct {
	what  any
	close func(context.Context) error
}

// op is a call under way.
type op struct {
	title string
	at    []report.Place
	ctx   context.Context
	began time.Time
	id    int // of its step; 0: not told of
	// awaited says that the test does not end before it: an expectation.
	awaited bool
	done    chan struct{}
}

// openStep is a step() under way.
type openStep struct {
	step  report.Step
	began time.Time
	done  chan struct{}
}

func (f *file) newStage(ctx context.Context, t *report.Test, o testOptions) *stage {
	s := &stage{f: f, test: t, o: o, stepsAt: map[*goja.Object][]string{}}
	s.renew(ctx, o.timeout(f.run))
	return s
}

// renew gives the calls that follow a time limit of their own.
func (s *stage) renew(ctx context.Context, limit time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer != nil {
		s.timer.Stop()
	}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	cancel, what := s.cancel, "the test"
	if s.test == nil {
		what = "the script, outside of its tests,"
	}
	s.until = time.Now().Add(limit)
	s.timer = time.AfterFunc(limit, func() {
		cancel(&timeoutError{what: fmt.Sprintf("%s took longer than %s", what, spanText(limit)) + s.heldWords(), test: true})
	})
}

// ends is when the time of the stage is over.
func (s *stage) ends() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.until
}

// holding notes that the handler of a breakpoint runs, or no longer does.
func (s *stage) holding(b *breakpoint, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if on {
		s.held = append(s.held, b)
		return
	}
	s.held = slices.DeleteFunc(s.held, func(x *breakpoint) bool { return x == b })
}

// heldWords say which handlers hold a worker.
func (s *stage) heldWords() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.held) == 0 {
		return ""
	}
	return fmt.Sprintf(": a worker is paused at the breakpoint “%s” by its handler, which has not returned", s.held[0].what)
}

// context is what work of the stage obeys.
func (s *stage) context() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ctx
}

// end ends what is under way.
func (s *stage) end(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancel(cause)
}

func (s *stage) begin(title string, at []report.Place) *op {
	s.mu.Lock()
	o := &op{title: title, at: at, ctx: s.ctx, began: time.Now(), done: make(chan struct{})}
	s.ops, s.last = append(s.ops, o), o
	var step *report.Step
	if s.f.run.Steps {
		s.ids++
		o.id = s.ids
		step = &report.Step{ID: o.id, Parent: s.parent(), Title: title, API: true}
		if len(at) > 0 {
			step.At = at[0]
		}
	}
	s.mu.Unlock()
	if step != nil {
		s.f.run.emit(&report.Event{Type: report.StepBegan, Test: s.test, Step: step})
	}
	return o
}

// parent is the step that a new one is part of, with mu held.
func (s *stage) parent() int {
	if len(s.steps) == 0 {
		return 0
	}
	return s.steps[len(s.steps)-1].step.ID
}

func (s *stage) finish(o *op, err error) {
	s.mu.Lock()
	s.ops = slices.DeleteFunc(s.ops, func(x *op) bool { return x == o })
	s.mu.Unlock()
	close(o.done)
	if o.id == 0 {
		return
	}
	step := &report.Step{ID: o.id, Title: o.title, API: true, Took: report.MillisOf(time.Since(o.began))}
	if len(o.at) > 0 {
		step.At = o.at[0]
	}
	if err != nil {
		step.Problem = words(err)
	}
	s.f.run.emit(&report.Event{Type: report.StepEnded, Test: s.test, Step: step})
}

// beginStep begins a step().
func (s *stage) beginStep(title string, at []report.Place) *openStep {
	s.mu.Lock()
	s.ids++
	o := &openStep{report.Step{ID: s.ids, Parent: s.parent(), Title: title}, time.Now(), make(chan struct{})}
	if len(at) > 0 {
		o.step.At = at[0]
	}
	s.steps = append(s.steps, o)
	step := o.step
	s.mu.Unlock()
	s.f.run.emit(&report.Event{Type: report.StepBegan, Test: s.test, Step: &step})
	return o
}

// endStep ends a step(), on the loop; reason is what was thrown, nil when it went well.
func (s *stage) endStep(o *openStep, reason goja.Value) {
	s.mu.Lock()
	s.steps = slices.DeleteFunc(s.steps, func(x *openStep) bool { return x == o })
	step := o.step
	s.mu.Unlock()
	close(o.done)
	step.Took = report.MillisOf(max(time.Since(o.began), time.Microsecond))
	if reason != nil {
		if e, ok := reason.(*goja.Object); ok {
			s.stepsAt[e] = append([]string{step.Title}, s.stepsAt[e]...)
		}
		step.Problem = s.f.failureOf(reason).Message
	}
	s.f.run.emit(&report.Event{Type: report.StepEnded, Test: s.test, Step: &step})
}

// rest waits for the expectations and steps that the script has begun and not waited
// for, until the stage's time is over, and gives those that are still under way then.
func (s *stage) rest() []report.Failure {
	ctx := s.context()
	for {
		what, at, done := s.pending()
		if done == nil {
			return nil
		}
		select {
		case <-done:
			continue
		case <-s.f.agent.Done():
			return nil // it says itself why
		case <-ctx.Done():
		}
		select {
		case <-done: // it has been told to end
		case <-time.After(settleWithin):
			e := report.Failure{Name: "Error", Message: what + " was not awaited, and was not over when the test was", Stack: at}
			return []report.Failure{s.f.framed(e)}
		}
	}
}

// pending is an expectation or step under way; done is nil when there is none.
func (s *stage) pending() (what string, at []report.Place, done chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.ops {
		if o.awaited {
			return o.title, o.at, o.done
		}
	}
	for _, o := range s.steps {
		return fmt.Sprintf("the step “%s”", o.step.Title), []report.Place{o.step.At}, o.done
	}
	return "", nil, nil
}

// stepsOf are the steps that something thrown has passed through; on the loop.
func (s *stage) stepsOf(v goja.Value) []string {
	e, ok := v.(*goja.Object)
	if !ok {
		return nil
	}
	return s.stepsAt[e]
}

// problem is a failure that no call of the script can be told of.
func (s *stage) problem(e report.Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problems = append(s.problems, e)
}

func (s *stage) takeProblems() []report.Failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.problems
	s.problems = nil
	return all
}

// closes has something closed with the stage, unless unclose is called before.
func (s *stage) closes(what any, f func(context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closers = append(s.closers, closer{what, f})
}

// unclose forgets what was closed by the script; false when it was forgotten before.
func (s *stage) unclose(what any) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.closers)
	s.closers = slices.DeleteFunc(s.closers, func(c closer) bool { return c.what == what })
	return len(s.closers) < n
}

// closeWithin bounds what closing one thing may take.
const closeWithin = 10 * time.Second

// close ends the stage and closes what it has opened, the last first.
func (s *stage) close() error {
	s.mu.Lock()
	s.timer.Stop()
	s.cancel(errOver)
	all := s.closers
	s.closers = nil
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	var errs []error
	for _, c := range slices.Backward(all) {
		if err := c.close(ctx); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// late is the failure of a test whose time is over while the script does something
// that knows nothing of it.
func (s *stage) late(cause error) report.Failure {
	s.mu.Lock()
	ops, last, looped := slices.Clone(s.ops), s.last, s.looped
	s.mu.Unlock()
	e := report.Failure{Name: "TimeoutError", Message: cause.Error()}
	switch {
	case len(looped) > 0:
		e.Message += ": the script computes here without an await (an endless loop?)"
		e.Stack = looped
	case len(ops) > 0:
		o := ops[len(ops)-1]
		e.Message += "; it was waiting for " + o.title
		e.Stack = o.at
	case last != nil:
		e.Message += "; the script waits for something that nobody brings about. The last call before it was " + last.title
		e.Stack = last.at
	default:
		e.Message += "; the script waits for something that nobody brings about"
		if s.test != nil {
			e.At = s.test.At
		}
	}
	return s.f.framed(e)
}
