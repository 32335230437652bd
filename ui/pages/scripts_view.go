package pages

import (
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/swinspect/swinspect/inspector/session/report"
	"github.com/swinspect/swinspect/ui/code"
	"github.com/swinspect/swinspect/ui/components"
)

// ScriptsView is the session scripts of the project and one run of them.
type ScriptsView struct {
	Address  components.Address
	Folder   string
	Now      time.Time
	Problem  *components.Notice
	Error    string
	Files    []ScriptRow
	Backends []Option
	Backend  string // chosen last
	Run      *ScriptRun
	Shown    string // the script whose text is in view
	Lines    []ScriptLine
	More     int
}

// ScriptRow is a script in the list.
type ScriptRow struct {
	Name    string
	Last    *ScriptLast // nil: it was not run
	Current bool
}

// ScriptLast is how a script went last.
type ScriptLast struct {
	Run, Backend string
	File         *report.File
	Over         bool // its run is over
}

// ScriptRun is a run as of a moment.
type ScriptRun struct {
	ID, Backend, Filter string
	Began, Ended        time.Time
	Err                 error
	Files               []*report.File
	Count               report.Summary
}

// ScriptLine is a line of a script.
type ScriptLine struct {
	Number int
	Tokens []code.Token
	Bad    bool // something failed here in the run
}

// maxScriptLines is how many lines of a script are shown.
const maxScriptLines = 1000

// Show puts the text of a script into view, with the lines at which its run failed.
func (v *ScriptsView) Show(name, text string, files *code.Cache) {
	v.Shown = name
	bad := map[int]bool{}
	if v.Run != nil {
		for _, f := range v.Run.Files {
			if f.Name != name {
				continue
			}
			for _, t := range f.Tests {
				for _, e := range failuresOf(t.Result) {
					bad[e.At.Line] = true
				}
			}
		}
	}
	f := files.File(text, code.JavaScript)
	for i, r := range f.Rows {
		if i == maxScriptLines {
			v.More = len(f.Rows) - i
			break
		}
		v.Lines = append(v.Lines, ScriptLine{Number: r.Line, Tokens: f.Tokens(i), Bad: bad[r.Line]})
	}
}

func failuresOf(r *report.Result) []report.Failure {
	if r == nil {
		return nil
	}
	return r.Failures
}

// outcomeState is how something went, as glyph, word and colour.
func outcomeState(r *report.Result, over bool) components.State {
	if r == nil {
		if over {
			return components.State{Icon: "stopped", Word: "not run", Class: "idle"}
		}
		return components.State{Icon: "spin", Word: "running", Class: "work"}
	}
	switch r.Outcome {
	case report.Passed:
		return components.State{Icon: "confirmed", Word: "passed", Class: "ok"}
	case report.Flaky:
		return components.State{Icon: "warn", Word: "flaky", Class: "wait"}
	case report.Skipped:
		return components.State{Icon: "redundant", Word: "skipped", Class: "idle"}
	case report.TimedOut:
		return components.State{Icon: "failed", Word: "timed out", Class: "bad"}
	case report.Crashed:
		return components.State{Icon: "failed", Word: "crashed", Class: "bad"}
	}
	return components.State{Icon: "failed", Word: "failed", Class: "bad"}
}

// fileState is how a script as a whole went.
func fileState(f *report.File, over bool) components.State {
	bad, flaky, left := 0, 0, 0
	for _, t := range f.Tests {
		switch {
		case t.Result == nil:
			left++
		case t.Result.Outcome.Bad():
			bad++
		case t.Result.Outcome == report.Flaky:
			flaky++
		}
	}
	switch {
	case bad > 0:
		return components.State{Icon: "failed", Word: strconv.Itoa(bad) + " failed", Class: "bad"}
	case f.Broken():
		return components.State{Icon: "failed", Word: "broken", Class: "bad"}
	case f.Result == nil && !over:
		return components.State{Icon: "spin", Word: "running", Class: "work"}
	case f.Result == nil || left > 0:
		return components.State{Icon: "stopped", Word: "ended early", Class: "idle"}
	case flaky > 0:
		return components.State{Icon: "warn", Word: "flaky", Class: "wait"}
	case len(f.Tests) == 0:
		return components.State{Icon: "redundant", Word: "no test", Class: "idle"}
	}
	return components.State{Icon: "confirmed", Word: strconv.Itoa(len(f.Tests)) + " passed", Class: "ok"}
}

// scriptStepState is how a step went.
func scriptStepState(s *report.Step, over bool) components.State {
	switch {
	case s.Problem != "":
		return components.State{Icon: "failed", Word: "failed", Class: "bad"}
	case s.Took > 0:
		return components.State{Icon: "confirmed", Word: "done", Class: "ok"}
	case over:
		return components.State{Icon: "stopped", Word: "ended", Class: "idle"}
	}
	return components.State{Icon: "spin", Word: "running", Class: "work"}
}

func (r *ScriptRun) over() bool { return !r.Ended.IsZero() }

// words say how a run goes or went.
func (r *ScriptRun) words() string {
	c := r.Count
	var parts []string
	add := func(n int, word string) {
		if n > 0 {
			parts = append(parts, strconv.Itoa(n)+" "+word)
		}
	}
	add(c.Failed, "failed")
	add(c.Broken, "broken")
	add(c.Flaky, "flaky")
	add(c.Passed, "passed")
	add(c.Skipped, "skipped")
	if len(parts) == 0 {
		parts = append(parts, "nothing yet")
	}
	return strings.Join(parts, ", ")
}

// state is the run's, as glyph, word and colour.
func (r *ScriptRun) state() components.State {
	switch {
	case !r.over():
		return components.State{Icon: "spin", Word: "running", Class: "work"}
	case r.Count.Failed+r.Count.Broken > 0:
		return components.State{Icon: "failed", Word: "failed", Class: "bad"}
	case r.Err != nil:
		return components.State{Icon: "stopped", Word: "ended", Class: "idle"}
	}
	return components.State{Icon: "confirmed", Word: "passed", Class: "ok"}
}

// depth is how deep a step is within others.
func stepDepth(s *report.Step, all []*report.Step) int {
	depth := 0
	for parent := s.Parent; parent != 0 && depth < 8; depth++ {
		up := 0
		for _, o := range all {
			if o.ID == parent {
				up = o.Parent
			}
		}
		parent = up
	}
	return depth
}

func scriptPlace(p report.Place) string {
	if p.Line == 0 {
		return ""
	}
	return scriptName(p.File) + ":" + strconv.Itoa(p.Line)
}

func stepTook(m report.Millis) string { return components.Span(m.Duration().Round(time.Millisecond)) }

func (v ScriptsView) fileURL(name string) templ.SafeURL {
	return v.Address.With("file", name)
}

func testID(file string, t *report.Case) string { return "t-" + file + "-" + strconv.Itoa(t.ID) }

func backendWord(options []Option, value string) string {
	for _, o := range options {
		if o.Value == value {
			return o.Label
		}
	}
	return value
}

// short is a script's name below the folder of the scripts.
func (v ScriptsView) short(name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(name, strings.TrimSuffix(v.Folder, "/")), "/")
}
