package pages

import (
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/debugger"
	"github.com/swinspect/swinspect/ui/components"
)

// DebugView is the debugger of a browser as the panel of one registration shows it.
type DebugView struct {
	Address components.Address
	URL     string // of the panel: posts go below it
	Cannot  string // why there is no debugger; "": there is one
	Name    string // of the browser
	State   *debugger.State
	Reg     *inspector.Registration // nil: the page is about the whole browser
	CanAct  bool

	Versions []VersionLink
	Version  *inspector.Version // chosen; nil: none
	Thread   *debugger.Thread   // of the chosen version; nil: none is known
	Frame    int                // index of the chosen frame, -1: none
	Threads  []DebugThread

	Source      DebugSource
	Scopes      []DebugScope
	Watches     []DebugWatch
	Log         []debugger.LogLine
	Breakpoints []*debugger.Status
	Form        BreakpointForm
	Pages       []*inspector.Target // that can be loaded again
}

// DebugThread is a worker in the list of threads.
type DebugThread struct {
	Thread  *debugger.Thread
	URL     templ.SafeURL
	Name    string
	Current bool
}

// DebugPlace is where a worker was last paused.
type DebugPlace struct {
	URL  string
	Line int
}

// DebugScope is a scope of the chosen frame with its variables.
type DebugScope struct {
	ID      string
	Title   string
	Note    string
	Open    bool
	Toggle  templ.SafeURL
	Rows    []DebugRow
	Busy    bool
	Problem string
	More    int
}

// DebugRow is a variable or a property.
type DebugRow struct {
	ID       string
	Name     string
	Value    debugger.Value
	Internal bool
	Getter   bool
	Toggle   templ.SafeURL // "" when there is nothing inside
	Open     bool
	Rows     []DebugRow
	More     int
	Busy     bool
	Problem  string
	Edit     templ.SafeURL // "" when it cannot be changed here
	Editing  *DebugEdit
}

// DebugEdit is the form that changes a variable.
type DebugEdit struct {
	Scope  int
	Name   string
	Cancel templ.SafeURL
}

// DebugWatch is a watched expression with its value.
type DebugWatch struct {
	Expression string
	Row        DebugRow
	Known      bool
}

// pause is the pause of the chosen worker, nil while it runs.
func (v DebugView) pause() *debugger.Pause {
	if v.Thread == nil {
		return nil
	}
	return v.Thread.Pause
}

// PauseID names the pause of the chosen worker; "0" while it runs.
func (v DebugView) PauseID() string {
	if p := v.pause(); p != nil {
		return strconv.FormatUint(p.ID, 10)
	}
	return "0"
}

// frame is the chosen frame, nil without one.
func (v DebugView) frame() *debugger.Frame {
	p := v.pause()
	if p == nil || v.Frame < 0 || v.Frame >= len(p.Frames) {
		return nil
	}
	return &p.Frames[v.Frame]
}

// threadID is the chosen worker's, "" without one.
func (v DebugView) threadID() string {
	if v.Thread == nil {
		return ""
	}
	return v.Thread.ID
}

// driven reports whether somebody else drives.
func (v DebugView) driven() bool {
	return v.State != nil && v.State.Driver != "" && v.State.Driver != DebugDriver
}

// DebugDriver is the name under which the page drives.
const DebugDriver = "the page"

// others are workers of the registration that are paused too.
func (v DebugView) others() []DebugThread {
	var out []DebugThread
	for _, t := range v.Threads {
		if t.Thread.Pause != nil && !t.Current {
			out = append(out, t)
		}
	}
	return out
}

// hit reports whether the present pause is due to a breakpoint.
func (v DebugView) hit(id string) bool {
	p := v.pause()
	return p != nil && slices.Contains(p.Stop.Breakpoints, id)
}

// on counts the breakpoints that are switched on.
func (v DebugView) on() int {
	n := 0
	for _, b := range v.Breakpoints {
		if !b.Disabled {
			n++
		}
	}
	return n
}

// threadState is the state of a worker as its debugger sees it.
func threadState(t *debugger.Thread) components.State {
	switch {
	case t.Pause != nil:
		return components.State{Icon: "paused", Word: "paused", Class: "hold"}
	case t.Status == "starting":
		return components.State{Icon: "spin", Word: "starting", Class: "work"}
	case t.Status == "running":
		return components.State{Icon: "running", Word: "running", Class: "ok"}
	}
	return components.State{Icon: "stopped", Word: "stopped", Class: "idle"}
}

// frameName is what a frame is called.
func frameName(f *debugger.Frame) string {
	if f.Function == "" {
		return "(anonymous)"
	}
	return visible(f.Function)
}

// framePlace is where a frame is: "sw.js:68".
func framePlace(f *debugger.Frame) string {
	if o := f.Original; o != nil && o.Line > 0 {
		return scriptName(o.URL) + ":" + strconv.Itoa(o.Line)
	}
	switch {
	case f.Line == 0:
		return scriptName(f.URL)
	case f.URL == "":
		return "evaluated:" + strconv.Itoa(f.Line)
	}
	return scriptName(f.URL) + ":" + strconv.Itoa(f.Line)
}

// frameURL leads to a frame of the present pause.
func (v DebugView) frameURL(i int) templ.SafeURL {
	return v.Address.With("frame", v.PauseID()+"."+strconv.Itoa(i), "script", "", "line", "", "from", "", "p", "", "set", "", "find", "")
}

// linkable reports whether there is source to show for a frame.
func linkable(f *debugger.Frame) bool { return f.ScriptID != "" && f.Line > 0 }

// valueClass colours a value by its type.
func valueClass(v debugger.Value) string {
	switch v.Type {
	case "string":
		return "q"
	case "number", "bigint", "boolean", "undefined":
		return "n"
	case "symbol", "function":
		return "k"
	case "object":
		if v.Subtype == "null" {
			return "n"
		}
		return ""
	}
	return "dim"
}

// maxValueText is how much of a value is shown in a row.
const maxValueText = 300

func valueText(v debugger.Value) string {
	if v.Text == "" && v.Type == "" {
		return "…"
	}
	return cut(visible(v.Text), maxValueText)
}

// logState is the glyph of a line of the console.
func logState(l debugger.LogLine) components.State {
	switch l.Level {
	case "error":
		return components.State{Icon: "error", Word: "error", Class: "bad"}
	case "warning":
		return components.State{Icon: "warn", Word: "warning", Class: "wait"}
	}
	if l.Breakpoint != "" {
		return components.State{Icon: "bp-log", Word: "logpoint", Class: "accentc"}
	}
	return components.State{}
}

// logMark is the sign before a line of the console that has no glyph.
func logMark(l debugger.LogLine) string {
	switch l.Level {
	case "input":
		return "›"
	case "result":
		return "‹"
	}
	return "·"
}

func logID(l debugger.LogLine, i int) string {
	return "log-" + strconv.FormatInt(l.Time.UnixNano(), 36) + "-" + strconv.Itoa(i)
}

// StopPart is a stretch of the words of a stop; what comes from the page is code.
type StopPart struct {
	Text string
	Code bool
}

// StopParts are the words of a stop, with what names something of the site as code.
func StopParts(s breakpoints.Stop) []StopPart {
	words := visible(s.Words)
	if words == "" {
		words = s.Reason
	}
	names := []string{}
	for _, n := range []string{s.URL, s.Cache} {
		if n = visible(n); len(n) > 1 {
			names = append(names, n)
		}
	}
	if u := pathOfURL(s.URL); u != "" {
		names = append(names, u)
	}
	return codeParts(words, names)
}

func pathOfURL(raw string) string {
	origin, start, end := components.SplitURL(raw)
	if origin == "" {
		return ""
	}
	return start + end
}

// codeParts cuts words where one of the names occurs; the longest name first.
func codeParts(words string, names []string) []StopPart {
	slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) })
	for _, n := range names {
		before, after, ok := strings.Cut(words, n)
		if !ok || len(n) < 2 {
			continue
		}
		parts := codeParts(before, slices.Clone(names))
		parts = append(parts, StopPart{n, true})
		return append(parts, codeParts(after, slices.Clone(names))...)
	}
	if words == "" {
		return nil
	}
	return []StopPart{{words, false}}
}

// ScopeTitle is what a scope is called.
func ScopeTitle(kind string) string {
	if kind == "" {
		return "Scope"
	}
	return strings.ToUpper(kind[:1]) + kind[1:]
}

// ScriptName is the last part of a script's URL.
func ScriptName(url string) string { return scriptName(url) }

// StopWords say why a worker stopped, as plain text.
func StopWords(s breakpoints.Stop) string {
	if s.Words == "" {
		return s.Reason
	}
	return visible(s.Words)
}

// FramePlace is where a frame is: "sw.js:68".
func FramePlace(f *debugger.Frame) string { return framePlace(f) }

// maxDebugPages is how many pages are listed.
const maxDebugPages = 8

// ListPages fills in the pages in scope, of a browser all of them.
func (v *DebugView) ListPages(st *inspector.State) {
	if !v.CanAct {
		return
	}
	targets := st.Targets
	if v.Reg != nil {
		targets = nil
		for _, c := range st.Clients(v.Reg) {
			targets = append(targets, c.Target)
		}
	}
	for _, t := range targets {
		if t != nil && t.Type == "page" && !t.Own && strings.HasPrefix(t.URL, "http") && len(v.Pages) < maxDebugPages {
			v.Pages = append(v.Pages, t)
		}
	}
}

// reloadOf loads a page again.
func reloadOf(v DebugView, t *inspector.Target) inspector.Action {
	a := inspector.Action{Kind: inspector.ReloadClient, Client: t.Key.ID}
	if v.Reg != nil {
		a.Registration = v.Reg.Key
	}
	return a
}

// maxListed is how many breakpoints are listed unless all are asked for.
const maxListed = 100

// listed are the breakpoints on the page: the first ones, and any that was hit.
func (v DebugView) listed() []*debugger.Status {
	if len(v.Breakpoints) <= maxListed || v.Address.Query.Get("bps") == "all" {
		return v.Breakpoints
	}
	out := slices.Clone(v.Breakpoints[:maxListed])
	for _, b := range v.Breakpoints[maxListed:] {
		if v.hit(b.ID) || b.ID == v.Address.Query.Get("bp") {
			out = append(out, b)
		}
	}
	return out
}
