package replay

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/runtime/fetch"
)

// run is one replay of a recording.
type run struct {
	ctx           context.Context
	recording     *Recording
	options       *Options
	seed          uint64
	scriptURL     string // whose scripts Options.Script stands in for
	replaces      string // the scope of the registration it stands in for, when its URL is a new one
	scriptVersion string
	unseen        bool // the recording does not tell what a worker saw
	known         map[string]*learned
	worlds        map[worldKey]*world
	summary       *Summary
	problems      []string
	ignore        map[string]bool
	mu            sync.Mutex
	urls          map[string]*fetch.URL          // parsed ones; guarded by mu
	others        []map[string]map[string]string // the answers with other seeds, by row
}

// Run replays a recording. Each result is handed to emit, in recorded order; an error
// of emit ends the replay. The error is of the options or the file (a filter that does
// not parse, [ErrNoScript]) or the context's; what became of single events is in their
// results.
func Run(ctx context.Context, r *Recording, o Options, emit func(*Result) error) (*Summary, error) {
	began := time.Now()
	run := newRun(ctx, r, &o)
	defer run.close()
	if err := run.choose(); err != nil {
		return nil, err
	}
	all, skipped, err := run.events(ctx)
	if err != nil {
		return nil, err
	}
	run.summary.Skipped = skipped
	if run.others, err = otherSeeds(ctx, r, o); err != nil {
		return nil, err
	}
	done := min(max(o.Skip, 0), len(all))
	for _, cluster := range run.clusters(all[done:]) {
		if o.Started != nil {
			for _, f := range cluster {
				o.Started(resultOf(f), len(all))
			}
		}
		results, err := run.together(cluster)
		if err != nil {
			return nil, err
		}
		for _, result := range results {
			run.summary.Add(result)
			done++
			if err := emit(result); err != nil {
				return nil, err
			}
			if o.Progress != nil {
				o.Progress(done, len(all))
			}
		}
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
	}
	run.summary.Problems = append(slices.Clone(r.Problems()), run.problems...)
	run.summary.Seconds = time.Since(began).Seconds()
	return run.summary, nil
}

func newRun(ctx context.Context, r *Recording, o *Options) *run {
	version := "1000000000"
	run := &run{
		ctx: ctx, recording: r, options: o, seed: o.Seed, scriptVersion: version, known: map[string]*learned{}, worlds: map[worldKey]*world{},
		summary: &Summary{Recording: r.file.Path()},
	}
	run.ignored() // before there are several goroutines
	return run
}

func (run *run) close() {
	for _, w := range run.worlds {
		w.close()
	}
}

func (run *run) problem(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(run.problems, text) && len(run.problems) < 100 {
		run.problems = append(run.problems, text)
	}
}

// parse parses a URL; the ones that come again are remembered.
func (run *run) parse(s string) (*fetch.URL, error) {
	run.mu.Lock()
	defer run.mu.Unlock()
	if u := run.urls[s]; u != nil {
		return u, nil
	}
	u, err := fetch.ParseURL(s, nil)
	if err != nil {
		return nil, err
	}
	if run.urls == nil || len(run.urls) > 10_000 {
		run.urls = map[string]*fetch.URL{}
	}
	run.urls[s] = u
	return u, nil
}

func (run *run) eventTimeout() time.Duration {
	if run.options.EventTimeout > 0 {
		return run.options.EventTimeout
	}
	return 30 * time.Second
}

// worldOf is the world in which an event takes place: a new one when another version
// answers from here on.
func (run *run) worldOf(f *fetches.Fetch) (*world, error) {
	key := worldKey{f.Instance, f.Context}
	w := run.worlds[key]
	if w != nil && !run.changes(w, f) {
		return w, nil
	}
	versions := map[string]string{}
	if f.Registration != "" && f.Version != "" {
		versions[f.Registration] = f.Version
	}
	next, err := run.build(run.ctx, key, f.Began, versions, w)
	w.close()
	if err != nil {
		delete(run.worlds, key)
		return nil, err
	}
	run.worlds[key] = next
	if run.options.Lifecycle && run.options.scripted() && w == nil {
		next.occupy(f)
		run.update(next, f.Began)
	}
	return next, nil
}

// changes reports whether a world has another version than the one that answered.
func (run *run) changes(w *world, f *fetches.Fetch) bool {
	if f.Registration == "" || f.Version == "" {
		return false
	}
	m := w.registrations[f.Registration]
	if m == nil {
		return !run.options.scripted() || !run.everything()
	}
	if run.options.scripted() && m.version == run.scriptVersion || run.options.Lifecycle {
		return false
	}
	return m.version != f.Version
}

// together replays events that were under way together.
func (run *run) together(cluster []*fetches.Fetch) ([]*Result, error) {
	results := make([]*Result, len(cluster))
	if len(cluster) == 1 {
		r, err := run.one(cluster[0])
		results[0] = r
		return results, err
	}
	var wg sync.WaitGroup
	for i, f := range cluster {
		w, err := run.worldOf(f)
		if err != nil {
			wg.Wait()
			return nil, err
		}
		w.pace.advance(run.ctx, f.Began.Add(run.options.shift))
		if err := w.align(run.ctx, f.Began); err != nil {
			wg.Wait()
			return nil, fmt.Errorf("replay: the caches at %s: %w", f.Began.Format(time.RFC3339Nano), err)
		}
		w.network.at(f.ID, f.Began)
		_, before := w.network.busy()
		wg.Go(func() { results[i] = run.in(w, f) })
		w.pace.settle(run.ctx, before-1)
	}
	wg.Wait()
	return results, nil
}

// one replays an event.
func (run *run) one(f *fetches.Fetch) (*Result, error) {
	w, err := run.worldOf(f)
	if err != nil {
		return nil, err
	}
	w.pace.advance(run.ctx, f.Began.Add(run.options.shift))
	if err := w.align(run.ctx, f.Began); err != nil {
		return nil, fmt.Errorf("replay: the caches at %s: %w", f.Began.Format(time.RFC3339Nano), err)
	}
	w.network.at(f.ID, f.Began)
	r := run.in(w, f)
	if run.options.KillBetween {
		w.context.Engine().StopAll(run.ctx, nil)
	}
	if run.options.Lifecycle {
		run.watchUpdate(w, f.Began)
	}
	return r, nil
}

func resultOf(f *fetches.Fetch) *Result {
	return &Result{ID: f.ID, Seq: f.Seq, At: f.Began, Kind: string(f.Kind), Method: f.Method, URL: f.URL, Client: f.Client, Scope: f.Scope}
}

// in replays an event in its world.
func (run *run) in(w *world, f *fetches.Fetch) *Result {
	began := time.Now()
	result := resultOf(f)
	defer func() { result.Took = time.Since(began) }()
	result.Recorded = run.recorded(f)
	if run.options.Baseline != nil {
		if a := run.options.Baseline.Answer(f.ID); a != nil {
			result.Recorded, result.accepted = a, true
		}
	}
	a, reason := w.prepare(run.ctx, f)
	if reason == "" {
		ctx, cancel := context.WithTimeoutCause(run.ctx, run.eventTimeout(), fmt.Errorf("the event took longer than %s", run.eventTimeout()))
		reply := w.dispatch(ctx, a)
		cancel()
		if reason = reply.reason; reason == "" {
			result.Replayed, result.Asked = reply.answer, reply.asked
		}
	}
	if reason != "" {
		result.Verdict, result.Reason = NotReplayable, reason
		return result
	}
	run.throughNetwork(result, f)
	run.compare(w, result, f)
	return result
}

// throughNetwork gives an answer that the worker left to the network the one that the
// network gave: the recorded one, when it was so in the recording too.
func (run *run) throughNetwork(result *Result, f *fetches.Fetch) {
	a := result.Replayed
	if a.Source != string(fetches.FromNetwork) || a.Status != 0 || a.Error != "" || a.Decision == string(fetches.Responded) {
		return
	}
	if run.options.Offline {
		a.Error, a.Source = fetch.ErrOffline.Error(), string(fetches.FromNowhere)
		return
	}
	same := *f
	row := &same
	if !throughNetwork(f) {
		var best *fetches.Fetch
		for _, o := range run.recording.answers[answerKey(f.Method, f.URL)] {
			if best == nil || !o.Began.After(f.Began) {
				best = o
			}
		}
		how := asRecorded
		if best == nil {
			how = asMissing
		}
		ask := Asked{Method: f.Method, URL: f.URL, How: how}
		if best != nil {
			ask.Row = best.ID
		}
		result.Asked = append(result.Asked, ask)
		if best == nil {
			a.Error, a.Source = errUnanswered.Error(), string(fetches.FromNowhere)
			return
		}
		row = best
	}
	from := run.recorded(row)
	a.Status, a.StatusText, a.Type, a.Headers, a.Body, a.Error = from.Status, from.StatusText, from.Type, from.Headers, from.Body, from.Error
	if from.Source == string(fetches.FromNowhere) || from.Source == string(fetches.FromHTTPCache) && throughNetwork(f) {
		a.Source = from.Source
	}
}

// throughNetwork reports whether the network answered a recorded request, past or
// after the worker.
func throughNetwork(f *fetches.Fetch) bool {
	switch f.Decision {
	case fetches.FellThrough, fetches.NoFetchHandler, fetches.EmptyFetchHandler, fetches.NotControlled, fetches.Bypassed:
		return true
	case fetches.RouteMatched:
		return f.Source == fetches.FromNetwork || f.Source == fetches.FromHTTPCache
	}
	return false
}

// recorded is what the recording says of the answer to a request.
func (run *run) recorded(f *fetches.Fetch) *Answer {
	a := &Answer{
		Decision: string(f.Decision), Source: string(f.Source), Cache: f.CacheName, Route: f.Route, Status: f.Status, StatusText: f.StatusText,
		Type: f.ResponseType, Error: f.Error, Steps: f.Steps, Body: Body{Hash: f.ResponseBody.Hash, Size: f.ResponseBody.Size, Missing: f.ResponseBody.Missing},
	}
	for _, h := range f.ResponseHeaders {
		if !strings.HasPrefix(h.Name, ":") {
			a.Headers = append(a.Headers, Header{h.Name, h.Value})
		}
	}
	for _, s := range f.Steps {
		if s.Algorithm != "Batch Cache Operations" {
			continue
		}
		op := "put"
		if s.Verdict == "deleted" {
			op = "delete"
		}
		a.Writes = append(a.Writes, Write{Cache: s.Details["cache"], URL: s.Details["url"], Operation: op})
	}
	return a
}
