// Browser contexts, targets and what keeps them apart.
import puppeteer from 'puppeteer-core';
import { ws, site, say, until } from './say.mjs';

const browser = await puppeteer.connect({ browserWSEndpoint: ws });
const events = [];
for (const name of ['targetcreated', 'targetdestroyed', 'targetchanged']) browser.on(name, (t) => { if (t.url().startsWith(site)) events.push([name, t.type(), t.url()]); });
const one = await browser.createBrowserContext(), two = await browser.createBrowserContext();
say('contexts', browser.browserContexts().length, one.closed, browser.defaultBrowserContext() === browser.browserContexts()[0]);
const a = await one.newPage(), b = await two.newPage();
for (const p of [a, b]) await p.goto(site + '/index.html');
await a.evaluate(async () => {
  localStorage.setItem('k', 'one'); document.cookie = 'k=one';
  await navigator.serviceWorker.register('/sw.js'); await navigator.serviceWorker.ready;
});
say('apart', await b.evaluate(async () => [localStorage.getItem('k'), document.cookie, (await navigator.serviceWorker.getRegistrations()).length, await caches.keys()]));
say('together', await a.evaluate(async () => [localStorage.getItem('k'), document.cookie, (await navigator.serviceWorker.getRegistrations()).length, await caches.keys()]));
const worker = await one.waitForTarget((t) => t.type() === 'service_worker');
say('worker of one', worker.url(), worker.browserContext() === one);
const [popup] = await Promise.all([new Promise((resolve) => a.once('popup', resolve)), a.evaluate(() => { window.open('/second.html'); })]);
await popup.waitForSelector('#where');
say('popup', popup.url(), (await popup.target().opener()) === a.target(), (await one.pages()).length);
await popup.close();
say('pages', (await one.pages()).length, (await two.pages()).length);
const session = await a.createCDPSession();
say('cdp', (await session.send('Runtime.evaluate', { expression: '1 + 1' })).result);
await session.detach();
await one.close();
await two.close();
await until(() => events.filter((e) => e[0] === 'targetdestroyed').length >= 4);
say('left', browser.browserContexts().length);
for (const e of [...new Set(events.map((e) => JSON.stringify(e)))].sort()) say('event', e);
await browser.disconnect();
