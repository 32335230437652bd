// The pages that a suite visits: every view of registrations in different states.
import { inspected, look, update } from './world.mjs';

export const panels = ['', '/timeline', '/caches', '/fetches', '/source', '/errors', '/routes', '/debug'];

// populate opens fixtures in many states and gives the addresses of all pages.
export async function populate(fixtures = ['simple', 'cache?n=60', 'routes', 'imports', 'errors', 'vary', 'opaque']) {
  const opened = {};
  for (const f of fixtures) opened[f] = await inspected.open(f);
  if (opened.simple) { // one that waits
    await inspected.reload(opened.simple);
    await inspected.bump('simple');
    await update(opened.simple);
  }
  const page = await look();
  await page.getByRole('treeitem', { name: /localhost/ }).first().waitFor();
  const links = await registrations(page);
  await page.context().close();
  return { opened, links };
}

// registrations are the tree's links by scope path.
export async function registrations(page) {
  // At once: the tree changes while one looks.
  const items = await page.locator('[role=treeitem][aria-level="3"]').evaluateAll((all) =>
    all.map((a) => [a.querySelector('.name').innerText.trim().split('\n')[0], new URL(a.getAttribute('href'), location.href).pathname]));
  return Object.fromEntries(items);
}
