package pages

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/serviceworker"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/code"
	"github.com/swinspect/swinspect/ui/components"
)

// SourceView is the scripts of one version, one of them shown.
type SourceView struct {
	Address  components.Address
	Reg      *inspector.Registration
	Version  *inspector.Version
	Versions []VersionLink
	Scripts  []ScriptItem
	Script   *inspector.Script // shown, nil when there is none
	Own      string
	SaveURL  string

	Reading bool
	Problem string // why there is no source
	ReadAt  time.Time

	Code CodeView
	Diff *DiffView
	Find FindView
}

// VersionLink leads to the scripts of a version.
type VersionLink struct {
	Version *inspector.Version
	State   components.State
	Current bool
	Against bool // the other side of the comparison
}

// ScriptItem is a script in the list.
type ScriptItem struct {
	URL     string
	Script  *inspector.Script
	Current bool
	Errors  int
	Change  string // against the other version: "new", "gone", "changed", "equal", "" not compared
}

// NewSource lays out the scripts of a version that are known.
func NewSource(r *inspector.Registration, v *inspector.Version, a components.Address, files *code.Cache) SourceView {
	view := SourceView{Address: a, Reg: r, Version: v, Own: components.Origin(r.Scope)}
	other := r.Version(a.Query.Get("diff"))
	if other == v {
		other = nil
	}
	for _, o := range slices.Backward(r.Versions) {
		view.Versions = append(view.Versions, VersionLink{Version: o, State: versionBadge(r, o), Current: o == v, Against: o == other})
	}
	if v == nil {
		return view
	}
	view.Scripts = scriptItems(r, v, other)
	view.choose(a.Query.Get("script"))
	if view.Script != nil {
		view.ReadAt = view.Script.ReadAt
	}
	file := view.file(view.Script, files)
	switch {
	case other != nil && a.Query.Has("diff"):
		view.Diff = newDiff(view, other, files)
	case file != nil:
		view.Find = newFind(a.Query.Get("find"), file)
		view.Code = newCode(view, file)
	}
	return view
}

func (v SourceView) file(s *inspector.Script, files *code.Cache) *code.File {
	if s == nil {
		return nil
	}
	return files.File(s.Source, code.JavaScript)
}

// scriptItems lists the scripts of a version, and those only the other has.
func scriptItems(r *inspector.Registration, v, other *inspector.Version) []ScriptItem {
	var items []ScriptItem
	for _, s := range v.Scripts {
		it := ScriptItem{URL: s.URL, Script: s}
		for _, e := range r.Errors {
			if e.VersionID == v.ID && sameScript(e.URL, s.URL) {
				it.Errors++
			}
		}
		if other != nil && len(other.Scripts) > 0 {
			it.Change = scriptChange(s, scriptOf(other, s.URL))
		}
		items = append(items, it)
	}
	if other != nil && len(v.Scripts) > 0 {
		for _, s := range other.Scripts {
			if scriptOf(v, s.URL) == nil {
				items = append(items, ScriptItem{URL: s.URL, Change: "gone"})
			}
		}
	}
	return items
}

func scriptChange(s, before *inspector.Script) string {
	switch {
	case before == nil:
		return "new"
	case before.Source != s.Source:
		return "changed"
	}
	return "equal"
}

func scriptOf(v *inspector.Version, url string) *inspector.Script {
	for _, s := range v.Scripts {
		if s.URL == url {
			return s
		}
	}
	return nil
}

// sameScript compares script URLs without their fragments.
func sameScript(a, b string) bool {
	a, _, _ = strings.Cut(a, "#")
	b, _, _ = strings.Cut(b, "#")
	return a == b
}

// choose picks the script to show: the one asked for, else the main one.
func (v *SourceView) choose(url string) {
	pick := -1
	for i := range v.Scripts {
		switch {
		case v.Scripts[i].URL == url:
			pick = i
		case pick < 0 && v.Scripts[i].Script != nil && v.Scripts[i].Script.Main && url == "":
			pick = i
		}
	}
	if pick < 0 && len(v.Scripts) > 0 {
		pick = 0
	}
	if pick >= 0 {
		v.Scripts[pick].Current = true
		v.Script = v.Scripts[pick].Script
	}
}

// shownURL is the URL of the script in view, also of one that is gone.
func (v SourceView) shownURL() string {
	for _, it := range v.Scripts {
		if it.Current {
			return it.URL
		}
	}
	return ""
}

// CodeView is a window of a script.
type CodeView struct {
	Rows     []CodeRow
	Window   components.Window
	Lines    int
	Unfolded int
	At       int // line asked for, 0 none
	Missing  bool
}

// CodeRow is one row of a script with what is known of it.
type CodeRow struct {
	Row    code.Row
	ID     string
	Pieces []code.Piece
	At     bool
	Errors []inspector.WorkerError
}

// codeWindow is how many rows of a script are on the page at once.
const codeWindow = 400

func newCode(v SourceView, f *code.File) CodeView {
	q := v.Address.Query
	c := CodeView{Lines: f.Lines(), Unfolded: f.Unfolded}
	line, column := parsePlace(q.Get("line"))
	c.At = line
	from, err := strconv.Atoi(q.Get("from"))
	target := -1
	if line > 0 {
		target = f.RowAt(line, column)
		c.Missing = target < 0
	}
	if err != nil {
		from = 0
		if target >= codeWindow/2 {
			from = target - codeWindow/2
		}
	}
	c.Window = components.WindowAt(from, codeWindow, len(f.Rows))
	marks := errorRows(v, f)
	for i := c.Window.From; i < c.Window.To; i++ {
		row := CodeRow{Row: f.Rows[i], At: i == target, Errors: marks[i]}
		row.ID = rowID(row.Row)
		row.Pieces = code.Mark(f.Tokens(i), v.Find.spans(f.Text(i)))
		c.Rows = append(c.Rows, row)
	}
	return c
}

func rowID(r code.Row) string {
	if r.First() {
		return "L" + strconv.Itoa(r.Line)
	}
	return "L" + strconv.Itoa(r.Line) + "." + strconv.Itoa(r.Column)
}

// parsePlace reads "12" or "12:3"; the column is 0-based, -1 unknown.
func parsePlace(s string) (line, column int) {
	l, c, ok := strings.Cut(s, ":")
	line, err := strconv.Atoi(l)
	if err != nil || line < 1 {
		return 0, -1
	}
	column = -1
	if ok {
		if n, err := strconv.Atoi(c); err == nil && n >= 0 {
			column = n
		}
	}
	return line, column
}

// errorRows are the errors of the version at the rows they happened in.
func errorRows(v SourceView, f *code.File) map[int][]inspector.WorkerError {
	out := map[int][]inspector.WorkerError{}
	for _, e := range v.Reg.Errors {
		if e.VersionID != v.Version.ID || e.Line < 1 || !sameScript(e.URL, v.Script.URL) {
			continue
		}
		if i := f.RowAt(e.Line, e.Column); i >= 0 {
			out[i] = append(out[i], e)
		}
	}
	return out
}

// FindView is a search in the script.
type FindView struct {
	Text  string
	Lines []code.Row // rows that have it, the first few
	More  int
	Total int // rows that have it
}

const maxFound = 12

func newFind(text string, f *code.File) FindView {
	v := FindView{Text: text}
	if text == "" {
		return v
	}
	for i, r := range f.Rows {
		if len(v.spans(f.Text(i))) == 0 {
			continue
		}
		v.Total++
		if len(v.Lines) < maxFound {
			v.Lines = append(v.Lines, r)
		}
	}
	v.More = v.Total - len(v.Lines)
	return v
}

// spans are the places of the searched text in a row; case does not matter for
// ASCII letters.
func (v FindView) spans(row string) []code.Span {
	if v.Text == "" {
		return nil
	}
	var out []code.Span
	for at := 0; at+len(v.Text) <= len(row); {
		if foldASCII(row[at:at+len(v.Text)], v.Text) {
			out = append(out, code.Span{From: at, To: at + len(v.Text)})
			at += len(v.Text)
		} else {
			at++
		}
	}
	return out
}

func foldASCII(a, b string) bool {
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// ChooseVersion is the version a source page is about: the one asked for, else
// the active one, else the newest whose source is known or can be read.
func ChooseVersion(r *inspector.Registration, id string) *inspector.Version {
	if v := r.Version(id); v != nil {
		return v
	}
	if v := r.Active(); v != nil {
		return v
	}
	var best *inspector.Version
	rank := func(v *inspector.Version) int {
		switch {
		case len(v.Scripts) > 0:
			return 2
		case v.Running == serviceworker.VersionRunningStatusRunning:
			return 1
		}
		return 0
	}
	for _, v := range slices.Backward(r.Versions) {
		if best == nil || cmp.Compare(rank(v), rank(best)) > 0 {
			best = v
		}
	}
	return best
}
