// Everything can be read and done without JavaScript: plain links and forms.
import { equal, inspected, look, ok, run, test } from './world.mjs';
import { panels, populate } from './pages.mjs';

const { opened, links } = await populate(['simple', 'cache?n=60', 'routes']);
const page = await look({ javaScriptEnabled: false });
const at = (path) => page.goto(new URL(path, page.url()).href);
const simple = Object.entries(links).find(([n]) => n.includes('simple'))[1];
const cache = Object.entries(links).find(([n]) => n.includes('cache'))[1];

test('every view answers with its content', async () => {
  for (const p of panels) {
    const response = await at(simple + p);
    equal(response.status(), 200, p);
    ok(await page.getByRole('heading', { name: /\/simple\// }).isVisible(), `${p} names the registration`);
  }
});

test('the first look shows what waits and why', async () => {
  await at(simple);
  ok(await page.getByRole('heading', { name: /Why is #\d+ waiting\?/ }).isVisible(), 'why it waits');
});

test('a cache can be filtered and sorted', async () => {
  await at(cache + '/caches');
  await page.getByRole('link', { name: /large 60/ }).first().click();
  const rows = () => page.getByRole('row').count();
  const all = await rows();
  ok(all > 20, `the table has ${all} rows`);
  await page.locator('main input[data-filter]').fill('status:203');
  await page.keyboard.press('Enter');
  await page.waitForURL(/filter=/);
  const some = await rows();
  ok(some < all && some > 1, `the filter leaves ${some} of ${all} rows`);
  ok((await page.locator('main').innerText()).includes('203'), 'the filtered rows are there');
});

test('an action is posted, and its receipt is on the page that comes back', async () => {
  await at(simple);
  await page.getByRole('button', { name: 'Skip waiting' }).first().click();
  await page.waitForLoadState();
  ok(/sent|confirmed/i.test(await page.locator('main').innerText()), 'a receipt');
  await inspected.eval(opened.simple, 'navigator.serviceWorker.getRegistration().then(async r => { while (r.waiting) await new Promise(f => setTimeout(f, 20)) })');
  await at(simple);
  ok(/confirmed/i.test(await page.locator('main').innerText()), 'it is confirmed after a reload');
});

test('the debugger is started, a breakpoint put, kept, and taken away, a worker paused and resumed', async () => {
  await at(simple + '/debug');
  await page.getByRole('button', { name: 'Start debugging' }).click();
  await page.getByRole('button', { name: 'Stop debugging' }).first().waitFor();
  await page.locator('#dbg-form select[name=new]').selectOption('event');
  await page.getByRole('button', { name: 'Choose' }).click();
  await page.locator('#dbg-form select[name=type]').selectOption('fetch');
  await page.getByRole('button', { name: 'Add breakpoint' }).click();
  equal(await page.locator('.bps li').count(), 1, 'breakpoints');
  for (let i = 0; i < 20 && !(await page.locator('#dbg-restart').count()); i++) {
    await page.waitForTimeout(200);
    await at(simple + '/debug');
  }
  await page.locator('#dbg-restart').click(); // it ran before the debugger came
  for (let i = 0; i < 20 && (await page.locator('#dbg-restart').count()); i++) {
    await page.waitForTimeout(200);
    await at(simple + '/debug');
  }
  await inspected.start(opened.simple, "fetch('/simple/synth')");
  for (let i = 0; i < 20 && !(await page.locator('#dbg-resume').count()); i++) {
    await page.waitForTimeout(200);
    await at(simple + '/debug');
  }
  ok(/fetch/.test(await page.locator('#dbg-top h2').innerText()), 'the reason of the pause' );
  await page.locator('#dbg-over').click();
  ok(/Paused/.test(await page.locator('#dbg-top').innerText()), 'it stepped');
  await page.locator('.bps button[name=remove]').click();
  await page.locator('#dbg-resume').click();
  ok(!/Paused/.test(await page.locator('#dbg-top').innerText()), 'it runs');
  await page.getByRole('button', { name: 'Stop debugging' }).first().click();
  await page.getByRole('button', { name: 'Start debugging' }).waitFor();
});

await run();
