// A worker as its user meets it: registered, reloaded, fetched through, looked into.
import puppeteer from 'puppeteer-core';
import { ws, site, say } from './say.mjs';

const browser = await puppeteer.connect({ browserWSEndpoint: ws });
const page = await browser.newPage();
const errors = [];
page.on('pageerror', (e) => errors.push(e.message));
page.on('error', (e) => errors.push(e.message));

const answer = await page.goto(site + '/index.html');
say('goto', answer.status(), answer.url(), answer.fromServiceWorker());
say('no controller', await page.evaluate(() => navigator.serviceWorker.controller));
say('registered', await page.evaluate(async () => {
  const r = await navigator.serviceWorker.register('/sw.js');
  await navigator.serviceWorker.ready;
  return { scope: r.scope, update: r.updateViaCache };
}));
say('claimed', await page.evaluate(async () => {
  if (!navigator.serviceWorker.controller) await new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }));
  return navigator.serviceWorker.controller.scriptURL;
}));
const again = await page.reload();
say('reloaded', again.status(), again.fromServiceWorker());
say('controller', await page.evaluate(() => {
  const c = navigator.serviceWorker.controller;
  return { url: c.scriptURL, state: c.state };
}));
for (const path of ['/made.txt', '/cached.txt', '/passed.txt', '/plain.txt']) {
  say('fetch', path, await page.evaluate(async (p) => {
    const r = await fetch(p);
    return [r.status, r.type, r.headers.get('content-type'), (await r.text()).trim()];
  }, path));
}
say('refused', await page.evaluate(() => fetch('/refused.txt').catch((e) => e.name + ': ' + e.message)));
say('message', await page.evaluate(() => new Promise((resolve) => {
  navigator.serviceWorker.addEventListener('message', (e) => resolve(e.data), { once: true });
  navigator.serviceWorker.controller.postMessage([1, { deep: true }]);
})));

const target = await browser.waitForTarget((t) => t.type() === 'service_worker' && t.url() === site + '/sw.js');
say('target', target.type(), target.url());
const worker = await target.worker();
say('worker url', worker.url());
say('in the worker', await worker.evaluate(() => self.greeting));
say('with arguments', await worker.evaluate((a, b) => a + b.c, 1, { c: 2 }));
say('promises', await worker.evaluate(async () => (await caches.keys()).concat(registration.scope)));
const handle = await worker.evaluateHandle(() => clients.matchAll());
say('clients', await worker.evaluate((list) => list.map((c) => [c.url, c.type, c.frameType]), handle));
await handle.dispose();
const told = new Promise((resolve) => worker.once('console', resolve));
await worker.evaluate(() => console.warn('from', 'evaluate', 3));
const message = await told;
say('console', message.type(), message.text(), await Promise.all(message.args().map((a) => a.jsonValue())));
say('unregistered', await page.evaluate(async () => (await navigator.serviceWorker.getRegistration()).unregister()));
await page.reload();
say('gone', await page.evaluate(() => navigator.serviceWorker.controller));
say('errors', errors);
await page.close();
await browser.disconnect();
