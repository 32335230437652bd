package cache

import (
	"strings"

	"github.com/swinspect/swinspect/runtime/fetch"
)

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
	URL       string
	Matched   bool
	Rejection // empty for a match
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

func (l *Lookup) add(it *item, matched bool, r Rejection) {
	if l != nil {
		l.Candidates = append(l.Candidates, Candidate{it.Request.URL().String(), matched, r})
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
		l.add(it, false, Rejection{Step: "5", By: "search", Why: "the queries differ; ignoreSearch would match", Asked: search(l.Request.URL()), Stored: search(it.Request.URL())})
		if len(l.Candidates) == maxNear {
			return
		}
	}
}

// search is the query of a URL with its question mark.
func search(u *fetch.URL) string { return strings.TrimPrefix(u.WithoutFragment(), pathKey(u)) }
