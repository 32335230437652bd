// Tideline, version __VERSION__: the page of the demo.
const state = document.getElementById('state');

async function table() {
  const answer = await fetch('/api/tides?station=all', { headers: { 'Accept-Language': navigator.language || 'en' } });
  const tides = await answer.json();
  const rows = document.getElementById('tides');
  rows.textContent = '';
  for (const tide of tides) {
    const row = document.createElement('tr');
    for (const text of [tide.station, tide.high, tide.low]) {
      const cell = document.createElement('td');
      cell.textContent = text;
      row.append(cell);
    }
    rows.append(row);
  }
  state.textContent = answer.headers.get('X-From') === 'cache' ? 'From your last visit' : 'Fresh from the harbour';
}

function controlled() {
  if (navigator.serviceWorker.controller) return Promise.resolve();
  return new Promise(resolve => navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }));
}

async function start() {
  const registration = await navigator.serviceWorker.register('/sw.js');
  registration.addEventListener('updatefound', () => {
    const fresh = registration.installing;
    fresh.addEventListener('statechange', () => {
      if (fresh.state === 'installed' && navigator.serviceWorker.controller) offer(registration);
    });
  });
  await controlled();
  await table();
  await fetch('/api/forecast', { headers: { 'Accept-Language': 'en' } });
  await Promise.all([
    fetch('/photos/harbour.svg'), // kept by the worker on first use
    fetch('/news/latest.json'), // a static route: never reaches the fetch handler
    fetch('/photos/harbour.svg?size=small'), // misses: the query differs
    fetch('/api/forecast', { headers: { 'Accept-Language': 'de' } }), // misses: the one that was kept is in English, and its answer varies
    fetch('/missing.txt'),
  ]);
  await registration.update(); // version 2 is out: it installs and waits
}

function offer(registration) {
  const button = document.getElementById('update');
  button.hidden = false;
  button.addEventListener('click', () => {
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
    registration.waiting.postMessage('skip-waiting');
  });
}

start();
