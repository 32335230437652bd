// routes worker, version __VERSION__
addEventListener('install', (event) => {
  event.waitUntil(Promise.all([
    caches.open('routed').then((cache) => cache.put('/routes/cached', new Response('from the cache'))),
    event.addRoutes([
      { condition: { urlPattern: '/routes/network/*' }, source: 'network' },
      { condition: { urlPattern: '/routes/cached', requestMethod: 'GET' }, source: { cacheName: 'routed' } },
      { condition: { or: [{ requestDestination: 'image' }, { urlPattern: { pathname: '/routes/*.png' } }] }, source: 'cache' },
      { condition: { requestMode: 'same-origin', runningStatus: 'running' }, source: 'fetch-event' },
      { condition: { urlPattern: '/routes/race' }, source: 'race-network-and-fetch-handler' },
      { condition: { not: { requestMode: 'navigate' } }, source: 'fetch-event' }, // "not" allows nothing beside it
    ]),
  ]));
});
addEventListener('fetch', (event) => { if (event.request.url.endsWith('/synth')) event.respondWith(new Response('routes')); });
