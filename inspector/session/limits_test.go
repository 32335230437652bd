package session_test

import (
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/inspector/session"
	"github.com/swinspect/swinspect/inspector/session/report"
)

// What never ends in a worker that is paused ends its own test only.
func TestHandlersThatDoNotEnd(t *testing.T) {
	for _, backend := range []string{"engine", "chromium"} {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			x := run(t, `import { test, expect, use } from 'swinspect';`+pausingSite+`
test('loops', { timeout: '4s' }, async ({ browser, page }) => {
  await browser.on('fetch', { url: '/b' }, async paused => { await paused.evaluate('for (;;) {}'); });
  await page.goto('/');
  await page.register('/sw.js');
  await page.waitForController();
  await page.fetch('/b');
});
test('after it', { timeout: '20s' }, async ({ page }) => { await page.goto('/'); });
test('never returns', { timeout: '3s' }, async ({ browser, page }) => {
  await browser.on('fetch', { url: '/b' }, () => new Promise(() => {}));
  await page.goto('/');
  await page.register('/sw.js');
  await page.waitForController();
  await page.fetch('/b');
});
test('after that', { timeout: '20s' }, async ({ page }) => { await page.goto('/'); });
test('waits', { timeout: '20s' }, async ({ browser }) => {
  await browser.once('event', { type: 'push', timeout: 50 });
});
`, func(o *session.Options) { o.Backend = backend })
			results := x.ended()
			for name, want := range map[string]string{
				"loops":         "evaluating took longer than ",
				"never returns": "the test took longer than 3s: a worker is paused at the breakpoint “fetch event for ",
				"waits":         "waited 50ms for a pause at “push event”: it was not hit",
			} {
				r := results[name]
				if r == nil || len(r.Failures) == 0 || !strings.Contains(r.Failures[0].Message, want) {
					t.Errorf("%s: %s", name, failureText(r))
				}
				if r != nil && r.Took.Duration() > 12*time.Second {
					t.Errorf("%s took %s", name, r.Took.Duration())
				}
			}
			for _, name := range []string{"after it", "after that"} {
				if r := results[name]; r == nil || r.Outcome != report.Passed {
					t.Errorf("%s: %s", name, failureText(r))
				}
			}
		})
	}
}

// A pause of two breakpoints is for the handlers of both.
func TestBreakpointsAtOnePlace(t *testing.T) {
	backends(t, `import { test, expect, use } from 'swinspect';`+pausingSite+`
test('two', async ({ browser, page }) => {
  const seen: string[] = [];
  await browser.on('fetch', { url: '/b' }, async paused => { seen.push('one', await paused.evaluate('version')); });
  await browser.on('event', { type: 'fetch', condition: 'event.request.url.endsWith("/b")' }, async paused => { seen.push('two', await paused.evaluate('version')); });
  await page.goto('/');
  await page.register('/sw.js');
  await page.waitForController();
  await page.fetch('/b');
  expect(seen.join()).toBe('one,v1,two,v1');
});
`)
}

// An expectation or step that nobody waits for is of the test that has begun it.
func TestForgottenAwaits(t *testing.T) {
	x := run(t, `import { test, expect, use } from 'swinspect';
use({ site: { '/': '<h1>H</h1>' } });
test('expectation', { waitTimeout: 300 }, async ({ page }) => {
  await page.goto('/');
  expect(page).toHaveText('else', 'h1');
});
test('step', () => { step('x', async () => { await sleep(30); throw new Error('of the step'); }); });
test('holds', async ({ page }) => { await page.goto('/'); expect(page).toHaveText('H', 'h1'); });
test('other failure', async ({ page }) => {
  await page.goto('/');
  expect(page).toHaveText('else', 'h1');
  throw new Error('own');
});
test('endless step', { timeout: 400 }, () => { step('never', () => new Promise(() => {})); });
test('last', async ({ page }) => { await page.goto('/'); await sleep(200); });
`)
	results := x.ended()
	for name, want := range map[string]string{
		"expectation": "/ to have in 'h1' the text 'else'", "step": "of the step", "other failure": "own",
		"endless step": "the step “never” was not awaited", "holds": "", "last": "",
	} {
		r := results[name]
		if want == "" {
			if r == nil || r.Outcome != report.Passed {
				t.Errorf("%s: %s", name, failureText(r))
			}
			continue
		}
		if r == nil || len(r.Failures) != 1 || !strings.Contains(r.Failures[0].Message, want) {
			t.Errorf("%s: %s", name, failureText(r))
		}
	}
	if f := x.file(); len(f.Failures) > 0 {
		t.Errorf("the file: %s", failureText(f))
	}
}
