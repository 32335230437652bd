// Package code prepares source text for reading on a page: it splits it into
// rows and colours them, a window at a time, so that a script of several
// megabytes costs no more than what is on the screen.
//
// Colouring is chroma's. Its lexers are slow (about 0.6 MB/s) and need to start
// where no comment or template is open, so a small scanner walks the whole text
// once (100+ MB/s) and remembers which rows are such places.
package code

import (
	"strings"
	"sync"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
)

// Language is how a text is coloured and split.
type Language string

// The languages a worker's scripts and cached bodies come in.
const (
	JavaScript Language = "javascript"
	HTML       Language = "html"
	CSS        Language = "css"
	JSON       Language = "json"
	Text       Language = ""
)

// Row is one visual row: a line of the source or, where a line is too long to
// read, a piece of it.
type Row struct {
	Line     int // 1-based line of the source
	Column   int // 0-based byte column at which the row starts, 0 for a whole line
	From, To int // byte offsets into the source, without the line break
	Safe     bool
}

// First reports whether the row is the first of its line.
func (r Row) First() bool { return r.Column == 0 }

// Token is a stretch of a row with the class that colours it: "k" keyword, "q"
// string, "n" number, "c" comment, "" plain.
type Token struct{ Class, Text string }

// File is a text split into rows. It is safe for concurrent use.
type File struct {
	Source   string
	Language Language
	Rows     []Row
	Unfolded int // lines that were split because they are too long to read

	mu     sync.Mutex
	chunks map[int][][]Token
}

// New splits source into rows.
func New(source string, lang Language) *File {
	f := &File{Source: source, Language: lang, chunks: map[int][][]Token{}}
	f.split()
	return f
}

// Lines is the number of lines of the source.
func (f *File) Lines() int {
	if len(f.Rows) == 0 {
		return 0
	}
	return f.Rows[len(f.Rows)-1].Line
}

// Text is the text of row i.
func (f *File) Text(i int) string { return f.Source[f.Rows[i].From:f.Rows[i].To] }

// RowAt is the index of the row that shows a place: a 1-based line and a
// 0-based column (-1: unknown). It is -1 when the source has no such line.
func (f *File) RowAt(line, column int) int {
	lo, hi := 0, len(f.Rows)
	for lo < hi { // first row of a later place
		m := int(uint(lo+hi) >> 1)
		r := f.Rows[m]
		if r.Line > line || r.Line == line && r.Column > max(column, 0) {
			hi = m
		} else {
			lo = m + 1
		}
	}
	if lo == 0 || f.Rows[lo-1].Line != line {
		return -1
	}
	return lo - 1
}

// chunkRows is how many rows are coloured at once.
const chunkRows = 32

// maxLookBack bounds how far before a chunk colouring may have to start.
const maxLookBack = 3000

// Tokens are the coloured stretches of row i. The first call for a row colours
// the rows around it.
func (f *File) Tokens(i int) []Token {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := i / chunkRows
	rows, ok := f.chunks[n]
	if !ok {
		rows = f.colour(n*chunkRows, min((n+1)*chunkRows, len(f.Rows)))
		f.chunks[n] = rows
	}
	return rows[i%chunkRows]
}

// colour returns the tokens of rows [from, to).
func (f *File) colour(from, to int) [][]Token {
	out := make([][]Token, to-from)
	lexer := f.lexer()
	start := from
	for start > 0 && !f.Rows[start].Safe && from-start < maxLookBack {
		start--
	}
	text := f.Source[f.Rows[start].From:f.Rows[to-1].To]
	var next chroma.Iterator
	if lexer != nil {
		if it, err := lexer.Tokenise(&chroma.TokeniseOptions{State: "root", EnsureLF: false}, text); err == nil {
			next = it
		}
	}
	if next == nil {
		for i := range out {
			out[i] = []Token{{Text: f.Text(from + i)}}
		}
		return out
	}
	pos, row := f.Rows[start].From, start
	for tok := next(); tok != chroma.EOF; tok = next() {
		end := pos + len(tok.Value)
		row = f.spread(out, from, to, row, pos, end, class(tok.Type))
		pos = end
	}
	return out
}

// spread adds the stretch [pos, end) of one class to the rows it covers and
// returns the row the next stretch starts in.
func (f *File) spread(out [][]Token, from, to, row, pos, end int, class string) int {
	for row < to && pos < end {
		r := f.Rows[row]
		if pos < r.To {
			stop := min(end, r.To)
			if lo := max(pos, r.From); row >= from && lo < stop {
				out[row-from] = appendToken(out[row-from], Token{class, f.Source[lo:stop]})
			}
			pos = stop
			if pos < r.To {
				return row
			}
		}
		nextFrom := end
		if row+1 < len(f.Rows) {
			nextFrom = f.Rows[row+1].From
		}
		if end <= r.To || end < nextFrom { // ends before the next row begins
			return row
		}
		row, pos = row+1, nextFrom
	}
	return row
}

func appendToken(ts []Token, t Token) []Token {
	if n := len(ts); n > 0 && ts[n-1].Class == t.Class {
		ts[n-1].Text += t.Text
		return ts
	}
	return append(ts, t)
}

func (f *File) lexer() chroma.Lexer {
	if f.Language == Text {
		return nil
	}
	return lexers.Get(string(f.Language))
}

func class(t chroma.TokenType) string {
	switch {
	case t.InCategory(chroma.Comment):
		return "c"
	case t == chroma.KeywordConstant:
		return "n"
	case t.InCategory(chroma.Keyword), t == chroma.NameTag, t == chroma.OperatorWord:
		return "k"
	case t.InSubCategory(chroma.LiteralString):
		return "q"
	case t.InSubCategory(chroma.LiteralNumber):
		return "n"
	}
	return ""
}

// ForType is the language of a body of a content type.
func ForType(contentType string) Language {
	t, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	switch t = strings.TrimSpace(t); {
	case strings.HasSuffix(t, "javascript") || strings.HasSuffix(t, "ecmascript"):
		return JavaScript
	case t == "application/json" || strings.HasSuffix(t, "+json"):
		return JSON
	case t == "text/css":
		return CSS
	case t == "text/html" || strings.HasSuffix(t, "xml"):
		return HTML
	}
	return Text
}
