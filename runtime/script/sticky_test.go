package script

import (
	"strings"
	"testing"
	"time"
)

func TestStickyPatterns(t *testing.T) {
	for source, want := range map[string]string{
		"const r = /a(b)?/y; JSON.stringify([r.exec('xa'), r.lastIndex])":                                                                      "[null,0]",
		"const r = /a(b)?/y; r.lastIndex = 1; const m = r.exec('xab'); [m[0], m[1], m.length, m.index, m.input, m.groups, r.lastIndex].join()": "ab,b,2,1,xab,,3",
		"const r = /a(b)?/y; r.exec('a')[1] === undefined && r.lastIndex":                                                                      "1",
		"const r = /^b/y; r.lastIndex = 1; r.test('ab')":                                                                                       "false",
		"const r = /^b/my; r.lastIndex = 2; r.test('a\\nb')":                                                                                   "true",
		"const r = /(?<=a)b/y; r.lastIndex = 1; r.test('ab')":                                                                                  "true",
		"const r = /\\bb/y; r.lastIndex = 1; r.test('ab')":                                                                                     "false",
		"const r = /a|b/y; r.lastIndex = 9; r.test('ab') + ',' + r.lastIndex":                                                                  "false,0",
		"const r = /É/iy; r.lastIndex = 2; r.test('\\u{1f600}éé')":                                                                             "true",
		"const r = /(?<n>a)/y; r.exec('a').groups.n":                                                                                           "a",
		"const r = /./uy; r.lastIndex = 2; r.exec('\\u{1f600}\\u{1f601}')[0].length":                                                           "2",
		"'aab'.replace(/a/y, 'x') + 'aaba'.replace(/a/gy, 'x') + 'aab'.match(/a/gy).length + 'ba'.search(/a/y)":                                "xabxxba2-1",
		"const r = /a/gy; Object.keys(r).join() + r.flags + r.source + r + (r instanceof RegExp) + RegExp.prototype.exec.call(r, 'a')[0]":      "gya/a/gytruea",
		"const r = /a/y; RegExp.prototype.test.call(/b/, 'ab') + ',' + r.exec.call(/b/, 'ab').index + ',' + r.exec.toString()":                 "true,1,function exec() { [native code] }",
		"/x/y.exec({ toString() { return 'x' } }).input":                                                                                       "x",
	} {
		if got := compiled(t, source); got != want {
			t.Errorf("%s\n gave %s\n want %s", source, got, want)
		}
	}
}

// A tokenizer takes time by the length of its input: a failure looks at lastIndex only.
func TestATokenizerIsLinear(t *testing.T) {
	source := `const number = /-?(?=[0-9]*\.|[0-9]+[eE])(([0-9]+\.[0-9]*|[0-9]*\.[0-9]+)([Ee][-+]?[0-9]+)?|[0-9]+[Ee][-+]?[0-9]+)/y, word = /[a-z]+ /y;
		const text = "word ".repeat(60000);
		let at = 0, n = 0;
		while (at < text.length) {
			number.lastIndex = word.lastIndex = at;
			if (number.exec(text)) throw new Error("a number");
			if (!word.exec(text)) throw new Error("no word at " + at);
			at = word.lastIndex;
			n++;
		}
		n`
	began := time.Now()
	if got := compiled(t, source); got != "60000" {
		t.Errorf("%s", got)
	}
	if took := time.Since(began); took > 20*time.Second { // by the square it is minutes
		t.Errorf("it took %s", took)
	}
}

// What a script that was lowered needs is not to be seen in the global object.
func TestHelpersOfLoweredScriptsAreHidden(t *testing.T) {
	a := start(t, Options{})
	do(t, a, func() {
		for _, source := range []string{
			`"use strict"; var all = []; async function read(y) { for await (const x of y) all.push(x) }`,
			`async function* count() { yield* [1, 2]; for await (const x of [Promise.resolve(3)]) yield x }; read(count())`,
			`async function* count() { yield 4 }; var __knownSymbol = "own"; read(count())`,
			`class A { static n = 0; static { using d = { [Symbol.dispose]() { A.n++ } } } }; all.push(A.n)`,
		} {
			p, err := Compile("lowered.js", []byte(source))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := a.Run(p); err != nil {
				t.Fatalf("%s: %v", source, err)
			}
		}
	})
	do(t, a, func() {
		v, err := a.Runtime().RunString(`JSON.stringify([all, Object.getOwnPropertyNames(globalThis).filter(n => n.startsWith("__")), typeof __forAwait, __knownSymbol])`)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.String(); !strings.Contains(got, `["__knownSymbol"],"undefined","own"]`) || !strings.HasPrefix(got, `[[1`) || len(got) != len(`[[1,1,2,3,4],["__knownSymbol"],"undefined","own"]`) {
			t.Errorf("%s", got)
		}
	})
}

// compiled is value of a script that goes the way of scripts.
func compiled(t *testing.T, source string) string {
	t.Helper()
	a := start(t, Options{})
	got := ""
	do(t, a, func() {
		p, err := Compile("test.js", []byte(source))
		if err != nil {
			t.Fatal(err)
		}
		v, err := a.Run(p)
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		got = v.String()
	})
	return got
}
