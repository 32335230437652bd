// The theme button turns at once; the choice is kept by the server's cookie.
import { post, root } from './page.js';

const next = { '': 'light', light: 'dark', dark: '' };
const names = { '': 'follows the system', light: 'light', dark: 'dark' };

export function turnTheme() {
  const theme = next[root.dataset.theme ?? ''] ?? '';
  root.dataset.theme = theme;
  const button = document.querySelector('[data-theme-form] button');
  if (button) {
    const label = `Theme: ${names[theme]}`;
    button.setAttribute('aria-label', label);
    button.title = label;
    button.value = next[theme] || 'auto';
  }
  post('/prefs', new URLSearchParams({ theme: theme || 'auto' })).catch(() => {});
}

document.addEventListener('submit', (e) => {
  if (!e.target.matches('[data-theme-form]')) return;
  e.preventDefault();
  turnTheme();
});
