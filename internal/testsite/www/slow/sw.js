// slow worker, version __VERSION__
const params = new URL(location).searchParams;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
addEventListener('install', (event) => { skipWaiting(); event.waitUntil(sleep(Number(params.get('install') || 0))); });
addEventListener('activate', (event) => { event.waitUntil(sleep(Number(params.get('activate') || 0))); });
addEventListener('fetch', () => {});
