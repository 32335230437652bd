// "I cached twenty small images, and the quota says 140 MB."
//
// A response from another origin without CORS is opaque. So that its size cannot be
// guessed, browsers bill it with padding: Chromium with megabytes for a file of a few
// bytes (WebFundamentals#8713, workbox#2226, whatwg/storage#31). With CORS it costs what
// it weighs.
import { test, expect, use, serve } from 'swinspect';

use({ site: './opaque-quota' });

const images = 5, dot = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>';

/** Lets the page ask another origin for images, through the worker that caches them. */
async function load(browser, page, mode) {
  const cdn = await serve({ '/dot.svg': { headers: { 'content-type': 'image/svg+xml', 'access-control-allow-origin': '*' }, body: dot } });
  await page.goto('/');
  await page.waitForController();
  await page.evaluate(async (origin, mode, count) => {
    for (let i = 0; i < count; i++) await fetch(`${origin}/dot.svg?${i}`, { mode });
  }, cdn.origin, mode, images);
  const cache = browser.caches.open('images');
  await expect(() => cache.keys()).toHaveLength(images);
  return cache;
}

test('opaque responses are billed with padding', async ({ browser, page, caches }) => {
  const cache = await load(browser, page, 'no-cors');
  for (const entry of await cache.entries()) expect(entry.type).toBe('opaque');
  const { padding, caches: billed } = await caches.usage();
  console.log(`${images} images of ${(await cache.entries())[0].size} bytes are billed with ${billed} bytes, ${padding} of it padding`);
  expect(padding).toBeGreaterThan(images * 10 * 1024);
});

test('with CORS they cost what they weigh', async ({ browser, page, caches }) => {
  const cache = await load(browser, page, 'cors');
  for (const entry of await cache.entries()) expect(entry.type).toBe('cors');
  // What is left is what the browser needs for headers.
  expect((await caches.usage()).padding).toBeLessThan(images * 1024);
});
