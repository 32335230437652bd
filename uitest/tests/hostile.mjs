// Names, addresses, headers, bodies and console text that contain markup and
// script are shown as text, everywhere, and nothing of them runs.
import { equal, inspected, look, ok, run, test, until } from './world.mjs';
import { panels, registrations } from './pages.mjs';

await inspected.open('hostile', { state: null });
const page = await look();
const dialogs = [];
page.on('dialog', (d) => { dialogs.push(d.message()); d.dismiss(); });
await page.getByRole('treeitem', { name: /hostile/ }).first().waitFor();
const links = await registrations(page);
const [name, base] = Object.entries(links).find(([n]) => n.includes('hostile'));

// intact fails when something of the fixture ran or became an element.
async function intact(where) {
  for (const frame of page.frames()) {
    const found = await frame.evaluate(() => ({
      hacked: window.hacked ?? null,
      injected: [...document.querySelectorAll('img[src=x], [onerror], script:not([src])')].map((e) => e.outerHTML.slice(0, 120)),
    })).catch((e) => { // a sandboxed preview has no scripts to ask
      if (frame === page.mainFrame()) throw e;
      return { hacked: null, injected: [] };
    });
    equal(found.hacked, null, `${where}: hacked`);
    if (frame === page.mainFrame()) equal(found.injected, [], `${where}: injected`);
  }
}

test('the scope is text', async () => {
  ok(name.includes('script'), `the tree shows ${name}`);
  await intact('tree');
});

test('every view', async () => {
  for (const p of panels) {
    await page.goto(new URL(base + p, page.url()).href);
    await page.waitForTimeout(200);
    await intact(p || 'overview');
  }
});

test('every cache and every entry, with its preview', async () => {
  await page.goto(new URL(base + '/caches', page.url()).href);
  const list = page.getByRole('region', { name: 'Caches', exact: true }).locator('li a');
  await until(async () => (await list.count()) >= 7, 'the caches are listed');
  const caches = await list.evaluateAll((as) => [...new Set(as.map((a) => a.href))]);
  ok(caches.length >= 7, `only ${caches.length} caches are linked: ${caches}`);
  let visited = 0;
  for (const c of caches) {
    await page.goto(c);
    await intact(c);
    await page.locator('main a[href*="entry="]').first().waitFor();
    const entries = await page.locator('main a[href*="entry="]').evaluateAll((as) => [...new Set(as.map((a) => a.href))]);
    for (const e of entries.slice(0, 8)) {
      await page.goto(e);
      await page.waitForTimeout(100);
      await intact(e);
      visited++;
    }
  }
  ok(visited >= 3 * caches.length, `only ${visited} entries were looked at in ${caches.length} caches`);
});

test('the filter and the address bar', async () => {
  for (const q of ['<img src=x onerror=hacked=1>', '"><script>hacked=1</script>', 'url:"<b>"']) {
    await page.goto(new URL(base + '/timeline?filter=' + encodeURIComponent(q), page.url()).href);
    await intact('filter ' + q);
    await page.goto(new URL('/b/' + encodeURIComponent(q), page.url()).href);
    await intact('path ' + q);
  }
});

test('the page has a policy that would have stopped it anyway', async () => {
  const response = await page.goto(new URL(base, page.url()).href);
  const policy = response.headers()['content-security-policy'] ?? '';
  ok(/default-src 'none'|default-src 'self'/.test(policy), `policy: ${policy}`);
  ok(!/unsafe-inline|unsafe-eval/.test(policy), `policy: ${policy}`);
  equal(response.headers()['x-content-type-options'], 'nosniff');
});

test('another site can neither read nor act', async () => {
  const target = new URL('/', page.url()).href;
  const stranger = await look({}, (await import('./world.mjs')).world.origin + '/plain/');
  const read = await stranger.evaluate((u) => fetch(u + 'events').then((r) => 'read ' + r.status, (e) => 'refused'), target);
  ok(read !== 'read 200', `another origin reads the page: ${read}`);
  const act = await stranger.evaluate((u) => fetch(u + 'attach', { method: 'POST', mode: 'no-cors', body: new URLSearchParams({ endpoint: '1' }) }).then((r) => r.type, () => 'refused'), target);
  equal(act, 'refused', 'a post from another origin');
  const posted = await fetch(target + 'attach', { method: 'POST', headers: { origin: 'http://evil.example' }, body: new URLSearchParams({ endpoint: '1' }) });
  equal(posted.status, 403, 'a post with another origin');
  const untokened = await fetch(target + 'attach', { method: 'POST', body: new URLSearchParams({ endpoint: '1' }) });
  equal(untokened.status, 403, 'a post without the token');
  const rebound = await new Promise((resolve, reject) => {
    import('node:http').then(({ default: http }) => http.get(target, { headers: { host: 'evil.example' } }, (r) => { r.resume(); resolve(r.statusCode); }).on('error', reject));
  });
  ok(rebound >= 400, `a rebound name gets ${rebound}`);
});

test('no dialog, no exception, no breach of the policy', async () => {
  equal(dialogs, [], 'dialogs');
  equal(page.problems.filter((p) => !/404|400/.test(p)), [], 'problems');
});

await run();
