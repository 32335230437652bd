// cache worker, version __VERSION__
const VERSION = __VERSION__;
addEventListener('install', (event) => { event.waitUntil(caches.open('cache-v' + VERSION)); });
addEventListener('activate', () => {});
addEventListener('fetch', (event) => {
  if (new URL(event.request.url).pathname === '/cache/synth') event.respondWith(new Response('cache ' + VERSION));
});
addEventListener('message', (event) => { if (event.data === 'skipWaiting') skipWaiting(); });
