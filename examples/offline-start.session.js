// "Does the app start without a network?"
//
// The emulation of DevTools is per tab and easily misses the worker, whose requests then
// still go through (playwright#2311, puppeteer#2469). network.offline() reaches pages and
// workers; site.down() goes further and turns the server off.
import { test, expect, step, use } from 'swinspect';

use({ site: './offline-start' });

test('it starts offline after one visit', async ({ browser, page, network, caches }) => {
  await step('visit once', async () => {
    await page.goto('/');
    await page.waitForController();
    await expect(caches).toHaveCaches(['shell-1']);
    await page.close();
  });

  await network.offline();

  await step('the shell comes from the cache', async () => {
    const tab = await browser.open();
    const shown = await tab.goto('/');
    expect(shown).toMatchObject({ status: 200, fromServiceWorker: true });
    await expect(tab).toHaveText('The shell', 'h1');
    await expect(tab).toHaveText('started', '#state');
  });

  await step('a page that was never visited has a fallback', async () => {
    const tab = await browser.open();
    await tab.goto('/never/visited');
    await expect(tab).toHaveText('You are offline', 'h1');
  });
});

test('it also starts when the server is gone', async ({ browser, page, site }) => {
  await page.goto('/');
  await page.waitForController();
  site.down();
  await browser.kill(); // the worker starts again from what the browser kept
  const shown = await page.goto('/');
  expect(shown.fromServiceWorker).toBe(true);
  await expect(page).toHaveText('The shell', 'h1');
});
