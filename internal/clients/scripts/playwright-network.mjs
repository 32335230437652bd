// Routes, requests, cookies, offline.
import { chromium } from 'playwright-core';
import { ws, site, say, failure, until } from './say.mjs';

const browser = await chromium.connectOverCDP(ws);
const context = await browser.newContext({ extraHTTPHeaders: { 'x-context': 'yes' }, userAgent: 'Mozilla/5.0 (context)', locale: 'en-US' });
const page = await context.newPage();
let seen = [];
page.on('request', (r) => seen.push(['request', r.url(), r.method(), r.resourceType(), r.isNavigationRequest(), r.serviceWorker() === null]));
page.on('response', (r) => seen.push(['response', r.url(), r.status(), r.fromServiceWorker()]));
page.on('requestfinished', (r) => seen.push(['finished', r.url()]));
page.on('requestfailed', (r) => seen.push(['failed', r.url(), r.failure().errorText]));
const flush = (label) => {
  for (const u of [...new Set(seen.map((e) => e[1]))].sort()) for (const e of seen) if (e[1] === u) say(label, e);
  seen = [];
};
await page.goto(site + '/index.html', { waitUntil: 'networkidle' });
flush('load');
say('headers', await page.evaluate(() => fetch('/echo').then((r) => r.json()).then((j) => [j.headers['x-context'], j.headers['user-agent']])), await page.evaluate(() => navigator.userAgent));
const [request] = await Promise.all([page.waitForRequest('**/echo'), page.evaluate(() => fetch('/echo', { method: 'POST', body: JSON.stringify({ a: 1 }), headers: { 'content-type': 'application/json' } }).then((r) => r.text()))]);
say('post', request.method(), request.postDataJSON(), (await request.allHeaders())['content-type'], (await (await request.response()).json()).body);
say('sizes', (await request.sizes()).requestBodySize, (await (await request.response()).headerValue('content-type')));
await until(() => seen.some((e) => e[0] === 'finished' && e[1].endsWith('/echo')));
seen = [];

await page.route('**/invented.txt', (route) => route.fulfill({ status: 201, contentType: 'text/plain', body: 'invented', headers: { 'x-invented': 'yes' } }));
await page.route('**/plain.txt', (route) => route.abort());
await page.route('**/echo', (route) => route.continue({ headers: { ...route.request().headers(), 'x-added': 'by the client' } }));
await page.route('**/data.json', async (route) => { const r = await route.fetch(); await route.fulfill({ response: r, json: { ...(await r.json()), patched: true } }); });
say('fulfill', await page.evaluate(async () => { const r = await fetch('/invented.txt'); return [r.status, await r.text(), r.headers.get('x-invented')]; }));
say('abort', await page.evaluate(() => fetch('/plain.txt').catch((e) => e.name)));
say('continue', await page.evaluate(() => fetch('/echo').then((r) => r.json()).then((j) => j.headers['x-added'])));
say('patched', await page.evaluate(() => fetch('/data.json').then((r) => r.json())));
await page.unroute('**/plain.txt');
say('unrouted', await page.evaluate(() => fetch('/plain.txt').then((r) => r.status)));
await page.unrouteAll();
await until(() => seen.filter((e) => e[0] === 'finished' || e[0] === 'failed').length >= 4);
flush('routed');

await context.addCookies([{ name: 'a', value: '1', url: site }, { name: 'h', value: '2', domain: 'localhost', path: '/', httpOnly: true, sameSite: 'Strict' }]);
await page.goto(site + '/setcookie');
say('document.cookie', await page.evaluate(() => document.cookie));
for (const c of (await context.cookies()).sort((x, y) => (x.name < y.name ? -1 : 1))) say('cookie', c.name, c.value, c.domain, c.path, c.expires, c.httpOnly, c.secure, c.sameSite);
await context.clearCookies({ name: 'a' });
say('left', (await context.cookies()).map((c) => c.name).sort());
const state = await context.storageState();
say('storage', state.cookies.length, state.origins.length);

await page.evaluate(async () => { await navigator.serviceWorker.register('/sw.js'); await navigator.serviceWorker.ready; while (!navigator.serviceWorker.controller) await new Promise((r) => setTimeout(r, 10)); });
await context.setOffline(true);
say('offline', await page.evaluate(async () => [navigator.onLine, await fetch('/plain.txt').catch((e) => e.message), await fetch('/cached.txt').then((r) => r.text())]));
await context.setOffline(false);
say('online', await page.evaluate(async () => [navigator.onLine, (await fetch('/plain.txt')).status]));
const api = await context.request.get(site + '/data.json');
say('api', api.status(), await api.json());
await context.close();
await browser.close();
