// The Replay panel: a recording of the demo, replayed as it was and with another script.
import { equal, look, ok, run, test, until } from './world.mjs';
import { registrations } from './pages.mjs';
import { everywhere } from './violations.mjs';

const page = await look({ reducedMotion: 'reduce' });
await page.getByRole('treeitem', { name: /waiting/ }).first().waitFor();
const base = (await registrations(page))['/'];
const go = (path) => page.goto(new URL(path, page.url()).href);

async function record(name) {
  await go(`${base}/fetches`);
  await page.locator('#open-record').click();
  await page.locator('#pop-record').getByLabel(/^File/).fill(name);
  await page.locator('#pop-record').getByRole('button', { name: 'Record' }).click();
  await page.locator('#record .recording').waitFor();
  await go(base);
  await page.getByRole('button', { name: /^Reload / }).first().click();
  await go(`${base}/fetches`);
  await page.locator('#fx-tw tbody a[title*="/api/forecast"]').first().waitFor();
  await page.waitForTimeout(1500); // what the page does after it has loaded
  await page.locator('#record .recording').click();
  await page.locator('#foot-last').getByText(`saved, ${name}`).waitFor();
}

const through = () => until(async () => !(await page.locator('#prog progress').count()) && /event/.test(await page.locator('#prog').innerText()), 'the end of the replay', 60_000);

test('without a recording it says how to get one', async () => {
  await go('/replay');
  await page.getByText(/no recording to replay yet/).waitFor();
});

test('as recorded', async () => {
  await record('demo.swrec');
  await go('/replay?recording=demo.swrec');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.waitForURL(/run=/);
  await through();
  ok(/equal/.test(await page.locator('#prog').innerText()), await page.locator('#prog').innerText());
});

test('another script: what differs, and how', async () => {
  await page.getByLabel('pasted').check();
  await page.getByLabel('Script source').fill(`
    self.addEventListener('fetch', (e) => {
      if (e.request.url.includes('/api/forecast')) e.respondWith(new Response('{"replayed":true}', { status: 203, headers: { 'Content-Type': 'application/json', 'X-New': 'yes' } }));
    });`);
  const before = page.url();
  await page.getByRole('button', { name: 'Run again' }).click();
  await page.waitForURL((u) => u.href !== before);
  await through();
  const row = page.locator('#results-tw tbody tr', { hasText: '/api/forecast' }).first();
  await row.getByText('different').waitFor();
  ok(/203/.test(await row.innerText()), await row.innerText());
  await row.locator('a').click();
  const cmp = page.locator('#cmp');
  await cmp.getByRole('cell', { name: '203' }).waitFor();
  await cmp.getByText('replayed').first().waitFor();
  await page.locator('#cmp-headers').click();
  await cmp.getByRole('row', { name: /x-new/ }).waitFor();
  await page.locator('#cmp-trace').click();
  await cmp.locator('.chain').first().waitFor();
});

test('axe finds nothing', async () => {
  const found = await everywhere(page);
  ok(found.length === 0, '\n    ' + found.join('\n    '));
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('what cannot be is refused with its reason', async () => {
  await go('/replay');
  await page.getByLabel('pasted').check();
  await page.getByLabel('Script source').fill(' ');
  await page.getByRole('button', { name: /^Run/ }).click();
  await page.getByRole('alert').filter({ hasText: /paste a script/ }).waitFor();
});

test('nothing went wrong on the page', async () => equal(page.problems, []));

await run();
