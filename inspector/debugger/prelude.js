// Runs in a service worker before its own script, and tells the debugger of events,
// requests, cache operations and failures that a breakpoint asks for. What it puts
// itself in front of keeps its name, length, text and results; it does so only once a
// breakpoint needs it, but for the adding of listeners, which cannot be made up for.
//
// stop(text) stops where it is called when a debugger is attached; landed(text) is
// stepped into when nothing of the worker's own followed.
(stop, landed) => {
  const { apply, ownKeys } = Reflect;
  const { defineProperty, getOwnPropertyDescriptor: descriptor, getPrototypeOf } = Object;
  const { stringify, parse } = JSON;
  const then = Promise.prototype.then, resolved = Promise.resolve();
  const test = RegExp.prototype.test, text = Function.prototype.toString, replace = String.prototype.replace;
  const later = self.setTimeout, base = self.location.href, add = EventTarget.prototype.addEventListener;
  const remove = EventTarget.prototype.removeEventListener;
  const getter = (name, of) => {
    const d = typeof self[name] === 'function' && descriptor(self[name].prototype, of);
    return d && d.get ? (o) => apply(d.get, o, []) : () => undefined;
  };
  const is = (name) => {
    const c = self[name];
    return typeof c === 'function' ? (v) => { try { return v instanceof c; } catch { return false; } } : () => false;
  };
  const isRequest = is('Request'), isResponse = is('Response'), isURL = is('URL'), isPromise = is('Promise'), URLClass = self.URL;
  const requestURL = getter('Request', 'url'), requestMethod = getter('Request', 'method');
  const requestMode = getter('Request', 'mode'), requestDestination = getter('Request', 'destination'), requestReferrer = getter('Request', 'referrer');
  const eventRequest = getter('FetchEvent', 'request'), eventClient = getter('FetchEvent', 'clientId'), eventResulting = getter('FetchEvent', 'resultingClientId');
  const eventHandled = getter('FetchEvent', 'handled'), eventType = getter('Event', 'type');

  // clean takes the prelude's own calls out of an error's stack.
  function clean(e) {
    try {
      const d = typeof e === 'object' && e !== null && descriptor(e, 'stack');
      if (d && (d.set || d.writable)) {
        const stack = e.stack;
        if (typeof stack === 'string' && stack.includes(own)) e.stack = stack.split('\n').filter((line) => !line.includes(own)).join('\n');
      }
    } catch { /* it stays as it is */ }
    return e;
  }
  const own = 'swinspect:prelude/';
  const cleaned = (e) => { throw clean(e); };

  // Functions that stand in front of others, and what those are.
  const originals = new WeakMap();
  function front(f, handler) {
    const p = new Proxy(f, { apply: (f, that, args) => { try { return handler(f, that, args); } catch (e) { throw clean(e); } } });
    originals.set(p, f);
    return p;
  }
  function over(object, name, handler) {
    let d;
    while (object && !(d = descriptor(object, name))) object = getPrototypeOf(object);
    if (!d || typeof d.value !== 'function' || !d.configurable) return;
    defineProperty(object, name, { ...d, value: front(d.value, handler) });
  }

  // What is asked for.
  let table = { event: [], fetch: [], cache: [], exception: [] };
  const any = (expr, value) => !expr || apply(test, expr, [value]);
  const compile = (entries) => entries.map((e) => {
    const c = { ...e };
    for (const k of ['url', 'client', 'cache', 'type']) if (e[k]) c[k] = new RegExp(e[k]);
    return c;
  });
  function ask(kind, holds) {
    const ids = [];
    const list = table[kind];
    for (let i = 0; i < list.length; i++) if (holds(list[i])) ids[ids.length] = list[i].id;
    return ids;
  }
  const say = (detail) => stringify(detail);

  // after lets the debugger step into what follows: landed is called when nothing did.
  function after(t) {
    let n = 0;
    const tick = () => { if (++n < 16) apply(then, resolved, [tick]); else landed(t); };
    apply(then, resolved, [tick]);
  }

  // Events. A listener of ours stands before the first of the worker's own.
  const events = new WeakMap(); // requests → events
  const open = []; // fetch events that are not over
  function describe(event) {
    const r = eventRequest(event);
    if (!r) return { url: '', method: '' };
    return { url: requestURL(r), method: requestMethod(r), mode: requestMode(r), destination: requestDestination(r), client: eventClient(event) || eventResulting(event) || '', clientURL: requestMode(r) === 'navigate' ? requestURL(r) : requestReferrer(r) };
  }
  const fits = (e, at, i) => (e.at || 'dispatch') === at && any(e.url, i.url) && (!e.method || e.method === i.method) && (!e.mode || e.mode === i.mode) &&
    (!e.destination || e.destination === i.destination) && (!e.client || any(e.client, i.client) || any(e.client, i.clientURL || ''));
  function heard(event) {
    const type = eventType(event);
    if (type === 'fetch' && (table.cache.length || table.fetch.length)) {
      const i = { type, url: '', ...describe(event) };
      const r = eventRequest(event), h = eventHandled(event);
      if (r) events.set(r, i);
      if (h) {
        open.push(i);
        const over = () => { const n = open.indexOf(i); if (n >= 0) open.splice(n, 1); };
        apply(then, h, [over, over]);
      }
    }
    if (!table.event.length && !(type === 'fetch' && table.fetch.length)) return;
    const i = type === 'fetch' ? describe(event) : { url: '', method: '' };
    const ids = ask('event', (e) => any(e.type, type));
    if (type === 'fetch') ids.push(...ask('fetch', (e) => fits(e, 'dispatch', i)));
    if (!ids.length) return;
    const t = say({ kind: 'event', ids, event: type, url: i.url, method: i.method, client: i.client });
    apply(later, self, [() => landed(t), 0]);
    stop(t);
  }

  // Browsers do not wake a worker whose fetch handlers do nothing: it stays one of those.
  const nothing = /^(?:function\s*)?[\w$]*\s*\(?([\w$,\s]*)\)?\s*(?:=>\s*)?\{([^{}]*)\}$/, value = /^\(?[\w$,\s]*\)?\s*=>\s*(?:undefined|void 0)$/;
  const idle = /^(?:"use strict"|'use strict'|return(?:\s+undefined)?|undefined|void 0|\d+)?$/;
  function doesNothing(listener) {
    if (typeof listener === 'object') listener = descriptor(listener, 'handleEvent')?.value;
    if (typeof listener !== 'function') return false;
    try {
      const t = apply(replace, apply(text, listener, []), [/\/\*[^]*?\*\/|\/\/[^\n\r\u2028\u2029]*/g, '']);
      if (/^async[\s(]/.test(t)) return false;
      const parts = nothing.exec(t.trim());
      if (!parts) return value.test(t.trim());
      const names = parts[1].split(',').map((n) => n.trim());
      return parts[2].split(/[;\n]/).every((s) => idle.test(s.trim()) || names.includes(s.trim()));
    } catch { return false; }
  }
  const listeners = new Map(); // type → the worker's listeners
  function adding(type, listener, capture) {
    if (typeof listener !== 'function' && (typeof listener !== 'object' || listener === null)) return false;
    if (type === 'fetch' && doesNothing(listener)) return false;
    let list = listeners.get(type);
    if (!list) listeners.set(type, list = []);
    for (const l of list) if (l.listener === listener && l.capture === capture) return false;
    if (!list.length) apply(add, self, [type, heard]);
    list.push({ listener, capture });
    return true;
  }
  function removing(type, listener, capture) {
    const list = listeners.get(type) ?? [];
    const i = list.findIndex((l) => l.listener === listener && l.capture === capture);
    if (i < 0) return;
    list.splice(i, 1);
    if (!list.length) apply(remove, self, [type, heard]);
  }
  const option = (o, name) => (typeof o === 'object' && o !== null ? descriptor(o, name)?.value : name === 'capture' ? o : undefined);
  const mine = (that) => that === self || that === undefined || that === null;
  function watchListeners() {
    over(EventTarget.prototype, 'addEventListener', (f, that, args) => {
      if (mine(that) && typeof args[0] === 'string' && args.length > 1) {
        const type = args[0], listener = args[1], capture = !!option(args[2], 'capture');
        if (adding(type, listener, capture)) {
          const signal = option(args[2], 'signal');
          if (signal && is('AbortSignal')(signal)) apply(add, signal, ['abort', () => removing(type, listener, capture), { once: true }]);
        }
      }
      return apply(f, that, args);
    });
    over(EventTarget.prototype, 'removeEventListener', (f, that, args) => {
      if (mine(that) && typeof args[0] === 'string') removing(args[0], args[1], !!option(args[2], 'capture'));
      return apply(f, that, args);
    });
    for (let o = self; o && o !== Object.prototype; o = getPrototypeOf(o)) {
      for (const name of ownKeys(o)) {
        if (typeof name !== 'string' || !/^on[a-z]+$/.test(name)) continue;
        const d = descriptor(o, name);
        if (!d.set || !d.configurable) continue;
        const type = name.slice(2);
        let now = null;
        defineProperty(o, name, { ...d, set: front(d.set, (f, that, args) => {
          if (mine(that)) {
            if (now !== null) removing(type, now, 'on');
            now = typeof args[0] === 'function' ? args[0] : null;
            if (now !== null) adding(type, now, 'on');
          }
          return apply(f, that, args);
        }) });
      }
    }
  }

  // Requests, and answers.
  const asURL = (input) => {
    if (isRequest(input)) return requestURL(input);
    if (typeof input !== 'string' && !isURL(input)) return '';
    try { return new URLClass(input, base).href; } catch { return typeof input === 'string' ? input : ''; }
  };
  // whose is the fetch event that an operation belongs to, when that is certain.
  const whose = (input) => (typeof input === 'object' && input !== null && events.get(input)) || (open.length === 1 ? open[0] : undefined);
  const around = (input) => { const e = whose(input); return e ? { event: e.type, eventURL: e.url, client: e.client } : {}; };
  let requests = false, answers = false, caching = false, rejections = false;
  function watchRequests() {
    over(self, 'fetch', (f, that, args) => {
      if (table.fetch.length) {
        const r = args[0];
        const i = isRequest(r)
          ? { url: requestURL(r), method: requestMethod(r), mode: requestMode(r), destination: requestDestination(r) }
          : { url: asURL(r), method: String(option(args[1], 'method') ?? 'GET').toUpperCase(), mode: option(args[1], 'mode') ?? 'cors', destination: '' };
        const e = whose(r);
        const ids = ask('fetch', (b) => fits(b, 'request', { ...i, client: e?.client ?? '', clientURL: e?.clientURL ?? '' }));
        if (ids.length) stop(say({ kind: 'request', ids, url: i.url, method: i.method, ...around(r) }));
      }
      return apply(then, apply(f, that, args), [undefined, cleaned]);
    });
  }
  function watchAnswers() {
    if (typeof FetchEvent !== 'function') return;
    over(FetchEvent.prototype, 'respondWith', (f, that, args) => {
      let i;
      try { i = describe(that); } catch { return apply(f, that, args); }
      const ids = ask('fetch', (e) => fits(e, 'respondWith', i));
      if (ids.length) stop(say({ kind: 'respondWith', ids, event: 'fetch', url: i.url, method: i.method, client: i.client }));
      const result = apply(f, that, args);
      const failed = (error) => {
        const ids = ask('exception', (e) => e.which === 'respondWith');
        if (!ids.length) return;
        const t = say({ kind: 'exception', which: 'respondWith', ids, event: 'fetch', url: i.url, method: i.method, client: i.client, error });
        stop(t);
      };
      const value = args[0];
      if (isPromise(value)) {
        apply(then, value, [(r) => { if (!isResponse(r)) failed('respondWith() was given ' + what(r) + ', which is no Response'); }, (e) => failed(what(e))]);
      } else if (!isResponse(value) && args.length && !(typeof value === 'object' && value !== null)) {
        failed('respondWith() was given ' + what(value) + ', which is no Response');
      }
      return result;
    });
  }
  function what(v) {
    try {
      if (v instanceof Error) return String(v.stack || v).slice(0, 2000);
      return typeof v === 'string' ? stringify(v) : String(v);
    } catch { return 'an object'; }
  }

  // Caches.
  const names = new WeakMap();
  function operation(op, method, cache, urls, input, known = true) {
    if (!table.cache.length) return '';
    let url = urls[0] ?? '';
    const ids = ask('cache', (e) => {
      if (e.op ? e.op !== op : op === 'hit' || op === 'miss') return false;
      if (e.cache && !(known ? apply(test, e.cache, [cache]) : op === 'miss')) return false;
      if (!e.url) return true;
      for (const u of urls) if (apply(test, e.url, [u])) { url = u; return true; }
      return false;
    });
    return ids.length ? say({ kind: 'cache', ids, operation: op, method, cache, url, ...around(input) }) : '';
  }
  const before = (...args) => { const t = operation(...args); if (t) stop(t); };
  function watchCaches() {
    if (typeof CacheStorage !== 'function') return;
    over(CacheStorage.prototype, 'open', (f, that, args) => {
      const name = String(args[0]);
      before('open', 'caches.open', name, [], undefined);
      return apply(then, apply(f, that, args), [(c) => { names.set(c, name); return c; }, cleaned]);
    });
    over(CacheStorage.prototype, 'delete', (f, that, args) => {
      before('delete', 'caches.delete', String(args[0]), [], undefined);
      return apply(then, apply(f, that, args), [undefined, cleaned]);
    });
    const look = (object, name, all) => over(object, name, (f, that, args) => {
      const storage = object === CacheStorage.prototype;
      const within = storage ? option(args[1], 'cacheName') : names.get(that);
      const method = (storage ? 'caches.' : 'cache.') + name, known = within !== undefined, cache = known ? String(within) : '';
      const urls = args.length ? [asURL(args[0])] : [];
      before('match', method, cache, urls, args[0], known);
      return apply(then, apply(f, that, args), [(r) => {
        const t = operation((all ? r.length : r) ? 'hit' : 'miss', method, cache, urls, args[0], known);
        if (t) { after(t); stop(t); }
        return r;
      }, cleaned]);
    });
    look(CacheStorage.prototype, 'match', false);
    look(Cache.prototype, 'match', false);
    look(Cache.prototype, 'matchAll', true);
    const write = (op, name, urls) => over(Cache.prototype, name, (f, that, args) => {
      before(op, 'cache.' + name, names.get(that) ?? '', urls(args), args[0], names.has(that));
      return apply(then, apply(f, that, args), [undefined, cleaned]);
    });
    write('put', 'put', (args) => [asURL(args[0])]);
    write('put', 'add', (args) => [asURL(args[0])]);
    write('put', 'addAll', (args) => (Array.isArray(args[0]) ? args[0].map(asURL) : []));
    write('delete', 'delete', (args) => [asURL(args[0])]);
  }
  function watchRejections() {
    apply(add, self, ['unhandledrejection', (event) => {
      const ids = ask('exception', (e) => e.which === 'rejection');
      if (ids.length) stop(say({ kind: 'exception', which: 'rejection', ids, error: what(event.reason) }));
    }]);
  }

  over(Function.prototype, 'toString', (f, that, args) => apply(f, typeof that === 'function' ? originals.get(that) ?? that : that, args));
  return {
    // early: the worker has not run anything yet.
    set(json, early) {
      const t = parse(json);
      table = { event: compile(t.event), fetch: compile(t.fetch), cache: compile(t.cache), exception: compile(t.exception) };
      if (early) watchListeners();
      const wants = (at) => table.fetch.some((e) => e.at === at), fails = (which) => table.exception.some((e) => e.which === which);
      if (!requests && wants('request')) { requests = true; watchRequests(); }
      if (!answers && (wants('respondWith') || fails('respondWith'))) { answers = true; watchAnswers(); }
      if (!caching && table.cache.length) { caching = true; watchCaches(); }
      if (!rejections && fails('rejection')) { rejections = true; watchRejections(); }
    },
    hold(t) { stop(t); },
  };
}
