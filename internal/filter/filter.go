// Package filter is the one filter language of every table: terms side by side
// must all hold.
//
//	checkout             free text: the row contains it (case does not matter)
//	url:checkout         the field contains it
//	status:200           numbers are compared as numbers
//	status:200,0         one of them
//	type:=opaque         exactly it
//	url:*/img/*.avif     a glob over the whole field
//	size:>10k            > < >= <= on numbers; k, M and G are decimal, Ki … binary
//	-type:opaque  -font  not so
//	url:"a b"  "a:b"     quotes keep blanks, colons and commas; \" is a quote
//
// The star is the only character of a glob that is special: brackets, question
// marks and braces stand for themselves, so "status:[" looks for a bracket. A
// minus needs something to negate: alone it is an error ("-" in quotes is text).
package filter

import (
	"fmt"
	"slices"
	"strings"
)

// Query is a parsed filter. The zero Query matches everything.
type Query struct{ terms []Term }

// Term is one condition of a query.
type Term struct {
	Key     string // "" for free text
	Negated bool
	Text    string // the term as written
	Value   string // what stands behind the key, as written: for chips
	any     []test // one of them must hold
}

// Error says what is wrong with a filter and where.
type Error struct {
	Term   string   // the term as written
	Reason string   // "unknown field", "quote is not closed" …
	Known  []string // for an unknown field: the fields there are
}

func (e *Error) Error() string {
	s := fmt.Sprintf("filter: %s in %s", e.Reason, e.Term)
	if len(e.Known) > 0 {
		s += "; known fields are " + strings.Join(e.Known, ", ")
	}
	return s
}

// Parse reads a filter. When keys are given, any other key is an *[Error] that
// names them; without keys every key is allowed.
func Parse(s string, keys ...string) (Query, error) {
	words, err := split(s)
	if err != nil {
		return Query{}, err
	}
	var q Query
	for _, w := range words {
		t, err := parseTerm(w, keys)
		if err != nil {
			return Query{}, err
		}
		if len(t.any) > 0 {
			q.terms = append(q.terms, t)
		}
	}
	return q, nil
}

// Match reports whether a row holds all terms. get gives the values of a field
// of the row, and of key "" its free text.
func (q Query) Match(get func(key string) []string) bool {
	for i := range q.terms {
		if !q.terms[i].match(get) {
			return false
		}
	}
	return true
}

// Terms are the conditions in order, for chips.
func (q Query) Terms() []Term { return slices.Clone(q.terms) }

// Empty reports whether the query has no terms.
func (q Query) Empty() bool { return len(q.terms) == 0 }

// Without is the query without its i-th term.
func (q Query) Without(i int) Query {
	if i < 0 || i >= len(q.terms) {
		return q
	}
	return Query{slices.Delete(slices.Clone(q.terms), i, i+1)}
}

// String writes the query so that parsing it gives the same query.
func (q Query) String() string {
	words := make([]string, len(q.terms))
	for i, t := range q.terms {
		words[i] = t.Text
	}
	return strings.Join(words, " ")
}

func (t *Term) match(get func(string) []string) bool {
	for _, cell := range get(t.Key) {
		for _, one := range t.any {
			if one.holds(cell) {
				return !t.Negated
			}
		}
	}
	return t.Negated
}

// split cuts a filter at its blanks outside of quotes.
func split(s string) ([]string, error) {
	var words []string
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quoted && c == '\\' && i+1 < len(s):
			b.WriteByte(c)
			i++
			b.WriteByte(s[i])
			continue
		case c == '"':
			quoted = !quoted
		case isBlank(c) && !quoted:
			if b.Len() > 0 {
				words = append(words, b.String())
				b.Reset()
			}
			continue
		}
		b.WriteByte(c)
	}
	if quoted {
		return nil, &Error{Term: b.String(), Reason: "quote is not closed"}
	}
	if b.Len() > 0 {
		words = append(words, b.String())
	}
	return words, nil
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func parseTerm(word string, keys []string) (Term, error) {
	t := Term{Text: word, Value: word}
	body := word
	if body == "-" {
		return t, &Error{Term: word, Reason: "nothing to negate"}
	}
	if body[0] == '-' {
		t.Negated = true
		body = body[1:]
	}
	t.Value = body
	if key, value, ok := cutKey(body); ok {
		if len(keys) > 0 && !slices.Contains(keys, key) {
			return t, &Error{Term: word, Reason: "unknown field " + key, Known: keys}
		}
		t.Key, t.Value = key, value
	}
	for _, alternative := range alternatives(t.Value, t.Key != "") {
		one, err := parseTest(alternative, t.Key != "")
		if err != nil {
			return t, &Error{Term: word, Reason: err.Error()}
		}
		if one.text != "" || one.exact {
			t.any = append(t.any, one)
		}
	}
	if t.Key != "" && len(t.any) == 0 {
		// "type:" while it is being typed: the field has any value.
		t.any = []test{{}}
	}
	return t, nil
}

// cutKey cuts a field's name off: letters, digits, "-" and "." up to a colon.
// "https://…" has none.
func cutKey(s string) (key, value string, ok bool) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == ':':
			if i == 0 || strings.HasPrefix(s[i:], "://") {
				return "", s, false
			}
			return strings.ToLower(s[:i]), s[i+1:], true
		case c == '-' || c == '.' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
		default:
			return "", s, false
		}
	}
	return "", s, false
}

// alternatives cuts the value of a field at its commas outside of quotes. Free
// text has no alternatives: a comma is a comma.
func alternatives(s string, field bool) []string {
	if !field {
		return []string{s}
	}
	var parts []string
	from, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ',' && !quoted:
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	return append(parts, s[min(from, len(s)):])
}
