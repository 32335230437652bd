// What the modules share about this page.

export const root = document.documentElement;

// token is asked of every request that changes something.
export const token = document.querySelector('meta[name="swinspect-token"]')?.content ?? '';

export const byId = (id) => document.getElementById(id);

// onPatch calls f now and after every patch of the page.
export function onPatch(f) {
  document.addEventListener('swinspect:patched', f);
  f();
}

// post sends a form's fields and answers with the response.
export function post(url, fields) {
  return fetch(url, {
    method: 'POST',
    body: fields,
    headers: { 'X-Swinspect': '1', 'X-Swinspect-Token': token },
    credentials: 'same-origin',
    redirect: 'manual',
  });
}

// typing tells whether letters belong to the focused element.
export function typing() {
  const el = document.activeElement;
  return !!el?.matches('input:not([type=checkbox], [type=radio], [type=range], [type=button], [type=submit]), textarea, select, [contenteditable=""], [contenteditable="true"]');
}

// element makes an element: element('a', { href }, 'text', child…).
export function element(name, attrs = {}, ...children) {
  const el = document.createElement(name);
  for (const [k, v] of Object.entries(attrs)) if (v !== undefined && v !== null && v !== false) el.setAttribute(k, v === true ? '' : v);
  el.append(...children.filter((c) => c !== null && c !== undefined));
  return el;
}

// glyph draws a glyph of the page's sheet.
export function glyph(name, extra = '') {
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg');
  svg.setAttribute('class', `i ${extra}`.trim());
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(ns, 'use');
  use.setAttribute('href', `#i-${name}`);
  svg.append(use);
  return svg;
}
