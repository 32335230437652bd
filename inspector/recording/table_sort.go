package recording

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// entry is a row with what it is ordered by: a number or a text, then its Seq.
type entry struct {
	number int64
	text   string
	seq    int
}

func (a entry) compare(b entry) int {
	if n := cmp.Compare(a.number, b.number); n != 0 {
		return n
	}
	if n := strings.Compare(a.text, b.text); n != 0 {
		return n
	}
	return cmp.Compare(a.seq, b.seq)
}

// ordered are the Seqs of the selected rows at positions from … to-1 of an order.
func (t *table) ordered(ctx context.Context, s *selection, total int, order string, from, to int) ([]int, error) {
	by, down := strings.CutPrefix(order, "-")
	if by == "" || by == "time" {
		if !down {
			return s.seqs(from, to), nil
		}
		seqs := s.seqs(s.count-to, s.count-from)
		slices.Reverse(seqs)
		return seqs, nil
	}
	blocks, err := t.load(ctx, false)
	if err != nil {
		return nil, err
	}
	o := &ordering{blocks: blocks, s: s, total: total, by: by, down: down}
	for margin := 96; ; margin *= 4 {
		seqs, ok, err := o.between(ctx, from, to, margin)
		if ok || err != nil {
			return seqs, err
		}
	}
}

// ordering finds a page of the order without ordering all rows: a sample of the rows
// tells between which two of them the page must lie, and only what lies there is
// sorted.
type ordering struct {
	blocks []block
	s      *selection
	total  int
	by     string
	down   bool
}

const sampleRows = 4096

func (o *ordering) compare(a, b entry) int {
	if o.down {
		return b.compare(a)
	}
	return a.compare(b)
}

// between sorts the rows around the page; not ok when the page is not among them.
func (o *ordering) between(ctx context.Context, from, to, margin int) (seqs []int, ok bool, err error) {
	var low, high *entry // nil: no bound
	if o.s.count > 4*sampleRows && margin < sampleRows {
		step := max(o.s.count/sampleRows, 1)
		sample, err := o.collect(ctx, func(e entry, n int) bool { return n%step == 0 })
		if err != nil || len(sample) == 0 {
			return nil, false, err
		}
		slices.SortFunc(sample, o.compare)
		if i := from*len(sample)/o.s.count - margin; i > 0 {
			low = &sample[i]
		}
		if i := to*len(sample)/o.s.count + margin; i < len(sample) {
			high = &sample[i]
		}
	}
	var mu sync.Mutex
	below := 0
	near, err := o.collect(ctx, func(e entry, _ int) bool {
		if low != nil && o.compare(e, *low) < 0 {
			mu.Lock()
			below++
			mu.Unlock()
			return false
		}
		return high == nil || o.compare(e, *high) < 0
	})
	if err != nil {
		return nil, false, err
	}
	if from < below || to > below+len(near) {
		return nil, false, nil
	}
	slices.SortFunc(near, o.compare)
	for _, e := range near[from-below : to-below] {
		seqs = append(seqs, e.seq)
	}
	return seqs, true, nil
}

// collect gives the selected rows that keep accepts; n numbers those of a block.
func (o *ordering) collect(ctx context.Context, keep func(e entry, n int) bool) ([]entry, error) {
	var mu sync.Mutex
	var all []entry
	err := eachBlock(ctx, o.blocks, o.total, func(b block, rows int) error {
		column, err := decodeSection(b.columns, b.count, o.by)
		if err != nil {
			return err
		}
		keys := keysOf(column.values, o.by)
		var kept []entry
		n := b.first // not every block's sample begins at its first row
		for row := range rows {
			seq := b.first + row
			if !o.s.has(seq) {
				continue
			}
			e := keys[column.at(row)]
			e.seq = seq
			if keep(e, n) {
				e.text = strings.Clone(e.text) // it is a piece of the text of its whole block
				kept = append(kept, e)
			}
			n++
		}
		mu.Lock()
		all = append(all, kept...)
		mu.Unlock()
		return nil
	})
	return all, err
}

// keysOf makes what values are ordered by, as [fetches.Compare] orders rows.
func keysOf(values []string, by string) []entry {
	keys := make([]entry, len(values))
	for i, v := range values {
		v, _, _ = strings.Cut(v, "\x00")
		switch by {
		case "status", "size":
			keys[i].number = -1
			if n, err := strconv.ParseInt(v, 10, 64); err == nil {
				keys[i].number = n
			}
		case "took":
			keys[i].number = -1
			if ms, err := strconv.ParseFloat(v, 64); err == nil {
				keys[i].number = int64(math.Round(ms * float64(time.Millisecond)))
			}
		default:
			keys[i].text = v
		}
	}
	return keys
}
