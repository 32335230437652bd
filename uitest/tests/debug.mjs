// The debugger from the page, on a Chromium and on the engine: stop in the install of a
// first registration, read a variable, step over an await, resume; a cache miss; a
// version that enters waiting; what the keyboard does.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { equal, inspected, look, ok, run, test, until, world } from './world.mjs';
import { registrations } from './pages.mjs';
import { everywhere } from './violations.mjs';

const folder = process.env.SHOTS;
const engine = world.engine;
const page = await look({ reducedMotion: 'reduce' });
const key = (k) => page.keyboard.press(k);
const text = (selector) => page.locator(selector).innerText();
const banner = () => page.locator('#dbg-top h2');
const paused = (words) => banner().filter({ hasText: words }).waitFor();
let client;

async function shots(name) {
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const [width, height] of [[1280, 800], [390, 844]]) {
      await page.setViewportSize({ width, height });
      await page.waitForTimeout(250);
      const file = `${name}-${engine ? 'engine' : 'chromium'}-${colorScheme}-${width}.png`;
      await writeFile(path.join(folder, file), await page.screenshot());
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 800 });
}

// again registers the worker anew, as a first visit would.
async function firstVisit() {
  if (!engine) {
    client ??= await inspected.visit('/');
    return;
  }
  // The engine has its page open from the start: its registration goes, and a reload
  // brings it again.
  const other = await page.context().newPage();
  await other.goto(world.page);
  await other.locator('#open-unregister').click();
  await other.locator('#pop-unregister button[type=submit]').click();
  await other.getByText(/unregistered/).first().waitFor();
  await other.close();
  await page.locator('#dbg-pages').getByRole('button', { name: /^Reload/ }).first().click();
}

// add adds a breakpoint with the form.
async function add(kind, fields) {
  await page.locator('#dbg-form select[name=new]').selectOption(kind);
  await page.locator(`#dbg-form input[name=kind][value=${kind}]`).waitFor({ state: 'attached' });
  for (const [name, value] of Object.entries(fields)) {
    const field = page.locator(`#dbg-form [name=${name}]`);
    if (await field.evaluate((e) => e.localName === 'select')) await field.selectOption(value);
    else await field.fill(value);
  }
  const before = await page.locator('.bps li').count();
  await page.getByRole('button', { name: 'Add breakpoint' }).click();
  await until(async () => (await page.locator('.bps li').count()) === before + 1, `the ${kind} breakpoint is in the list`);
}

async function removeAll() {
  for (let n = await page.locator('.bps li').count(); n > 0; n--) {
    await page.locator('.bps li button[name=remove]').first().click();
    await until(async () => (await page.locator('.bps li').count()) === n - 1, 'one breakpoint less');
  }
}

test('the debugger is off until it is switched on, and says what it does', async () => {
  await page.goto(new URL('/b/1/debug', world.page).href);
  await page.locator('html[data-ui-debug]').waitFor();
  ok(/keeps workers alive/.test(await text('#dbg-top')), 'what it does');
  await add('event', { type: 'install' });
  await page.getByRole('button', { name: 'Start debugging' }).click();
  await page.getByRole('button', { name: 'Stop debugging' }).waitFor();
});

test('it stops in the install of a first registration', async () => {
  await firstVisit();
  await paused('install');
  ok(/event install/.test(await text('.bps [aria-current=true]')), 'which breakpoint');
  ok(/sw\.js/.test(await text('#dbg-stack')), 'the call stack');
  equal(await page.locator('#code .ln.ip').count(), 1, 'lines paused at');
});

test('every page says that a worker is paused', async () => {
  const other = await page.context().newPage();
  await other.goto(world.page);
  await other.locator('a.paused-badge').waitFor();
  await other.getByText(/is paused:/).first().waitFor();
  ok(/paused/.test(await other.locator('[role=treeitem][aria-level="3"]').first().innerText()), 'the tree');
  await other.close();
});

test('stepping reads a local variable and steps over an await', async () => {
  const base = Object.values(await registrations(page))[0];
  await page.goto(new URL(`${base}/debug`, world.page).href);
  await page.locator('html[data-ui-debug]').waitFor();
  await paused('install');
  const line = async () => Number((await page.locator('#code .ln.ip').first().getAttribute('id')).slice(1));
  // A breakpoint in install() by its gutter, to get there.
  await page.locator('#gL9').click();
  await page.locator('.bps li').nth(1).waitFor();
  await key('F8');
  await until(async () => (await line().catch(() => 0)) === 9, 'paused at line 9');
  await key('F10');
  await until(async () => (await line().catch(() => 0)) === 10, 'stepped to line 10');
  await page.locator('#dbg-scopes', { hasText: 'names' }).waitFor();
  await until(async () => /names/.test(await text('#dbg-scopes')) && /app\.json|Array/.test(await text('#dbg-scopes')), 'the variable names');
  await until(async () => /names: /.test(await page.locator('#L9 .inl').first().innerText().catch(() => '')), 'its value behind the line');
  await key('F10');
  await until(async () => (await line().catch(() => 0)) === 11, 'over the await to line 11', 10_000);
  await until(async () => /cache/.test(await text('#dbg-scopes')), 'the variable cache');
  await shots('paused');
});

if (engine) {
  test('it steps back, and comes forward again to the present', async () => {
    await page.locator('#dbg-back:not([disabled])').waitFor();
    await key('Shift+F10');
    await page.locator('#dbg-top', { hasText: /in the past, statement \d+ of \d+/ }).waitFor();
    await shots('past');
    await key('F8');
    await until(async () => !/in the past/.test(await text('#dbg-top')), 'the present');
    ok(/Paused/.test(await text('#dbg-top')), 'it is still paused');
  });
}

test('axe finds nothing while paused', async () => {
  const found = await everywhere(page);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 800 });
  ok(found.length === 0, '\n    ' + found.join('\n    '));
});

test('the console evaluates in the frame, and remembers', async () => {
  const prompt = page.locator('#prompt-x');
  await prompt.fill('names[0] + CACHE');
  await key('Enter');
  await page.locator('#dbg-log', { hasText: '/app.jsonpages-v1' }).waitFor();
  await prompt.focus();
  await key('ArrowUp');
  equal(await prompt.inputValue(), 'names[0] + CACHE', 'the history');
  await prompt.fill('nope.nothing');
  await key('Enter');
  await page.locator('#dbg-log', { hasText: /ReferenceError/ }).waitFor();
});

test('a watch is shown, an object opens, and stays open over a step', async () => {
  await page.locator('#watch-x').fill('names.length');
  await key('Enter');
  await until(async () => /names\.length\s+1/.test(await text('#dbg-watch')), 'the watched value');
  const row = page.locator('[id="v-local/names-t"], [id="v-closure/names-t"]').first();
  await row.click();
  await until(async () => /0\s+['"]\/app\.json/.test(await text('#dbg-scopes')), 'what is inside');
});

test('resume lets the worker go', async () => {
  await removeAll();
  await page.locator('#dbg-resume').click();
  await until(async () => !/Paused/.test(await text('#dbg-top')), 'it runs');
  await until(async () => /active/.test(await page.getByRole('treeitem', { level: 3 }).first().innerText()), 'it is activated', 10_000);
  equal(await page.locator('a.paused-badge').count(), 0, 'the badge');
});

// request has the page of the site ask for something, without waiting for it.
async function request(url) {
  if (!engine) return inspected.start(client, `fetch(${JSON.stringify(url)})`);
  return evaluate(`void caches.match(${JSON.stringify(url)})`);
}

test('a cache miss stops the worker, with the reason in words', async () => {
  await add('cache', { operation: 'miss' });
  if (!engine) await inspected.reload(client);
  await request('/api/stock');
  await paused(/miss/);
  ok(/api\/stock/.test(await banner().innerText()), await banner().innerText());
  await shots('miss');
  await removeAll();
  await key('F8');
  await until(async () => !/Paused/.test(await text('#dbg-top')), 'it runs');
});

// evaluate evaluates in the worker that runs.
async function evaluate(expression) {
  await page.locator('#prompt-x').fill(expression);
  await page.locator('#prompt-x').focus();
  await key('Enter');
}

test('a version that enters waiting is held, and the reason says so', async () => {
  await add('lifecycle', { state: 'installed' });
  await inspected.write('lib.js', 'function label(url) { return url }\n');
  await page.locator('.head-act button', { hasText: 'Update' }).click();
  await paused(/waiting|installed/);
  await removeAll();
  await key('F8');
  await until(async () => !/Paused/.test(await text('#dbg-top')), 'it runs');
});

test('the gutter: press, right click, Ctrl B; the list shows it', async () => {
  await page.locator('#gL9').focus();
  await key('Control+b');
  await page.locator('#L9 .gut').waitFor();
  await key('ArrowDown');
  equal(await page.evaluate(() => document.activeElement.id), 'gL10', 'the arrow');
  await page.locator('#gL11').click({ button: 'right' });
  await page.locator('#dbg-form [name=condition]').fill('names.length > 5');
  await page.getByRole('button', { name: 'Add breakpoint' }).click();
  await page.locator('#L11 .gut').waitFor();
  ok(/if names\.length > 5/.test(await text('.bps')), 'the condition in the list');
  await page.locator('#gL9').click();
  await until(async () => (await page.locator('#L9 .gut').count()) === 0, 'it is gone again');
  await removeAll();
});

test('find marks what it finds', async () => {
  await page.locator('#code').focus();
  await key('Control+f');
  await page.keyboard.type('caches');
  await key('Enter');
  await page.locator('#code mark').first().waitFor();
  ok((await page.locator('a[data-found]').count()) >= 2, 'the places');
});

test('it can be switched off, and nothing was wrong on the page', async () => {
  await page.getByRole('button', { name: 'Stop debugging' }).first().click();
  await page.getByRole('button', { name: 'Start debugging' }).waitFor();
  await shots('off');
  equal(page.problems, [], 'problems');
});

await run();
