// The worker that debuggers stop.
const version = 'v1';

addEventListener('install', (event) => {
  skipWaiting();
  event.waitUntil(caches.open(version).then((cache) => cache.put('/known', new Response('known'))));
});
addEventListener('activate', (event) => event.waitUntil(clients.claim()));

async function answer(request) {
  const { pathname } = new URL(request.url);
  const known = await caches.match(pathname);
  const words = known ? ['cached'] : ['made', version];
  return new Response(`${words.join(' ')}: ${pathname}`);
}

addEventListener('fetch', (event) => {
  if (event.request.mode !== 'navigate') event.respondWith(answer(event.request));
});
