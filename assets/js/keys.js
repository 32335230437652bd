// Single-letter keys. They never act inside fields, never with a modifier, and
// can be switched off (help, "?"). data-key="S" names the key of a control,
// data-go="T" the letter after G that leads to a link.
import { byId, root, typing } from './page.js';
import { hold, holding } from './stream.js';
import { openPalette } from './palette.js';

let going = 0; // when G was pressed

const own = {
  '/': focusFilter,
  '?': () => byId('help')?.togglePopover(),
  t: () => byId('target')?.click(),
  a: () => location.assign('/start'),
  h: () => hold(!holding()),
};

function focusFilter() {
  const field = document.querySelector('#page [data-filter]') ?? byId('nav-filter');
  if (!field) return;
  if (!field.checkVisibility()) byId('nav')?.showPopover();
  field.focus();
  field.select();
}

function press(letter) {
  const control = [...document.querySelectorAll('[data-key]')]
    .find((el) => el.dataset.key.toLowerCase() === letter && el.checkVisibility() && !el.disabled);
  control?.click();
  return control !== undefined;
}

document.addEventListener('keydown', (e) => {
  if ((e.ctrlKey || e.metaKey) && !e.altKey && e.key.toLowerCase() === 'k') {
    e.preventDefault();
    openPalette();
    return;
  }
  if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || e.isComposing || typing()) return;
  if (root.dataset.keys === 'off' && e.key !== '?') return;
  if (document.querySelector('.pop:popover-open') && e.key !== '?') return;
  const letter = e.key.toLowerCase();
  if (Date.now() - going < 1500) {
    going = 0;
    const link = document.querySelector(`[data-go="${CSS.escape(letter.toUpperCase())}"]`);
    if (link) {
      e.preventDefault();
      link.click();
      return;
    }
  }
  if (letter === 'g') {
    going = Date.now();
    return;
  }
  if (own[letter]) {
    e.preventDefault();
    own[letter]();
  } else if (/^[a-z,.[\]]$/.test(letter) && press(letter)) {
    e.preventDefault();
  }
});
