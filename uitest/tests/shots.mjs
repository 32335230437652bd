// Pictures of the page in a state worth looking at: those of the README when
// $SHOTS names a folder, else only a check that there is something to see.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { equal, inspected, look, ok, run, test, update } from './world.mjs';
import { registrations } from './pages.mjs';

const folder = process.env.SHOTS;
if (folder) await mkdir(folder, { recursive: true });

// A worker with some life behind it, and a version that waits.
const simple = await inspected.open('simple');
await inspected.reload(simple);
for (const fixture of ['routes', 'imports', 'vary', 'opaque', 'cache?n=400&size=900', 'partitioned', 'errors']) await inspected.open(fixture);
await inspected.bump('simple');
await update(simple);
await inspected.eval(simple, 'navigator.serviceWorker.getRegistration().then(async r => { while (!r.waiting) await new Promise(f => setTimeout(f, 20)); r.waiting.postMessage("skipWaiting"); while (r.waiting) await new Promise(f => setTimeout(f, 20)) })');
await inspected.stop('simple');
await new Promise((f) => setTimeout(f, 1500));
await inspected.run('simple');
await inspected.bump('simple');
await update(simple);

const pages = {
  overview: ['simple', '', (page) => page.getByRole('heading', { name: /Why is #\d+ waiting\?/ }).waitFor()],
  timeline: ['simple', '/timeline', (page) => page.getByRole('region', { name: 'Changes table' }).waitFor()],
  caches: ['cache', '/caches', async (page) => {
    await page.getByRole('link', { name: /large 400/ }).first().click();
    await page.locator('html[data-ui-js]').waitFor(); // so that a click morphs
    await page.locator('main a[href*="entry="]').nth(3).click();
    await page.getByText('x-index').first().waitFor();
    // What a click morphs into place stands where a fresh load puts it.
    const place = () => page.locator('#drawer, #entries, #tester').evaluateAll((es) => es.map((e) => { const r = e.getBoundingClientRect(); return [e.id, r.x, r.y, r.width].map((n) => (typeof n === 'number' ? Math.round(n) : n)).join(' '); }));
    await page.waitForTimeout(300);
    const clicked = await place();
    await page.reload();
    await page.getByText('x-index').first().waitFor();
    equal(clicked, await place(), 'the panes after a click, and after a load');
  }],
  source: ['imports', '/source', (page) => page.getByText('importScripts').first().waitFor()],
  routes: ['routes', '/routes', (page) => page.getByRole('heading', { name: /routes/ }).first().waitFor()],
};

for (const [name, [scope, panel, ready]] of Object.entries(pages)) {
  for (const colorScheme of ['light', 'dark']) {
    test(`${name}, ${colorScheme}`, async () => {
      await inspected.run(scope); // it may have stopped by itself meanwhile
      const page = await look({ colorScheme, reducedMotion: 'reduce', viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.5 });
      await page.getByRole('treeitem', { name: new RegExp(scope) }).first().waitFor();
      const base = Object.entries(await registrations(page)).find(([n]) => n.includes(`/${scope}/`))[1];
      await page.goto(new URL(base + panel, page.url()).href);
      await ready(page);
      await page.waitForTimeout(400); // what is still on its way
      const png = await page.screenshot();
      ok(png.length > 20_000, `an almost empty picture: ${png.length} bytes`);
      if (folder) await writeFile(path.join(folder, colorScheme === 'light' ? `${name}.png` : `${name}-dark.png`), png);
      await page.context().close();
    });
  }
}

await run();
