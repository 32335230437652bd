package pages

import (
	"fmt"
	"strconv"

	"github.com/a-h/templ"
	"github.com/chromedp/cdproto/serviceworker"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/internal/linediff"
	"github.com/swinspect/swinspect/ui/code"
	"github.com/swinspect/swinspect/ui/components"
)

func (v SourceView) diffURL(link VersionLink) templ.SafeURL {
	if link.Against {
		return v.Address.With("diff", "", "from", "", "context", "")
	}
	return v.Address.With("diff", link.Version.ID, "from", "", "line", "", "find", "")
}

// lineURL leads to a row: it is marked, and the browser scrolls to it.
func (v SourceView) lineURL(r code.Row) templ.SafeURL {
	place := strconv.Itoa(r.Line)
	if !r.First() {
		place += ":" + strconv.Itoa(r.Column)
	}
	return v.Address.With("line", place, "from", "") + templ.SafeURL("#"+rowID(r))
}

func (v SourceView) headWords() string {
	words := "#" + v.Version.ID
	if v.Script != nil {
		words += ", " + components.Bytes(float64(len(v.Script.Source)))
		if v.Code.Lines > 0 {
			words += ", " + components.Count(v.Code.Lines, "line", "lines")
		}
	}
	if !v.ReadAt.IsZero() {
		words += ", read " + v.ReadAt.Local().Format("15:04:05")
	}
	return words
}

func (it ScriptItem) kind() string {
	switch {
	case it.Script == nil:
		return ""
	case it.Script.Main && it.Script.Module:
		return "main script, module"
	case it.Script.Main:
		return "main script"
	case it.Script.Module:
		return "imported module"
	}
	return "imported"
}

func (it ScriptItem) changeState() components.State {
	switch it.Change {
	case "new":
		return components.State{Icon: "plus", Word: "new", Class: "ok"}
	case "gone":
		return components.State{Icon: "minus", Word: "gone", Class: "bad"}
	case "changed":
		return components.State{Icon: "differs", Word: "changed", Class: "work"}
	}
	return components.State{Icon: "confirmed", Word: "equal", Class: "idle"}
}

func isStopped(v *inspector.Version) bool {
	return v.Running == serviceworker.VersionRunningStatusStopped || v.Running == serviceworker.VersionRunningStatusStopping || v.Running == ""
}

// stoppedWords says what to do about the source of a stopped version.
func stoppedWords(r *inspector.Registration, v *inspector.Version) string {
	switch {
	case !r.Alive():
		return "The registration is gone, and its source was not read while it ran."
	case r.Active() == v:
		return "The source is read from the running worker, and swinspect starts none unasked. Start it: the source shows up here by itself, and the worker stops again when it is idle."
	case v.Status == serviceworker.VersionStatusRedundant:
		return "It is redundant, and its source was not read while it ran. Keep this page open during the next update to have both sides."
	}
	return "The browser starts a waiting version only when it becomes active. Open this page while it is being installed, or skip waiting first."
}

func errorWords(e inspector.WorkerError) string {
	if e.Count > 1 {
		return fmt.Sprintf("%s (%d times)", cut(visible(e.Message), 160), e.Count)
	}
	return cut(visible(e.Message), 160)
}

// lineTab keeps the line numbers out of the tab order, but for those that say
// something: there are hundreds of them, and all do the same.
func lineTab(row CodeRow) string {
	if row.At || len(row.Errors) > 0 {
		return "0"
	}
	return "-1"
}

func (f FindView) words() string {
	switch f.Total {
	case 0:
		return "Not found."
	case 1:
		return "In one row:"
	}
	return "In " + components.Number(f.Total) + " rows:"
}

func (d *DiffView) words() string {
	return components.Count(d.Changes, "change", "changes") + ": " + components.Count(d.Removed, "line", "lines") + " removed, " +
		components.Count(d.Added, "line", "lines") + " added."
}

func (r DiffRow) equal() bool { return r.Kind == linediff.Equal }

// sideClass is the tint of one side of a row.
func (r DiffRow) sideClass(c DiffCell, changed string) string {
	switch {
	case c.Line == 0:
		return "gap"
	case r.Kind == linediff.Equal:
		return ""
	}
	return changed
}
