// Runs in a service worker before its own script: tells the recorder of fetch events,
// what becomes of them, and which requests and cache operations they make. It adds no
// listener and keeps names, lengths and results as they are.
(() => {
  const name = '__swinspect_recorder__';
  const send = self[name];
  delete self[name];
  if (typeof send !== 'function') return;
  const { apply } = Reflect;
  const stringify = JSON.stringify;
  const promise = Promise, then = Promise.prototype.then;
  const tell = (e) => { try { send(stringify(e)); } catch { /* nobody listens */ } };

  let last = 0, current = 0;
  const ids = new WeakMap(); // of events and their requests
  const open = new Map(); // id → URL of events that are not over
  const responded = new WeakSet();
  const threw = new WeakMap(); // event → what its handler threw

  function begin(event) {
    if (ids.has(event) || !(event instanceof FetchEvent) || !event.isTrusted) return ids.get(event);
    const id = ++last, r = event.request;
    ids.set(event, id);
    ids.set(r, id);
    open.set(id, r.url);
    const headers = [];
    try { for (const [n, v] of r.headers) headers.push({ Name: n, Value: v }); } catch { /* told without */ }
    tell({ type: 'event', id: String(id), url: r.url, method: r.method, mode: r.mode, destination: r.destination, credentials: r.credentials, cache: r.cache, redirect: r.redirect, referrer: r.referrer, clientId: event.clientId, resultingClientId: event.resultingClientId, headers });
    const over = () => {
      open.delete(id);
      if (!responded.has(event)) tell({ type: 'over', id: String(id), error: threw.get(event) });
    };
    if (event.handled) apply(then, event.handled, [over, over]);
    return id;
  }

  // whose is the event that a request or operation belongs to: the one whose handler
  // runs, the one whose request it is, the only one with that URL, the only one.
  function whose(input) {
    if (current) return current;
    const known = typeof input === 'object' && input !== null ? ids.get(input) : 0;
    if (known) return known;
    let url = '';
    try { url = new URL(typeof input === 'object' && input ? input.url ?? String(input) : String(input), location).href; } catch { return 0; }
    const same = [...open].filter(([, u]) => u === url);
    if (same.length === 1) return same[0][0];
    return open.size === 1 ? [...open.keys()][0] : 0;
  }

  const wrapped = new WeakMap();
  function wrap(listener) {
    if (listener === null || typeof listener !== 'function' && typeof listener !== 'object') return listener;
    if (!wrapped.has(listener)) {
      wrapped.set(listener, function (event) {
        const outer = current;
        current = begin(event) ?? 0;
        try {
          return typeof listener === 'function' ? apply(listener, this, [event]) : listener.handleEvent(event);
        } catch (e) {
          try { threw.set(event, String(e)); } catch { /* it cannot be told */ }
          throw e;
        } finally { current = outer; }
      });
    }
    return wrapped.get(listener);
  }

  // over puts f over a method where it is defined, under its name and length.
  function over(object, method, f) {
    let d;
    while (object && !(d = Object.getOwnPropertyDescriptor(object, method))) object = Object.getPrototypeOf(object);
    if (!d || typeof d.value !== 'function' || !d.configurable) return;
    Object.defineProperty(object, method, { ...d, value: new Proxy(d.value, { apply: f }) });
  }

  for (const method of ['addEventListener', 'removeEventListener']) {
    over(EventTarget.prototype, method, (f, that, args) => {
      late();
      if ((that === self || that === undefined) && args[0] === 'fetch') args = [args[0], wrap(args[1]), ...args.slice(2)];
      return apply(f, that, args);
    });
  }
  for (let o = self; o; o = Object.getPrototypeOf(o)) {
    const d = Object.getOwnPropertyDescriptor(o, 'onfetch');
    if (!d || !d.set) continue;
    let own = null;
    Object.defineProperty(o, 'onfetch', {
      ...d,
      get: new Proxy(d.get, { apply: (f, that, args) => { const now = apply(f, that, args); return now && own && now === wrapped.get(own) ? own : now; } }),
      set: new Proxy(d.set, { apply: (f, that, args) => { late(); own = args[0]; return apply(f, that, [typeof own === 'function' ? wrap(own) : own]); } }),
    });
    break;
  }
  over(FetchEvent.prototype, 'respondWith', (f, that, args) => {
    const id = ids.get(that);
    const result = apply(f, that, args);
    if (id) {
      responded.add(that);
      apply(then, promise.resolve(args[0]), [
        (r) => tell(r instanceof Response ? { type: 'respond', id: String(id), status: r.status, responseType: r.type } : { type: 'error', id: String(id), error: 'respondWith() was given something that is no Response' }),
        (err) => tell({ type: 'error', id: String(id), error: String(err?.stack ?? err).slice(0, 1000) }),
      ]);
    }
    return result;
  });
  over(self, 'fetch', (f, that, args) => {
    const id = whose(args[0]);
    if (id) {
      let r = args[0];
      try { if (!(r instanceof Request)) r = { url: new URL(String(r), location).href, method: String(args[1]?.method ?? 'GET').toUpperCase() }; } catch { r = { url: String(args[0]), method: 'GET' }; }
      tell({ type: 'fetch', id: String(id), url: r.url, method: r.method });
    }
    return apply(f, that, args);
  });
  // A worker that is held before its script has no interfaces of secure contexts yet:
  // Cache and CacheStorage come with the script, and are covered when it listens for
  // the first time.
  let late = () => {
    if (typeof CacheStorage === 'undefined') return;
    late = () => {};
    coverCaches();
  };
  function coverCaches() {
    const names = new WeakMap(); // of caches
    over(CacheStorage.prototype, 'open', (f, that, args) => {
      const p = apply(f, that, args);
      apply(then, p, [(c) => names.set(c, String(args[0])), () => {}]);
      return p;
    });
    const target = (a) => { try { return a instanceof Request ? a.url : new URL(String(a), location).href; } catch { return String(a); } };
    for (const [object, methods] of [[Cache.prototype, ['match', 'matchAll', 'put', 'add', 'addAll', 'delete']], [CacheStorage.prototype, ['match']]]) {
      for (const operation of methods) {
        over(object, operation, (f, that, args) => {
          const id = whose(args[0]);
          const p = apply(f, that, args);
          if (id) {
            const cache = names.get(that) ?? args[1]?.cacheName ?? '';
            apply(then, p, [(r) => tell({ type: 'cache', id: String(id), operation, cache, url: operation === 'addAll' ? '' : target(args[0]), hit: operation === 'matchAll' ? r.length > 0 : !!r }), () => {}]);
          }
          return p;
        });
      }
    }
  }
  late();
})();
