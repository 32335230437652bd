package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"

	scripting "github.com/swinspect/swinspect/inspector/session"
	"github.com/swinspect/swinspect/inspector/session/report"
)

// newRunChild is the hidden command that scripts run in, in processes of its own: what a
// worker or a script does can kill the process that runs it.
func newRunChild(std stdio) *cobra.Command {
	return &cobra.Command{
		Use:    "run-child",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   func(cmd *cobra.Command, _ []string) error { return runScriptsChild(cmd.Context(), std) },
	}
}

// runScriptsChild runs the files that standard input names, one job a line, until it ends.
func runScriptsChild(ctx context.Context, std stdio) error {
	debug.SetGCPercent(400) // scripts and engines make garbage; they live for a moment
	jobs := json.NewDecoder(std.in)
	for ctx.Err() == nil {
		var job scriptJob
		if err := jobs.Decode(&job); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return usage("run-child is not for people: use swinspect run")
		}
		if err := job.run(ctx, std); err != nil && ctx.Err() == nil {
			f := classify(err)
			if own, ok := errors.AsType[*failure](err); ok {
				f = own
			}
			if err := std.jsonLine(scriptLine{Error: err.Error(), Exit: f.exit, Hint: f.hint}); err != nil {
				return err
			}
		}
	}
	return nil
}

// run runs the job's file and says its events.
func (j *scriptJob) run(ctx context.Context, std stdio) error {
	filter, err := testFilter(j.Filter)
	if err != nil {
		return err
	}
	if chosen := filter; len(j.Skip) > 0 {
		filter = func(file string, t *report.Test) bool {
			return !slices.Contains(j.Skip, t.ID) && (chosen == nil || chosen(file, t))
		}
	}
	host := &scriptHost{chromium: j.Endpoint}
	defer host.close()
	var broken error
	o := scripting.Options{
		Files: []string{j.File}, Filter: filter, List: j.List, Backend: j.Backend, Host: host, Timeout: j.Timeout, WaitTimeout: j.WaitTimeout,
		Retries: j.Retries, UpdateSnapshots: j.Update, Strict: j.Strict, Bail: j.Bail, Headed: j.Headed,
		Emit: func(e *report.Event) {
			if e.Type == report.RunBegan || e.Type == report.RunEnded {
				return // of this one file; the run is the parent's
			}
			if err := std.jsonLine(scriptLine{Event: e}); err != nil {
				broken = err
			}
		},
	}
	if j.Trace != "off" {
		traces := &scriptTraces{dir: j.Output, always: j.Trace == "on"}
		o.Record = traces.record
	}
	_, err = scripting.Run(ctx, o)
	if err != nil {
		err = fmt.Errorf("%s: %w", clean(j.File), err)
	}
	return errors.Join(err, broken)
}
