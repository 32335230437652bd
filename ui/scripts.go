package ui

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/swinspect/swinspect/inspector/session/report"
	"github.com/swinspect/swinspect/ui/components"
	"github.com/swinspect/swinspect/ui/pages"
)

// Scripter runs the session scripts of the project.
type Scripter interface {
	// Folder is where they are.
	Folder() string
	// List names them, relative to the folder.
	List() ([]string, error)
	// Read is the text of one of them.
	Read(name string) (string, error)
	// Run runs some of them, and tells what happens. It ends early with ctx.
	Run(ctx context.Context, job ScriptJob, emit func(*report.Event)) error
}

// ScriptJob is what to run.
type ScriptJob struct {
	Files   []string // names that List gave
	Backend string   // engine, chromium or an endpoint
	Filter  string   // only tests that have this in their name
}

// scriptRuns are the runs that the page started, newest last. Each runs on a goroutine of
// its own; close ends and awaits them. Safe for concurrent use.
type scriptRuns struct {
	signal
	mu   sync.Mutex
	runs []*scriptRun
	next int
	wg   sync.WaitGroup
}

// scriptRun is one run.
type scriptRun struct {
	id    string
	job   ScriptJob
	began time.Time
	stop  context.CancelFunc

	mu     sync.Mutex
	folded report.Run
	err    error
	ended  time.Time
	told   time.Time
	later  *time.Timer
}

// tellSteps is the shortest time between two patches of a page for steps.
const tellSteps = 60 * time.Millisecond

// start begins a run.
func (s *Server) startScripts(job ScriptJob) (*scriptRun, error) {
	if s.life.Err() != nil {
		return nil, errors.New("swinspect is ending")
	}
	ctx, cancel := context.WithCancel(s.life)
	rs := &s.scripts
	rs.mu.Lock()
	rs.next++
	run := &scriptRun{id: strconv.Itoa(rs.next), job: job, began: s.opts.Now(), stop: cancel}
	rs.runs = append(rs.runs, run)
	if len(rs.runs) > maxRuns {
		rs.runs[0].stop()
		rs.runs = slices.Clone(rs.runs[1:])
	}
	rs.wg.Go(func() {
		defer cancel()
		err := s.opts.Scripts.Run(ctx, job, func(e *report.Event) { run.hear(rs, e) })
		if ctx.Err() != nil && err != nil {
			err = errors.New("it was ended")
		}
		run.mu.Lock()
		run.err, run.ended = err, s.opts.Now()
		if run.later != nil {
			run.later.Stop()
		}
		run.mu.Unlock()
		rs.raise()
	})
	rs.mu.Unlock()
	rs.raise()
	return run, nil
}

// hear folds an event in and wakes the pages, not too often, and not too late for the
// last one before a silence.
func (run *scriptRun) hear(rs *scriptRuns, e *report.Event) {
	run.mu.Lock()
	defer run.mu.Unlock()
	run.folded.Apply(e)
	if now := time.Now(); now.Sub(run.told) > tellSteps {
		run.told = now
		rs.raise()
	} else if run.later == nil {
		run.later = time.AfterFunc(tellSteps, func() {
			run.mu.Lock()
			run.later, run.told = nil, time.Now()
			run.mu.Unlock()
			rs.raise()
		})
	}
}

// view is the run as of now: what is shown does not change under the page.
func (run *scriptRun) view() *pages.ScriptRun {
	run.mu.Lock()
	defer run.mu.Unlock()
	v := &pages.ScriptRun{ID: run.id, Backend: run.job.Backend, Filter: run.job.Filter, Began: run.began, Ended: run.ended, Err: run.err, Count: run.folded.Count()}
	for _, f := range run.folded.Files {
		file := *f
		file.Output = slices.Clone(f.Output)
		file.Tests = nil
		for _, t := range f.Tests {
			test := *t
			test.Steps, test.Output = slices.Clone(t.Steps), slices.Clone(t.Output)
			file.Tests = append(file.Tests, &test)
		}
		v.Files = append(v.Files, &file)
	}
	if s := run.folded.Summary; s != nil {
		v.Count.NotRun = s.NotRun
	}
	return v
}

func (rs *scriptRuns) get(id string) *scriptRun {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	for _, r := range slices.Backward(rs.runs) {
		if r.id == id || id == "" {
			return r
		}
	}
	return nil
}

func (rs *scriptRuns) close() {
	rs.mu.Lock()
	for _, r := range rs.runs {
		r.stop()
	}
	rs.mu.Unlock()
	rs.wg.Wait()
}

func (s *Server) scriptRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /scripts", s.scriptsPage)
	mux.HandleFunc("POST /scripts/run", s.scriptsRun)
	mux.HandleFunc("POST /scripts/stop", s.scriptsStop)
}

// scriptsRun runs one script, or all of them.
func (s *Server) scriptsRun(w http.ResponseWriter, r *http.Request) {
	run, err := s.runScripts(r)
	if err != nil {
		s.bad("", "Run", err)
		s.done(w, r, "/scripts")
		return
	}
	s.done(w, r, "/scripts?run="+run.id)
}

func (s *Server) runScripts(r *http.Request) (*scriptRun, error) {
	if s.opts.Scripts == nil {
		return nil, errors.New("this swinspect runs no scripts")
	}
	all, err := s.opts.Scripts.List()
	if err != nil {
		return nil, err
	}
	job := ScriptJob{Files: all, Backend: r.PostFormValue("backend"), Filter: r.PostFormValue("filter")}
	if name := r.PostFormValue("file"); name != "" {
		if !slices.Contains(all, name) {
			return nil, errors.New("there is no script " + strconv.Quote(name))
		}
		job.Files = []string{name}
	}
	if len(job.Files) == 0 {
		return nil, errors.New("there is no script yet")
	}
	if job.Backend == "" {
		job.Backend = "engine"
	}
	return s.startScripts(job)
}

// scriptsStop ends a run.
func (s *Server) scriptsStop(w http.ResponseWriter, r *http.Request) {
	if run := s.scripts.get(r.PostFormValue("run")); run != nil {
		run.stop()
	}
	s.done(w, r, "")
}

// scriptsPage lists the scripts of the project and shows a run.
func (s *Server) scriptsPage(w http.ResponseWriter, r *http.Request) {
	if s.opts.Scripts == nil {
		s.missing(w, r, nil, "This swinspect runs no scripts.")
		return
	}
	sh := s.shell(r, s.opts.Now(), nil, nil)
	sh.Title, sh.PageClass = "Scripts", "scripts-p"
	sh.Modules = append(sh.Modules, "js/panel.js")
	if sh.Bench != nil {
		sh.Bench.Current = "scripts"
	}
	a := components.AddressOf(r.URL)
	v := pages.ScriptsView{Address: a, Folder: s.opts.Scripts.Folder(), Now: sh.Now}
	if n := s.notices.newest(""); n != nil && n.State.Class == "bad" && s.opts.Now().Sub(n.Time) < time.Minute {
		v.Problem = n
	}
	names, err := s.opts.Scripts.List()
	if err != nil {
		v.Error = err.Error()
	}
	if run := s.scripts.get(a.Query.Get("run")); run != nil {
		v.Run = run.view()
	}
	v.Backends = s.scriptBackends()
	v.Backend = "engine"
	if v.Run != nil {
		v.Backend = v.Run.Backend
	}
	last := s.lastResults()
	for _, name := range names {
		v.Files = append(v.Files, pages.ScriptRow{Name: name, Last: last[name], Current: name == a.Query.Get("file")})
		if name == a.Query.Get("file") {
			text, err := s.opts.Scripts.Read(name)
			if err != nil {
				text = err.Error()
			}
			v.Show(name, text, &s.code)
		}
	}
	s.render(w, r, http.StatusOK, pages.Scripts(sh, v))
}

// lastResults are the newest of each script.
func (s *Server) lastResults() map[string]*pages.ScriptLast {
	s.scripts.mu.Lock()
	runs := slices.Clone(s.scripts.runs)
	s.scripts.mu.Unlock()
	last := map[string]*pages.ScriptLast{}
	for _, run := range runs {
		v := run.view()
		for _, f := range v.Files {
			last[f.Name] = &pages.ScriptLast{Run: run.id, Backend: run.job.Backend, File: f, Over: !v.Ended.IsZero()}
		}
	}
	return last
}

// scriptBackends are what scripts can run on: the engine, a Chromium of their own, the
// browsers that are attached.
func (s *Server) scriptBackends() []pages.Option {
	out := []pages.Option{{Value: "engine", Label: "the engine"}, {Value: "chromium", Label: "a Chromium of their own"}}
	for _, b := range s.browsers() {
		c := b.State().Connection
		if c.Endpoint == "" || c.Endpoint == "engine" {
			continue
		}
		if _, recorded := b.(*tape); !recorded {
			out = append(out, pages.Option{Value: c.Endpoint, Label: browserName(b, b.State()) + ", " + endpointName(c.Endpoint)})
		}
	}
	return out
}
