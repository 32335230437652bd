// What the language has and the interpreter lacks. Runs once per runtime, before
// anything else; it captures what it uses, so that scripts cannot change it.
(function (global) {
  "use strict";
  const { defineProperty, getOwnPropertyDescriptor, create, getPrototypeOf, setPrototypeOf } = Object;
  const apply = Function.prototype.call.bind(Function.prototype.apply);
  const call = Function.prototype.call.bind(Function.prototype.call);
  const method = (target, name, value) => defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });
  const methods = (target, source) => {
    for (const key of Reflect.ownKeys(source)) {
      if (getOwnPropertyDescriptor(target, key)) continue;
      const d = getOwnPropertyDescriptor(source, key);
      d.enumerable = false;
      defineProperty(target, key, d);
    }
  };
  const symbol = name => {
    if (Symbol[name] === undefined) defineProperty(Symbol, name, { value: Symbol("Symbol." + name), writable: false, enumerable: false, configurable: false });
  };
  symbol("asyncIterator"); symbol("dispose"); symbol("asyncDispose");

  // Annex B.2.2: a setter or getter beside the other one.
  const accessor = (o, key, part, f) => {
    if (o === undefined || o === null) throw new TypeError("Cannot convert undefined or null to object");
    if (typeof f !== "function") throw new TypeError(`Object.prototype.__define${part === "get" ? "G" : "S"}etter__: Expecting function`);
    defineProperty(Object(o), key, { [part]: f, enumerable: true, configurable: true });
  };
  const lookup = (o, key, part) => {
    for (o = Object(o), key = typeof key === "symbol" ? key : `${key}`; o !== null; o = getPrototypeOf(o)) {
      const d = getOwnPropertyDescriptor(o, key);
      if (d) return d[part];
    }
  };
  methods(Object.prototype, {
    __defineGetter__(key, getter) { accessor(this, key, "get", getter); },
    __defineSetter__(key, setter) { accessor(this, key, "set", setter); },
    __lookupGetter__(key) { return lookup(this, key, "get"); },
    __lookupSetter__(key) { return lookup(this, key, "set"); },
  });

  const then = Promise.prototype.then;
  methods(Promise, {
    withResolvers() {
      let resolve, reject;
      const promise = new this((a, b) => { resolve = a; reject = b; });
      return { promise, resolve, reject };
    },
    try(callback, ...args) { return new this(resolve => resolve(callback(...args))); },
  });

  methods(Object, {
    groupBy(items, callback) {
      const groups = create(null);
      let i = 0;
      for (const item of items) {
        const key = callback(item, i++);
        const k = typeof key === "symbol" ? key : `${key}`;
        if (k in groups) groups[k].push(item); else groups[k] = [item];
      }
      return groups;
    },
  });
  methods(Map, {
    groupBy(items, callback) {
      const groups = new Map();
      let i = 0;
      for (const item of items) {
        const key = callback(item, i++);
        const group = groups.get(key);
        if (group) group.push(item); else groups.set(key, [item]);
      }
      return groups;
    },
  });

  methods(Array, {
    fromAsync(items, map, thisArg) {
      const C = typeof this === "function" ? this : Array;
      return new Promise((resolve, reject) => {
        if (map !== undefined && typeof map !== "function") throw new TypeError("Array.fromAsync: the mapper is not a function");
        const asyncMethod = items[Symbol.asyncIterator], syncMethod = asyncMethod == null ? items[Symbol.iterator] : undefined;
        const list = asyncMethod == null && syncMethod == null;
        const out = list ? new C(Math.min(items.length >>> 0, 2 ** 32 - 1)) : new C();
        let i = 0, iterator;
        const put = value => { defineProperty(out, i++, { value, writable: true, enumerable: true, configurable: true }); next(); };
        const take = value => call(then, Promise.resolve(value), v => {
          if (!map) return put(v);
          return call(then, Promise.resolve(call(map, thisArg, v, i)), put, reject);
        }, reject);
        const finish = () => { out.length = i; resolve(out); };
        const next = () => {
          try {
            if (list) return i < (items.length >>> 0) ? void take(items[i]) : void finish();
            const step = iterator.next();
            const got = r => { if (Object(r) !== r) throw new TypeError(`${r} is not an object`); return r.done ? finish() : (asyncMethod == null || map ? take(r.value) : put(r.value)); };
            if (asyncMethod == null) return void got(step);
            call(then, call(then, Promise.resolve(step), got), undefined, reject);
          } catch (e) { reject(e); }
        };
        if (!list) iterator = call(asyncMethod == null ? syncMethod : asyncMethod, items);
        next();
      });
    },
  });

  methods(String.prototype, {
    isWellFormed() {
      const s = `${this}`;
      for (let i = 0; i < s.length; i++) {
        const c = s.charCodeAt(i);
        if (c >= 0xd800 && c <= 0xdfff) {
          const d = c <= 0xdbff ? s.charCodeAt(i + 1) : 0;
          if (!(d >= 0xdc00 && d <= 0xdfff)) return false;
          i++;
        }
      }
      return true;
    },
    toWellFormed() {
      const s = `${this}`;
      let out = "";
      for (let i = 0; i < s.length; i++) {
        const c = s.charCodeAt(i);
        if (c < 0xd800 || c > 0xdfff) { out += s[i]; continue; }
        const d = c <= 0xdbff ? s.charCodeAt(i + 1) : 0;
        if (d >= 0xdc00 && d <= 0xdfff) { out += s[i] + s[++i]; } else { out += "\ufffd"; }
      }
      return out;
    },
  });

  methods(RegExp, {
    escape(s) {
      if (typeof s !== "string") throw new TypeError("RegExp.escape: the argument is not a string");
      const hex = (c, n) => c.toString(16).padStart(n, "0");
      let out = "";
      for (let i = 0; i < s.length; i++) {
        const c = s[i], n = s.charCodeAt(i);
        if (i === 0 && /[0-9A-Za-z]/.test(c)) out += "\\x" + hex(n, 2);
        else if ("^$\\.*+?()[]{}|/".includes(c)) out += "\\" + c;
        else if ("\t\n\v\f\r".includes(c)) out += "\\" + "tnvfr"["\t\n\v\f\r".indexOf(c)];
        else if (",-=<>#&!%:;@~'`\" ".includes(c) || /\s/.test(c) || (n >= 0xd800 && n <= 0xdfff)) out += n < 256 ? "\\x" + hex(n, 2) : "\\u" + hex(n, 4);
        else out += c;
      }
      return out;
    },
  });

  methods(Error, {
    captureStackTrace(target) {
      const stack = new Error().stack;
      defineProperty(target, "stack", { value: stack, writable: true, enumerable: false, configurable: true });
    },
  });

  const define = (name, value) => { if (!(name in global)) method(global, name, value); };
  const tag = (prototype, value) => defineProperty(prototype, Symbol.toStringTag, { value, writable: false, enumerable: false, configurable: true });

  // Objects are held strongly: a user agent collects garbage when it likes, also never.
  const held = new WeakMap(), heldGet = WeakMap.prototype.get, heldSet = WeakMap.prototype.set, heldHas = WeakMap.prototype.has;
  const weakable = v => Object(v) === v || (typeof v === "symbol" && Symbol.keyFor(v) === undefined);
  class WeakRef {
    constructor(target) {
      if (!weakable(target)) throw new TypeError("WeakRef: the target must be an object");
      call(heldSet, held, this, target);
    }
    deref() {
      if (!call(heldHas, held, this)) throw new TypeError("WeakRef.prototype.deref called on an incompatible receiver");
      return call(heldGet, held, this);
    }
  }
  tag(WeakRef.prototype, "WeakRef");
  define("WeakRef", WeakRef);
  class FinalizationRegistry {
    constructor(cleanup) { if (typeof cleanup !== "function") throw new TypeError("FinalizationRegistry: cleanup must be callable"); }
    register(target) { if (!weakable(target)) throw new TypeError("FinalizationRegistry.prototype.register: invalid target"); }
    unregister(token) { if (!weakable(token)) throw new TypeError("Invalid unregister token"); return false; }
  }
  tag(FinalizationRegistry.prototype, "FinalizationRegistry");
  define("FinalizationRegistry", FinalizationRegistry);

  // Iterator helpers, on the prototype that every built-in iterator has already.
  const iteratorPrototype = getPrototypeOf(getPrototypeOf([][Symbol.iterator]()));
  if (!("Iterator" in global)) {
    function Iterator() { if (new.target === undefined || new.target === Iterator) throw new TypeError("Iterator is an abstract class"); }
    defineProperty(Iterator, "prototype", { value: iteratorPrototype, writable: false });
    method(iteratorPrototype, "constructor", Iterator);
    define("Iterator", Iterator);
    const callable = f => { if (typeof f !== "function") throw new TypeError(`${String(f)} is not a function`); return f; };
    const direct = o => { if (Object(o) !== o) throw new TypeError("Iterator method called on a value that is no object"); return { o, next: o.next }; };
    const step = it => { const r = call(it.next, it.o); if (Object(r) !== r) throw new TypeError(`Iterator result ${String(r)} is not an object`); return r; };
    const end = it => { const f = it.o.return; if (f !== undefined && f !== null) call(f, it.o); };
    const guarded = (it, f) => { try { return f(); } catch (e) { try { end(it); } catch {} throw e; } };
    const count = (it, n) => {
      const k = Number(n);
      if (k !== k) throw new RangeError(`${String(n)} must be positive`);
      const i = Math.trunc(k);
      if (i < 0) throw new RangeError(`${String(n)} must be positive`);
      return i;
    };
    function* lazily(it, body) { let over = false; try { yield* body(); over = true; } catch (e) { over = true; throw e; } finally { if (!over) end(it); } }
    const flattenable = v => {
      if (Object(v) !== v) throw new TypeError(`${String(v)} is not an object`);
      const f = v[Symbol.iterator];
      const o = f === undefined || f === null ? v : call(f, v);
      if (Object(o) !== o) throw new TypeError(`${String(o)} is not an object`);
      return { o, next: o.next };
    };
    methods(iteratorPrototype, {
      map(f) { callable(f); const it = direct(this); return lazily(it, function* () { for (let i = 0, r; !(r = step(it)).done; i++) { const v = r.value; yield guarded(it, () => f(v, i)); } }); },
      filter(f) { callable(f); const it = direct(this); return lazily(it, function* () { for (let i = 0, r; !(r = step(it)).done; i++) { const v = r.value; if (guarded(it, () => f(v, i))) yield v; } }); },
      take(n) { const it0 = { o: this }; const k = count(it0, n); const it = direct(this); return lazily(it, function* () { for (let left = k; ; left--) { if (left === 0) { end(it); return; } const r = step(it); if (r.done) return; yield r.value; } }); },
      drop(n) { const it0 = { o: this }; const k = count(it0, n); const it = direct(this); return lazily(it, function* () { for (let left = k; left > 0; left--) if (step(it).done) return; for (let r; !(r = step(it)).done;) yield r.value; }); },
      flatMap(f) {
        callable(f); const it = direct(this);
        return lazily(it, function* () {
          for (let i = 0, r; !(r = step(it)).done; i++) {
            const v = r.value, inner = guarded(it, () => flattenable(f(v, i)));
            let over = false;
            try { for (let q; !(q = step(inner)).done;) yield q.value; over = true; } catch (e) { over = true; try { end(it); } catch {} throw e; } finally { if (!over) end(inner); }
          }
        });
      },
      reduce(f, ...rest) {
        callable(f); const it = direct(this);
        let i = 0, acc;
        if (rest.length) acc = rest[0]; else { const r = step(it); if (r.done) throw new TypeError("Reduce of a done iterator with no initial value"); acc = r.value; i = 1; }
        for (let r; !(r = step(it)).done; i++) { const v = r.value; acc = guarded(it, () => f(acc, v, i)); }
        return acc;
      },
      toArray() { const it = direct(this), out = []; for (let r; !(r = step(it)).done;) out.push(r.value); return out; },
      forEach(f) { callable(f); const it = direct(this); for (let i = 0, r; !(r = step(it)).done; i++) { const v = r.value; guarded(it, () => f(v, i)); } },
      some(f) { callable(f); const it = direct(this); for (let i = 0, r; !(r = step(it)).done; i++) { const v = r.value; if (guarded(it, () => f(v, i))) { end(it); return true; } } return false; },
      every(f) { callable(f); const it = direct(this); for (let i = 0, r; !(r = step(it)).done; i++) { const v = r.value; if (!guarded(it, () => f(v, i))) { end(it); return false; } } return true; },
      find(f) { callable(f); const it = direct(this); for (let i = 0, r; !(r = step(it)).done; i++) { const v = r.value; if (guarded(it, () => f(v, i))) { end(it); return v; } } },
    });
    methods(Iterator, {
      from(v) {
        const it = typeof v === "string" ? { o: v[Symbol.iterator]() } : flattenable(v);
        if (iteratorPrototype.isPrototypeOf(it.o)) return it.o;
        const wrapped = create(iteratorPrototype);
        method(wrapped, "next", () => call(it.o.next, it.o));
        method(wrapped, "return", () => { const f = it.o.return; return f === undefined ? { value: undefined, done: true } : call(f, it.o); });
        return wrapped;
      },
    });
    defineProperty(iteratorPrototype, Symbol.toStringTag, { value: "Iterator", writable: true, enumerable: false, configurable: true });
  }
})(globalThis);
