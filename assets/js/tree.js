// The tree of registrations: arrow keys, folding, filter. The server draws it
// unfolded; what is folded and what the filter hides is the page's own.
import { byId, onPatch } from './page.js';

const key = 'swinspect-folded';
const folded = new Set(JSON.parse(sessionStorage.getItem(key) ?? '[]'));
const box = byId('nav-filter');
let current = ''; // id of the row that Tab reaches

const tree = () => document.querySelector('[role="tree"]');
const items = () => [...(tree()?.querySelectorAll('[role="treeitem"]') ?? [])];
const shown = () => items().filter((el) => el.checkVisibility());
const rowId = (item) => item.parentElement.id;
const group = (item) => item.parentElement.querySelector(':scope > [role="group"]');

function draw() {
  for (const item of items()) {
    if (!item.hasAttribute('aria-expanded')) continue;
    const open = filtering() || !folded.has(rowId(item));
    item.setAttribute('aria-expanded', String(open));
    group(item).hidden = !open;
  }
  filter();
  rove();
}

const filtering = () => !!box?.value.trim();

function filter() {
  const words = (box?.value ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  let any = false;
  for (const item of items()) {
    if (item.hasAttribute('aria-expanded')) continue;
    const text = `${item.dataset.find} ${item.textContent}`.toLowerCase();
    const match = words.every((w) => text.includes(w));
    item.parentElement.hidden = !match;
    any ||= match;
  }
  for (const item of items().reverse()) {
    if (!item.hasAttribute('aria-expanded')) continue;
    const rows = [...group(item).children];
    item.parentElement.hidden = words.length > 0 && rows.every((li) => li.hidden || !li.querySelector('[role="treeitem"]'));
  }
  const none = byId('tree-none');
  if (none) none.hidden = any || words.length === 0;
}

// rove leaves one row in the order of Tab: the last one used, else the chosen.
function rove(to) {
  const rows = shown();
  const at = to ?? rows.find((el) => rowId(el) === current) ?? rows.find((el) => el.ariaSelected === 'true') ?? rows[0];
  for (const item of items()) item.tabIndex = item === at ? 0 : -1;
  return at;
}

function go(item) {
  if (!item) return;
  current = rowId(item);
  rove(item);
  item.focus();
}

function fold(item, closed) {
  if (closed) folded.add(rowId(item));
  else folded.delete(rowId(item));
  sessionStorage.setItem(key, JSON.stringify([...folded]));
  draw();
}

const parent = (item) => item.parentElement.parentElement.closest('li')?.querySelector('[role="treeitem"]');

const moves = {
  ArrowDown: (rows, i) => go(rows[i + 1]),
  ArrowUp: (rows, i) => go(rows[i - 1]),
  Home: (rows) => go(rows[0]),
  End: (rows) => go(rows.at(-1)),
  ArrowRight(rows, i) {
    const state = rows[i].ariaExpanded;
    if (state === 'false') fold(rows[i], false);
    else if (state === 'true') go(rows[i + 1]);
  },
  ArrowLeft(rows, i) {
    if (rows[i].ariaExpanded === 'true' && !filtering()) fold(rows[i], true);
    else go(parent(rows[i]));
  },
};

document.addEventListener('keydown', (e) => {
  const item = e.target.closest?.('[role="treeitem"]');
  if (!item || e.ctrlKey || e.metaKey || e.altKey) return;
  if (e.key === ' ') {
    e.preventDefault();
    item.click();
    return;
  }
  const rows = shown();
  if (!moves[e.key]) return;
  e.preventDefault();
  moves[e.key](rows, rows.indexOf(item));
});

document.addEventListener('click', (e) => {
  const item = e.target.closest?.('[role="treeitem"]');
  if (!item) return;
  // Origins are headings only: a click folds them. A browser's arrow does too.
  const arrow = e.target.closest('.chev') !== null;
  if (!item.hasAttribute('aria-expanded') || (!arrow && item.ariaLevel === '1')) return;
  e.preventDefault();
  fold(item, item.ariaExpanded === 'true');
});

box?.addEventListener('input', draw);
box?.addEventListener('keydown', (e) => {
  if (e.key === 'ArrowDown') {
    e.preventDefault();
    go(shown().find((el) => el.ariaLevel === '3') ?? shown()[0]);
  }
});

onPatch(draw);
tree()?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
