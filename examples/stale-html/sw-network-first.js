addEventListener('activate', event => event.waitUntil(clients.claim()));

addEventListener('fetch', event => {
  const path = new URL(event.request.url).pathname;
  if (event.request.mode === 'navigate' || path.startsWith('/app.')) event.respondWith(networkFirst(event.request));
});

async function networkFirst(request) {
  const cache = await caches.open('pages');
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const cached = await cache.match(request);
    if (cached) return cached;
    throw error;
  }
}
