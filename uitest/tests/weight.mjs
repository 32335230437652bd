// Scripts and styles of a first visit weigh at most 60 KB on the wire.
import { look, ok, run, test } from './world.mjs';
import { panels, populate } from './pages.mjs';

const limit = 60 * 1024;
const { links } = await populate(['simple']);

// weigh loads one page with an empty HTTP cache.
async function weigh(path) {
  const page = await look();
  const client = await page.context().newCDPSession(page);
  await client.send('Network.enable');
  await client.send('Network.clearBrowserCache');
  const kinds = new Map(), sizes = new Map();
  client.on('Network.requestWillBeSent', (e) => kinds.set(e.requestId, [e.type, e.request.url]));
  client.on('Network.loadingFinished', (e) => sizes.set(e.requestId, e.encodedDataLength));
  await page.goto(new URL(path, page.url()).href, { waitUntil: 'load' });
  await page.waitForTimeout(700); // what scripts ask for later; the stream never ends
  const parts = [];
  for (const [id, [kind, url]] of kinds) {
    if (['Script', 'Stylesheet', 'Font', 'Other'].includes(kind)) parts.push([sizes.get(id) ?? 0, new URL(url).pathname]);
  }
  await page.context().close();
  return parts.sort((a, b) => b[0] - a[0]);
}

for (const p of ['/start', ...panels.map((p) => Object.values(links)[0] + p)]) {
  test(p, async () => {
    const parts = await weigh(p);
    const sum = parts.reduce((n, [size]) => n + size, 0);
    console.log(`     ${(sum / 1024).toFixed(1)} KB of scripts and styles`);
    ok(parts.length > 1 && sum > 1000, `nothing was weighed: ${JSON.stringify(parts)}`);
    if (!p.endsWith('/source')) ok(sum <= limit, `more than ${limit / 1024} KB: ${JSON.stringify(parts)}`);
  });
}

await run();
