// Pages: values, handles, elements, functions of the client's, waiting, dialogs, errors.
import puppeteer, { TimeoutError } from 'puppeteer-core';
import { http, site, say, failure, until } from './say.mjs';

const browser = await puppeteer.connect({ browserURL: http });
say('connected', browser.connected, typeof (await browser.version()), typeof (await browser.userAgent()));
const page = await browser.newPage();
say('blank', page.url(), await page.title());
const order = [];
for (const name of ['framenavigated', 'domcontentloaded', 'load']) page.on(name, () => order.push(name));
await page.goto(site + '/index.html', { waitUntil: 'networkidle0' });
say('order', order);
say('title', await page.title(), page.url());
say('content', (await page.content()).includes('<h1 id="title">Real clients</h1>'));

for (const v of [1, -0, NaN, Infinity, 'text', true, null, [1, 'two', { three: 3 }], { a: { b: [] } }]) {
  const back = await page.evaluate((x) => x, v);
  say('value', Object.is(v, -0) ? '-0' : v, Object.is(back, -0) ? '-0' : typeof back === 'number' ? String(back) : back);
}
say('bigint', String(await page.evaluate(() => 12345678901234567890n)));
say('undefined', await page.evaluate(() => {}));
say('promise', await page.evaluate(() => window.later(5)));
say('expression', await page.evaluate('6 * 7'));
say('date', await page.evaluate(() => new Date(0)), 'map', await page.evaluate(() => new Map([[1, 2]])), 'error', await page.evaluate(() => new Error('x')));
await failure('throws', () => page.evaluate(() => { throw new TypeError('no good'); }));
await failure('rejects', () => page.evaluate(() => Promise.reject(new RangeError('far out'))));
await failure('throws text', () => page.evaluate(() => { throw 'text'; }));
await failure('symbol', () => page.evaluate(() => Symbol('s')));
await failure('circle', () => page.evaluate(() => { const o = {}; o.o = o; return o; }));

const h = await page.evaluateHandle(() => ({ list: [1, 2], text: 'x', f() {} }));
say('handle', h.toString(), [...(await h.getProperties()).keys()], await (await h.getProperty('text')).jsonValue(), await h.jsonValue());
say('handle argument', await page.evaluate((o) => o.list.length, h));
await h.dispose();
await failure('disposed', () => page.evaluate((o) => o, h));
say('handle kinds', (await page.evaluateHandle(() => [1])).toString(), (await page.evaluateHandle(() => 5)).toString(), (await page.evaluateHandle(() => document.body)).toString(), (await page.evaluateHandle(() => new Map())).toString());

say('$eval', await page.$eval('#title', (e) => e.textContent), '$$eval', await page.$$eval('li', (l) => l.map((e) => e.textContent)));
say('$', (await page.$('.none')) === null, await (await page.$('[data-n]')).evaluate((e) => e.dataset.n), (await page.$$('li')).length);
await failure('$eval of nothing', () => page.$eval('.none', (e) => e));
say('inner', await (await page.$('ul')).$eval('li:last-child', (e) => e.textContent));
say('xpath', await (await page.$('xpath///li[2]')).evaluate((e) => e.textContent));
say('text selector', await (await page.$('::-p-text(three)')).evaluate((e) => e.tagName));

setTimeout(() => page.evaluate(() => { const e = document.createElement('b'); e.className = 'late'; e.textContent = 'here'; document.body.append(e); }), 50);
say('waitForSelector', await (await page.waitForSelector('.late')).evaluate((e) => e.textContent));
say('waitForFunction', await (await page.waitForFunction((n) => document.querySelectorAll('li').length === n && 'enough', { polling: 20 }, 3)).jsonValue());
await failure('waitForSelector in vain', () => page.waitForSelector('.never', { timeout: 100 }));
await failure('waitForFunction in vain', () => page.waitForFunction(() => false, { timeout: 100, polling: 20 }));
say('TimeoutError', TimeoutError.name);

await page.exposeFunction('add', (a, b) => a + b);
await page.exposeFunction('broken', () => { throw new Error('of the client'); });
say('exposed', await page.evaluate(() => window.add(2, 3)), await page.evaluate(() => window.broken().catch((e) => e.message)));

const messages = [];
page.on('console', (m) => messages.push([m.type(), m.text()]));
await page.evaluate(() => {
  console.log('plain', 1, true, null, undefined, 1.5, -0, 10n);
  console.error('bad'); console.warn('careful'); console.info('know'); console.debug('fine');
  console.log('%s is %d', 'one', 1);
  console.log({ a: 1, b: 'two' }, [1, 2, 3]);
  console.assert(false, 'asserted'); console.assert(true, 'not this');
  console.log();
  console.log("the end");
});
await until(() => messages.some((m) => m[1] === "the end"));
for (const m of messages) say('console', m);

const thrown = [];
page.on('pageerror', (e) => thrown.push(e instanceof Error ? [e.name, e.message] : e));
await page.evaluate(() => { const s = document.createElement('script'); s.textContent = "setTimeout(() => { throw new Error('later') }); setTimeout(() => Promise.reject(new TypeError('unhandled')), 30); setTimeout(() => { throw 'text' }, 90)"; document.body.append(s); });
await until(() => thrown.length === 3);
say('pageerror', thrown);

const dialogs = [];
page.on('dialog', async (d) => { dialogs.push([d.type(), d.message(), d.defaultValue()]); d.type() === 'prompt' ? await d.accept('an answer') : d.type() === 'confirm' ? await d.dismiss() : await d.accept(); });
say('dialogs', await page.evaluate(() => [alert('look'), confirm('sure?'), prompt('what?', 'this')]), dialogs);

await page.evaluateOnNewDocument(() => { window.early = document.readyState + ' ' + typeof window.appLoaded; });
await page.goto(site + '/second.html');
say('early', await page.evaluate(() => window.early), 'exposed still', await page.evaluate(() => window.add(20, 3)));
await page.goBack();
say('back', page.url(), await page.title());
await page.goForward();
say('forward', page.url());
say('hash', (await page.goto(site + '/second.html#part')) === null, page.url());
await page.evaluate(() => history.pushState({}, '', '/made/up'));
await until(() => page.url().endsWith('/made/up'));
say('pushState', page.url());
const [arrived] = await Promise.all([page.waitForNavigation(), page.evaluate(() => { setTimeout(() => { location.href = '/index.html'; }, 50); })]);
say('waitForNavigation', arrived.status(), arrived.url());
await page.setContent('<p id="set">set</p><script>window.ran = 1</script>');
say('setContent', await page.$eval('#set', (e) => e.textContent), await page.evaluate(() => window.ran));

await page.goto(site + '/index.html');
await page.evaluate(() => { const f = document.createElement('iframe'); f.src = '/second.html'; f.name = 'inner'; document.body.append(f); });
const frame = await page.waitForFrame((f) => f.name() === 'inner' && f.url().endsWith('/second.html'));
say('frame', frame.url(), await frame.$eval('#where', (e) => e.textContent), page.frames().length, frame.parentFrame() === page.mainFrame());
await page.evaluate(() => document.querySelector('iframe').remove());
await until(() => page.frames().length === 1);
say('frame gone', frame.detached);

await failure('nobody listens', () => page.goto('http://localhost:47/'));
await failure('unsafe port', () => page.goto('http://localhost:1/'));
await failure('no url', () => page.goto('nonsense'));
const missing = await page.goto(site + '/missing.html');
say('404', missing.status(), missing.ok(), missing.statusText());
await page.close();
say('closed', page.isClosed());
await failure('after close', () => page.evaluate(() => 1));
await browser.disconnect();
