package breakpoints

import "strings"

// Part is a piece of a log message: text, or an expression whose value takes its place.
type Part struct {
	Text string
	Expr bool
}

// Template takes a log message apart: {expression} is an expression, {{ and }} are
// braces. An *InvalidError says that a brace has no partner.
func Template(message string) ([]Part, error) {
	var parts []Part
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			parts = append(parts, Part{Text: text.String()})
			text.Reset()
		}
	}
	for i := 0; i < len(message); {
		switch {
		case strings.HasPrefix(message[i:], "{{"), strings.HasPrefix(message[i:], "}}"):
			text.WriteByte(message[i])
			i += 2
		case message[i] == '}':
			return nil, &InvalidError{"log", "a } without its {: write }} for a brace"}
		case message[i] == '{':
			n := expressionEnd(message[i+1:])
			if n < 0 {
				return nil, &InvalidError{"log", "a { without its }: write {{ for a brace"}
			}
			expr := strings.TrimSpace(message[i+1 : i+1+n])
			if expr == "" {
				return nil, &InvalidError{"log", "{} is empty: put an expression between the braces"}
			}
			flush()
			parts = append(parts, Part{Text: expr, Expr: true})
			i += n + 2
		default:
			text.WriteByte(message[i])
			i++
		}
	}
	flush()
	return parts, nil
}

// expressionEnd is where the } stands that ends an expression: braces within it pair,
// those in strings do not count. It is -1 when there is none.
func expressionEnd(s string) int {
	depth := 0
	var quote byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '{':
			depth++
		case c == '}':
			if depth == 0 {
				return i
			}
			depth--
		}
	}
	return -1
}

// Expand puts a message together.
func Expand(parts []Part, value func(expression string) string) string {
	var b strings.Builder
	for _, p := range parts {
		if p.Expr {
			b.WriteString(value(p.Text))
		} else {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}
