let inMemory = 0;

addEventListener('install', () => skipWaiting());
addEventListener('activate', event => event.waitUntil(clients.claim()));

addEventListener('fetch', event => {
  switch (new URL(event.request.url).pathname) {
    case '/count/global':
      return event.respondWith(Response.json({ count: ++inMemory }));
    case '/count/kept':
      return event.respondWith(countInCache());
  }
});

async function countInCache() {
  const cache = await caches.open('state');
  const before = await cache.match('/state/count');
  const count = 1 + (before ? Number(await before.text()) : 0);
  await cache.put('/state/count', new Response(String(count)));
  return Response.json({ count });
}
