// Recording from the page, the list of recordings, and an opened recording as of any
// moment.
import { equal, look, ok, run, test, until } from './world.mjs';
import { registrations } from './pages.mjs';
import { everywhere } from './violations.mjs';

const page = await look({ reducedMotion: 'reduce' });
await page.getByRole('treeitem', { name: /waiting/ }).first().waitFor();
const base = (await registrations(page))['/'];
const go = (path) => page.goto(new URL(path, page.url()).href);
let tape = '';

test('the page records, and says how', async () => {
  await go(base);
  await page.keyboard.press('r');
  const form = page.locator('#pop-record');
  await form.getByText(/Cookie, Set-Cookie and Authorization are replaced/).waitFor();
  await form.getByLabel(/^File/).fill('visit.swrec');
  await form.getByRole('button', { name: 'Record' }).click();
  await page.locator('#record .recording').waitFor();
  await go(base);
  await page.getByRole('button', { name: /^Reload / }).first().click();
  await go(`${base}/fetches`);
  await page.locator('#fx-tw tbody a[title*="/api/tides"]').first().waitFor();
  await go(base);
  await page.getByRole('button', { name: /skip waiting/i }).first().click();
  await until(async () => !/waiting/.test(await page.getByRole('treeitem', { name: /^\/ / }).first().innerText()), 'the wait over', 10_000);
  await page.waitForTimeout(1200); // the caches as the new version leaves them
  await page.locator('#record .recording').click();
  await page.locator('#foot-last').getByText(/saved, visit\.swrec/).waitFor();
});

test('the list has its size, span and mode, and a name that leads out of the folder is refused', async () => {
  await go('/recordings');
  const row = page.getByRole('row', { name: /visit\.swrec/ });
  ok(/kB/.test(await row.innerText()) && /engine/.test(await row.innerText()), await row.innerText());
  const token = await page.locator('meta[name=swinspect-token]').getAttribute('content');
  for (const name of ['../visit.swrec', '/etc/passwd', '.hidden']) {
    await page.request.post(new URL('/recordings/delete', page.url()).href, { form: { token, name, sure: 'yes' } });
  }
  await go('/recordings');
  await page.getByRole('alert').filter({ hasText: /is no file name/ }).waitFor();
  await row.waitFor();
});

test('it opens as a target with every panel', async () => {
  await page.getByRole('button', { name: 'Open visit.swrec' }).click();
  await page.waitForURL(/\/b\/r\d+\/r\//);
  tape = new URL(page.url()).pathname;
  await page.getByRole('heading', { name: /tideline/ }).waitFor();
  equal(await page.getByRole('button', { name: 'Unregister' }).count(), 0, 'nothing to do');
  await go(`${tape}/fetches`);
  await page.locator('#fx-tw tbody a[title*="/api/tides"]').first().click();
  await page.locator('#drawer .chain').waitFor();
  await go(`${tape}/caches`);
  await page.locator('#clist .cname', { hasText: 'shell-v2' }).waitFor();
});

test('the slider shows a past state of caches and registrations', async () => {
  await go(`${tape}/caches`);
  await page.locator('#clist .cname').getByText('shell-v2').waitFor();
  for (let i = 0; i < 40 && !(await page.locator('#clist .cname').getByText('shell-v1').count()); i++) {
    const before = await page.locator('#tape').innerText();
    await page.locator('#tape-prev').click();
    await until(async () => (await page.locator('#tape').innerText()) !== before, 'another moment');
  }
  await page.locator('#clist .cname').getByText('shell-v1').waitFor();
  await go(tape);
  for (let i = 0; i < 20 && !(await page.getByRole('heading', { name: /Why is #\d+ waiting/ }).count()); i++) {
    const before = await page.locator('#tape').innerText();
    await page.locator('#tape-prev').click();
    await until(async () => (await page.locator('#tape').innerText()) !== before, 'another moment');
  }
  await page.getByRole('heading', { name: /Why is #\d+ waiting/ }).first().waitFor();
});

test('the slider is worked by keyboard', async () => {
  const slider = page.getByRole('slider', { name: 'Moment' });
  await slider.focus();
  await page.keyboard.press('End');
  await until(async () => !(await page.getByRole('heading', { name: /Why is #\d+ waiting/ }).count()), 'the end, where nothing waits');
  await slider.blur();
  const before = await page.locator('#tape').innerText();
  await page.keyboard.press(',');
  await until(async () => (await page.locator('#tape').innerText()) !== before, 'the change before');
  await page.keyboard.press('.');
});

test('two moments are compared: registrations, versions, caches entry by entry', async () => {
  await go(`${tape.split('/r/')[0]}/compare`);
  const text = await page.locator('#moments').innerText();
  for (const word of ['Registration', 'Version', 'added']) ok(text.includes(word), `${word} is not in ${text}`);
  await page.locator('#mom-a').selectOption({ index: 2 });
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.waitForURL(/[?&]a=/);
});

test('axe finds nothing on the list, the slider and the comparison', async () => {
  const found = [];
  for (const path of ['/recordings', `${tape}/caches`, `${tape.split('/r/')[0]}/compare`]) {
    await go(path);
    found.push(...await everywhere(page));
  }
  ok(found.length === 0, '\n    ' + found.join('\n    '));
  await page.setViewportSize({ width: 1280, height: 800 });
});

test('a HAR that was exported comes back as a recording', async () => {
  const har = await page.request.get(new URL(`${tape.split('/r/')[0]}/har`, page.url()).href);
  ok(har.ok() && /attachment/.test(har.headers()['content-disposition']), 'a download');
  await go('/recordings');
  await page.locator('input[type=file]').setInputFiles({ name: 'again.har', mimeType: 'application/json', buffer: await har.body() });
  await page.locator('form[data-upload]').getByRole('button', { name: 'Import' }).click();
  await page.getByRole('row', { name: /again\.swrec/ }).waitFor();
});

test('deleting asks first', async () => {
  await go('/recordings');
  await page.getByRole('button', { name: 'Delete again.swrec, asks first' }).click();
  await page.getByRole('button', { name: 'Delete again.swrec for good' }).click();
  await until(async () => !(await page.getByRole('row', { name: /again\.swrec/ }).count()), 'it is gone');
});

test('nothing went wrong on the page', async () => equal(page.problems, []));

await run();
