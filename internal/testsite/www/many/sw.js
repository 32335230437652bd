// many worker, version __VERSION__
addEventListener('fetch', (event) => { if (event.request.url.endsWith('/synth')) event.respondWith(new Response('many')); });
