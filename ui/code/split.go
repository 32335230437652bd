package code

import "unicode/utf8"

// longLine is the length in bytes from which a line is split at statements, and
// maxRow the length at which a row ends wherever that is.
const (
	longLine = 400
	maxRow   = 1200
)

// split fills Rows: a row per line, and a row per statement where a line is
// long. Statement boundaries do not depend on where earlier rows ended, so two
// versions of a minified script split alike and can be compared row by row.
func (f *File) split() {
	src := f.Source
	s := scanner{src: src, js: f.Language == JavaScript}
	line, from := 1, 0
	for from <= len(src) {
		end := from
		for end < len(src) && src[end] != '\n' {
			end++
		}
		f.line(&s, line, from, end)
		s.run(end + 1) // over the line break
		line, from = line+1, end+1
	}
	// A final line break ends the last line; it does not begin another.
	if n := len(f.Rows); n > 1 && f.Rows[n-1].From == f.Rows[n-1].To && f.Rows[n-1].First() {
		f.Rows = f.Rows[:n-1]
	}
}

// line adds the rows of the line [from, end).
func (f *File) line(s *scanner, line, from, end int) {
	text := end
	if text > from && f.Source[text-1] == '\r' {
		text--
	}
	row := Row{Line: line, From: from, Safe: s.safe()}
	if text-from <= longLine {
		row.To = text
		f.Rows = append(f.Rows, row)
		s.run(end)
		return
	}
	f.Unfolded++
	for s.pos < text {
		cut := s.step(text)
		long := s.pos-row.From >= maxRow && utf8.RuneStart(byteAt(f.Source, s.pos))
		if (cut || long) && s.pos < text {
			row.To = s.pos
			f.Rows = append(f.Rows, row)
			row = Row{Line: line, Column: s.pos - from, From: s.pos, Safe: s.safe()}
		}
	}
	row.To = text
	f.Rows = append(f.Rows, row)
	s.run(end)
}

func byteAt(s string, i int) byte {
	if i < len(s) {
		return s[i]
	}
	return 0
}
