// What every suite shares: the world that the Go test made, a browser to look at
// swinspect's page with, and a small runner. A failing case makes node exit 1.
import { chromium } from 'playwright-core';

export const world = JSON.parse(process.env.WORLD ?? 'null');
if (!world) throw new Error('run the suites with: go test ./uitest');

// ask has the Go test do something with the browser under inspection or its site.
async function ask(what, arg = '', page = '') {
  const response = await fetch(`${world.control}/${what}?${new URLSearchParams({ arg, page })}`, { method: 'POST' });
  if (!response.ok) throw new Error(`${what} ${arg}: ${response.status}`);
  return response.json();
}

// inspected is the browser under inspection and its fixture site.
export const inspected = {
  // open opens a fixture page ("simple", "cache?n=10") and waits for its worker.
  async open(fixture, { state = 'ready' } = {}) {
    const opened = await ask('open', fixture);
    if (state && opened.state !== state) throw new Error(`${fixture} says ${opened.state}, not ${state}`);
    return opened.page;
  },
  eval: async (page, expression) => (await ask('eval', expression, page)).value,
  reload: (page) => ask('reload', '', page),
  close: (page) => ask('close', '', page),
  bump: async (fixture) => (await ask('bump', fixture)).version,
  // run and stop switch a fixture's worker from outside swinspect, and give the
  // time (ms since 1970) at which the browser's event of it came.
  run: async (fixture) => (await ask('running', fixture)).at,
  stop: async (fixture) => (await ask('stopped', fixture)).at,
  // visit opens a page of the site that the suite may change, write changes that.
  visit: async (path = '/') => (await ask('visit', path)).page,
  write: (name, text) => ask('write', `${name}\n${text}`),
  start: (page, expression) => ask('start', expression, page),
  kill: () => ask('kill'),
  restart: () => ask('restart'),
};

// update makes a page look for a new version of its worker.
export async function update(page) {
  await inspected.eval(page, 'navigator.serviceWorker.getRegistration().then(r => r.update()).then(() => "done")');
}

let browser;

// look opens swinspect's page in the second browser.
export async function look(options = {}, path = '') {
  browser ??= await chromium.launch({
    executablePath: world.chromium,
    args: [...(world.root ? ['--no-sandbox'] : []), '--disable-gpu', '--disable-quic'],
  });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  page.problems = [];
  page.on('pageerror', (e) => page.problems.push(`exception: ${e.message}`));
  page.on('console', (m) => { if (m.type() === 'error') page.problems.push(`console: ${m.text()}`); });
  await page.goto(new URL(path, world.page).href);
  return page;
}

const cases = [];
export function test(name, body) { cases.push([name, body]); }

export function equal(got, want, what = '') {
  if (JSON.stringify(got) !== JSON.stringify(want)) {
    throw new Error(`${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
  }
}
export function ok(truth, what) { if (!truth) throw new Error(what); }

// metric hands a figure to the Go benchmark.
export function metric(name, value) { console.log(`metric ${name} ${value}`); }

export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

// until polls an async condition for as long as a deadline in ms allows, and
// gives how long it took.
export async function until(condition, what, within = 5000) {
  const began = performance.now();
  for (;;) {
    const value = await condition();
    const took = performance.now() - began;
    if (value) return took;
    if (took > within) throw new Error(`not within ${within} ms: ${what}`);
    await new Promise((f) => setTimeout(f, 20));
  }
}

// run runs the cases in order, all of them even when one fails.
export async function run() {
  let failed = 0;
  for (const [name, body] of cases) {
    const began = performance.now();
    try {
      await body();
      console.log(`ok   ${name} (${Math.round(performance.now() - began)} ms)`);
    } catch (e) {
      failed++;
      console.log(`FAIL ${name}\n${e.stack}`);
    }
  }
  await browser?.close();
  if (cases.length === 0) throw new Error('a suite without cases');
  console.log(`${cases.length - failed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}
