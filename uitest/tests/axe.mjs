// axe-core finds nothing on any page: light and dark, wide and narrow.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { look, ok, run, test } from './world.mjs';
import { panels, populate } from './pages.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const { links } = await populate();
const addresses = ['/start', '/no/such/page'];
for (const [name, base] of Object.entries(links)) {
  for (const p of panels) {
    // Every panel of the worker that waits; of the others those that they fill.
    if (name.includes('simple') || p === '' || p === '/caches' || (p === '/routes' && name.includes('routes')) || (p === '/errors' && name.includes('errors'))) {
      addresses.push(base + p);
    }
  }
}

async function violations(page) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  const found = await page.evaluate(async (tags) => {
    const { violations } = await window.axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] });
    return violations.map((v) => ({ ...v, nodes: v.nodes.slice(0, 4) }));
  }, tags);
  return found.map((v) => `${v.id} (${v.impact}): ${v.help}\n` + v.nodes
    .map((n) => `      ${n.target.join(' ')} ${n.html.slice(0, 160)}\n        ${n.any[0]?.message ?? n.all[0]?.message ?? ''}`).join('\n'));
}

const page = await look({ reducedMotion: 'reduce' });

// One load a page: what differs by theme and width is styles.
for (const a of addresses) {
  test(a, async () => {
    await page.goto(new URL(a, page.url()).href);
    const found = [];
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 800 });
        for (const v of await violations(page)) found.push(`${colorScheme}, ${width}: ${v}`);
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wider > 0) found.push(`${colorScheme}, ${width}: the page is ${wider} px wider than the window`);
      }
    }
    ok(found.length === 0, '\n    ' + found.join('\n    '));
  });
}

test('axe finds what is wrong when something is', async () => {
  await page.evaluate(() => { document.querySelector('main').append(Object.assign(document.createElement('button'), { className: 'btn' })); });
  ok((await violations(page)).some((v) => v.startsWith('button-name')), 'a button without a name was not found');
});

test('it looked at enough', async () => ok(addresses.length > 15, `only ${addresses.length} pages: ${addresses}`));

await run();
