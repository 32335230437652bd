package inspector

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// verdict is the answer in a sentence or two.
func (m *matcher) verdict(r MatchReport) string {
	switch r.Result {
	case Pass:
		return fmt.Sprintf("Match: entry %d answers.", r.First+1)
	case Unknown:
		s := "Cannot be told: an entry has this URL, but its response has Vary and the browser does not show the request headers it was stored with."
		if r.First >= 0 {
			s += fmt.Sprintf(" If it does not match, entry %d answers.", r.First+1)
		}
		return s
	default:
		return m.noMatch(r)
	}
}

// noMatch says why nothing answers.
func (m *matcher) noMatch(r MatchReport) string {
	same := 0
	failed := map[string]int{}
	for _, c := range r.Candidates {
		if c.URL.Result == Fail {
			continue
		}
		same++
		failed[c.failedStep()]++
	}
	if failed["Method"] > 0 || (same == 0 && !m.o.IgnoreMethod && !strings.EqualFold(m.q.Method, "GET")) {
		return fmt.Sprintf("No match: the method is %s, and only GET requests match unless ignoreMethod is set.", m.q.Method)
	}
	if same == 0 {
		return "No match: no entry has this URL."
	}
	var reasons []string
	for _, step := range []string{"Search", "Vary"} {
		if n := failed[step]; n > 0 {
			reasons = append(reasons, fmt.Sprintf("%s rejects %s", step, whole(n, same)))
		}
	}
	have := "entries have"
	if same == 1 {
		have = "entry has"
	}
	return fmt.Sprintf("No match. %s %s this URL; %s.", upperFirst(number(same)), have, and(reasons))
}

func whole(n, of int) string {
	switch {
	case n == of && n == 1:
		return "it"
	case n == of && n == 2:
		return "both"
	case n == of:
		return "all"
	}
	return number(n)
}

func upperFirst(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// failedStep names the step that turned a candidate away, "" when none did.
func (c *MatchCandidate) failedStep() string {
	for _, step := range []struct {
		name   string
		result StepResult
	}{{"Method", c.Method.Result}, {"URL", c.URL.Result}, {"Search", c.Search.Result}, {"Vary", c.Vary.Result}} {
		if step.result == Fail {
			return step.name
		}
	}
	return ""
}

// hint finds the least option under which the cache would answer.
func hint(entries []CacheEntry, q MatchRequest, o MatchOptions) string {
	for _, try := range []struct {
		name string
		set  func(*MatchOptions)
	}{
		{"ignoreMethod", func(o *MatchOptions) { o.IgnoreMethod = true }},
		{"ignoreSearch", func(o *MatchOptions) { o.IgnoreSearch = true }},
		{"ignoreVary", func(o *MatchOptions) { o.IgnoreVary = true }},
		{"ignoreSearch and ignoreVary", func(o *MatchOptions) { o.IgnoreSearch, o.IgnoreVary = true, true }},
	} {
		with := o
		try.set(&with)
		if with == o {
			continue
		}
		if r := newMatcher(q, with).run(entries); r.Result == Pass {
			return fmt.Sprintf("With %s entry %d would answer.", try.name, r.First+1)
		}
	}
	return ""
}

// nearest finds the few entries whose URL resembles a URL most: same origin
// first, then the longest common beginning.
func nearest(entries []CacheEntry, page string) []int {
	type scored struct{ index, score int }
	origin := originOf(page)
	var all []scored
	for i := range entries {
		if originOf(entries[i].URL) != origin {
			continue
		}
		all = append(all, scored{i, commonPrefix(entries[i].URL, page)})
		if len(all) > 4*maxNearest {
			all = best(all, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
		}
	}
	all = best(all, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	out := make([]int, len(all))
	for i, s := range all {
		out[i] = s.index
	}
	return out
}

// best keeps the first maxNearest of all in order.
func best[T any](all []T, order func(a, b T) int) []T {
	slices.SortStableFunc(all, order)
	return all[:min(len(all), maxNearest)]
}

func commonPrefix(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
