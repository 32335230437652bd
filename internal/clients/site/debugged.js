// A worker that a debugger stops.
const version = 'v1';
addEventListener('install', (event) => event.waitUntil(skipWaiting()));
addEventListener('activate', (event) => event.waitUntil(clients.claim()));

async function answer(request) {
  let { pathname } = new URL(request.url);
  const known = await caches.match(pathname);
  const words = known ? ['cached'] : ['made', version];
  return new Response(`${words.join(' ')}: ${pathname}`);
}

addEventListener('fetch', (event) => {
  if (event.request.mode !== 'navigate') event.respondWith(answer(event.request));
});
