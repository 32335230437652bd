package devtools

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf16"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/runtime"

	"github.com/swinspect/swinspect/runtime/script"
)

// sourced is a script that a realm ran. It never changes.
type sourced struct {
	id     string
	world  *world
	source script.Source
}

// debuggerDomain: the scripts and their texts. Scripts cannot be paused yet; what
// clients set on every target is answered so that they go on.
func debuggerDomain(t *table) {
	eventOf(t, debugger.ScriptParsed)
	handle(t, debugger.Enable, func(_ context.Context, s *session, _ debugger.EnableParams) (debugger.EnableResult, error) {
		s.server.mu.Lock()
		var known []*sourced
		if !s.on["Debugger"] {
			s.on["Debugger"] = true
			for _, rs := range s.target.realms {
				known = append(known, rs.sources...)
			}
		}
		s.server.mu.Unlock()
		for _, x := range known {
			s.tellScript(x)
		}
		return debugger.EnableResult{DebuggerID: cdproto.UniqueDebuggerID(s.target.id)}, nil
	})
	handle(t, debugger.Disable, func(_ context.Context, s *session, _ cdproto.Empty) (cdproto.Empty, error) {
		s.disable("Debugger")
		return none, nil
	})
	handle(t, debugger.GetScriptSource, func(_ context.Context, s *session, p debugger.GetScriptSourceParams) (debugger.GetScriptSourceResult, error) {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		for _, rs := range s.target.realms {
			for _, x := range rs.sources {
				if x.id == string(p.ScriptID) {
					return debugger.GetScriptSourceResult{ScriptSource: x.source.Text()}, nil
				}
			}
		}
		return debugger.GetScriptSourceResult{}, failed("No script for id: %s", p.ScriptID)
	})
	accept(t, debugger.SetSkipAllPauses)
	accept(t, debugger.SetAsyncCallStackDepth)
	accept(t, debugger.SetPauseOnExceptions)
	accept(t, debugger.SetBlackboxPatterns)
	accept(t, debugger.SetBreakpointsActive)
}

// scriptRuns is told of a script that is about to run; on the loop.
func (s *Server) scriptRuns(rs *realmState, source script.Source) {
	s.mu.Lock()
	s.scriptIDs++
	x := &sourced{id: strconv.FormatInt(s.scriptIDs, 10), world: rs.worlds[0], source: source}
	rs.sources = append(rs.sources, x)
	listening := s.sessionsOf(rs.target, "Debugger")
	s.mu.Unlock()
	for _, session := range listening {
		session.tellScript(x)
	}
}

// tellScript sends Debugger.scriptParsed. Positions count from 0, columns and length
// in UTF-16 code units; the hash is of the UTF-8 text, as Chromium 156 has it.
func (s *session) tellScript(x *sourced) {
	text := x.source.Text()
	sum := sha256.Sum256([]byte(text))
	lines := strings.Count(text, "\n")
	last := text[strings.LastIndexByte(text, '\n')+1:]
	emit(s, debugger.ScriptParsed, debugger.EventScriptParsed{
		ScriptID: cdproto.ScriptID(x.id), URL: x.source.URL, EndLine: int64(lines), EndColumn: utf16Length(last),
		ExecutionContextID: runtime.ExecutionContextID(x.world.id), Hash: hex.EncodeToString(sum[:]),
		ExecutionContextAuxData: s.server.describeWorld(x.world).AuxData, IsModule: x.source.Module, Length: utf16Length(text),
		SourceMapURL: sourceMapOf(text), HasSourceURL: nameOf(text) != "", ScriptLanguage: debugger.ScriptLanguageJavaScript, EmbedderName: x.source.URL,
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
