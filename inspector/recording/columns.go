package recording

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/swinspect/swinspect/inspector/fetches"
)

// A block is the columns of some rows: for each field of the filter language the
// distinct values, sorted, each written as what it does not share with the one before
// it, and for each row the position of its value. A filter is tried on the distinct
// values only, and what it means is decided by the filter itself: the same query
// finds the same rows in a live log and in a recording.
//
//	block  = count:uvarint columns:uvarint { name:text length:uvarint section }
//	section= n:uvarint { shared:uvarint suffix:text } width:byte { position: width bytes, little endian }
//	text   = length:uvarint bytes
//
// A value is the cells of a field, each followed by a zero byte. Headers are many per
// row and looked at seldom: they have a block of their own, in which a row has a list
// of positions.
//
//	headers= count:uvarint n:uvarint { shared suffix } { k:uvarint { difference:uvarint } }

// parentColumn is a column that filters do not know.
const parentColumn = "parent"

const headerColumn = "header"

// columnKeys are the fields that have a column.
var columnKeys = append(slices.DeleteFunc(slices.Clone(fetches.Keys), func(key string) bool { return key == headerColumn }), parentColumn)

func cellsOf(f *fetches.Fetch, key string) []string {
	if key == parentColumn {
		return []string{f.Parent}
	}
	return f.Field(key)
}

// joinCells is the cells as one value.
func joinCells(cells []string) string {
	if len(cells) == 1 && !strings.Contains(cells[0], "\x00") {
		return cells[0] + "\x00"
	}
	var b strings.Builder
	for _, cell := range cells {
		b.WriteString(strings.ReplaceAll(cell, "\x00", "\uFFFD"))
		b.WriteByte(0)
	}
	return b.String()
}

// splitCells is the inverse of joinCells; into is reused.
func splitCells(value string, into []string) []string {
	into = into[:0]
	for value != "" {
		cell, rest, _ := strings.Cut(value, "\x00")
		into = append(into, cell)
		value = rest
	}
	return into
}

func encodeColumns(rows []*fetches.Fetch) []byte {
	b := binary.AppendUvarint(nil, uint64(len(rows)))
	b = binary.AppendUvarint(b, uint64(len(columnKeys)))
	values := make([]string, len(rows))
	for _, key := range columnKeys {
		for i, row := range rows {
			values[i] = joinCells(cellsOf(row, key))
		}
		section := encodeSection(values)
		b = appendText(b, key)
		b = binary.AppendUvarint(b, uint64(len(section)))
		b = append(b, section...)
	}
	return b
}

func encodeSection(values []string) []byte {
	distinct := slices.Compact(slices.Sorted(slices.Values(values)))
	b := appendSorted(nil, distinct)
	at := positions(distinct)
	switch {
	case len(distinct) == 1:
		b = append(b, 0)
	case len(distinct) <= 1<<8:
		b = append(b, 1)
		for _, v := range values {
			b = append(b, byte(at[v]))
		}
	default:
		b = append(b, 2)
		for _, v := range values {
			b = binary.LittleEndian.AppendUint16(b, uint16(at[v]))
		}
	}
	return b
}

func positions(distinct []string) map[string]int {
	at := make(map[string]int, len(distinct))
	for i, v := range distinct {
		at[v] = i
	}
	return at
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// appendSorted writes sorted strings, each as what is new in it.
func appendSorted(b []byte, sorted []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(sorted)))
	last := ""
	for _, s := range sorted {
		n := 0
		for n < len(s) && n < len(last) && s[n] == last[n] {
			n++
		}
		b = binary.AppendUvarint(b, uint64(n))
		b = appendText(b, s[n:])
		last = s
	}
	return b
}

func encodeHeaders(rows []*fetches.Fetch) []byte {
	lists := make([][]string, len(rows))
	var all []string
	for i, row := range rows {
		lists[i] = row.Field(headerColumn)
		all = append(all, lists[i]...)
	}
	slices.Sort(all)
	distinct := slices.Compact(all)
	at := positions(distinct)
	b := binary.AppendUvarint(nil, uint64(len(rows)))
	b = appendSorted(b, distinct)
	var list []int
	for _, headers := range lists {
		list = list[:0]
		for _, h := range headers {
			list = append(list, at[h])
		}
		slices.Sort(list)
		list = slices.Compact(list)
		b = binary.AppendUvarint(b, uint64(len(list)))
		last := 0
		for _, position := range list {
			b = binary.AppendUvarint(b, uint64(position-last))
			last = position
		}
	}
	return b
}

// section is a column of a block, decoded.
type section struct {
	values []string // distinct, sorted
	width  byte
	index  []byte
}

// at is the position of the value of a row.
func (s *section) at(row int) int {
	switch s.width {
	case 1:
		return int(s.index[row])
	case 2:
		return int(s.index[2*row]) | int(s.index[2*row+1])<<8
	}
	return 0
}

// reader reads the encoding; its error stays.
type reader struct {
	b   []byte
	err error
}

var errColumns = fmt.Errorf("%w: the columns of the index make no sense", ErrCorrupt)

func (r *reader) uvarint(limit int) int {
	n, size := binary.Uvarint(r.b)
	if size <= 0 || n > uint64(limit) {
		r.err, r.b = errColumns, nil
		return 0
	}
	r.b = r.b[size:]
	return int(n)
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.err, r.b = errColumns, nil
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) text() []byte { return r.take(r.uvarint(len(r.b))) }

// maxColumnText bounds the text of one column: values that share what came before
// them could be much longer than the block.
const maxColumnText = 64 << 20

// sorted reads what appendSorted wrote. The strings share one allocation.
func (r *reader) sorted(limit int) []string {
	n := r.uvarint(limit)
	ends := make([]int, 0, n)
	text := make([]byte, 0, 4*len(r.b)/3)
	last := 0
	for range n {
		shared := r.uvarint(len(text) - last)
		suffix := r.text()
		if r.err != nil || len(text)+shared+len(suffix) > maxColumnText {
			r.err = errColumns
			return nil
		}
		start := len(text)
		text = append(text, text[last:last+shared]...)
		text = append(text, suffix...)
		last = start
		ends = append(ends, len(text))
	}
	all := string(text)
	values := make([]string, n)
	from := 0
	for i, end := range ends {
		values[i] = all[from:end]
		from = end
	}
	return values
}

// decodeSection finds one column of a block; without it every row has no value.
func decodeSection(block []byte, rows int, key string) (*section, error) {
	r := &reader{b: block}
	if r.uvarint(blockRows) != rows {
		return nil, errColumns
	}
	for range r.uvarint(1 << 10) {
		name := r.text()
		body := r.take(r.uvarint(len(r.b)))
		if r.err != nil {
			return nil, r.err
		}
		if string(name) != key {
			continue
		}
		in := &reader{b: body}
		s := &section{values: in.sorted(blockRows)}
		if width := in.take(1); in.err == nil {
			s.width = width[0]
		}
		s.index = in.take(int(s.width) * rows)
		if in.err != nil || s.width > 2 || len(s.values) == 0 {
			return nil, errColumns
		}
		for row := range rows {
			if s.at(row) >= len(s.values) {
				return nil, errColumns
			}
		}
		return s, nil
	}
	if r.err != nil {
		return nil, r.err
	}
	return &section{values: []string{""}}, nil
}

// eachHeaders calls row with the positions of the headers of each row.
func eachHeaders(block []byte, rows int, values func([]string), row func(i int, positions []int)) error {
	r := &reader{b: block}
	if r.uvarint(blockRows) != rows {
		return errColumns
	}
	distinct := r.sorted(1 << 24)
	values(distinct)
	var list []int
	for i := range rows {
		list = list[:0]
		last := 0
		for range r.uvarint(len(r.b)) {
			last += r.uvarint(len(distinct))
			if r.err != nil || last >= len(distinct) {
				return errColumns
			}
			list = append(list, last)
		}
		if r.err != nil {
			return r.err
		}
		row(i, list)
	}
	return r.err
}
