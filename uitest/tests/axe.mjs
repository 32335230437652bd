// axe-core finds nothing on any page: light and dark, wide and narrow.
import { look, ok, run, test } from './world.mjs';
import { panels, populate } from './pages.mjs';
import { everywhere, violations } from './violations.mjs';

const { links } = await populate();
const addresses = ['/start', '/no/such/page', '/scripts', '/b/1/debug'];
for (const [name, base] of Object.entries(links)) {
  for (const p of panels) {
    // Every panel of the worker that waits; of the others those that they fill.
    if (name.includes('simple') || p === '' || p === '/caches' || (p === '/routes' && name.includes('routes')) || (p === '/errors' && name.includes('errors'))) {
      addresses.push(base + p);
    }
  }
}

const page = await look({ reducedMotion: 'reduce' });

for (const a of addresses) {
  test(a, async () => {
    await page.goto(new URL(a, page.url()).href);
    const found = await everywhere(page);
    ok(found.length === 0, '\n    ' + found.join('\n    '));
  });
}

test('axe finds what is wrong when something is', async () => {
  await page.evaluate(() => { document.querySelector('main').append(Object.assign(document.createElement('button'), { className: 'btn' })); });
  ok((await violations(page)).some((v) => v.startsWith('button-name')), 'a button without a name was not found');
});

test('it looked at enough', async () => ok(addresses.length > 15, `only ${addresses.length} pages: ${addresses}`));

await run();
