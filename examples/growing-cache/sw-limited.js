const LIMIT = 20;

addEventListener('activate', event => event.waitUntil(clients.claim()));

addEventListener('fetch', event => {
  if (event.request.url.includes('/products/')) event.respondWith(answer(event));
});

async function answer(event) {
  const cache = await caches.open('products');
  const response = new Response('product of ' + event.request.url);
  await cache.put(event.request, response.clone());
  event.waitUntil(trim(cache));
  return response;
}

// Entries are in the order in which they were put: the first ones are the oldest.
async function trim(cache) {
  const keys = await cache.keys();
  for (const key of keys.slice(0, Math.max(0, keys.length - LIMIT))) await cache.delete(key);
}
