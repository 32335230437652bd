// A table of which only the rows in view are on the page. The rows above and below
// them are spacers that the server sizes; what comes into view is asked for by its
// position, and the stream brings it. At the end it follows what is new.
import './panel.js';
import { visit } from './panel.js';
import { byId, root } from './page.js';

root.dataset.uiVirtual = '';

const box = () => document.querySelector('[data-virtual]');
let asked = -1; // position that was asked for last
let timer = 0;
let atEnd = true;
let settled = false;

const rowHeight = () => document.querySelector('[data-virtual] tbody tr:not(.pad)')?.getBoundingClientRect().height || 28;

// rowAt is the position of the row, with its fraction, that is at a height of the
// table. Rows that are not on the page may be lower than those that are.
function rowAt(el, y) {
  const [from, rows, scale, h] = [number(el, 'from'), number(el, 'rows'), number(el, 'scale'), rowHeight()];
  const above = from * scale;
  if (y < above) return y / scale;
  if (y < above + rows * h) return from + (y - above) / h;
  return from + rows + (y - above - rows * h) / scale;
}

// heightOf is the height at which a row begins.
function heightOf(el, row) {
  const [from, rows, scale, h] = [number(el, 'from'), number(el, 'rows'), number(el, 'scale'), rowHeight()];
  if (row < from) return row * scale;
  if (row < from + rows) return from * scale + (row - from) * h;
  return from * scale + rows * h + (row - from - rows) * scale;
}
let keep = null; // the row at the top of the view, while others are on their way
const number = (el, name) => Number(el.dataset[name]);

function ends(el) {
  return el.scrollTop + el.clientHeight >= el.scrollHeight - rowHeight();
}

// look asks for other rows when those in view are not on the page.
function look() {
  const el = box();
  if (!el) return;
  const total = number(el, 'total');
  const size = number(el, 'size');
  if (total <= size) return;
  const from = number(el, 'from');
  const rows = number(el, 'rows');
  const first = Math.floor(rowAt(el, el.scrollTop));
  const last = first + Math.ceil(el.clientHeight / rowHeight());
  const margin = Math.max(5, Math.floor((size - (last - first)) / 6));
  const covered = (from === 0 || first - margin >= from) && (from + rows >= total || last + margin <= from + rows);
  if (covered) return;
  const want = Math.max(0, Math.min(total - size, Math.floor((first + last) / 2 - size / 2)));
  if (want === asked) return;
  asked = want;
  keep = number(el, 'scale') < rowHeight() ? rowAt(el, el.scrollTop) : null;
  const to = new URL(location.href);
  if (el.dataset.canFollow === 'yes' && ends(el)) to.searchParams.delete('from');
  else to.searchParams.set('from', want);
  visit(to, { replace: true });
}

document.addEventListener('scroll', (e) => {
  const el = e.target;
  if (el !== box()) return;
  atEnd = ends(el);
  if (!timer) {
    timer = setTimeout(() => {
      timer = 0;
      unfollow();
      look();
    }, 60);
  }
}, true);

// Who scrolls up reads: the rows stand still from then on. Who comes back to the end
// follows again.
function unfollow() {
  const el = box();
  if (!el || el.dataset.canFollow !== 'yes' || !settled) return;
  const to = new URL(location.href);
  const follows = el.dataset.follow === 'yes';
  if (follows && !atEnd) to.searchParams.set('from', el.dataset.from);
  else if (!follows && atEnd) to.searchParams.delete('from');
  else return;
  asked = -1;
  visit(to, { replace: true });
}

// place puts the view where the rows are: at the end while following, at the position
// that the address names when the page is new.
function place(first) {
  const el = box();
  if (!el) return;
  if (el.dataset.follow === 'yes' && (atEnd || first)) el.scrollTop = el.scrollHeight;
  else if (first && number(el, 'from') > 0) el.scrollTop = heightOf(el, number(el, 'from'));
  else if (keep !== null && number(el, 'from') === asked) el.scrollTop = heightOf(el, keep);
  if (number(el, 'from') === asked) keep = null;
  asked = -1;
}

place(true);
requestAnimationFrame(() => {
  settled = true;
  reveal();
});
let had = box() !== null;
document.addEventListener('swinspect:patched', () => {
  place(!had && box() !== null);
  had = box() !== null;
  look();
});

// reveal scrolls the chosen row into view.
function reveal() {
  document.querySelector('[data-virtual] tr[aria-current]')?.scrollIntoView({ block: 'nearest' });
}

// Arrow keys walk through the rows from the table itself too.
document.addEventListener('keydown', (e) => {
  const el = box();
  if (e.target !== el || e.ctrlKey || e.metaKey || e.altKey) return;
  if (e.key !== 'ArrowDown' && e.key !== 'Enter') return;
  const top = el.getBoundingClientRect().top + 2 * rowHeight();
  const row = [...el.querySelectorAll('tbody tr:not(.pad)')].find((r) => r.getBoundingClientRect().top >= top - rowHeight());
  const link = row?.querySelector('a');
  if (!link) return;
  e.preventDefault();
  link.focus();
});

// Ctrl and Enter send the form that replays a request.
document.addEventListener('keydown', (e) => {
  const form = e.target.closest?.('form.rp');
  if (!form || e.key !== 'Enter' || !(e.ctrlKey || e.metaKey)) return;
  e.preventDefault();
  form.requestSubmit();
});

// A dock that opens takes the chosen row out of view: bring it back.
let dock = byId('dock')?.hidden;
document.addEventListener('swinspect:patched', () => {
  const now = byId('dock')?.hidden;
  if (now !== dock) reveal();
  dock = now;
});
