// "I deployed a new version, and users still have the old one."
//
// A new worker waits as long as a page is controlled by the old one. A reload does not
// change that: the old document is left only when the new one is there, so that there is
// never a moment without a client. Closing the last tab ends it, or skipWaiting().
//
// Asked in w3c/ServiceWorker#1238, workbox#1995, offline-plugin#339 and many others.
import { test, expect, step, use, readFile } from 'swinspect';

use({ site: './stuck-in-waiting' });

/** Deploys the next version and waits until the browser has it. */
async function deploy(site, registration) {
  const script = await readFile('./stuck-in-waiting/sw.js');
  site.put('/sw.js', { body: script.replace("'v1'", "'v2'"), headers: { 'content-type': 'text/javascript' } });
  await registration.update();
  return registration.waitFor('waiting');
}

test('a new version waits until the last tab of the old one is closed', async ({ browser, page, site }) => {
  const registration = browser.registration('/');
  await page.goto('/');
  await page.waitForController();
  await expect(page).toHaveText('v1', '#version');

  const next = await deploy(site, registration);

  await step('why() names what it waits for', async () => {
    const why = await registration.why();
    expect(why.join('\n')).toContain(site.url('/'));
  });

  await step('a reload does not help', async () => {
    await page.reload();
    await expect(page).toHaveText('v1', '#version');
    await expect(next).toHaveStatus('waiting');
  });

  await step('closing the tab does', async () => {
    await page.close();
    await next.waitFor('activated');
    const again = await browser.open('/');
    await expect(again).toHaveText('v2', '#version');
  });
});

test('skipWaiting() takes over at once', async ({ browser, page, site }) => {
  const registration = browser.registration('/');
  await page.goto('/');
  await page.waitForController();

  const next = await deploy(site, registration);
  await registration.skipWaiting();

  await next.waitFor('activated');
  await expect(page).toBeControlled(next);
  expect(await registration.why()).toEqual([]);
});
