// The Fetches panel over the demo site on the engine: rows as they come, the filter, the
// details with the chain of decisions, and a request that is made again.
import { equal, look, ok, run, test, until } from './world.mjs';
import { registrations } from './pages.mjs';
import { everywhere } from './violations.mjs';

const page = await look({ reducedMotion: 'reduce' });
await page.getByRole('treeitem', { name: /waiting/ }).first().waitFor();
const base = (await registrations(page))['/'];
const open = (query = '') => page.goto(new URL(`${base}/fetches${query}`, page.url()).href);
const rows = page.locator('#fx-tw tbody tr:not(.pad)');
const row = (url) => page.locator(`#fx-tw tbody a[title*="${url}"]`).first();

test('an engine is watched from its first request, and rows come as requests are made', async () => {
  await open();
  await row('/sw.js').waitFor();
  await page.getByRole('button', { name: 'Watching' }).waitFor();
  const before = await rows.count();
  await page.goto(new URL(base, page.url()).href);
  await page.getByRole('button', { name: /^Reload / }).first().click();
  await open();
  await row('/api/tides').waitFor();
  await until(async () => (await rows.count()) > before, 'more requests');
  await until(async () => (await rows.count()) >= 8, 'eight requests');
  const text = await page.locator('#fx-tw').innerText();
  for (const word of ['responded', 'fell through', 'route', 'network', 'shell-v1']) ok(text.includes(word), `${word} is not in ${text}`);
});

test('the filter speaks the language of the fetch log, and says what is wrong', async () => {
  const all = await rows.count();
  const field = page.getByRole('textbox', { name: 'Filter requests' }).or(page.getByRole('combobox', { name: 'Filter requests' }));
  await field.fill('source:cache is:intercepted');
  await field.press('Enter');
  await until(async () => (await rows.count()) < all, 'fewer rows');
  const sources = await page.locator('#fx-tw tbody tr:not(.pad) .src use').evaluateAll((all) => all.map((u) => u.getAttribute('href')));
  ok(sources.length > 0 && sources.every((s) => s === '#i-s-cache'), `sources ${sources}`);
  await field.fill('frob:1');
  await page.getByRole('alert').filter({ hasText: /unknown field frob.*known fields are.*decision/ }).waitFor();
  await open();
  await until(async () => (await rows.count()) >= all, 'all rows again');
});

test('columns sort', async () => {
  await page.getByRole('link', { name: 'URL', exact: true }).click();
  await page.locator('th[aria-sort=ascending]', { hasText: 'URL' }).waitFor();
  const urls = await page.locator('#fx-tw tbody a').evaluateAll((all) => all.map((a) => a.title));
  equal(urls, [...urls].sort(), 'by URL');
  await open();
});

test('a fetch is explained by the trace, with its request, response, timing and sub-requests', async () => {
  await row('/api/tides').click();
  const drawer = page.locator('#drawer');
  await drawer.locator('.chain').waitFor();
  const told = await drawer.innerText();
  for (const word of ['traced', 'Handle Fetch', 'no route matches', 'the worker responded']) ok(told.includes(word), `${word} is not in: ${told}`);
  await page.locator('#fd-request').click();
  await drawer.getByText('Headers').waitFor();
  await page.locator('#fd-response').click();
  await drawer.frameLocator('iframe').getByText(/station|tide|[{[]/i).first().waitFor();
  ok((await drawer.locator('iframe').getAttribute('sandbox')) === '', 'the preview is sandboxed');
  await page.locator('#fd-timing').click();
  await drawer.getByText('respondWith() settled').waitFor();
  await page.locator('#fd-sub').click();
  await drawer.locator('.subs').getByText(/api\/tides/).waitFor();
});

test('Escape closes the details and gives the focus back', async () => {
  await page.keyboard.press('Escape');
  await page.locator('#drawer[hidden]').waitFor({ state: 'attached' });
  await until(() => page.evaluate(() => document.activeElement?.title?.includes('/api/tides')), 'focus on the row');
});

test('a request is made again, edited by hand, on the engine and through a controlled page', async () => {
  await row('/api/forecast').click();
  await page.locator('#open-edit').click();
  await page.locator('#rp-url').fill('/nowhere-at-all');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('#rp-res').getByText('404').first().waitFor();
  await page.locator('#rp-run').selectOption({ index: 1 });
  await page.locator('#rp-headers').fill('x-edited: yes');
  await page.getByRole('button', { name: 'Send' }).click();
  await row('/nowhere-at-all').waitFor();
  await page.locator('#rp-url').fill('javascript:alert(1)');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('#rp-res').getByText(/not an http or https URL/).waitFor();
});

test('curl and fetch() are there to copy', async () => {
  const copies = await page.locator('#drawer [data-copy]').evaluateAll((all) => all.map((b) => b.dataset.copy));
  ok(copies.some((c) => c.startsWith("curl 'https://")), `${copies}`);
  ok(copies.some((c) => c.startsWith('fetch("https://')), `${copies}`);
});

test('G F leads here, and the arrows walk through the rows', async () => {
  await page.goto(new URL(base, page.url()).href);
  await page.keyboard.press('g');
  await page.keyboard.press('f');
  await page.waitForURL(/\/fetches/);
  await row('/api/tides').waitFor();
  await page.locator('#fx-tw tbody a').first().focus();
  await page.keyboard.press('ArrowDown');
  ok(await page.evaluate(() => document.activeElement.closest('tr')?.rowIndex >= 2), 'the second row');
});

test('axe finds nothing: the table, the details, the replay form', async () => {
  await open('?filter=url:forecast'); // few enough that the edge of the table cuts none of them
  await row('/api/forecast').click();
  await page.locator('#open-edit').click();
  await page.locator('#rp-url').waitFor();
  const found = await everywhere(page);
  ok(found.length === 0, '\n    ' + found.join('\n    '));
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('watching can be stopped and taken up again', async () => {
  await open();
  await page.getByRole('button', { name: 'Watching' }).click();
  await page.getByRole('button', { name: 'Watch', exact: true }).click();
  await page.getByRole('button', { name: 'Watching' }).waitFor();
});

test('nothing went wrong on the page', async () => equal(page.problems, []));

await run();
