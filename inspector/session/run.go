package session

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/session/report"
)

// The usual time limits.
const (
	defaultTimeout = 30 * time.Second
	defaultWait    = 5 * time.Second
)

// Run runs the files and tells o.Emit of it, from report.FileBegan to report.FileEnded of
// each: the run itself is the caller's to announce. The error is about the run (ctx ended,
// no host); what fails in scripts is in the events.
func Run(ctx context.Context, o Options) (*report.Summary, error) {
	if o.Host == nil {
		return nil, errors.New("session: there is no host to open browsers with")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Env == nil {
		o.Env = os.LookupEnv
	}
	o.Backend = cmp.Or(o.Backend, "engine")
	began := time.Now()
	r := &runner{Options: o, hub: inspector.NewHub(inspector.HubOptions{Logger: o.Logger}), shared: map[string]*sharedBackend{}}
	for i, name := range o.Files {
		if ctx.Err() != nil || r.bailed() {
			r.summary.NotRun += len(o.Files) - i
			break
		}
		r.file(ctx, name)
	}
	err := errors.Join(context.Cause(ctx), r.close())
	r.summary.Took = report.MillisOf(time.Since(began))
	return &r.summary, err
}

// runner is one Run; of its caller's goroutine, but for what says otherwise.
type runner struct {
	Options
	hub     *inspector.Hub
	shared  map[string]*sharedBackend // by what was asked for; see backends.go
	summary report.Summary
	emits   emitter
	closing sync.WaitGroup // of browsers that another one stands in for
}

func (r *runner) timeout() time.Duration     { return cmp.Or(r.Timeout, defaultTimeout) }
func (r *runner) waitTimeout() time.Duration { return cmp.Or(r.WaitTimeout, defaultWait) }
func (r *runner) bailed() bool {
	return r.Bail > 0 && r.summary.Failed+r.summary.Broken >= r.Bail
}

func (r *runner) close() error {
	var errs []error
	for _, s := range r.shared {
		errs = append(errs, s.close())
	}
	r.closing.Wait()
	return errors.Join(append(errs, r.hub.Close())...)
}

// file runs one script.
func (r *runner) file(ctx context.Context, name string) {
	began := time.Now()
	r.summary.Files++
	r.emits.to(r.Emit, name)
	result := &report.Result{Outcome: report.Passed}
	var inputs []string
	b, err := newBundle(name)
	if err != nil {
		r.emit(&report.Event{Type: report.FileBegan})
		result.Failures = []report.Failure{compileFailure(err)}
		if path, absErr := filepath.Abs(name); absErr == nil {
			inputs = []string{path} // a run that watches waits for it to be mended
		}
	} else {
		x := &fileRun{r: r, name: name, bundle: b, snaps: &snapshots{script: name, update: r.UpdateSnapshots, strict: r.Strict}}
		x.run(ctx)
		result.Failures, inputs = x.problems, x.inputs
	}
	if len(result.Failures) > 0 {
		result.Outcome = report.Failed
		r.summary.Broken++
	}
	result.Took = report.MillisOf(time.Since(began))
	r.emit(&report.Event{Type: report.FileEnded, Result: result, Inputs: inputs})
}

func compileFailure(err error) report.Failure {
	var wrong *compileError
	if !errors.As(err, &wrong) {
		return report.Failure{Name: "Error", Message: err.Error()}
	}
	f := report.Failure{Name: "SyntaxError", Message: wrong.message, At: wrong.at}
	if wrong.at.Line > 0 {
		f.Frame = codeFrame(wrong.at.File, wrong.at.Line, wrong.at.Column)
	} else {
		f.Name = "Error"
	}
	return f
}

func (r *runner) emit(e *report.Event) { r.emits.emit(e) }
