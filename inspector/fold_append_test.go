package inspector

import (
	"slices"
	"sync"
	"testing"
)

// TestAppendLogBranches appends to the same views from many goroutines: each
// branch must see its own elements and nothing else.
func TestAppendLogBranches(t *testing.T) {
	const limit = 100
	type state struct {
		log  appendLog[int]
		view []int
	}
	add := func(s state, x int) state {
		s.view = s.log.add(s.view, x, limit)
		return s
	}
	var base state
	for i := range 20 {
		base = add(base, i)
	}
	var wg sync.WaitGroup
	for branch := range 8 {
		wg.Go(func() {
			s, want := base, slices.Clone(base.view)
			for i := range 50 {
				s = add(s, 1000*branch+i)
				want = append(want, 1000*branch+i)
			}
			if !slices.Equal(s.view, want) {
				t.Errorf("branch %d sees %v", branch, s.view)
			}
		})
	}
	wg.Wait()
	if len(base.view) != 20 || base.view[19] != 19 {
		t.Errorf("the base became %v", base.view)
	}
}

func TestAppendLogLimit(t *testing.T) {
	var log appendLog[int]
	var view []int
	for i := range 1000 {
		view = log.add(view, i, 100)
		if len(view) > 100 || view[len(view)-1] != i || (len(view) > 1 && view[len(view)-2] != i-1) {
			t.Fatalf("after %d: %d elements, last %d", i, len(view), view[len(view)-1])
		}
	}
}
