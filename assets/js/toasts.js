// A toast stays until it is dismissed, and dismissed ones do not come back.
import { byId, onPatch } from './page.js';

const key = 'swinspect-dismissed';
const dismissed = new Set(JSON.parse(sessionStorage.getItem(key) ?? '[]'));

onPatch(() => {
  for (const el of document.querySelectorAll('[data-toast]')) el.hidden = dismissed.has(el.dataset.toast);
});

document.addEventListener('click', (e) => {
  const button = e.target.closest?.('[data-dismiss]');
  if (!button) return;
  dismissed.add(button.dataset.dismiss);
  sessionStorage.setItem(key, JSON.stringify([...dismissed].slice(-50)));
  byId(`toast-${button.dataset.dismiss}`)?.setAttribute('hidden', '');
});
