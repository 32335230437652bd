// Moves within a panel without loading the page again: links and GET forms that
// only change the query of this page's address (sort, filter, range, row, page)
// go through the stream, so focus and scroll stay. Everything works without
// this, as plain links and forms.
import { byId, root } from './page.js';
import { holding, restart } from './stream.js';

root.dataset.uiJs = '';

// visit goes to another query of this page.
export function visit(url, { replace = false } = {}) {
  const to = new URL(url, location.href);
  if (holding()) {
    location.assign(to);
    return;
  }
  if (to.href === location.href) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', to);
  root.dataset.path = to.pathname + to.search;
  restart();
}

const here = (to) => to.origin === location.origin && to.pathname === location.pathname;

document.addEventListener('click', (e) => {
  if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
  const a = e.target.closest?.('#page a[href]');
  if (!a || a.target || a.hasAttribute('download') || a.hash) return;
  const to = new URL(a.href);
  if (!here(to)) return;
  e.preventDefault();
  if (a.dataset.focus) focusAfter(a.dataset.focus);
  visit(to);
});

// focusAfter moves focus once the part that has the element is there: into a
// drawer that a row opens, back to the row when it is closed.
function focusAfter(id) {
  const then = () => {
    const el = byId(id);
    if (!el) return;
    document.removeEventListener('swinspect:patched', then);
    el.focus();
  };
  document.addEventListener('swinspect:patched', then);
  setTimeout(() => document.removeEventListener('swinspect:patched', then), 3000);
}

const fields = (form, submitter) => [...new FormData(form, submitter)].filter(([, v]) => typeof v === 'string' && v !== '');

document.addEventListener('submit', (e) => {
  const form = e.target;
  if (e.defaultPrevented || form.method !== 'get' || !form.closest('#page') || form.target) return;
  const to = new URL(form.action, location.href);
  if (!here(to)) return;
  e.preventDefault();
  const query = new URLSearchParams(fields(form, e.submitter));
  const input = form.querySelector('[data-filter]');
  if (input) {
    merge(query, input.name);
    input.value = '';
  }
  to.search = query;
  visit(to);
});

// merge makes chips of what was typed: NAME.add joins NAME.
function merge(query, add) {
  const name = add.replace(/\.add$/, '');
  const all = [query.get(name), query.get(add)].map((s) => s?.trim()).filter(Boolean).join(' ');
  query.delete(add);
  query.delete('from');
  if (all) query.set(name, all);
  else query.delete(name);
}

// Filters apply while they are typed.
let typing = 0;
document.addEventListener('input', (e) => {
  const input = e.target;
  if (!input.matches?.('#page [data-filter]')) return;
  clearTimeout(typing);
  typing = setTimeout(() => {
    const to = new URL(location.href);
    if (input.value.trim()) to.searchParams.set(input.name, input.value.trim());
    else to.searchParams.delete(input.name);
    to.searchParams.delete('from');
    visit(to, { replace: true });
  }, 150);
});

// Backspace in an empty filter takes the last chip out, Escape what is typed.
document.addEventListener('keydown', (e) => {
  const input = e.target;
  if (e.isComposing || e.ctrlKey || e.metaKey || e.altKey) return;
  if (input.matches?.('#page [data-filter]')) {
    if (e.key === 'Backspace' && input.value === '') {
      input.form.querySelector('.chips li:last-child .chip')?.click();
      input.focus();
    } else if ((e.key === 'ArrowDown' || e.key === 'ArrowUp') && input.matches?.('table[data-rows] tbody a')) {
    const row = input.closest('tr');
    const next = (e.key === 'ArrowDown' ? row.nextElementSibling : row.previousElementSibling)?.querySelector('a');
    if (!next) return;
    e.preventDefault();
    next.focus();
  } else if (e.key === 'Escape' && input.value !== '') {
      e.preventDefault();
      input.value = '';
      input.dispatchEvent(new Event('input', { bubbles: true }));
    }
  } else if ((e.key === 'ArrowDown' || e.key === 'ArrowUp') && input.matches?.('table[data-rows] tbody a')) {
    const row = input.closest('tr');
    const next = (e.key === 'ArrowDown' ? row.nextElementSibling : row.previousElementSibling)?.querySelector('a');
    if (!next) return;
    e.preventDefault();
    next.focus();
  } else if (e.key === 'Escape' && !document.querySelector(':popover-open')) {
    const close = document.querySelector('#page [data-close]');
    if (!close || input.closest?.('dialog')) return;
    e.preventDefault();
    close.click();
  }
});

// What the address names is in view: the line of an error, the chosen cache.
if (!location.hash) byId('page')?.querySelector('.ln.at')?.scrollIntoView({ block: 'center' });
document.querySelector('.clist > ul [aria-current]')?.scrollIntoView({ block: 'nearest' });

// A field that chooses submits its form by itself.
document.addEventListener('change', (e) => {
  if (e.target.matches?.('#page [data-submit]')) e.target.form.requestSubmit();
});

window.addEventListener('popstate', () => {
  root.dataset.path = location.pathname + location.search;
  restart();
});
