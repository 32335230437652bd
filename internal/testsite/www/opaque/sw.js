// opaque worker, version __VERSION__
const VERSION = __VERSION__;
addEventListener('install', (event) => { event.waitUntil(caches.open('opaque-v' + VERSION)); });
addEventListener('activate', () => {});
addEventListener('fetch', (event) => {
  if (new URL(event.request.url).pathname === '/opaque/synth') event.respondWith(new Response('opaque ' + VERSION));
});
addEventListener('message', (event) => { if (event.data === 'skipWaiting') skipWaiting(); });
