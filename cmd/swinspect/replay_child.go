package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/inspector/recording"
	"github.com/swinspect/swinspect/inspector/replay"
)

// replayLine is what a child process says, one line each: "started" before an event,
// "result" after it, "summary" at the end or "failed" instead.
type replayLine struct {
	Type    string          `json:"type"`
	Total   int             `json:"total,omitempty"` // events of this child
	Result  *replay.Result  `json:"result,omitempty"`
	Body    []byte          `json:"body,omitempty"` // of the replayed answer, when it was asked for
	Summary *replay.Summary `json:"summary,omitempty"`
	Error   string          `json:"error,omitempty"`
	Exit    int             `json:"exit,omitempty"`
}

// replayChild is what a child process is told, on standard input.
type replayChild struct {
	Job    replayJob
	Bodies bool
	Steps  bool  // of equal events too
	Memory int64 // MiB
}

// newReplayChild is the hidden command that a replay runs in processes of its own:
// worker code can kill the process that runs it.
func newReplayChild(io stdio) *cobra.Command {
	return &cobra.Command{
		Use:    "replay-child",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   func(cmd *cobra.Command, _ []string) error { return runReplayChild(cmd.Context(), io) },
	}
}

func runReplayChild(ctx context.Context, io stdio) error {
	var c replayChild
	if err := json.NewDecoder(io.in).Decode(&c); err != nil {
		return usage("replay-child is not for people: use swinspect replay")
	}
	debug.SetGCPercent(400) // events make garbage; the memory limit holds all the same
	if c.Memory > 0 {
		debug.SetMemoryLimit(c.Memory << 20 * 8 / 10)
	}
	summary, err := c.replay(ctx, io)
	if err != nil {
		f := classify(err)
		var own *failure
		if errors.As(err, &own) {
			f = own
		}
		return io.jsonLine(replayLine{Type: "failed", Error: err.Error(), Exit: f.exit})
	}
	return io.jsonLine(replayLine{Type: "summary", Summary: summary})
}

// brief is an answer that equals the other one without what nobody looks at then.
func brief(a *replay.Answer) *replay.Answer {
	b := *a
	b.Steps, b.Headers = nil, nil
	return &b
}

func (c *replayChild) replay(ctx context.Context, io stdio) (*replay.Summary, error) {
	o, done, err := c.Job.options(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	f, err := recording.Open(c.Job.File)
	if err != nil {
		return nil, &failure{exit: exitUnreachable, err: err}
	}
	defer func() { _ = f.Close() }() // it was only read
	r, err := replay.Load(ctx, f)
	if err != nil {
		return nil, &failure{exit: exitUnreachable, err: err}
	}
	var broken error
	o.Started = func(x *replay.Result, total int) {
		if err := io.jsonLine(replayLine{Type: "started", Result: x, Total: total}); err != nil {
			broken = err
		}
	}
	summary, err := replay.Run(ctx, r, o, func(x *replay.Result) error {
		if !c.Steps && x.Verdict == replay.Equal {
			x.Recorded, x.Replayed = brief(x.Recorded), brief(x.Replayed)
		}
		l := replayLine{Type: "result", Result: x}
		if c.Bodies && x.Replayed != nil && x.Verdict != replay.Equal {
			l.Body = x.Replayed.Body.Bytes()
		}
		return errors.Join(broken, io.jsonLine(l))
	})
	if errors.Is(err, replay.ErrNoScript) || errors.Is(err, replay.ErrOutOfScope) {
		err = &failure{exit: exitUsage, err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", clean(c.Job.File), err)
	}
	return summary, nil
}
