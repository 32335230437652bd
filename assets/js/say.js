// Reads the foot's newest line to screen readers, at most once a second.
import { byId } from './page.js';

const pause = 1000;
let said = text();
let last = 0;
let timer = 0;

function text() {
  return (byId('foot-last')?.textContent ?? '').replace(/\s+/g, ' ').trim();
}

document.addEventListener('swinspect:patched', () => {
  if (timer || text() === said) return;
  timer = setTimeout(say, Math.max(0, last + pause - Date.now()));
});

function say() {
  timer = 0;
  last = Date.now();
  said = text();
  const region = byId('say');
  if (region) region.textContent = said;
}
