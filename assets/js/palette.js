// The command palette: everything on this page that can be pressed or followed,
// found by typing. It is read from the page when it opens, so it never lists
// what is not there.
import { byId, element, glyph } from './page.js';
import { copy } from './forms.js';
import { turnTheme } from './theme.js';

const pop = byId('palette');
const field = pop?.querySelector('input');
const list = byId('palette-list');
const most = 60;
let rows = [];
let at = 0;

export function openPalette() {
  if (pop && !pop.matches(':popover-open')) pop.showPopover();
}

const text = (el) => el.textContent.replace(/\s+/g, ' ').trim();

function collect() {
  const found = [];
  const add = (group, icon, title, keys, run, more = '') => found.push({ group, icon, title, keys, run, find: `${title} ${more}`.toLowerCase() });
  for (const el of document.querySelectorAll('#main [data-cmd]')) {
    if (el.checkVisibility() && !el.disabled) add('On this registration', el.dataset.cmdIcon ?? 'sent', el.dataset.cmd, el.dataset.key, () => el.click());
  }
  for (const el of document.querySelectorAll('#main [data-script]')) {
    if (el.dataset.script && !found.some((f) => f.title === el.dataset.script)) add('Copy as script', 'copy', el.dataset.script, '', () => copy(el.dataset.script), 'copy as script');
  }
  for (const el of document.querySelectorAll('#tabs a')) {
    add('Go to', 'd-respond', el.firstChild.textContent.trim(), el.dataset.go ? `G ${el.dataset.go}` : '', () => el.click());
  }
  for (const el of document.querySelectorAll('#targets a.pop-row')) add('Go to', 'browser', el.querySelector('span').firstChild.textContent.trim(), '', () => el.click());
  for (const el of document.querySelectorAll('[role="treeitem"][aria-level="3"]')) {
    add('Registrations', el.querySelector('use').getAttribute('href').slice(3), el.dataset.find.trim(), '', () => el.click(), text(el));
  }
  add('Page', 'theme', 'Turn the theme', '', turnTheme);
  add('Page', 'paused', 'Pause or resume updates', 'H', () => byId('hold')?.click());
  add('Page', 'unanswered', 'Keys and help', '?', () => byId('help')?.showPopover());
  return found;
}

function draw() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const hits = rows.filter((r) => words.every((w) => r.find.includes(w))).slice(0, most);
  at = 0;
  list.replaceChildren();
  let group = '';
  for (const [i, row] of hits.entries()) {
    if (row.group !== group) {
      group = row.group;
      list.append(element('div', { class: 'pop-h', role: 'presentation' }, group));
    }
    const el = element('div', { class: 'pop-row', role: 'option', id: `cmd-${i}`, 'aria-selected': 'false' },
      glyph(row.icon), element('span', {}, row.title), row.keys ? element('kbd', {}, row.keys) : null);
    el.addEventListener('click', () => run(row));
    list.append(el);
  }
  if (!hits.length) list.append(element('div', { class: 'pop-h', role: 'presentation' }, 'Nothing like that here.'));
  mark(hits);
  field.onkeydown = (e) => key(e, hits);
}

function mark(hits) {
  for (const el of list.querySelectorAll('[role="option"]')) el.ariaSelected = String(el.id === `cmd-${at}`);
  const el = byId(`cmd-${at}`);
  if (hits.length) field.setAttribute('aria-activedescendant', `cmd-${at}`);
  else field.removeAttribute('aria-activedescendant');
  el?.scrollIntoView({ block: 'nearest' });
}

function key(e, hits) {
  if (e.key === 'Enter' && hits[at]) {
    e.preventDefault();
    run(hits[at]);
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
  if (!step || !hits.length) return;
  e.preventDefault();
  at = (at + step + hits.length) % hits.length;
  mark(hits);
}

function run(row) {
  pop.hidePopover();
  row.run();
}

pop?.addEventListener('beforetoggle', (e) => {
  if (e.newState !== 'open') return;
  rows = collect();
  field.value = '';
  draw();
});
field?.addEventListener('input', draw);
for (const el of document.querySelectorAll('.palette-open')) el.hidden = false;
