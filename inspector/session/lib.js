// The part of swinspect's API that is made in scripts' own language: expectations, values
// as text, console. native is what session has in Go; no script can reach this file's
// variables.
(native => {
  'use strict';
  const { isArray } = Array;
  const own = Function.prototype.call.bind(Object.prototype.hasOwnProperty);
  const stringTag = Function.prototype.call.bind(Object.prototype.toString);

  // ------------------------------------------------------------- values as text

  const identifier = /^[A-Za-z_$][\w$]*$/;
  const maxDepth = 6, maxItems = 100, maxText = 10000;

  function quote(text) {
    if (text.length > maxText) text = text.slice(0, maxText) + '…';
    const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
    let out = '';
    for (const c of text) {
      if (c === mark || c === '\\') out += '\\' + c;
      else if (c === '\n') out += '\\n';
      else if (c === '\r') out += '\\r';
      else if (c === '\t') out += '\\t';
      else if (c < ' ') out += '\\x' + c.charCodeAt(0).toString(16).padStart(2, '0');
      else out += c;
    }
    return mark + out + mark;
  }

  // show is a value as JavaScript would write it, on one line while it is short.
  function show(value, depth = 0, seen = []) {
    switch (typeof value) {
      case 'string': return quote(value);
      case 'bigint': return value + 'n';
      case 'symbol': return value.toString();
      case 'function': return value.name ? `[Function ${value.name}]` : '[Function]';
      case 'number': return Object.is(value, -0) ? '-0' : String(value);
      case 'object': if (value !== null) break;
      default: return String(value);
    }
    if (value[asymmetric]) return value.words();
    const kind = native.kindOf(value);
    if (kind) return kind;
    try {
      return showObject(value, depth, seen);
    } catch (e) {
      return '[an object that cannot be shown]';
    }
  }

  function showObject(value, depth, seen) {
    if (seen.includes(value)) return '[Circular]';
    if (value instanceof Error) {
      const text = String(value.stack || value);
      return depth ? `[${value.name}: ${value.message}]` : native.stack(text);
    }
    if (value instanceof Date) return isNaN(value) ? 'Invalid Date' : value.toISOString();
    if (value instanceof RegExp) return String(value);
    if (value instanceof Promise) return '[Promise]';
    const name = value.constructor && typeof value.constructor.name === 'string' ? value.constructor.name : '';
    if (depth >= maxDepth) return isArray(value) ? '[…]' : '{…}';
    const inner = v => show(v, depth + 1, [...seen, value]);
    const key = k => typeof k === 'symbol' ? `[${k.toString()}]` : identifier.test(k) ? k : quote(k);
    if (isArray(value) || ArrayBuffer.isView(value) && value.length !== undefined) {
      const items = [];
      for (let i = 0; i < value.length && i < maxItems; i++) items.push(i in value ? inner(value[i]) : '<empty>');
      if (value.length > maxItems) items.push(`… ${value.length - maxItems} more`);
      return (isArray(value) ? '' : name + ' ') + wrap('[', items, ']', depth, false);
    }
    if (value instanceof ArrayBuffer) return `ArrayBuffer(${value.byteLength})`;
    if (value instanceof Map) return `Map(${value.size}) ` + wrap('{', [...value].slice(0, maxItems).map(([k, v]) => inner(k) + ' => ' + inner(v)), '}', depth, true);
    if (value instanceof Set) return `Set(${value.size}) ` + wrap('{', [...value].slice(0, maxItems).map(inner), '}', depth, true);
    const keys = Object.keys(value);
    const items = keys.slice(0, maxItems).map(k => {
      const d = Object.getOwnPropertyDescriptor(value, k);
      return key(k) + ': ' + (d && d.get ? '[Getter]' : inner(value[k]));
    });
    if (keys.length > maxItems) items.push(`… ${keys.length - maxItems} more`);
    const prefix = name && name !== 'Object' ? name + ' ' : Object.getPrototypeOf(value) === null ? '[null prototype] ' : '';
    return prefix + wrap('{', items, '}', depth, true);
  }

  function wrap(open, items, close, depth, space) {
    if (!items.length) return open + close;
    const line = items.join(', ');
    if (line.length + depth * 2 <= 72 && !line.includes('\n')) return space ? `${open} ${line} ${close}` : open + line + close;
    const indent = '  '.repeat(depth + 1);
    return `${open}\n${indent}${items.join(',\n' + indent)},\n${'  '.repeat(depth)}${close}`;
  }

  // ------------------------------------------------------------- equality

  const asymmetric = Symbol('asymmetric');

  function equal(a, b, partial = false, seen = []) {
    if (b !== null && typeof b === 'object' && b[asymmetric]) return b.matches(a);
    if (a !== null && typeof a === 'object' && a[asymmetric]) return a.matches(b);
    if (Object.is(a, b)) return true;
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
    if (seen.some(([x, y]) => x === a && y === b)) return true;
    const tag = stringTag(a);
    const next = [...seen, [a, b]];
    const same = (x, y) => equal(x, y, partial, next);
    const fields = partial && stringTag(b) === '[object Object]' && !native.kindOf(b);
    if (fields && native.kindOf(a)) return Object.keys(b).every(k => k in a && same(a[k], b[k]));
    if (tag !== stringTag(b)) return false;
    if (a instanceof Date) return Object.is(+a, +b);
    if (a instanceof RegExp) return String(a) === String(b);
    if (a instanceof Error) return a.name === b.name && a.message === b.message;
    if (native.kindOf(a)) return native.same(a, b);
    if (a instanceof Map) return a.size === b.size && [...a].every(([k, v]) => b.has(k) && same(v, b.get(k)));
    if (a instanceof Set) return a.size === b.size && [...a].every(v => b.has(v) || [...b].some(w => same(v, w)));
    if (a instanceof ArrayBuffer) return same(new Uint8Array(a), new Uint8Array(b));
    if (isArray(a) || ArrayBuffer.isView(a)) {
      if (a.length !== b.length) return false;
      for (let i = 0; i < a.length; i++) if (!same(a[i], b[i])) return false;
      return true;
    }
    const keys = o => Object.keys(o).filter(k => o[k] !== undefined);
    const wanted = keys(b);
    if (!partial && keys(a).length !== wanted.length) return false;
    return wanted.every(k => k in a && same(a[k], b[k]));
  }

  function matcher(words, matches) {
    return Object.freeze({ [asymmetric]: true, words: () => words, matches });
  }

  // ------------------------------------------------------------- matchers
  // Each gives {pass, text, expected, received}: text follows "expected <what> ", and
  // expected and received are the two sides of a comparison, when it is one.

  const compare = (pass, text, expected, received) => ({ pass, text: `${text} ${show(expected)}`, expected, received, compared: true });
  const plain = (pass, text) => ({ pass, text });
  const matches = (text, pattern) => pattern instanceof RegExp ? new RegExp(pattern.source, pattern.flags.replace('g', '')).test(text) : String(text).includes(pattern);
  const number = (name, value) => {
    if (typeof value !== 'number' && typeof value !== 'bigint') throw new TypeError(`expect(…).${name}: ${show(value)} is no number`);
  };

  const matchers = {
    toBe: (actual, expected) => compare(Object.is(actual, expected), 'to be', expected, actual),
    toEqual: (actual, expected) => compare(equal(actual, expected), 'to equal', expected, actual),
    toMatchObject: (actual, expected) => compare(equal(actual, expected, true), 'to have the fields', expected, actual),
    toMatch: (actual, expected) => compare(typeof actual === 'string' && matches(actual, expected), 'to match', expected, actual),
    toContain(actual, expected) {
      const has = typeof actual === 'string' ? actual.includes(String(expected)) : actual != null && typeof actual[Symbol.iterator] === 'function' && [...actual].includes(expected);
      return compare(has, 'to contain', expected, actual);
    },
    toContainEqual: (actual, expected) => compare(actual != null && typeof actual[Symbol.iterator] === 'function' && [...actual].some(v => equal(v, expected)), 'to contain an item equal to', expected, actual),
    toHaveLength: (actual, expected) => ({ pass: actual != null && actual.length === expected, text: `to have length ${show(expected)}, not ${show(actual == null ? undefined : actual.length)}`, expected, received: actual }),
    toHaveProperty(actual, path, ...value) {
      let at = actual;
      let has = true;
      for (const key of String(path).replace(/\[(\w+)\]/g, '.$1').split('.')) {
        has = at != null && key in Object(at);
        if (!has) break;
        at = at[key];
      }
      if (!value.length) return plain(has, `to have the property ${show(path)}`);
      return compare(has && equal(at, value[0]), `to have the property ${show(path)} equal to`, value[0], has ? at : undefined);
    },
    toBeTruthy: actual => plain(!!actual, 'to be truthy'),
    toBeFalsy: actual => plain(!actual, 'to be falsy'),
    toBeDefined: actual => plain(actual !== undefined, 'to be defined'),
    toBeUndefined: actual => plain(actual === undefined, 'to be undefined'),
    toBeNull: actual => plain(actual === null, 'to be null'),
    toBeGreaterThan: (actual, expected) => (number('toBeGreaterThan', expected), compare(actual > expected, 'to be greater than', expected, actual)),
    toBeGreaterThanOrEqual: (actual, expected) => (number('toBeGreaterThanOrEqual', expected), compare(actual >= expected, 'to be at least', expected, actual)),
    toBeLessThan: (actual, expected) => (number('toBeLessThan', expected), compare(actual < expected, 'to be less than', expected, actual)),
    toBeLessThanOrEqual: (actual, expected) => (number('toBeLessThanOrEqual', expected), compare(actual <= expected, 'to be at most', expected, actual)),
    toBeCloseTo: (actual, expected, digits = 2) => (number('toBeCloseTo', expected), compare(Math.abs(actual - expected) < 10 ** -digits / 2, 'to be close to', expected, actual)),
    toBeInstanceOf: (actual, expected) => plain(actual instanceof expected, `to be an instance of ${expected && expected.name}`),
    toThrow(actual, expected) {
      let thrown, threw = false;
      if (actual instanceof Thrown) {
        threw = true;
        thrown = actual.reason;
      } else if (typeof actual === 'function') {
        try {
          const result = actual();
          if (result && typeof result.then === 'function') throw new UsageError('expect(function).toThrow() is for functions that are not async: write await expect(promise).rejects.toThrow()');
        } catch (e) {
          if (e instanceof UsageError) throw e;
          threw = true;
          thrown = e;
        }
      } else {
        throw new UsageError(`expect(…).toThrow: ${show(actual)} is no function`);
      }
      return thrownIs(threw, thrown, expected);
    },
    toMatchSnapshot(actual, name) {
      const r = native.snapshot(typeof actual === 'string' ? actual : show(actual), name === undefined ? '' : String(name));
      return { pass: r.pass, text: `to match the snapshot ${show(r.name)}${r.missing ? ', which is not there' : ''}`, expectedText: r.expected, receivedText: r.received, compared: !r.missing };
    },
  };

  class UsageError extends TypeError {}
  class Thrown { constructor(reason) { this.reason = reason; } }

  function thrownIs(threw, thrown, expected) {
    if (!threw) return plain(false, 'to throw' + (expected === undefined ? '' : ' ' + show(expected)));
    const message = thrown !== null && typeof thrown === 'object' && 'message' in thrown ? String(thrown.message) : String(thrown);
    if (expected === undefined) return plain(true, `to throw (it threw ${show(message)})`);
    if (typeof expected === 'function') return plain(thrown instanceof expected, `to throw ${expected.name}, it threw ${show(thrown, 1)}`);
    return { pass: matches(message, expected), text: `to throw ${show(expected)}`, expected, received: message, compared: true };
  }

  // What is asked of a handle at each try: {pass, text, expected, received}.
  const handleMatchers = {
    async toHaveStatus(actual, expected) {
      if (typeof expected === 'number') {
        const status = actual != null && typeof actual === 'object' ? actual.status : undefined;
        return compare(status === expected, 'to have the status', expected, status);
      }
      const seen = await native.states(actual);
      return { pass: seen.states.includes(expected), text: `to be ${expected}`, expectedText: expected, receivedText: seen.words, compared: true };
    },
    async toExist(actual) {
      const seen = await native.exists(actual);
      return { pass: seen.exists, text: 'to exist', seen: seen.words };
    },
    async toHaveURL(actual, expected) {
      const url = await actual.url();
      return { pass: native.matchURL(actual, expected, url), text: `to have the URL ${show(expected)}`, expected, received: url, compared: true };
    },
    async toHaveTitle(actual, expected) {
      const title = await actual.title();
      return compare(expected instanceof RegExp ? matches(title, expected) : title === expected, 'to have the title', expected, title);
    },
    async toHaveText(actual, expected, selector) {
      const text = await actual.text(selector, { timeout: 0 });
      return compare(matches(text, expected), selector === undefined ? 'to have the text' : `to have in ${show(selector)} the text`, expected, text);
    },
    async toBeControlled(actual, by) {
      const controller = await actual.controller();
      const what = by === undefined ? 'to be controlled' : `to be controlled by version ${by.id || '(none)'}`;
      return { pass: controller !== null && (by === undefined || controller.id === by.id), text: what, seen: controller === null ? 'it is not controlled' : `its controller is version ${controller.id}` };
    },
    async toHaveEntry(actual, request, options) {
      const all = [].concat(await actual.explain(request, options));
      return { pass: all.some(e => e.matched), text: `to have an entry for ${show(request)}`, seen: all.map(e => `${e.cache}: ${e.why}`).join('\n  ') || 'there is no cache' };
    },
    async toHaveCaches(actual, names) {
      const keys = await actual.keys();
      return compare(equal([...keys].sort(), [...names].sort()), 'to have the caches', names, keys);
    },
  };

  // ------------------------------------------------------------- expect

  // judge throws, or gives nothing, for the result of a matcher.
  function verdict(what, message, negated, r) {
    if (r.pass !== negated) return null;
    const text = o => typeof o === 'string' ? o : show(o);
    const lines = [(message ? message + ': ' : '') + `expected ${what} ${negated ? 'not ' : ''}${r.text}`];
    let expected = '', received = '';
    if (r.compared) {
      expected = r.expectedText !== undefined ? r.expectedText : show(r.expected);
      received = r.receivedText !== undefined ? r.receivedText : show(r.received);
      if (!negated) lines.push(received.includes('\n') ? `received:\n${received}` : `received: ${received}`);
    }
    if (r.seen) lines.push(`seen instead: ${text(r.seen)}`);
    if (r.history && r.history.length > 1) lines.push(`seen on the way: ${r.history.join(' → ')}`);
    return { message: lines.join('\n'), expected: negated ? '' : expected, received: negated ? '' : received };
  }

  function what(actual) {
    if (typeof actual === 'function') return actual.name ? `what ${actual.name}() gives` : 'what the function gives';
    const text = show(actual);
    return text.length > 80 || text.includes('\n') ? 'the value' : text;
  }

  async function retry(title, at, actual, message, negated, probe) {
    const op = native.beginPoll(title, at);
    const history = [];
    let thrown, over;
    try {
      for (let wait = 5; ; wait = Math.min(wait * 2, 100)) {
        over = native.pollOver(op);
        let r;
        try {
          r = await probe();
          thrown = undefined;
        } catch (e) {
          if (e instanceof UsageError || native.isSkip(e)) throw e;
          r = { pass: negated, text: 'to hold', seen: 'it threw ' + show(e, 1) };
          thrown = e;
        }
        const text = r.receivedText !== undefined ? r.receivedText : r.compared ? show(r.received) : r.seen;
        if (typeof text === 'string' && text.length < 200 && history[history.length - 1] !== text && history.length < 20) history.push(text);
        const v = verdict(what(actual), message, negated, { ...r, history });
        if (!v) return native.endPoll(op, undefined);
        if (over) {
          native.pollGone(op);
          v.message += `\n${native.pollWords(op)}`;
          throw native.assertion(v.message, v.expected, v.received, at);
        }
        await native.pause(op, wait);
      }
    } catch (e) {
      native.endPoll(op, e);
      throw e;
    }
  }

  function expectation(actual, message, negated, mode) {
    const m = {};
    const define = (name, asks) => {
      Object.defineProperty(m, name, { enumerable: true, value: (...args) => {
        const at = native.here();
        const title = `expect(${native.short(show(actual))})${mode ? '.' + mode : ''}${negated ? '.not' : ''}.${name}(${args.map(a => native.short(show(a))).join(', ')})`;
        if (mode) return settle(title, at, actual, message, negated, mode, asks, args);
        const polled = native.isHandle(actual) || typeof actual === 'function' && name !== 'toThrow' && name !== 'toBeInstanceOf';
        if (polled) {
          const own = name in handleMatchers && native.isHandle(actual);
          return retry(title, at, actual, message, negated, async () => asks(own || !(typeof actual === 'function') ? actual : await actual(), ...args));
        }
        const judge = r => {
          const v = verdict(what(actual), message, negated, r);
          if (v) throw native.assertion(v.message, v.expected, v.received, at);
        };
        const r = asks(actual, ...args);
        return r instanceof Promise ? r.then(judge) : judge(r);
      } });
    };
    for (const name of Object.keys(matchers)) define(name, matchers[name]);
    for (const name of Object.keys(handleMatchers)) define(name, handleMatchers[name]);
    const lazy = (name, make) => Object.defineProperty(m, name, { enumerable: true, get: make });
    lazy('not', () => expectation(actual, message, !negated, mode));
    if (!mode) {
      lazy('resolves', () => expectation(actual, message, negated, 'resolves'));
      lazy('rejects', () => expectation(actual, message, negated, 'rejects'));
    }
    return m;
  }

  async function settle(title, at, actual, message, negated, mode, asks, args) {
    if (typeof actual === 'function') actual = actual();
    let value, rejected = false;
    try {
      value = await actual;
    } catch (e) {
      if (native.isSkip(e)) throw e;
      rejected = true;
      value = e;
    }
    if (mode === 'rejects' && !rejected) throw native.assertion(`${message ? message + ': ' : ''}expected the promise to be rejected; it was fulfilled with ${show(value)}`, '', '', at);
    if (mode === 'resolves' && rejected) throw native.assertion(`${message ? message + ': ' : ''}expected the promise to be fulfilled; it was rejected with ${show(value, 1)}`, '', '', at);
    const r = await asks(rejected && asks === matchers.toThrow ? new Thrown(value) : value, ...args);
    const v = verdict(rejected ? 'what the promise is rejected with' : what(value), message, negated, r);
    if (v) throw native.assertion(v.message, v.expected, v.received, at);
  }

  const expect = (actual, message) => expectation(actual, message, false, '');
  Object.assign(expect, {
    anything: () => matcher('anything', v => v !== null && v !== undefined),
    any: kind => matcher(`any ${kind.name}`, v => v instanceof kind || typeof v === kind.name.toLowerCase()),
    stringMatching: p => matcher(`a string that matches ${show(p)}`, v => typeof v === 'string' && (p instanceof RegExp ? matches(v, p) : new RegExp(p).test(v))),
    stringContaining: text => matcher(`a string that contains ${show(text)}`, v => typeof v === 'string' && v.includes(text)),
    arrayContaining: items => matcher(`an array that contains ${show(items)}`, v => isArray(v) && items.every(i => v.some(x => equal(x, i)))),
    objectContaining: fields => matcher(`an object with ${show(fields)}`, v => v !== null && typeof v === 'object' && equal(v, fields, true)),
    fail(message = 'expect.fail()') { throw native.assertion(String(message), '', '', native.here()); },
  });

  async function waitFor(body, options = {}) {
    const at = native.here();
    if (typeof body !== 'function') throw new UsageError(`waitFor: ${show(body)} is no function`);
    const op = native.beginPoll('waitFor(' + native.short(show(body)) + ')', at, options);
    let seen;
    try {
      for (let wait = 5; ; wait = Math.min(wait * 2, 100)) {
        const over = native.pollOver(op);
        try {
          const value = await body();
          if (value) {
            native.endPoll(op, undefined);
            return value;
          }
          seen = 'it gave ' + show(value);
        } catch (e) {
          if (native.isSkip(e)) throw e;
          seen = 'it threw ' + show(e, 1);
        }
        if (over) native.pollGone(op);
        if (over) throw native.timeout(`${native.pollWords(op)} for ${options.message || 'the condition of waitFor'}: ${seen}`, at);
        await native.pause(op, options.interval === undefined ? wait : options.interval);
      }
    } catch (e) {
      native.endPoll(op, e);
      throw e;
    }
  }

  // ------------------------------------------------------------- console

  function format(args) {
    let i = 0;
    let text = '';
    if (typeof args[0] === 'string') {
      i = 1;
      text = args[0].replace(/%([sdifoOjc%])/g, (all, f) => {
        if (f === '%') return '%';
        if (i >= args.length) return all;
        const v = args[i++];
        switch (f) {
          case 's': return typeof v === 'string' ? v : show(v, 1);
          case 'd': case 'i': return String(f === 'i' ? parseInt(v) : Number(v));
          case 'f': return String(parseFloat(v));
          case 'c': return '';
        }
        return show(v);
      });
    }
    const rest = args.slice(i).map(v => typeof v === 'string' ? v : show(v));
    return (i ? [text] : []).concat(rest).join(' ');
  }

  let indent = '';
  const counts = new Map(), since = new Map();
  const say = (level, args) => native.print(level, indent + format(args).replace(/\n/g, '\n' + indent));
  const console = {
    log: (...args) => say('log', args),
    info: (...args) => say('info', args),
    debug: (...args) => say('debug', args),
    warn: (...args) => say('warn', args),
    error: (...args) => say('error', args),
    dir: value => say('log', [show(value)]),
    table: value => say('log', [show(value)]),
    trace: (...args) => say('log', ['Trace:', ...args]),
    assert: (ok, ...args) => { if (!ok) say('error', ['Assertion failed' + (args.length ? ':' : ''), ...args]); },
    group: (...args) => { if (args.length) say('log', args); indent += '  '; },
    groupCollapsed: (...args) => { if (args.length) say('log', args); indent += '  '; },
    groupEnd: () => { indent = indent.slice(2); },
    count: (label = 'default') => { counts.set(label, (counts.get(label) || 0) + 1); say('log', [`${label}: ${counts.get(label)}`]); },
    countReset: (label = 'default') => { counts.delete(label); },
    time: (label = 'default') => { since.set(label, Date.now()); },
    timeLog: (label = 'default') => say('log', [`${label}: ${Date.now() - since.get(label)} ms`]),
    timeEnd: (label = 'default') => { say('log', [`${label}: ${Date.now() - since.get(label)} ms`]); since.delete(label); },
  };

  function makeError(name, message, stack) {
    const e = name === 'TypeError' ? new TypeError(message) : new Error(message);
    Object.defineProperty(e, 'name', { value: name, configurable: true, writable: true });
    Object.defineProperty(e, 'stack', { value: stack, configurable: true, writable: true });
    return e;
  }

  return { show: v => show(v), makeError, expect, waitFor, console };
})
