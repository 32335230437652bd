// "How does an update roll out while people have several tabs open?"
//
// The usual answer is a banner: the new version waits, the page offers to use it, and a
// click sends the waiting worker a message to skip waiting. The new worker takes all tabs
// of the scope, not only the one that was clicked, so each of them has to load again: a
// tab that forgets to runs old scripts against a new worker.
//
// Asked in workbox#1995, group-income#1791, register-service-worker#8.
import { test, expect, step, use, readFile } from 'swinspect';

use({ site: './update-two-tabs' });

test('a click in one tab updates both', async ({ browser, page: first, site }) => {
  const registration = browser.registration('/');
  await first.goto('/');
  await first.waitForController();
  const second = await browser.open('/');
  await second.waitForController();
  await expect(first).toHaveText('v1', '#version');
  await expect(second).toHaveText('v1', '#version');

  await step('a deploy shows the banner in both tabs', async () => {
    const script = await readFile('./update-two-tabs/sw.js');
    site.put('/sw.js', { body: script.replace("'v1'", "'v2'"), headers: { 'content-type': 'text/javascript' } });
    await registration.update();
    await registration.waitFor('waiting');
    await expect(first).toHaveText('A new version is here', '#banner');
    await expect(second).toHaveText('A new version is here', '#banner');
  });

  await step('nothing happens until somebody agrees', async () => {
    expect((await registration.why()).length).toBeGreaterThan(0);
    await expect(first).toHaveText('v1', '#version');
  });

  await step('the click reaches both', async () => {
    await first.click('#update');
    await expect(first).toHaveText('v2', '#version');
    await expect(second).toHaveText('v2', '#version');
  });

  await step('one version is left', async () => {
    await expect(registration.waiting).not.toExist();
    expect((await registration.clients()).length).toBe(2);
  });
});
