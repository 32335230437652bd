// What swinspect shows without a word: the demo site on its engine. Every panel has
// something to say, a fetch is explained, and the new version can be let in.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { equal, look, ok, run, test, until } from './world.mjs';
import { registrations } from './pages.mjs';
import { everywhere } from './violations.mjs';

const page = await look({ reducedMotion: 'reduce' });
await page.getByRole('treeitem', { name: /waiting/ }).first().waitFor();
const base = (await registrations(page))['/'];
const open = (panel) => page.goto(new URL(base + panel, page.url()).href);

test('both registrations are there, and one waits', async () => {
  equal(Object.keys(await registrations(page)).sort(), ['/', '/help/']);
  await page.getByRole('heading', { name: /Why is #\d+ waiting\?/ }).waitFor();
});

test('caches, routes, source and timeline have something to show', async () => {
  await open('/caches');
  await page.getByText('shell-v1').first().waitFor();
  await open('/routes');
  await page.getByText('/news/*').first().waitFor();
  await open('/timeline');
  await page.getByText('installing').first().waitFor();
  await open('/source');
  await until(async () => /addEventListener|importScripts/.test(await page.locator('main').innerText()), 'the source of the worker', 10_000);
});

// story opens the explanation of a request and gives its drawer.
async function story(url) {
  await open('/explain?filter=kind:fetch');
  await page.getByRole('link', { name: url }).first().click();
  const drawer = page.locator('#drawer');
  await drawer.locator('.chain').waitFor();
  return drawer;
}

test('a fetch is explained: the lookup, the network, the cache write, in its own story', async () => {
  const told = await (await story(/\/api\/tides/)).innerText();
  for (const word of ['Handle Fetch', 'no route matches', 'the network', 'stored', 'the worker responded']) ok(told.includes(word), `${word} is not in: ${told}`);
  const link = page.locator('#drawer .chain a[href*="#"]').first();
  ok(/w3c\.github\.io\/ServiceWorker\/|www\.w3\.org|github\.io/.test(await link.getAttribute('href')), 'a link to the specification');
});

test('the story is where one looks, wide and narrow', async () => {
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 800 });
    await story(/\/api\/tides/);
    await page.waitForTimeout(200); // the focus moves into the drawer, and the page with it
    const box = await page.locator('#drawer h2').boundingBox();
    ok(box && box.y >= 0 && box.y < 700 && box.x >= 0 && box.x + box.width <= width, `at ${width}: ${JSON.stringify(box)}`);
    if (process.env.SHOTS && width === 1280) {
      await mkdir(process.env.SHOTS, { recursive: true });
      await page.waitForTimeout(300);
      await writeFile(path.join(process.env.SHOTS, 'explain.png'), await page.screenshot());
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('axe finds nothing on the explained fetch', async () => {
  await story(/\/api\/tides/);
  const found = await everywhere(page);
  ok(found.length === 0, '\n    ' + found.join('\n    '));
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('a push reaches the worker', async () => {
  await open('');
  await page.getByRole('button', { name: 'Push…' }).click();
  await page.locator('#pop-push button[type=submit]').click();
  await page.getByText(/confirmed|handlers finished/).first().waitFor();
});

test('skip waiting lets the new version in', async () => {
  await open('');
  await page.getByRole('button', { name: /skip waiting/i }).first().click();
  await until(async () => !/waiting/.test(await page.getByRole('treeitem', { name: /^\/ / }).first().innerText()), 'the wait over', 10_000);
});

test('nothing went wrong on the page', async () => equal(page.problems, []));

await run();
