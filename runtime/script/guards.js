// Natives that would end the process, or that nothing could interrupt, refuse what
// no browser would do either. deep(text, n) reports brackets nested deeper than n;
// body(parameters, text) is a function's body with its evals guarded; room(bytes)
// reports whether there is memory for as much. Natives of arrays are guarded in Go.
(function (global, deep, body, room, maxString, maxBytes, maxLength, maxDepth) {
  "use strict";
  const { defineProperty, getOwnPropertyDescriptor, setPrototypeOf, getPrototypeOf } = Object;
  const { construct, ownKeys } = Reflect;
  const apply = Function.prototype.call.bind(Function.prototype.apply);
  const text = String, number = Number, isView = ArrayBuffer.isView;
  const replace = (target, name, make) => {
    const original = target[name], f = make(original);
    defineProperty(f, "name", { value: name, configurable: true });
    defineProperty(f, "length", { value: original.length, configurable: true });
    defineProperty(target, name, { value: f, writable: true, enumerable: false, configurable: true });
  };
  replace(String.prototype, "repeat", original => ({ m(count) {
    if (this === undefined || this === null) return apply(original, this, [count]);
    const s = text(this), n = number(count);
    if (s.length * n > maxString && n < Infinity) throw new RangeError("Invalid string length");
    return apply(original, s, [n]);
  } }).m);
  for (const name of ["padStart", "padEnd"]) {
    replace(String.prototype, name, original => ({ m(length, fill) {
      if (typeof length !== "number") length = number(length);
      if (length > maxString && (fill === undefined || text(fill) !== "")) throw new RangeError("Invalid string length");
      return apply(original, this, [length, fill]);
    } }).m);
  }
  for (const name of ["replace", "replaceAll"]) {
    replace(String.prototype, name, original => ({ m(pattern, value) {
      if (typeof value === "string" && this !== undefined && this !== null && value.length > 64) {
        const s = text(this);
        if ((s.length + 1) * value.length > maxString && replaced(s, pattern, name) * value.length > maxString) throw new RangeError("Invalid string length");
      }
      return apply(original, this, arguments);
    } }).m);
  }
  // How often a pattern matches, at most; only asked when that may be too much.
  const { match } = String.prototype;
  const replaced = (s, pattern, name) => {
    if (typeof pattern !== "string") {
      if (!(pattern instanceof RegExp)) return 1;
      if (!pattern.global) return 1;
      const found = apply(match, s, [pattern]);
      return found === null ? 0 : found.length;
    }
    return name === "replace" ? 1 : pattern === "" ? s.length + 1 : s.length / pattern.length;
  };
  replace(Array, "from", original => ({ m(items, map, self) {
    if (Object(items) === items && items[Symbol.iterator] === undefined && items.length > maxLength) throw new RangeError("Invalid array length");
    return apply(original, this, arguments);
  } }).m);
  // The interpreter's own takes no string for an iterable.
  replace(getPrototypeOf(Int8Array), "from", original => ({ m(items, map, self) {
    return apply(original, this, typeof items === "string" ? [[...items], map, self] : arguments);
  } }).m);
  replace(JSON, "parse", original => ({ m(source, reviver) {
    if (typeof source !== "string") source = text(source);
    if (source.length > maxDepth && deep(source, maxDepth)) throw new RangeError("Maximum call stack size exceeded");
    return apply(original, this, [source, reviver]);
  } }).m);

  const rebuilt = (name, size) => {
    const Original = global[name];
    if (!Original) return;
    const f = function (first) {
      if (new.target === undefined) throw new TypeError(`Constructor ${name} requires 'new'`);
      if (typeof first === "number" ? first * size > maxBytes : first !== undefined && Object(first) !== first && typeof first !== "symbol" && number(first) * size > maxBytes)
        throw new RangeError(name === "ArrayBuffer" ? "Array buffer allocation failed" : `Invalid typed array length: ${text(first)}`);
      if (size && name !== "ArrayBuffer" && Object(first) === first && !isView(first) && typeof first.length === "number" && first.length * size > maxBytes)
        throw new RangeError("Invalid typed array length");
      if (typeof first === "number" && first * size > 1 << 24 && !room(first * size)) throw new RangeError("Array buffer allocation failed");
      return construct(Original, arguments, new.target === f ? Original : new.target);
    };
    for (const key of ownKeys(Original)) {
      const d = getOwnPropertyDescriptor(Original, key);
      if (key === "prototype") defineProperty(f, key, { value: Original.prototype, writable: false, enumerable: false, configurable: false });
      else defineProperty(f, key, d);
    }
    setPrototypeOf(f, getPrototypeOf(Original));
    defineProperty(Original.prototype, "constructor", { value: f, writable: true, enumerable: false, configurable: true });
    defineProperty(global, name, { value: f, writable: true, enumerable: false, configurable: true });
  };
  rebuilt("ArrayBuffer", 1);
  for (const [name, size] of [["Int8Array", 1], ["Uint8Array", 1], ["Uint8ClampedArray", 1], ["Int16Array", 2], ["Uint16Array", 2], ["Int32Array", 4], ["Uint32Array", 4],
    ["Float32Array", 4], ["Float64Array", 8], ["BigInt64Array", 8], ["BigUint64Array", 8]]) rebuilt(name, size);

  // The parser recurses, and a Go stack that overflows ends the process: text that
  // is nested too deeply never reaches it.
  const dynamic = (Original, kind) => {
    const f = function () {
      let all = "", comma = "";
      const list = [];
      for (let i = 0; i < arguments.length; i++) {
        const part = `${arguments[i]}`;
        if (i < arguments.length - 1) {
          all += comma + part;
          comma = ",";
        }
        defineProperty(list, i, { value: part, writable: true, enumerable: true, configurable: true });
      }
      if (list.length > 0) {
        const guarded = body(all, list[list.length - 1]);
        if (guarded === undefined) throw new SyntaxError("the function is nested too deeply");
        list[list.length - 1] = guarded;
      }
      return construct(Original, list, new.target === undefined || new.target === f ? Original : new.target);
    };
    defineProperty(f, "name", { value: Original.name, configurable: true });
    defineProperty(f, "length", { value: 1, configurable: true });
    defineProperty(f, "prototype", { value: Original.prototype, writable: false, enumerable: false, configurable: false });
    setPrototypeOf(f, kind);
    defineProperty(Original.prototype, "constructor", { value: f });
    return f;
  };
  const GeneratorFunction = getPrototypeOf(function* () {}).constructor, AsyncFunction = getPrototypeOf(async function () {}).constructor;
  const guarded = dynamic(Function, getPrototypeOf(Function));
  dynamic(GeneratorFunction, guarded);
  dynamic(AsyncFunction, guarded);
  defineProperty(global, "Function", { value: guarded, writable: true, enumerable: false, configurable: true });
})
