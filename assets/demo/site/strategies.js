// How Tideline's worker answers: three strategies.

async function cacheFirst(request, name) {
  const cache = await caches.open(name);
  const hit = await cache.match(request);
  if (hit) return hit;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

async function networkFirst(request, name) {
  const cache = await caches.open(name);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch (offline) {
    const kept = await cache.match(request);
    if (!kept) throw offline;
    const headers = new Headers(kept.headers);
    headers.set('X-From', 'cache');
    return new Response(kept.body, { status: kept.status, headers });
  }
}

async function page(event, shell) {
  try {
    return (await event.preloadResponse) || (await fetch(event.request));
  } catch {
    return (await caches.match(event.request, { ignoreSearch: true })) || caches.match('/offline.html', { cacheName: shell });
  }
}
