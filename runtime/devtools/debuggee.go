package devtools

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"

	"github.com/chromedp/cdproto/debugger"

	"github.com/swinspect/swinspect/runtime/script"
)

// sourced is a script that a realm ran. It never changes, but for debug.
type sourced struct {
	id     string
	world  *world
	source script.Source
	text   string
	hash   string              // hexadecimal SHA-256 of the UTF-8 text, as Chromium 156 has it
	debug  *script.DebugScript // nil: it runs without probes
}

func newSourced(id string, w *world, source script.Source) *sourced {
	x := &sourced{id: id, world: w, source: source, text: source.Text()}
	sum := sha256.Sum256([]byte(x.text))
	x.hash = hex.EncodeToString(sum[:])
	return x
}

// debuggee is a worker's realm whose scripts can be paused: what its agent's debugger
// tells goes to the sessions that enabled Debugger, what they ask for together goes to
// it. Its fields are guarded by Server.mu, but for those that never change: server, rs, d, early.
//
// Methods of d are called with Server.mu held: d calls back on the loop, and never from
// within a call but where it says so.
type debuggee struct {
	server *Server
	rs     *realmState
	d      *script.Debugger
	early  bool // it was there before the first script

	scripts map[*script.DebugScript]*sourced
	pending []script.Source // about to run, not yet told by d
	owners  map[string]owner
	pauses  int64         // numbers them: frames of another pause are no good
	pause   *script.Pause // nil while it runs
	told    map[*session]bool
	first   *sourced // whose first statement is to be stopped at: beforeScriptExecution
	skips   int      // pauses in a row that were in blackboxed ranges
	begun   bool     // the worker's own script runs, or has run
	atStart bool     // stop at its first statement
	runsTo  bool     // continueToLocation: V8 does not call its end a step

	// Going back in an event: see rewind.go.
	past   *history // of its present pause
	frozen bool     // a copy of it is shown instead
	of     *history // it is a copy itself
	copy   *copied  // then
}

// owner is whose breakpoint one of d's is.
type owner struct {
	session *session
	id      string
}

// debug makes a worker's scripts ones that can be paused, from the next one on. On the
// loop.
func (s *Server) debug(rs *realmState) {
	agent := rs.realm.Agent()
	if rs.worker == nil || agent.Debugger() != nil {
		return // a page's, or one that can be paused already
	}
	g := &debuggee{server: s, rs: rs, scripts: map[*script.DebugScript]*sourced{}, owners: map[string]owner{}, told: map[*session]bool{}}
	g.d = agent.Debug(script.DebugOptions{OnParsed: g.parsed, OnPaused: g.paused, OnResumed: g.resumed})
	s.mu.Lock()
	defer s.mu.Unlock()
	g.early = len(rs.sources) == 0
	g.begun = !g.early
	g.atStart, rs.target.pauseAtStart = rs.target.pauseAtStart, false
	rs.worker.Remember()
	rs.debuggee.Store(g)
	g.settle()
}

// post runs f on the realm's loop: as a task or, when the script is held, in the pause.
// It reports false when the realm's agent has ended.
func (rs *realmState) post(source string, f func()) bool {
	if g := rs.debuggee.Load(); g != nil {
		return g.d.Post(f)
	}
	return rs.realm.Agent().Queue(source, f)
}

// evaluatingFor runs f, in which a client's code runs; on the loop.
func (rs *realmState) evaluatingFor(silent bool, f func()) {
	if g := rs.debuggee.Load(); g != nil {
		g.d.Evaluating(silent, f)
		return
	}
	f()
}

// scriptRuns is told of a script that is about to run; on the loop. Those that can be
// paused are told by the debugger.
func (s *Server) scriptRuns(rs *realmState, source script.Source) {
	s.mu.Lock()
	g := rs.debuggee.Load()
	if g != nil {
		g.pending = append(g.pending, source)
	}
	s.mu.Unlock()
	if g == nil {
		s.scriptAdded(rs, source, nil)
		return
	}
	rs.realm.Agent().Queue("scripts", func() {
		s.mu.Lock()
		left := g.pending
		g.pending = nil
		s.mu.Unlock()
		for _, source := range left { // compiled before the debugger was there
			s.scriptAdded(rs, source, nil)
		}
	})
}

// scriptAdded takes a script in and tells of it. On the loop.
func (s *Server) scriptAdded(rs *realmState, source script.Source, debug *script.DebugScript) *sourced {
	x := newSourced("", rs.worlds[0], source)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scriptIDs++
	x.id, x.debug = strconv.FormatInt(s.scriptIDs, 10), debug
	rs.sources = append(rs.sources, x)
	g := rs.debuggee.Load()
	if debug != nil {
		g.scripts[debug] = x
		g.blackbox(s.sessionsOf(rs.target, "Debugger"))
	}
	for _, listening := range s.sessionsOf(rs.target, "Debugger") {
		var resolved []*debugger.ResolvedBreakpoint
		if debug != nil {
			resolved = listening.placeIn(g, x)
		}
		listening.tellScript(x, resolved)
		for _, r := range resolved {
			emit(listening, breakpointResolved, *r)
		}
	}
	return x
}

// parsed is told of a script whose first statement is about to run.
func (g *debuggee) parsed(d *script.DebugScript) {
	s := g.server
	s.mu.Lock()
	for i, p := range g.pending {
		if p.URL == d.URL {
			g.pending = append(g.pending[:i:i], g.pending[i+1:]...)
			break
		}
	}
	s.mu.Unlock()
	x := s.scriptAdded(g.rs, script.Source{URL: d.URL, Text: func() string { return d.Text }, Module: d.Module}, d)
	s.mu.Lock()
	defer s.mu.Unlock()
	if g.rs.evaluating == 0 && !g.begun {
		g.begun = true
		if g.atStart {
			g.atStart = false
			g.d.PauseSoon()
		}
	}
	for _, listening := range s.sessionsOf(g.rs.target, "Debugger") {
		if listening.debugging.stopsBefore(x) {
			g.first = x
			g.d.PauseSoon()
			return
		}
	}
}

// settle tells the debugger what the sessions ask for together. With Server.mu held.
func (g *debuggee) settle() {
	active, skip := false, true
	mode := script.NoExceptions
	sessions := g.server.sessionsOf(g.rs.target, "Debugger")
	for _, x := range sessions {
		if x.debugging.skip {
			continue
		}
		skip = false
		active = active || !x.debugging.inactive
		mode = bothModes(mode, x.debugging.exceptions)
	}
	g.d.SetActive(active)
	g.d.SkipAll(skip)
	g.d.PauseOnExceptions(mode)
	g.blackbox(sessions)
}

func bothModes(a, b script.ExceptionMode) script.ExceptionMode {
	switch {
	case a == b, b == "", b == script.NoExceptions:
		return a
	case a == script.NoExceptions:
		return b
	}
	return script.AllExceptions
}

// blackbox names the scripts that every session wants skipped.
func (g *debuggee) blackbox(sessions []*session) {
	var patterns []string
	seen := map[string]bool{}
	if !slices.ContainsFunc(sessions, func(s *session) bool { return s.debugging.blackboxes() }) {
		_ = g.d.Blackbox(nil)
		return
	}
	for _, x := range g.rs.sources {
		if seen[x.source.URL] || !blackboxed(sessions, x) {
			continue
		}
		seen[x.source.URL] = true
		patterns = append(patterns, "^"+regexp.QuoteMeta(x.source.URL)+"$")
	}
	_ = g.d.Blackbox(patterns) // they are quoted
}

func blackboxed(sessions []*session, x *sourced) bool {
	for _, s := range sessions {
		if !s.debugging.ignores(x) {
			return false
		}
	}
	return len(sessions) > 0
}

// pauseSoon stops at the next statement; before the worker's own script runs, at the
// first of that: what clients evaluate in a worker that waits is not meant. With
// Server.mu held.
func (g *debuggee) pauseSoon() {
	switch {
	case g.pause != nil:
	case !g.begun:
		g.atStart = true
	default:
		g.d.PauseSoon()
	}
}

// leave lets a debuggee go on that nobody looks at any more. With Server.mu held.
func (g *debuggee) leave() {
	g.settle()
	for _, x := range g.server.sessionsOf(g.rs.target, "Debugger") {
		if !x.debugging.skip {
			return
		}
	}
	g.atStart = false
	if g.pause != nil {
		_ = g.d.Resume() // it goes on already
	}
}

// debuggees are the realms of the session's target that can be paused; with Server.mu
// held.
func (s *session) debuggees() []*debuggee {
	var all []*debuggee
	if s.target != nil {
		for _, rs := range s.target.realms {
			if g := rs.debuggee.Load(); g != nil {
				all = append(all, g)
			}
		}
	}
	return all
}

// stopDebugging forgets what a session asked for; with Server.mu held.
func (s *session) stopDebugging() {
	if !s.on["Debugger"] {
		return
	}
	delete(s.on, "Debugger")
	for _, g := range s.debuggees() {
		for low, o := range g.owners {
			if o.session == s {
				g.d.RemoveBreakpoint(low)
				delete(g.owners, low)
			}
		}
		delete(g.told, s)
		g.leave()
	}
	s.debugging = debugSession{}
}
