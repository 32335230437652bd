package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/recording"
	"github.com/swinspect/swinspect/inspector/replay"
	"github.com/swinspect/swinspect/runtime/fetch"
	"github.com/swinspect/swinspect/ui"
	"github.com/swinspect/swinspect/ui/pages"
)

// pageReplayer replays for the page, in child processes as the command does. What it
// tells the page is what the reports say.
type pageReplayer struct {
	io     stdio
	memory int64
}

// Rule implements [ui.Replayer].
func (p *pageReplayer) Rule(name string) string { return replay.Rules[replay.Rule(name)] }

// Run implements [ui.Replayer].
func (p *pageReplayer) Run(ctx context.Context, job ui.ReplayJob, result func(*pages.ReplayResult), progress func(done, total int)) (*pages.ReplaySummary, error) {
	r := newReplayer()
	j := r.job
	j.File, j.Filter, j.ScriptURL, j.Module, j.Lifecycle = job.File, job.Filter, job.ScriptURL, job.Module, job.Lifecycle
	j.Offline, j.Kill, j.Overlap, j.Live, j.Repeat = job.Offline, job.Kill, job.Overlap, job.Live, max(job.Repeat, 1)
	if job.NoCaches {
		j.Caches = string(replay.CachesNone)
	}
	if job.Slow {
		j.Slow = 2 * time.Second
	}
	if job.Script != nil {
		dir, err := os.MkdirTemp("", "swinspect-replay-")
		if err != nil {
			return nil, err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		j.Script = filepath.Join(dir, "sw.js")
		if err := os.WriteFile(j.Script, job.Script, 0o600); err != nil {
			return nil, err
		}
	}
	quiet := p.io
	quiet.err = &bytes.Buffer{} // no progress bar: the page draws one
	pool := &replayPool{io: quiet, job: j, jobs: runtime.NumCPU(), memory: p.memory}
	var broken error
	summary, err := pool.run(ctx, func(x *replay.Result) error {
		var shown pages.ReplayResult
		if err := recode(x, &shown); err != nil {
			broken = errors.Join(broken, err)
			return err
		}
		result(&shown)
		progress(int(pool.done.Load()), pool.total())
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, broken)
	}
	var shown pages.ReplaySummary
	if err := recode(summary, &shown); err != nil {
		return nil, err
	}
	return &shown, nil
}

// recode says a report's value in the page's types: both have the JSON of the reports.
func recode(from, to any) error {
	b, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, to)
}

// oneJob is what a child process that runs one request is told, on standard input.
type oneJob struct {
	File    string
	Request replay.Request
	Live    bool
	Memory  int64
}

// oneAnswer is what it says.
type oneAnswer struct {
	Result *replay.Result
	Body   []byte
	Error  string
}

// oneWait bounds one request with its world.
const oneWait = time.Minute

// One implements [ui.Replayer].
func (p *pageReplayer) One(ctx context.Context, q ui.ReplayOne) (*ui.ReplayedOne, error) {
	ctx, cancel := context.WithTimeout(ctx, oneWait)
	defer cancel()
	job := oneJob{File: q.Recording, Live: q.Recording == "", Memory: p.memory, Request: replay.Request{
		Method: q.Request.Method, URL: q.Request.URL, Headers: replayHeaders(q.Request.Headers), Body: q.Request.Body, NoBody: len(q.Request.Body) == 0,
		Mode: q.Request.Mode, Destination: q.Fetch.Destination, Credentials: q.Fetch.Credentials, CacheMode: q.Fetch.CacheMode, Redirect: q.Fetch.Redirect,
		Client: q.Fetch.Client, Page: cmp.Or(q.Fetch.Page, q.Fetch.URL),
	}}
	if q.Recording != "" {
		job.Request.Row = q.Fetch.ID
	} else {
		dir, err := os.MkdirTemp("", "swinspect-now-")
		if err != nil {
			return nil, err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		job.File = filepath.Join(dir, "now.swrec")
		if err := recordNow(ctx, q.Browser, job.File); err != nil {
			return nil, fmt.Errorf("reading the browser: %w", err)
		}
	}
	answer, err := p.child(ctx, job)
	if err != nil {
		return nil, err
	}
	r := answer.Result
	if r == nil || r.Replayed == nil {
		reason := "the engine had no answer"
		if r != nil {
			reason = cmp.Or(r.Reason, reason)
		}
		return nil, errors.New(reason)
	}
	a := r.Replayed
	one := &ui.ReplayedOne{Steps: a.Steps, Answer: inspector.Resent{
		Status: a.Status, StatusText: a.StatusText, Type: a.Type, URL: q.Request.URL, Body: answer.Body, Source: a.Source, Error: a.Error, Took: r.Took,
		FromWorker: a.Decision == "responded" || a.Decision == "respond-error", WorkerKnown: true,
	}}
	for _, h := range a.Headers {
		one.Answer.Headers = append(one.Answer.Headers, inspector.Header{Name: h.Name, Value: h.Value})
	}
	return one, nil
}

func replayHeaders(hs []inspector.Header) []replay.Header {
	out := []replay.Header{}
	for _, h := range hs {
		out = append(out, replay.Header{Name: h.Name, Value: h.Value})
	}
	return out
}

// recordNow writes what a browser is at this moment: registrations, scripts, caches.
func recordNow(ctx context.Context, b *inspector.Browser, path string) error {
	w, err := recording.Create(path, recording.Meta{Mode: recording.Passive, Browser: b.State().Connection.Product, Began: time.Now()}, recording.Options{KeepSecrets: true})
	if err != nil {
		return err
	}
	rec, err := recording.Record(ctx, b, w, recording.RecordOptions{})
	if err == nil {
		err = rec.Stop(ctx)
	}
	return errors.Join(err, w.Close())
}

// child runs one request in a process of its own: worker code can kill the process that
// runs it.
func (p *pageReplayer) child(ctx context.Context, job oneJob) (*oneAnswer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	told, err := json.Marshal(job)
	if err != nil {
		return nil, err
	}
	tail := &lastLines{}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, self, "replay-one")
	cmd.Env = append(os.Environ(), "SWINSPECT_ENGINE_CHILD=1", "GOMAXPROCS=2")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(told), &out, tail
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting a process to replay in: %w", err)
	}
	w := &childWatch{cmd: cmd, memory: p.memory, silence: oneWait}
	w.start()
	waited := cmd.Wait()
	w.stop()
	var a oneAnswer
	if err := json.Unmarshal(out.Bytes(), &a); err != nil {
		cause := cmp.Or(w.cause(), tail.fatal())
		if cause == "" && waited != nil {
			cause = waited.Error()
		}
		return nil, fmt.Errorf("the process that replays ended: %s", strings.TrimSpace(cause))
	}
	if a.Error != "" {
		return nil, errors.New(a.Error)
	}
	return &a, nil
}

// newReplayOne is the hidden command of [pageReplayer.child].
func newReplayOne(io stdio) *cobra.Command {
	return &cobra.Command{
		Use: "replay-one", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var job oneJob
			if err := json.NewDecoder(io.in).Decode(&job); err != nil {
				return usage("replay-one is not for people: use the page's Fetches panel")
			}
			return io.jsonLine(replayOne(cmd.Context(), job))
		},
	}
}

func replayOne(ctx context.Context, job oneJob) (a oneAnswer) {
	fail := func(err error) oneAnswer { return oneAnswer{Error: err.Error()} }
	f, err := recording.Open(job.File)
	if err != nil {
		return fail(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	r, err := replay.Load(ctx, f)
	if err != nil {
		return fail(err)
	}
	var o replay.Options
	if job.Live {
		live := fetch.Live(fetch.LiveOptions{AllowedOrigins: []string{"*"}})
		defer live.CloseIdleConnections()
		o.Live = live
	}
	x, err := replay.One(ctx, r, job.Request, o)
	if err != nil {
		return fail(err)
	}
	a.Result = x
	if x.Replayed != nil {
		a.Body = x.Replayed.Body.Bytes()
	}
	return a
}
