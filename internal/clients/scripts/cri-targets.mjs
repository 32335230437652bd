// Targets and flat sessions, by hand.
import CDP from 'chrome-remote-interface';
import { ws, site, say, until } from './say.mjs';

const client = await CDP({ target: ws, local: true });
const { Target } = client;
const events = [];
client.on('event', ({ method, params, sessionId }) => {
  if (!method.startsWith('Target.')) return;
  const info = params.targetInfo;
  if (info?.type === 'browser_ui' || info?.type === 'worker' || info?.type === 'tab') return;
  if (info && !(info.url.startsWith(site) || info.browserContextId === browserContextId)) return;
  events.push([method.slice(7), info?.type ?? null, info?.url ?? null, params.waitingForDebugger ?? null, Boolean(sessionId)]);
});
const { browserContextId } = await Target.createBrowserContext();
await Target.setDiscoverTargets({ discover: true });
const { targetId } = await Target.createTarget({ url: 'about:blank', browserContextId });
const { sessionId } = await Target.attachToTarget({ targetId, flatten: true });
say('attached', /^[0-9A-F]{32}$/.test(sessionId), /^[0-9A-F]{32}$/.test(targetId));
await client.send('Page.enable', {}, sessionId);
await client.send('Runtime.enable', {}, sessionId);
await client.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: true, flatten: true }, sessionId);
const loaded = new Promise((resolve) => client.once('Page.loadEventFired.' + sessionId, resolve));
await client.send('Page.navigate', { url: site + '/index.html' }, sessionId);
await loaded;
const evaluate = (expression, on = sessionId) => client.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true }, on).then((r) => r.result.value);
const registering = evaluate("navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready).then((r) => r.active.scriptURL)");
const worker = await new Promise((resolve) => client.on('Target.attachedToTarget', (p) => p.targetInfo.type === 'service_worker' && resolve(p)));
say('waiting', worker.waitingForDebugger, worker.targetInfo.type, worker.targetInfo.url);
const early = client.send('Runtime.evaluate', { expression: 'self.before = 1; typeof greeting', returnByValue: true }, worker.sessionId).catch((e) => e);
await client.send('Runtime.runIfWaitingForDebugger', {}, worker.sessionId);
say('early', (await early).result.value);
say('registered', await registering);
say('injected', await evaluate('self.before + " " + self.greeting', worker.sessionId));
const info = await Target.getTargetInfo({ targetId: worker.targetInfo.targetId });
say('info', info.targetInfo.type, info.targetInfo.attached, info.targetInfo.url);
say('targets', (await Target.getTargets()).targetInfos.filter((t) => t.browserContextId === browserContextId).map((t) => t.type).filter((t) => t !== 'browser_ui').sort());
for (const [name, method] of [['a page has', 'ServiceWorker.enable'], ['a worker has no', 'ServiceWorker.enable'], ['a worker has no', 'Page.enable'], ['nothing has', 'Nothing.enable']]) {
  const r = await client.send(method, {}, name === 'a page has' ? sessionId : worker.sessionId).catch((e) => e);
  say(name, method, r instanceof Error ? r.response?.message ?? r.message : r);
}
await client.send('Target.detachFromTarget', { sessionId: worker.sessionId }, sessionId);
const gone = await client.send('Runtime.evaluate', { expression: '1' }, worker.sessionId).catch((e) => e);
say('detached', gone.response?.code ?? null, gone.response?.message ?? gone.message ?? null);
const dedicated = new Promise((resolve) => client.on('Target.attachedToTarget', (p) => p.targetInfo.type === 'worker' && resolve(p)));
await evaluate("window.w = new Worker(URL.createObjectURL(new Blob(['self.x = 42; postMessage(1)']))); 1");
const d = await dedicated;
await client.send('Runtime.runIfWaitingForDebugger', {}, d.sessionId);
await until(async () => (await evaluate('self.x', d.sessionId)) === 42);
say('dedicated', d.targetInfo.type, d.waitingForDebugger, await evaluate('self.x', d.sessionId));
await evaluate('w.terminate()');
await until(() => true);
await Target.closeTarget({ targetId });
await Target.disposeBrowserContext({ browserContextId });
// How often a worker is attached to again after a detach is the browser's affair.
for (const e of events) e[3] = null;
for (const line of [...new Set(events.filter((e) => e[0] === 'attachedToTarget' || e[0] === 'targetCreated').filter((e) => !String(e[2]).startsWith('blob:') && e[1] !== 'tab').map((e) => JSON.stringify(e)))].sort()) say(line);
await client.close();
