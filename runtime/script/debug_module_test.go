package script

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// Scripts that are lowered, and bundled modules, are debugged in the text that was
// fetched.
func TestDebugLowered(t *testing.T) {
	x := newDebuggee(t, Options{})
	x.run(`// for await is lowered
async function* numbers(n) {
  for (let i = 0; i < n; i++) {
    yield i * 2
  }
}
(async () => {
  for await (const v of numbers(2)) {
    const doubled = v + 1
    log(doubled)
  }
})()
`, 4, 10)
	p := x.paused()
	if f := p.Frames[0]; f.Line != 4 || f.Script.URL != "https://x.test/sw.js" {
		t.Errorf("at %s in %s", at(p), f.Script.URL)
	}
	if got := x.evaluate(p.Frames[0], "n * 10 + i"); got != "20" {
		t.Errorf("n * 10 + i is %s", got)
	}
	must(t, x.d.Resume())
	p = x.paused()
	if f := p.Frames[0]; f.Line != 10 {
		t.Errorf("at %s", at(p))
	}
	if got := x.evaluate(p.Frames[0], "[v, doubled]"); got != "0,1" {
		t.Errorf("[v, doubled] is %s", got)
	}
	must(t, x.d.StepOver())
	p = x.paused()
	t.Logf("after a step: %s", at(p))
	must(t, x.d.Resume())
	for i := range 2 {
		p = x.paused()
		if i == 0 && p.Frames[0].Line != 4 {
			t.Errorf("at %s", at(p))
		}
		must(t, x.d.Resume())
	}
	must(t, x.ended())
}

func TestDebugModules(t *testing.T) {
	texts := map[string]string{
		"https://x.test/sw.js": `import { add, calls } from './lib/add.js'
import * as names from './lib/names.js'
const mine = 5
export function run(n) {
  const sum = add(n, mine)
  log(sum, calls, names.first)
}
run(1)
`,
		"https://x.test/lib/add.js": `// adds
export let calls = 0
export function add(a, b) {
  calls++
  const mine = a + b
  return mine
}
`,
		"https://x.test/lib/names.js": "export const first = import.meta.url\nexport const mine = 7\n",
	}
	x := newDebuggee(t, Options{})
	x.setUp = func(s *DebugScript) {
		line := map[string]int{"https://x.test/sw.js": 6, "https://x.test/lib/add.js": 6}[s.URL]
		if s.Text != texts[s.URL] || !s.Module {
			t.Errorf("%s is %q", s.URL, s.Text)
		}
		if line > 0 {
			if _, found, err := x.d.SetBreakpoint(s, line, 0, ""); err != nil || found.Line != line {
				t.Errorf("%s: %+v %v", s.URL, found, err)
			}
		}
	}
	p, err := x.agent.CompileModule(t.Context(), "https://x.test/sw.js", func(_ context.Context, url string) ([]byte, string, error) {
		return []byte(texts[url]), url, nil
	})
	must(t, err)
	x.agent.Queue("module", func() { _, err := x.agent.Run(p); x.ran <- err })
	pause := x.paused()
	x.want(pause, "add:6 run:5 :8")
	if f := pause.Frames[0]; f.Script.URL != "https://x.test/lib/add.js" {
		t.Errorf("in %s", f.Script.URL)
	}
	if f := pause.Frames[1]; f.Script.URL != "https://x.test/sw.js" {
		t.Errorf("called in %s", f.Script.URL)
	}
	if got := x.evaluate(pause.Frames[0], "[a, b, mine, calls]"); got != "1,5,6,1" {
		t.Errorf("variables %s", got)
	}
	if got := x.evaluate(pause.Frames[1], "n + mine"); got != "6" {
		t.Errorf("the caller's n + mine is %s", got)
	}
	t.Log(x.values(pause.Frames[0]))
	must(t, x.d.StepOut())
	pause = x.paused()
	x.want(pause, "run:6 :8")
	t.Log(x.values(pause.Frames[0]))
	must(t, x.d.Resume())
	must(t, x.ended())
	if got := fmt.Sprint(x.logged); got != "[6 1 https://x.test/lib/names.js]" {
		t.Errorf("logged %s", got)
	}
}

func TestDebugImports(t *testing.T) {
	texts := map[string]string{
		"https://x.test/sw.js": `import config, { a as renamed, deep, run } from './a.js'
import * as all from './a.js'
import{other}from"./b.js"
const a = 'own'
run(() => {
  log(config.x, renamed, deep, all.a, other())
})
`,
		"https://x.test/a.js": `export * from './b.js'
export { inner as deep } from './b.js'
export default { x: 1 }
const hidden = 2
export { hidden as a }
export function run(f) { f() }
`,
		"https://x.test/b.js": `export const inner = 'deep'
export default class Thing {}
export function other() { return 'other' }
`,
	}
	x := newDebuggee(t, Options{})
	x.setUp = func(s *DebugScript) {
		if strings.HasSuffix(s.URL, "/sw.js") {
			if _, _, err := x.d.SetBreakpoint(s, 6, 0, ""); err != nil {
				t.Error(err)
			}
		}
	}
	p, err := x.agent.CompileModule(t.Context(), "https://x.test/sw.js", func(_ context.Context, url string) ([]byte, string, error) {
		return []byte(texts[url]), url, nil
	})
	must(t, err)
	x.agent.Queue("module", func() { _, err := x.agent.Run(p); x.ran <- err })
	pause := x.paused()
	for source, want := range map[string]string{
		"config.x":                "1",
		"renamed":                 "2",
		"deep":                    "deep",
		"[all.a, all.deep, a]":    "2,deep,own",
		"all.default.x + other()": "1other",
		"Object.keys(all).join()": "a,deep,default,inner,other,run",
	} {
		if got := x.evaluate(pause.Frames[0], source); got != want {
			t.Errorf("%s gave %s, want %s", source, got, want)
		}
	}
	if got := x.values(pause.Frames[0]); !strings.Contains(got, "module{a=own all=#<Object> config=#<Object> deep=deep other=ƒ renamed=2 run=ƒ}") {
		t.Errorf("variables %s", got)
	}
	must(t, x.d.Resume())
	must(t, x.ended())
}
