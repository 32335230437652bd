// Tideline's service worker, version __VERSION__.
//
// The shell is precached. Navigations go to the network first and fall back to
// the cache, then to a page that says so. Data is fetched first and kept for
// when there is no network. Photos are kept on first use. News is not ours: a
// static route sends it straight to the network.
importScripts('/strategies.js');

const VERSION = '__VERSION__';
const SHELL = `shell-v${VERSION}`;
const DATA = 'data';
const PHOTOS = 'photos';

addEventListener('install', event => {
  if (event.addRoutes) {
    event.addRoutes([
      { condition: { urlPattern: '/news/*' }, source: 'network' },
      { condition: { urlPattern: '/style.css', requestMethod: 'get' }, source: { cacheName: SHELL } },
    ]);
  }
  event.waitUntil(caches.open(SHELL).then(cache => cache.addAll([
    '/', '/app.js', '/style.css', '/offline.html', '/manifest.webmanifest', '/icon.svg',
  ])));
});

addEventListener('activate', event => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith('shell-') && name !== SHELL) await caches.delete(name);
    }
    if (registration.navigationPreload) await registration.navigationPreload.enable();
    if (VERSION === '1') await clients.claim();
  })());
});

addEventListener('fetch', event => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET') return;
  if (event.request.mode === 'navigate') return event.respondWith(page(event, SHELL));
  if (url.pathname === '/api/forecast') return event.respondWith(cacheFirst(event.request, DATA));
  if (url.pathname.startsWith('/api/')) return event.respondWith(networkFirst(event.request, DATA));
  if (url.pathname.startsWith('/photos/')) return event.respondWith(cacheFirst(event.request, PHOTOS));
  if (url.pathname.endsWith('.js') || url.pathname.endsWith('.css')) event.respondWith(cacheFirst(event.request, SHELL));
});

addEventListener('message', event => {
  if (event.data === 'skip-waiting') skipWaiting();
});

addEventListener('push', event => {
  const text = event.data ? event.data.text() : 'The tide is turning';
  event.waitUntil(self.registration.showNotification('Tideline', { body: text, icon: '/icon.svg', tag: 'tide' }));
});

addEventListener('notificationclick', event => {
  event.notification.close();
  event.waitUntil(clients.openWindow('/'));
});

addEventListener('sync', event => {
  if (event.tag === 'tides') event.waitUntil(networkFirst(new Request('/api/tides?station=all'), DATA));
});
