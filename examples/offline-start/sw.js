const SHELL = 'shell-1';

addEventListener('install', event => {
  event.waitUntil(caches.open(SHELL).then(cache => cache.addAll(['/', '/app.js', '/offline.html'])));
});

addEventListener('activate', event => event.waitUntil(clients.claim()));

addEventListener('fetch', event => {
  event.respondWith(answer(event.request));
});

async function answer(request) {
  const cached = await caches.match(request);
  if (cached) return cached;
  try {
    return await fetch(request);
  } catch (error) {
    if (request.mode === 'navigate') return caches.match('/offline.html');
    throw error;
  }
}
