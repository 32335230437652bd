// "After a deploy users see a blank page until they clear their browser."
//
// index.html comes from the cache, whatever is on the server; it names scripts with a
// hash in their names, and the deploy has taken those away. Nothing of the new version is
// ever seen (CRA#5316, workbox#1528, react-boilerplate#2742).
import { test, expect, step, use, readFile } from 'swinspect';

use({ site: './stale-html/v1' });

test('HTML from the cache asks for scripts that are gone', async ({ page, site, fetches }) => {
  await page.goto('/');
  await page.waitForController();
  await expect(page).toHaveText('app v1');
  await page.reload(); // through the worker, which keeps the page

  site.deploy('./stale-html/v2');
  await fetches.clear();
  const shown = await page.reload();

  await step('the page is the old one, from the cache', async () => {
    expect(shown).toMatchObject({ fromServiceWorker: true, source: 'cache' });
    expect(await page.html()).toContain('app.v1.js');
  });
  await step('its script is not there', async () => {
    await fetches.expect('/app.v1.js', { status: 404 });
    await expect(page).not.toHaveText('app v1');
  });
});

test('HTML from the network first is never stale', async ({ page, site, network }) => {
  const networkFirst = { body: await readFile('./stale-html/sw-network-first.js'), headers: { 'content-type': 'text/javascript' } };
  site.put('/sw.js', networkFirst);
  await page.goto('/');
  await page.waitForController();
  await page.reload();

  site.deploy('./stale-html/v2');
  site.put('/sw.js', networkFirst);
  await page.reload();
  await expect(page).toHaveText('app v2');

  await step('and offline it still shows what it showed last', async () => {
    await network.offline();
    await page.reload();
    await expect(page).toHaveText('app v2');
  });
});
