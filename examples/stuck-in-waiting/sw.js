const VERSION = 'v1';

// The first version takes the page that registered it; those after it wait.
addEventListener('activate', event => event.waitUntil(clients.claim()));

addEventListener('fetch', event => {
  if (new URL(event.request.url).pathname === '/version') event.respondWith(new Response(VERSION));
});
