// Cache first, for pages too; scripts are left to the browser.
addEventListener('activate', event => event.waitUntil(clients.claim()));

addEventListener('fetch', event => {
  if (event.request.mode === 'navigate') event.respondWith(cacheFirst(event.request));
});

async function cacheFirst(request) {
  const cache = await caches.open('pages');
  const cached = await cache.match(request);
  if (cached) return cached;
  const response = await fetch(request);
  await cache.put(request, response.clone());
  return response;
}
