// "Which request misses the cache, and who asked?"
//
// Breakpoints of the kind cache stop at an operation on a cache: open, match, hit, miss,
// put, delete; by name of the cache and URL. With a message instead of a handler they log
// and do not stop.
import { test, expect, step, use } from 'swinspect';

use({
  site: {
    '/': '<!doctype html><title>Misses</title><script>navigator.serviceWorker.register("/sw.js")</script>',
    '/sw.js': {
      headers: { 'content-type': 'text/javascript' },
      body: `addEventListener('install', event => event.waitUntil(caches.open('v2').then(cache => cache.add('/app.css'))));
addEventListener('activate', event => event.waitUntil(clients.claim()));
addEventListener('fetch', event => {
  if (/\\.(css|js)$/.test(event.request.url)) event.respondWith(answer(event.request));
});
async function answer(request) {
  const cache = await caches.open('v2');
  const hit = await cache.match(request);
  return hit || fetch(request);
}`,
    },
    '/app.css': { headers: { 'content-type': 'text/css' }, body: '' },
    '/app.js': { headers: { 'content-type': 'text/javascript' }, body: '' },
  },
});

test('it stops at the miss, in the function that asked', async ({ browser, page }) => {
  await page.goto('/');
  await page.waitForController();
  const misses = [];
  await browser.on('cache', { operation: 'miss', cache: 'v2' }, async paused => {
    misses.push({ words: paused.words, url: paused.url });
  });
  await page.fetch('/app.css'); // a hit
  await page.fetch('/app.js');
  expect(misses).toHaveLength(1);
  expect(misses[0].words).toMatch(/missed.*v2.*\/app\.js/);
});

test('a log point counts them and does not stop', async ({ browser, page }) => {
  await page.goto('/');
  await page.waitForController();
  const log = await browser.on('cache', { operation: 'miss', log: 'missed' });
  await page.fetch('/app.js');
  await page.fetch('/app.js');
  await expect(() => log.hits).toBe(2);
  expect(log.log).toHaveLength(2);
});
