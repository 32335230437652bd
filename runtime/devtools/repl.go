package devtools

import (
	"regexp"

	"github.com/dop251/goja"
)

var awaits = regexp.MustCompile(`\bawait\b`)

// isREPLPromise reports whether an expression of a console awaits something.
func isREPLPromise(expression string) bool { return awaits.MatchString(expression) }

// evaluateREPL is evaluate; with repl also an expression that awaits at top level
// works: it is then run as the body of an async function.
func (rs *realmState) evaluateREPL(expression string, repl bool) (goja.Value, error) {
	v, err := rs.evaluate(expression, nameOf(expression))
	if err == nil || !repl || !isREPLPromise(expression) {
		return v, err
	}
	if v, again := rs.evaluate("(async () => (\n"+expression+"\n))()", ""); again == nil {
		return v, nil
	}
	if v, again := rs.evaluate("(async () => {\n"+expression+"\n})()", ""); again == nil {
		return v, nil
	}
	return nil, err
}
