// One rival that runs in Node: `node rivals.mjs miniflare|mock ORIGIN KIND`.
// Each line on standard input is a number of fetch events; a line "done" answers it.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import vm from 'node:vm';

const [rival, origin, kind] = process.argv.slice(2);
const url = origin + '/api/x';
const inFlight = 8; // as the page that the browsers show

// Miniflare's workers have no install event and no caches.match: the first fetch
// fills its default cache, which stores only what may be cached.
async function miniflare() {
  const { Miniflare } = await import('miniflare');
  const script = `addEventListener('fetch', e => e.respondWith(${{
    synthetic: `new Response('x')`,
    cache: `(async () => {
      const hit = await caches.default.match(e.request);
      if (!hit) await caches.default.put(e.request, new Response('x', { headers: { 'cache-control': 'max-age=86400' } }));
      return hit ?? new Response('first');
    })()`,
    passthrough: `fetch(e.request)`,
  }[kind]}))`;
  const mf = new Miniflare({ script, compatibilityDate: '2026-07-01' });
  await mf.ready;
  const once = async () => (await mf.dispatchFetch(url)).text();
  await once(); // fills the cache
  if (await once() !== 'x') throw new Error('wrong answer');
  return once;
}

// service-worker-mock's fetch() meets no network, and its cache gives out one and
// the same Response, whose body can be read once: only the first is read.
async function mock() {
  const require = createRequire(import.meta.url);
  const self = require('service-worker-mock')({ locationUrl: origin + '/sw.js', locationBase: origin });
  Object.assign(globalThis, self, { self, fetch: require('service-worker-mock/fetch') });
  vm.runInThisContext({
    synthetic: `self.addEventListener('fetch', e => e.respondWith(new Response('x')))`,
    cache: `self.addEventListener('install', e => e.waitUntil(caches.open('c').then(c => c.put('/api/x', new Response('x')))));
      self.addEventListener('fetch', e => e.respondWith(caches.match(e.request)))`,
    passthrough: `self.addEventListener('fetch', e => e.respondWith(fetch(e.request)))`,
  }[kind]);
  if (kind === 'cache') await self.trigger('install');
  if (!(await (await self.trigger('fetch', url)).text())) throw new Error('no answer');
  return () => self.trigger('fetch', url);
}

const once = await { miniflare, mock }[rival]();
if (!(await once())) throw new Error('no answer');
console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  let left = Number(line);
  const lane = async () => { while (left-- > 0) await once(); };
  await Promise.all(Array.from({ length: inFlight }, lane));
  console.log('done');
}
process.exit();
