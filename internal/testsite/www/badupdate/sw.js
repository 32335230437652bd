// badupdate worker, version __VERSION__
const VERSION = __VERSION__;
addEventListener('install', (event) => { event.waitUntil(caches.open('badupdate-v' + VERSION)); });
addEventListener('activate', () => {});
addEventListener('fetch', (event) => {
  if (new URL(event.request.url).pathname === '/badupdate/synth') event.respondWith(new Response('badupdate ' + VERSION));
});
addEventListener('message', (event) => { if (event.data === 'skipWaiting') skipWaiting(); });
