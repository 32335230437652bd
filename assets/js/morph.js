// Puts new parts into the page so that what the reader does stays as it is:
// focus, scroll, selection, open popovers and details, and what was typed.
import { Idiomorph } from '../vendor/idiomorph.js';

const controls = 'input:not([type=hidden]), textarea, select';

// touched tells whether a field holds something its reader put there.
function touched(el) {
  if (el === document.activeElement) return true;
  if (el.localName === 'select') return [...el.options].some((o) => o.selected !== o.defaultSelected) && el.dataset.uiTouched !== undefined;
  if (el.type === 'checkbox' || el.type === 'radio') return el.checked !== el.defaultChecked;
  return el.value !== el.defaultValue;
}

document.addEventListener('change', (e) => {
  if (e.target.localName === 'select') e.target.dataset.uiTouched = '';
});

// ours tells whether the page itself keeps this attribute.
function ours(name, el) {
  if (name.startsWith('data-ui-')) return true;
  if (name === 'open') return el.matches('details, dialog');
  if (name === 'tabindex' || name === 'aria-expanded' || name === 'hidden') return el.closest('.tree') !== null;
  return false;
}

const callbacks = {
  beforeNodeMorphed(old, next) {
    if (old.nodeType !== Node.ELEMENT_NODE) return true;
    if (old.hasAttribute('data-keep')) return false;
    if (old.matches(controls) && touched(old)) return false;
    // The page keeps ages running: their text is its own.
    if (old.dataset?.age !== undefined && old.dataset.age === next.dataset?.age) return false;
    return true;
  },
  beforeAttributeUpdated: (name, el) => !ours(name, el),
};

// apply morphs one part. A part that is not on the page is left out.
export function apply(id, html) {
  const el = document.getElementById(id);
  if (!el) return;
  const focused = document.activeElement;
  const trail = ancestors(focused);
  // ignoreActiveValue leaves all of the active element alone: right for a field,
  // wrong for a focused button whose label changes.
  Idiomorph.morph(el, html, { morphStyle: 'outerHTML', ignoreActiveValue: focused?.matches(controls) ?? false, callbacks });
  if (focused && focused !== document.body && !focused.isConnected) refocus(trail);
}

// refocus puts focus near to where it was when its element went away: on the
// nearest surroundings that are left, never on another button that the next
// press of Enter would hit.
function refocus(trail) {
  if (document.activeElement && document.activeElement !== document.body) return;
  const near = trail.map((id) => document.getElementById(id)).find(Boolean) ?? document.getElementById('main');
  if (!near) return;
  if (!near.hasAttribute('tabindex')) near.setAttribute('tabindex', '-1');
  near.focus({ preventScroll: true });
}

function ancestors(el) {
  const ids = [];
  for (let at = el; at; at = at.parentElement) if (at.id) ids.push(at.id);
  return ids;
}
