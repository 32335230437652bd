package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/swinspect/swinspect/cdp/chromium"
	"github.com/swinspect/swinspect/inspector/session/report"
)

// scriptPool runs files in child processes, each with one file at a time. A child that
// dies takes with it the test it was at; another one goes on with the tests behind it.
//
// Its goroutines are one per process at a time, and those of the processes; run waits for
// all of them.
type scriptPool struct {
	io     stdio
	job    scriptJob
	jobs   int
	memory int64
	emit   func(*report.Event) error // called with mu held

	mu     sync.Mutex
	folded report.Run
	failed int
	stop   context.CancelCauseFunc
	line   string // by the goroutine that asks for progress
	broken error
}

// errBail ends a run of which enough tests have failed.
var errBail = errors.New("enough tests have failed")

// maxScriptDeaths bounds how often a file is gone on with.
const maxScriptDeaths = 20

func (p *scriptPool) run(ctx context.Context, files []string) (*report.Summary, error) {
	began := time.Now()
	ctx, p.stop = context.WithCancelCause(ctx)
	defer p.stop(nil)
	p.say(&report.Event{Type: report.RunBegan, Run: &report.RunInfo{
		Files: files, Backend: p.job.Backend, Jobs: p.jobs, Program: "swinspect " + buildVersion().Version,
	}})
	queue := make(chan string)
	errs := make([]error, p.jobs)
	var wg sync.WaitGroup
	for i := range p.jobs {
		wg.Go(func() {
			s := &scriptSlot{pool: p}
			defer s.close()
			for file := range queue {
				if err := s.file(ctx, file); err != nil {
					errs[i] = err
					p.stop(err)
				}
			}
		})
	}
	for _, file := range files {
		select {
		case queue <- file:
		case <-ctx.Done():
		}
	}
	close(queue)
	wg.Wait()
	err := errors.Join(errs...)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	p.mu.Lock()
	sum := p.folded.Count()
	p.mu.Unlock()
	sum.Took = report.MillisOf(time.Since(began))
	p.say(&report.Event{Type: report.RunEnded, Summary: &sum})
	if errors.Is(err, errBail) {
		err = nil
	}
	return &sum, cmp.Or(p.broken, err)
}

// say tells an event to the reports.
func (p *scriptPool) say(e *report.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	p.folded.Apply(e)
	if e.Type == report.TestEnded && e.Result != nil && e.Result.Outcome.Bad() && !e.Result.Retried {
		if p.failed++; p.job.Bail > 0 && p.failed >= p.job.Bail {
			p.stop(errBail)
		}
	}
	if err := p.emit(e); err != nil && p.broken == nil {
		p.broken = fmt.Errorf("writing a report: %w", err)
		p.stop(p.broken)
	}
}

// scriptSlot is one of the processes that run at a time, with the browser it uses.
type scriptSlot struct {
	pool    *scriptPool
	process *scriptProcess
	browser *chromium.Process
}

func (s *scriptSlot) close() {
	s.drop()
	if s.browser != nil {
		if err := s.browser.Close(); err != nil {
			s.pool.io.say("swinspect: ending the browser: %v", err)
		}
	}
}

// drop ends the process.
func (s *scriptSlot) drop() {
	if s.process != nil {
		s.process.end()
		s.process = nil
	}
}

// endpoint is that of the browser of this slot: it is launched when it is not there.
func (s *scriptSlot) endpoint(ctx context.Context) (string, error) {
	if s.browser != nil {
		select {
		case <-s.browser.Done():
			_ = s.browser.Close() // it is gone
			s.browser = nil
		default:
		}
	}
	if s.browser == nil {
		headless := !s.pool.job.Headed
		b, err := chromium.Launch(ctx, chromium.Options{Headless: &headless})
		if err != nil {
			return "", &failure{exit: exitUnreachable, err: err, hint: "install Chromium, Chrome or Edge, or name one in SWINSPECT_BROWSER"}
		}
		s.browser = b
	}
	return s.browser.Endpoint().WebSocketURL, nil
}

// file runs one file; what is wrong with it is told as an event. The error is about the
// run.
func (s *scriptSlot) file(ctx context.Context, file string) error {
	if ctx.Err() != nil {
		return nil
	}
	job := s.pool.job
	job.File = file
	f := &scriptFile{pool: s.pool, name: file, began: time.Now()}
	for {
		if job.Backend == "chromium" && !job.List {
			var err error
			if job.Endpoint, err = s.endpoint(ctx); err != nil {
				return err
			}
		}
		if s.process != nil && s.process.full() {
			s.drop()
		}
		if s.process == nil {
			var err error
			if s.process, err = startScripts(ctx, s.pool.memory); err != nil {
				return err
			}
		}
		job.Skip = f.over
		err := s.process.do(&job, 2*job.Timeout+time.Minute, f.event)
		var died *diedError
		if !errors.As(err, &died) {
			return err
		}
		s.process = nil
		if ctx.Err() != nil {
			return nil
		}
		if !f.crashed(died.cause) {
			return nil
		}
	}
}

// scriptFile is a file that runs, possibly in several processes one after the other.
type scriptFile struct {
	pool    *scriptPool
	name    string
	began   time.Time
	tests   []*report.Test // all it has
	over    []int
	running *report.Case // nil between tests
	since   time.Time
	deaths  int
	begun   bool
}

// event hands on what a process says.
func (f *scriptFile) event(e *report.Event) {
	switch e.Type {
	case report.FileBegan:
		if f.begun { // by the process before
			return
		}
		f.begun, f.tests = true, e.Tests
	case report.TestBegan:
		f.running, f.since = &report.Case{Test: *e.Test}, time.Now()
	case report.StepBegan:
		if f.running != nil {
			f.running.Steps = append(f.running.Steps, e.Step)
		}
	case report.StepEnded:
		if f.running != nil {
			f.running.Steps = slices.DeleteFunc(f.running.Steps, func(s *report.Step) bool { return s.ID == e.Step.ID })
		}
	case report.TestEnded:
		f.running = nil
		if e.Result == nil || !e.Result.Retried {
			f.over = append(f.over, e.Test.ID)
		}
	}
	f.pool.say(e)
}

// crashed tells of the end of a process, and reports whether another one is to go on.
func (f *scriptFile) crashed(cause string) bool {
	f.deaths++
	said := report.Failure{Name: report.CrashError, Message: "the process that ran it ended: " + cause, At: report.Place{File: f.name}}
	if f.running == nil || f.deaths > maxScriptDeaths {
		if !f.begun {
			f.pool.say(&report.Event{Type: report.FileBegan, File: f.name})
		}
		f.end(report.Crashed, said)
		return false
	}
	t := f.running.Test
	said.At = t.At
	for _, s := range f.running.Steps {
		said.Steps = append(said.Steps, s.Title)
		if s.At.Line > 0 {
			said.At = s.At
		}
	}
	said.At.File = cmp.Or(said.At.File, f.name)
	f.running = nil
	f.over = append(f.over, t.ID)
	f.pool.say(&report.Event{Type: report.TestEnded, File: f.name, Test: &t, Result: &report.Result{
		Outcome: report.Crashed, Took: report.MillisOf(time.Since(f.since)), Failures: []report.Failure{said},
	}})
	if !slices.ContainsFunc(f.tests, func(t *report.Test) bool { return !slices.Contains(f.over, t.ID) }) {
		f.end(report.Passed)
		return false
	}
	return true
}

func (f *scriptFile) end(o report.Outcome, failures ...report.Failure) {
	f.pool.say(&report.Event{Type: report.FileEnded, File: f.name, Result: &report.Result{
		Outcome: o, Took: report.MillisOf(time.Since(f.began)), Failures: failures,
	}})
}

// progress is a line about a run under way; the one before when the pool is busy, as it
// writes while it is asked.
func (p *scriptPool) progress(began time.Time) string {
	if !p.mu.TryLock() {
		return p.line
	}
	defer p.mu.Unlock()
	done, what := 0, ""
	for _, f := range p.folded.Files {
		if f.Result != nil {
			done++
			continue
		}
		for _, t := range f.Tests {
			if t.Result == nil {
				what = f.Name + " › " + t.Name
				if s := t.Step(); s != nil {
					what += " › " + s.Title
				}
			}
		}
	}
	count := p.folded.Count()
	line := fmt.Sprintf("%d of %d files, %d passed", done, len(p.folded.Info.Files), count.Passed)
	if count.Failed > 0 {
		line += fmt.Sprintf(", %d failed", count.Failed)
	}
	p.line = fmt.Sprintf("%s, %d s  %s", line, int(time.Since(began).Seconds()), what)
	return p.line
}
