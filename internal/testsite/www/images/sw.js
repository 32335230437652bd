// images worker, version __VERSION__
const VERSION = __VERSION__;
addEventListener('install', (event) => { event.waitUntil(caches.open('images-v' + VERSION)); });
addEventListener('activate', () => {});
addEventListener('fetch', (event) => {
  if (new URL(event.request.url).pathname === '/images/synth') event.respondWith(new Response('images ' + VERSION));
});
addEventListener('message', (event) => { if (event.data === 'skipWaiting') skipWaiting(); });
