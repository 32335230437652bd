// The page can be used with the keyboard alone, and focus survives live updates.
import { equal, inspected, look, ok, run, test, until, update } from './world.mjs';

const simple = await inspected.open('simple');
await inspected.open('claim');
await inspected.reload(simple);
const page = await look();
await page.getByRole('treeitem', { name: /simple/ }).first().waitFor();
const focused = () => page.evaluate(() => {
  const e = document.activeElement;
  return `${e.tagName.toLowerCase()}#${e.id}${e.matches(':focus-visible') ? ' visible' : ''} ${(e.getAttribute('aria-label') ?? e.innerText ?? '').trim().split('\n')[0]}`;
});
const key = (k) => page.keyboard.press(k);
async function overview() {
  await key('g'); await key('o');
  await page.waitForURL((u) => !/timeline/.test(u.href));
  await page.getByRole('heading', { name: 'Clients' }).waitFor();
}

test('the first Tab offers to skip to the content', async () => {
  await key('Tab');
  ok(/Skip to content/.test(await focused()), await focused());
  await key('Enter');
  await until(async () => /main/.test(await focused()), 'focus in the main part');
});

test('every control is reached by Tab, in view and with a visible focus', async () => {
  await page.evaluate(() => { document.activeElement.blur(); window.scrollTo(0, 0); });
  const seen = new Set();
  const hidden = [];
  for (let i = 0; i < 120; i++) {
    await key('Tab');
    const now = await page.evaluate(() => {
      const e = document.activeElement;
      if (e === document.body) return null;
      const r = e.getBoundingClientRect();
      const s = getComputedStyle(e);
      const shown = s.outlineStyle !== 'none' || s.boxShadow !== 'none';
      return { id: `${e.tagName} ${e.id} ${e.getAttribute('aria-label') ?? e.textContent.trim().slice(0, 40)}`, inView: r.width > 0 && r.bottom > 0 && r.top < innerHeight, shown };
    });
    if (!now) break;
    if (!now.inView || !now.shown) hidden.push(now);
    seen.add(now.id);
  }
  equal(hidden, [], 'focused but not seen');
  for (const want of ['Update', 'Unregister', 'Overview', 'Timeline']) {
    ok([...seen].some((s) => s.includes(want)), `Tab never reached ${want}: ${[...seen].join(' | ')}`);
  }
});

test('arrows walk the tree and Enter opens', async () => {
  const item = page.getByRole('treeitem', { name: /simple/ }).first();
  await item.focus();
  const before = await focused();
  await key('ArrowUp');
  ok((await focused()) !== before, 'the arrow moved nothing');
  await key('ArrowDown');
  equal(await focused(), before, 'back again');
  await key('Enter');
  await page.getByRole('heading', { name: /\/simple\// }).waitFor();
});

test('letters go to the views', async () => {
  await key('Escape');
  await key('g'); await key('t');
  await page.waitForURL(/timeline/);
  await overview();
});

test('letters do nothing inside a field', async () => {
  await key('g'); await key('t');
  await page.waitForURL(/timeline/);
  await key('/');
  await until(async () => /input/.test(await focused()), 'the filter has focus');
  await page.keyboard.type('sgo');
  equal(await page.evaluate(() => document.activeElement.value), 'sgo', 'what was typed');
  ok(/timeline/.test(page.url()), 'still here');
  await key('Escape'); // clears the field
  await key('Tab'); // leaves it
  await overview();
});

test('a waiting worker is activated with S, and the page says so', async () => {
  await inspected.bump('simple');
  await update(simple);
  await page.getByRole('heading', { name: /Why is #\d+ waiting\?/ }).waitFor();
  await key('s');
  await page.getByText(/confirmed/).first().waitFor();
  await until(async () => (await page.locator('[role=status], [aria-live]').allInnerTexts()).join(' ').length > 0, 'a live region spoke');
});

test('commands: Ctrl K, a few letters, Enter', async () => {
  await key('Control+k');
  await until(async () => /input/.test(await focused()), 'the palette has focus');
  await page.keyboard.type('stop #');
  await key('Enter');
  await page.getByText(/stop.*confirmed/is).first().waitFor();
});

test('Escape closes a question and gives the focus back', async () => {
  const button = page.getByRole('button', { name: 'Unregister' }).first();
  await button.focus();
  await key('Enter');
  await page.getByRole('alertdialog').waitFor();
  await key('Escape');
  await page.getByRole('alertdialog').waitFor({ state: 'hidden' });
  ok(/Unregister/.test(await focused()), await focused());
});

test('focus, selection and scroll survive live updates', async () => {
  const button = page.getByRole('button', { name: 'Update' }).first();
  await button.focus();
  const before = await focused();
  await inspected.bump('simple');
  await update(simple);
  await page.getByRole('heading', { name: /Why is #\d+ waiting\?/ }).waitFor();
  equal(await focused(), before, 'the focus');
});

test('nothing went wrong in the page', async () => equal(page.problems, [], 'problems'));

await run();
