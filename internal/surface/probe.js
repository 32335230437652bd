// Runs in a service worker: describes what scripts can see of the global object and
// of the interfaces named in the message, and tries the cases. It answers with a
// list of sections, each a list of [key, description].
'use strict';

const flags = d => (d.enumerable ? 'e' : '-') + (d.configurable ? 'c' : '-') + ('value' in d ? (d.writable ? 'w' : '-') : ' ');
const settle = ms => new Promise((_, fail) => setTimeout(() => fail(new Error('pending')), ms));
const naming = key => typeof key === 'symbol' ? `[${key.description}]` : key;

// outcome is what calling f comes to: what it throws, or rejects with, or returns.
async function outcome(f) {
  let v;
  try { v = f(); } catch (e) { return 'throws ' + failure(e); }
  if (!(v instanceof Promise)) return 'returns';
  return Promise.race([v, settle(200)]).then(() => 'resolves', e => e.message === 'pending' ? 'pending' : 'rejects ' + failure(e));
}

const failure = e => e instanceof DOMException ? 'DOMException ' + e.name : e?.name ?? String(e);

// construct says what new without arguments does.
async function construct(I) {
  try { new I(); return 'returns'; } catch (e) { return /Illegal constructor/.test(e.message) ? 'Illegal constructor' : failure(e); }
}

const signature = f => `${f.name || '""'} length=${f.length}`;

// describe says what a property is, and what it does with a this that is not its own.
async function describe(owner, key, wrong) {
  const d = Object.getOwnPropertyDescriptor(owner, key);
  if ('value' in d) {
    if (typeof d.value !== 'function') return `${flags(d)} ${typeof d.value === 'object' ? 'object' : JSON.stringify(d.value)}`;
    const what = `${flags(d)} method ${signature(d.value)}`;
    return wrong ? `${what} this: ${await outcome(() => d.value.call(wrong))}` : what;
  }
  let text = flags(d);
  if (d.get) text += ` ${signature(d.get)}`;
  if (d.set) text += ` ${signature(d.set)}`;
  if (wrong && d.get) text += ` this: ${await outcome(() => d.get.call(wrong))}`;
  if (wrong && d.set) text += ` set: ${await outcome(() => d.set.call(wrong, 1))}`;
  return text;
}

const parentName = o => o === null ? 'null' : o === Function.prototype ? 'Function.prototype' : o === Object.prototype ? 'Object.prototype' : o.constructor === Function || typeof o === 'function' ? o.name : o.constructor.name + '.prototype';

async function describeInterface(name) {
  const section = [];
  const d = Object.getOwnPropertyDescriptor(self, name);
  if (!d) return [[name, 'absent']];
  const I = self[name];
  section.push([name, `${flags(Object.getOwnPropertyDescriptor(self, name))} ${typeof I} ${signature(I)} new: ${await construct(I)} call: ${await outcome(() => I())}` +
    ` parent: ${parentName(Object.getPrototypeOf(I))} prototype: ${flags(Object.getOwnPropertyDescriptor(I, 'prototype'))} ${parentName(Object.getPrototypeOf(I.prototype))}`]);
  for (const key of Reflect.ownKeys(I)) {
    if (['length', 'name', 'prototype', 'arguments', 'caller'].includes(key)) continue;
    section.push([`${name}.${naming(key)}`, await describe(I, key)]);
  }
  for (const key of Reflect.ownKeys(I.prototype)) {
    section.push([`${name}.prototype.${naming(key)}`, key === 'constructor' ? flags(Object.getOwnPropertyDescriptor(I.prototype, key)) + (I.prototype[key] === I ? '' : ' another') : await describe(I.prototype, key, {})]);
  }
  return section;
}

async function describeGlobal(interfaces) {
  const section = [['globalThis', `${Object.prototype.toString.call(self)} ${[1, 2, 3, 4].reduce(chain => [...chain, chain.at(-1) && Object.getPrototypeOf(chain.at(-1))], [self]).slice(1).map(o => o ? parentName(o) : '-').join(' ')}`]];
  for (const key of Reflect.ownKeys(self)) {
    // Interfaces and the language's own are not the subject here.
    if (typeof key === 'string' && /^[A-Z]/.test(key) || interfaces.includes(key)) continue;
    section.push([`globalThis.${naming(key)}`, await describe(self, key)]);
  }
  return section;
}

async function tryCases() {
  const section = [];
  for (const [name, f] of Object.entries(cases)) {
    let text;
    try {
      text = JSON.stringify(await Promise.race([f(), settle(2000)]));
    } catch (e) { text = 'throws ' + failure(e); }
    section.push([name, String(text)]);
  }
  return section;
}

addEventListener('message', event => event.waitUntil((async () => {
  const { interfaces } = event.data;
  const sections = [await describeGlobal(interfaces)];
  for (const name of interfaces) sections.push(await describeInterface(name));
  sections.push(await tryCases());
  event.source.postMessage(sections);
})().catch(e => event.source.postMessage([[['failed', `${e} ${e.stack}`]]]))));
