// violations are what axe-core finds on a page, as text.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export async function violations(page) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  const found = await page.evaluate(async (tags) => {
    const { violations } = await window.axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] });
    return violations.map((v) => ({ ...v, nodes: v.nodes.slice(0, 4) }));
  }, tags);
  return found.map((v) => `${v.id} (${v.impact}): ${v.help}\n` + v.nodes
    .map((n) => `      ${n.target.join(' ')} ${n.html.slice(0, 160)}\n        ${n.any[0]?.message ?? n.all[0]?.message ?? ''}`).join('\n'));
}

// everywhere looks at a page light and dark, wide and narrow: what differs is styles.
export async function everywhere(page) {
  const found = [];
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 800 });
      for (const v of await violations(page)) found.push(`${colorScheme}, ${width}: ${v}`);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wider > 0) found.push(`${colorScheme}, ${width}: the page is ${wider} px wider than the window`);
    }
  }
  return found;
}
