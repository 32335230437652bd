addEventListener('install', (event) => { event.waitUntil(caches.open('x').then((c) => c.addAll(['/status/404']))); });
