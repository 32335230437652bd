// The time slider of an opened recording: the pages follow it while it is dragged.
import { byId, post, root } from './page.js';

root.dataset.uiJs = '';

const every = 150; // ms between two moments while dragging
let timer = 0;
let last = 0;

const clock = (ms) => {
  const d = new Date(ms);
  const two = (n, w = 2) => String(n).padStart(w, '0');
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${two(d.getMilliseconds(), 3)}`;
};

function send(input) {
  last = Date.now();
  // What is chosen is what the page says from now on: updates may move it.
  input.setAttribute('value', input.value);
  const fields = new URLSearchParams(new FormData(input.form));
  post(input.form.action, fields).catch(() => {});
}

document.addEventListener('input', (e) => {
  const input = e.target;
  if (input.id !== 'tape-at') return;
  const label = byId('tape-o')?.querySelector('b');
  if (label) label.textContent = clock(Number(input.value));
  input.setAttribute('aria-valuetext', clock(Number(input.value)));
  clearTimeout(timer);
  timer = setTimeout(send, Math.max(0, every - (Date.now() - last)), input);
});
