addEventListener('activate', event => event.waitUntil(clients.claim()));

addEventListener('fetch', event => {
  if (new URL(event.request.url).origin !== location.origin) event.respondWith(keep(event.request));
});

async function keep(request) {
  const cache = await caches.open('images');
  const response = await fetch(request);
  await cache.put(request, response.clone());
  return response;
}
