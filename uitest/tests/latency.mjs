// From the arrival of a CDP event to the change of the page that shows it.
import { inspected, look, metric, ok, quantile, run, test, until } from './world.mjs';

const rounds = 40;
await inspected.open('simple');
const page = await look();
await page.getByRole('heading', { name: /\/simple\// }).waitFor();
await page.evaluate(() => {
  window.shown = [];
  const look = () => {
    const word = /stopped|running/.exec(document.querySelector('#lane-active .lane-v')?.textContent ?? '')?.[0];
    if (word && window.shown.at(-1)?.word !== word) window.shown.push({ word, at: performance.timeOrigin + performance.now() });
  };
  look();
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
});

test(`${rounds} stops and starts`, async () => {
  const times = [];
  for (let i = 0; i < rounds; i++) {
    const word = i % 2 ? 'running' : 'stopped';
    const at = await (i % 2 ? inspected.run('simple') : inspected.stop('simple'));
    await until(() => page.evaluate((word) => window.shown.at(-1).word === word, word), `the page says ${word}`, 3000);
    times.push((await page.evaluate(() => window.shown.at(-1).at)) - at);
    await page.waitForTimeout(150); // apart from what follows: one change, one figure
  }
  ok(times.every((t) => t > -5 && t < 3000), `clocks disagree: ${times}`);
  metric('ms-p50', quantile(times, 0.5).toFixed(1));
  metric('ms-p95', quantile(times, 0.95).toFixed(1));
});

await run();
