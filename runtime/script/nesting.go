package script

import "strings"

// maxNesting bounds what stands within another in a script: brackets, operators
// whose right side is another, statements without braces. Parser and compiler
// recurse, and a Go stack that overflows ends the process. Scripts made by tools
// stay below a few hundred.
const maxNesting = 10_000

// nestsDeeperThan reports text nested deeper than limit. It looks at characters
// first, strings and comments included, which may count too much; when that is too
// much it asks again without them.
func nestsDeeperThan(source string, limit int) bool {
	return (&nesting{source: source, limit: limit}).tooDeep() && (&nesting{source: source, limit: limit, literals: true}).tooDeep()
}

// bracketsDeeperThan reports brackets nested deeper than limit, wherever they stand.
func bracketsDeeperThan(source string, limit int) bool {
	depth := 0
	for i := 0; i < len(source); i++ {
		switch source[i] {
		case '(', '[', '{':
			if depth++; depth > limit {
				return true
			}
		case ')', ']', '}':
			if depth > 0 {
				depth--
			}
		}
	}
	return false
}

// nesting counts, for each open bracket, the operators and keywords since the last
// statement or list element began: each may hold the rest of it.
type nesting struct {
	source   string
	limit    int
	literals bool // skip strings, templates, patterns and comments

	at     int
	levels []int // counts of the brackets around
	count  int   // of the innermost
	total  int   // of all
	last   byte  // the last character that was no space
	braces []bool
}

// nested are the words after which another statement or operand may stand.
var nested = map[string]bool{
	"if": true, "else": true, "for": true, "while": true, "do": true, "with": true, "new": true, "typeof": true, "void": true, "delete": true,
	"await": true, "yield": true, "in": true, "of": true, "instanceof": true, "async": true, "extends": true, "function": true, "class": true,
}

func (n *nesting) tooDeep() bool {
	for n.at < len(n.source) {
		c := n.source[n.at]
		n.at++
		switch {
		case c == ' ' || c == '\t' || c == '\r':
			continue
		case c == '\n':
			n.line()
			continue
		case n.literals && n.skip(c):
			c = '"'
		case c == '(' || c == '[' || c == '{':
			n.open(c == '{' && n.last == '$')
		case c == ')' || c == ']' || c == '}':
			n.shut(c)
		case c == ';' || c == ',':
			if n.word() != "else" {
				n.reset()
			}
		case isWord(c):
			start := n.at - 1
			for n.at < len(n.source) && isWord(n.source[n.at]) {
				n.at++
			}
			if n.at-start < 11 && nested[n.source[start:n.at]] {
				n.add()
				c = '='
			}
		case c != '"' && c != '\'' && c != '`' && c < 0x80:
			if !(c == '.' && n.last == '.') {
				n.add()
			}
		}
		n.last = c
		if n.total > n.limit {
			return true
		}
	}
	return false
}

func (n *nesting) add() { n.count++; n.total++ }

func (n *nesting) reset() { n.total -= n.count; n.count = 0 }

func (n *nesting) open(template bool) {
	n.add()
	n.levels = append(n.levels, n.count)
	n.braces = append(n.braces, template)
	n.count = 0
}

func (n *nesting) shut(c byte) {
	if len(n.levels) == 0 {
		return
	}
	n.reset()
	last := len(n.levels) - 1
	n.count = n.levels[last]
	template := n.braces[last]
	n.levels, n.braces = n.levels[:last], n.braces[:last]
	if template && n.literals {
		n.template()
		return
	}
	// Behind a block comes another statement, behind a call what is called on it.
	if w := n.word(); c == '}' && w != "" && w != "else" && w != "in" && w != "instanceof" && w != "of" {
		n.reset()
	}
}

// line ends a statement that has no semicolon.
func (n *nesting) line() {
	if w := n.word(); w != "" && w != "else" && w != "in" && w != "instanceof" && w != "of" && (isWord(n.last) || n.last == '"' || n.last == '}' || n.last == ']') {
		n.reset()
	}
}

// word is the word that comes next; empty when something else does.
func (n *nesting) word() string {
	i := n.at
	for i < len(n.source) && (n.source[i] <= ' ') {
		i++
	}
	start := i
	for i < len(n.source) && i-start < 11 && isWord(n.source[i]) {
		i++
	}
	return n.source[start:i]
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c == '\\' || c >= 0x80
}

// skip goes behind a literal or comment that begins with c; false when none does.
func (n *nesting) skip(c byte) bool {
	rest := n.source[n.at:]
	switch c {
	case '"', '\'':
		n.until(c)
		return true
	case '`':
		n.template()
		return true
	case '/':
		switch {
		case strings.HasPrefix(rest, "/"):
			if end := strings.IndexByte(rest, '\n'); end >= 0 {
				n.at += end
			} else {
				n.at = len(n.source)
			}
			return true
		case strings.HasPrefix(rest, "*"):
			if end := strings.Index(rest[1:], "*/"); end >= 0 {
				n.at += end + 3
				return true
			}
		case !isWord(n.last) && n.last != ')' && n.last != ']' && n.last != '}' && n.last != '"':
			n.pattern()
			return true
		}
	}
	return false
}

// until goes behind the end of a string, which its line holds.
func (n *nesting) until(quote byte) {
	for n.at < len(n.source) {
		c := n.source[n.at]
		n.at++
		switch c {
		case '\\':
			n.at++
		case quote, '\n':
			return
		}
	}
}

func (n *nesting) pattern() {
	class := false
	for n.at < len(n.source) {
		c := n.source[n.at]
		n.at++
		switch {
		case c == '\\':
			n.at++
		case c == '\n' || c == '/' && !class:
			return
		case c == '[':
			class = true
		case c == ']':
			class = false
		}
	}
}

// template goes to the end of a template, or into its next substitution.
func (n *nesting) template() {
	for n.at < len(n.source) {
		c := n.source[n.at]
		n.at++
		switch {
		case c == '\\':
			n.at++
		case c == '`':
			return
		case c == '$' && n.at < len(n.source) && n.source[n.at] == '{':
			n.at++
			n.open(true)
			return
		}
	}
}
