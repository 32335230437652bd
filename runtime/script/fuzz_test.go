package script

import (
	"errors"
	"testing"

	"github.com/dop251/goja"
)

// FuzzCompile: whatever a worker's script holds, compiling it gives a program or a
// syntax error.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		"", "\uFEFF1", "<!-- hi\n1", "async function* f() { for await (const x of f()) yield x }", "{ using x = null }", "@d class A {}",
		"function f() { 'use strict'; return () => arguments[0] }", "import('x')", "await 1", "import x from 'y'", "/\\p{L}/v", "`${`", "((((", "\xff\xfe",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		_, err := Compile("https://fuzz.test/sw.js", []byte(source))
		var syntax *goja.CompilerSyntaxError
		if err != nil && !errors.As(err, &syntax) {
			t.Fatalf("%T: %v", err, err)
		}
	})
}
