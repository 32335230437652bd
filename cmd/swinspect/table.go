package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// cell is one field of a table; class colours it on a terminal, with the
// classes of inspector's Urgency.
type cell struct{ text, class string }

func plain(text string) cell { return cell{text, ""} }

// widest bounds, in characters, what a page or a worker chose to call something:
// cells of a table but for its last column, and names in messages. --json has
// all of it.
const widest = 60

// short leaves of a text longer than widest its beginning and its end.
func short(s string) string {
	if len(s) <= widest {
		return s
	}
	r := []rune(s)
	if len(r) <= widest {
		return s
	}
	const head = widest * 2 / 3
	return string(r[:head]) + "…" + string(r[len(r)-(widest-head-1):])
}

// quote is a name in a message: short, in quotes, harmless for a terminal.
func quote(name string) string { return strconv.Quote(short(name)) }

// table prints rows in columns as wide as they need, up to widest.
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

// row adds a row. All cells but the last are shortened.
func (t *table) row(cells ...cell) {
	for i := range len(cells) - 1 {
		cells[i].text = short(cells[i].text)
	}
	t.rows = append(t.rows, cells)
}

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
