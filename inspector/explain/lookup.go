package explain

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
)

// lookups: what the handler asked of caches. A recorder in the worker saw it; else it
// is what the caches would have said if they were asked.
func (f *fetched) lookups() {
	if !f.asked() {
		return
	}
	seen := false
	for _, s := range f.r.Steps {
		if s.Algorithm == "Query Cache" {
			seen = true
			f.add(f.seenLookup(s))
		}
	}
	switch {
	case seen, f.r.Decision == fetches.FellThrough && len(f.w.Caches) == 0:
	case f.w.CachesProblem != "" && len(f.w.Caches) == 0:
		f.add(Link{Question: "Would a cache have it?", Algorithm: "Query Cache", Verdict: "unknown", Known: inspector.Inferred, From: "nothing", Answer: f.w.CachesProblem})
	default:
		f.would()
	}
	for _, s := range f.r.Steps {
		if s.Algorithm == "Batch Cache Operations" {
			f.add(Link{Question: "What is written to the cache?", Algorithm: s.Algorithm, Verdict: s.Verdict, Known: inspector.Seen, From: "the recorder in the worker", Answer: upper(s.Decision) + ".", Details: s.Details})
		}
	}
}

// seenLookup is a lookup that the recorder saw; which entries were turned away, and
// why, follows from the caches.
func (f *fetched) seenLookup(s inspector.TraceStep) Link {
	where := "the caches"
	if name := s.Details["cache"]; name != "" {
		where = "the cache " + strconv.Quote(name)
	}
	l := Link{Question: "Does a cache have it?", Algorithm: "Query Cache", Verdict: s.Verdict, Known: inspector.Seen, From: "the recorder in the worker", Details: s.Details}
	answer := " has it"
	if s.Verdict == "cache-miss" {
		answer = " has no answer"
	}
	l.Answer = upper(where) + answer + " for " + s.Details["url"] + "."
	if strings.HasPrefix(where, "the caches") {
		l.Answer = strings.Replace(l.Answer, " has", " have", 1)
	}
	for _, c := range f.w.Caches {
		if name := s.Details["cache"]; name == "" || name == c.Name {
			report := match(c, f.r, s.Details["url"])
			l.Candidates = append(l.Candidates, candidates(c, report)...)
		}
	}
	if why := firstReason(l.Candidates); why != "" && s.Verdict == "cache-miss" {
		l.Answer += " " + why
		l.From += "; the reason follows from the entries " + f.w.CachesFrom
	}
	return l
}

// would says what each cache would have answered.
func (f *fetched) would() {
	l := Link{Question: "Would a cache have it?", Algorithm: "Query Cache", Known: inspector.Inferred, From: "the entries of the caches " + f.w.CachesFrom + "; whether the handler asked them cannot be seen", Verdict: "cache-miss"}
	l.Answer = "No cache has an answer to it."
	for _, c := range f.w.Caches {
		report := match(c, f.r, f.r.URL)
		l.Candidates = append(l.Candidates, candidates(c, report)...)
		if l.Verdict == "cache-miss" && report.Result == inspector.Pass {
			l.Verdict, l.Answer = "cache-hit", fmt.Sprintf("caches.match() finds it in %s.", strconv.Quote(c.Name))
		}
		if l.Verdict == "cache-miss" && report.Result == inspector.Unknown {
			l.Verdict, l.Answer = "unknown", report.Verdict
		}
	}
	if why := firstReason(l.Candidates); why != "" && l.Verdict == "cache-miss" {
		l.Answer += " " + why
	}
	f.add(l)
}

func match(c Cache, r *fetches.Fetch, url string) inspector.MatchReport {
	if url == "" {
		url = r.URL
	}
	return inspector.MatchCache(c.Entries, inspector.MatchRequest{Method: r.Method, URL: url, Headers: r.RequestHeaders}, inspector.MatchOptions{})
}

// candidates are the entries of a cache with the same URL, and what turned them away.
func candidates(c Cache, report inspector.MatchReport) []Candidate {
	var all []Candidate
	for i := range report.Candidates {
		if m := &report.Candidates[i]; m.URL.Result != inspector.Fail {
			all = append(all, candidate(c.Name, m))
		}
	}
	return all
}

func candidate(cache string, m *inspector.MatchCandidate) Candidate {
	c := Candidate{Name: m.Entry.URL, Cache: cache, Result: m.Result}
	for _, s := range []struct {
		name string
		step inspector.MatchStep
	}{{"method", m.Method}, {"url", m.URL}, {"search", m.Search}, {"vary", m.Vary}} {
		if s.step.Result != inspector.Fail && s.step.Result != inspector.Unknown {
			continue
		}
		c.Step, c.Request, c.Stored, c.Why = s.name, s.step.Query, s.step.Entry, s.step.Detail
		if s.name == "vary" {
			c.Header, c.Request, c.Stored = s.step.Field, s.step.Asked, s.step.Kept
		}
		c.Why = because(c)
		break
	}
	return c
}

// because is why an entry was turned away, in a sentence.
func because(c Candidate) string {
	switch c.Step {
	case "method":
		return "only GET requests match, and this is " + c.Request
	case "search":
		return fmt.Sprintf("the queries differ: asked %s, stored %s; ignoreSearch would match", shown(c.Request), shown(c.Stored))
	case "vary":
		if c.Header == "*" {
			return "its response has Vary: *, which matches nothing"
		}
		if c.Result == inspector.Unknown {
			return "its response varies on " + c.Header + ", and the browser does not tell with which value it was stored"
		}
		return fmt.Sprintf("its response varies on %s: asked with %s, stored with %s", c.Header, shown(c.Request), shown(c.Stored))
	}
	return c.Why
}

func shown(v string) string {
	switch v {
	case "", "(none)":
		return "none"
	}
	return strconv.Quote(v)
}

// firstReason is why the first entry that was near was turned away.
func firstReason(all []Candidate) string {
	for _, c := range all {
		if c.Result == inspector.Fail {
			return "The nearest entry is " + c.Name + " in " + strconv.Quote(c.Cache) + ": " + c.Why + "."
		}
	}
	return ""
}

func upper(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
