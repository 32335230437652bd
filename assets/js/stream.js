// The live page: takes in the changed parts that the stream brings, says when
// there is no stream, lets it go while the page is hidden, and can be held.
import { link } from './link.js';
import { apply } from './morph.js';
import { byId, root } from './page.js';

const lostAfter = 400; // ms without a stream before the page says so
const restAfter = 10_000; // ms hidden before the stream is let go

const wire = link(hear);
const last = new Map(); // newest content by part
let open = false;
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
  window.addEventListener('pageshow', (e) => e.persisted && restart());
  restart();
}

// restart asks for the page as its address is now.
export function restart() {
  open = true;
  wire.open(location.pathname + location.search);
}

function close() {
  open = false;
  wire.close();
}

function hear(name, data) {
  if (!open) return;
  if (name === 'patch') patch(data);
  else if (name === 'hello') hello(data);
  else if (name === 'go') location.replace(data.to);
  else lost();
}

function hello({ boot }) {
  // Another run of swinspect: its tokens and scripts are others too.
  if (boot !== root.dataset.boot) {
    location.reload();
    return;
  }
  clearTimeout(alarm);
  alarm = 0;
  say('live');
}

function lost() {
  if (!alarm && root.dataset.uiStream !== 'lost') alarm = setTimeout(() => say('lost'), lostAfter);
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
  else if (!open) restart();
}

function patch({ now, parts }) {
  root.dataset.now = now;
  root.dataset.uiSkew = Date.now() - now;
  const changed = parts.filter(([id, html]) => last.get(id) !== html);
  for (const [id, html] of changed) last.set(id, html);
  if (held) {
    for (const [id, html] of changed) held.set(id, html);
    label();
    return;
  }
  put(changed);
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
