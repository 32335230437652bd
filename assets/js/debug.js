// The debugger's keys, the cursor in the source, the console's prompt. What is pressed
// are the panel's own buttons: without this they do the same.
import { visit } from './panel.js';
import { byId, root } from './page.js';

const code = () => byId('code');
const press = (what) => {
  const button = document.querySelector(`[data-dbg="${what}"]`);
  if (!button || button.disabled) return false;
  button.click();
  return true;
};

// Keys as in the browser's own tools. They act in fields too.
const keys = {
  F8: () => press('resume') || press('pause'),
  'Ctrl+\\': () => press('resume') || press('pause'),
  F10: () => press('over'),
  "Ctrl+'": () => press('over'),
  F11: () => press('into'),
  'Ctrl+;': () => press('into'),
  'Shift+F11': () => press('out'),
  'Ctrl+Shift+:': () => press('out'),
  'Shift+F10': () => press('back'),
  'Shift+F8': () => press('back-to-breakpoint'),
  'Ctrl+F8': () => press('active'),
  'Ctrl+b': () => toggle(),
  'Ctrl+Alt+b': () => edit(cursor()),
};

document.addEventListener('keydown', (e) => {
  if (e.isComposing) return;
  const name = e.key.length === 1 ? e.key.toLowerCase() : e.key;
  const combo = `${e.ctrlKey || e.metaKey ? 'Ctrl+' : ''}${e.altKey ? 'Alt+' : ''}${e.shiftKey ? 'Shift+' : ''}${name}`;
  const act = keys[combo];
  if (!act) return;
  // The browser's own meaning of the key (full screen, bookmarks) is not wanted here.
  e.preventDefault();
  if (!e.repeat || combo.includes('F1')) act();
});

// cursor is the row that keys act on: the focused one, else the one that was pressed,
// else where the worker is paused.
function cursor() {
  return document.activeElement?.closest?.('#code .ln') ?? document.querySelector('#code .ln[data-ui-cursor]') ?? document.querySelector('#code .ln.ip');
}

function put(row) {
  for (const old of document.querySelectorAll('#code .ln[data-ui-cursor]')) if (old !== row) delete old.dataset.uiCursor;
  if (row) row.dataset.uiCursor = '';
}

function toggle() {
  cursor()?.querySelector('.no')?.click();
}

// edit opens the form for the breakpoint of a row.
function edit(row) {
  const at = row?.querySelector('.no')?.value;
  if (!at) return;
  const to = new URL(location.href);
  to.searchParams.delete('bp');
  to.searchParams.set('new', 'line');
  to.searchParams.set('at', at);
  focusWhenThere(() => document.querySelector('#dbg-form [name="condition"]'), '#dbg-form [name="line"]', at.split(':')[0]);
  visit(to);
}

// focusWhenThere moves focus into a form once the stream has brought it.
function focusWhenThere(find, sign, value) {
  const then = () => {
    if (document.querySelector(sign)?.value !== value) return;
    document.removeEventListener('swinspect:patched', then);
    const el = find();
    el?.scrollIntoView({ block: 'nearest' });
    el?.focus();
  };
  document.addEventListener('swinspect:patched', then);
  setTimeout(() => document.removeEventListener('swinspect:patched', then), 3000);
  then();
}

document.addEventListener('click', (e) => {
  const row = e.target.closest?.('#code .ln');
  if (row) put(row);
});
document.addEventListener('focusin', (e) => {
  const row = e.target.closest?.('#code .ln');
  if (row) put(row);
});
document.addEventListener('contextmenu', (e) => {
  const number = e.target.closest?.('#code .no');
  if (!number) return;
  e.preventDefault();
  put(number.closest('.ln'));
  edit(number.closest('.ln'));
});

// Arrows walk the rows.
document.addEventListener('keydown', (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
  const area = code();
  if (!area?.contains(e.target)) return;
  const rows = [...area.querySelectorAll('.no')];
  const at = rows.indexOf(e.target);
  const page = Math.max(1, Math.floor(area.clientHeight / 20) - 2);
  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length }[e.key];
  if (at < 0) {
    if (e.key !== 'Enter' && e.key !== 'ArrowDown') return;
    e.preventDefault();
    (cursor()?.querySelector('.no') ?? rows[0])?.focus();
    return;
  }
  if (!step) return;
  e.preventDefault();
  rows[Math.max(0, Math.min(rows.length - 1, at + step))].focus();
});

// Ctrl F in the source finds in it, Enter goes to the next place.
document.addEventListener('keydown', (e) => {
  if ((e.ctrlKey || e.metaKey) && !e.shiftKey && !e.altKey && e.key.toLowerCase() === 'f' && e.target.closest?.('.dbg-src')) {
    e.preventDefault();
    byId('src-find')?.focus();
    byId('src-find')?.select();
  }
  if (e.key === 'Enter' && e.target.id === 'src-find' && e.target.value && e.target.value === new URL(location.href).searchParams.get('find')) {
    e.preventDefault();
    next(e.shiftKey ? -1 : 1);
  }
});

function next(way) {
  const links = [...document.querySelectorAll('a[data-found]')];
  if (!links.length) return;
  const line = Number(new URL(location.href).searchParams.get('line') ?? 0);
  const at = links.findIndex((a) => Number(a.textContent) === line);
  links[(at + way + links.length) % links.length].click();
}

// The place that the worker is paused at, or that was asked for, comes into view when it
// is another than before.
let seen = '';
function reveal() {
  const row = document.querySelector('#code .ln.at') ?? document.querySelector('#code .ln.ip, #code .ln.called');
  const now = row ? `${row.id} ${row.className} ${byId('h-src')?.textContent}` : '';
  if (now === seen) return;
  seen = now;
  if (!row) return;
  const area = code();
  const [a, r] = [area.getBoundingClientRect(), row.getBoundingClientRect()];
  if (r.top < a.top + 20 || r.bottom > a.bottom - 40) area.scrollTop += r.top - a.top - a.height / 3;
  // Sideways too: a long line is paused at somewhere in it.
  const mark = row.querySelector('mark')?.getBoundingClientRect();
  if (mark && (mark.right > a.right || mark.left < a.left + 64)) area.scrollLeft += mark.left - a.left - a.width / 3;
  else if (!mark) area.scrollLeft = 0;
}

// The console stays at its end unless its reader went up.
let log = byId('dbg-log');
let atEnd = true;
document.addEventListener('scroll', (e) => {
  if (e.target.id === 'dbg-log') atEnd = e.target.scrollTop + e.target.clientHeight >= e.target.scrollHeight - 8;
}, true);
function follow() {
  log = byId('dbg-log');
  if (log && atEnd) log.scrollTop = log.scrollHeight;
}
reveal();
follow();
document.addEventListener('swinspect:patched', () => {
  reveal();
  follow();
});

// The prompt: Enter evaluates, Shift Enter begins a line, arrows go through what was
// evaluated before.
const inputs = () => [...document.querySelectorAll('#dbg-log [data-input]')].map((el) => el.textContent);
let back = 0; // how far back in the history
let draft = '';

document.addEventListener('keydown', (e) => {
  const field = e.target;
  if (field.id !== 'prompt-x' || e.isComposing || e.ctrlKey || e.metaKey || e.altKey) return;
  if (e.key === 'Enter' && !e.shiftKey) {
    e.preventDefault();
    if (!field.value.trim()) return;
    field.form.requestSubmit();
    field.value = '';
    back = 0;
    atEnd = true;
  } else if (e.key === 'ArrowUp' && !field.value.slice(0, field.selectionStart).includes('\n')) {
    recall(field, 1, e);
  } else if (e.key === 'ArrowDown' && !field.value.slice(field.selectionEnd).includes('\n')) {
    recall(field, -1, e);
  } else if (e.key === 'Escape' && field.value) {
    e.preventDefault();
    field.value = '';
  }
});

function recall(field, way, e) {
  const all = inputs();
  const to = back + way;
  if (to < 0 || to > all.length) return;
  e.preventDefault();
  if (back === 0) draft = field.value;
  back = to;
  field.value = back === 0 ? draft : all[all.length - back];
  field.setSelectionRange(field.value.length, field.value.length);
}

// A form that says where to go once it is done; one that begins anew.
document.addEventListener('swinspect:sent', (e) => {
  const form = e.target;
  if (form.dataset.clear !== undefined || form.id === 'watch-f') form.reset();
  if (form.dataset.then) visit(form.dataset.then, { replace: true });
});

root.dataset.uiDebug = '';
