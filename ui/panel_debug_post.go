package ui

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector/debugger"
	"github.com/swinspect/swinspect/ui/components"
	"github.com/swinspect/swinspect/ui/pages"
)

const (
	// debugWait bounds a command of the debugger.
	debugWait = 15 * time.Second
	// debugSettle is how long a form without script waits for the worker to stop again.
	debugSettle = 1200 * time.Millisecond
)

// debugDo starts and stops the debugger, and moves a paused worker.
func debugDo(s *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	st := s.debugSeat(w, r, p)
	if st == nil {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), debugWait)
	defer cancel()
	what, thread := r.PostFormValue("what"), r.PostFormValue("thread")
	before := pauseOf(st.debugger.State(), thread)
	err := st.do(ctx, what, thread)
	switch {
	case err != nil && r.Context().Err() == nil:
		s.refused(p, debugName(what), err)
	case !scripted(r) && moves(what):
		settle(ctx, st, thread, before)
	}
	if !moves(what) { // what moves a worker is told by its debugger
		s.seats.raise()
	}
	s.done(w, r, "")
}

// do is one command of the toolbar.
func (st *seat) do(ctx context.Context, what, thread string) error {
	d := st.debugger
	switch what {
	case "start":
		return d.Start(ctx)
	case "stop":
		return d.Stop(ctx)
	case "drive":
		d.Drive()
		return nil
	case "active", "inactive":
		return d.SetActive(ctx, what == "active")
	case "resume":
		return d.Resume(ctx, thread)
	case "over", "into", "out":
		st.stepping()
		return d.Step(ctx, thread, what)
	case "back", "back-to-breakpoint":
		st.stepping()
		return d.StepBack(ctx, thread, what != "back")
	case "pause":
		return d.Pause(ctx, thread)
	case "keep":
		return d.Keep(ctx, thread)
	case "restart":
		return d.Restart(ctx, thread)
	}
	return errors.New("the debugger has no command " + strconv.Quote(what))
}

// moves reports whether a command makes a worker run.
func moves(what string) bool {
	switch what {
	case "resume", "over", "into", "out", "back", "back-to-breakpoint", "pause":
		return true
	}
	return false
}

// debugName is a command as a line of the foot says it.
func debugName(what string) string {
	switch what {
	case "start":
		return "Start debugging"
	case "stop":
		return "Stop debugging"
	case "drive":
		return "Take over"
	case "active", "inactive":
		return "Switch breakpoints"
	case "over", "into", "out", "back":
		return "Step " + what
	case "back-to-breakpoint":
		return "Run back"
	case "resume", "pause", "keep", "restart":
		return strings.ToUpper(what[:1]) + what[1:]
	}
	return "Debug"
}

// pauseOf is the id of a worker's pause, 0 while it runs.
func pauseOf(state *debugger.State, thread string) uint64 {
	if t := state.Thread(thread); t != nil && t.Pause != nil {
		return t.Pause.ID
	}
	return 0
}

// settle waits a moment for another pause.
func settle(ctx context.Context, st *seat, thread string, before uint64) {
	ctx, cancel := context.WithTimeout(ctx, debugSettle)
	defer cancel()
	for {
		changed := st.debugger.Changed()
		if now := pauseOf(st.debugger.State(), thread); now != 0 && now != before {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// debugSeat is the debugger of the page's browser. It answers by itself when there is
// none.
func (s *Server) debugSeat(w http.ResponseWriter, r *http.Request, p *PageContext) *seat {
	st := s.seat(p.Browser)
	if st == nil {
		s.missing(w, r, p.Browser, "This browser cannot be debugged here.")
	}
	return st
}

// refused puts on the foot why something was not done.
func (s *Server) refused(p *PageContext, what string, err error) {
	s.notices.add(p.Browser.ID(), s.opts.Now(), components.State{Icon: "failed", Word: "refused", Class: "bad"}, what, err.Error())
}

// debugEvaluate evaluates what was typed into the console. Its result is a line of the
// console.
func debugEvaluate(s *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	st := s.debugSeat(w, r, p)
	if st == nil {
		return
	}
	expression := strings.TrimSpace(r.PostFormValue("expression"))
	if expression == "" {
		s.done(w, r, "")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), debugWait)
	defer cancel()
	thread := r.PostFormValue("thread")
	frame, err := strconv.Atoi(r.PostFormValue("frame"))
	if err != nil {
		frame = -1
	}
	paused := pauseOf(st.debugger.State(), thread) != 0
	if !paused {
		frame = -1
	}
	_, err = st.debugger.Evaluate(ctx, thread, frame, expression, debugger.EvaluateOptions{Await: !paused})
	var thrown *debugger.ThrownError
	if err != nil && !errors.As(err, &thrown) && r.Context().Err() == nil {
		s.refused(p, "Evaluate", err)
	}
	st.touched()
	s.seats.raise()
	s.done(w, r, "")
}

// debugSet gives a variable another value.
func debugSet(s *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	st := s.debugSeat(w, r, p)
	if st == nil {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), debugWait)
	defer cancel()
	frame, err1 := strconv.Atoi(r.PostFormValue("frame"))
	scope, err2 := strconv.Atoi(r.PostFormValue("scope"))
	err := errors.Join(err1, err2)
	if err == nil {
		_, err = st.debugger.SetVariable(ctx, r.PostFormValue("thread"), frame, scope, r.PostFormValue("name"), r.PostFormValue("expression"))
	}
	st.touched()
	s.seats.raise()
	if err != nil {
		s.sayNo(w, r, p, "Set "+r.PostFormValue("name"), err)
		return
	}
	s.done(w, r, "")
}

// sayNo answers a form that cannot be carried out: the page's script puts the reason
// beside the fields, a plain form finds it on the foot.
func (s *Server) sayNo(w http.ResponseWriter, r *http.Request, p *PageContext, what string, err error) {
	if scripted(r) {
		refuse(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	s.refused(p, what, err)
	s.done(w, r, "")
}

// debugWatch adds a watched expression, or takes one away.
func debugWatch(s *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	st := s.debugSeat(w, r, p)
	if st == nil {
		return
	}
	if drop := r.PostFormValue("drop"); drop != "" {
		st.watch(drop, false)
	} else {
		st.watch(strings.TrimSpace(r.PostFormValue("expression")), true)
	}
	s.seats.raise()
	s.done(w, r, "")
}

// debugExport answers with the project's breakpoints as a file.
func debugExport(s *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	data, err := s.opts.Breakpoints.Export()
	if err != nil {
		p.Fail(w, r, http.StatusInternalServerError, err)
		return
	}
	saveBytes(w, r, "breakpoints.json", data)
}

// debugImport takes breakpoints in from a file.
func debugImport(s *Server, w http.ResponseWriter, r *http.Request, p *PageContext) {
	data, err := uploaded(r)
	if err == nil {
		added, e := s.opts.Breakpoints.Import(data, r.PostFormValue("mode") == "replace")
		err = e
		if err == nil {
			s.notices.add(p.Browser.ID(), s.opts.Now(), components.State{Icon: "confirmed", Word: "done", Class: "ok"}, "Import", components.Count(len(added), "breakpoint", "breakpoints"))
		}
	}
	if err != nil {
		s.refused(p, "Import", err)
	}
	s.done(w, r, p.URL("debug"))
}

// debugView is the panel's view without values, for a post that must know what stands
// where.
func (s *Server) debugView(r *http.Request, p *PageContext) pages.DebugView {
	d := newDebugPage(s, r, p)
	if d.seat == nil {
		return d.v
	}
	if id := r.PostFormValue("version"); id != "" {
		d.v.Address.Query.Set("version", id)
	}
	if id := r.PostFormValue("thread"); id != "" {
		d.v.Address.Query.Set("thread", id)
	}
	d.v.Address.Query.Set("script", r.PostFormValue("url"))
	d.choose()
	d.v.Address.Query.Set("p", d.v.PauseID())
	d.source()
	return d.v
}
