package debugger

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/chromedp/cdproto/debugger"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/cdp"
)

// pause is a worker that is held and shown.
type pause struct {
	shown   Pause
	frames  []frameRef // of shown.Frames, in the same order
	event   cdp.Event  // the newest Debugger.paused
	depth   int        // of the stack, the debugger's own frames not counted
	inStop  bool       // it stands in the prelude, called by the frame shown
	timer   *time.Timer
	set     map[string]map[string]Value // variables that were set, by the scope's handle
	touched bool                        // something was evaluated that may have changed others
}

// frameRef is where to evaluate: "" for frames of the past.
type frameRef struct {
	id     string
	scopes []string // handles of CDP
	index  []int    // CDP's numbers of the scopes shown
	kinds  []string // their types
}

// detail is what the prelude says of a stop.
type detail struct {
	Kind      string   `json:"kind"`
	IDs       []string `json:"ids"`
	Event     string   `json:"event"`
	EventURL  string   `json:"eventURL"`
	URL       string   `json:"url"`
	Method    string   `json:"method"`
	Client    string   `json:"client"`
	Operation string   `json:"operation"`
	Cache     string   `json:"cache"`
	Which     string   `json:"which"`
	Error     string   `json:"error"`
	State     string   `json:"state"`
	Words     string   `json:"words"`
}

// landing is a stop in the prelude whose place is further on: the first statement of a
// handler, or what follows a lookup.
type landing struct {
	detail detail
	async  *wireStack // how the prelude was come to
	tries  int
}

// paused takes a Debugger.paused: it is gone on from, or shown.
func (t *thread) paused(e cdp.Event, p *wirePaused) {
	t.seq++
	t.ran = false
	if t.runTo != "" {
		t.ran = slices.Contains(p.Hit, t.runTo)
		t.send(debugger.RemoveBreakpoint.Method, map[string]any{"breakpointId": t.runTo})
		t.runTo = ""
	}
	first := false
	if t.starting || t.late && p.Reason == "other" && len(p.Hit) == 0 && !t.inOwn(p) {
		if p = t.atStart(p); p == nil {
			return
		}
		first = true
	}
	s := stopping{thread: t, event: e, p: p}
	switch {
	case first:
		s.first()
	case t.inOwn(p):
		s.own()
	case t.foreign(p):
		s.foreign()
	case t.landing != nil:
		s.landed()
	case t.stepping != nil && !s.important() && t.goOn(p):
		return
	default:
		s.plain()
	}
}

// inOwn reports whether it stands in this debugger's own scripts.
func (t *thread) inOwn(p *wirePaused) bool {
	if len(p.Frames) == 0 {
		return false
	}
	s := t.scripts[p.Frames[0].Location.ScriptID]
	return s != nil && (s.URL == t.c.stopURL() || s.URL == t.c.preludeURL())
}

// foreign reports whether it stands in another debugger's scripts.
func (t *thread) foreign(p *wirePaused) bool {
	if len(p.Frames) == 0 {
		return false
	}
	s := t.scripts[p.Frames[0].Location.ScriptID]
	return s != nil && s.own
}

// stopping is one pause while it is decided what becomes of it.
type stopping struct {
	thread *thread
	event  cdp.Event
	p      *wirePaused
	stop   breakpoints.Stop
	ids    []string // candidates
	shown  bool     // stops even when no breakpoint says so
	async  *wireStack
}

// goOn lets the worker run.
func (s *stopping) goOn() {
	s.thread.endQuiet()
	s.thread.moveOn(debugger.Resume.Method)
}

// first is the pause at the first statement.
func (s *stopping) first() {
	t := s.thread
	s.stop = breakpoints.Stop{Reason: string(breakpoints.Start), Words: "a worker starts: " + t.held.URL}
	for _, b := range t.concerned() {
		if b.Kind == breakpoints.Start {
			s.ids = append(s.ids, b.ID)
		}
	}
	if at := t.atLine(s.p.Frames[0]); len(at) > 0 {
		if len(s.ids) == 0 {
			s.stop = breakpoints.Stop{Reason: string(breakpoints.Line)}
		}
		s.ids = append(s.ids, at...)
	}
	for _, w := range t.waiting { // states that were entered before it ran anything
		s.ids = append(s.ids, w.ids...)
		s.stop = breakpoints.Stop{Reason: string(breakpoints.Lifecycle), State: w.state, Words: w.words}
	}
	t.waiting = nil
	if t.takePausing() {
		s.shown = true
		if len(s.ids) == 0 {
			s.stop = breakpoints.Stop{Reason: "pause"}
		}
	}
	s.decide()
}

// own is a stop that the prelude made, or a step that came into it.
func (s *stopping) own() {
	t := s.thread
	top := s.p.Frames[0]
	if top.Function == "landed" && t.landing != nil {
		s.nowhere()
		return
	}
	if s.p.Reason == "step" || top.Function != "stop" {
		if t.landing != nil && t.landing.tries < 6 {
			t.landing.tries++
			t.moveOn(debugger.StepInto.Method)
			return
		}
		if t.stepping != nil && t.goOnOwn() {
			return
		}
		if top.Function != "stop" {
			s.goOn()
			return
		}
	}
	d, ok := t.detail(top)
	if !ok {
		s.goOn()
		return
	}
	if d.Kind == "lifecycle" {
		t.catching = false
	}
	switch {
	case d.Kind == "event", d.Kind == "cache" && (d.Operation == "hit" || d.Operation == "miss"):
		t.landing = &landing{detail: d, async: s.p.Async}
		t.moveOn(debugger.StepInto.Method)
		return
	case d.Kind == "exception" && d.Which == "rejection" && d.Error != "" && firstLine(d.Error) == t.thrown:
		s.goOn() // it was stopped at when it was thrown
		return
	}
	s.from(d)
	s.decide()
}

// nowhere is the end of a landing when nothing of the worker's own followed: what led
// there is all there is to be seen.
func (s *stopping) nowhere() {
	l := s.thread.landing
	s.thread.landing = nil
	s.async = l.async
	s.from(l.detail)
	s.decide()
}

// landed is a pause on the way out of the prelude, in the worker's own code.
func (s *stopping) landed() {
	t := s.thread
	l := t.landing
	t.landing = nil
	s.from(l.detail)
	s.hit() // a line breakpoint on the very place
	s.decide()
}

// foreign is a stop of another debugger.
func (s *stopping) foreign() {
	s.stop = breakpoints.Stop{Reason: "debugger", Words: "another debugger holds the worker"}
	s.shown = true
	t := s.thread
	seq := t.seq
	time.AfterFunc(foreignShown, func() {
		t.push(func() {
			if t.seq == seq {
				s.decide()
			}
		}, nil)
	})
}

// foreignShown is how long another debugger's pause lasts before it is shown: most are
// only to look at something. Who resumes one does so for the other, too.
const foreignShown = 400 * time.Millisecond

// atStatement reports whether a pause is at a debugger statement.
func (t *thread) atStatement(p *wirePaused) bool {
	if len(p.Frames) == 0 {
		return false
	}
	at := p.Frames[0].Location
	script := t.scripts[at.ScriptID]
	if script == nil {
		return true
	}
	lines := t.source(script)
	if at.Line >= len(lines) {
		return true // it cannot be told
	}
	line := utf16.Encode([]rune(lines[at.Line]))
	return at.Column <= len(line) && strings.HasPrefix(string(utf16.Decode(line[at.Column:])), "debugger")
}

// important reports whether a pause is more than the end of a step.
func (s *stopping) important() bool {
	return len(s.p.Hit) > 0 || s.p.Reason == "exception" || s.p.Reason == "promiseRejection"
}

// plain is every other pause.
func (s *stopping) plain() {
	t := s.thread
	stepped := t.stepping
	t.stepping = nil
	switch s.p.Reason {
	case "exception", "promiseRejection":
		s.exception()
		return
	}
	s.hit()
	switch {
	case len(s.ids) > 0:
		s.stop.Reason = string(breakpoints.Line)
	case stepped != nil:
		s.shown = true
		s.stepped(stepped.during)
	case t.takePausing():
		s.shown, s.stop.Reason, s.stop.Words = true, "pause", "paused on request"
	case len(s.p.Hit) > 0: // RunTo, or a breakpoint that was just removed
		s.shown, s.stop.Reason, s.stop.Words = t.takeRan(), "step", "reached"
	case s.p.Reason == "step": // of a step that is over
		s.shown, s.stop.Reason, s.stop.Words = true, "step", "stepped"
	case !t.atStatement(s.p):
		s.foreign()
		return
	default:
		s.shown, s.stop.Reason, s.stop.Words = true, "debugger", "a debugger statement"
	}
	if stepped != nil {
		s.shown = true
	}
	s.decide()
}

// stepped is the end of a step, during what was being handled.
func (s *stopping) stepped(during breakpoints.Stop) {
	s.stop = breakpoints.Stop{Reason: "step", Words: "stepped", Event: during.Event, URL: during.URL, Method: during.Method, Client: during.Client}
	if during.Event == "" {
		s.stop.URL, s.stop.Method = "", ""
		return
	}
	s.stop.Words += ", in " + during.Event
	if during.Event == "fetch" && during.URL != "" {
		s.stop.Words += " of " + shortURL(during.URL, s.thread.held.URL)
	}
}

// hit adds the line breakpoints of the pause.
func (s *stopping) hit() {
	for _, id := range s.p.Hit {
		if b := s.thread.byCDP[id]; b != "" {
			s.ids = append(s.ids, b)
		}
	}
}

// exception is a pause where something is thrown.
func (s *stopping) exception() {
	t := s.thread
	var data struct {
		wireObject
		Uncaught bool `json:"uncaught"`
	}
	_ = json.Unmarshal(s.p.Data, &data) // without it the pause is shown all the same
	uncaught := data.Uncaught || s.p.Reason == "promiseRejection"
	for _, b := range t.concerned() {
		if b.Kind != breakpoints.Exception {
			continue
		}
		switch b.Exception.Which {
		case "all":
			s.ids = append(s.ids, b.ID)
		case "uncaught":
			if uncaught {
				s.ids = append(s.ids, b.ID)
			}
		case "rejection":
			if s.p.Reason == "promiseRejection" {
				s.ids = append(s.ids, b.ID)
			}
		}
	}
	text := describe(&data.wireObject)
	t.thrown = firstLine(text)
	s.stop = breakpoints.Stop{Reason: string(breakpoints.Exception), Error: text}
	switch {
	case s.p.Reason == "promiseRejection":
		s.stop.Words = "rejected, and nobody handles it: " + firstLine(text)
	case uncaught:
		s.stop.Words = "thrown, and nobody catches it: " + firstLine(text)
	default:
		s.stop.Words = "thrown: " + firstLine(text)
	}
	s.decide()
}

// detail reads what the prelude says.
func (t *thread) detail(top wireFrame) (detail, bool) {
	var d detail
	var r wireResult
	err := t.call(debugger.EvaluateOnCallFrame.Method, map[string]any{
		"callFrameId": top.ID, "expression": "text", "returnByValue": true, "silent": true,
	}, &r)
	if err != nil || r.Result == nil {
		return d, false
	}
	var text string
	if json.Unmarshal(r.Result.Value, &text) != nil || json.Unmarshal([]byte(text), &d) != nil {
		return d, false
	}
	return d, true
}

// resumed takes a Debugger.resumed.
func (t *thread) resumed(e cdp.Event) {
	t.seq++
	switch {
	case t.stepping != nil && t.shown:
		time.AfterFunc(stepShown, func() { t.push(func() { t.runsOn(e) }, nil) })
	case t.shown:
		t.shown = false
		t.c.update(t.endPause)
		t.held.Show(e)
	}
	t.holdWaiting()
}

// endQuiet forgets a pause that is about to end. resumed tells the state.
func (t *thread) endQuiet() {
	t.landing, t.stepping = nil, nil
}

// endPause ends what is shown. The caller is within update.
func (t *thread) endPause() {
	if t.pause == nil {
		return
	}
	if t.pause.timer != nil {
		t.pause.timer.Stop()
	}
	t.pause = nil
}
