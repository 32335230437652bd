// simple worker, version __VERSION__
const VERSION = __VERSION__;
addEventListener('install', (event) => {
  event.waitUntil(caches.open('simple-v' + VERSION).then((cache) => cache.put('/simple/offline', new Response('offline ' + VERSION, { headers: { 'content-type': 'text/plain' } }))));
});
addEventListener('activate', () => {});
const seen = [];
addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (url.pathname === '/simple/synth') {
    event.respondWith(new Response('synth ' + VERSION));
  } else if (url.pathname === '/simple/seen') {
    event.respondWith(new Response(JSON.stringify(seen)));
  } else if (url.pathname === '/simple/through') {
    event.respondWith(fetch('/simple/answer'));
  }
});
addEventListener('push', (event) => { if (event.data?.text() === 'throw') throw new Error('the push handler threw'); seen.push(['push', event.data ? event.data.text() : null]); });
addEventListener('sync', (event) => { seen.push(['sync', event.tag]); });
addEventListener('periodicsync', (event) => { seen.push(['periodicsync', event.tag]); });
addEventListener('message', (event) => {
  if (event.data === 'skipWaiting') skipWaiting();
  if (event.data === 'claim') event.waitUntil(clients.claim());
});
