package devtools

import (
	"context"
	"regexp"
	"strings"
	"time"
	"unicode/utf16"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/runtime"
	"github.com/dlclark/regexp2/v2"
)

// debuggerDomain is Debugger. Scripts of pages are told and cannot be paused; those of
// workers can.
//
// DIVERGES from Chromium: breakpoints outlive a restart of the worker. A worker whose
// scripts run without probes is restarted when a session first needs it to pause: at a
// breakpoint, Debugger.pause, exceptions to pause at, or setAsyncCallStackDepth with
// more than 0, which debuggers send before they show anything and others do not. The
// specification lets a user agent do so at any time. A worker that starts while
// Debugger is enabled has probes.
func debuggerDomain(t *table) {
	eventOf(t, debugger.ScriptParsed)
	eventOf(t, breakpointResolved)
	eventOf(t, pausedEvent)
	eventOf(t, debugger.Resumed)
	handle(t, debugger.Enable, debuggerEnable)
	handle(t, debugger.Disable, func(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		s.stopDebugging()
		return none, nil
	})
	handle(t, cdproto.Command[debugger.GetScriptSourceParams, scriptSource]{Method: debugger.CommandGetScriptSource}, func(_ context.Context, s *session, p debugger.GetScriptSourceParams) (scriptSource, error) {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		x := s.script(p.ScriptID)
		if x == nil {
			return scriptSource{}, failed("No script for id: %s", p.ScriptID)
		}
		return scriptSource{text(x.text)}, nil
	})
	handle(t, debugger.SearchInContent, searchInContent)
	breakpointCommands(t)
	pauseCommands(t)
	frameCommands(t)
}

// breakpointResolved is Debugger.breakpointResolved, which cdproto no longer has and
// clients read.
var breakpointResolved = cdproto.Event[debugger.ResolvedBreakpoint]{Method: "Debugger.breakpointResolved"}

type scriptSource struct {
	ScriptSource text `json:"scriptSource"`
}

// errNotDebugging is how V8 words it.
var errNotDebugging = failed("Debugger agent is not enabled")

// debuggerEnable tells of the scripts there are; a worker's can be paused from the next
// one on.
func debuggerEnable(_ context.Context, s *session, _ debugger.EnableParams) (debugger.EnableResult, error) {
	s.awaitRealm()
	s.server.mu.Lock()
	var known []*sourced
	var realms []*realmState
	if !s.on["Debugger"] {
		s.on["Debugger"] = true
		for _, rs := range s.target.realms {
			known = append(known, rs.sources...)
			if g := rs.debuggee.Load(); g != nil {
				g.settle()
			} else {
				realms = append(realms, rs)
			}
		}
	}
	s.server.mu.Unlock()
	for _, x := range known {
		s.tellScript(x, nil)
	}
	s.server.attachTo(realms)
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	for _, g := range s.debuggees() {
		if p := g.pause; p != nil && !g.told[s] {
			g.told[s] = true
			pauses := g.pauses
			g.d.Post(func() { g.tellPause([]*session{s}, p, pauses) })
		}
	}
	return debugger.EnableResult{DebuggerID: cdproto.UniqueDebuggerID(s.target.id)}, nil
}

// attachWithin is how long Debugger.enable waits for agents that compute: the next script
// that they compile can be paused all the same.
const attachWithin = 500 * time.Millisecond

// attachTo makes the workers among realms ones that can be paused.
func (s *Server) attachTo(realms []*realmState) {
	timer := time.NewTimer(attachWithin)
	defer timer.Stop()
	for _, rs := range realms {
		done := make(chan struct{})
		agent := rs.realm.Agent()
		if rs.worker == nil || !agent.Queue("Debugger.enable", func() { defer close(done); s.debug(rs) }) {
			continue
		}
		select {
		case <-done:
		case <-agent.Done():
		case <-timer.C:
			return
		}
	}
}

// script is a script of the session's target; nil for none. With Server.mu held.
func (s *session) script(id cdproto.ScriptID) *sourced {
	for _, rs := range s.target.realms {
		for _, x := range rs.sources {
			if x.id == string(id) {
				return x
			}
		}
	}
	return nil
}

// tellScript sends Debugger.scriptParsed. Positions count from 0, columns and length
// in UTF-16 code units.
func (s *session) tellScript(x *sourced, resolved []*debugger.ResolvedBreakpoint) {
	lines := strings.Count(x.text, "\n")
	last := x.text[strings.LastIndexByte(x.text, '\n')+1:]
	emit(s, debugger.ScriptParsed, debugger.EventScriptParsed{
		ScriptID: cdproto.ScriptID(x.id), URL: x.source.URL, EndLine: int64(lines), EndColumn: utf16Length(last),
		ExecutionContextID: runtime.ExecutionContextID(x.world.id), Hash: x.hash,
		ExecutionContextAuxData: s.server.describeWorld(x.world).AuxData, IsModule: x.source.Module, Length: utf16Length(x.text),
		SourceMapURL: sourceMapOf(x.text), HasSourceURL: nameOf(x.text) != "", ScriptLanguage: debugger.ScriptLanguageJavaScript, EmbedderName: x.source.URL,
		ResolvedBreakpoints: resolved,
	})
}

func utf16Length(s string) int64 {
	n := int64(0)
	for _, r := range s {
		n += int64(utf16.RuneLen(r))
	}
	return n
}

// sourceMapOf is the URL in a script's sourceMappingURL comment.
func sourceMapOf(text string) string {
	const comment = "sourceMappingURL="
	i := strings.LastIndex(text, comment)
	if i < 4 || !strings.HasPrefix(text[i-4:], "//# ") && !strings.HasPrefix(text[i-4:], "//@ ") {
		return ""
	}
	url, _, _ := strings.Cut(text[i+len(comment):], "\n")
	return strings.TrimSpace(url)
}

// searchInContent gives the lines of a script that hold a text or match an expression.
func searchInContent(_ context.Context, s *session, p debugger.SearchInContentParams) (debugger.SearchInContentResult, error) {
	s.server.mu.Lock()
	x := s.script(p.ScriptID)
	s.server.mu.Unlock()
	if x == nil {
		return debugger.SearchInContentResult{}, failed("No script for id: %s", p.ScriptID)
	}
	query := p.Query
	if !on(p.IsRegex) {
		query = regexp.QuoteMeta(query)
	}
	r := debugger.SearchInContentResult{Result: []*debugger.SearchMatch{}}
	pattern, err := newPattern(query, !on(p.CaseSensitive))
	if err != nil {
		return r, nil //nolint:nilerr // as V8: what is no expression matches nothing
	}
	n := 0
	for line := range strings.Lines(x.text) {
		if line = strings.TrimRight(line, "\r\n"); pattern.matches(line) {
			r.Result = append(r.Result, &debugger.SearchMatch{LineNumber: float64(n), LineContent: line})
		}
		n++
	}
	return r, nil
}

// pattern is a JavaScript regular expression.
type pattern struct {
	plain *regexp.Regexp  // nil for one that Go's cannot do
	full  *regexp2.Regexp // then
}

// patternTime bounds one match of an expression that backtracks.
const patternTime = 100 * time.Millisecond

func newPattern(source string, ignoreCase bool) (pattern, error) {
	flags, options := "", regexp2.ECMAScript
	if ignoreCase {
		flags, options = "(?i)", options|regexp2.IgnoreCase
	}
	if plain, err := regexp.Compile(flags + source); err == nil {
		return pattern{plain: plain}, nil
	}
	full, err := regexp2.Compile(source, options)
	if err != nil {
		return pattern{}, err
	}
	full.MatchTimeout = patternTime
	return pattern{full: full}, nil
}

func (p pattern) matches(text string) bool {
	if p.plain != nil {
		return p.plain.MatchString(text)
	}
	found, err := p.full.MatchString(text)
	return err == nil && found
}

// schemaDomain is Schema, which cdproto no longer has.
func schemaDomain(t *table) {
	handle(t, cdproto.Command[cdproto.Empty, domainsResult]{Method: "Schema.getDomains"}, func(context.Context, *session, cdproto.Empty) (domainsResult, error) {
		r := domainsResult{Domains: []domainName{}}
		for _, name := range sortedKeys(t.domains) {
			r.Domains = append(r.Domains, domainName{name, "1.3"})
		}
		return r, nil
	})
}

type domainsResult struct {
	Domains []domainName `json:"domains"`
}

type domainName struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}
