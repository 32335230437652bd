// An editor as far as VS Code's debugger, js-debug, needs one: the parts of the VS Code
// API that it starts with, and the client's side of the Debug Adapter Protocol.
import { createRequire } from 'node:module';
import Module from 'node:module';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

// folder is where the extension is: see scripts/setup.sh.
export const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'js-debug');

class Disposable {
  constructor(f) { this.f = f; }
  dispose() { this.f?.(); this.f = undefined; }
}

class EventEmitter {
  #listeners = new Set();
  event = (f, self) => {
    const g = (e) => f.call(self, e);
    this.#listeners.add(g);
    return new Disposable(() => this.#listeners.delete(g));
  };
  fire(e) { for (const f of [...this.#listeners]) f(e); }
  dispose() { this.#listeners.clear(); }
}

class Uri {
  constructor(text) {
    const u = new URL(text);
    this.text = text;
    this.scheme = u.protocol.slice(0, -1);
    this.authority = u.host;
    this.path = decodeURIComponent(u.pathname);
  }
  get fsPath() { return this.scheme === 'file' ? fileURLToPath(this.text) : this.path; }
  toString() { return this.text; }
  static parse(text) { return new Uri(text); }
  static file(name) { return new Uri(pathToFileURL(name).href); }
}

class NamedPipe { constructor(name) { this.path = name; } }
class Port { constructor(port, host) { this.port = port; this.host = host; } }

// nothing is any part of the API that shows something to a person, and whatever is
// asked of it.
const nothing = new Proxy(function () {}, {
  get: (_, name) => (name === 'then' ? undefined : name === Symbol.toPrimitive ? () => '' : nothing),
  apply: () => nothing,
});
const besides = (own) => new Proxy(own, { get: (_, name) => (name in own ? own[name] : nothing) });

// Editor runs the extension. Sessions that it wants (one for each page and worker) are
// started and handed to onSession.
export class Editor {
  #factories = new Map();
  #sessions = 0;

  constructor(onSession) { this.onSession = onSession; }

  activate(storage) {
    const require = createRequire(import.meta.url);
    const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
    const api = this.#api(manifest);
    const load = Module._load;
    Module._load = (name, ...rest) => (name === 'vscode' ? api : load(name, ...rest));
    const memory = { get: (_, fallback) => fallback, update: async () => {}, keys: () => [] };
    require(path.join(folder, manifest.main)).activate(besides({
      subscriptions: [], extensionPath: folder, storagePath: storage, globalStoragePath: storage, workspaceState: memory, globalState: memory,
      extension: { packageJSON: manifest }, asAbsolutePath: (name) => path.join(folder, name),
    }));
  }

  #api(manifest) {
    const settings = {};
    for (const c of [manifest.contributes.configuration].flat()) {
      for (const [name, s] of Object.entries(c.properties)) settings[name] = s.default;
    }
    const api = {
      EventEmitter, Disposable, Uri, DebugAdapterNamedPipeServer: NamedPipe, DebugAdapterServer: Port, version: manifest.version,
      ExtensionKind: { UI: 1, Workspace: 2 }, UIKind: { Desktop: 1, Web: 2 }, l10n: { t: (s) => s },
      extensions: besides({ getExtension: () => undefined, all: [] }),
      env: besides({ language: 'en', uiKind: 1, remoteName: undefined, isTelemetryEnabled: false, asExternalUri: async (u) => u }),
      workspace: besides({
        isTrusted: true, workspaceFolders: [], getWorkspaceFolder: () => undefined,
        getConfiguration: (section) => ({
          get: (name, fallback) => settings[section ? `${section}.${name}` : name] ?? fallback,
          has: () => false, inspect: () => undefined, update: async () => {},
        }),
      }),
      debug: besides({
        breakpoints: [], activeDebugSession: undefined,
        registerDebugAdapterDescriptorFactory: (type, f) => { this.#factories.set(type, f); return new Disposable(); },
        startDebugging: async (_, configuration, options) => { await this.start(configuration, options?.parentSession); return true; },
      }),
    };
    for (const name of ['window', 'commands', 'languages', 'tasks']) api[name] = nothing;
    for (const name of ['TreeItem', 'ThemeIcon', 'ThemeColor', 'CodeLens', 'Range', 'Position', 'Location', 'Selection', 'MarkdownString', 'EvaluatableExpression', 'RelativePattern', 'TerminalProfile', 'FileSystemError', 'PortAttributes']) api[name] = class {};
    for (const name of ['QuickInputButtons', 'StatusBarAlignment', 'ProgressLocation', 'ConfigurationTarget', 'DebugConfigurationProviderTriggerKind', 'TreeItemCollapsibleState', 'TreeItemCheckboxState', 'FileType', 'FileChangeType', 'FilePermission', 'PortAutoForwardAction', 'ViewColumn', 'DebugConsoleMode']) api[name] = {};
    return api;
  }

  // start starts a session of a launch.json configuration.
  async start(configuration, parentSession) {
    const session = { id: String(++this.#sessions), type: configuration.type, name: configuration.name, configuration, parentSession, workspaceFolder: undefined };
    const at = await this.#factories.get(configuration.type).createDebugAdapterDescriptor(session);
    session.client = new Client(net.connect(at.path ?? at.port));
    session.customRequest = (command, args) => session.client.request(command, args);
    session.client.reverse.startDebugging = async (args) => { await this.start(args.configuration, session); };
    session.running = this.#run(session);
    session.running.catch(() => {}); // whoever needs it waits for it
    return session;
  }

  async #run(session) {
    await session.client.request('initialize', {
      clientID: 'swinspect', adapterID: session.type, linesStartAt1: true, columnsStartAt1: true, pathFormat: 'path', supportsStartDebuggingRequest: true,
    });
    const begun = session.client.request(session.configuration.request, session.configuration);
    await session.client.event('initialized');
    await this.onSession(session); // sets its breakpoints
    await session.client.request('configurationDone', {});
    await begun;
  }
}

// Client speaks the Debug Adapter Protocol.
class Client {
  #seq = 0;
  #waiting = new Map();
  #listeners = new Set();
  #past = [];
  reverse = {}; // requests of the adapter

  constructor(socket) {
    this.socket = socket;
    let buffer = Buffer.alloc(0);
    socket.on('error', () => {}); // it ends with the session
    socket.on('data', (d) => {
      buffer = Buffer.concat([buffer, d]);
      for (;;) {
        const end = buffer.indexOf('\r\n\r\n');
        if (end < 0) return;
        const length = Number(/Content-Length: (\d+)/i.exec(buffer.subarray(0, end).toString())[1]);
        if (buffer.length < end + 4 + length) return;
        const message = JSON.parse(buffer.subarray(end + 4, end + 4 + length).toString());
        buffer = buffer.subarray(end + 4 + length);
        this.#got(message);
      }
    });
  }

  #send(message) {
    const text = JSON.stringify({ seq: ++this.#seq, ...message });
    this.socket.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    return this.#seq;
  }

  #got(m) {
    if (m.type === 'response') {
      const { resolve, reject } = this.#waiting.get(m.request_seq);
      this.#waiting.delete(m.request_seq);
      if (m.success) resolve(m.body);
      else reject(new Error(`${m.command}: ${m.body?.error?.format ?? m.message}`));
    } else if (m.type === 'request') {
      const answer = { type: 'response', request_seq: m.seq, command: m.command };
      Promise.resolve(this.reverse[m.command]?.(m.arguments)).then((body) => this.#send({ ...answer, success: true, body }), (e) => this.#send({ ...answer, success: false, message: String(e) }));
    } else {
      this.#past.push(m);
      for (const look of [...this.#listeners]) look(m);
    }
  }

  request(command, args) {
    return new Promise((resolve, reject) => this.#waiting.set(this.#send({ type: 'request', command, arguments: args }), { resolve, reject }));
  }

  // event waits for the next event of a name that nobody took yet.
  event(name, fits = () => true) {
    return new Promise((resolve) => {
      const look = (m) => {
        if (m.event !== name || !fits(m.body)) return false;
        this.#listeners.delete(look);
        this.#past.splice(this.#past.indexOf(m), 1);
        resolve(m.body);
        return true;
      };
      if (!this.#past.slice().some(look)) this.#listeners.add(look);
    });
  }
}
