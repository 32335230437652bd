package cache

import "github.com/swinspect/swinspect/runtime/fetch"

// Lookup tells how one query of one cache went, for traces and explanations.
type Lookup struct {
	Cache   string
	Request *fetch.Request
	Options QueryOptions
	Entries int // in the cache
	// Candidates are the entries with the same URL, in order; for a miss without
	// any, those that would match with ignoreSearch (at most maxNear).
	Candidates []Candidate
}

// Candidate is one entry that was looked at.
type Candidate struct {
	URL     string
	Matched bool
	// Step of Request Matches Cached Item that said no, and why; empty for a match.
	Step, Why string
}

// Hit reports whether a candidate matched.
func (l *Lookup) Hit() bool {
	for _, c := range l.Candidates {
		if c.Matched {
			return true
		}
	}
	return false
}

// maxNear bounds how many near misses a Lookup lists.
const maxNear = 5

func (l *Lookup) add(it *item, matched bool, step, why string) {
	if l != nil {
		l.Candidates = append(l.Candidates, Candidate{it.Request.URL().String(), matched, step, why})
	}
}

// explainMiss adds entries that differ from the query in their search only.
func (c *Cache) explainMiss(l *Lookup) {
	if len(l.Candidates) > 0 || l.Options.IgnoreSearch {
		return
	}
	near := c.byPath[pathKey(l.Request.URL())]
	if near == nil {
		return
	}
	for _, it := range near.items {
		if it.removed {
			continue
		}
		l.add(it, false, "5", "the queries differ; ignoreSearch would match")
		if len(l.Candidates) == maxNear {
			return
		}
	}
}
