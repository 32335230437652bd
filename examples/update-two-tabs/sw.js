const VERSION = 'v1';

addEventListener('activate', event => event.waitUntil(clients.claim()));

addEventListener('message', event => {
  if (event.data === 'skip waiting') skipWaiting();
});

addEventListener('fetch', event => {
  if (new URL(event.request.url).pathname === '/version') event.respondWith(new Response(VERSION));
});
