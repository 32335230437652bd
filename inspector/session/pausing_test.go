package session_test

import "testing"

const pausingSite = `
use({ site: {
  '/': '<!doctype html><title>Home</title>',
  '/sw.js': ` + "`" + `const version = 'v1';
addEventListener('install', event => {
  let name = 'cache-' + version;
  event.waitUntil((async () => {
    const cache = await caches.open(name);
    await cache.put('/a', new Response('a'));
    skipWaiting();
  })());
});
addEventListener('activate', event => event.waitUntil(clients.claim()));
addEventListener('fetch', event => {
  const url = new URL(event.request.url);
  if (url.pathname !== '/b') return;
  let answer = 'b';
  event.respondWith(caches.match(event.request).then(found => {
    return found || new Response(answer);
  }));
});
` + "`" + `,
} });
`

func TestBreakpoints(t *testing.T) {
	backends(t, `import { test, expect, use } from 'swinspect';`+pausingSite+`
test('install of a first registration', async ({ browser, page }) => {
  const seen: any[] = [];
  const point = await browser.on('event', { type: 'install' }, async paused => {
    seen.push(paused.reason, paused.event, paused.frame.line, await paused.evaluate('version'));
    const next = await paused.step('over');
    seen.push(next.reason, next.frame.line, await next.frame.evaluate('name'));
    const scopes = await next.frame.scopes();
    seen.push((await scopes[0].variables()).name);
    await next.frame.set('name', "'changed'");
  });
  expect(browser.breakpoints).toEqual([point]);
  await page.goto('/');
  await page.register('/sw.js');
  await page.waitForController();
  expect(seen).toEqual(['event', 'install', 3, 'v1', 'step', 4, 'cache-v1', expect.stringContaining('cache-v1')]);
  expect(await browser.caches.keys()).toEqual(['changed']);
  expect(point.hits).toBe(1);
  expect(point.problem).toBe('');
  await point.remove();
  expect(browser.breakpoints).toEqual([]);
});

test('fetch, cache miss, logs, once', async ({ browser, page }) => {
  await page.goto('/');
  await page.register('/sw.js');
  await page.waitForController();
  const words: string[] = [];
  await browser.on('cache', { operation: 'miss' }, paused => { words.push(paused.words); });
  const log = await browser.on('fetch', { url: '/b', log: 'asked for {event.request.url}' });
  expect((await page.fetch('/b')).text()).toBe('b');
  expect(words.length).toBe(1);
  expect(words[0]).toContain('/b');
  await expect(() => log.log.length).toBe(1);
  expect(log.log[0]).toContain('asked for http');
  const pausing = browser.once('fetch', { url: '/b' });
  await sleep(300);
  const fetching = page.fetch('/b');
  const paused = await pausing;
  expect([paused.reason, paused.method]).toEqual(['fetch', 'GET']);
  expect(paused.url).toContain('/b');
  expect(paused.frames.length).toBeGreaterThan(0);
  expect(paused.scope).toContain('http');
  await paused.resume();
  expect((await fetching).status).toBe(200);
  await expect(browser.once('lifecycle', { state: 'redundant', timeout: 80 })).rejects.toThrow(/waited 80ms for a pause at .*it was not hit/);
});

test('entering waiting', async ({ browser, page, site }) => {
  await page.goto('/');
  await page.register('/sw.js');
  await page.waitForController();
  site.put('/sw.js', "addEventListener('fetch', () => {})");
  let state = '';
  await browser.on('lifecycle', { state: 'waiting' }, paused => { state = paused.state + ': ' + paused.words; });
  const registration = browser.registration();
  await registration.update();
  await registration.waitFor('waiting');
  await expect(() => state).toMatch(/waiting|installed/);
});
`)
}

// Where the backend can, a pause goes back to the statement before.
func TestStepBack(t *testing.T) {
	backends(t, `import { test, expect, use } from 'swinspect';`+pausingSite+`
test('back', async ({ browser, page }) => {
  const lines: number[] = [];
  let refused = '';
  await browser.on('event', { type: 'install' }, async paused => {
    const next = await paused.step();
    lines.push(paused.frame.line, next!.frame.line);
    if (browser.has('stepBack')) lines.push((await next!.stepBack())!.frame.line);
    else await next!.stepBack().catch(e => { refused = e.message; });
  });
  await page.goto('/');
  await page.register('/sw.js');
  await page.waitForController();
  if (browser.has('stepBack')) expect(lines).toEqual([3, 4, 3]);
  else expect(refused).toContain('browser.has("stepBack")');
});
`)
}

// What a handler throws fails the test; the worker goes on.
func TestAHandlerThatThrows(t *testing.T) {
	x := run(t, `import { test, expect, use } from 'swinspect';`+pausingSite+`
test('a handler that throws', async ({ browser, page }) => {
  await page.goto('/');
  await page.register('/sw.js');
  await page.waitForController();
  await browser.on('fetch', { url: '/b' }, () => { throw new Error('of the handler'); });
  expect((await page.fetch('/b')).status).toBe(200);
});
`)
	if f := x.ended()["a handler that throws"].Failures; len(f) != 1 || f[0].Message != "of the handler" {
		t.Errorf("%+v", f)
	}
}
