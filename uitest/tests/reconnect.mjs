// The browser under inspection dies under an open page, and comes back.
import { equal, inspected, look, ok, run, test, until } from './world.mjs';

await inspected.open('simple');
const page = await look();
await page.getByRole('heading', { name: /\/simple\// }).waitFor();
await page.evaluate(() => { window.sameDocument = true; });

test('a killed browser is shown at once', async () => {
  await page.getByText('Live', { exact: true }).first().waitFor();
  await inspected.kill();
  const took = await until(() => page.getByText(/went away/).isVisible(), 'the banner that says it went away', 2000);
  console.log(`     shown after ${Math.round(took)} ms`);
  ok(await page.getByRole('heading', { name: /\/simple\// }).isVisible(), 'what was seen stays');
});

test('its return is picked up without a reload', async () => {
  await inspected.restart();
  const took = await until(() => page.getByText(/went away/).isHidden(), 'the banner goes', 15_000);
  console.log(`     picked up ${Math.round(took)} ms after the browser listened again`);
  await page.getByText('Live', { exact: true }).first().waitFor();
  await page.getByRole('button', { name: 'Update' }).first().waitFor();
  ok(await page.evaluate(() => window.sameDocument), 'the page was reloaded');
});

test('the registration of the new browser is the one that is shown and driven', async () => {
  await page.getByRole('button', { name: 'Start', exact: true }).first().click();
  await page.getByText(/confirmed/).first().waitFor();
});

test('what happened before is still on the timeline', async () => {
  await page.getByRole('link', { name: /^Timeline/ }).click();
  const text = await page.getByRole('region', { name: 'Changes table' }).innerText();
  ok(/gone|went away|lost/i.test(text), `no loss on the timeline:\n${text}`);
});

test('nothing went wrong in the page', async () => equal(page.problems, [], 'problems'));

await run();
