// Keeps running times running: <span data-age="MS"> counts up from a moment,
// <span data-until="MS"> down to one.
import { onPatch, root } from './page.js';

function span(ms) {
  const s = Math.floor(ms / 1000);
  if (ms < 0) return '0 s';
  if (s < 60) return `${s} s`;
  if (s < 3600) return two(Math.floor(s / 60), 'min', s % 60, 's');
  if (s < 86400) return two(Math.floor(s / 3600), 'h', Math.floor(s / 60) % 60, 'min');
  return two(Math.floor(s / 86400), 'd', Math.floor(s / 3600) % 24, 'h');
}

const two = (a, au, b, bu) => (b ? `${a} ${au} ${b} ${bu}` : `${a} ${au}`);

function tick() {
  if (root.hasAttribute('data-ui-held')) return;
  const now = root.dataset.still !== undefined ? Number(root.dataset.now) : Date.now() - Number(root.dataset.uiSkew ?? Date.now() - Number(root.dataset.now));
  for (const el of document.querySelectorAll('[data-age], [data-until]')) {
    const ms = el.dataset.age ? now - Number(el.dataset.age) : Number(el.dataset.until) - now;
    const text = span(ms);
    if (el.textContent !== text) el.textContent = text;
  }
}

root.dataset.uiSkew = Date.now() - Number(root.dataset.now);
onPatch(tick);
setInterval(tick, 1000);
