// claim worker, version __VERSION__
addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => { event.waitUntil(clients.claim()); });
addEventListener('fetch', (event) => { if (event.request.url.endsWith('/synth')) event.respondWith(new Response('claim __VERSION__')); });
