// Sends a HAR file as the body of a request, with the token in its header.
import { root, token } from './page.js';

root.dataset.uiJs = '';

document.addEventListener('submit', async (e) => {
  const form = e.target;
  if (!form.dataset.upload) return;
  e.preventDefault();
  const file = form.querySelector('input[type=file]').files[0];
  const said = form.querySelector('[data-said]');
  if (!file) {
    said.textContent = 'Choose a file first.';
    return;
  }
  said.textContent = `Importing ${file.name}…`;
  try {
    const response = await fetch(`${form.dataset.upload}?name=${encodeURIComponent(file.name)}`, {
      method: 'POST', body: file, headers: { 'X-Swinspect': '1', 'X-Swinspect-Token': token }, credentials: 'same-origin',
    });
    if (response.ok) location.assign(response.headers.get('X-Swinspect-Go') ?? '/recordings');
    else said.textContent = (await response.text()).trim();
  } catch {
    said.textContent = 'swinspect does not answer.';
  }
});
