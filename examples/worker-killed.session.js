// "It works, and after half a minute it does not."
//
// A browser stops an idle worker, and starts it anew for the next event: its global
// variables are gone. While DevTools is open the worker is kept alive, so that one never
// sees it there (w3c/ServiceWorker#527, MetaMask#14049, webextensions#140). kill() stops
// it as an idle browser would.
import { test, expect, step, use } from 'swinspect';

use({ site: './worker-killed' });

const count = async (page, path) => (await page.fetch(path)).json().count;

test('a global variable does not outlive the worker', async ({ browser, page }) => {
  await page.goto('/');
  await page.waitForController();
  expect(await count(page, '/count/global')).toBe(1);
  expect(await count(page, '/count/global')).toBe(2);

  await browser.kill();
  await expect(browser.registration('/').active).toExist(); // it is stopped, not gone

  // This is the bug: it counts from the beginning.
  expect(await count(page, '/count/global')).toBe(1);
});

test('what is kept in a cache does', async ({ browser, page }) => {
  await page.goto('/');
  await page.waitForController();
  for (let expected = 1; expected <= 3; expected++) {
    await step(`request ${expected} is answered by a fresh worker`, async () => {
      expect(await count(page, '/count/kept')).toBe(expected);
      await browser.kill();
    });
  }
});
