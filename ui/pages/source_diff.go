package pages

import (
	"strconv"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/internal/linediff"
	"github.com/swinspect/swinspect/ui/code"
	"github.com/swinspect/swinspect/ui/components"
)

// DiffView is the comparison of one script of two versions: A the other, B the
// one the page is about.
type DiffView struct {
	A, B    *inspector.Version
	Rows    []DiffRow
	Window  components.Window
	Changes int
	Added   int
	Removed int
	Whole   bool   // unchanged lines are shown too
	Problem string // why there is no comparison
}

// DiffRow is a row that both sides share, or a fold of unchanged rows.
type DiffRow struct {
	ID   string
	Fold int // unchanged rows left out
	Kind linediff.Kind
	A, B DiffCell
}

// DiffCell is one side of a row.
type DiffCell struct {
	Line   int // 0: this side has no such row
	Pieces []code.Piece
}

// diffContext is how many unchanged rows stay around a change.
const diffContext = 3

func newDiff(v SourceView, other *inspector.Version, files *code.Cache) *DiffView {
	d := &DiffView{A: other, B: v.Version, Whole: v.Address.Query.Get("context") == "all"}
	url := v.shownURL()
	before := scriptOf(other, url)
	switch {
	case url == "":
		d.Problem = "The source of #" + v.Version.ID + " is not known yet."
		return d
	case len(other.Scripts) == 0:
		d.Problem = "The source of #" + other.ID + " was not read: it can be read only while that version runs."
		if !isStopped(other) {
			d.Problem = "The source of #" + other.ID + " is being read."
		}
		return d
	}
	a, b := fileOrNone(before, files), fileOrNone(v.Script, files)
	rows := linediff.Lines(texts(a), texts(b))
	d.Changes = linediff.Changes(rows)
	for _, r := range rows {
		if r.Kind == linediff.Delete || r.Kind == linediff.Change {
			d.Removed++
		}
		if r.Kind == linediff.Insert || r.Kind == linediff.Change {
			d.Added++
		}
	}
	folded := foldRows(rows, d.Whole)
	from, _ := strconv.Atoi(v.Address.Query.Get("from"))
	d.Window = components.WindowAt(from, codeWindow, len(folded))
	for _, fr := range folded[d.Window.From:d.Window.To] {
		d.Rows = append(d.Rows, diffRow(fr, rows, a, b))
	}
	return d
}

func fileOrNone(s *inspector.Script, files *code.Cache) *code.File {
	if s == nil {
		return &code.File{}
	}
	return files.File(s.Source, code.JavaScript)
}

func texts(f *code.File) []string {
	out := make([]string, len(f.Rows))
	for i := range out {
		out[i] = f.Text(i)
	}
	return out
}

// foldedRow is a row by index, or a fold of n rows before index.
type foldedRow struct{ index, fold int }

// foldRows leaves unchanged rows out that are far from any change.
func foldRows(rows []linediff.Row, whole bool) []foldedRow {
	near := make([]bool, len(rows))
	for i, r := range rows {
		if r.Kind == linediff.Equal {
			near[i] = near[i] || whole
			continue
		}
		for j := max(0, i-diffContext); j <= min(len(rows)-1, i+diffContext); j++ {
			near[j] = true
		}
	}
	var out []foldedRow
	for i := 0; i < len(rows); {
		if near[i] {
			out = append(out, foldedRow{index: i})
			i++
			continue
		}
		from := i
		for i < len(rows) && !near[i] {
			i++
		}
		out = append(out, foldedRow{index: from, fold: i - from})
	}
	return out
}

func diffRow(fr foldedRow, rows []linediff.Row, a, b *code.File) DiffRow {
	r := rows[fr.index]
	if fr.fold > 0 {
		return DiffRow{ID: "f" + strconv.Itoa(fr.index), Fold: fr.fold}
	}
	out := DiffRow{Kind: r.Kind, ID: "d" + strconv.Itoa(fr.index)}
	if r.A >= 0 {
		out.A = DiffCell{Line: a.Rows[r.A].Line, Pieces: code.Mark(a.Tokens(r.A), marks(r.AMarks))}
	}
	if r.B >= 0 {
		out.B = DiffCell{Line: b.Rows[r.B].Line, Pieces: code.Mark(b.Tokens(r.B), marks(r.BMarks))}
	}
	return out
}

func marks(spans []linediff.Span) []code.Span {
	out := make([]code.Span, len(spans))
	for i, s := range spans {
		out[i] = code.Span{From: s.From, To: s.To}
	}
	return out
}
