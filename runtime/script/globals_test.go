package script

import (
	"strings"
	"testing"

	"github.com/dop251/goja"
)

func TestGlobals(t *testing.T) {
	for source, want := range map[string]string{
		"typeof Symbol.asyncIterator + String(Symbol.dispose)":                     "symbolSymbol(Symbol.dispose)",
		"const p = Promise.withResolvers(); p.resolve(3); p.promise":               "3",
		"Promise.try((a, b) => a + b, 1, 2)":                                       "3",
		"JSON.stringify(Object.groupBy([1, 2, 3], x => x % 2 ? 'odd' : 'even'))":   `{"odd":[1,3],"even":[2]}`,
		"Map.groupBy([1, 2, 3], x => x % 2).get(1).join()":                         "1,3",
		"Array.fromAsync([1, Promise.resolve(2)], x => x * 2).then(String)":        "2,4",
		"Array.fromAsync((async function*() { yield 1; yield 2 })()).then(String)": "1,2",
		"Array.fromAsync({length: 2, 0: 'a', 1: 'b'}).then(String)":                "a,b",
		"Array.fromAsync(null)": "rejected: TypeError: Cannot read property 'Symbol.asyncIterator' of undefined",
		"'a\\ud800b'.isWellFormed() + 'a\\ud800b'.toWellFormed() + '\\u{1f600}'.isWellFormed()": "falsea\ufffdbtrue",
		"RegExp.escape('a.b-c')": "\\x61\\.b\\x2dc",
		"const w = new WeakRef({x: 1}); w.deref().x + Object.prototype.toString.call(w)":                 "1[object WeakRef]",
		"[1, 2, 3, 4].values().filter(x => x % 2).map(x => x * 10).toArray().join()":                     "10,30",
		"new Set([1, 2, 3]).values().drop(1).take(1).toArray().join() + Iterator.from([5]).next().value": "25",
		"[1, 2].values().flatMap(x => [x, x]).reduce((a, b) => a + b)":                                   "6",
		"[1, 2].values().some(x => x > 1) + ' ' + [1, 2].values().find(x => x > 5)":                      "true undefined",
		"Promise.withResolvers.toString() + WeakRef.toString() + ''.padEnd.toString()":                   "function withResolvers() { [native code] }function WeakRef() { [native code] }function () { [native code] }",
		"const o = {}; o.__defineGetter__('x', () => 4); o.__defineSetter__('x', v => { o.y = v }); o.x = 5; [o.x, o.y, o.__lookupGetter__('x')(), typeof Object.create(o).__lookupSetter__('x'), o.__lookupGetter__('y'), Object.keys(o).join('')].join()": "4,5,4,function,,xy",
		"Object.keys(globalThis).join()": "",
	} {
		if got := value(t, source); got != want {
			t.Errorf("%s\n gave %s\n want %s", source, got, want)
		}
	}
}

func TestGuards(t *testing.T) {
	for _, source := range []string{
		"'x'.repeat(2**40)", "'xy'.repeat(2**29)", "'x'.padEnd(2**33)", "'x'.padStart(2**33, 'ab')", "new ArrayBuffer(2**40)", "new Uint8Array(2**34)",
		"new Float64Array('99999999999')", "new Uint8Array({length: 2**34})", "Array.from({length: 1e9})", "Array(1e9).join()", "[].fill.call({length: 1e12})",
		"JSON.parse('['.repeat(5e6))",
	} {
		if got := value(t, source); !strings.HasPrefix(got, "RangeError") {
			t.Errorf("%s gave %.100s", source, got)
		}
	}
	for source, want := range map[string]string{
		"'ab'.repeat(3) + 'x'.padEnd(3) + [1, 2].join('-') + [0, 0].fill(7)": "abababx  1-27,7",
		"'x'.repeat(-1)": "RangeError: Invalid count value",
		"new Uint8Array([1, 2, 3]).map(x => x * 2).join() + new Uint8Array(new ArrayBuffer(4), 1, 2).length": "2,4,62",
		"const u = new Uint8Array(2); [u instanceof Uint8Array, u.constructor === Uint8Array, Uint8Array.name, Uint8Array.length, Uint8Array.BYTES_PER_ELEMENT, Object.getPrototypeOf(Uint8Array) === Object.getPrototypeOf(Int8Array), u.slice(1).constructor === Uint8Array, Uint8Array.of(1, 2).length, Uint8Array.from('12').join()].join()": "true,true,Uint8Array,3,1,true,true,2,1,2",
		"class B extends Uint8Array { get two() { return this.length * 2 } }; const b = new B(3); b.two + b.slice(1).two + ' ' + (b instanceof Uint8Array)":                                                                                                                                                                                      "10 true",
		"new ArrayBuffer(8).slice(2).byteLength + ' ' + ArrayBuffer.isView(new DataView(new ArrayBuffer(1)))":                                                                                                                                                                                                                                    "6 true",
		"Uint8Array(1)": "TypeError: Constructor Uint8Array requires 'new'",
		"new Uint8Array().length + new ArrayBuffer().byteLength + new BigInt64Array([1n])[0].toString()": "01",
		"JSON.parse('{\"a\": [1, {\"b\": 2}]}').a[1].b + JSON.parse.length":                              "4",
		"Array.from({length: 2}, (_, i) => i).join() + Array.from('ab').join()":                          "0,1a,b",
	} {
		if got := value(t, source); got != want {
			t.Errorf("%s\n gave %s\n want %s", source, got, want)
		}
	}
}

// The function constructors refuse what would overflow the parser's stack, and are
// what they were otherwise.
func TestDynamicFunctions(t *testing.T) {
	const others = "const A = (async () => {}).constructor, G = (function* () {}).constructor; "
	for source, want := range map[string]string{
		"Function('('.repeat(1e6))":                           "SyntaxError: the function is nested too deeply",
		"new Function('a', '['.repeat(1e6))":                  "SyntaxError: the function is nested too deeply",
		"Function('a = ' + '['.repeat(1e6), '')":              "SyntaxError: the function is nested too deeply",
		"(() => {}).constructor('{'.repeat(1e6))":             "SyntaxError: the function is nested too deeply",
		others + "A('('.repeat(1e6))":                         "SyntaxError: the function is nested too deeply",
		others + "G('('.repeat(1e6))":                         "SyntaxError: the function is nested too deeply",
		"Function('a', 'b', 'return a + b')(1, 2)":            "3",
		"new Function('return this')() === globalThis":        "true",
		"Function('').name + Function.length + Function.name": "anonymous1Function",
		"[Function.prototype.constructor === Function, Function instanceof Function, (() => {}) instanceof Function, Object.getPrototypeOf(Function) === Function.prototype].join()": "true,true,true,true",
		others + "[A.name, G.name, Object.getPrototypeOf(A) === Function, new G('yield 1; yield 2')().toArray().join('')].join()":                                                    "AsyncFunction,GeneratorFunction,true,12",
		others + "A('return await 4')()": "4",
		"class F extends Function { two() { return 2 } }; const f = new F('return 1'); f() + f.two()": "3",
		"Function('return (')": "SyntaxError",
	} {
		if got := value(t, source); got != want && (want != "SyntaxError" || !strings.HasPrefix(got, want)) {
			t.Errorf("%s\n gave %.200s\n want %s", source, got, want)
		}
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		a := New(Options{})
		a.Terminate(nil)
		<-a.Done()
	}
}

func BenchmarkInstallGlobals(b *testing.B) {
	b.Run("globals", func(b *testing.B) {
		for b.Loop() {
			if _, err := goja.New().RunProgram(globalsProgram); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			if err := InstallGlobals(goja.New()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
