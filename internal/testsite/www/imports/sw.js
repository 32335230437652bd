// imports worker, version __VERSION__
importScripts('/imports/lib-a.js', '/imports/lib-b.js');
addEventListener('fetch', (event) => { if (event.request.url.endsWith('/synth')) event.respondWith(new Response(libA() + libB())); });
