// "ChunkLoadError after a deploy."
//
// skipWaiting() in install, and activate deletes the old caches: the new version takes
// pages that still run the old scripts. What those load later (a lazy chunk, a worker, a
// font with a hash in its name) is neither in the cache nor on the server any more.
//
// Asked in workbox#3126, sw-precache#351, vite-plugin-pwa#778.
import { test, expect, step, use, readFile } from 'swinspect';

use({ site: './version-skew/v1' });

const javascript = { 'content-type': 'text/javascript' };

test('the old page loses its chunk when the new version does not wait', async ({ browser, page, site, fetches }) => {
  await page.goto('/');
  await page.waitForController();

  await step('deploy v2 while the page of v1 is open', async () => {
    site.deploy('./version-skew/v2');
    await browser.registration('/').update();
    await expect(browser.caches).toHaveCaches(['app-v2']);
  });

  await step('the chunk of v1 is nowhere', async () => {
    await page.click('#load');
    await expect(page).toHaveText('ChunkLoadError', '#chunk');
    await fetches.expect('/chunk.v1.js', { status: 404 });
  });
});

test('it keeps the chunk when the new version waits', async ({ browser, page, site }) => {
  // The same worker without skipWaiting().
  const patient = async file => (await readFile(file)).replace('skipWaiting()', 'undefined');
  site.put('/sw.js', { body: await patient('./version-skew/v1/sw.js'), headers: javascript });
  await page.goto('/');
  await page.waitForController();

  site.deploy('./version-skew/v2');
  site.put('/sw.js', { body: await patient('./version-skew/v2/sw.js'), headers: javascript });
  await browser.registration('/').update();
  await browser.registration('/').waitFor('waiting');

  await page.click('#load');
  await expect(page).toHaveText('chunk of v1', '#chunk');
});
