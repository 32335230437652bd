// What the Runtime domain needs to know of JavaScript values. Evaluated once per
// agent, before any script of a page: everything it uses is captured here.
(() => {
  'use strict';
  const uncurry = Function.prototype.bind.bind(Function.prototype.call);
  const { getOwnPropertyDescriptor: descriptor, getPrototypeOf, getOwnPropertyNames, getOwnPropertySymbols } = Object;
  const { ownKeys } = Reflect;
  const objectPrototype = Object.prototype, call = uncurry(Function.prototype.call);
  const isArray = Array.isArray, stringify = JSON.stringify, text = String;
  const getter = (proto, name) => uncurry(descriptor(proto, name).get);
  const tag = getter(getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);
  const typedLength = getter(getPrototypeOf(Uint8Array.prototype), 'length');
  const brands = [
    ['map', getter(Map.prototype, 'size')], ['set', getter(Set.prototype, 'size')],
    ['arraybuffer', getter(ArrayBuffer.prototype, 'byteLength')],
    ['dataview', uncurry(DataView.prototype.getInt8)],
    ['weakmap', ((has) => (o) => has(o, brands))(uncurry(WeakMap.prototype.has))],
    ['weakset', ((has) => (o) => has(o, brands))(uncurry(WeakSet.prototype.has))],
    ['date', uncurry(Date.prototype.getTime)],
  ];
  const dateText = uncurry(Date.prototype.toString), dateISO = uncurry(Date.prototype.toISOString), dateTime = uncurry(Date.prototype.getTime);
  const source = getter(RegExp.prototype, 'source'), flagNames = 'dgimsuvy';
  const slice = uncurry(String.prototype.slice), push = uncurry(Array.prototype.push), join = uncurry(Array.prototype.join);
  const mapEach = uncurry(Map.prototype.forEach), setEach = uncurry(Set.prototype.forEach);
  const functionText = uncurry(Function.prototype.toString), symbolText = uncurry(Symbol.prototype.toString);
  const bigintText = uncurry(BigInt.prototype.toString);

  // data is a property's value when it is plain data, found along the chain.
  const data = (o, name) => {
    for (let depth = 0; o !== null && depth < 32; depth++, o = getPrototypeOf(o)) {
      const d = descriptor(o, name);
      if (d) return 'value' in d ? d.value : undefined;
    }
  };
  const className = (o) => {
    const c = data(o, 'constructor');
    const name = typeof c === 'function' ? data(c, 'name') : undefined;
    return typeof name === 'string' && name ? name : 'Object';
  };
  const flags = (o) => { const f = data(o, 'flags'); if (typeof f === 'string') return f; let s = ''; try { s = o.flags; } catch {} return typeof s === 'string' ? s : ''; };
  // kind is a subtype; hint is goja's class of the object.
  const kind = (o, hint) => {
    switch (hint) {
      case 'Platform': return '';
      case 'Proxy': return 'proxy';
      case 'Error': return 'error';
      case 'Promise': return 'promise';
      case 'RegExp': return 'regexp';
      case 'Date': return 'date';
    }
    if (isArray(o)) return 'array';
    try { if (tag(o) !== undefined) return 'typedarray'; } catch {}
    if (hint === 'Generator') return 'generator';
    for (let i = 0; i < brands.length; i++) {
      if (i === 6 && hint !== 'Date') break;
      try { brands[i][1](o); return brands[i][0]; } catch (e) { if (i === 3 && className(e) === 'RangeError') return 'dataview'; }
    }
    const t = data(o, Symbol.toStringTag);
    if (typeof t === 'string' && slice(t, -9) === ' Iterator') return 'iterator';
    if (t === 'Generator') return 'generator';
    return '';
  };
  const size = (o, k) => {
    switch (k) {
      case 'array': return descriptor(o, 'length').value;
      case 'typedarray': return typedLength(o);
      case 'map': return brands[0][1](o);
      case 'set': return brands[1][1](o);
      case 'arraybuffer': return brands[2][1](o);
    }
    return -1;
  };
  const description = (o, k) => {
    const name = className(o), n = size(o, k);
    switch (k) {
      case 'array': case 'typedarray': case 'map': case 'set': case 'arraybuffer': return name + '(' + n + ')';
      case 'regexp': return '/' + source(o) + '/' + flags(o);
      case 'date': { const t = dateTime(o); return t === t ? dateText(o) : 'Invalid Date'; }
      case 'error': {
        const message = data(o, 'message'), errorName = data(o, 'name');
        const first = (typeof errorName === 'string' ? errorName : name) + (typeof message === 'string' && message ? ': ' + message : '');
        const stack = data(o, 'stack');
        return typeof stack === 'string' && stack ? stack : first;
      }
      case 'proxy': return 'Proxy(Object)';
    }
    const t = data(o, Symbol.toStringTag);
    if (name === 'Object' && typeof t === 'string' && t) return t;
    return name;
  };
  // describe is [type, subtype, className, description] of any value.
  const describe = (v, hint) => {
    const type = typeof v;
    if (v === null) return ['object', 'null', '', ''];
    if (type === 'symbol') return ['symbol', '', '', symbolText(v)];
    if (type === 'bigint') return ['bigint', '', '', bigintText(v) + 'n'];
    if (type === 'function') {
      if (hint === 'Proxy') return ['function', 'proxy', 'Function', 'function'];
      let s = 'function () { [native code] }';
      try { s = functionText(v); } catch {}
      return ['function', '', className(v), s];
    }
    if (type !== 'object') return [type, '', '', text(v)];
    if (hint === 'Proxy') return ['object', 'proxy', 'Object', 'Proxy(Object)'];
    const k = kind(v, hint);
    return ['object', k, className(v), description(v, k)];
  };
  // attribute is a platform object's attribute as a value, as V8's inspector shows it:
  // its getter is the platform's own and changes nothing. (That of a body may: it
  // makes the stream.)
  const attribute = (o, key, d) => {
    if (!d.get || key === 'body' || slice(functionText(d.get), -15) !== '[native code] }') return d;
    try {
      return { value: call(d.get, o), writable: false, enumerable: d.enumerable, configurable: d.configurable };
    } catch {
      return d;
    }
  };
  // properties lists [key, descriptor, isOwn] of an object, its own first. With a
  // glance, those that a preview shows, at most that many.
  const properties = (o, own, accessorsOnly, nonIndexed, hint, glance) => {
    const found = [], seen = new Set(), platform = hint === 'Platform';
    for (let at = o, first = true; at !== null; at = first && hint === 'Proxy' ? null : getPrototypeOf(at), first = false) {
      if (!first && own && !(glance && platform)) break;
      if (platform && at === objectPrototype && glance) break;
      const keys = ownKeys(at);
      for (let i = 0; i < keys.length; i++) {
        const key = keys[i];
        if (nonIndexed && typeof key === 'string' && text(key >>> 0) === key) continue;
        if (seen.has(key)) continue;
        seen.add(key);
        let d = descriptor(at, key);
        if (!d || (accessorsOnly && !('get' in d))) continue;
        if (platform && glance && (!d.enumerable || typeof key === 'symbol')) continue;
        if (platform && !accessorsOnly && at !== objectPrototype && 'get' in d) {
          const value = attribute(o, key, d);
          if (glance && !first && value === d) continue;
          d = value;
        } else if (glance && platform && !first) continue;
        push(found, [key, d, first]);
        if (glance && platform && found.length > glance) return found;
      }
    }
    return found;
  };
  const entries = (o, k, limit) => {
    const list = [];
    if (k === 'map') mapEach(o, (v, key) => { if (list.length < limit) push(list, [key, v]); });
    if (k === 'set') setEach(o, (v) => { if (list.length < limit) push(list, [v]); });
    return list;
  };
  // byValue is the JSON of a value as V8's inspector makes it: own enumerable
  // properties, no toJSON, undefined left out.
  const byValue = (v, depth) => {
    if (depth > 1000) throw 'Object reference chain is too long';
    switch (typeof v) {
      case 'string': return stringify(v);
      case 'boolean': return v ? 'true' : 'false';
      case 'number': return v - v === 0 ? (v === 0 ? '0' : text(v)) : 'null';
      case 'undefined': return 'null';
      case 'symbol': case 'bigint': throw "Object couldn't be returned by value";
      case 'function': return '{}';
    }
    if (v === null) return 'null';
    const parts = [];
    if (isArray(v)) {
      for (let i = 0, n = v.length; i < n; i++) push(parts, byValue(v[i], depth + 1));
      return '[' + join(parts, ',') + ']';
    }
    const names = getOwnPropertyNames(v);
    for (let i = 0; i < names.length; i++) {
      const d = descriptor(v, names[i]);
      if (!d || !d.enumerable) continue;
      const value = v[names[i]];
      if (value === undefined) continue;
      push(parts, stringify(names[i]) + ':' + byValue(value, depth + 1));
    }
    return '{' + join(parts, ',') + '}';
  };
  // deep is the JSON of WebDriver BiDi's serialisation.
  const deep = (v, depth, seen, hintOf) => {
    const type = typeof v;
    if (v === undefined) return '{"type":"undefined"}';
    if (v === null) return '{"type":"null"}';
    if (type === 'string' || type === 'boolean') return '{"type":"' + type + '","value":' + stringify(v) + '}';
    if (type === 'number') {
      const s = v !== v ? '"NaN"' : v === 0 && 1 / v < 0 ? '"-0"' : v - v !== 0 ? (v > 0 ? '"Infinity"' : '"-Infinity"') : text(v);
      return '{"type":"number","value":' + s + '}';
    }
    if (type === 'bigint') return '{"type":"bigint","value":"' + bigintText(v) + '"}';
    if (type === 'symbol') return '{"type":"symbol"}';
    if (type === 'function') return '{"type":"function"}';
    let ref = seen.get(v);
    if (ref !== undefined) return '{"type":"' + ref[1] + '","weakLocalObjectReference":' + ref[0] + '}';
    const k = kind(v, hintOf(v)) || 'object';
    seen.set(v, [seen.size + 1, k]);
    const list = (items) => ',"value":[' + join(items, ',') + ']';
    let value = '';
    switch (k) {
      case 'regexp': value = ',"value":{"pattern":' + stringify(source(v)) + (flags(v) ? ',"flags":' + stringify(flags(v)) : '') + '}'; break;
      case 'date': { const t = dateTime(v); value = ',"value":' + (t === t ? stringify(dateISO(v)) : '"Invalid Date"'); break; }
      case 'array': if (depth !== 0) { const items = []; for (let i = 0; i < v.length; i++) push(items, deep(v[i], depth - 1, seen, hintOf)); value = list(items); } break;
      case 'set': if (depth !== 0) { const items = []; setEach(v, (x) => push(items, deep(x, depth - 1, seen, hintOf))); value = list(items); } break;
      case 'map': if (depth !== 0) { const items = []; mapEach(v, (x, key) => push(items, '[' + (typeof key === 'string' ? stringify(key) : deep(key, depth - 1, seen, hintOf)) + ',' + deep(x, depth - 1, seen, hintOf) + ']')); value = list(items); } break;
      case 'object': if (depth !== 0) {
        const items = [], names = getOwnPropertyNames(v);
        for (let i = 0; i < names.length; i++) {
          const d = descriptor(v, names[i]);
          if (d && d.enumerable) push(items, '[' + stringify(names[i]) + ',' + deep(v[names[i]], depth - 1, seen, hintOf) + ']');
        }
        value = list(items);
      } break;
    }
    return '{"type":"' + k + '"' + value + '}';
  };
  // read is a property's value in an array when reading it runs no script; else null.
  const isNative = (f) => { const t = functionText(f); return slice(t, -17) === '{ [native code] }' && slice(text(data(f, 'name')), 0, 6) !== 'bound '; };
  const apply = Reflect.apply, ObjectOf = Object, TypeErrorOf = TypeError;
  const read = (o, key, hintOf) => {
    if (o === undefined || o === null) throw new TypeErrorOf("Cannot read properties of " + o + " (reading '" + text(key) + "')");
    for (let at = ObjectOf(o), depth = 0; at !== null && depth < 1000; at = getPrototypeOf(at), depth++) {
      if (hintOf(at) === 'Proxy') return null;
      const d = descriptor(at, key);
      if (!d) continue;
      if ('value' in d) return [d.value];
      if (!d.get) return [undefined];
      return isNative(d.get) ? [apply(d.get, o, [])] : null;
    }
    return [undefined];
  };
  // operate applies an operator to values that are no objects.
  const operate = (operator, a, b) => {
    switch (operator) {
      case 'unary -': return -a; case 'unary +': return +a; case 'unary ~': return ~a; case 'unary typeof': return typeof a;
      case '+': return a + b; case '-': return a - b; case '*': return a * b; case '/': return a / b; case '%': return a % b; case '**': return a ** b;
      case '&': return a & b; case '|': return a | b; case '^': return a ^ b; case '<<': return a << b; case '>>': return a >> b; case '>>>': return a >>> b;
      case '<': return a < b; case '>': return a > b; case '<=': return a <= b; case '>=': return a >= b;
      case '==': return a == b; case '!=': return a != b; case '===': return a === b; case '!==': return a !== b;
    }
    throw new TypeErrorOf('unknown operator ' + operator);
  };
  return { read, operate, describe, properties, entries, byValue: (v) => byValue(v, 0), deep: (v, depth, hintOf) => deep(v, depth, new Map(), hintOf), proto: getPrototypeOf };
})()
