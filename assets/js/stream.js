// The live connection: server-sent events that carry the changed parts of this
// very page. It comes back by itself, sleeps while the page is hidden (a browser
// opens only six connections per host), and can be held.
import { apply } from './morph.js';
import { byId, root } from './page.js';

const lostAfter = 400; // ms without a stream before the page says so
const restAfter = 10_000; // ms hidden before the stream is let go

let source = null;
let tries = 0;
let retry = 0;
let rest = 0;
let alarm = 0;
let held = null; // a Map of parts while updates are paused

export function start() {
  const button = byId('hold');
  if (button) {
    button.hidden = false;
    button.addEventListener('click', () => hold(held === null));
  }
  document.addEventListener('visibilitychange', visibility);
  window.addEventListener('pagehide', close);
  window.addEventListener('pageshow', (e) => e.persisted && connect());
  connect();
}

// page is what the stream renders: where this page is now.
const page = () => location.pathname + location.search;

// restart connects again, for a page whose address changed in place.
export function restart() {
  close();
  connect();
}

function connect() {
  clearTimeout(retry);
  if (source) return;
  source = new EventSource(`/events?page=${encodeURIComponent(page())}`);
  source.addEventListener('hello', (e) => hello(JSON.parse(e.data)));
  source.addEventListener('patch', (e) => patch(JSON.parse(e.data)));
  source.addEventListener('go', (e) => location.replace(JSON.parse(e.data).to));
  source.addEventListener('error', lost);
}

function close() {
  clearTimeout(retry);
  source?.close();
  source = null;
}

function hello({ boot }) {
  // Another run of swinspect: its tokens and scripts are others too.
  if (boot !== root.dataset.boot) {
    location.reload();
    return;
  }
  tries = 0;
  clearTimeout(alarm);
  alarm = 0;
  say('live');
}

function lost() {
  close();
  if (!alarm && root.dataset.uiStream !== 'lost') alarm = setTimeout(() => say('lost'), lostAfter);
  tries += 1;
  retry = setTimeout(connect, Math.min(250 * 2 ** Math.min(tries, 4), 3000));
}

function say(state) {
  root.dataset.uiStream = state;
  const notice = byId('lost');
  if (notice) notice.hidden = state !== 'lost';
  if (state === 'lost') {
    const at = byId('lost-at');
    if (at) at.textContent = new Date().toLocaleTimeString([], { hour12: false });
  }
}

function visibility() {
  clearTimeout(rest);
  if (document.hidden) rest = setTimeout(close, restAfter);
  else connect();
}

function patch({ now, parts }) {
  root.dataset.now = now;
  root.dataset.uiSkew = Date.now() - now;
  if (held) {
    for (const [id, html] of parts) held.set(id, html);
    label();
    return;
  }
  put(parts);
}

function put(parts) {
  for (const [id, html] of parts) apply(id, html);
  document.dispatchEvent(new CustomEvent('swinspect:patched', { detail: parts.map(([id]) => id) }));
}

// hold pauses or resumes updates; what came meanwhile is put in at once.
export function hold(on) {
  if (on === (held !== null)) return;
  const waiting = held;
  held = on ? new Map() : null;
  root.toggleAttribute('data-ui-held', on);
  if (waiting) put([...waiting]);
  label();
}

export const holding = () => held !== null;

function label() {
  const button = byId('hold');
  if (!button) return;
  button.setAttribute('aria-pressed', String(held !== null));
  const text = held === null ? 'Pause updates' : held.size === 0 ? 'Updates paused' : 'Updates paused, more to show';
  button.querySelector('span').textContent = text;
}
