// Service workers as playwright shows them: of a context, by event, evaluated in.
import { chromium } from 'playwright-core';
import { http, site, say, until } from './say.mjs';

const browser = await chromium.connectOverCDP(http);
say('contexts', browser.contexts().length, browser.isConnected(), browser.browserType().name());
const context = await browser.newContext();
const page = await context.newPage();
const told = [];
page.on('console', (m) => told.push(['page', m.type(), m.text()]));
context.on('serviceworker', (w) => told.push(['serviceworker', w.url()]));
const response = await page.goto(site + '/index.html');
say('goto', response.status(), response.url(), response.fromServiceWorker(), await page.title());
const [worker] = await Promise.all([
  context.waitForEvent('serviceworker'),
  page.evaluate(() => navigator.serviceWorker.register('/sw.js').then((r) => r.scope)),
]);
say('worker', worker.url(), context.serviceWorkers().length, context.serviceWorkers()[0] === worker);
await page.evaluate(() => navigator.serviceWorker.ready.then(() => 1));
await page.evaluate(async () => { while (!navigator.serviceWorker.controller) await new Promise((r) => setTimeout(r, 10)); });
say('evaluate', await worker.evaluate(() => self.greeting), await worker.evaluate(async ([a, b]) => a + b + (await caches.keys()), ['x', 2]));
const handle = await worker.evaluateHandle(() => registration);
say('handle', await handle.evaluate((r) => [r.scope, r.active.state]));
say('state', await worker.evaluate(() => new Promise((resolve) => { const check = () => (registration.active?.state === 'activated' ? resolve('activated') : setTimeout(check, 10)); check(); })));
const again = await page.reload();
say('reload', again.status(), again.fromServiceWorker());
for (const path of ['/made.txt', '/cached.txt', '/passed.txt', '/plain.txt']) {
  const [r] = await Promise.all([page.waitForResponse(site + path), page.evaluate((p) => fetch(p).then((x) => x.text()), path)]);
  say('response', path, r.status(), r.fromServiceWorker(), (await r.text()).trim(), r.request().resourceType(), r.request().serviceWorker() === null, r.headers()['x-from'] ?? null);
}
say('message', await page.evaluate(() => new Promise((resolve) => {
  navigator.serviceWorker.addEventListener('message', (e) => resolve(e.data), { once: true });
  navigator.serviceWorker.controller.postMessage('hello');
})));
say('unregister', await page.evaluate(async () => (await navigator.serviceWorker.getRegistration()).unregister()));
await page.goto('about:blank');
for (const line of told) say('told', line);
await context.close();
say('left', browser.contexts().length);
await browser.close();
