package pages

import (
	"encoding/json"
	"strconv"

	"github.com/a-h/templ"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/debugger"
	"github.com/swinspect/swinspect/ui/components"
)

// sourceAddress is the address with what is said of the source said in this pause.
func (v DebugView) sourceAddress() components.Address {
	a := components.Address{Path: v.Address.Path, Query: map[string][]string{}}
	for k, vs := range v.Address.Query {
		a.Query[k] = vs
	}
	a.Query.Set("p", v.PauseID())
	if v.Source.URL != "" {
		a.Query.Set("script", v.Source.URL)
	}
	return a
}

// scriptURL leads to a script of the worker.
func (v DebugView) scriptURL(url string) templ.SafeURL {
	return v.Address.With("script", url, "p", v.PauseID(), "line", "", "from", "", "find", "")
}

// versionURL leads to another version's worker.
func (v DebugView) versionURL(id string) templ.SafeURL {
	return v.Address.With("version", id, "script", "", "p", "", "line", "", "from", "", "frame", "", "set", "", "x", "")
}

// foundURL leads to a row that has what is searched for.
func (v DebugView) foundURL(line int) templ.SafeURL {
	return v.sourceAddress().With("line", strconv.Itoa(line), "from", "")
}

// placeURL leads to a line of a script.
func (v DebugView) placeURL(url string, line int) templ.SafeURL {
	return v.Address.With("script", url, "p", v.PauseID(), "line", strconv.Itoa(line), "from", "", "find", "")
}

func versionID(v DebugView) string {
	if v.Version == nil {
		return ""
	}
	return v.Version.ID
}

// sourceWords say which script is in view.
func (v DebugView) sourceWords() string {
	words := ""
	if v.Version != nil {
		words = "#" + v.Version.ID
	}
	if v.Source.Text != "" {
		words += ", " + components.Bytes(float64(len(v.Source.Text)))
	}
	return words
}

// noSource says why there is nothing to read.
func (v DebugView) noSource() string {
	switch {
	case v.Source.Busy:
		return "Reading the script…"
	case v.Source.Problem != "":
		return visible(v.Source.Problem)
	case v.Thread != nil && v.Thread.Status == "starting":
		return "The worker is held before its script."
	case v.Version == nil:
		return "There is no worker yet: its source is shown as soon as one starts."
	case !v.State.On:
		return "The source of #" + v.Version.ID + " is read while its worker runs."
	}
	return "The source of #" + v.Version.ID + " is shown when its worker runs."
}

// consoleWords say what an expression would be evaluated in.
func (v DebugView) consoleWords() string {
	switch f := v.frame(); {
	case f != nil:
		return "in frame " + frameName(f)
	case v.Thread != nil && v.Thread.Status == "running":
		return "in the global scope of #" + v.Thread.Version
	}
	return ""
}

func tabIndex(in bool) string {
	if in {
		return "0"
	}
	return "-1"
}

// gutterWords say what stands at a row.
func gutterWords(l DebugLine) string {
	words := ""
	if l.Paused {
		words = "paused here"
	}
	if l.Break == nil {
		return words
	}
	if words != "" {
		words += ", "
	}
	switch b := l.Break; {
	case b.Disabled:
		return words + "breakpoint, off"
	case b.Kind != breakpoints.Line:
		return words + string(b.Kind) + " breakpoint"
	case b.Log != "":
		return words + "logpoint"
	case b.Condition != "":
		return words + "breakpoint with a condition"
	}
	return words + "breakpoint"
}

func gutterIcon(l DebugLine) string {
	if l.Paused {
		return "ip"
	}
	switch b := l.Break; {
	case b.Disabled:
		return "bp-off"
	case b.Log != "":
		return "bp-log"
	case b.Condition != "":
		return "bp-cond"
	}
	return "bp"
}

func gutterClass(l DebugLine) string {
	switch {
	case l.Paused:
		return "hold"
	case l.Break.Disabled:
		return "dim"
	}
	return "accentc"
}

func gutterTitle(l DebugLine) string {
	if l.Break == nil {
		return "Stop here (Ctrl B). Right click: with a condition, or log"
	}
	return BreakpointName(l.Break.Breakpoint) + ". Press: take it away (Ctrl B). Right click: change"
}

func doIcon(what string) string {
	switch what {
	case "resume":
		return "play"
	case "over", "into", "out", "back":
		return what
	case "back-to-breakpoint":
		return "back-bp"
	case "pause":
		return "paused"
	}
	return "bug"
}

func withKey(label, key string) string {
	if key == "" {
		return label
	}
	return label + " (" + key + ")"
}

func stepBackWords(p *debugger.Pause) string {
	if p.CanStepBack {
		return "Step back"
	}
	return "Step back: only on the engine, in an event"
}

// activeOther is what the button that switches all breakpoints does next.
func activeOther(v DebugView) string {
	if v.State.Active {
		return "inactive"
	}
	return "active"
}

func fetchAt(f *breakpoints.FetchAt) string {
	if f.At == "dispatch" {
		return ""
	}
	return f.At
}

// listComma stands after a part of "a, b and c.".
func listComma(i, n int) string {
	switch i {
	case n - 1:
		return "."
	case n - 2:
		return " and "
	}
	return ", "
}

// editText is a value as the expression that gives it, to begin a change with.
func editText(v debugger.Value) string {
	if len(v.JSON) > 0 && v.Object == "" {
		return string(v.JSON)
	}
	switch v.Type {
	case "string":
		b, err := json.Marshal(v.Text)
		if err != nil {
			return ""
		}
		return string(b)
	case "object", "function", "symbol":
		return ""
	}
	return v.Text
}

func (v DebugView) noWorker() string {
	if v.Reg == nil {
		return "No worker runs"
	}
	return "No worker of this scope runs"
}

// canStart reports whether the chosen version's worker can be started to see its source.
func (v DebugView) canStart() bool {
	return v.CanAct && v.Reg != nil && v.Version != nil && v.Reg.Alive() && v.Reg.Active() == v.Version && isStopped(v.Version) && components.Reachable(v.Reg)
}

func startOf(v DebugView) inspector.Action {
	return inspector.Action{Kind: inspector.Start, Registration: v.Reg.Key, Version: v.Version.ID}
}

// onWords say how many breakpoints there are to stop at.
func (v DebugView) onWords() string {
	words := "No breakpoint is on"
	if n := v.on(); n > 0 {
		words = components.Count(n, "breakpoint is", "breakpoints are") + " on"
	}
	if !v.State.Active {
		words += ", but all are switched off together"
	}
	return words + "."
}
