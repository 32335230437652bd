package inspector

import (
	"fmt"
	"strings"

	"github.com/nlnwa/whatwg-url/url"
)

// MatchRequest is the request asked for.
type MatchRequest struct {
	Method  string // "" is GET
	URL     string // absolute
	Headers []Header
}

// MatchOptions are the CacheQueryOptions.
type MatchOptions struct{ IgnoreSearch, IgnoreMethod, IgnoreVary bool }

// StepResult is what came of one step of a match.
type StepResult string

// The results of a step, and of a whole match.
const (
	Pass       StepResult = "pass"
	Fail       StepResult = "fail"
	Ignored    StepResult = "ignored"     // by an option
	NotReached StepResult = "not reached" // an earlier step failed
	Unknown    StepResult = "unknown"     // what it needs cannot be seen
)

// MatchStep is one step of "request matches cached item" with the values that
// were compared.
type MatchStep struct {
	Result StepResult
	Query  string // the request's value
	Entry  string // the entry's value
	Detail string // in words, "" when the values speak for themselves
	// Of Vary: the first field that differs, or cannot be told, with what the request
	// and the entry have for it, "(none)" for one without.
	Field, Asked, Kept string
}

// MatchCandidate is one entry with the four steps it was put through.
type MatchCandidate struct {
	Index                     int // into the entries given
	Entry                     CacheEntry
	Method, URL, Search, Vary MatchStep
	Result                    StepResult // Pass, Fail or Unknown
}

// MatchReport is the answer of [MatchCache].
type MatchReport struct {
	Verdict string     // a sentence
	Result  StepResult // Pass: First answers; Fail: nothing does; Unknown
	First   int        // index of the entry that answers, -1 when none does for sure
	Hint    string     // which option would make a difference, "" none
	// Candidates are the entries with the same URL but for its search, at most
	// maxCandidates, else the few nearest ones.
	Candidates []MatchCandidate
}

const (
	maxCandidates = 100
	maxNearest    = 5
)

// MatchCache tells which of a cache's entries would answer a request, and which
// step turned away the others: W3C Service Workers, Query Cache and Request
// matches cached item. The order of entries is the cache's: the first match
// answers Cache.match().
func MatchCache(entries []CacheEntry, q MatchRequest, o MatchOptions) MatchReport {
	m := newMatcher(q, o)
	if m.problem != "" {
		return MatchReport{Result: Fail, First: -1, Verdict: m.problem}
	}
	r := m.run(entries)
	r.Verdict = m.verdict(r)
	if r.Result != Pass {
		r.Hint = hint(entries, q, o)
	}
	return r
}

type matcher struct {
	o       MatchOptions
	q       MatchRequest
	page    string // the request's URL without search and fragment
	search  string
	problem string
}

func newMatcher(q MatchRequest, o MatchOptions) *matcher {
	if q.Method == "" {
		q.Method = "GET"
	}
	u, err := url.Parse(strings.TrimSpace(q.URL))
	if err != nil {
		return &matcher{problem: fmt.Sprintf("No match: %q is not an absolute URL.", q.URL)}
	}
	m := &matcher{o: o, q: q}
	m.page, m.search = splitSearch(u.Href(true))
	return m
}

// splitSearch cuts a serialised URL before its query; its fragment is dropped.
func splitSearch(href string) (page, search string) {
	href, _, _ = strings.Cut(href, "#")
	i := strings.IndexByte(href, '?')
	if i < 0 {
		return href, ""
	}
	return href[:i], href[i:]
}

func (m *matcher) run(entries []CacheEntry) MatchReport {
	r := MatchReport{Result: Fail, First: -1}
	for i := range entries {
		page, search := splitSearch(entries[i].URL)
		if page != m.page {
			continue
		}
		c := m.candidate(i, entries[i], page, search)
		switch {
		case c.Result == Pass && r.First < 0:
			r.First = i
			if r.Result == Fail {
				r.Result = Pass
			}
		case c.Result == Unknown && r.First < 0:
			r.Result = Unknown
		}
		if len(r.Candidates) < maxCandidates {
			r.Candidates = append(r.Candidates, c)
		}
	}
	if len(r.Candidates) == 0 {
		for _, i := range nearest(entries, m.page) {
			page, search := splitSearch(entries[i].URL)
			r.Candidates = append(r.Candidates, m.candidate(i, entries[i], page, search))
		}
	}
	return r
}

func (m *matcher) candidate(i int, e CacheEntry, page, search string) MatchCandidate {
	c := MatchCandidate{Index: i, Entry: e, Result: Pass}
	steps := []struct {
		into *MatchStep
		do   func() MatchStep
	}{
		{&c.Method, func() MatchStep { return m.method(e) }},
		{&c.URL, func() MatchStep { return compare(m.page, page) }},
		{&c.Search, func() MatchStep { return m.compareSearch(search) }},
		{&c.Vary, func() MatchStep { return m.vary(e) }},
	}
	for _, s := range steps {
		if c.Result == Fail {
			s.into.Result = NotReached
			continue
		}
		*s.into = s.do()
		if s.into.Result == Fail || s.into.Result == Unknown {
			c.Result = s.into.Result
		}
	}
	return c
}

// method: unless ignoreMethod is set, only GET requests match anything.
func (m *matcher) method(e CacheEntry) MatchStep {
	s := MatchStep{Query: m.q.Method, Entry: e.Method, Result: Pass}
	switch {
	case strings.EqualFold(m.q.Method, "GET"):
	case m.o.IgnoreMethod:
		s.Result = Ignored
	default:
		s.Result, s.Detail = Fail, "only GET requests match, unless ignoreMethod is set"
	}
	return s
}

func compare(query, entry string) MatchStep {
	if query == entry {
		return MatchStep{Result: Pass, Query: query, Entry: entry}
	}
	return MatchStep{Result: Fail, Query: query, Entry: entry}
}

func (m *matcher) compareSearch(search string) MatchStep {
	s := compare(m.search, search)
	if s.Result == Fail && m.o.IgnoreSearch {
		s.Result = Ignored
	}
	return s
}

// vary compares the request headers that the cached response's Vary names.
func (m *matcher) vary(e CacheEntry) MatchStep {
	fields := varyFields(e)
	s := MatchStep{Result: Pass, Entry: strings.Join(fields, ", ")}
	switch {
	case len(fields) == 0:
		s.Detail = "the response has no Vary"
		return s
	case m.o.IgnoreVary:
		s.Result = Ignored
		return s
	}
	var query, entry, details []string
	for _, name := range fields {
		if name == "*" {
			return MatchStep{Result: Fail, Entry: "*", Detail: "Vary: * matches no request", Field: "*"}
		}
		asked, has := combined(m.q.Headers, name)
		kept, had := combined(e.RequestHeaders, name)
		query, entry = append(query, name+": "+shown(asked, has)), append(entry, name+": "+shown(kept, had))
		switch {
		case len(e.RequestHeaders) == 0:
			if s.Result == Pass {
				s.Result = Unknown
				s.Field, s.Asked = name, shown(asked, has)
			}
		case asked != kept || has != had:
			if s.Result != Fail {
				s.Field, s.Asked, s.Kept = name, shown(asked, has), shown(kept, had)
			}
			s.Result = Fail
			details = append(details, name+" differs")
		}
	}
	s.Query, s.Entry = strings.Join(query, "; "), strings.Join(entry, "; ")
	s.Detail = strings.Join(details, ", ")
	if s.Result == Unknown {
		s.Entry = strings.Join(fields, ", ")
		s.Detail = "the browser does not tell the request headers this entry was stored with (cache.add and addAll keep none that CDP shows)"
	}
	return s
}

// varyFields are the field names of a response's Vary headers, lower case.
func varyFields(e CacheEntry) []string {
	value, ok := combined(e.ResponseHeaders, "vary")
	if !ok {
		value = e.Vary
	}
	var fields []string
	for f := range strings.SplitSeq(value, ",") {
		if f = strings.ToLower(strings.TrimSpace(f)); f != "" {
			fields = append(fields, f)
		}
	}
	return fields
}

// combined is the combined value of a header: all values in order, by comma.
func combined(hs []Header, name string) (value string, ok bool) {
	for _, h := range hs {
		if !strings.EqualFold(h.Name, name) {
			continue
		}
		v := strings.Trim(h.Value, " \t\r\n")
		if ok {
			v = value + ", " + v
		}
		value, ok = v, true
	}
	return value, ok
}

func shown(v string, ok bool) string {
	if !ok {
		return "(none)"
	}
	return v
}
