package session_test

import (
	"testing"

	"github.com/swinspect/swinspect/inspector/session"
)

// backends runs the same script on the engine and on Chromium.
func backends(t *testing.T, source string, change ...func(*session.Options)) {
	t.Helper()
	for _, backend := range []string{"engine", "chromium"} {
		t.Run(backend, func(t *testing.T) {
			run(t, source, append(change, func(o *session.Options) { o.Backend = backend })...).passes(t)
		})
	}
}

// A worker's life: pages, registrations, versions, updates.
func TestRegistrations(t *testing.T) {
	backends(t, `
import { test, expect, use } from 'swinspect';
const sw = (v: number) => `+"`"+`const version = ${v};
addEventListener('install', e => e.waitUntil(caches.open('v' + version).then(c => c.put('/app.js', new Response('app ' + version)))));
addEventListener('activate', e => e.waitUntil(clients.claim()));
addEventListener('fetch', e => { if (new URL(e.request.url).pathname === '/app.js') e.respondWith(caches.match(e.request)); });
`+"`"+`;
use({ site: { '/': '<!doctype html><title>Home</title><h1>hello</h1>', '/sw.js': sw(1), '/app.js': 'app 0' } });

test('install, update, skip waiting', async ({ browser, site, page }) => {
  const registration = browser.registration();
  expect(await registration.exists()).toBe(false);
  const arrived = await page.goto('/');
  expect(arrived).toMatchObject({ status: 200, fromServiceWorker: false, url: site.url('/') });
  await expect(page).toHaveTitle('Home');
  await expect(page).toHaveText('hello', 'h1');
  await expect(page).toHaveURL('/');
  expect(await page.register('/sw.js')).toEqual(registration);
  const first = await registration.waitFor('activated');
  expect(first.id).not.toBe('');
  await page.waitForController(first);
  await expect(page).toBeControlled(first);
  await expect(registration).toHaveStatus('active');
  await expect(registration.waiting).not.toExist();
  expect(await (await page.fetch('/app.js')).text()).toBe('app 1');
  expect(await registration.update()).toBe(false);
  site.put('/sw.js', sw(2));
  expect(await registration.update()).toBe(true);
  const second = await registration.waitFor('waiting');
  await expect(registration.waiting).toExist();
  await expect(browser.caches).toHaveCaches(['v1', 'v2']);
  expect((await registration.why()).length).toBeGreaterThan(0);
  expect(await registration.clients()).toEqual([site.url('/')]);
  expect((await registration.versions()).length).toBe(2);
  await registration.skipWaiting();
  await second.waitFor('activated');
  await first.waitFor('redundant');
  await expect(page).toBeControlled(second);
  expect(await second.source()).toContain('const version = 2');
  expect(await second.scripts()).toEqual([site.url('/sw.js')]);
  expect(await registration.evaluate((n: number) => version + n, 40)).toBe(42);
  await registration.kill();
  await second.waitFor('stopped');
  await registration.start();
  await expect(registration.active).toHaveStatus('running');
  const info = await registration.info();
  expect(info).toMatchObject({ scope: site.url('/'), waiting: null, active: { id: second.id, state: 'activated' } });
  expect((await registration.events()).map(e => e.what).join()).toContain('waiting');
  expect(await registration.errors()).toEqual([]);
  const other = await browser.open('/');
  expect((await browser.pages()).length).toBe(2);
  await other.close();
  await registration.unregister();
  await registration.waitFor('unregistered');
  expect(await browser.registrations()).toEqual([]);
});

test('is alone', async ({ browser }) => {
  expect(await browser.registrations()).toEqual([]);
  expect(await browser.caches.keys()).toEqual([]);
  const more = await browser.newContext();
  expect(browser.contexts().length).toBe(2);
  const page = await more.open('/');
  await page.register('/sw.js');
  await more.registration('/').waitFor('activated');
  expect(await browser.registrations()).toEqual([]);
  expect(await browser.caches.keys()).toEqual([]);
  expect(await more.caches.keys()).toEqual(['v1']);
  await more.close();
});
`)
}

const basicSite = `
use({ site: {
  '/': '<!doctype html><title>Home</title><h1>hello</h1><button onclick="document.title = \'clicked\'">b</button>',
  '/sw.js': ` + "`" + `
addEventListener('install', e => { skipWaiting(); });
addEventListener('activate', e => e.waitUntil(clients.claim()));
let count = 0;
addEventListener('fetch', e => {
  const url = new URL(e.request.url);
  count++;
  if (url.pathname === '/made') e.respondWith(new Response('made ' + e.request.method, { headers: { 'X-Made': 'yes' } }));
  if (url.pathname === '/cached') e.respondWith(caches.open('k').then(c => c.match(e.request)).then(r => r || fetch(e.request)));
  if (url.pathname === '/proxied') e.respondWith(fetch('/api/data'));
});
addEventListener('push', e => e.waitUntil(registration.showNotification('push: ' + (e.data ? e.data.text() : ''), { body: 'B', tag: 't' })));
addEventListener('sync', e => e.waitUntil(caches.open('sync-' + e.tag)));
addEventListener('periodicsync', e => e.waitUntil(caches.open('periodic-' + e.tag)));
addEventListener('notificationclick', e => e.waitUntil(caches.open('clicked-' + e.action)));
addEventListener('message', e => { self.said = e.data; console.log('message', e.data); });
` + "`" + `,
  '/api/data': { json: { from: 'server' } },
  '/cached': 'from the server',
  '/plain': 'plain',
} });
async function ready(browser, page, path = '/') {
  await page.goto(path);
  await page.register('/sw.js');
  await page.waitForController();
  return browser.registration();
}
`

func TestCaches(t *testing.T) {
	backends(t, `import { test, expect, use } from 'swinspect';`+basicSite+`
test('caches', async ({ browser, page, caches, site }) => {
  await ready(browser, page);
  const k = caches.open('k');
  await expect(k).not.toExist();
  expect(await k.keys()).toEqual([]);
  expect(await caches.match('/cached')).toBeUndefined();
  await k.put('/cached', { body: 'from the cache', headers: { 'Content-Type': 'text/plain', 'X-A': '1' } });
  await k.put({ url: '/vary', headers: { 'Accept-Language': 'de' } }, { body: 'hallo', headers: { Vary: 'Accept-Language' } });
  await expect(k).toExist();
  expect(await caches.keys()).toEqual(['k']);
  expect(await caches.has('k')).toBe(true);
  expect(await k.keys()).toEqual([site.url('/cached'), site.url('/vary')]);
  const found = await caches.match('/cached');
  expect(found).toMatchObject({});
  expect(found.cache).toBe('k');
  expect(found.status).toBe(200);
  expect(found).toHaveStatus(200);
  expect(found.headers['x-a']).toBe('1');
  expect(found.text()).toBe('from the cache');
  expect(found.bytes().length).toBe(14);
  expect((await page.fetch('/cached')).text()).toBe('from the cache');
  await expect(k).toHaveEntry('/cached');
  await expect(caches).toHaveEntry('/cached');
  await expect(k).not.toHaveEntry('/cached?x=1');
  await expect(k).toHaveEntry('/cached?x=1', { ignoreSearch: true });
  const why = await k.explain({ url: '/vary', headers: { 'Accept-Language': 'en' } });
  expect(why).toMatchObject({ cache: 'k', matched: false });
  expect(why.candidates[0]).toMatchObject({ step: 'vary', request: 'en', stored: 'de' });
  expect(await k.match({ url: '/vary', headers: { 'Accept-Language': 'de' } })).toBeDefined();
  expect(await caches.explain('/cached')).toHaveLength(1);
  const entries = await k.entries();
  expect(entries[0]).toMatchObject({ method: 'GET', url: site.url('/cached'), status: 200, size: 14 });
  expect((await caches.usage()).quota).toBeGreaterThan(0);
  expect(caches.origin).toBe(site.origin);
  expect(browser.cachesOf(site.origin)).toBe(caches);
  expect(await k.delete('/cached')).toBe(true);
  expect(await k.delete('/cached')).toBe(false);
  expect(await caches.delete('k')).toBe(true);
  expect(await caches.delete('k')).toBe(false);
  await k.put('/again', 'x');
  await browser.clearSiteData();
  await expect(caches).toHaveCaches([]);
});
`)
}

func TestPagesAndFetches(t *testing.T) {
	backends(t, `import { test, expect, use } from 'swinspect';`+basicSite+`
test('pages', async ({ browser, page, site }) => {
  await page.goto('/');
  await page.click('button');
  expect(await page.title()).toBe('clicked');
  expect(await page.html()).toContain('<h1>hello</h1>');
  expect(await page.text('h1')).toBe('hello');
  expect(await page.evaluate(() => undefined)).toBeUndefined();
  expect(await page.evaluate('1 + 1')).toBe(2);
  expect(await page.evaluate(async (a: number, b: { c: number }) => a + b.c, 1, { c: 2 })).toBe(3);
  await expect(page.evaluate(() => { throw new RangeError('far'); })).rejects.toThrow('far');
  await expect(page.goto('http://127.0.0.1:1/')).rejects.toThrow(/ERR_/);
  await page.goto('/');
  await page.evaluate(() => { console.warn('careful', { a: 1 }); setTimeout(() => { (globalThis as any).later = 7; }, 30); });
  expect(await page.waitFor(() => (globalThis as any).later)).toBe(7);
  await expect(page.waitFor('globalThis.never', { timeout: 60 })).rejects.toThrow(/waited 60ms .* undefined/);
  await expect(() => page.console().length).toBeGreaterThan(0);
  expect(page.console()[0]).toMatchObject({ level: 'warning' });
  await page.focus();
  expect(await page.controller()).toBeNull();
  expect((await page.reload()).status).toBe(200);
  expect(await page.send('Runtime.evaluate', { expression: '40 + 2' })).toMatchObject({ result: { value: 42 } });
  expect((await browser.send('Browser.getVersion')).product).toBe(browser.product);
  expect(page.id).toMatch(/^[0-9A-F]+$/);
  await page.close();
  await expect(page.title()).rejects.toThrow('closed');
});

test('fetches', async ({ browser, page, site, fetches }) => {
  const registration = await ready(browser, page);
  const made = await page.fetch('/made', { method: 'POST', body: 'x', headers: { a: 'b' } });
  expect([made.ok, made.status, made.text(), made.headers['x-made'], made.type, made.redirected]).toEqual([true, 200, 'made POST', 'yes', 'basic', false]);
  expect(made.source).toBe('worker');
  expect((await page.fetch('/api/data')).json()).toEqual({ from: 'server' });
  const row = await fetches.waitFor({ url: '/made', method: 'POST' });
  expect(row.decision).toBe('responded');
  await fetches.expect('/made', { decision: 'responded', source: 'worker' });
  await expect(fetches.expect('/made', { source: 'cache' })).rejects.toThrow(/its source is "worker", not "cache"/);
  await fetches.expect('/api/data', { decision: 'fell-through', source: 'network' });
  expect((await fetches.list({ url: /made/ })).length).toBe(1);
  expect((await fetches.list('url:made')).length).toBe(1);
  expect(row.sentence).toContain('made');
  expect((await fetches.explain(row)).answer).not.toBe('');
  expect((await fetches.explain('/nowhere')).links.length).toBeGreaterThan(0);
  const again = await fetches.replay(row);
  expect(again.text()).toBe('made POST');
  await fetches.clear();
  expect(await fetches.list()).toEqual([]);
  await expect(fetches.waitFor({ url: '/never' }, { timeout: 50 })).rejects.toThrow(/waited 50ms for a request .*: there was no request/);
  const direct = await registration.dispatch('/made', { headers: { x: 'y' } });
  expect([direct.status, direct.text(), direct.source]).toEqual([200, 'made GET', 'worker']);
  const nav = await registration.dispatch('/plain', { navigation: true });
  expect(nav.text()).toContain('plain');
});
`)
}

func TestNetwork(t *testing.T) {
	backends(t, `import { test, expect, use } from 'swinspect';`+basicSite+`
test('offline', async ({ browser, page, network, site }) => {
  await ready(browser, page);
  await network.offline();
  await expect(page.fetch('/plain')).rejects.toThrow('Failed to fetch');
  expect((await page.fetch('/made')).status).toBe(200);
  await expect(page.fetch('/proxied')).rejects.toThrow('Failed to fetch');
  await expect(page.reload()).rejects.toThrow(/ERR_/);
  await network.online();
  await page.goto('/');
  expect((await page.fetch('/plain')).text()).toBe('plain');
  await network.bypassServiceWorker();
  await page.reload();
  expect((await page.fetch('/made')).status).toBe(404);
  await network.bypassServiceWorker(false);
  await network.updateOnReload();
  await network.updateOnReload(false);
  site.down();
  await expect(page.fetch('/plain')).rejects.toThrow('Failed to fetch');
  site.up();
  expect((await page.fetch('/plain')).text()).toBe('plain');
});

test('routes', async ({ browser, page, network, site }) => {
  const seen: string[] = [];
  const route = await network.route('/api/*', request => {
    seen.push(request.method + ' ' + new URL(request.url).pathname + ' ' + request.fromWorker + ' ' + (request.body || ''));
    if (request.params.pass) return 'continue';
    if (request.params.drop) return 'abort';
    return { status: 201, json: { from: 'route' }, headers: { 'X-Route': '1' } };
  });
  await ready(browser, page);
  const r = await page.fetch('/api/data', { method: 'POST', body: 'hi' });
  expect([r.status, r.json(), r.headers['x-route']]).toEqual([201, { from: 'route' }, '1']);
  expect((await page.fetch('/proxied')).json()).toEqual({ from: 'route' });
  expect((await page.fetch('/api/data?pass=1')).json()).toEqual({ from: 'server' });
  await expect(page.fetch('/api/data?drop=1')).rejects.toThrow('Failed to fetch');
  expect(seen).toContain('POST /api/data false hi');
  expect(seen).toContain('GET /api/data true ');
  expect(route.hits).toBeGreaterThanOrEqual(4);
  expect(route.pattern).toBe('/api/*');
  expect(site.requests('/api/*').length).toBe(1);
  await network.route('/plain', 'text of a route');
  expect((await page.fetch('/plain')).text()).toBe('text of a route');
  await network.unroute('/plain');
  expect((await page.fetch('/plain')).text()).toBe('plain');
  await route.remove();
  expect((await page.fetch('/api/data')).json()).toEqual({ from: 'server' });
  expect((await page.fetch('/proxied')).json()).toEqual({ from: 'server' });
});
`)
}

func TestEvents(t *testing.T) {
	backends(t, `import { test, expect, use } from 'swinspect';`+basicSite+`
test('events', async ({ browser, page, caches }) => {
  await browser.setPermission('notifications', 'granted');
  const registration = await ready(browser, page);
  await registration.push('hello');
  await expect(async () => (await registration.notifications()).length).toBe(1);
  const [n] = await registration.notifications();
  expect([n.title, n.body, n.tag, n.actions]).toEqual(['push: hello', 'B', 't', []]);
  if (browser.has('notifications')) {
    await n.click('yes');
    await expect(caches).toHaveCaches(['clicked-yes']);
    await n.close();
    expect(await registration.notifications()).toEqual([]);
    await caches.delete('clicked-yes');
  } else {
    await expect(n.click()).rejects.toThrow("browser.has(\"notifications\")");
  }
  await registration.sync('s1');
  await registration.periodicSync('p1');
  await expect(caches).toHaveCaches(['sync-s1', 'periodic-p1']);
  await page.postMessage({ hi: [1] });
  await expect(() => registration.evaluate('self.said')).toEqual({ hi: [1] });
  await browser.kill();
  await expect(registration.active).toHaveStatus('stopped');
  expect((await browser.timeline()).length).toBeGreaterThan(3);
});

test('clock', async ({ browser, page, clock }) => {
  if (!browser.has('clock')) {
    await expect(clock.advance('1h')).rejects.toThrow(/clock.advance cannot be done by Chrome.*browser.has\("clock"\)/);
    browser.needs('clock');
  }
  const before = await clock.now();
  await page.goto('/');
  await page.evaluate(() => { setTimeout(() => { (globalThis as any).rang = Date.now(); }, 3600000); });
  await clock.advance('24h');
  expect(await clock.now() - before).toBeGreaterThanOrEqual(24 * 3600 * 1000);
  expect(await page.evaluate('globalThis.rang')).toBeGreaterThan(before);
});
`)
}
