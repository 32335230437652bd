// "The install event is over before I have opened DevTools."
//
// A breakpoint that is set before there is a worker: the browser is told to let new
// workers wait until it stands, so it holds in the first install of a first visit
// (vscode-js-debug#1445, devtools-protocol#183). The script looks at a variable, steps
// over an await and lets the worker go on.
import { test, expect, step, use } from 'swinspect';

use({
  site: {
    '/': '<!doctype html><title>Install</title><script>navigator.serviceWorker.register("/sw.js")</script>',
    '/sw.js': {
      headers: { 'content-type': 'text/javascript' },
      body: `const SHELL = ['/', '/app.js'];
addEventListener('install', event => {
  event.waitUntil(precache());
});
async function precache() {
  const cache = await caches.open('v1');
  const before = await cache.keys();
  await cache.addAll(SHELL);
}`,
    },
    '/app.js': '',
  },
});

test('it stops in the first install', async ({ browser, page }) => {
  const stops = [];
  await browser.on('event', { type: 'install', once: true }, async paused => {
    stops.push({ words: paused.words, shell: await paused.evaluate('SHELL'), url: paused.frame.url });
  });
  await page.goto('/');
  await browser.registration('/').waitFor('activated');
  const [seen] = stops;
  expect(seen.words).toContain('install');
  expect(seen.shell).toEqual(['/', '/app.js']);
  expect(seen.url).toMatch('/sw.js');
});

test('it steps over an await', async ({ browser, page, site }) => {
  const lines = [];
  await browser.on('line', { url: '/sw.js', line: 6 }, async paused => {
    lines.push(paused.frame.line);
    const next = await paused.step('over'); // the await: it stops when the cache is open
    lines.push(next.frame.line);
    expect(await next.evaluate('typeof cache')).toBe('object');
    await next.resume();
  });
  await page.goto('/');
  await browser.registration('/').waitFor('activated');
  expect(lines).toEqual([6, 7]);
  await expect(browser.caches).toHaveEntry('/app.js');
});
