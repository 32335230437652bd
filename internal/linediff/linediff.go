// Package linediff compares two texts line by line, for reading: it aligns the
// sides so that they share rows, and marks inside a changed line what changed.
//
// Lines that occur once on both sides anchor the comparison (patience); between
// anchors the shortest edit script is taken (Myers), as long as it is short
// enough to be worth the time. What is left over is shown as replaced, so the
// cost stays bounded on any input.
package linediff

// Kind says what happened in one row.
type Kind uint8

// The kinds of row.
const (
	Equal  Kind = iota
	Delete      // only on side A
	Insert      // only on side B
	Change      // a line of A replaced by one of B
)

// Span is a stretch of a line, in bytes.
type Span struct{ From, To int }

// Row is one line of the comparison. A and B index the lines given to [Lines],
// -1 where a side has none.
type Row struct {
	Kind           Kind
	A, B           int
	AMarks, BMarks []Span // what changed inside a changed line, nil: all of it
}

// Lines compares a with b. Every line of both is in exactly one row, in order.
func Lines(a, b []string) []Row {
	d := differ{a: a, b: b, ids: map[string]int32{}}
	d.ia, d.ib = d.intern(a), d.intern(b)
	d.walk(0, len(a), 0, len(b))
	return d.rows
}

// Changes counts the hunks (runs of rows that are not equal).
func Changes(rows []Row) int {
	n, in := 0, false
	for _, r := range rows {
		if r.Kind != Equal && !in {
			n++
		}
		in = r.Kind != Equal
	}
	return n
}

type differ struct {
	a, b   []string
	ia, ib []int32 // the lines as numbers: equal lines have equal numbers
	ids    map[string]int32
	rows   []Row
}

func (d *differ) intern(lines []string) []int32 {
	out := make([]int32, len(lines))
	for i, l := range lines {
		id, ok := d.ids[l]
		if !ok {
			id = int32(len(d.ids))
			d.ids[l] = id
		}
		out[i] = id
	}
	return out
}

func (d *differ) equal(a, b, n int) {
	for i := range n {
		d.rows = append(d.rows, Row{Kind: Equal, A: a + i, B: b + i})
	}
}

// replace pairs what was deleted with what was inserted in its place.
func (d *differ) replace(a0, a1, b0, b1 int) {
	for a0 < a1 && b0 < b1 {
		r := Row{Kind: Change, A: a0, B: b0}
		r.AMarks, r.BMarks = inner(d.a[a0], d.b[b0])
		d.rows = append(d.rows, r)
		a0, b0 = a0+1, b0+1
	}
	for ; a0 < a1; a0++ {
		d.rows = append(d.rows, Row{Kind: Delete, A: a0, B: -1})
	}
	for ; b0 < b1; b0++ {
		d.rows = append(d.rows, Row{Kind: Insert, A: -1, B: b0})
	}
}

// walk compares a[a0:a1] with b[b0:b1].
func (d *differ) walk(a0, a1, b0, b1 int) {
	pre := 0
	for a0+pre < a1 && b0+pre < b1 && d.ia[a0+pre] == d.ib[b0+pre] {
		pre++
	}
	d.equal(a0, b0, pre)
	a0, b0 = a0+pre, b0+pre
	suf := 0
	for a1-suf > a0 && b1-suf > b0 && d.ia[a1-suf-1] == d.ib[b1-suf-1] {
		suf++
	}
	a1, b1 = a1-suf, b1-suf
	switch {
	case a0 == a1 || b0 == b1:
		d.replace(a0, a1, b0, b1)
	default:
		if anchors := d.anchors(a0, a1, b0, b1); len(anchors) > 0 {
			for _, p := range anchors {
				d.walk(a0, p.a, b0, p.b)
				d.equal(p.a, p.b, 1)
				a0, b0 = p.a+1, p.b+1
			}
			d.walk(a0, a1, b0, b1)
		} else {
			d.script(a0, a1, b0, b1)
		}
	}
	d.equal(a1, b1, suf)
}

// script emits the shortest edit script of a stretch without anchors, or shows
// it as replaced when there is none within the budget.
func (d *differ) script(a0, a1, b0, b1 int) {
	pairs, ok := shortest(d.ia[a0:a1], d.ib[b0:b1])
	if !ok {
		d.replace(a0, a1, b0, b1)
		return
	}
	x, y := a0, b0
	for _, p := range pairs {
		d.replace(x, a0+p.a, y, b0+p.b)
		d.equal(a0+p.a, b0+p.b, 1)
		x, y = a0+p.a+1, b0+p.b+1
	}
	d.replace(x, a1, y, b1)
}
