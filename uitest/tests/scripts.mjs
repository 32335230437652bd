// Session scripts are listed, run from the page, and their steps come as they happen.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { equal, look, ok, run, test, until } from './world.mjs';
import { everywhere } from './violations.mjs';

const page = await look({ reducedMotion: 'reduce' }, '/scripts');
const text = () => page.locator('main').innerText();

test('the scripts of the folder are there', async () => {
  await page.getByRole('link', { name: /sum\.session\.js/ }).first().waitFor();
  ok(/not run/.test(await text()), 'it was not run');
});

test('one is run, and its steps come while it runs', async () => {
  await page.getByRole('button', { name: /^Run .*sum/ }).click();
  await page.getByRole('heading', { name: 'Run 1' }).waitFor();
  await until(async () => /one and one/.test(await text()), 'a step', 20_000);
  await until(async () => /1 failed/.test(await text()), 'how it ended', 30_000);
  ok(/expected\s+.?said/.test(await text()), 'what was expected');
  ok(/received\s+.?seen/.test(await text()), 'what was there instead');
});

test('the script is shown with the line that failed', async () => {
  await page.getByRole('link', { name: /sum\.session\.js/ }).first().click();
  await page.locator('.scr-code .ln.err').first().waitFor();
  ok(/seen/.test(await page.locator('.scr-code .ln.err').first().innerText()), 'the line');
});

test('axe finds nothing', async () => {
  if (process.env.SHOTS) {
    await mkdir(process.env.SHOTS, { recursive: true });
    await writeFile(path.join(process.env.SHOTS, 'scripts-light-1280.png'), await page.screenshot());
    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForTimeout(200);
    await writeFile(path.join(process.env.SHOTS, 'scripts-light-390.png'), await page.screenshot());
  }
  const found = await everywhere(page);
  ok(found.length === 0, '\n    ' + found.join('\n    '));
  equal(page.problems, [], 'problems');
});

await run();
