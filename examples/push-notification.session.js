// "Does a push show a notification, and does a click on it open the app?"
//
// A push that shows nothing is against the contract of userVisibleOnly: browsers show a
// notification of their own for it, and take the permission away in the end. No push
// service is needed: push() hands the message to the worker.
import { test, expect, step, use } from 'swinspect';

use({ site: './push-notification' });

test('a push shows a notification', async ({ browser, page, site }) => {
  await browser.setPermission('notifications', 'granted');
  const registration = browser.registration('/');
  await page.goto('/');
  await registration.waitFor('activated');

  await registration.push({ title: 'Your order is on its way', order: 7 });
  await expect(() => registration.notifications()).toHaveLength(1);

  const [{ title, body, tag }] = await registration.notifications();
  expect({ title, body, tag }).toEqual({ title: 'Your order is on its way', body: 'Tap to see order 7', tag: 'order-7' });

  await step('one that comes again takes the place of the first', async () => {
    await registration.push({ title: 'Your order has arrived', order: 7 });
    await expect(async () => (await registration.notifications()).map(n => n.title)).toEqual(['Your order has arrived']);
  });
});

test('a push without data does not break the worker', async ({ browser, page }) => {
  await browser.setPermission('notifications', 'granted');
  const registration = browser.registration('/');
  await page.goto('/');
  await registration.waitFor('activated');
  await registration.push();
  await expect(async () => (await registration.notifications()).map(n => n.title)).toEqual(['Something is new']);
  expect(await registration.errors()).toEqual([]);
});

test('a click opens the order', async ({ browser, page, site }) => {
  browser.needs('notifications'); // a browser lets nobody click for the user: the engine does
  await browser.setPermission('notifications', 'granted');
  const registration = browser.registration('/');
  await page.goto('/');
  await registration.waitFor('activated');
  await registration.push({ title: 'Your order is on its way', order: 7 });
  await expect(() => registration.notifications()).toHaveLength(1);

  await (await registration.notifications())[0].click();

  await expect(() => browser.pages()).toHaveLength(2);
  const opened = await Promise.all((await browser.pages()).map(p => p.url()));
  expect(opened).toContain(site.url('/orders/7'));
});
