package session_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/recording"
	"github.com/swinspect/swinspect/inspector/session"
	"github.com/swinspect/swinspect/inspector/session/report"
)

// taped is a recording as cmd opens it, but that it cannot be replayed.
type taped struct{ *recording.File }

func (h *host) Recording(_ context.Context, path string) (session.Recording, error) {
	f, err := recording.Open(path)
	if err != nil {
		return nil, err
	}
	return taped{f}, nil
}

func (r taped) Bounds() (from, to time.Time) { return r.Span() }

func (r taped) At(ctx context.Context, t time.Time) (*session.Still, error) {
	state, err := r.State(ctx, t)
	if err != nil {
		return nil, err
	}
	rows, err := r.FetchesAt(ctx, t)
	if err != nil {
		return nil, err
	}
	until := t
	if until.IsZero() {
		until = time.Now()
	}
	changes, err := r.Changes(ctx, time.Time{}, until, 1000)
	if err != nil {
		return nil, err
	}
	hub := inspector.NewHub(inspector.HubOptions{})
	b := hub.Still(r.Path(), state, "it is a recording")
	return &session.Still{
		Browser: b, Fetches: rows, Changes: changes, Body: r.Body, World: r.World,
		Caches: func(ctx context.Context) (map[inspector.CacheRef]*recording.Snapshot, error) {
			return r.File.Caches(ctx, t)
		},
		Close: func() error { b.Close(); return hub.Close() },
	}, nil
}

func (r taped) Replay(_ context.Context, script, _ string) (*session.ReplayReport, error) {
	return &session.ReplayReport{Total: 1, Verdicts: map[string]int{"equal": 1}, Different: []session.ReplayResult{}}, nil
}

// tape records a test and keeps the recording.
type tape struct {
	path string
	w    *recording.Writer
	rec  *recording.Recorder
}

func (t *tape) Stop(ctx context.Context, failed bool) (string, error) {
	return t.path, errors.Join(t.rec.Stop(ctx), t.w.Close())
}

// A failing test leaves a recording, which another script opens.
func TestRecordings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.swrec")
	x := run(t, `import { test, expect, use } from 'swinspect';`+basicSite+`
test('recorded', async ({ browser, page, caches }) => {
  await ready(browser, page);
  await caches.open('k').put('/cached', 'kept');
  await page.fetch('/cached');
  await page.fetch('/made');
  await sleep(300);
  expect(1).toBe(2);
});
`, func(o *session.Options) {
		o.Record = func(ctx context.Context, b *inspector.Browser, file string, _ *report.Test) (session.Recorder, error) {
			w, err := recording.Create(path, recording.Meta{Target: file, Began: time.Now()}, recording.Options{})
			if err != nil {
				return nil, err
			}
			rec, err := recording.Record(ctx, b, w, recording.RecordOptions{Full: true})
			return &tape{path, w, rec}, err
		}
	})
	if r := x.ended()["recorded"]; len(r.Traces) != 1 || r.Traces[0] != path {
		t.Fatalf("%+v", r)
	}
	run(t, `import { test, expect, open } from 'swinspect';
test('opened', async () => {
  const recording = await open(env('TAPE')!);
  expect(recording.to).toBeGreaterThan(recording.from);
  expect([recording.has('live'), recording.has('clock')]).toEqual([false, false]);
  const registration = recording.registration('/');
  await expect(registration.active).toHaveStatus('activated');
  await expect(registration).toExist();
  expect((await registration.events()).length).toBeGreaterThan(2);
  expect((await recording.timeline()).length).toBeGreaterThan(2);
  expect(await recording.caches.keys()).toEqual(['k']);
  const kept = await recording.caches.match('/cached');
  expect(kept!.text()).toBe('kept');
  await expect(recording.caches.open('k')).toHaveEntry('/cached');
  const row = await recording.fetches.waitFor({ url: '/made' });
  expect(row.decision).toBe('responded');
  expect((await recording.fetches.explain(row)).links.length).toBeGreaterThan(0);
  await recording.fetches.expect('/cached', { source: 'cache', cache: 'k' });
  await expect(recording.fetches.waitFor({ url: '/never' })).rejects.toThrow('the recording does not have a request');
  const before = await recording.at(recording.from);
  expect(await before.registrations()).toEqual([]);
  await expect(registration.update()).rejects.toThrow('"live"');
  await expect(recording.open('/')).rejects.toThrow('"live"');
  await expect(recording.network.offline()).rejects.toThrow('"live"');
  await expect(recording.on('fetch', () => {})).rejects.toThrow('"live"');
  await expect(recording.caches.open('k').put('/x', 'y')).rejects.toThrow('"live"');
  await expect(recording.send('Browser.getVersion')).rejects.toThrow('"live"');
  await expect(recording.newContext()).rejects.toThrow('"live"');
  expect((await recording.replay()).total).toBe(1);
  await before.close();
  await recording.close();
});
`, func(o *session.Options) {
		o.Env = func(name string) (string, bool) { return path, name == "TAPE" }
	}).passes(t)
}

// Browsers beside the fixture: started, launched, attached to, engines of one script.
func TestStarts(t *testing.T) {
	x := runFiles(t, map[string]string{
		"site/index.html": "<!doctype html><title>Folder</title>", "site/app.js": "1", "lib/sw.js": "addEventListener('fetch', e => e.respondWith(new Response('alone')));",
		"v2/index.html": "<!doctype html><title>Second</title>",
		"script.ts": `import { test, expect, start, launch, engine, attach, serve } from 'swinspect';
test('engine', async () => {
  const site = await serve('./site');
  const browser = await engine({ site: './site', clock: '2030-01-01T00:00:00Z' });
  const page = await browser.open('/');
  await expect(page).toHaveTitle('Folder');
  expect(new Date(await browser.clock.now()).getUTCFullYear()).toBe(2030);
  expect(browser.product).toContain('swinspect');
  await page.goto(site.url('/app.js'));
  site.deploy('./v2');
  await page.goto(site.origin);
  await expect(page).toHaveTitle('Second');
  site.put('/', '<title>Put</title>');
  await page.reload();
  await expect(page).toHaveTitle('Put');
  site.reset();
  site.remove('/index.html');
  site.route('/api/*', request => ({ json: { path: request.path, q: request.query.q } }));
  expect((await page.goto(site.url('/index.html'))).status).toBe(404);
  expect((await page.fetch('/api/x?q=1')).json()).toEqual({ path: '/api/x', q: '1' });
  expect(site.requests('/api/*')[0]).toMatchObject({ method: 'GET', url: '/api/x?q=1' });
  site.clearRequests();
  expect(site.requests()).toEqual([]);
  await browser.close();
  await site.close();
});
test('one script', async () => {
  const browser = await engine({ script: './lib/sw.js' });
  const registration = browser.registration();
  await registration.waitFor('activated');
  expect((await registration.dispatch('/anything')).text()).toBe('alone');
});
test('a certain browser', async () => {
  const browser = await launch({ site: './site' });
  const page = await browser.open('/');
  await expect(page).toHaveTitle('Folder');
  await expect(start({ backend: '127.0.0.1:1' })).rejects.toThrow('127.0.0.1:1');
  await expect(attach('nowhere.invalid:1')).rejects.toThrow();
});
test('somebody else\'s browser', async () => {
  const browser = await attach(env('ENDPOINT')!, { site: './site' });
  const page = await browser.open('/');
  await expect(page).toHaveTitle('Folder');
  expect(await browser.send('Target.getBrowserContexts')).toMatchObject({ defaultBrowserContextId: browser.id });
  await browser.close();
  const again = await attach(env('ENDPOINT')!);
  expect(await again.pages()).not.toContain(page);
});
`,
	}, func(o *session.Options) {
		o.Env = func(string) (string, bool) { return browsers.process.Endpoint().WebSocketURL, true }
	})
	x.passes(t)
	found := false
	for _, e := range x.events {
		for _, name := range e.Inputs {
			found = found || filepath.Base(name) == "sw.js"
		}
	}
	if !found {
		t.Error("the files that a script reads are not told")
	}
}
