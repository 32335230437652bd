package script

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dop251/goja"
)

// benchmarked are scripts that define run(), which is what is measured.
var benchmarked = map[string]string{
	"loop": `function run() {
  let sum = 0
  for (let i = 0; i < 20000; i++) {
    if (i % 3 === 0) sum += i
    else sum -= 1
  }
  return sum
}`,
	"fib": `function fib(n) {
  if (n < 2) return n
  return fib(n - 1) + fib(n - 2)
}
function run() { return fib(16) }`,
	"handler": `const routes = new Map([['/a', 'alpha'], ['/b', 'beta']])
class Headers1 {
  #list = new Map()
  constructor(init) { for (const [k, v] of Object.entries(init || {})) this.set(k, v) }
  set(name, value) { this.#list.set(String(name).toLowerCase(), String(value)) }
  get(name) { return this.#list.get(String(name).toLowerCase()) ?? null }
}
class Response1 {
  constructor(body, init = {}) { this.body = body; this.status = init.status ?? 200; this.headers = new Headers1(init.headers) }
}
async function match(request) {
  const path = request.url.replace(/^https?:\/\/[^/]*/, '').split('?')[0]
  const found = routes.get(path)
  if (!found) return undefined
  return new Response1(JSON.stringify({ path, found, when: [1, 2, 3].map(n => n * 2) }), { headers: { 'Content-Type': 'application/json', 'X-From': 'cache' } })
}
async function handle(request) {
  const cached = await match(request)
  if (cached) {
    const type = cached.headers.get('content-type')
    if (type.startsWith('application/json')) return cached
  }
  return new Response1('not found', { status: 404 })
}
let last
function run() {
  for (let i = 0; i < 100; i++) handle({ url: 'https://x.test/' + 'abc'[i % 3] + '?q=' + i }).then(r => { last = r })
}`,
}

// ran is how long run() of a script takes, the best of some rounds.
func ran(b *testing.B, source string, debug bool, prelude ...string) func() time.Duration {
	b.Helper()
	a := New(Options{})
	b.Cleanup(func() { a.Terminate(nil); <-a.Done() })
	if debug {
		a.Debug(DebugOptions{})
	}
	var run goja.Callable
	err := a.Do(b.Context(), "set up", func() {
		for _, text := range prelude {
			if p, err := a.Compile("swinspect:prelude/1", []byte(text)); err != nil {
				b.Error(err)
			} else if _, err := a.Run(p); err != nil {
				b.Error(err)
			}
		}
		p, err := a.Compile("https://x.test/sw.js", []byte(source))
		if err == nil {
			_, err = a.Run(p)
		}
		if err != nil {
			b.Error(err)
		}
		run, _ = goja.AssertFunction(a.rt.Get("run"))
	})
	if err != nil {
		b.Fatal(err)
	}
	return func() time.Duration {
		began := used()
		if err := a.Do(b.Context(), "run", func() {
			for range 5 {
				_, _ = a.Call(run, goja.Undefined())
			}
		}); err != nil {
			b.Fatal(err)
		}
		return used() - began
	}
}

// used is the time that the process has computed.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkDebugged compares scripts that are debugged, with no breakpoint in reach,
// with the same scripts as they are: in one run, round by round. With a prelude of the
// debugger's, statements that call leave their accessors.
func BenchmarkDebugged(b *testing.B) {
	for _, name := range []string{"loop", "fib", "handler"} {
		b.Run(name, func(b *testing.B) {
			plain, debugged, watched := ran(b, benchmarked[name], false), ran(b, benchmarked[name], true), ran(b, benchmarked[name], true, "0")
			best := func(t, other time.Duration) time.Duration {
				if t == 0 || other < t {
					return other
				}
				return t
			}
			var p, d, w time.Duration
			for b.Loop() {
				p, d, w = best(p, plain()), best(d, debugged()), best(w, watched())
			}
			b.ReportMetric(float64(w)/float64(p), "times-with-prelude")
			b.ReportMetric(float64(d)/float64(p), "times")
			b.ReportMetric(float64(p.Microseconds()), "plain-µs")
		})
	}
}

// BenchmarkDebugCompile compiles a bundle of one megabyte with probes.
func BenchmarkDebugCompile(b *testing.B) {
	var text strings.Builder
	for i := 0; text.Len() < 1<<20; i++ {
		fmt.Fprintf(&text, "var module%d = (() => {\n", i)
		for _, name := range []string{"loop", "fib", "handler"} {
			text.WriteString(benchmarked[name])
			text.WriteByte('\n')
		}
		text.WriteString("return { run, fib, handle }\n})();\n")
	}
	source := text.String()
	for _, probes := range []bool{false, true} {
		b.Run(fmt.Sprintf("probes=%v", probes), func(b *testing.B) {
			began := used()
			for i := 0; b.Loop(); i++ {
				url := fmt.Sprintf("https://x.test/%d.js", i)
				var err error
				if probes {
					_, err = compileDebug(url, []byte(source))
				} else {
					_, err = Compile(url, []byte(source))
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((used()-began).Milliseconds())/float64(b.N), "cpu-ms")
		})
	}
}
