addEventListener('activate', event => event.waitUntil(clients.claim()));

addEventListener('fetch', event => {
  if (event.request.url.includes('/products/')) event.respondWith(answer(event));
});

async function answer(event) {
  const cache = await caches.open('products');
  const response = new Response('product of ' + event.request.url);
  await cache.put(event.request, response.clone());
  return response;
}
