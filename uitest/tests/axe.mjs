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
  await page.evaluate(axe);
  const result = await page.evaluate((tags) => window.axe.run(document, { runOnly: { type: 'tag', values: tags } }), tags);
  return result.violations.map((v) => `${v.id} (${v.impact}): ${v.help}\n${v.nodes.slice(0, 4).map((n) => '      ' + n.target.join(' ') + ' ' + n.html.slice(0, 160) + (n.any[0]?.message ? '\n        ' + n.any[0].message : '')).join('\n')}`);
}

for (const colorScheme of ['light', 'dark']) {
  for (const width of [1280, 390]) {
    test(`${colorScheme} at ${width}: ${addresses.length} pages`, async () => {
      const page = await look({ colorScheme, viewport: { width, height: 800 }, reducedMotion: 'reduce' });
      const found = [];
      for (const a of addresses) {
        await page.goto(new URL(a, page.url()).href);
        for (const v of await violations(page)) found.push(`${a}: ${v}`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0) found.push(`${a}: the page is ${wide} px wider than the window`);
      }
      await page.context().close();
      ok(found.length === 0, '\n    ' + found.join('\n    '));
    });
  }
}

test('axe finds what is wrong when something is', async () => {
  const page = await look();
  await page.evaluate(() => { document.querySelector('main').append(Object.assign(document.createElement('button'), { className: 'btn' })); });
  ok((await violations(page)).some((v) => v.startsWith('button-name')), 'a button without a name was not found');
});

test('it looked at enough', async () => ok(addresses.length > 15, `only ${addresses.length} pages: ${addresses}`));

await run();
