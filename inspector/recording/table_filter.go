package recording

import (
	"context"
	"math/bits"
	"runtime"
	"strings"
	"sync"

	"github.com/swinspect/swinspect/inspector/fetches"
	"github.com/swinspect/swinspect/internal/filter"
)

// selection is a set of rows; without bits it is rows 1 … count.
type selection struct {
	key   string // what was asked: for the cache
	bits  []uint64
	count int
}

func (s *selection) has(seq int) bool {
	return s.bits == nil || s.bits[(seq-1)/64]&(1<<((seq-1)%64)) != 0
}

// seqs are the selected rows at positions from … to-1, in order.
func (s *selection) seqs(from, to int) []int {
	out := make([]int, 0, to-from)
	if s.bits == nil {
		for seq := from + 1; seq <= to; seq++ {
			out = append(out, seq)
		}
		return out
	}
	at := 0
	for i, word := range s.bits {
		n := bits.OnesCount64(word)
		if at+n <= from {
			at += n
			continue
		}
		for ; word != 0 && at < to; word &= word - 1 {
			if at >= from {
				out = append(out, i*64+bits.TrailingZeros64(word)+1)
			}
			at++
		}
		if at >= to {
			break
		}
	}
	return out
}

// keptSelections is how many answers are remembered: paging asks the same again.
const keptSelections = 8

func (t *table) selected(ctx context.Context, q filter.Query, total int) (*selection, error) {
	terms, err := termsOf(q)
	if err != nil {
		return nil, err
	}
	headers := false
	for i := range terms {
		headers = headers || terms[i].key == headerColumn
	}
	return t.selection(ctx, "q "+q.String(), total, headers, func(b block, keep []bool) error {
		for i := range terms {
			if err := terms[i].apply(b, keep); err != nil {
				return err
			}
		}
		return nil
	})
}

// having selects the rows whose column is exactly value.
func (t *table) having(ctx context.Context, column, value string, total int) (*selection, error) {
	want := joinCells([]string{value})
	return t.selection(ctx, "= "+column+" "+value, total, false, func(b block, keep []bool) error {
		s, err := decodeSection(b.columns, b.count, column)
		if err != nil {
			return err
		}
		for row := range keep {
			keep[row] = s.values[s.at(row)] == want
		}
		return nil
	})
}

// selection runs a test over all blocks, on all processors.
func (t *table) selection(ctx context.Context, key string, total int, headers bool, test func(block, []bool) error) (*selection, error) {
	t.mu.Lock()
	for _, s := range t.selections {
		if s.key == key && len(s.bits) == (total+63)/64 {
			t.mu.Unlock()
			return s, nil
		}
	}
	t.mu.Unlock()
	s := &selection{key: key, bits: make([]uint64, (total+63)/64)}
	blocks, err := t.load(ctx, headers)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	err = eachBlock(ctx, blocks, total, func(b block, rows int) error {
		keep := make([]bool, b.count)
		for i := range keep {
			keep[i] = true
		}
		if err := test(b, keep); err != nil {
			return err
		}
		n := 0
		for i, kept := range keep[:rows] {
			if kept { // a block begins at a word: no two goroutines write to one
				s.bits[(b.first-1+i)/64] |= 1 << ((b.first - 1 + i) % 64)
				n++
			}
		}
		mu.Lock()
		s.count += n
		mu.Unlock()
		return nil
	})
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.selections) >= keptSelections {
		t.selections = append(t.selections[:0:0], t.selections[1:]...)
	}
	t.selections = append(t.selections, s)
	return s, nil
}

// eachBlock calls do for every block that has one of the first total rows, on all
// processors, and waits. rows is how many of the block's rows count.
func eachBlock(ctx context.Context, blocks []block, total int, do func(b block, rows int) error) error {
	var wait sync.WaitGroup
	var mu sync.Mutex
	var first error
	next := 0
	take := func() (block, bool) {
		mu.Lock()
		defer mu.Unlock()
		if first == nil {
			first = ctx.Err()
		}
		if first != nil || next >= len(blocks) || blocks[next].first > total {
			return block{}, false
		}
		next++
		return blocks[next-1], true
	}
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for {
				b, ok := take()
				if !ok {
					return
				}
				if err := do(b, min(b.count, total-b.first+1)); err != nil {
					mu.Lock()
					if first == nil {
						first = err
					}
					mu.Unlock()
					return
				}
			}
		})
	}
	wait.Wait()
	return first
}

// term is one condition of a query, to be tried on the distinct values of columns.
type term struct {
	key     string
	negated bool
	query   filter.Query // the condition alone, not negated
}

func termsOf(q filter.Query) ([]term, error) {
	var terms []term
	for _, t := range q.Terms() {
		text := t.Text
		if t.Negated {
			text = strings.TrimPrefix(text, "-")
		}
		one, err := fetches.ParseQuery(text)
		if err != nil {
			return nil, err
		}
		terms = append(terms, term{t.Key, t.Negated, one})
	}
	return terms, nil
}

// freeText are the fields whose cells are the free text of a row: what Field gives
// for the key "".
var freeText = []string{"url", "method", "decision", "source", "cache", "error", "mime"}

// apply takes from keep the rows that do not satisfy the term.
func (t *term) apply(b block, keep []bool) error {
	if t.key == headerColumn {
		return t.applyHeaders(b, keep)
	}
	keys := []string{t.key}
	if t.key == "" {
		keys = freeText
	}
	hit := make([]bool, b.count)
	for _, key := range keys {
		s, err := decodeSection(b.columns, b.count, key)
		if err != nil {
			return err
		}
		holds := t.try(s.values)
		for row := range hit {
			hit[row] = hit[row] || holds[s.at(row)]
		}
	}
	for row := range keep {
		keep[row] = keep[row] && hit[row] != t.negated
	}
	return nil
}

// try tries the condition on distinct values.
func (t *term) try(values []string) []bool {
	holds := make([]bool, len(values))
	var cells []string
	get := func(string) []string { return cells }
	for i, value := range values {
		cells = splitCells(value, cells)
		holds[i] = t.query.Match(get)
	}
	return holds
}

func (t *term) applyHeaders(b block, keep []bool) error {
	var holds []bool
	return eachHeaders(b.headers, b.count, func(distinct []string) {
		holds = make([]bool, len(distinct))
		cells := make([]string, 1)
		get := func(string) []string { return cells }
		for i, header := range distinct {
			cells[0] = header
			holds[i] = t.query.Match(get)
		}
	}, func(row int, positions []int) {
		hit := false
		for _, p := range positions {
			hit = hit || holds[p]
		}
		keep[row] = keep[row] && hit != t.negated
	})
}
