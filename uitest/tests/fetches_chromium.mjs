// The Fetches panel over a real browser that is attached to: what its pages request, how
// that met the worker, and what follows from it.
import { equal, inspected, look, ok, run, test, until, world } from './world.mjs';
import { registrations } from './pages.mjs';

const opened = await inspected.open('vary');
const page = await look({ reducedMotion: 'reduce' });
await page.getByRole('treeitem', { name: /vary/ }).first().waitFor();
const base = Object.entries(await registrations(page)).find(([scope]) => scope.includes('vary'))[1];
await page.goto(new URL(`${base}/fetches`, page.url()).href);
const rows = page.locator('#fx-tw tbody tr:not(.pad)');

test('requests of a controlled page are shown with their decision', async () => {
  await page.getByRole('button', { name: 'Watching' }).waitFor();
  await inspected.reload(opened);
  await rows.first().waitFor();
  const text = await page.locator('#fx-tw').innerText();
  ok(/responded|fell through|no handler|not controlled|route/.test(text), text);
});

test('what is concluded says so', async () => {
  await rows.first().locator('a').click();
  const chain = page.locator('#drawer .chain');
  await chain.waitFor();
  ok(/seen|inferred/.test(await chain.innerText()), await chain.innerText());
});

test('a request is made again through the page', async () => {
  await page.locator('#open-edit').click();
  await page.locator('#rp-run').selectOption({ label: await page.locator('#rp-run option', { hasText: 'through' }).first().innerText() });
  await page.locator('#rp-url').fill(`${world.origin}/again-from-here`);
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('#rp-res').getByRole('row', { name: /status/ }).waitFor();
});

test('a worker that answers from the network is asked why: the caches, and Vary', async () => {
  await page.locator('#drawer-x').click();
  await inspected.eval(opened, 'fetch(location.href, { headers: { "X-Nothing": "1" } }).then(() => "ok")');
  await until(async () => (await rows.count()) > 1, 'another row');
});

test('a request is confirmed on the engine, with the scripts and caches of the browser', async () => {
  await rows.first().locator('a').click();
  await page.locator('#open-edit').click();
  await page.locator('#rp-run').selectOption('engine');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('#rp-res').getByText(/Trace of the engine|not sent/).first().waitFor({ timeout: 30_000 });
  ok(/Trace of the engine/.test(await page.locator('#rp-res').innerText()), await page.locator('#rp-res').innerText());
});

test('nothing went wrong on the page', async () => equal(page.problems, []));

await run();
