package session_test

import (
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/inspector/session"
	"github.com/swinspect/swinspect/inspector/session/report"
)

// Errors name the line that waits, and say what was there instead.
func TestErrors(t *testing.T) {
	x := run(t, `import { test, expect, use } from 'swinspect';
use({ site: { '/': 'home', '/sw.js': '', '/bad.js': 'throw new Error("of the worker")' } });
test('waitFor', { waitTimeout: 100 }, async ({ browser }) => {
  await browser.registration('/').waitFor('waiting');
});
test('late', { timeout: 300 }, async ({ browser, page }) => {
  await page.goto('/');
  await page.register('/sw.js');
  await step('wait', async () => {
    await browser.registration('/').waitFor('redundant', { timeout: '1m' });
  });
});
test('never', { timeout: 200 }, async () => {
  await sleep(1);
  await new Promise(() => {});
});
test('loops', { timeout: 200 }, async () => {
  await sleep(1);
  for (;;) Math.random();
});
test('after the loop', async ({ page }) => {
  await page.goto('/');
});
test('unhandled', async ({ page }) => {
  page.goto('http://127.0.0.1:1/');
  await sleep(1000);
});
test('options', async ({ browser }) => {
  await browser.open('/', { timeot: 5 });
});
test('retried', { waitTimeout: 600 }, async () => {
  let n = 0;
  await expect(() => n++ < 3 ? 'low' : 'high').toBe('never');
});
test('fixture', async ({ brwser }) => {});
test('script', async ({ page }) => {
  await page.goto('/');
  await page.register('/bad.js');
});
test('address', async () => {
  const browser = await start();
  await browser.open('http://[');
});
test('kinds', async ({ browser }) => {
  await browser.on('fetches', () => {});
});
test('rejects', async () => {
  await expect(Promise.resolve(1)).rejects.toThrow();
});
test('value', () => { throw { a: 1 }; });
test('timer', async () => {
  setTimeout(() => { null.x; }, 1);
  await sleep(30);
});
test('text', { waitTimeout: 1000 }, async ({ page }) => {
  await page.goto('/');
  await expect(page).toHaveText('away');
});
`, func(o *session.Options) { o.WaitTimeout = 10 * time.Second })
	results := x.ended()
	for name, want := range map[string]struct {
		line int
		name string
		text string
	}{
		"waitFor":   {4, "TimeoutError", "waited 100ms for http://127.0.0.1"},
		"late":      {10, "TimeoutError", "the test took longer than 300ms; it was waiting for http://127.0.0.1"},
		"never":     {14, "TimeoutError", "the script waits for something that nobody brings about. The last call before it was sleep(1)"},
		"loops":     {19, "TimeoutError", "endless loop"},
		"unhandled": {25, "Error", "an await is missing"},
		"options":   {29, "TypeError", "browser.open: there is no timeot in options: timeout, waitUntil"},
		"retried":   {33, "AssertionError", "'low' → 'high'"},
		"fixture":   {35, "TypeError", `there is no fixture "brwser": a test is given browser, site`},
		"script":    {38, "TypeError", "ServiceWorker script evaluation failed"},
		"address":   {42, "Error", "is no URL"},
		"kinds":     {45, "TypeError", `there is no kind of breakpoint "fetches"`},
		"rejects":   {48, "AssertionError", "it was fulfilled with 1"},
		"value":     {0, "Error", "{ a: 1 }"},
		"timer":     {52, "TypeError", "x"},
		"text":      {57, "AssertionError", "received: 'home'"},
	} {
		r := results[name]
		if r == nil || len(r.Failures) == 0 {
			t.Errorf("%s: no failure: %+v", name, r)
			continue
		}
		f := r.Failures[0]
		if want.line != f.At.Line || f.Name != want.name || !strings.Contains(f.Message, want.text) {
			t.Errorf("%s: line %d, want %d: %s: %s\n%s", name, f.At.Line, want.line, f.Name, f.Message, f.Frame)
		}
	}
	if f := results["late"].Failures; len(f) > 0 && (len(f[0].Steps) != 1 || f[0].Steps[0] != "wait") {
		t.Errorf("late: steps %q", f[0].Steps)
	}
	for name, outcome := range map[string]report.Outcome{"late": report.TimedOut, "never": report.TimedOut, "loops": report.TimedOut, "waitFor": report.Failed, "after the loop": report.Passed} {
		if results[name].Outcome != outcome {
			t.Errorf("%s: %s, want %s %s", name, results[name].Outcome, outcome, failureText(results[name]))
		}
	}
}

// Files that cannot be run say where they are wrong.
func TestBrokenFiles(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		line  int
		text  string
	}{
		"syntax":      {map[string]string{"script.ts": "const x = 1;\nconst = 2;"}, 2, `Expected identifier`},
		"import":      {map[string]string{"script.ts": "\nimport fs from 'fs';\nfs.x"}, 2, "no modules of Node"},
		"missing":     {map[string]string{"script.ts": "import './other.ts';"}, 1, "Could not resolve"},
		"no export":   {map[string]string{"script.ts": "import { tset } from 'swinspect';\ntset();"}, 1, `'swinspect' has no "tset": it exports test, use`},
		"throws":      {map[string]string{"script.ts": "import { test } from 'swinspect';\ntest('x', () => {});\nawait sleep(1);\nnull.y;"}, 4, "y"},
		"in a module": {map[string]string{"script.ts": "import { f } from './lib/f';\ntest('x', () => {}); f();", "lib/f.ts": "type T = string;\nexport function f(): T {\n  throw new RangeError('deep');\n}"}, 3, "deep"},
		"no file":     {map[string]string{}, 0, "cannot be read"},
		"nested test": {map[string]string{"script.ts": "describe('a', async () => {});\ntest('x', () => {})"}, 1, "must not be async"},
	} {
		t.Run(name, func(t *testing.T) {
			x := runFiles(t, c.files)
			f := x.file().Failures
			if len(f) == 0 || f[0].At.Line != c.line || !strings.Contains(f[0].Message, c.text) || x.summary.Broken != 1 {
				t.Errorf("%s %+v", failureText(x.file()), x.summary)
			}
		})
	}
}

// What a script leaves open is closed; what it leaves running does not touch the next test.
func TestLeaks(t *testing.T) {
	run(t, `import { test, expect, serve, engine } from 'swinspect';
test('leaves things behind', async ({ browser, page }) => {
  await serve({ '/': 'x' });
  const other = await engine();
  await other.open();
  await browser.newContext();
  setInterval(() => {}, 1);
  (async () => { for (;;) await sleep(20); })().catch(() => {});
  page.waitFor('false', { timeout: '1m' }).catch(() => {});
  browser.network.route('*', () => new Promise(() => {}));
});
test('next', async ({ page, site }) => {
  site.put('/', 'here');
  await page.goto('/');
  await expect(page).toHaveText('here');
});
`).passes(t)
}

// Hooks, groups, skipping, retries, snapshots.
func TestRunning(t *testing.T) {
	x := run(t, `import { test, expect, describe, beforeEach, afterEach, beforeAll, afterAll, use, skip } from 'swinspect';
const log: string[] = [];
beforeAll(() => { log.push('all'); });
beforeEach(({ site }) => { log.push('each ' + typeof site.origin); });
afterEach(() => { log.push('after'); });
afterAll(() => { log.push('end'); console.log(log.join()); });
test('one', () => { log.push('1'); });
describe('group', () => {
  beforeEach(() => { log.push('inner'); });
  describe('deep', () => { test('two', () => { log.push('2'); }); });
  afterAll(() => { log.push('group over'); });
});
test.skip('skipped', 'not now', () => {});
test('skips itself', () => { skip('by itself'); });
test.fails('fails as it should', () => { expect(1).toBe(2); });
let tries = 0;
test('flaky', { retries: 2 }, () => { expect(++tries).toBe(2); });
test('snapshots', () => {
  expect({ a: 1 }).toMatchSnapshot();
  expect('# text\n\\x').toMatchSnapshot('named');
});
`)
	x.passes(t)
	if want := "all,each string,1,after,each string,inner,2,after,group over,each string,after,each string,after,each string,after,each string,after,each string,after,end"; x.output() != want {
		t.Errorf("hooks: %s", x.output())
	}
	r := x.ended()
	if s := x.summary; s.Passed != 4 || s.Skipped != 2 || s.Flaky != 1 || s.Failed != 0 {
		t.Errorf("%+v", s)
	}
	if r["skipped"].Reason != "not now" || r["skips itself"].Reason != "by itself" || r["group › deep › two"] == nil || len(r["snapshots"].Snapshots) != 2 {
		t.Errorf("%+v", r)
	}
}
