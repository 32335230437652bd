package linediff

import "sort"

// pair is a line of A that equals a line of B.
type pair struct{ a, b int }

// anchors finds the lines that occur exactly once on each side, and of these
// the longest run that is in the same order on both (patience).
func (d *differ) anchors(a0, a1, b0, b1 int) []pair {
	type seen struct{ a, b, na, nb int }
	count := map[int32]*seen{}
	for i := a0; i < a1; i++ {
		s := count[d.ia[i]]
		if s == nil {
			s = &seen{}
			count[d.ia[i]] = s
		}
		s.a, s.na = i, s.na+1
	}
	for i := b0; i < b1; i++ {
		if s := count[d.ib[i]]; s != nil {
			s.b, s.nb = i, s.nb+1
		}
	}
	var unique []pair
	for _, s := range count {
		if s.na == 1 && s.nb == 1 {
			unique = append(unique, pair{s.a, s.b})
		}
	}
	sort.Slice(unique, func(i, j int) bool { return unique[i].a < unique[j].a })
	return rising(unique)
}

// rising is the longest subsequence whose b rises.
func rising(ps []pair) []pair {
	var tails []int // index of the smallest end of a run of each length
	prev := make([]int, len(ps))
	for i, p := range ps {
		k := sort.Search(len(tails), func(k int) bool { return ps[tails[k]].b >= p.b })
		prev[i] = -1
		if k > 0 {
			prev[i] = tails[k-1]
		}
		if k == len(tails) {
			tails = append(tails, i)
		} else {
			tails[k] = i
		}
	}
	if len(tails) == 0 {
		return nil
	}
	out := make([]pair, len(tails))
	for i, k := len(tails)-1, tails[len(tails)-1]; i >= 0; i, k = i-1, prev[k] {
		out[i] = ps[k]
	}
	return out
}

// maxEdits bounds the work of [shortest]: its time and memory grow with the
// square of the number of edits.
const maxEdits = 1500

// shortest is Myers' greedy algorithm: the pairs of equal elements of the
// shortest edit script, or false when that has more than maxEdits edits.
func shortest[T comparable](a, b []T) ([]pair, bool) {
	n, m := len(a), len(b)
	limit := min(n+m, maxEdits)
	v := make([]int32, 2*limit+2)
	var trace [][]int32
	for d := 0; d <= limit; d++ {
		// Diagonals -d..d of the furthest points after d edits.
		trace = append(trace, append([]int32(nil), v[limit-min(d, limit):limit+min(d, limit)+1]...))
		for k := -d; k <= d; k += 2 {
			var x int
			if k == -d || (k != d && at(v, limit+k-1) < at(v, limit+k+1)) {
				x = int(at(v, limit+k+1))
			} else {
				x = int(at(v, limit+k-1)) + 1
			}
			y := x - k
			for x < n && y < m && a[x] == b[y] {
				x, y = x+1, y+1
			}
			v[limit+k] = int32(x)
			if x >= n && y >= m {
				return back(trace, d, n, m), true
			}
		}
	}
	return nil, false
}

func at(v []int32, i int) int32 {
	if i < 0 || i >= len(v) {
		return -1
	}
	return v[i]
}

// back walks the trace from the end to the start and collects the equal pairs.
func back(trace [][]int32, d, x, y int) []pair {
	var out []pair
	for ; d > 0; d-- {
		v := trace[d] // index k+d
		k := x - y
		var pk int
		if k == -d || (k != d && at(v, k-1+d) < at(v, k+1+d)) {
			pk = k + 1
		} else {
			pk = k - 1
		}
		px := int(at(v, pk+d))
		py := px - pk
		for x > px && y > py {
			x, y = x-1, y-1
			out = append(out, pair{x, y})
		}
		x, y = px, py
	}
	for x > 0 && y > 0 {
		x, y = x-1, y-1
		out = append(out, pair{x, y})
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}
