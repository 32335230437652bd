package pages

import (
	"net/url"
	"strings"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui/components"
)

// TesterView is the match tester: a request, and which entry would answer it.
type TesterView struct {
	Method, URL, Headers string
	Options              inspector.MatchOptions
	AllCaches            bool
	Asked                bool
	Reports              []CacheReport
	Problem              string
}

// CacheReport is the answer of one cache.
type CacheReport struct {
	Cache   string
	Report  inspector.MatchReport
	Reading bool   // its entries are being read
	Problem string // why it could not be asked
}

// testMethods are the methods of the tester's menu.
var testMethods = []string{"GET", "HEAD", "POST", "PUT", "DELETE"}

// ParseTester reads the tester's question from the address of a page. A
// relative URL is one of the scope.
func ParseTester(a components.Address, scope string) (TesterView, inspector.MatchRequest) {
	get := a.Query.Get
	v := TesterView{
		Method: strings.ToUpper(get("t.method")), URL: get("t.url"), Headers: get("t.headers"),
		Options: inspector.MatchOptions{
			IgnoreSearch: get("t.ignoreSearch") != "", IgnoreMethod: get("t.ignoreMethod") != "", IgnoreVary: get("t.ignoreVary") != "",
		},
		AllCaches: get("t.all") != "",
	}
	if v.Method == "" {
		v.Method = "GET"
	}
	q := inspector.MatchRequest{Method: v.Method}
	if v.URL == "" {
		return v, q
	}
	v.Asked = true
	base, err := url.Parse(scope)
	if err == nil {
		if u, err := base.Parse(strings.TrimSpace(v.URL)); err == nil {
			q.URL = u.String()
		}
	}
	if q.URL == "" {
		v.Problem = "This is not a URL: " + v.URL
	}
	q.Headers, err = ParseHeaders(v.Headers)
	if err != nil {
		v.Problem = err.Error()
	}
	return v, q
}

// testerParams are the parameters of the tester in an address.
var testerParams = []string{"t.method", "t.url", "t.headers", "t.ignoreSearch", "t.ignoreMethod", "t.ignoreVary", "t.all"}

// headerError is a line that is no header.
type headerError struct{ line string }

func (e *headerError) Error() string {
	return "This line is no header, write name: value: " + e.line
}

// ParseHeaders reads "name: value" lines.
func ParseHeaders(text string) ([]inspector.Header, error) {
	var hs []inspector.Header
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, &headerError{line}
		}
		hs = append(hs, inspector.Header{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
	}
	return hs, nil
}

// stepState is the outcome of a step as glyph, word and colour.
func stepState(s inspector.MatchStep, pass, fail string) components.State {
	switch s.Result {
	case inspector.Pass:
		return components.State{Icon: "confirmed", Word: pass, Class: "ok"}
	case inspector.Fail:
		return components.State{Icon: "failed", Word: fail, Class: "bad"}
	case inspector.Ignored:
		return components.State{Icon: "minus", Word: "ignored", Class: "idle"}
	case inspector.Unknown:
		return components.State{Icon: "unanswered", Word: "not known", Class: "wait"}
	}
	return components.State{Icon: "minus", Word: "not reached", Class: "idle"}
}

// verdictState is a whole answer as glyph, word and colour.
func verdictState(r inspector.MatchReport) components.State {
	lead, _ := splitVerdict(r.Verdict)
	switch r.Result {
	case inspector.Pass:
		return components.State{Icon: "confirmed", Word: lead, Class: "ok"}
	case inspector.Unknown:
		return components.State{Icon: "unanswered", Word: lead, Class: "wait"}
	}
	return components.State{Icon: "failed", Word: lead, Class: "bad"}
}

// splitVerdict cuts a verdict after its first words: "No match" and the rest.
func splitVerdict(s string) (lead, rest string) {
	if i := strings.IndexAny(s, ".:"); i > 0 && i < 40 {
		return s[:i], strings.TrimSpace(strings.TrimLeft(s[i:], ".: "))
	}
	return s, ""
}

// candidateName names a candidate: its path, and the request headers that Vary
// selects by.
func candidateName(c inspector.MatchCandidate, own string) string {
	origin, start, end := components.SplitURL(c.Entry.URL)
	name := start + end
	if origin != own {
		name = c.Entry.URL
	}
	return name
}
