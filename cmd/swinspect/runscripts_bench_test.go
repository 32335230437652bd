package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/swinspect/swinspect/inspector/session/report"
)

// smallTest is one that a service worker's author would write many of: a site, a visit, a
// request that the worker answers.
const smallTest = `
test('%d', async ({ page }) => {
  await page.goto('/');
  await page.waitForController();
  expect((await page.fetch('/hello')).text()).toBe('from the worker');
});`

const smallSite = `use({ site: {
  '/': '<!doctype html><script>navigator.serviceWorker.register("/sw.js")</script>',
  '/sw.js': { headers: { 'content-type': 'text/javascript' }, body: ` + "`" + `
    addEventListener('activate', e => e.waitUntil(clients.claim()));
    addEventListener('fetch', e => { if (e.request.url.endsWith('/hello')) e.respondWith(new Response('from the worker')) })` + "`" + ` },
} });`

// smallScripts are files of small tests.
func smallScripts(tb testing.TB, files, tests int) []string {
	tb.Helper()
	texts := map[string]string{}
	var names []string
	for i := range files {
		var b strings.Builder
		b.WriteString(smallSite)
		for n := range tests {
			_, _ = fmt.Fprintf(&b, smallTest, n)
		}
		name := fmt.Sprintf("%02d.session.js", i)
		texts[name] = b.String()
		names = append(names, name)
	}
	dir := scriptsIn(tb, texts)
	for i, n := range names {
		names[i] = filepath.Join(dir, n)
	}
	return names
}

// BenchmarkScripts100 runs 100 small tests on the engine, in ten files, on two processes:
// with the recordings that are kept on failure, and without.
func BenchmarkScripts100(b *testing.B) {
	for _, trace := range []string{"off", "retain-on-failure"} {
		b.Run(trace, func(b *testing.B) {
			files := smallScripts(b, 10, 10)
			for b.Loop() {
				r := newScriptRun()
				r.job.Trace, r.job.Output, r.jobs = trace, b.TempDir(), 2
				p := &scriptPool{job: r.job, jobs: r.jobs, memory: r.memory, emit: func(*report.Event) error { return nil }}
				sum, err := p.run(b.Context(), files)
				if err != nil || sum.Passed != 100 {
					b.Fatalf("%v: %+v", err, sum)
				}
			}
		})
	}
}

// BenchmarkScriptStart is the time from the start of the process to the first statement of
// a script.
func BenchmarkScriptStart(b *testing.B) {
	file := filepath.Join(scriptsIn(b, map[string]string{"a.session.js": `console.log('first')`}), "a.session.js")
	for b.Loop() {
		r := newScriptRun()
		r.job.Trace = "off"
		var first time.Duration
		began := time.Now()
		p := &scriptPool{job: r.job, jobs: 1, memory: r.memory, emit: func(e *report.Event) error {
			if e.Type == report.Printed && first == 0 {
				first = time.Since(began)
			}
			return nil
		}}
		if _, err := p.run(b.Context(), []string{file}); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(first.Microseconds())/1000, "first-ms")
	}
}
