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
