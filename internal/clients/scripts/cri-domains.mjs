// chrome-remote-interface with the browser's own description of the protocol.
import CDP from 'chrome-remote-interface';
import { http, site, say, until } from './say.mjs';

const { hostname: host, port } = new URL(http);
const at = { host, port: Number(port), local: false };
const version = await CDP.Version(at);
say('version', Object.keys(version).filter((k) => k !== 'File-Path-Style').sort(), version['Protocol-Version'], version.webSocketDebuggerUrl.startsWith('ws://'));
const protocol = await CDP.Protocol(at);
say('protocol', protocol.version, ['Target', 'Page', 'Runtime', 'Network', 'Fetch', 'ServiceWorker', 'CacheStorage', 'Storage', 'IndexedDB', 'IO'].every((d) => protocol.domains.some((x) => x.domain === d)));
const opened = await CDP.New({ ...at, url: site + '/index.html' });
say('new', opened.type, opened.url, Object.keys(opened).sort().includes('webSocketDebuggerUrl'));
say('list', (await CDP.List(at)).some((t) => t.id === opened.id && t.type === 'page'));
await CDP.Activate({ ...at, id: opened.id });
const client = await CDP({ ...at, target: opened });
const { Page, Runtime, ServiceWorker, CacheStorage, Storage, Network, Target } = client;
const versions = [], registrations = [], cacheEvents = [];
ServiceWorker.workerVersionUpdated(({ versions: v }) => versions.push(...v));
ServiceWorker.workerRegistrationUpdated(({ registrations: r }) => registrations.push(...r));
Storage.cacheStorageContentUpdated((e) => cacheEvents.push(['content', e.cacheName]));
Storage.cacheStorageListUpdated(() => cacheEvents.push(['list']));
await Page.enable();
await Runtime.enable();
await ServiceWorker.enable();
await Storage.trackCacheStorageForOrigin({ origin: site });
await Page.navigate({ url: site + '/index.html' });
await Page.loadEventFired();
const evaluate = async (expression) => {
  const { result, exceptionDetails } = await Runtime.evaluate({ expression, awaitPromise: true, returnByValue: true });
  return exceptionDetails ? 'thrown: ' + exceptionDetails.exception.description.split('\n')[0] : result.value;
};
say('evaluate', await evaluate('document.title'), await evaluate('throw new RangeError("r")'), await evaluate('Promise.reject(new TypeError("t"))'), await evaluate('}'));
await evaluate("navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready).then(() => 1)");
await until(() => versions.some((v) => v.status === 'activated'));
const scope = registrations.find((r) => r.scopeURL.startsWith(site));
say('registration', scope.scopeURL, scope.isDeleted, /^\d+$/.test(scope.registrationId));
const states = versions.filter((v) => v.scriptURL.startsWith(site)).map((v) => v.runningStatus + '/' + v.status);
say('states', states.filter((s, i) => s !== states[i - 1]));
await until(() => cacheEvents.length >= 2);
say('cache events', cacheEvents.map((e) => e.join(' ')).sort());

const storageKey = (await Storage.getStorageKey({ frameId: (await Page.getFrameTree()).frameTree.frame.id })).storageKey;
say('storage key', storageKey);
const { caches } = await CacheStorage.requestCacheNames({ storageKey });
say('caches', caches.map((c) => [c.cacheName, c.storageKey]));
const { cacheId } = caches[0];
await evaluate("caches.open('shell').then((c) => Promise.all([1, 2, 3, 4, 5].map((n) => c.put('/n' + n, new Response('body ' + n, { status: 200 + n, headers: { 'X-N': String(n) } }))))).then(() => 1)");
const first = await CacheStorage.requestEntries({ cacheId, skipCount: 0, pageSize: 2 });
say('entries', first.returnCount, first.cacheDataEntries.map((e) => [e.requestURL, e.requestMethod, e.responseStatus, e.responseType]));
const rest = await CacheStorage.requestEntries({ cacheId, skipCount: 2, pageSize: 10 });
say('more', rest.cacheDataEntries.length);
const filtered = await CacheStorage.requestEntries({ cacheId, skipCount: 0, pageSize: 10, pathFilter: '/n' });
say('filtered', filtered.returnCount, filtered.cacheDataEntries.map((e) => new URL(e.requestURL).pathname).sort());
const entry = filtered.cacheDataEntries.find((e) => e.requestURL.endsWith('/n3'));
say('headers', entry.responseHeaders.sort((a, b) => (a.name < b.name ? -1 : 1)), entry.requestHeaders, entry.responseStatus);
const cached = await CacheStorage.requestCachedResponse({ cacheId, requestURL: entry.requestURL, requestHeaders: [] });
say('body', Buffer.from(cached.response.body, 'base64').toString());
await CacheStorage.deleteEntry({ cacheId, request: entry.requestURL });
say('deleted', (await CacheStorage.requestEntries({ cacheId, skipCount: 0, pageSize: 10, pathFilter: '/n3' })).returnCount);
for (const [name, call] of Object.entries({
  'no such entry': () => CacheStorage.deleteEntry({ cacheId, request: entry.requestURL }),
  'no such response': () => CacheStorage.requestCachedResponse({ cacheId, requestURL: site + '/none', requestHeaders: [] }),
  'no key': () => CacheStorage.requestCacheNames({}),
  'two keys': () => CacheStorage.requestCacheNames({ storageKey, securityOrigin: site }),
  'bad id': () => CacheStorage.requestEntries({ cacheId: 'nonsense', skipCount: 0, pageSize: 1 }),
  'bad version': () => ServiceWorker.stopWorker({ versionId: 'nonsense' }),
  'unknown scope': () => ServiceWorker.startWorker({ scopeURL: 'http://nowhere.test/' }),
  'no such target': () => Target.attachToTarget({ targetId: 'nonsense', flatten: true }),
})) {
  const r = await call().catch((e) => e);
  say(name, r instanceof Error ? 'failed: ' + (r.response?.code ?? '') + ' ' + (r.response?.message ?? r.message) : r);
}

versions.length = 0;
await ServiceWorker.skipWaiting({ scopeURL: scope.scopeURL });
const active = (await (async () => { await ServiceWorker.disable(); await ServiceWorker.enable(); await until(() => versions.length); return versions.find((v) => v.scriptURL.startsWith(site)); })());
say('snapshot', active.status, active.runningStatus, active.controlledClients.length);
await ServiceWorker.stopWorker({ versionId: active.versionId });
await until(() => versions.some((v) => v.versionId === active.versionId && v.runningStatus === 'stopped'));
versions.length = 0;
await ServiceWorker.startWorker({ scopeURL: scope.scopeURL });
await until(() => versions.some((v) => v.versionId === active.versionId && v.runningStatus === 'running'));
const restarted = versions.filter((v) => v.versionId === active.versionId).map((v) => v.runningStatus);
say('restarted', restarted.filter((s, i) => s !== restarted[i - 1]));
const usage = await Storage.getUsageAndQuota({ origin: site });
say('usage', usage.usage > 0, usage.quota > usage.usage, usage.overrideActive, usage.usageBreakdown.some((b) => b.storageType === 'cache_storage' && b.usage > 0));

await Network.enable();
const responses = [];
Network.responseReceived(({ requestId, response, type }) => responses.push({ requestId, type, url: response.url, worker: response.fromServiceWorker, source: response.serviceWorkerResponseSource ?? null, cache: response.cacheStorageCacheName ?? null, status: response.status, mime: response.mimeType }));
for (const path of ['/made.txt', '/cached.txt', '/passed.txt', '/plain.txt']) {
  await evaluate(`fetch('${path}').then((r) => r.text())`);
  await until(() => responses.some((r) => r.url === site + path || path === '/passed.txt' && r.url.endsWith('plain.txt')));
  const { requestId, ...told } = responses.pop();
  const { body, base64Encoded } = await Network.getResponseBody({ requestId });
  say('network', told, base64Encoded ? Buffer.from(body, 'base64').toString().trim() : body.trim());
  responses.length = 0;
}
await ServiceWorker.unregister({ scopeURL: scope.scopeURL });
await until(() => registrations.some((r) => r.registrationId === scope.registrationId && r.isDeleted));
say('unregistered', await evaluate('navigator.serviceWorker.getRegistrations().then((r) => r.length)'));
await Storage.clearDataForOrigin({ origin: site, storageTypes: 'cache_storage' });
say('cleared', await evaluate('caches.keys().then((k) => k.length)'));
await client.close();
await CDP.Close({ ...at, id: opened.id });
await until(async () => !(await CDP.List(at)).some((t) => t.id === opened.id));
say('closed');
