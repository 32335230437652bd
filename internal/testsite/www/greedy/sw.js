// greedy worker, version __VERSION__: answers for the whole origin, by network
addEventListener('fetch', (event) => event.respondWith(fetch(event.request)));
addEventListener('message', (event) => { if (event.data === 'claim') event.waitUntil(clients.claim()); });
