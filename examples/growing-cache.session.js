// "The storage of my app grows and grows."
//
// A worker that puts every answer into a cache never takes one out: with a URL per
// product, per search or per build that is without bound. The test visits more URLs than
// the cache may hold, which no test by hand does.
import { test, expect, step, use, readFile } from 'swinspect';

use({ site: './growing-cache' });

const visited = 60, allowed = 20;

/** Asks for many products, as a long session would. */
async function browse(page) {
  await page.goto('/');
  await page.waitForController();
  await page.evaluate(async count => {
    for (let id = 1; id <= count; id++) await fetch(`/products/${id}`);
  }, visited);
}

test('without a limit every product stays', async ({ page, caches }) => {
  await browse(page);
  const cache = caches.open('products');
  expect(await cache.keys()).toHaveLength(visited);
});

test(`with a limit the newest ${allowed} stay`, async ({ page, site, caches }) => {
  site.put('/sw.js', { body: await readFile('./growing-cache/sw-limited.js'), headers: { 'content-type': 'text/javascript' } });
  await browse(page);
  const cache = caches.open('products');
  await expect(() => cache.keys()).toHaveLength(allowed);
  await step('the oldest were let go', async () => {
    await expect(cache).not.toHaveEntry('/products/1');
    await expect(cache).toHaveEntry(`/products/${visited}`);
  });
});
