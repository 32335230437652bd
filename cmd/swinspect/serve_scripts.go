package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/swinspect/swinspect/inspector/session/report"
	"github.com/swinspect/swinspect/ui"
)

// pageScripter runs the project's session scripts for the page, in processes of their own
// as `swinspect run` does.
type pageScripter struct {
	io     stdio
	folder string
	memory int64
}

// Folder implements [ui.Scripter].
func (p *pageScripter) Folder() string { return p.folder }

// List implements [ui.Scripter].
func (p *pageScripter) List() ([]string, error) { return scriptsBelow(p.folder) }

// maxScriptText bounds a script that is shown.
const maxScriptText = 1 << 20

// Read implements [ui.Scripter]. Only what List names is read.
func (p *pageScripter) Read(name string) (string, error) {
	all, err := p.List()
	if err != nil {
		return "", err
	}
	if !slices.Contains(all, name) {
		return "", fmt.Errorf("there is no script %s", quote(name))
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close() // it was only read
	text, err := io.ReadAll(io.LimitReader(f, maxScriptText))
	return string(text), err
}

// Run implements [ui.Scripter].
func (p *pageScripter) Run(ctx context.Context, job ui.ScriptJob, emit func(*report.Event)) error {
	run := &scriptRun{job: scriptJob{
		Backend: job.Backend, Filter: job.Filter, Timeout: 30 * time.Second, WaitTimeout: 5 * time.Second,
		Trace: "retain-on-failure", Output: "swinspect-results",
	}}
	if _, err := testFilter(job.Filter); err != nil {
		return err
	}
	if err := run.reachable(ctx); err != nil {
		return err
	}
	jobs := runtime.NumCPU()
	if job.Backend != "engine" {
		jobs = max(1, jobs/2)
	}
	pool := &scriptPool{io: p.io, job: run.job, jobs: min(jobs, len(job.Files)), memory: p.memory}
	pool.emit = func(e *report.Event) error {
		emit(e)
		return nil
	}
	_, err := pool.run(ctx, job.Files)
	return err
}
