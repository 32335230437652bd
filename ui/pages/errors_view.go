package pages

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/chromedp/cdproto/serviceworker"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

// ErrorsView is the errors and the console of a registration.
type ErrorsView struct {
	Address   components.Address
	Reg       *inspector.Registration
	Own       string
	SourceURL string // of the source panel
	Errors    ErrorTable
	Console   ConsoleTable
	Collect   []ConsoleSwitch
}

// ErrorTable is what the browser reported with workerErrorReported.
type ErrorTable struct {
	Filter components.Filter
	Head   components.TableHead
	Rows   []ErrorRow
	Window components.Window
	Total  int
}

// ErrorRow is one error.
type ErrorRow struct {
	ID    string
	Error inspector.WorkerError
}

// ConsoleTable is what workers wrote to their console while it was collected.
type ConsoleTable struct {
	Filter components.Filter
	Head   components.TableHead
	Rows   []ConsoleRow
	Window components.Window
	Total  int
}

// ConsoleRow is one console message.
type ConsoleRow struct {
	ID      string
	Version string
	Message inspector.ConsoleMessage
}

// ConsoleSwitch says whether the console of a version is collected.
type ConsoleSwitch struct {
	Version *inspector.Version
	State   components.State
	On      bool
	Held    bool // a session is attached now
}

// The filter keys of the two tables.
var (
	ErrorKeys   = []string{"message", "version", "phase", "url", "line", "count"}
	ConsoleKeys = []string{"level", "text", "version", "url", "line", "source"}
)

// logWindow is how many errors or messages are on the page at once.
const logWindow = 100

// NewErrors lays out errors and console.
func NewErrors(s *inspector.State, r *inspector.Registration, a components.Address, sourceURL string) ErrorsView {
	return ErrorsView{
		Address: a, Reg: r, Own: components.Origin(r.Scope), SourceURL: sourceURL,
		Errors: newErrorTable(r, a), Console: newConsoleTable(r, a), Collect: consoleSwitches(s, r),
	}
}

func newErrorTable(r *inspector.Registration, a components.Address) ErrorTable {
	t := ErrorTable{Total: len(r.Errors), Filter: components.NewFilter(a, "filter", "Filter errors", "phase:install", ErrorKeys)}
	t.Head = tableHead(a, "sort", components.Sort{Key: "time", Desc: true}, []components.Column{
		{Key: "time", Label: "Time", Class: "w-clock", First: "-time"},
		{Key: "version", Label: "Version", Class: "w-ver"},
		{Key: "phase", Label: "During", Class: "c3 w-phase"},
		{Key: "message", Label: "Message"},
		{Key: "place", Label: "Place", Class: "c2 w-place"},
		{Key: "count", Label: "Count", Class: "r c3 w-n", First: "-count"},
	})
	var keep []ErrorRow
	for i, e := range r.Errors {
		if t.Filter.Query.Match(func(key string) []string { return errorField(e, key) }) {
			keep = append(keep, ErrorRow{ID: "err-" + strconv.Itoa(i), Error: e})
		}
	}
	sortRows(keep, t.Head.Sort, func(a, b ErrorRow) int { return compareErrors(a.Error, b.Error, t.Head.Sort.Key) })
	t.Window = components.WindowAt(atoi(a.Query.Get("from")), logWindow, len(keep))
	t.Rows = keep[t.Window.From:t.Window.To]
	return t
}

// tableHead is a head whose order is a parameter of the address.
func tableHead(a components.Address, param string, def components.Sort, columns []components.Column) components.TableHead {
	h := components.TableHead{Address: a, Param: param, Default: def, Sort: def, Columns: columns}
	if s := a.Query.Get(param); s != "" {
		h.Sort = components.ParseSort(s)
	}
	return h
}

func sortRows[R any](rows []R, s components.Sort, compare func(a, b R) int) {
	if s.Desc {
		slices.Reverse(rows)
	}
	slices.SortStableFunc(rows, func(a, b R) int {
		if s.Desc {
			return compare(b, a)
		}
		return compare(a, b)
	})
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

func errorField(e inspector.WorkerError, key string) []string {
	switch key {
	case "message":
		return []string{e.Message}
	case "":
		return []string{e.Message, e.URL}
	case "version":
		return []string{e.VersionID}
	case "phase":
		return []string{e.Phase}
	case "url":
		return []string{e.URL}
	case "line":
		return []string{strconv.Itoa(e.Line)}
	case "count":
		return []string{strconv.Itoa(max(1, e.Count))}
	}
	return nil
}

func compareErrors(a, b inspector.WorkerError, key string) int {
	switch key {
	case "version":
		return strings.Compare(a.VersionID, b.VersionID)
	case "phase":
		return strings.Compare(a.Phase, b.Phase)
	case "message":
		return strings.Compare(a.Message, b.Message)
	case "place":
		if c := strings.Compare(a.URL, b.URL); c != 0 {
			return c
		}
		return a.Line - b.Line
	case "count":
		return a.Count - b.Count
	}
	return a.Time.Compare(b.Time)
}

func newConsoleTable(r *inspector.Registration, a components.Address) ConsoleTable {
	t := ConsoleTable{Filter: components.NewFilter(a, "console", "Filter the console", "level:error", ConsoleKeys)}
	t.Head = tableHead(a, "csort", components.Sort{Key: "time", Desc: true}, []components.Column{
		{Key: "time", Label: "Time", Class: "w-clock", First: "-time"},
		{Key: "level", Label: "Level", Class: "w-level"},
		{Key: "version", Label: "Version", Class: "c3 w-ver"},
		{Key: "text", Label: "Text"},
		{Key: "place", Label: "Place", Class: "c2 w-place"},
	})
	var keep []ConsoleRow
	for _, v := range r.Versions {
		for i, m := range v.Console {
			t.Total++
			if t.Filter.Query.Match(func(key string) []string { return consoleField(v.ID, m, key) }) {
				keep = append(keep, ConsoleRow{ID: consoleID(v.ID, m, i), Version: v.ID, Message: m})
			}
		}
	}
	slices.SortStableFunc(keep, func(a, b ConsoleRow) int { return a.Message.Time.Compare(b.Message.Time) })
	sortRows(keep, t.Head.Sort, func(a, b ConsoleRow) int { return compareConsole(a, b, t.Head.Sort.Key) })
	t.Window = components.WindowAt(atoi(a.Query.Get("from")), logWindow, len(keep))
	t.Rows = keep[t.Window.From:t.Window.To]
	return t
}

// consoleID names a message: old ones are dropped from the front, so its place
// alone would not stay its own.
func consoleID(version string, m inspector.ConsoleMessage, i int) string {
	return fmt.Sprintf("con-%s-%d-%d", version, m.Time.UnixMicro(), i%7)
}

func consoleField(version string, m inspector.ConsoleMessage, key string) []string {
	switch key {
	case "level":
		return []string{m.Level}
	case "text":
		return []string{m.Text}
	case "":
		return []string{m.Text, m.URL}
	case "version":
		return []string{version}
	case "url":
		return []string{m.URL}
	case "line":
		return []string{strconv.Itoa(m.Line + 1)}
	case "source":
		return []string{m.Source}
	}
	return nil
}

func compareConsole(a, b ConsoleRow, key string) int {
	switch key {
	case "level":
		return strings.Compare(a.Message.Level, b.Message.Level)
	case "version":
		return strings.Compare(a.Version, b.Version)
	case "text":
		return strings.Compare(a.Message.Text, b.Message.Text)
	case "place":
		if c := strings.Compare(a.Message.URL, b.Message.URL); c != 0 {
			return c
		}
		return a.Message.Line - b.Message.Line
	}
	return a.Message.Time.Compare(b.Message.Time)
}

// consoleSwitches lists the versions whose console can be collected.
func consoleSwitches(s *inspector.State, r *inspector.Registration) []ConsoleSwitch {
	if !r.Alive() {
		return nil
	}
	var out []ConsoleSwitch
	for _, v := range slices.Backward(r.Versions) {
		if v.Status == serviceworker.VersionStatusRedundant && v.Running == serviceworker.VersionRunningStatusStopped {
			continue
		}
		sw := ConsoleSwitch{Version: v, State: versionBadge(r, v), Held: strings.Contains(v.KeptAlive, "console")}
		sw.On = sw.Held || consoleAsked(s, r, v)
		out = append(out, sw)
	}
	return out
}

// consoleAsked reports whether the console of a version was asked for last: its
// worker may be stopped just now.
func consoleAsked(s *inspector.State, r *inspector.Registration, v *inspector.Version) bool {
	for _, rc := range slices.Backward(s.Receipts) {
		a := rc.Action
		if a.Kind == inspector.SetConsole && a.Registration == r.Key && a.Version == v.ID && rc.Outcome != inspector.Failed {
			return a.On && rc.SentAt.After(s.Connection.Since.Add(-time.Second))
		}
	}
	return false
}

// placeURL leads to a place in the source panel.
func (v ErrorsView) placeURL(version, script string, line, column int) templ.SafeURL {
	place := strconv.Itoa(line)
	if column >= 0 {
		place += ":" + strconv.Itoa(column)
	}
	q := map[string][]string{"version": {version}, "script": {script}}
	if line > 0 {
		q["line"] = []string{place}
	}
	return components.Address{Path: v.SourceURL, Query: q}.With()
}

// placeWords is a place as file:line.
func placeWords(url string, line int) string {
	switch {
	case url == "":
		return ""
	case line < 1:
		return scriptName(url)
	}
	return scriptName(url) + ":" + strconv.Itoa(line)
}

// levelState is a console level as glyph, word and colour.
func levelState(level string) components.State {
	switch level {
	case "error":
		return components.State{Icon: "error", Word: "error", Class: "bad"}
	case "warning", "warn":
		return components.State{Icon: "warn", Word: "warning", Class: "wait"}
	case "info":
		return components.State{Icon: "sent", Word: "info", Class: "work"}
	case "debug", "verbose":
		return components.State{Icon: "script", Word: level, Class: "idle"}
	}
	return components.State{Icon: "script", Word: level, Class: "idle"}
}

func countOf(shown, total int, one, many string) string {
	if shown == total {
		return components.Count(total, one, many)
	}
	return components.Number(shown) + " of " + components.Count(total, one, many)
}
