package filter

import (
	"errors"
	"strconv"
	"strings"
)

// test is one alternative of a term.
type test struct {
	text   string // lower case, unquoted
	exact  bool   // "=…"
	glob   bool   // text has stars
	cmp    string // > < >= <=
	number float64
	isNum  bool
}

func parseTest(s string, field bool) (test, error) {
	var t test
	if field {
		for _, op := range []string{">=", "<=", ">", "<"} {
			rest, ok := strings.CutPrefix(s, op)
			if !ok {
				continue
			}
			if rest == "" {
				return t, nil // still being typed
			}
			n, ok := Number(rest)
			if !ok {
				return t, errors.New("a number must follow " + op)
			}
			return test{text: rest, cmp: op, number: n}, nil
		}
		if rest, ok := strings.CutPrefix(s, "="); ok {
			s, t.exact = rest, true
		}
	}
	// A star within quotes is a star.
	t.glob = field && !t.exact && strings.Contains(unquotedPart(s), "*")
	t.text = strings.ToLower(unquote(s))
	if n, ok := Number(t.text); ok && field && !t.glob && !strings.Contains(s, `"`) {
		t.number, t.isNum = n, true
	}
	return t, nil
}

func (t test) holds(cell string) bool {
	switch {
	case t.cmp != "":
		n, ok := Number(cell)
		return ok && compare(n, t.cmp, t.number)
	case t.exact:
		return strings.EqualFold(cell, t.text)
	case t.glob:
		return globMatch(t.text, strings.ToLower(cell))
	case t.text == "":
		return cell != ""
	}
	if t.isNum {
		if n, ok := Number(cell); ok {
			return n == t.number
		}
	}
	return containsFold(cell, t.text)
}

func compare(a float64, op string, b float64) bool {
	switch op {
	case ">":
		return a > b
	case "<":
		return a < b
	case ">=":
		return a >= b
	}
	return a <= b
}

// containsFold reports whether s contains lower, which is in lower case.
func containsFold(s, lower string) bool {
	return strings.Contains(strings.ToLower(s), lower)
}

// globMatch matches a whole string; a star is any run of characters.
func globMatch(pattern, s string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == s
	}
	if !strings.HasPrefix(s, first) {
		return false
	}
	s = s[len(first):]
	for {
		part, next, more := strings.Cut(rest, "*")
		if !more {
			return len(s) >= len(part) && strings.HasSuffix(s, part)
		}
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s, rest = s[i+len(part):], next
	}
}

// Number reads a number with an optional unit: k M G (decimal), Ki Mi Gi
// (binary), each with an optional B; ms and s.
func Number(s string) (float64, bool) {
	i := len(s)
	for i > 0 && (s[i-1] < '0' || s[i-1] > '9') && s[i-1] != '.' {
		i--
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(s[:i]), 64)
	if err != nil || n != n {
		return 0, false
	}
	unit := strings.ToLower(strings.TrimSpace(s[i:]))
	factor, ok := units[unit]
	return n * factor, ok
}

var units = map[string]float64{
	"": 1, "b": 1, "ms": 1, "s": 1e3,
	"k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9,
	"ki": 1 << 10, "kib": 1 << 10, "mi": 1 << 20, "mib": 1 << 20, "gi": 1 << 30, "gib": 1 << 30,
}

// unquote takes quotes and their escapes away.
func unquote(s string) string {
	if !strings.Contains(s, `"`) {
		return s
	}
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case quoted && s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// unquotedPart is what stands outside of quotes.
func unquotedPart(s string) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case !quoted:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
