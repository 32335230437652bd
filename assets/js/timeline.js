// The timeline: drag and zoom, and a picture that moves while it follows.
import './panel.js';
import { visit } from './panel.js';
import { apply } from './morph.js';
import { byId } from './page.js';
import { holding } from './stream.js';

const followEvery = 3000;

// While the view follows, time goes on though nothing changes.
setInterval(async () => {
  if (document.hidden || holding() || dragging || !document.querySelector('#tl-bar .follows')) return;
  const at = location.href;
  try {
    const response = await fetch(at, { credentials: 'same-origin' });
    if (!response.ok || at !== location.href || holding() || dragging) return;
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    for (const id of ['tl-bar', 'tl-brush-form', 'tl']) {
      const part = page.getElementById(id);
      if (part) apply(id, part.outerHTML);
    }
  } catch {
    // swinspect does not answer: the stream says so.
  }
}, followEvery);

// The brush: its window moves with the sliders, the view when they are let go.
const start = () => byId('tl-start');
const end = () => byId('tl-end');

document.addEventListener('input', (e) => {
  if (!e.target.matches?.('.edge')) return;
  const min = Number(start().min);
  const share = (v) => Math.min(100, Math.max(0, (100 * (v - min)) / (Number(start().max) - min)));
  const [a, b] = [share(start().value), share(end().value)].sort((x, y) => x - y);
  const brush = byId('tl-brush');
  const set = (selector, attrs) => {
    for (const [k, v] of Object.entries(attrs)) brush.querySelector(selector).setAttribute(k, `${v}%`);
  };
  set('.win', { x: a, width: b - a });
  set('.veil', { width: a });
  set('.veil + .veil', { x: b, width: 100 - b });
});

document.addEventListener('change', (e) => {
  if (!e.target.matches?.('.edge')) return;
  // What was chosen is what the page says from now on: updates may move it.
  for (const edge of [start(), end()]) edge.setAttribute('value', edge.value);
  e.target.form.requestSubmit();
});

// Dragging the picture pans it, Ctrl and the wheel zoom it.
let dragging = null;

document.addEventListener('pointerdown', (e) => {
  const tl = e.target.closest?.('#tl');
  if (!tl || e.button !== 0 || e.pointerType === 'touch' || e.target.closest('a, .tl-lab')) return;
  dragging = { x: e.clientX, width: tl.querySelector('.tl-over').getBoundingClientRect().width };
});

document.addEventListener('pointerup', (e) => {
  const drag = dragging;
  dragging = null;
  if (!drag || Math.abs(e.clientX - drag.x) < 5) return;
  const view = range();
  const by = ((drag.x - e.clientX) / drag.width) * (view.end - view.start);
  go(view.start + by, view.end + by);
});

document.addEventListener('wheel', (e) => {
  if (!e.ctrlKey || !e.target.closest?.('#tl')) return;
  e.preventDefault();
  press(e.deltaY < 0 ? 'tl-in' : 'tl-out');
}, { passive: false });

const range = () => ({ start: Number(byId('tl').dataset.start), end: Number(byId('tl').dataset.end) });

function go(from, to) {
  const url = new URL(location.href);
  url.searchParams.delete('range');
  url.searchParams.set('start', Math.round(from));
  url.searchParams.set('end', Math.round(to));
  visit(url);
}

const press = (id) => byId(id)?.click();

document.addEventListener('keydown', (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
  if (e.target.matches?.('input:not([type=range]), textarea, select')) return;
  const single = document.documentElement.dataset.keys !== 'off';
  const inPicture = e.target.closest?.('#tl');
  if (single && (e.key === '+' || e.key === '=')) press('tl-in');
  else if (single && e.key === '-') press('tl-out');
  else if (inPicture && e.key === 'ArrowLeft') press('tl-left');
  else if (inPicture && e.key === 'ArrowRight') press('tl-right');
  else return;
  e.preventDefault();
});
