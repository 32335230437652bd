package pages

import (
	"slices"
	"strconv"
	"strings"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector/debugger"
	"github.com/swinspect/swinspect/ui/components"
)

// BreakpointParts say what a breakpoint stops at, after its kind.
func BreakpointParts(b breakpoints.Breakpoint) []StopPart {
	var w parts
	switch {
	case b.Line != nil:
		w.text(scriptName(b.Line.URL) + ":" + strconv.Itoa(b.Line.Line))
		if b.Line.Column > 0 {
			w.text(":" + strconv.Itoa(b.Line.Column))
		}
	case b.Event != nil:
		w.event(b.Event)
	case b.Lifecycle != nil:
		if b.Lifecycle.State == "controllerchange" {
			w.text("a client gets another controller")
		} else {
			w.text("a version enters ")
			w.code(lifecycleWord(b.Lifecycle.State))
		}
	case b.Fetch != nil:
		w.fetch(b.Fetch)
	case b.Cache != nil:
		w.cache(b.Cache)
	case b.Exception != nil:
		w.text(exceptionWords(b.Exception.Which))
	case b.Kind == breakpoints.Start:
		w.text("before the script evaluates")
	}
	if b.Once {
		w.text(", once")
	}
	if b.Skip > 0 {
		w.text(", after " + components.Count(b.Skip, "hit", "hits"))
	}
	return w
}

// parts collects words.
type parts []StopPart

func (p *parts) text(s string) { *p = append(*p, StopPart{visible(s), false}) }
func (p *parts) code(s string) { *p = append(*p, StopPart{visible(s), true}) }

func (p *parts) event(e *breakpoints.EventAt) {
	if e.Type == "*" || e.Type == "" {
		p.text("any, before its first handler")
		return
	}
	p.code(e.Type)
	p.text(", before its first handler")
}

func (p *parts) fetch(f *breakpoints.FetchAt) {
	if f.URL == "" {
		p.text("any request")
	} else {
		p.code(f.URL)
	}
	for _, s := range []struct{ word, value string }{{"method ", f.Method}, {"mode ", f.Mode}, {"destination ", f.Destination}, {"of ", f.Client}} {
		if s.value != "" {
			p.text(", " + s.word)
			p.code(s.value)
		}
	}
	switch f.At {
	case "respondWith":
		p.text(" at respondWith")
	case "request":
		p.text(" that the worker makes")
	}
}

func (p *parts) cache(c *breakpoints.CacheAt) {
	if c.Operation == "" {
		p.text("any operation")
	} else {
		p.text(c.Operation)
	}
	if c.Cache != "" {
		p.text(" in ")
		p.code(c.Cache)
	}
	if c.URL != "" {
		p.text(" of ")
		p.code(c.URL)
	}
}

// lifecycleWord is a state as the page calls it.
func lifecycleWord(state string) string {
	if state == "installed" {
		return "waiting"
	}
	return state
}

func exceptionWords(which string) string {
	switch which {
	case "uncaught":
		return "uncaught"
	case "rejection":
		return "unhandled rejection"
	case "respondWith":
		return "failed respondWith"
	}
	return "caught and uncaught"
}

// BreakpointName is a breakpoint in one line of plain text.
func BreakpointName(b breakpoints.Breakpoint) string {
	var s strings.Builder
	s.WriteString(string(b.Kind) + " ")
	for _, p := range BreakpointParts(b) {
		s.WriteString(p.Text)
	}
	return s.String()
}

// breakpointState is how a breakpoint stands, as glyph, word and colour.
func breakpointState(v DebugView, b *debugger.Status) components.State {
	switch {
	case v.hit(b.ID):
		return components.State{Icon: "bp", Word: "hit now", Class: "hold"}
	case b.Disabled || !v.active():
		return components.State{Icon: "bp-off", Word: "off", Class: "dim"}
	case b.Problem != "" || v.problem(b) != "":
		return components.State{Icon: "warn", Word: "not set", Class: "wait"}
	case b.Log != "":
		return components.State{Icon: "bp-log", Word: "logs", Class: "accentc"}
	case b.Condition != "":
		return components.State{Icon: "bp-cond", Word: "with a condition", Class: "accentc"}
	}
	return components.State{Icon: "bp", Word: "set", Class: "accentc"}
}

// active reports whether breakpoints are not switched off all together.
func (v DebugView) active() bool { return v.State == nil || !v.State.On || v.State.Active }

// problem says why a breakpoint cannot stop the workers of this registration, "" when
// it can or is none of theirs.
func (v DebugView) problem(b *debugger.Status) string {
	if b.Problem != "" {
		return visible(b.Problem)
	}
	why := ""
	for _, s := range v.settings(b) {
		if s.Problem == "" {
			return ""
		}
		why = visible(s.Problem)
	}
	return why
}

// moved says where a line breakpoint stands instead, "" where it was put.
func (v DebugView) moved(b *debugger.Status) string {
	for _, s := range v.settings(b) {
		if s.Moved != "" {
			return visible(s.Moved)
		}
	}
	return ""
}

// settings are those in the chosen worker, or in any of the registration's without one.
func (v DebugView) settings(b *debugger.Status) []breakpoints.Setting {
	own := func(s breakpoints.Setting) bool {
		if v.Thread != nil {
			return s.Target == v.Thread.ID
		}
		return v.Reg != nil && v.Reg.Version(s.Version) != nil
	}
	var out []breakpoints.Setting
	for _, s := range b.Settings {
		if own(s) {
			out = append(out, s)
		}
	}
	return out
}

// stands is the line at which a breakpoint stands in a script of the chosen worker; 0
// when it stands elsewhere.
func (v DebugView) stands(b *debugger.Status, url string) int {
	settings := v.settings(b)
	for _, s := range settings {
		if s.Line > 0 && sameScript(s.URL, url) {
			return s.Line
		}
	}
	if b.Line == nil || !breakpoints.MatchURL(b.Line.URL, url) && !sameScript(b.Line.URL, url) {
		return 0
	}
	if slices.ContainsFunc(settings, func(s breakpoints.Setting) bool { return s.Line > 0 }) {
		return 0
	}
	return b.Line.Line
}

// breakpointGoes is where a click on a breakpoint's words leads: its form, and its line.
func (v DebugView) breakpointGoes(b *debugger.Status) string {
	pairs := []string{"bp", b.ID, "new", "", "at", ""}
	if b.Line != nil {
		for _, s := range v.Source.Scripts {
			if line := v.stands(b, s.URL); line > 0 {
				pairs = append(pairs, "script", s.URL, "line", strconv.Itoa(line), "from", "", "p", v.PauseID())
				break
			}
		}
	}
	return string(v.Address.With(pairs...))
}

// ordinal is "5th".
func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}

// because says which breakpoint stopped the worker: `Breakpoint “cache miss in pages-*”,
// 5th hit.`
func (v DebugView) because() string {
	p := v.pause()
	if p == nil {
		return ""
	}
	for _, b := range v.Breakpoints {
		if !v.hit(b.ID) {
			continue
		}
		words := "Breakpoint “" + BreakpointName(b.Breakpoint) + "”"
		if n := max(p.Stop.Hits, b.Hits); n > 0 {
			words += ", " + ordinal(n) + " hit"
		}
		return words + "."
	}
	return ""
}

// needsRestart reports whether a breakpoint cannot stop the chosen worker because it ran
// before the debugger came.
func (v DebugView) needsRestart() bool {
	if v.Thread == nil || v.Thread.Status != "running" || v.Version == nil {
		return false
	}
	for _, b := range v.Breakpoints {
		if b.Disabled || b.Kind == breakpoints.Line {
			continue
		}
		for _, s := range b.Settings {
			if s.Target == v.Thread.ID && s.Problem != "" {
				return true
			}
		}
	}
	return false
}
