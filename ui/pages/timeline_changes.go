package pages

import (
	"slices"
	"strconv"
	"strings"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

// ChangeKeys are the filter keys of the changes table.
var ChangeKeys = []string{"kind", "version", "client", "change", "cause", "known"}

// ChangeTable is the timeline as a table.
type ChangeTable struct {
	Filter components.Filter
	Head   components.TableHead
	Rows   []ChangeRow
	Window components.Window
	InView int // changes in view before the filter
	Total  int // changes there are
}

// ChangeRow is one change.
type ChangeRow struct {
	Change  inspector.Change
	ID      string
	State   components.State // glyph and colour of what changed
	Current bool             // the chosen moment
}

// changeWindow is how many changes are on the page at once.
const changeWindow = 100

func newChangeTable(a components.Address, changes []inspector.Change, t TimeRange) ChangeTable {
	table := ChangeTable{
		Filter: components.NewFilter(a, "filter", "Filter changes", "kind:version", ChangeKeys),
		Total:  len(changes),
	}
	table.Head = components.TableHead{
		Address: a, Sort: components.Sort{Key: "time", Desc: true}, Default: components.Sort{Key: "time", Desc: true},
		Columns: []components.Column{
			{Key: "time", Label: "Time", Class: "w-clock", First: "-time"},
			{Key: "version", Label: "Version", Class: "w-ver"},
			{Key: "change", Label: "Change"},
			{Key: "cause", Label: "Cause", Class: "c3"},
			{Key: "known", Label: "Known", Class: "c2 w-known"},
		},
	}
	if s := a.Query.Get("sort"); s != "" {
		table.Head.Sort = components.ParseSort(s)
	}
	var keep []inspector.Change
	for _, c := range changes {
		if c.Time.Before(t.View.From) || c.Time.After(t.View.To) {
			continue
		}
		table.InView++
		if table.Filter.Query.Match(func(key string) []string { return changeField(c, key) }) {
			keep = append(keep, c)
		}
	}
	sortChanges(keep, table.Head.Sort)
	from, _ := strconv.Atoi(a.Query.Get("from"))
	table.Window = components.WindowAt(from, changeWindow, len(keep))
	for _, c := range keep[table.Window.From:table.Window.To] {
		table.Rows = append(table.Rows, ChangeRow{
			Change: c, State: changeState(c),
			Current: !t.At.IsZero() && c.Time.UnixMilli() == t.At.UnixMilli(),
		})
	}
	nameRows(table.Rows)
	return table
}

// nameRows gives each row an id that stays its own when rows come and go.
func nameRows(rows []ChangeRow) {
	nth := map[uint64]int{}
	for i := range rows {
		seq := rows[i].Change.Seq
		rows[i].ID = "ch-" + strconv.FormatUint(seq, 10) + "-" + strconv.Itoa(nth[seq])
		nth[seq]++
	}
}

func changeField(c inspector.Change, key string) []string {
	switch key {
	case "kind":
		return []string{c.Kind}
	case "version":
		return []string{c.Version}
	case "client":
		return []string{c.Client}
	case "change":
		return []string{c.What}
	case "cause":
		return []string{c.Cause}
	case "known":
		return []string{string(c.Known)}
	case "":
		return []string{c.What, c.Cause, "#" + c.Version, c.Kind}
	}
	return nil
}

func sortChanges(cs []inspector.Change, s components.Sort) {
	compare := func(a, b inspector.Change) int {
		switch s.Key {
		case "version":
			return strings.Compare(a.Version, b.Version)
		case "change":
			return strings.Compare(a.What, b.What)
		case "cause":
			return strings.Compare(a.Cause, b.Cause)
		case "known":
			return strings.Compare(string(a.Known), string(b.Known))
		}
		return a.Time.Compare(b.Time)
	}
	if s.Desc {
		slices.Reverse(cs) // so that what happened together stays newest first
	}
	slices.SortStableFunc(cs, func(a, b inspector.Change) int {
		if s.Desc {
			return compare(b, a)
		}
		return compare(a, b)
	})
}

// changeState is the glyph and colour of a change; the word is the change.
func changeState(c inspector.Change) components.State {
	s := components.State{Icon: "redundant", Word: visible(c.What), Class: "idle"}
	set := func(icon, class string) { s.Icon, s.Class = icon, class }
	switch c.Kind {
	case inspector.ChangeVersion:
		switch lastWord(c.What) {
		case "installing", "activating", "new":
			set("installing", "work")
		case "waiting", "installed":
			set("waiting", "wait")
		case "active", "activated":
			set("active", "ok")
		}
		if strings.HasPrefix(c.Cause, "install failed") {
			set("error", "bad")
		}
	case inspector.ChangeRunning:
		set("stopped", "idle")
		if strings.HasSuffix(c.What, "running") || strings.HasSuffix(c.What, "starting") {
			set("running", "idle")
		}
	case inspector.ChangeError:
		set("error", "bad")
	case inspector.ChangeConsole:
		set("script", "idle")
	case inspector.ChangeClient:
		set("window", "idle")
	case inspector.ChangeCache:
		set("s-cache", "idle")
	case inspector.ChangePause:
		set("paused", "hold")
	case inspector.ChangeSession:
		set("eye", "hold")
	case inspector.ChangeReceipt:
		receiptState(&s)
	case inspector.ChangeRegistration:
		set("plus", "idle")
		if strings.HasPrefix(c.What, "deleted") || strings.HasPrefix(c.What, "unregistered") || strings.HasPrefix(c.What, "gone") {
			set("minus", "idle")
		}
	case inspector.ChangeFacts:
		set("search", "idle")
	case inspector.ChangeConnection:
		set("plug", "idle")
	}
	return s
}

func receiptState(s *components.State) {
	s.Icon, s.Class = "sent", "work"
	switch {
	case strings.Contains(s.Word, string(inspector.Confirmed)):
		s.Icon, s.Class = "confirmed", "ok"
	case strings.Contains(s.Word, string(inspector.NoEffect)):
		s.Icon, s.Class = "noeffect", "wait"
	case strings.Contains(s.Word, string(inspector.Failed)):
		s.Icon, s.Class = "failed", "bad"
	}
}

func trimFloat(v float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}

func lastWord(s string) string {
	words := strings.Fields(s)
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}
