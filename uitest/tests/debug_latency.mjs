// How long a step takes from the key to the page that shows it, and a pause from the
// expression that runs into a breakpoint.
import { inspected, look, metric, quantile, run, test, until, world } from './world.mjs';
import { registrations } from './pages.mjs';

const page = await look({ reducedMotion: 'reduce' });
if (!world.engine) await inspected.visit('/');
await page.getByRole('treeitem', { level: 3 }).first().waitFor();
await page.getByText('active').first().waitFor();
const base = Object.values(await registrations(page))[0];

// timed has the page do something and gives the time until the paused line is another.
const timed = (act, arg) => page.evaluate(([act, arg]) => new Promise((resolve) => {
  const line = () => document.querySelector('#code .ln.ip')?.id ?? '';
  const before = line();
  const began = performance.now();
  new MutationObserver((_, o) => {
    if (line() === before || line() === '') return;
    o.disconnect();
    resolve(performance.now() - began);
  }).observe(document, { subtree: true, childList: true, attributes: true });
  if (act === 'press') {
    document.querySelector(`[data-dbg="${arg}"]`).click();
  } else {
    const prompt = document.getElementById('prompt-x');
    prompt.value = arg;
    prompt.form.requestSubmit();
    prompt.value = '';
  }
}), [act, arg]);

test('steps and pauses', async () => {
  await page.goto(new URL(`${base}/debug`, world.page).href);
  await page.locator('html[data-ui-debug]').waitFor();
  await page.getByRole('button', { name: 'Start debugging' }).click();
  await page.getByRole('button', { name: 'Stop debugging' }).waitFor();
  await page.locator('#gL21').click();
  await page.locator('#L21 .gut').waitFor();
  const steps = [], pauses = [];
  for (let round = 0; round < 15; round++) {
    pauses.push(await timed('type', `void answer(new Request('/api/${round}'))`));
    for (let i = 0; i < 3; i++) {
      steps.push(await timed('press', 'over'));
      await page.waitForTimeout(60);
    }
    await page.keyboard.press('F8');
    await until(async () => !/Paused/.test(await page.locator('#dbg-top').innerText()), 'it runs');
    await page.waitForTimeout(60);
  }
  metric('step-p50-ms', quantile(steps, 0.5).toFixed(1));
  metric('step-p95-ms', quantile(steps, 0.95).toFixed(1));
  metric('pause-p50-ms', quantile(pauses, 0.5).toFixed(1));
  metric('pause-p95-ms', quantile(pauses, 0.95).toFixed(1));
});

await run();
