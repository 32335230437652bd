package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/ui/components"
	"github.com/swinspect/swinspect/ui/pages"
)

const (
	// maxRuns is how many replays are kept.
	maxRuns = 8
	// maxResults is how many results of one are kept; the rest is only counted.
	maxResults = 50_000
	// maxScript bounds a script that stands in for the recorded one.
	maxScript = 4 << 20
)

// replays are the replays that the page started, newest last. Each runs on a goroutine
// of its own; close ends and awaits them. Safe for concurrent use.
type replays struct {
	signal
	mu   sync.Mutex
	runs []*replayRun
	next int
	wg   sync.WaitGroup
}

// replayRun is one replay.
type replayRun struct {
	id     string
	job    ReplayJob
	name   string // of the recording
	script string // what the script was called, "" as recorded
	began  time.Time
	stop   context.CancelFunc

	mu      sync.Mutex
	done    int
	total   int
	results []*pages.ReplayResult
	counts  pages.ReplaySummary
	summary *pages.ReplaySummary
	err     error
	ended   time.Time
	told    time.Time // when the page was last told of progress
}

// tellEvery is the shortest time between two patches of a page for progress.
const tellEvery = 200 * time.Millisecond

func (rs *replays) get(id string) *replayRun {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	for _, r := range rs.runs {
		if r.id == id {
			return r
		}
	}
	return nil
}

func (rs *replays) all() []*replayRun {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return slices.Clone(rs.runs)
}

// start begins a replay.
func (s *Server) startReplay(job ReplayJob, script string) (*replayRun, error) {
	if s.life.Err() != nil {
		return nil, errors.New("swinspect is ending")
	}
	ctx, cancel := context.WithCancel(s.life)
	rs := &s.replays
	rs.mu.Lock()
	rs.next++
	run := &replayRun{id: strconv.Itoa(rs.next), job: job, name: filepath.Base(job.File), script: script, began: s.opts.Now(), stop: cancel}
	rs.runs = append(rs.runs, run)
	if len(rs.runs) > maxRuns {
		rs.runs[0].stop()
		rs.runs = slices.Clone(rs.runs[1:])
	}
	rs.wg.Go(func() {
		defer cancel()
		summary, err := s.opts.Replay.Run(ctx, job, run.result(rs), run.progress(rs))
		run.mu.Lock()
		run.summary, run.err, run.ended = summary, err, s.opts.Now()
		run.mu.Unlock()
		rs.raise()
	})
	rs.mu.Unlock()
	rs.raise()
	return run, nil
}

func (run *replayRun) result(rs *replays) func(*pages.ReplayResult) {
	return func(r *pages.ReplayResult) {
		run.mu.Lock()
		defer run.mu.Unlock()
		run.counts.Add(r)
		if len(run.results) < maxResults {
			if r.Verdict == "equal" {
				r.Slim()
			}
			run.results = append(run.results, r)
		}
		run.tell(rs)
	}
}

func (run *replayRun) progress(rs *replays) func(done, total int) {
	return func(done, total int) {
		run.mu.Lock()
		defer run.mu.Unlock()
		run.done, run.total = done, total
		run.tell(rs)
	}
}

// tell wakes the pages, not too often. The caller holds the lock.
func (run *replayRun) tell(rs *replays) {
	if now := time.Now(); now.Sub(run.told) > tellEvery {
		run.told = now
		rs.raise()
	}
}

func (s *Server) replayRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /replay", s.replayPage)
	mux.HandleFunc("POST /replay/run", s.replayStart)
	mux.HandleFunc("POST /replay/stop", s.replayStop)
}

// replayStart starts what the form says.
func (s *Server) replayStart(w http.ResponseWriter, r *http.Request) {
	job, script, err := s.parseReplay(r)
	var run *replayRun
	if err == nil {
		run, err = s.startReplay(job, script)
	}
	if err != nil {
		s.bad("", "Replay", err)
		s.done(w, r, "/replay")
		return
	}
	s.done(w, r, "/replay?filter=-is%3Aequal&run="+run.id)
}

// parseReplay reads the form: a recording of the folder or an open one, a script that
// is pasted or on this machine, and the variant.
func (s *Server) parseReplay(r *http.Request) (job ReplayJob, script string, err error) {
	if s.opts.Replay == nil {
		return job, "", errors.New("this swinspect has no engine to replay on")
	}
	on := func(name string) bool { return r.PostFormValue(name) == "on" }
	job = ReplayJob{
		Filter: strings.TrimSpace(r.PostFormValue("filter")), Lifecycle: on("lifecycle"), NoCaches: on("nocaches"), Offline: on("offline"),
		Slow: on("slow"), Kill: on("kill"), Overlap: on("overlap"), Live: on("live"), Repeat: 1,
	}
	if n, err := strconv.Atoi(r.PostFormValue("repeat")); err == nil && n > 1 {
		job.Repeat = min(n, 20)
	}
	if _, err := fetches.ParseQuery(job.Filter); err != nil {
		return job, "", err
	}
	if job.File, err = s.replayFile(r.PostFormValue("recording")); err != nil {
		return job, "", err
	}
	switch r.PostFormValue("script") {
	case "paste":
		job.Script, script = []byte(r.PostFormValue("source")), "the pasted script"
		if strings.TrimSpace(string(job.Script)) == "" {
			return job, "", errors.New("paste a script, or choose the recorded one")
		}
	case "file":
		path := strings.TrimSpace(r.PostFormValue("path"))
		if job.Script, err = readScript(path); err != nil {
			return job, "", err
		}
		script = filepath.Base(path)
	default:
		job.Lifecycle = false
	}
	if job.Script != nil {
		job.Module, job.ScriptURL = on("module"), strings.TrimSpace(r.PostFormValue("scriptURL"))
	}
	return job, script, nil
}

// replayFile is the file of a recording that the page lists: by its name in the folder,
// or by the id of an open one.
func (s *Server) replayFile(name string) (string, error) {
	if t := s.library.tape(strings.TrimPrefix(name, "open:")); t != nil {
		return t.file.Path(), nil
	}
	path, err := s.library.file(name)
	if err == nil && sizeOf(path) < 0 {
		err = fmt.Errorf("there is no recording %s", name)
	}
	return path, err
}

func readScript(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the script: %w", err)
	}
	defer f.Close() // it was only read
	data, err := io.ReadAll(io.LimitReader(f, maxScript+1))
	if err == nil && len(data) > maxScript {
		err = errors.New("it is larger than 4 MiB")
	}
	if err != nil {
		return nil, fmt.Errorf("the script %s: %w", path, err)
	}
	return data, nil
}

// replayStop ends a replay; what it has found stays.
func (s *Server) replayStop(w http.ResponseWriter, r *http.Request) {
	if run := s.replays.get(r.PostFormValue("run")); run != nil {
		run.stop()
	}
	s.done(w, r, "")
}

// replayPage is the panel: what to replay, how far it is, and what came of it.
func (s *Server) replayPage(w http.ResponseWriter, r *http.Request) {
	if components.Canonical(w, r, "filter") {
		return
	}
	if s.opts.Replay == nil {
		s.missing(w, r, nil, "This swinspect has no engine to replay on.")
		return
	}
	sh := s.shell(r, s.opts.Now(), nil, nil)
	sh.Title, sh.PageClass, sh.Split = "Replay", "replay", true
	sh.Modules = append(sh.Modules, "js/panel.js")
	if sh.Bench != nil {
		sh.Bench.Current = "replay"
	}
	a := components.AddressOf(r.URL)
	v := pages.ReplayView{Address: a, Rule: s.opts.Replay.Rule}
	if n := s.notices.newest(""); n != nil && n.State.Class == "bad" && s.opts.Now().Sub(n.Time) < time.Minute {
		v.Problem = n
	}
	run := s.replays.get(a.Query.Get("run"))
	if all := s.replays.all(); run == nil && len(all) > 0 && !a.Query.Has("recording") {
		run = all[len(all)-1]
	}
	v.Setup = s.replaySetup(run, a.Query.Get("recording"))
	if run != nil {
		run.view(&v, s.opts.Now())
		v.Results = pages.NewReplayResults(a, v.Run)
	}
	s.render(w, r, http.StatusOK, pages.Replay(sh, v))
}

// replaySetup is the form, as the shown replay had it.
func (s *Server) replaySetup(run *replayRun, chosen string) pages.ReplaySetup {
	v := pages.ReplaySetup{Repeat: 1, Recording: chosen}
	known := map[string]bool{}
	infos, _ := s.library.names() // the recordings page says what is wrong with the folder
	for _, info := range infos {
		path := filepath.Join(s.library.dir, info.Name())
		if !s.library.writing(path) {
			known[path] = true
			v.Recordings = append(v.Recordings, pages.Choice{Value: info.Name(), Label: info.Name()})
		}
	}
	for _, t := range s.library.tapes() {
		if !known[t.file.Path()] {
			v.Recordings = append(v.Recordings, pages.Choice{Value: "open:" + t.ID(), Label: t.file.Path()})
		}
	}
	if run == nil {
		return v
	}
	j := run.job
	if chosen == "" {
		v.Recording = run.name
	}
	v.Filter, v.Lifecycle, v.NoCaches, v.Offline, v.Slow, v.Kill, v.Overlap, v.Live, v.Repeat = j.Filter, j.Lifecycle, j.NoCaches, j.Offline, j.Slow, j.Kill, j.Overlap, j.Live, max(j.Repeat, 1)
	v.Module, v.ScriptURL = j.Module, j.ScriptURL
	if j.Script != nil {
		v.Script, v.Source = "paste", string(j.Script)
	}
	return v
}

// view is the replay as of now.
func (run *replayRun) view(v *pages.ReplayView, now time.Time) {
	run.mu.Lock()
	defer run.mu.Unlock()
	r := &pages.ReplayRun{
		ID: run.id, Recording: run.name, Script: run.script, Done: max(run.done, run.counts.Events), Total: run.total, Results: run.results, Counts: run.counts,
		Running: run.ended.IsZero(), Took: now.Sub(run.began),
	}
	if !r.Running {
		r.Took = run.ended.Sub(run.began)
	}
	if run.summary != nil {
		r.Counts = *run.summary
	}
	switch {
	case errors.Is(run.err, context.Canceled):
		r.Stopped = true
	case run.err != nil:
		r.Error = run.err.Error()
	}
	v.Run = r
}

func (rs *replays) close() {
	for _, r := range rs.all() {
		r.stop()
	}
	rs.wg.Wait()
}
