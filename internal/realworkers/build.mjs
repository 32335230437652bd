// Builds one site per library into the folder named by the first argument: real
// workers, made by the libraries' own tools. The test serves them to the engine.
import { build } from 'esbuild';
import { generateSW, injectManifest } from 'workbox-build';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
const modules = join(here, 'node_modules');

// site makes a folder with a shell of three files and a page that tells its result
// in its title.
function site(name, page) {
  const dir = join(out, name);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'index.html'), `<!doctype html><title>working</title><link rel="stylesheet" href="/style.css"><script src="/page.js"></script>`);
  writeFileSync(join(dir, 'style.css'), 'body { color: navy }\n');
  writeFileSync(join(dir, 'data.json'), '{"from":"network"}\n');
  writeFileSync(join(dir, 'page.js'), page);
  return dir;
}

// controlled is a page script that registers a worker, waits until it controls the
// page, runs body and tells what it returns.
const controlled = (register, body) => `
(async () => {
  ${register}
  if (!navigator.serviceWorker.controller) await new Promise(r => navigator.serviceWorker.addEventListener('controllerchange', r, { once: true }));
  const result = await (async () => { ${body} })();
  document.title = JSON.stringify(result);
})().catch(e => { document.title = JSON.stringify('failed: ' + e.name + ': ' + e.message + ' ' + e.stack) });`;

const registered = (url = '/sw.js') => `const registration = await navigator.serviceWorker.register('${url}');`;

// What a precaching worker is to show: what is in its caches, and that the shell comes from there.
const precached = `
  const entries = [];
  for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys()) entries.push(new URL(request.url).pathname);
  const css = await (await fetch('/style.css')).text();
  const page = await (await fetch('/index.html')).text();
  return { entries: entries.sort(), css, page: page.includes('page.js') };`;

async function bundle(source, outfile, define = {}) {
  await build({
    stdin: { contents: source, resolveDir: here, loader: 'js' }, outfile, bundle: true, format: 'iife', minify: true, logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"', ...define },
  });
}

async function workboxGenerate() {
  const dir = site('workbox-generate', controlled(registered(), precached));
  await generateSW({
    globDirectory: dir, globPatterns: ['**/*.{html,css,js}'], swDest: join(dir, 'sw.js'), inlineWorkboxRuntime: true, sourcemap: false, skipWaiting: true, clientsClaim: true,
    runtimeCaching: [{ urlPattern: /\.json$/, handler: 'StaleWhileRevalidate', options: { cacheName: 'data', expiration: { maxEntries: 5 } } }],
  });
}

async function workboxInject() {
  const dir = site('workbox-inject', controlled(registered(), precached));
  await bundle(`
    import { precacheAndRoute } from 'workbox-precaching';
    import { registerRoute } from 'workbox-routing';
    import { NetworkFirst } from 'workbox-strategies';
    precacheAndRoute(self.__WB_MANIFEST);
    registerRoute(({ url }) => url.pathname.endsWith('.json'), new NetworkFirst({ cacheName: 'data' }));
    addEventListener('install', () => skipWaiting());
    addEventListener('activate', e => e.waitUntil(clients.claim()));`, join(out, 'inject-source.js'));
  await injectManifest({ globDirectory: dir, globPatterns: ['**/*.{html,css,js}'], swSrc: join(out, 'inject-source.js'), swDest: join(dir, 'sw.js') });
}

async function serwist() {
  const dir = site('serwist', controlled(registered(), precached));
  const revision = file => createHash('md5').update(readFileSync(join(dir, file))).digest('hex');
  const entries = ['index.html', 'style.css', 'page.js'].map(file => ({ url: '/' + file, revision: revision(file) }));
  await bundle(`
    import { Serwist } from 'serwist';
    new Serwist({ precacheEntries: ${JSON.stringify(entries)}, skipWaiting: true, clientsClaim: true, navigationPreload: true }).addEventListeners();`, join(dir, 'sw.js'));
}

function angular() {
  const dir = site('angular', controlled(registered('/ngsw-worker.js'), `
    const state = await (await fetch('/ngsw/state')).text();
    // It prefetches when it has nothing else to do.
    for (let i = 0; i < 200 && !(await caches.match('/page.js')); i++) await new Promise(r => setTimeout(r, 50));
    ${precached.replace('return {', 'return { state: /Driver state: NORMAL/.test(state),')}`));
  copyFileSync(join(modules, '@angular/service-worker/ngsw-worker.js'), join(dir, 'ngsw-worker.js'));
  const files = ['/index.html', '/style.css', '/page.js'];
  const hash = file => createHash('sha1').update(readFileSync(join(dir, file))).digest('hex');
  writeFileSync(join(dir, 'ngsw.json'), JSON.stringify({
    configVersion: 1, timestamp: 1, index: '/index.html', navigationUrls: [{ positive: true, regex: '^\\/.*$' }], navigationRequestStrategy: 'performance',
    assetGroups: [{ name: 'app', installMode: 'prefetch', updateMode: 'prefetch', cacheQueryOptions: { ignoreVary: true }, urls: files, patterns: [] }],
    dataGroups: [], hashTable: Object.fromEntries(files.map(file => [file, hash(file)])),
  }));
}

async function msw() {
  const dir = site('msw', '');
  copyFileSync(join(modules, 'msw/lib/mockServiceWorker.js'), join(dir, 'mockServiceWorker.js'));
  await bundle(`
    import { http, HttpResponse } from 'msw';
    import { setupWorker } from 'msw/browser';
    (async () => {
      const worker = setupWorker(http.get('/user', () => HttpResponse.json({ name: 'Ada' })));
      await worker.start({ quiet: true, onUnhandledRequest: 'bypass' });
      const user = await (await fetch('/user')).json();
      const data = await (await fetch('/data.json')).json();
      document.title = JSON.stringify({ user, data });
    })().catch(e => { document.title = JSON.stringify('failed: ' + e.name + ': ' + e.message + ' ' + e.stack) });`, join(dir, 'page.js'));
}

async function firebase() {
  const dir = site('firebase', controlled(registered('/firebase-messaging-sw.js'), `return { scope: registration.scope };`));
  await bundle(`
    import { initializeApp } from '@firebase/app';
    import { getMessaging, onBackgroundMessage } from '@firebase/messaging/sw';
    const app = initializeApp({ apiKey: 'a', projectId: 'p', messagingSenderId: '1', appId: '1:1:web:1' });
    onBackgroundMessage(getMessaging(app), payload => self.registration.showNotification(payload.data.title, { body: payload.data.body, tag: 'firebase' }));
    addEventListener('install', () => skipWaiting());
    addEventListener('activate', e => e.waitUntil(clients.claim()));`, join(dir, 'firebase-messaging-sw.js'));
}

mkdirSync(out, { recursive: true });
await Promise.all([workboxGenerate(), workboxInject(), serwist(), msw(), firebase()]);
angular();
