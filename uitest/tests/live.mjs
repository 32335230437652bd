// The page follows the browser without being reloaded.
import { equal, inspected, look, ok, run, test, until, update } from './world.mjs';

const page = await look();
const reloaded = async () => !(await page.evaluate(() => window.sameDocument));
const item = (path) => page.getByRole('treeitem', { name: new RegExp(path) });
const heading = (path) => page.getByRole('heading', { name: new RegExp(path) });

test('the page of an empty browser goes to the first registration by itself', async () => {
  equal(await item('localhost').count(), 0, 'registrations before');
  await inspected.open('claim');
  await heading('/claim/').waitFor();
});

let simple;

test('a worker registered in the browser appears within a second', async () => {
  await page.evaluate(() => { window.sameDocument = true; });
  const times = [];
  for (const fixture of ['routes', 'imports', 'simple']) {
    equal(await item(`/${fixture}/`).count(), 0, `${fixture} before`);
    simple = await inspected.open(fixture);
    times.push(await until(() => item(`/${fixture}/`).isVisible(), `${fixture} in the tree`));
  }
  ok(!(await reloaded()), 'the page was reloaded');
  console.log(`     appeared ${times.map(Math.round).join(', ')} ms after its page said ready`);
  ok(Math.min(...times) < 1000, `none within a second: ${times}`);
});

test('its install, its wait and its activation are on the timeline', async () => {
  await item('/simple/').click();
  await heading('/simple/').waitFor();
  await page.evaluate(() => { window.sameDocument = true; });
  await inspected.reload(simple); // now it is controlled
  await inspected.bump('simple');
  await update(simple);
  await page.getByRole('heading', { name: /Why is #\d+ waiting\?/ }).waitFor();
  ok(!(await reloaded()), 'the page was reloaded');

  await page.getByRole('region', { name: /What holds/ }).getByText('/simple/').first().waitFor(); // the holder
  await page.getByRole('button', { name: 'Skip waiting' }).first().click();
  await page.getByText(/confirmed/).first().waitFor();
  await page.getByRole('heading', { name: /Why is/ }).waitFor({ state: 'hidden' });
  ok(!(await reloaded()), 'the page was reloaded');

  await page.getByRole('link', { name: /^Timeline/ }).click();
  const table = page.getByRole('region', { name: 'Changes table' });
  await table.waitFor();
  const changes = await table.innerText();
  for (const step of [/installing/, /waiting/, /activating/, /active/, /redundant/]) {
    ok(step.test(changes), `the timeline lacks ${step}:\n${changes}`);
  }
});

test('the timeline goes on while it is open', async () => {
  await page.evaluate(() => { window.sameDocument = true; });
  const table = page.getByRole('region', { name: 'Changes table' });
  const before = await table.getByRole('row').count();
  await inspected.bump('simple');
  await update(simple);
  await until(async () => (await table.getByRole('row').count()) > before, 'more changes in the table');
  ok(!(await reloaded()), 'the page was reloaded');
});

test('an unregistered worker is said to be so', async () => {
  await page.getByRole('link', { name: /^Overview/ }).click();
  await page.getByRole('button', { name: 'Unregister' }).first().waitFor();
  await page.evaluate(() => { window.sameDocument = true; });
  await inspected.eval(simple, 'navigator.serviceWorker.getRegistration().then(r => r.unregister())');
  await page.getByText(/unregistered|deleted/i).first().waitFor();
  ok(!(await reloaded()), 'the page was reloaded');
});

test('nothing went wrong in the page', async () => equal(page.problems, [], 'problems'));

await run();
