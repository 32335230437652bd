// One worker with every kind of answer.
const cacheName = 'shell';
self.greeting = 'hello from the worker';
addEventListener('install', (event) => {
  skipWaiting();
  event.waitUntil(caches.open(cacheName).then((cache) => cache.put('/cached.txt', new Response('from the cache', { headers: { 'Content-Type': 'text/plain' } }))));
});
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => {
  const { pathname } = new URL(event.request.url);
  if (pathname === '/made.txt') event.respondWith(new Response('made by the worker', { headers: { 'Content-Type': 'text/plain', 'X-From': 'worker' } }));
  if (pathname === '/cached.txt') event.respondWith(caches.match('/cached.txt'));
  if (pathname === '/passed.txt') event.respondWith(fetch('/plain.txt'));
  if (pathname === '/refused.txt') event.respondWith(Promise.reject(new Error('refused')));
});
addEventListener('message', (event) => {
  if (event.data === 'log') { console.log('the worker was told', event.data); return; }
  event.source.postMessage({ echo: event.data });
});
