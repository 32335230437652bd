// "Why does my worker not see this request?"
//
// Most often because the page is not controlled: the first visit is not, until
// clients.claim(), and neither is one after a hard reload. The explanation of a request
// says so decision by decision (w3c/ServiceWorker#799, workbox#2788). In TypeScript: types
// are checked by an editor and left out by the runner.
import { test, expect, step, use, type FetchExplanation } from 'swinspect';

use({
  site: {
    '/': '<!doctype html><title>Who answers?</title><script>navigator.serviceWorker.register("/sw.js")</script>',
    '/sw.js': {
      headers: { 'content-type': 'text/javascript' },
      body: `addEventListener('fetch', e => { if (e.request.url.endsWith('/hello')) e.respondWith(new Response('from the worker')) })`,
    },
    '/hello': 'from the network',
  },
});

const said = (e: FetchExplanation): string => e.links.map(link => `${link.question} ${link.answer}`).join('\n');

test('the first visit is not controlled, the second one is', async ({ browser, page, fetches }) => {
  await page.goto('/');
  await browser.registration('/').waitFor('activated');

  await step('no controller: the network answers', async () => {
    expect(await page.controller()).toBeNull();
    expect((await page.fetch('/hello')).text()).toBe('from the network');
    const row = await fetches.expect('/hello', { decision: 'not-controlled' });
    expect(said(await fetches.explain(row))).toMatch(/control/i);
  });

  await step('after a reload the worker answers', async () => {
    await page.reload();
    await page.waitForController();
    await fetches.clear();
    expect((await page.fetch('/hello')).text()).toBe('from the worker');
    await fetches.expect('/hello', { decision: 'responded' });
  });

  await step('a hard reload goes around it', async () => {
    await page.reload({ ignoreCache: true });
    expect(await page.controller()).toBeNull();
  });
});
