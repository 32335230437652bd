package pages

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/swinspect/swinspect/breakpoints"
	"github.com/swinspect/swinspect/inspector/debugger"
	"github.com/swinspect/swinspect/ui/code"
	"github.com/swinspect/swinspect/ui/components"
)

// DebugSource is the script in view, a window of it.
type DebugSource struct {
	Scripts []DebugScript
	URL     string // of the script in view, "" none
	ID      string // the debugger's id of it, "" when it has none
	Text    string
	Busy    bool
	Problem string
	Find    FindView
	Lines   int
	Rows    []DebugLine
	Window  components.Window
	Place   string // "line 68, column 23" of the chosen frame
	Missing int    // a line that was asked for and is not there
}

// DebugScript is a script of the worker.
type DebugScript struct {
	URL, ID string
	Current bool
}

// DebugLine is a row of the script.
type DebugLine struct {
	Row    code.Row
	ID     string
	Value  string // the place that a press of its gutter means: "66", or "1:240" in a long line
	Pieces []code.Piece
	Paused bool // the worker is here
	Called bool // an outer frame that was chosen is here
	At     bool // the line that the address names
	Break  *debugger.Status
	Inline []DebugInline
	Tab    bool // reached with Tab
}

// DebugInline is the value of a variable behind its line.
type DebugInline struct{ Name, Text string }

const (
	// debugWindow is how many rows are on the page, in chunks that are patched apart.
	debugWindow = 400
	debugChunk  = 40
)

// Chunks are the rows in the pieces in which they are patched; there is always the
// same number of them.
func (s DebugSource) Chunks() [][]DebugLine {
	out := make([][]DebugLine, 0, debugWindow/debugChunk)
	for i := 0; i < debugWindow; i += debugChunk {
		from, to := min(i, len(s.Rows)), min(i+debugChunk, len(s.Rows))
		out = append(out, s.Rows[from:to])
	}
	return out
}

// Fill lays out the rows of the script in view. values are the variables of the chosen
// frame, innermost first; last is where the worker was paused before, if anywhere.
func (v *DebugView) Fill(files *code.Cache, values []DebugInline, last DebugPlace) {
	s := &v.Source
	if s.Text == "" {
		return
	}
	f := files.File(s.Text, code.JavaScript)
	s.Lines = f.Lines()
	s.Find = newFind(v.Address.Query.Get("find"), f)
	ip, column := -1, 0
	if fr := v.frame(); fr != nil && sameScript(fr.URL, s.URL) && (s.ID == "" || fr.ScriptID == s.ID) {
		column = byteColumn(f, fr.Line, fr.Column)
		ip = f.RowAt(fr.Line, column)
		s.Place = "line " + strconv.Itoa(fr.Line) + ", column " + strconv.Itoa(fr.Column)
	}
	at, asked := v.target(f, ip, last)
	from := at - debugWindow/2
	if n, err := strconv.Atoi(v.Address.Query.Get("from")); err == nil && v.fresh() {
		from = n
	}
	// Windows begin at few places, so that a step within one leaves the rows where
	// they are.
	from = max(0, from)
	from -= from % (debugWindow / 4)
	s.Window = components.WindowAt(from, debugWindow, len(f.Rows))
	marks, inline := v.gutter(f), inlineValues(f, ip, values)
	tab := max(ip, asked)
	for i := s.Window.From; i < s.Window.To; i++ {
		s.Rows = append(s.Rows, v.line(f, i, ip, column))
		l := &s.Rows[len(s.Rows)-1]
		l.At, l.Break, l.Inline = i == asked, marks[i], inline[i]
		l.Tab = i == tab || tab < s.Window.From && i == s.Window.From || tab >= s.Window.To && i == s.Window.From
	}
}

// target is the row to have in view, and the one that the address names (-1: none).
func (v *DebugView) target(f *code.File, ip int, last DebugPlace) (at, asked int) {
	asked = -1
	if line, _ := parsePlace(v.Address.Query.Get("line")); line > 0 && v.fresh() {
		if asked = f.RowAt(line, -1); asked < 0 {
			v.Source.Missing = line
		}
	}
	switch {
	case asked >= 0:
		return asked, asked
	case ip >= 0:
		return ip, -1
	case sameScript(last.URL, v.Source.URL):
		return f.RowAt(last.Line, -1), -1
	}
	return 0, -1
}

// fresh reports whether what the address says of the source was said in the present
// pause, or while the worker ran: when it stops again, its place is what counts.
func (v DebugView) fresh() bool {
	return v.pause() == nil || v.Address.Query.Get("p") == v.PauseID()
}

// line is one row.
func (v *DebugView) line(f *code.File, i, ip, column int) DebugLine {
	r := f.Rows[i]
	l := DebugLine{Row: r, ID: rowID(r), Value: strconv.Itoa(r.Line)}
	if !r.First() {
		l.Value += ":" + strconv.Itoa(utf16Column(f, r))
	}
	spans := v.Source.Find.spans(f.Text(i))
	if i == ip {
		l.Paused, l.Called = v.Frame == 0, v.Frame > 0
		if len(spans) == 0 {
			spans = expressionAt(f.Text(i), column-r.Column)
		}
	}
	l.Pieces = code.Mark(f.Tokens(i), spans)
	return l
}

// expressionAt is the name, with its members, at a byte of a row.
func expressionAt(row string, at int) []code.Span {
	if at < 0 || at >= len(row) {
		return nil
	}
	end := at
	for end < len(row) && (nameByte(row[end]) || row[end] == '.') {
		end++
	}
	if end == at {
		return nil
	}
	return []code.Span{{From: at, To: end}}
}

func nameByte(c byte) bool {
	return c == '_' || c == '$' || c == '#' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// gutter are the breakpoints that stand at rows.
func (v *DebugView) gutter(f *code.File) map[int]*debugger.Status {
	out := map[int]*debugger.Status{}
	for _, b := range v.Breakpoints {
		line := v.stands(b, v.Source.URL)
		if line == 0 {
			continue
		}
		column := -1
		if b.Line != nil && b.Line.Line == line && b.Line.Column > 0 {
			column = byteColumn(f, line, b.Line.Column)
		}
		if i := f.RowAt(line, column); i >= 0 && (out[i] == nil || out[i].Disabled) {
			out[i] = b
		}
	}
	return out
}

// LineAt is the breakpoint that stands at a place of the script in view, nil when none
// does. column is that of a row's beginning, 0 for the line's.
func (v DebugView) LineAt(line, column int) *debugger.Status {
	for _, b := range v.Breakpoints {
		if b.Kind == breakpoints.Line && b.Line != nil && v.stands(b, v.Source.URL) == line && (column == 0 || b.Line.Column == column) {
			return b
		}
	}
	return nil
}

// lineStart is the byte at which a line begins, -1 when there is no such line.
func lineStart(f *code.File, line int) int {
	if i := f.RowAt(line, 0); i >= 0 {
		return f.Rows[i].From
	}
	return -1
}

// byteColumn makes a column that counts UTF-16 units from 1 one that counts bytes from 0.
func byteColumn(f *code.File, line, column int) int {
	start := lineStart(f, line)
	if start < 0 || column <= 1 {
		return 0
	}
	units, bytes := 1, 0
	for _, r := range f.Source[start:] {
		if units >= column || r == '\n' {
			break
		}
		units++
		if r > 0xffff {
			units++
		}
		bytes += utf8.RuneLen(r)
	}
	return bytes
}

// utf16Column is the column, in UTF-16 units from 1, at which a row begins.
func utf16Column(f *code.File, row code.Row) int {
	start := lineStart(f, row.Line)
	units := 1
	for _, r := range f.Source[start:row.From] {
		units++
		if r > 0xffff {
			units++
		}
	}
	return units
}

const (
	// maxInlineRows is how far above the paused line values are shown.
	maxInlineRows = 80
	// maxInlineText is how much of a value is shown behind a line.
	maxInlineText = 60
)

// inlineValues puts each variable behind the first line of the function, up to the
// paused one, that names it.
func inlineValues(f *code.File, ip int, values []DebugInline) map[int][]DebugInline {
	if ip < 0 || len(values) == 0 {
		return nil
	}
	byName := map[string]DebugInline{}
	for _, v := range values {
		if _, inner := byName[v.Name]; !inner {
			byName[v.Name] = v
		}
	}
	out := map[int][]DebugInline{}
	for i := functionStart(f, ip); i <= ip; i++ {
		for _, name := range names(f.Tokens(i)) {
			if v, ok := byName[name]; ok {
				v.Text = cut(visible(v.Text), maxInlineText)
				out[i] = append(out[i], v)
				delete(byName, name)
			}
		}
	}
	return out
}

// names are the identifiers of a row, members left out.
func names(tokens []code.Token) []string {
	var out []string
	for _, t := range tokens {
		if t.Class != "" {
			continue
		}
		for i := 0; i < len(t.Text); {
			if !nameByte(t.Text[i]) {
				i++
				continue
			}
			j := i
			for j < len(t.Text) && nameByte(t.Text[j]) {
				j++
			}
			if i == 0 || t.Text[i-1] != '.' || strings.HasSuffix(t.Text[:i], "...") {
				if name := t.Text[i:j]; !slices.Contains(out, name) {
					out = append(out, name)
				}
			}
			i = j
		}
	}
	return out
}

// functionStart is the row of the function that holds a row, as far as its braces tell.
func functionStart(f *code.File, row int) int {
	depth := 0
	for i := row - 1; i >= 0 && i > row-maxInlineRows; i-- {
		for _, t := range slices.Backward(f.Tokens(i)) {
			if t.Class != "" {
				continue
			}
			for j := len(t.Text) - 1; j >= 0; j-- {
				switch t.Text[j] {
				case '}':
					depth++
				case '{':
					depth--
				}
				if depth < 0 {
					if opensFunction(f.Text(i)) {
						return i
					}
					depth = 0
				}
			}
		}
	}
	return max(0, row-maxInlineRows+1)
}

// opensFunction reports whether the last brace of a row that is open begins a function
// rather than a block.
func opensFunction(row string) bool {
	head := strings.TrimSpace(row[:strings.LastIndexByte(row, '{')])
	if strings.HasSuffix(head, "=>") || strings.Contains(head, "function") {
		return true
	}
	if !strings.HasSuffix(head, ")") {
		return false
	}
	for _, word := range []string{"if", "for", "while", "switch", "catch", "with"} {
		if rest, ok := strings.CutPrefix(strings.TrimLeft(head, "} "), word); ok && (rest[0] == ' ' || rest[0] == '(') {
			return false
		}
		if strings.Contains(head, "else "+word) {
			return false
		}
	}
	return true
}
