package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/inspector/recording"
	"github.com/swinspect/swinspect/inspector/replay"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// replayJob is a replay as its child processes are told of it.
type replayJob struct {
	File      string
	Filter    string
	Script    string // file name
	ScriptURL string
	Scope     string
	Module    bool
	Lifecycle bool
	Caches    string
	Offline   bool
	Slow      time.Duration
	Kill      bool
	Overlap   bool
	Seed      uint64
	Repeat    int
	Live      bool
	Ignore    []string
	Event     time.Duration // limit of an event
	Baseline  string
	Shard     int
	Shards    int
	Skip      int
}

// replayer is `swinspect replay`.
type replayer struct {
	job        replayJob
	format     string
	out        string
	jobs       int
	shard      string
	timeout    time.Duration
	memory     int64
	update     bool
	noBaseline bool
	all, steps bool
	json       bool
}

// newReplayer is a replay as it is without any flag, for commands that run one.
func newReplayer() *replayer {
	r := &replayer{}
	r.bind(&cobra.Command{})
	return r
}

func newReplay(io stdio) *cobra.Command {
	r := &replayer{}
	cmd := &cobra.Command{
		Use:   "replay FILE",
		Short: "Run the fetch events of a recording again on the engine, and compare",
		Long: `Rebuilds the world of a recording on the reference engine (scripts, caches as they
were, network answers out of the recording, clock and chance), dispatches its fetch
events in recorded order, and compares what comes back with what was recorded:
decision, source, status, headers, body, cache writes.

Without variants it asks whether the engine agrees with the browser. --script asks
the question before a deploy: what will the new sw.js do to these requests? The new
script is installed with the recorded network and active before the first event;
with --lifecycle it comes as an update instead, while the recorded clients are open.

FILE is a recording (.swrec) or a HAR; a HAR needs --script. What a worker asks the
network for and the recording has not seen is unanswered, unless --live. Each
difference is either unexplained or belongs to a rule that docs/replay.md names.

A file beside the recording, FILE.baseline, holds answers that were accepted with
--update; they stand in for the recorded ones.

Exit status: 0 all equal or explained; 1 something differs, was left unanswered or
crashed, the script given does not install, or there was nothing to replay; 2 usage, or
no recorded request is in the script's scope; 3 FILE cannot be opened; 4 it took longer
than --timeout.`,
		Example: `  swinspect replay visit.swrec
  swinspect replay visit.swrec --script dist/sw.js --format junit -o replay.xml
  swinspect replay site.har --script sw.js --scope https://app.example/
  swinspect replay visit.swrec --shard 3/10 --format ndjson -o part3.ndjson`,
		Args: args("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return r.run(cmd.Context(), io, args[0]) },
	}
	r.bind(cmd)
	return cmd
}

func (r *replayer) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	j := &r.job
	f.StringVar(&j.Script, "script", "", "replay with the script in `FILE` instead of the recorded one")
	f.StringVar(&j.ScriptURL, "script-url", "", "the `URL` of the script that --script stands in for\n(default: that of the registration with the most events; for a HAR /sw.js)")
	f.StringVar(&j.Scope, "scope", "", "the scope `URL` of --script, where the recording has no registration of it")
	f.BoolVar(&j.Module, "module", false, "--script is a module")
	f.BoolVar(&j.Lifecycle, "lifecycle", false, "--script comes as an update while the recorded clients are open")
	f.StringVar(&j.Caches, "caches", "recorded", "what the caches hold at the start: `recorded or none`")
	f.BoolVar(&j.Offline, "offline", false, "without a network")
	f.DurationVar(&j.Slow, "slow", 0, "each request to the network takes `TIME`, on the worker's clock")
	f.BoolVar(&j.Kill, "kill-between", false, "end the worker after each event: are globals relied on?")
	f.BoolVar(&j.Overlap, "overlap", false, "events overlap as they were recorded, instead of one after the other")
	f.Uint64Var(&j.Seed, "seed", 1, "seed of Math.random(), crypto and ids")
	f.IntVar(&j.Repeat, "repeat", 1, "replay `N` times with other seeds: is it deterministic?")
	f.BoolVar(&j.Live, "live", false, "ask the real network for what the recording has not seen")
	f.StringVar(&j.Filter, "filter", "", "only the events that match, in the language of the Fetches table")
	f.StringArrayVar(&j.Ignore, "ignore-header", nil, "do not compare the response header `NAME`; -NAME compares one of the\nheaders that are ignored by default; repeatable")
	f.StringVar(&r.format, "format", "text", "`FORMAT` of the results: "+strings.Join(replay.Formats, ", "))
	f.BoolVar(&r.json, "json", false, "the same as --format json")
	f.StringVarP(&r.out, "output", "o", "", "write the results to `FILE`")
	f.IntVarP(&r.jobs, "jobs", "j", 0, "how many processes to use; 0 is one per core")
	f.StringVar(&r.shard, "shard", "", "only part `I/N` of the events, from 1/N to N/N")
	f.DurationVar(&r.timeout, "timeout", 0, "give up after `TIME`; 0 is never")
	f.DurationVar(&j.Event, "event-timeout", 30*time.Second, "how long one event may take, in real time")
	f.Int64Var(&r.memory, "memory", defaultEngineMemory, "memory that each process may use, in `MIB`")
	f.BoolVar(&r.update, "update", false, "accept the new answers: write the baseline")
	f.StringVar(&j.Baseline, "baseline", "", "the baseline `FILE` (default FILE.baseline)")
	f.BoolVar(&r.noBaseline, "no-baseline", false, "compare with what was recorded, whatever was accepted")
	f.BoolVar(&r.all, "all", false, "text: list equal events too")
	f.BoolVar(&r.steps, "steps", false, "the engine's steps: text: of each event that is listed; JSON: of equal ones too,\nwith their headers")
}

// check is what is wrong with the command line.
func (r *replayer) check() error {
	j := &r.job
	if r.json {
		r.format = "json"
	}
	switch {
	case !slices.Contains(replay.Formats, r.format):
		return usage("--format %s: it is one of %s", quote(r.format), strings.Join(replay.Formats, ", "))
	case j.Caches != string(replay.CachesRecorded) && j.Caches != string(replay.CachesNone):
		return usage("--caches %s: it is recorded or none", quote(j.Caches))
	case j.Repeat < 1:
		return usage("--repeat %d: it is at least 1", j.Repeat)
	case r.jobs < 0:
		return usage("--jobs %d: it is at least 1, or 0 for one per core", r.jobs)
	case j.Slow < 0 || j.Event <= 0 || r.timeout < 0:
		return usage("a time is less than nothing")
	case j.Script == "" && (j.Lifecycle || j.Module || j.ScriptURL != "" || j.Scope != ""):
		return usage("--lifecycle, --module, --script-url and --scope belong to --script")
	}
	if _, err := fetches.ParseQuery(j.Filter); err != nil {
		return usage("--filter: %w", err)
	}
	if r.jobs == 0 {
		r.jobs = runtime.NumCPU()
	}
	if j.Lifecycle {
		// What the update has become depends on all events before.
		if r.shard != "" {
			return usage("--lifecycle is about one sequence of events: it has no --shard")
		}
		r.jobs = 1
	}
	if r.shard != "" {
		i, n, ok := strings.Cut(r.shard, "/")
		a, err1 := strconv.Atoi(i)
		b, err2 := strconv.Atoi(n)
		if !ok || err1 != nil || err2 != nil || a < 1 || a > b {
			return usage("--shard %s: write I/N, for example 1/4", quote(r.shard))
		}
		j.Shard, j.Shards = a, b
	}
	if j.Script != "" {
		if _, err := os.Stat(j.Script); err != nil {
			return usage("--script: %w", err)
		}
	}
	return nil
}

func (r *replayer) run(ctx context.Context, io stdio, file string) (err error) {
	if err := r.check(); err != nil {
		return err
	}
	if r.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.timeout)
		defer cancel()
		defer func() {
			if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
				err = &failure{exit: exitTimeout, err: fmt.Errorf("the replay took longer than --timeout %s", r.timeout)}
			}
		}()
	}
	if r.job.Baseline == "" {
		r.job.Baseline = file + ".baseline"
	}
	baseline := r.job.Baseline
	if r.noBaseline {
		r.job.Baseline = ""
	}
	name, clear, err := openable(ctx, file)
	if err != nil {
		return err
	}
	defer clear()
	r.job.File = name
	out := io.out
	if r.out != "" {
		f, err := os.Create(r.out)
		if err != nil {
			return &failure{exit: exitNo, err: err}
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		out = f
	}
	report := replay.NewReport(r.format, out, replay.ReportOptions{Colour: r.out == "" && io.colour(out), All: r.all, Steps: r.steps})
	p := &replayPool{io: io, job: r.job, jobs: r.jobs, memory: r.memory, bodies: r.update, steps: r.steps}
	var changed []*replay.Result
	summary, err := p.run(ctx, func(x *replay.Result) error {
		if r.update {
			changed = append(changed, x)
		}
		return report.Result(x)
	})
	if err != nil {
		return err
	}
	summary.Recording, summary.Script, summary.Shard = file, r.job.Script, r.shard
	if err := report.End(summary); err != nil {
		return err
	}
	if r.update {
		old, err := replay.ReadBaseline(baseline)
		if err != nil {
			return err
		}
		n, err := replay.WriteBaseline(baseline, old, changed)
		if err != nil {
			return err
		}
		io.say("%d answers accepted in %s", n, clean(baseline))
		return nil
	}
	if !summary.OK() {
		return errSaid
	}
	return nil
}

// openable is the name of a recording to open: FILE itself, or what a HAR was made
// into. clear removes that again.
func openable(ctx context.Context, file string) (name string, clear func(), err error) {
	f, err := recording.Open(file)
	if err == nil {
		return file, func() {}, f.Close()
	}
	cannot := func(err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return &failure{exit: exitUnreachable, err: err}
	}
	if !errors.Is(err, recording.ErrNotRecording) {
		return "", nil, cannot(err)
	}
	dir, made := os.MkdirTemp("", "swinspect-replay-")
	if made != nil {
		return "", nil, cannot(made)
	}
	clear = func() { _ = os.RemoveAll(dir) }
	name = filepath.Join(dir, "har.swrec")
	w, made := recording.Create(name, recording.Meta{Mode: recording.HAR, Target: file, Began: time.Now()}, recording.Options{KeepSecrets: true})
	if made != nil {
		clear()
		return "", nil, cannot(made)
	}
	_, imported := recording.ImportHAR(ctx, file, w)
	if closed := w.Close(); imported == nil {
		imported = closed
	}
	if imported != nil {
		clear()
		if errors.Is(imported, recording.ErrNotHAR) {
			return "", nil, cannot(fmt.Errorf("%w, and no HAR either", err))
		}
		return "", nil, cannot(imported)
	}
	return name, clear, nil
}

// options are those of a job.
func (j *replayJob) options(ctx context.Context) (o replay.Options, done func(), err error) {
	done = func() {}
	o = replay.Options{
		Filter: j.Filter, Shard: j.Shard, Shards: j.Shards, Skip: j.Skip, ScriptURL: j.ScriptURL, Scope: j.Scope, Lifecycle: j.Lifecycle,
		Caches: replay.CacheState(j.Caches), Offline: j.Offline, Slow: j.Slow, KillBetween: j.Kill, Overlap: j.Overlap, Seed: j.Seed, Repeat: j.Repeat,
		IgnoreHeaders: j.Ignore, EventTimeout: j.Event,
	}
	if j.Script != "" {
		if o.Script, err = os.ReadFile(j.Script); err != nil {
			return o, done, &failure{exit: exitUsage, err: err}
		}
		if j.Module {
			o.Type = "module"
		}
	}
	if j.Baseline != "" {
		if o.Baseline, err = replay.ReadBaseline(j.Baseline); err != nil {
			return o, done, err
		}
	}
	if j.Live {
		live := fetch.Live(fetch.LiveOptions{AllowedOrigins: []string{"*"}})
		o.Live, done = live, live.CloseIdleConnections
	}
	return o, done, ctx.Err()
}
