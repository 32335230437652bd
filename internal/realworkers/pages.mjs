// Builds pages of real sites into the folder named by the first argument: bundles as
// their tools make them, that register a worker. The test shows them on the engine.
import { build } from 'esbuild';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
const modules = join(here, 'node_modules');

function site(name, files) {
  const dir = join(out, name);
  mkdirSync(join(dir, 'assets'), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(dir, file), text);
  return dir;
}

const failed = `e => { document.title = JSON.stringify('failed: ' + e.name + ': ' + e.message + ' ' + e.stack) }`;

// bundle makes what Vite's and Angular's builds make: modules, split where they import().
async function bundle(dir, entry, source, options = {}) {
  await build({
    stdin: { contents: source, resolveDir: here, loader: 'jsx', sourcefile: entry }, entryNames: 'index', outdir: join(dir, 'assets'), bundle: true,
    format: 'esm', splitting: true, minify: true, logLevel: 'error', jsx: 'automatic', target: 'es2020',
    define: { 'process.env.NODE_ENV': '"production"' }, ...options,
  });
}

// worker precaches the shell and waits until it is asked to activate.
const worker = dir => build({
  stdin: { resolveDir: here, contents: `
    import { clientsClaim } from 'workbox-core';
    import { cleanupOutdatedCaches, precacheAndRoute } from 'workbox-precaching';
    addEventListener('message', e => { if (e.data && e.data.type === 'SKIP_WAITING') skipWaiting() });
    clientsClaim();
    precacheAndRoute([{ url: 'index.html', revision: '1' }, { url: 'assets/index.js', revision: '1' }], {});
    cleanupOutdatedCaches();` },
  outfile: join(dir, 'sw.js'), bundle: true, format: 'iife', minify: true, logLevel: 'error', define: { 'process.env.NODE_ENV': '"production"' },
});

// A page that tells its user of an update with workbox-window.
async function workboxWindow() {
  const dir = site('workbox-window', {
    'index.html': `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>working</title><link rel="manifest" href="/manifest.webmanifest">
<script type="module" src="/assets/index.js"></script></head><body><div id="toast" hidden><button id="reload">Reload</button></div></body></html>`,
    'manifest.webmanifest': '{"name":"app"}',
  });
  await bundle(dir, 'main.js', `
    import { Workbox } from 'workbox-window';
    const wb = new Workbox('/sw.js');
    const told = [];
    for (const type of ['installing', 'installed', 'waiting', 'activating', 'activated', 'controlling', 'redundant', 'message'])
      wb.addEventListener(type, e => { told.push(type + (e.isUpdate ? ' update' : '') + (e.isExternal ? ' external' : '')) });
    const done = async () => {
      const controller = await wb.controlling;
      document.title = JSON.stringify({ told, active: (await wb.active).scriptURL, same: navigator.serviceWorker.controller === controller });
    };
    wb.addEventListener('waiting', () => {
      const toast = document.querySelector('#toast');
      toast.hidden = false;
      toast.querySelector('button').addEventListener('click', () => wb.messageSkipWaiting(), { once: true });
      wb.addEventListener('activated', () => setTimeout(() => done().catch(${failed}), 50));
      document.getElementById('reload').click();
    });
    wb.register().then(async registration => {
      if (registration.active && navigator.serviceWorker.controller) {
        document.title = 'ready'; // the new version is put there now: workbox-window listens
        while (!registration.installing && !registration.waiting) {
          await registration.update();
          await new Promise(resolve => setTimeout(resolve, 20));
        }
        return;
      }
      wb.addEventListener('activated', () => setTimeout(() => done().catch(${failed}), 50));
    }).catch(${failed});`);
  await worker(dir);
}

// An application of React as Vite and vite-plugin-pwa build it.
async function react() {
  const dir = site('react', {
    'index.html': `<!doctype html>
<html lang="en">
  <head>
    <meta charset="UTF-8" />
    <link rel="icon" type="image/svg+xml" href="/vite.svg" />
    <meta name="viewport" content="width=device-width, initial-scale=1.0" />
    <title>working</title>
    <script type="module" crossorigin src="/assets/index.js"></script>
    <link rel="stylesheet" crossorigin href="/assets/index.css">
  </head>
  <body>
    <div id="root"></div>
  </body>
</html>`,
    'assets/index.css': '#root { max-width: 1280px }', 'vite.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  });
  // The virtual module, as the plugin gives it out.
  const register = readFileSync(join(modules, 'vite-plugin-pwa/dist/client/build/register.js'), 'utf8')
    .replaceAll('__SW__', '/sw.js').replaceAll('__SCOPE__', '/').replaceAll('__TYPE__', 'classic')
    .replaceAll('__SW_AUTO_UPDATE__', 'false').replaceAll('__SW_SELF_DESTROYING__', 'false');
  const virtual = {
    name: 'virtual',
    setup(b) {
      b.onResolve({ filter: /^(virtual:pwa-register|\.\/Lazy)$/ }, a => ({ path: a.path, namespace: 'virtual' }));
      b.onLoad({ filter: /pwa-register/, namespace: 'virtual' }, () => ({ contents: register, resolveDir: here }));
      b.onLoad({ filter: /Lazy/, namespace: 'virtual' }, () => ({ contents: `export default function Lazy({ from }) { return <em data-testid="lazy" style={{ color: 'red', marginTop: 4 }}>lazy {from}</em> }`, resolveDir: here, loader: 'jsx' }));
    },
  };
  await bundle(dir, 'main.jsx', `
    import { StrictMode, Suspense, createContext, lazy, useContext, useEffect, useId, useLayoutEffect, useMemo, useReducer, useRef, useState, useSyncExternalStore, startTransition } from 'react';
    import { createRoot } from 'react-dom/client';
    import { createPortal, flushSync } from 'react-dom';
    import { registerSW } from 'virtual:pwa-register';
    const Lazy = lazy(() => import('./Lazy'));
    const Theme = createContext('light');
    const path = { subscribe(f) { addEventListener('popstate', f); return () => removeEventListener('popstate', f) }, read: () => location.pathname };
    function Field() {
      const [text, setText] = useState('');
      const ref = useRef(null);
      useLayoutEffect(() => { ref.current.focus() }, []);
      return <form onSubmit={e => { e.preventDefault(); }}><input ref={ref} value={text} onChange={e => setText(e.target.value)} /><output>{text.toUpperCase()}</output>
        <select defaultValue="b"><option value="a">A</option><option value="b">B</option></select><textarea defaultValue="area" /><input type="checkbox" defaultChecked /></form>;
    }
    function App() {
      const [count, add] = useReducer(n => n + 1, 0);
      const [ready, setReady] = useState(false);
      const [data, setData] = useState(null);
      const where = useSyncExternalStore(path.subscribe, path.read);
      const theme = useContext(Theme), id = useId();
      const items = useMemo(() => Array.from({ length: 3 }, (_, i) => ({ key: 'k' + i, text: 'item ' + i })), []);
      useEffect(() => {
        registerSW({ immediate: true, onOfflineReady: () => setReady(true), onRegisteredSW: (url, r) => { document.documentElement.dataset.registered = url + ' ' + r.scope }, onRegisterError: ${failed} });
        const controller = new AbortController();
        fetch('/manifest.json', { signal: controller.signal }).then(r => r.json()).then(setData, e => { if (e.name !== 'AbortError') throw e });
        return () => controller.abort();
      }, []);
      return <Theme.Provider value="dark">
        <h1 className="title" aria-label="heading" onClick={() => startTransition(add)}>count {count}</h1>
        <svg viewBox="0 0 1 1"><path d="M0 0" strokeWidth="2" /></svg>
        <ul>{(count % 2 ? [...items].reverse() : items).map(i => <li key={i.key} id={id + i.key}>{i.text}</li>)}</ul>
        <Suspense fallback={<p>loading</p>}><Lazy from={theme} /></Suspense>
        <Field />
        <button disabled={!ready} onClick={() => { history.pushState({ n: 1 }, '', '/about'); dispatchEvent(new PopStateEvent('popstate', { state: history.state })) }}>go</button>
        <p dangerouslySetInnerHTML={{ __html: '<b>' + where + '</b> ' + (data ? data.name : '') }} />
        {createPortal(<dialog open>portal</dialog>, document.body)}
      </Theme.Provider>;
    }
    createRoot(document.getElementById('root')).render(<StrictMode><App /></StrictMode>);
    const until = async test => { for (let i = 0; i < 500; i++) { if (test()) return; await new Promise(r => setTimeout(r, 10)) } throw new Error('in vain: ' + test + document.body.innerHTML) };
    (async () => {
      await until(() => document.querySelector('button:not([disabled])') && document.querySelector('[data-testid=lazy]'));
      document.querySelector('h1').click();
      await until(() => document.querySelector('h1').textContent === 'count 1');
      const input = document.querySelector('form > input');
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, 'typed');
      input.dispatchEvent(new Event('input', { bubbles: true }));
      await until(() => document.querySelector('output').textContent === 'TYPED');
      document.querySelector('button').click();
      await until(() => document.querySelector('p > b').textContent === '/about');
      document.title = JSON.stringify({
        heading: document.querySelector('h1.title[aria-label]').outerHTML, items: [...document.querySelectorAll('ul > li')].map(li => li.textContent),
        lazy: document.querySelector('em').outerHTML, focus: document.activeElement === input, select: document.querySelector('select').value, area: document.querySelector('textarea').value,
        checked: document.querySelector('[type=checkbox]').checked, svg: document.querySelector('svg path').namespaceURI, portal: document.querySelector('body > dialog').textContent,
        registered: document.documentElement.dataset.registered, data: document.querySelector('p').textContent,
      });
    })().catch(${failed});`, { plugins: [virtual] });
  writeFileSync(join(dir, 'manifest.json'), '{"name":"app"}');
  await worker(dir);
}

// How Angular starts: zone.js patches the platform first, and the worker is
// registered when the zone has nothing left to do (registerWhenStable).
async function zone() {
  const dir = site('zone', {
    'index.html': `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>working</title><base href="/"></head>
<body><app-root ng-version="22"></app-root><noscript>Please enable JavaScript</noscript>
<script src="polyfills.js" type="module"></script><script src="assets/index.js" type="module"></script></body></html>`,
  });
  copyFileSync(join(modules, 'zone.js/bundles/zone.umd.js'), join(dir, 'polyfills.js'));
  copyFileSync(join(modules, '@angular/service-worker/ngsw-worker.js'), join(dir, 'ngsw-worker.js'));
  writeFileSync(join(dir, 'ngsw.json'), JSON.stringify({ configVersion: 1, timestamp: 1, index: '/index.html', navigationUrls: [], navigationRequestStrategy: 'performance', assetGroups: [], dataGroups: [], hashTable: {} }));
  writeFileSync(join(dir, 'data.json'), '{"n":1}');
  await bundle(dir, 'main.js', `
    const done = [];
    let stable;
    const whenStable = new Promise(ok => { stable = ok });
    const ng = Zone.current.fork({
      name: 'angular', properties: { isAngularZone: true },
      onInvokeTask(delegate, current, target, task, self, args) { done.push(task.type + ' ' + task.source); return delegate.invokeTask(target, task, self, args) },
      onHasTask(delegate, current, target, state) {
        delegate.hasTask(target, state);
        if (current === target && state.change === 'macroTask' && !state.macroTask) queueMicrotask(() => stable());
      },
      onHandleError(delegate, current, target, e) { done.push('error ' + e.message); return false },
    });
    ng.run(() => {
      const root = document.querySelector('app-root');
      root.innerHTML = '<button>add</button><span></span>';
      root.querySelector('button').addEventListener('click', () => { root.querySelector('span').textContent = Zone.current.name });
      root.querySelector('button').click();
      setTimeout(() => { Promise.reject(new Error('expected')) }, 5);
      const x = new XMLHttpRequest();
      x.open('GET', 'data.json');
      x.responseType = 'json';
      x.onload = () => { done.push('xhr ' + x.response.n + ' ' + Zone.current.name); requestAnimationFrame(() => done.push('frame ' + Zone.current.name)) };
      x.send();
      fetch('data.json').then(r => r.json()).then(v => done.push('fetch ' + v.n + ' ' + Zone.current.name));
      new MutationObserver(() => done.push('mutation ' + Zone.current.name)).observe(root, { childList: true, subtree: true, attributes: true });
      root.setAttribute('ready', '');
    });
    whenStable.then(() => navigator.serviceWorker.register('ngsw-worker.js', { scope: './' })).then(async registration => {
      await navigator.serviceWorker.ready;
      document.title = JSON.stringify({ scope: registration.scope, span: document.querySelector('app-root span').textContent, done: done.sort() });
    }).catch(${failed});`);
}

mkdirSync(out, { recursive: true });
await Promise.all([workboxWindow(), react(), zone()]);
