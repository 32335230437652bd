// What page.js can call. Every scenario's page.js runs inside an async function
// after this.

// Registers a worker; the registration.
const register = (script = '/sw.js', options = {scope: '/app/'}) =>
  navigator.serviceWorker.register(script, options);

// The worker once it has come to a state.
const reaches = (worker, state) => new Promise((resolve, reject) => {
  const look = () => {
    if (worker.state === state) resolve(worker);
    else if (worker.state === 'redundant') reject(new Error('redundant, not ' + state));
    else return false;
    worker.removeEventListener('statechange', look);
    return true;
  };
  if (!look()) worker.addEventListener('statechange', look);
});

// Registers a worker and waits until it is active; the registration.
const active = async (script, options) => {
  const r = await register(script, options);
  await reaches(r.installing || r.waiting || r.active, 'activated');
  return r;
};

// The next worker that a registration installs.
const updatefound = r => new Promise(resolve =>
  r.addEventListener('updatefound', () => resolve(r.installing), {once: true}));

// An iframe once it has loaded.
const frame = url => new Promise(resolve => {
  const f = document.createElement('iframe');
  f.onload = () => resolve(f);
  f.src = url;
  document.body.append(f);
});

// What a fetch gives, as far as a page can see: in a frame's window, or here.
const look = async (url, init, w = window) => {
  try {
    const r = await w.fetch(url, init);
    return {status: r.status, type: r.type, text: await r.text()};
  } catch (e) {
    return {error: e.name};
  }
};

// The name of what a promise (or function) rejects (or throws) with; "none".
const failure = async p => {
  try {
    await (typeof p === 'function' ? p() : p);
    return 'none';
  } catch (e) {
    return e.name;
  }
};

// Sends a message with a port and waits for the answer to it.
const ask = (worker, data, transfer = []) => new Promise(resolve => {
  const {port1, port2} = new MessageChannel();
  port1.onmessage = e => resolve(e.data);
  worker.postMessage(data, [port2, ...transfer]);
});

// The next event of a type.
const next = (target, type) => new Promise(resolve => target.addEventListener(type, resolve, {once: true}));

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

// Waits until a function gives something true.
const until = async (f, ms = 5000) => {
  for (let waited = 0; ; waited += 20) {
    const v = await f();
    if (v) return v;
    if (waited > ms) throw new Error('waited in vain for ' + f);
    await sleep(20);
  }
};

// The requests that the server has seen, [{method, path, headers, body}], of a path or all.
const seen = async path => {
  const log = await (await fetch('/harness/log')).json();
  return path ? log.filter(r => r.path === path) : log;
};

// Where a registration's workers stand: [installing, waiting, active] states.
const standing = r => ['installing', 'waiting', 'active'].map(k => r[k] && r[k].state);

// Does something from outside the page, through the DevTools protocol:
// outside('push', {scope, data}), outside('sync', {scope, tag, lastChance}),
// outside('periodicsync', {scope, tag}), outside('stop', {scope}) ends the
// worker's process, outside('grant', {permissions}).
const outside = (what, params = {}) => new Promise((resolve, reject) => {
  const id = (outside.count = (outside.count || 0) + 1);
  (window.outsideDone ||= {})[id] = error => error ? reject(new Error(error)) : resolve();
  window.swinspectOutside(JSON.stringify({id, what, params}));
});
