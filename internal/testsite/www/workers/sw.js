// workers worker, version __VERSION__
const VERSION = __VERSION__;
addEventListener('install', (event) => { event.waitUntil(caches.open('workers-v' + VERSION)); });
addEventListener('activate', () => {});
addEventListener('fetch', (event) => {
  if (new URL(event.request.url).pathname === '/workers/synth') event.respondWith(new Response('workers ' + VERSION));
});
addEventListener('message', (event) => { if (event.data === 'skipWaiting') skipWaiting(); });
