// Requests and responses: events, bodies, through a worker, intercepted, offline, cookies.
import puppeteer from 'puppeteer-core';
import { ws, site, say, failure, until } from './say.mjs';

const browser = await puppeteer.connect({ browserWSEndpoint: ws });
const context = await browser.createBrowserContext();
const page = await context.newPage();
let seen = [];
page.on('request', (r) => seen.push(['request', r.method(), r.url(), r.resourceType(), r.isNavigationRequest()]));
page.on('response', (r) => seen.push(['response', r.status(), r.url(), r.fromServiceWorker(), r.fromCache()]));
page.on('requestfinished', (r) => seen.push(['finished', r.url()]));
page.on('requestfailed', (r) => seen.push(['failed', r.url(), r.failure().errorText]));
page.on('requestservedfromcache', (r) => seen.push(['cached', r.url()]));
// flush prints what was seen, request by request: two requests may overtake each other.
const flush = (label) => {
  const urls = [...new Set(seen.map((e) => e.find((x) => typeof x === 'string' && x.startsWith('http'))))].sort();
  for (const u of urls) for (const e of seen) if (e.includes(u)) say(label, e);
  seen = [];
};

await page.goto(site + '/index.html', { waitUntil: 'networkidle0' });
flush('first load');
await page.evaluate(async () => { await navigator.serviceWorker.register('/sw.js'); await navigator.serviceWorker.ready; });
await page.evaluate(async () => { while (!navigator.serviceWorker.controller) await new Promise((r) => setTimeout(r, 10)); });
seen = [];
await page.reload({ waitUntil: 'networkidle0' });
flush('reload');
for (const path of ['/made.txt', '/cached.txt', '/passed.txt', '/plain.txt', '/refused.txt', '/none.txt']) {
  const [response] = await Promise.all([
    page.waitForResponse((r) => r.url() === site + path, { timeout: 2000 }).catch(() => null),
    page.evaluate((p) => fetch(p).then((r) => r.text()).then(() => 0, () => 1), path),
  ]);
  if (response) say('response', path, response.status(), response.fromServiceWorker(), response.headers()['content-type'], (await response.text()).trim(), response.request().method());
  await until(() => seen.some((e) => e[0] === 'finished' || e[0] === 'failed'));
  flush('through the worker');
}
const [posted] = await Promise.all([
  page.waitForRequest((r) => r.method() === 'POST'),
  page.evaluate(() => fetch('/echo', { method: 'POST', body: 'some text', headers: { 'X-Mine': 'yes' } }).then((r) => r.json())),
]);
say('post', posted.postData(), posted.headers()['x-mine'], posted.headers()['content-type'], posted.resourceType());
const [json] = await Promise.all([page.waitForResponse(site + '/data.json'), page.evaluate(() => fetch('/data.json').then((r) => r.json()))]);
say('json', await json.json(), json.ok(), (await json.buffer()).length);
const [moved] = await Promise.all([page.waitForResponse((r) => r.status() === 200), page.evaluate(() => fetch('/moved').then((r) => r.url))]);
say('redirected', moved.url(), moved.request().redirectChain().map((r) => [r.url(), r.response().status(), r.response().headers().location]));
await page.evaluate(() => new Promise((resolve) => { const x = new XMLHttpRequest(); x.open('GET', '/data.json'); x.onloadend = resolve; x.send(); }));
await page.evaluate(() => { const a = new AbortController(); const p = fetch('/slow', { signal: a.signal }).catch((e) => e.name); setTimeout(() => a.abort(), 50); return p; });
await until(() => seen.some((e) => e[0] === 'failed'));
flush('others');

await page.setExtraHTTPHeaders({ 'X-Extra': 'added' });
say('extra headers', await page.evaluate(() => fetch('/echo').then((r) => r.json()).then((j) => j.headers['x-extra'])));
await page.setUserAgent('Mozilla/5.0 (test)');
say('user agent', await page.evaluate(() => fetch('/echo').then((r) => r.json()).then((j) => j.headers['user-agent'])));
await page.setOfflineMode(true);
say('offline', await page.evaluate(() => navigator.onLine), await page.evaluate(() => fetch('/plain.txt').catch((e) => e.name + ': ' + e.message)));
say('cached offline', await page.evaluate(() => fetch('/cached.txt').then((r) => r.text())));
await page.setOfflineMode(false);
say('online', await page.evaluate(() => navigator.onLine), await page.evaluate(() => fetch('/plain.txt').then((r) => r.status)));

await page.evaluate(async () => { for (const r of await navigator.serviceWorker.getRegistrations()) await r.unregister(); });
await page.goto('about:blank');
await page.setRequestInterception(true);
const decide = (r) => {
  const { pathname } = new URL(r.url());
  if (pathname === '/invented.txt') return r.respond({ status: 201, contentType: 'text/plain', headers: { 'X-Invented': 'yes' }, body: 'invented' });
  if (pathname === '/plain.txt') return r.abort('accessdenied');
  if (pathname === '/echo') return r.continue({ headers: { ...r.headers(), 'x-added': 'by the client' } });
  if (pathname === '/second.html') return r.respond({ status: 200, contentType: 'text/html', body: '<title>not the second</title>' });
  return r.continue();
};
page.on('request', decide);
await page.goto(site + '/index.html');
say('respond', await page.evaluate(async () => { const r = await fetch('/invented.txt'); return [r.status, r.headers.get('x-invented'), await r.text()]; }));
say('abort', await page.evaluate(() => fetch('/plain.txt').catch((e) => e.name)));
say('continue', await page.evaluate(() => fetch('/echo').then((r) => r.json()).then((j) => j.headers['x-added'])));
await page.goto(site + '/second.html');
say('document', await page.title());
page.off('request', decide);
await page.setRequestInterception(false);

await page.goto(site + '/index.html');
await context.setCookie({ name: 'a', value: '1', domain: 'localhost', path: '/' });
await page.evaluate(() => { document.cookie = 'b=2; path=/'; });
say('document.cookie', (await page.evaluate(() => document.cookie)).split('; ').sort());
say('sent', (await page.evaluate(() => fetch('/echo').then((r) => r.json()).then((j) => j.headers.cookie))).split('; ').sort());
const cookies = (await context.cookies()).sort((x, y) => (x.name < y.name ? -1 : 1));
for (const c of cookies) say('cookie', c.name, c.value, c.domain, c.path, c.httpOnly, c.secure, c.session);
await context.deleteCookie(cookies[0]);
say('left', (await context.cookies()).map((c) => c.name));
await page.goto(site + '/setcookie');
say('set by the server', (await context.cookies()).map((c) => [c.name, c.value, c.httpOnly, c.sameSite ?? null]).sort());
await context.close();
await failure('closed context', () => page.evaluate(() => 1));
await browser.disconnect();
