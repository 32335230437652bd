// VS Code's debugger in a service worker: a breakpoint, steps, scopes.
import CRI from 'chrome-remote-interface';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Editor } from './editor.mjs';
import { http, say, site } from './say.mjs';

const webRoot = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'site');
const source = { path: path.join(webRoot, 'debugged.js') };
const { hostname: host, port } = new URL(http);
const target = await CRI.New({ host, port });
const page = await CRI({ host, port, target });
const evaluate = async (expression) => {
  const r = await page.Runtime.evaluate({ expression, awaitPromise: true, returnByValue: true });
  if (r.exceptionDetails) throw new Error(JSON.stringify(r.exceptionDetails));
  return r.result.value;
};
await page.Page.enable();
const loaded = page.Page.loadEventFired();
await page.Page.navigate({ url: site + '/index.html' });
await loaded;

const names = new Map();
let found;
const worker = new Promise((resolve) => { found = resolve; });
const editor = new Editor(async (session) => {
  if (!session.configuration.__pendingTargetId) return; // the browser's
  names.set(session.configuration.__browserTargetType, session);
  await session.client.request('setBreakpoints', { source, breakpoints: [{ line: 7 }] });
  if (session.configuration.__browserTargetType === 'service_worker') found(session);
});
const storage = fs.mkdtempSync(path.join(os.tmpdir(), 'js-debug-'));
editor.activate(storage);
const browser = await editor.start({ type: 'pwa-chrome', request: 'attach', name: 'attach', address: host, port: Number(port), urlFilter: site + '/*', webRoot, timeout: 20000 });
await browser.running;
while (!names.has('page')) await new Promise((done) => setTimeout(done, 10));
await names.get('page').running;
say('attached', [...names.keys()]);

await evaluate(`(async () => {
  await navigator.serviceWorker.register('/debugged.js');
  if (!navigator.serviceWorker.controller) await new Promise((done) => navigator.serviceWorker.addEventListener('controllerchange', done, { once: true }));
})()`);
const session = await worker, { client } = session;
await session.running;
say('worker', session.configuration.__browserTargetType, (await client.request('threads')).threads.length);
await evaluate(`void (self.answer = fetch('/made').then((r) => r.text()))`);

for (const command of ['next', 'next', 'next', 'continue']) {
  const stopped = await client.event('stopped');
  const { stackFrames } = await client.request('stackTrace', { threadId: stopped.threadId });
  say('stopped', stopped.reason, stackFrames[0].column, stackFrames.map((f) => [f.name, path.basename(f.source?.path ?? ''), f.line]));
  const { scopes } = await client.request('scopes', { frameId: stackFrames[0].id });
  const { variables } = await client.request('variables', { variablesReference: scopes[0].variablesReference });
  say('scopes', scopes.map((s) => s.name), variables.map((v) => [v.name, v.value]));
  if (command === 'continue') {
    say('evaluated', (await client.request('evaluate', { expression: 'words.length + pathname', frameId: stackFrames[0].id, context: 'repl' })).result);
    say('set', (await client.request('setVariable', { variablesReference: scopes[0].variablesReference, name: 'pathname', value: '"/other"' })).value);
  }
  await client.request(command, { threadId: stopped.threadId });
}
say('answered', await evaluate('self.answer'));
for (const x of [session, names.get('page'), browser]) await x.client.request('disconnect', {});
await page.close();
await CRI.Close({ host, port, id: target.id });
fs.rmSync(storage, { recursive: true });
process.exit(0); // js-debug keeps servers open for further sessions
