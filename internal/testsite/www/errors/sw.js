// errors worker, version __VERSION__
console.log('log', { a: 1 });
console.warn('a warning');
console.error('an error');
addEventListener('activate', () => { Promise.reject(new Error('nobody handles this')); });
addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (url.pathname === '/errors/throw') throw new Error('fetch threw');
  if (url.pathname === '/errors/reject') event.respondWith(Promise.reject(new Error('respondWith rejected')));
  if (url.pathname === '/errors/error') event.respondWith(Response.error());
});
