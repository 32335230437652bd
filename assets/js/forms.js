// Sends action forms without leaving the page: the receipt comes by the stream.
import { byId, post } from './page.js';

document.addEventListener('submit', async (e) => {
  const form = e.target;
  if (!form.matches('[data-do]') || e.defaultPrevented) return;
  e.preventDefault();
  if (form.hasAttribute('data-ui-busy')) return;
  form.setAttribute('data-ui-busy', '');
  // What takes seconds says so: data-slow is the button's word meanwhile.
  const said = e.submitter?.textContent;
  if (form.dataset.slow && e.submitter) e.submitter.textContent = form.dataset.slow;
  try {
    await send(form, e.submitter);
  } finally {
    form.removeAttribute('data-ui-busy');
    if (form.dataset.slow && e.submitter) e.submitter.textContent = said;
  }
});

async function send(form, submitter) {
  let response;
  try {
    response = await post(form.action, new URLSearchParams(new FormData(form, submitter)));
  } catch {
    tell('swinspect does not answer');
    return;
  }
  const said = form.querySelector('[data-said]');
  if (said) said.textContent = '';
  if (response.status === 204) {
    sent(form, response.headers.get('X-Swinspect-Go'));
  } else if (response.headers.get('Content-Type')?.startsWith('text/html')) {
    // A page that asks first, or that says what is wrong: go there.
    HTMLFormElement.prototype.submit.call(form);
  } else {
    const text = (await response.text()).trim();
    if (said) said.textContent = text;
    else tell(text);
  }
}

function sent(form, go) {
  const pop = form.closest('[popover]');
  if (pop?.matches(':popover-open')) {
    pop.hidePopover();
    form.reset();
  }
  form.dispatchEvent(new CustomEvent('swinspect:sent', { bubbles: true }));
  if (go) location.assign(go);
}

// tell puts a line on the foot; the next receipt replaces it.
function tell(text) {
  const last = byId('foot-last');
  if (last) last.textContent = text;
  const region = byId('say');
  if (region) region.textContent = text;
}

// Copy buttons copy the text they name; without a clipboard they select it.
document.addEventListener('click', async (e) => {
  const button = e.target.closest?.('[data-copy]');
  if (!button) return;
  const what = button.dataset.copy.startsWith('#') ? byId(button.dataset.copy.slice(1)) : null;
  await copy(what ? what.textContent : button.dataset.copy, what);
});

// copy puts a text on the clipboard; without one it selects the element that has it.
export async function copy(text, what = null) {
  try {
    await navigator.clipboard.writeText(text.trim());
    tell('Copied');
  } catch {
    if (what) getSelection().selectAllChildren(what);
  }
}
