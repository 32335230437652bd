package code

import "strings"

// scanner walks JavaScript just well enough to know where code is: outside of
// comments, strings, templates and regular expressions. In other languages
// nothing after the first character is known to be safe.
type scanner struct {
	src   string
	pos   int
	js    bool
	state byte   // 0 code, or what is open: / line comment, * block comment, ' " ` strings, r regexp, [ class in a regexp
	stack []byte // open brackets; ` where a template continues after its }
	last  byte   // last significant character of the code
	word  int    // where the identifier that ends at the last character begins, -1 when none does
}

// safe reports whether a lexer may start here from scratch.
func (s *scanner) safe() bool {
	if s.pos == 0 {
		return true
	}
	if !s.js || s.state != 0 {
		return false
	}
	for i := len(s.stack) - 1; i >= 0; i-- {
		if s.stack[i] == '`' {
			return false
		}
	}
	return true
}

// run walks up to offset to.
func (s *scanner) run(to int) {
	to = min(to, len(s.src))
	for s.pos < to {
		s.step(to)
	}
}

// step walks over one character (or one that is escaped) and reports whether a
// statement ends after it.
func (s *scanner) step(limit int) (cut bool) {
	c := s.src[s.pos]
	s.pos++
	if !s.js {
		return false
	}
	switch s.state {
	case 0:
		return s.code(c)
	case '/':
		if c == '\n' {
			s.state = 0
		}
	case '*':
		if c == '*' && byteAt(s.src, s.pos) == '/' {
			s.pos++
			s.state = 0
		}
	case '`':
		s.template(c, limit)
	case 'r', '[':
		s.regexp(c, limit)
	default: // ' or "
		switch c {
		case '\\':
			s.escape(limit)
		case s.state, '\n':
			s.state, s.last, s.word = 0, '"', -1
		}
	}
	return false
}

func (s *scanner) escape(limit int) {
	if s.pos < limit {
		s.pos++
	}
}

func (s *scanner) template(c byte, limit int) {
	switch {
	case c == '\\':
		s.escape(limit)
	case c == '`':
		s.state, s.last, s.word = 0, '"', -1
	case c == '$' && byteAt(s.src, s.pos) == '{':
		s.pos++
		s.stack = append(s.stack, '`')
		s.state, s.last, s.word = 0, '{', -1
	}
}

func (s *scanner) regexp(c byte, limit int) {
	switch {
	case c == '\\':
		s.escape(limit)
	case c == '\n':
		s.state = 0
	case c == '[':
		s.state = '['
	case c == ']':
		s.state = 'r'
	case c == '/' && s.state == 'r':
		s.state, s.last, s.word = 0, '"', -1
	}
}

// code walks over one character of code.
func (s *scanner) code(c byte) (cut bool) {
	switch c {
	case ' ', '\t', '\r', '\n':
		return false
	case '\'', '"', '`':
		s.state = c
		return false
	case '/':
		switch next := byteAt(s.src, s.pos); {
		case next == '/' || next == '*':
			s.pos++
			s.state = next
			return false
		case s.beforeRegexp():
			s.state = 'r'
			return false
		}
	case '(', '[', '{':
		s.stack = append(s.stack, c)
		cut = c == '{' && byteAt(s.src, s.pos) != '}'
	case ')', ']', '}':
		cut = s.close(c)
	case ';':
		cut = len(s.stack) == 0 || s.stack[len(s.stack)-1] != '('
	}
	s.remember(c)
	return cut
}

// close pops the bracket that c closes; a statement ends after a } that nothing
// continues.
func (s *scanner) close(c byte) (cut bool) {
	if n := len(s.stack); n > 0 {
		if s.stack[n-1] == '`' && c == '}' {
			s.state = '`'
		}
		s.stack = s.stack[:n-1]
	}
	return c == '}' && s.state == 0 && strings.IndexByte(";,).]}", byteAt(s.src, s.pos)) < 0
}

func (s *scanner) remember(c byte) {
	if nameByte(c) {
		if s.word < 0 || s.pos < 2 || !nameByte(s.src[s.pos-2]) {
			s.word = s.pos - 1
		}
	} else {
		s.word = -1
	}
	s.last = c
}

func nameByte(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// wordsBeforeValue are the keywords after which a slash begins a regular
// expression.
var wordsBeforeValue = map[string]bool{
	"return": true, "typeof": true, "case": true, "in": true, "of": true, "delete": true, "void": true,
	"throw": true, "new": true, "else": true, "do": true, "await": true, "yield": true, "instanceof": true,
}

// beforeRegexp reports whether a slash here begins a regular expression rather
// than a division.
func (s *scanner) beforeRegexp() bool {
	switch {
	case s.last == ')' || s.last == ']' || s.last == '}' || s.last == '"':
		return false
	case s.word >= 0:
		end := s.word
		for end < len(s.src) && nameByte(s.src[end]) {
			end++
		}
		return wordsBeforeValue[s.src[s.word:end]]
	}
	return true
}
