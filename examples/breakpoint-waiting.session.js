// "What does the page do when a new version begins to wait?"
//
// Breakpoints of the kind lifecycle stop when a version enters a state. The new version
// is held at that moment, and the reason says which state it is.
import { test, expect, step, use } from 'swinspect';

use({ site: './stuck-in-waiting' });

test('it stops when a version enters waiting', async ({ browser, page, site }) => {
  const registration = browser.registration('/');
  await page.goto('/');
  await page.waitForController();

  const states = [];
  await browser.on('lifecycle', { state: 'waiting' }, async paused => {
    states.push(paused.state);
    expect(paused.words).toMatch(/waiting|installed/);
  });
  site.put('/sw.js', { body: '/* v2 */ onfetch = () => {}', headers: { 'content-type': 'text/javascript' } });
  await registration.update();
  await registration.waitFor('waiting');
  await expect(() => states.length).toBe(1);
});
