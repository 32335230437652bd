package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/recording"
	"github.com/swinspect/swinspect/inspector/replay"
	scripting "github.com/swinspect/swinspect/inspector/session"
)

// scriptRecording is a recording for a script.
type scriptRecording struct {
	file  *recording.File
	name  string // to open again; a HAR was made into another file
	clear func()
}

// Recording implements [scripting.Host].
func (h *scriptHost) Recording(ctx context.Context, path string) (scripting.Recording, error) {
	name, clear, err := openable(ctx, path)
	if err != nil {
		return nil, err
	}
	f, err := recording.Open(name)
	if err != nil {
		clear()
		return nil, err
	}
	return &scriptRecording{file: f, name: name, clear: clear}, nil
}

// Bounds implements [scripting.Recording].
func (r *scriptRecording) Bounds() (from, to time.Time) { return r.file.Span() }

// Close implements [scripting.Recording].
func (r *scriptRecording) Close() error {
	err := r.file.Close()
	r.clear()
	return err
}

// maxScriptChanges bounds what happened, as a script is told.
const maxScriptChanges = 100_000

// At implements [scripting.Recording].
func (r *scriptRecording) At(ctx context.Context, t time.Time) (*scripting.Still, error) {
	state, err := r.file.State(ctx, t)
	if err != nil {
		return nil, err
	}
	rows, err := r.file.FetchesAt(ctx, t)
	if err != nil {
		return nil, err
	}
	until := t
	if until.IsZero() {
		_, until = r.file.Span()
		until = until.Add(time.Microsecond)
	}
	changes, err := r.file.Changes(ctx, time.Time{}, until, maxScriptChanges)
	if err != nil {
		return nil, err
	}
	hub := inspector.NewHub(inspector.HubOptions{})
	b := hub.Still(r.file.Path(), state, "it is a recording: nothing can be asked or changed")
	return &scripting.Still{
		Browser: b, Fetches: rows, Changes: changes, Body: r.file.Body, World: r.file.World,
		Caches: func(ctx context.Context) (map[inspector.CacheRef]*recording.Snapshot, error) {
			return r.file.Caches(ctx, t)
		},
		Close: func() error {
			b.Close()
			return hub.Close()
		},
	}, nil
}

// Replay implements [scripting.Recording]. It runs in this process, which is one of its own
// for this script.
func (r *scriptRecording) Replay(ctx context.Context, script, filter string) (*scripting.ReplayReport, error) {
	job := newReplayer().job
	job.File, job.Script, job.Filter = r.name, script, filter
	o, done, err := job.options(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	loaded, err := replay.Load(ctx, r.file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", clean(r.file.Path()), err)
	}
	out := &scripting.ReplayReport{Verdicts: map[string]int{}, Different: []scripting.ReplayResult{}}
	_, err = replay.Run(ctx, loaded, o, func(x *replay.Result) error {
		out.Total++
		out.Verdicts[string(x.Verdict)]++
		if x.Verdict == replay.Equal || x.Verdict == replay.Explained || x.Verdict == replay.NotReplayable {
			return nil
		}
		d := scripting.ReplayResult{ID: x.ID, Method: x.Method, URL: x.URL, Verdict: string(x.Verdict), Differences: []scripting.ReplayDifference{}}
		for _, f := range x.Differences {
			d.Differences = append(d.Differences, scripting.ReplayDifference{Field: f.Field, Recorded: f.Recorded, Replayed: f.Replayed})
		}
		out.Different = append(out.Different, d)
		return nil
	})
	if errors.Is(err, replay.ErrNoScript) || errors.Is(err, replay.ErrOutOfScope) {
		return nil, fmt.Errorf("replay: %w", err)
	}
	return out, err
}
