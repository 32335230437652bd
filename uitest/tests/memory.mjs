// What a cache of 10,000 entries costs the page that shows it.
import { inspected, look, metric, ok, run, test } from './world.mjs';
import { registrations } from './pages.mjs';

await inspected.open('cache?n=10000');
const page = await look();
const client = await page.context().newCDPSession(page);
await client.send('Performance.enable');
await client.send('HeapProfiler.enable');

async function cost() {
  await client.send('HeapProfiler.collectGarbage');
  const { metrics } = await client.send('Performance.getMetrics');
  const of = (name) => metrics.find((m) => m.name === name).value;
  return { heap: of('JSHeapUsedSize') / 2 ** 20, nodes: of('Nodes') };
}

test('10,000 entries', async () => {
  const base = Object.entries(await registrations(page)).find(([n]) => n.includes('cache'))[1];
  await page.goto(new URL(base + '/caches', page.url()).href);
  const before = await cost();
  const began = performance.now();
  await page.getByRole('link', { name: /large 10000/ }).first().click();
  await page.getByText(/10[, \u202f]?000/).first().waitFor({ timeout: 60_000 });
  await page.getByRole('row').nth(20).waitFor({ timeout: 60_000 });
  metric('ms-first-look', (performance.now() - began).toFixed(0));
  const after = await cost();
  ok(after.nodes > 0 && after.heap > 0, JSON.stringify(after));
  metric('MB-page-heap', after.heap.toFixed(1));
  metric('MB-page-heap-more', (after.heap - before.heap).toFixed(1));
  metric('dom-nodes', after.nodes);
  const again = performance.now();
  await page.goto(page.url() + (page.url().includes('?') ? '&' : '?') + 'filter=' + encodeURIComponent('status:203'));
  await page.getByRole('row').nth(20).waitFor();
  metric('ms-filtered', (performance.now() - again).toFixed(0));
});

await run();
