// "It is in the cache, and caches.match() does not find it."
//
// An entry whose response has a Vary header only matches requests with the same values of
// those headers. DevTools shows the entry, and not why it does not match (UpUp#107,
// workbox#2698, angular#32276). explain() says which header, and what both sides sent.
import { test, expect, step, use } from 'swinspect';

use({
  site: {
    '/': '<!doctype html><title>Vary</title><script>navigator.serviceWorker.register("/sw.js")</script>',
    '/sw.js': {
      headers: { 'content-type': 'text/javascript' },
      body: `
        addEventListener('install', event => event.waitUntil(
          caches.open('v1').then(cache => cache.add(new Request('/prices', { headers: { 'X-Plan': 'free' } })))));
        addEventListener('activate', event => event.waitUntil(clients.claim()));
        addEventListener('fetch', event => {
          if (event.request.url.endsWith('/prices'))
            event.respondWith(caches.match(event.request).then(r => r || new Response('missed', { status: 504 })));
        });`,
    },
    '/prices': request => ({ body: `prices for ${request.headers['x-plan']}`, headers: { vary: 'X-Plan' } }),
  },
});

test('explain() names the header that differs', async ({ page, caches }) => {
  await page.goto('/');
  await page.waitForController();

  const free = await page.fetch('/prices', { headers: { 'X-Plan': 'free' } });
  expect(free.text()).toBe('prices for free');
  const pro = await page.fetch('/prices', { headers: { 'X-Plan': 'pro' } });
  expect(pro.status).toBe(504);

  const [why] = await caches.explain({ url: '/prices', headers: { 'X-Plan': 'pro' } });
  expect(why).toMatchObject({ cache: 'v1', matched: false });
  await step('the header, and both values', () => {
    expect(why.why).toMatch(/vary/i);
    expect(why.candidates[0]).toMatchObject({ header: 'x-plan', request: 'pro', stored: 'free' });
  });

  await step('with ignoreVary it would match', async () => {
    expect(why.hint).toContain('ignoreVary');
    const [other] = await caches.explain({ url: '/prices', headers: { 'X-Plan': 'pro' } }, { ignoreVary: true });
    expect(other.matched).toBe(true);
  });
});
