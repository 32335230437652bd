package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swinspect/swinspect/inspector/replay"
)

// replayPool runs a replay in child processes, each with a stretch of the events. A
// child that dies takes with it the event it was at; another one goes on behind it.
//
// Its goroutines are one per stretch, one per process that waits for its end, and the
// progress bar's; run waits for all of them.
type replayPool struct {
	io     stdio
	job    replayJob
	jobs   int
	memory int64
	bodies bool
	steps  bool

	done   atomic.Int64
	mu     sync.Mutex
	totals []int // events of each stretch, as they become known
}

// stretch is the part of the events that one child after another replays.
type stretch struct {
	index   int
	results chan *replay.Result
	summary *replay.Summary
	err     error
	ended   int // events that are over
}

func (p *replayPool) run(ctx context.Context, emit func(*replay.Result) error) (*replay.Summary, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	began := time.Now()
	p.totals = make([]int, p.jobs)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	all := make([]*stretch, p.jobs)
	for i := range all {
		all[i] = &stretch{index: i, results: make(chan *replay.Result, 1024)}
		wg.Go(func() {
			defer close(all[i].results)
			all[i].summary, all[i].err = p.replay(ctx, all[i])
		})
	}
	stop := p.progress(began)
	defer stop()
	lines := make([]replay.Line, 0, p.jobs)
	sum := &replay.Summary{}
	for _, s := range all {
		for r := range s.results {
			sum.Add(r)
			if err := emit(r); err != nil {
				return nil, err
			}
		}
		if s.err != nil {
			return nil, s.err
		}
		lines = append(lines, replay.Line{Type: "summary", Summary: s.summary})
	}
	_, rest := replay.Merge(lines)
	sum.InstallFailed = rest.InstallFailed
	sum.Problems, sum.Skipped, sum.Lifecycle, sum.Seconds = rest.Problems, rest.Skipped, rest.Lifecycle, time.Since(began).Seconds()
	for _, s := range all {
		for _, q := range s.summary.Requests {
			sum.Ask(q)
		}
	}
	return sum, nil
}

// maxDeaths bounds how often a stretch is gone on with.
const maxDeaths = 100

// replay runs children until the stretch is through.
func (p *replayPool) replay(ctx context.Context, s *stretch) (*replay.Summary, error) {
	job := p.job
	outer, of := max(job.Shard, 1), max(job.Shards, 1)
	job.Shard, job.Shards = (outer-1)*p.jobs+s.index+1, of*p.jobs
	for deaths := 0; ; deaths++ {
		job.Skip = s.ended
		summary, err := p.child(ctx, s, job)
		var died *diedError
		if !errors.As(err, &died) || ctx.Err() != nil {
			if err != nil && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return summary, err
		}
		if len(died.open) == 0 || deaths >= maxDeaths {
			return nil, &failure{exit: exitNo, err: fmt.Errorf("the process that replays ended: %s", died.cause)}
		}
		for _, r := range died.open {
			r.Verdict, r.Reason = replay.Crashed, "the process that replayed it ended: "+died.cause
			p.over(ctx, s, r)
		}
	}
}

func (p *replayPool) over(ctx context.Context, s *stretch, r *replay.Result) {
	s.ended++
	p.done.Add(1)
	select {
	case s.results <- r:
	case <-ctx.Done():
	}
}

// diedError is the end of a child before it was through.
type diedError struct {
	cause string
	open  []*replay.Result // events that had been started
}

func (e *diedError) Error() string { return "the process that replays ended: " + e.cause }

// child runs one process.
func (p *replayPool) child(ctx context.Context, s *stretch, job replayJob) (*replay.Summary, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("starting a process to replay in: %w", err)
	}
	told, err := json.Marshal(replayChild{Job: job, Bodies: p.bodies, Steps: p.steps, Memory: p.memory})
	if err != nil {
		return nil, err
	}
	tail := &lastLines{}
	cmd := exec.CommandContext(ctx, self, "replay-child")
	cmd.Env = append(os.Environ(), "SWINSPECT_ENGINE_CHILD=1", "GOMAXPROCS=2")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(told), tail
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting a process to replay in: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting a process to replay in: %w", err)
	}
	w := &childWatch{cmd: cmd, memory: p.memory, silence: 2*job.Event*time.Duration(max(job.Repeat, 1)) + time.Minute}
	w.start()
	summary, open, err := p.listen(ctx, s, out, w)
	waited := cmd.Wait()
	w.stop()
	if summary != nil || err != nil {
		return summary, err
	}
	cause := w.cause()
	if cause == "" {
		cause = tail.fatal()
	}
	if cause == "" && waited != nil {
		cause = waited.Error()
	}
	return nil, &diedError{cause: cause, open: open}
}

// listen reads what a child says until it is through or ends.
func (p *replayPool) listen(ctx context.Context, s *stretch, out io.Reader, w *childWatch) (summary *replay.Summary, open []*replay.Result, err error) {
	d := json.NewDecoder(bufio.NewReaderSize(out, 1<<20))
	for {
		var l replayLine
		if err := d.Decode(&l); err != nil {
			return summary, open, nil // how it ended is what counts
		}
		w.alive()
		switch l.Type {
		case "started":
			open = append(open, l.Result)
			p.mu.Lock()
			p.totals[s.index] = l.Total
			p.mu.Unlock()
		case "result":
			for i, r := range open {
				if r.ID == l.Result.ID {
					open = append(open[:i:i], open[i+1:]...)
					break
				}
			}
			if l.Result.Replayed != nil {
				l.Result.Replayed.Body.SetBytes(l.Body)
			}
			p.over(ctx, s, l.Result)
		case "summary":
			summary = l.Summary
		case "failed":
			err = &failure{exit: l.Exit, err: errors.New(l.Error)}
			return nil, nil, err
		}
	}
}

// childWatch ends a process that takes too much memory or says nothing for too long.
type childWatch struct {
	cmd     *exec.Cmd
	memory  int64
	silence time.Duration // negative: without limit, until allow
	allowed atomic.Int64  // silence as of now
	last    atomic.Int64
	why     atomic.Pointer[string]
	quit    chan struct{}
	wg      sync.WaitGroup
}

func (w *childWatch) alive() { w.last.Store(time.Now().UnixNano()) }

// allow changes how long it may say nothing, from now on; negative is without limit.
func (w *childWatch) allow(silence time.Duration) {
	w.alive()
	w.allowed.Store(int64(silence))
}

func (w *childWatch) start() {
	w.allowed.Store(int64(w.silence))
	w.quit = make(chan struct{})
	w.alive()
	w.wg.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-w.quit:
				return
			case <-tick.C:
			}
			why := ""
			if used := residentMemory(w.cmd.Process.Pid); w.memory > 0 && used > w.memory<<20 {
				why = fmt.Sprintf("it used %d MiB of memory, more than the %d MiB it may", used>>20, w.memory)
			} else if since := time.Since(time.Unix(0, w.last.Load())); since > time.Duration(w.allowed.Load()) && w.allowed.Load() >= 0 {
				why = fmt.Sprintf("nothing was heard of it for %s", since.Round(time.Second))
			}
			if why != "" {
				w.why.Store(&why)
				_ = w.cmd.Process.Kill() // it may have ended by itself
				return
			}
		}
	})
}

func (w *childWatch) stop() { close(w.quit); w.wg.Wait() }

func (w *childWatch) cause() string {
	if why := w.why.Load(); why != nil {
		return *why
	}
	return ""
}
