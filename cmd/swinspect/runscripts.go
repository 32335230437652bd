package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/cdp/chromium"
	"github.com/swinspect/swinspect/inspector/session/report"
)

// scriptRun is `swinspect run`.
type scriptRun struct {
	job       scriptJob
	reporters []string
	jobs      int
	limit     time.Duration
	list      bool
	watch     bool
	steps     bool
	memory    int64 // MiB of each process
}

// scriptJob is one file as the process that runs it is told of it.
type scriptJob struct {
	File        string
	Backend     string // chromium, engine or an endpoint
	Endpoint    string // of the chromium that was launched for the process
	Filter      string
	Skip        []int // tests that are over: their ids
	Timeout     time.Duration
	WaitTimeout time.Duration
	Retries     int
	Bail        int
	Trace       string
	Output      string
	Update      bool
	Strict      bool
	List        bool
	Headed      bool
}

// When traces are kept.
var traceModes = []string{"on", "off", "retain-on-failure"}

// newScriptRun is a run as it is without any flag, for commands that run scripts.
func newScriptRun() *scriptRun {
	r := &scriptRun{}
	r.bind(&cobra.Command{})
	return r
}

func newRunScripts(io stdio) *cobra.Command {
	r := &scriptRun{}
	cmd := &cobra.Command{
		Use:   "run FILE|DIR…",
		Short: "Run scripted debug sessions, in CI as on a desk",
		Long: `Runs scripts of JavaScript or TypeScript that drive browsers, pages, registrations,
caches, requests and breakpoints, and say what they expect (docs/scripting.md;
"swinspect types" prints the types). Of a DIR, files named *.session.js, .mjs, .ts and
.mts are run. The same script runs on the engine and on Chromium: --backend.

Each file runs in a process of its own, several at a time. A process that ends takes
one test with it and is named with its cause; the others go on. A test that fails
leaves a recording of its browsers behind (--trace), which "swinspect open" shows.

Reports go to standard output, or with =FILE to a file; --reporter may be repeated, and
without one to standard output the text goes there:
  text    for people             json    one document at the end
  junit   JUnit XML              ndjson  every event, as it happens
  tap     TAP 14                 github  text, annotations, a summary of the job
In GitHub Actions the default is github. With CI set, a missing snapshot is a failure.

Exit status: 0 all passed; 1 a test failed, or a file does not run; 2 usage: no file, or
no test of that name; 3 no browser; 4 it took longer than --limit; 130 interrupted.`,
		Example: `  swinspect run examples
  swinspect run offline.session.ts --backend chromium --headed
  swinspect run tests --reporter junit=results.xml --retries 2
  swinspect run tests --filter 'two tabs' --watch`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("swinspect run needs FILE or DIR: try swinspect run --help")
			}
			return r.run(cmd, io, args)
		},
	}
	r.bind(cmd)
	return cmd
}

func (r *scriptRun) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	j := &r.job
	f.StringVarP(&j.Backend, "backend", "b", "engine", "what tests run on: `BACKEND` is engine, chromium, or the endpoint of a browser that runs\n(env SWINSPECT_BACKEND)")
	f.StringVarP(&j.Filter, "filter", "f", "", "only the tests whose file and name contain `TEXT`, or match /REGEXP/")
	f.BoolVarP(&r.watch, "watch", "w", false, "run again when a script, or what it uses, changes")
	f.StringArrayVarP(&r.reporters, "reporter", "r", nil, "`FORMAT[=FILE]` of a report: "+strings.Join(report.Formats, ", ")+"; repeatable")
	f.IntVarP(&r.jobs, "parallel", "j", 0, "run `N` files at a time; 0 is one per core, on a browser half of that")
	f.DurationVar(&j.Timeout, "timeout", 30*time.Second, "how `LONG` a test may take")
	f.DurationVar(&j.WaitTimeout, "wait-timeout", 5*time.Second, "how `LONG` a wait, or an expectation that tries again, may take")
	f.DurationVar(&r.limit, "limit", 0, "how `LONG` all of it may take; 0 is without limit")
	f.IntVar(&j.Retries, "retries", 0, "try a test that fails again, up to `N` times; one that passes then is flaky")
	f.IntVar(&j.Bail, "bail", 0, "stop after `N` tests have failed; 0 is never")
	f.Lookup("bail").NoOptDefVal = "1"
	f.StringVar(&j.Trace, "trace", "retain-on-failure", "record the browsers of each test: `WHEN` is "+strings.Join(traceModes, ", "))
	f.StringVarP(&j.Output, "output", "o", "swinspect-results", "the `DIR` for recordings")
	f.BoolVarP(&j.Update, "update-snapshots", "u", false, "write all snapshots anew")
	f.BoolVar(&r.list, "list", false, "list the tests, and run none")
	f.BoolVar(&j.Headed, "headed", false, "show the browser that is launched")
	f.BoolVar(&r.steps, "steps", false, "text: list the steps of tests that passed, too")
	f.Int64Var(&r.memory, "memory", defaultEngineMemory, "memory that each process may use, in `MIB`")
	_ = cmd.RegisterFlagCompletionFunc("backend", cobra.FixedCompletions([]string{"engine", "chromium"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("reporter", cobra.FixedCompletions(report.Formats, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace))
	_ = cmd.RegisterFlagCompletionFunc("trace", cobra.FixedCompletions(traceModes, cobra.ShellCompDirectiveNoFileComp))
}

// check is what is wrong with the command line, and fills in what it left open.
func (r *scriptRun) check(cmd *cobra.Command, io stdio) error {
	j := &r.job
	if v := io.env("SWINSPECT_BACKEND"); v != "" && !cmd.Flags().Changed("backend") {
		j.Backend = v
	}
	switch {
	case strings.TrimSpace(j.Backend) == "":
		return usage("--backend is empty: it is engine, chromium or the endpoint of a browser")
	case !isBackend(j.Backend):
		return usage("--backend %s: it is engine, chromium or the endpoint of a browser that runs: 9222, host:9222, a URL", quote(j.Backend))
	case !slices.Contains(traceModes, j.Trace):
		return usage("--trace %s: it is one of %s", quote(j.Trace), strings.Join(traceModes, ", "))
	case r.jobs < 0 || j.Retries < 0 || j.Bail < 0:
		return usage("--parallel, --retries and --bail are not less than 0")
	case j.Timeout <= 0 || j.WaitTimeout <= 0 || r.limit < 0:
		return usage("a time is more than nothing: write 30s or 2m")
	case j.Output == "":
		return usage("--output is empty: name the folder for recordings")
	case r.list && r.watch:
		return usage("--list and --watch exclude each other")
	}
	if _, err := testFilter(j.Filter); err != nil {
		return err
	}
	ci := io.env("CI")
	j.Strict = ci != "" && ci != "false" && ci != "0"
	if j.Headed && !cmd.Flags().Changed("backend") && j.Backend == "engine" {
		j.Backend = "chromium" // there is nothing to be seen of the engine
	}
	if r.jobs == 0 {
		switch r.jobs = runtime.NumCPU(); {
		case j.Headed:
			r.jobs = 1
		case j.Backend != "engine":
			r.jobs = max(1, r.jobs/2)
		}
	}
	return nil
}

func (r *scriptRun) run(cmd *cobra.Command, io stdio, args []string) error {
	if err := r.check(cmd, io); err != nil {
		return err
	}
	files, err := scriptFiles(args)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	if err := r.reachable(ctx); err != nil {
		return err
	}
	if r.watch {
		return r.watching(ctx, io, args)
	}
	summary, err := r.once(ctx, io, files, nil)
	if err != nil {
		return err
	}
	if !summary.OK() {
		return errSaid
	}
	return nil
}

// once runs files and reports. seen is told of every event, too; it may be nil.
func (r *scriptRun) once(ctx context.Context, io stdio, files []string, seen func(*report.Event)) (_ *report.Summary, err error) {
	if r.list {
		return r.listing(ctx, io, files)
	}
	if r.limit > 0 {
		over := &failure{exit: exitTimeout, err: fmt.Errorf("the run took longer than --limit %s", r.limit)}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, r.limit, over)
		defer cancel()
	}
	out, err := r.report(io)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, out.close()) }()
	p := &scriptPool{io: io, job: r.job, jobs: min(r.jobs, len(files)), memory: r.memory}
	p.emit = func(e *report.Event) error {
		if seen != nil {
			seen(e)
		}
		return out.event(e)
	}
	began := time.Now()
	out.live.show(func() string { return p.progress(began) })
	summary, err := p.run(ctx, files)
	if err != nil {
		return summary, err
	}
	if summary.Tests == 0 && summary.Broken == 0 {
		return summary, r.nothing(ctx, io, files)
	}
	return summary, nil
}

// nothing is the error of a run that had no test: it names those there are.
func (r *scriptRun) nothing(ctx context.Context, io stdio, files []string) error {
	if r.job.Filter == "" {
		return usage("there is no test in %s", shown(files))
	}
	all := &scriptRun{job: r.job, jobs: r.jobs, memory: r.memory}
	all.job.Filter = ""
	run, err := all.tests(ctx, io, files)
	if err != nil {
		return err
	}
	const most = 12
	var names []string
	for _, f := range run.Files {
		for _, t := range f.Tests {
			names = append(names, "  "+clean(f.Name)+": "+clean(t.Name))
		}
	}
	hint := "the tests are:\n" + strings.Join(names[:min(most, len(names))], "\n")
	if more := len(names) - most; more > 0 {
		hint += fmt.Sprintf("\n  … and %d more: swinspect run --list", more)
	}
	if len(names) == 0 {
		hint = "there is no test in " + shown(files)
	}
	return &failure{exit: exitUsage, hint: hint, err: usage("--filter %s: no test has that in its file or name", quote(r.job.Filter))}
}

// shown are files in an error.
func shown(files []string) string {
	if len(files) > 3 {
		return fmt.Sprintf("%s and %d more files", clean(files[0]), len(files)-1)
	}
	return clean(strings.Join(files, ", "))
}

// tests finds out what tests files have; none is run.
func (r *scriptRun) tests(ctx context.Context, io stdio, files []string) (*report.Run, error) {
	job := r.job
	job.List, job.Backend = true, "engine" // nothing is started for a list
	run := &report.Run{}
	p := &scriptPool{io: io, job: job, jobs: min(max(r.jobs, 1), len(files)), memory: r.memory}
	p.emit = func(e *report.Event) error {
		f, _ := run.Apply(e)
		for _, t := range e.Tests {
			f.Tests = append(f.Tests, &report.Case{Test: *t})
		}
		return nil
	}
	_, err := p.run(ctx, files)
	return run, err
}

// listing is --list: FILE:LINE and the name of each test.
func (r *scriptRun) listing(ctx context.Context, io stdio, files []string) (*report.Summary, error) {
	run, err := r.tests(ctx, io, files)
	if err != nil {
		return nil, err
	}
	sum := run.Count()
	tests := []report.Test{}
	for _, f := range run.Files {
		if f.Broken() {
			for _, p := range f.Result.Failures {
				io.say("swinspect: %s:%d:%d: %s", clean(f.Name), p.At.Line, p.At.Column, clean(p.Message))
			}
		}
		for _, t := range f.Tests {
			t.At.File = cmp.Or(t.At.File, f.Name)
			tests = append(tests, t.Test)
		}
	}
	if slices.ContainsFunc(r.reporters, func(s string) bool { return s == "json" }) {
		return &sum, io.json(tests)
	}
	for _, t := range tests {
		if _, err := fmt.Fprintf(io.out, "%s:%d  %s\n", clean(t.At.File), t.At.Line, clean(t.Name)); err != nil {
			return nil, err
		}
	}
	if len(tests) == 0 && sum.Broken == 0 {
		return &sum, r.nothing(ctx, io, files)
	}
	return &sum, nil
}

// reachable asks whether there is a browser at all, before anything is run.
func (r *scriptRun) reachable(ctx context.Context) error {
	switch {
	case r.list || r.job.Backend == "engine":
		return nil
	case r.job.Backend == "chromium":
		if _, err := chromium.Find(); err != nil {
			return &failure{exit: exitUnreachable, err: err, hint: "install Chromium, Chrome or Edge, or name one in SWINSPECT_BROWSER"}
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, defaultTimeout)
	defer cancel()
	if _, err := cdp.Resolve(ctx, r.job.Backend); err != nil {
		return unreachable(ctx, connection{attach: r.job.Backend, timeout: defaultTimeout}, err)
	}
	return nil
}
