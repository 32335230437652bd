package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// cell is one field of a table; class colours it on a terminal, with the
// classes of inspector's Urgency.
type cell struct{ text, class string }

func plain(text string) cell { return cell{text, ""} }

// table prints rows in columns as wide as they need.
type table struct {
	io   stdio
	rows [][]cell
}

func newTable(io stdio, heads ...string) *table {
	t := &table{io: io}
	row := make([]cell, 0, len(heads))
	for _, h := range heads {
		row = append(row, cell{h, "head"})
	}
	t.rows = append(t.rows, row)
	return t
}

func (t *table) row(cells ...cell) { t.rows = append(t.rows, cells) }

// flush writes the table. The last column is not padded.
func (t *table) flush() error {
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	var b strings.Builder
	colour := t.io.colour(t.io.out)
	for _, row := range t.rows {
		for i, c := range row {
			b.WriteString(paint(c.text, c.class, colour))
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c.text)+2))
			}
		}
		b.WriteByte('\n')
	}
	_, err := fmt.Fprint(t.io.out, b.String())
	return err
}

// sgr are the terminal's colours of the page's classes.
var sgr = map[string]string{
	"ok": "32", "wait": "33", "work": "36", "bad": "31", "hold": "35", "idle": "2", "head": "1",
}

func paint(text, class string, colour bool) string {
	if code := sgr[class]; colour && code != "" {
		return "\x1b[" + code + "m" + text + "\x1b[0m"
	}
	return text
}
